// A node of the tape. Users meet it only through Tensor.
#pragma once
#include <atomic>
#include <cstdint>
#include <utility>

#include "array.hpp"
#include "error.hpp"
#include "memory.hpp"
#include "shape.hpp"

namespace xtape {
class Tensor;
}

namespace xtape::detail {

class Engine;
struct Node;
void destroy(Node* node);

/// What a tensor came from: an operation, a leaf, or the place where the tape was cut.
struct Node {
  enum Kind : std::uint8_t { operation, leaf, cut };

  Node(Kind kind, const char* op, Site site) : kind(kind), flows(kind != cut), op(op), site(site) {}
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// Gives the engine the gradients of the inputs, from the gradient `g` of the output.
  virtual void backward(const Tensor&, Engine&) {}

  RefCount refs;
  std::uint8_t size_class = 0;
  Kind kind;
  bool flows;             // gradients reach this value
  bool released = false;  // the values that the rules read are gone
  Dtype dtype = float32;
  std::uint32_t input_count = 0;
  const char* op;
  Site site;  // the user's line
  union {
    std::uint64_t depth = 0;  // 1 + the largest of the inputs': a topological order in any thread
    Node* next_dead;          // of a node that nobody owns any more
  };
  std::atomic<std::uintptr_t> claim{0};  // of the run that has claimed this node, and its place in that run's list
  std::uint32_t slot = 0;
  Shape shape;
  Ref<Node>* inputs = nullptr;
};

/// Stands where an operation without a gradient, such as argmax, or a frozen Parameter cut the tape, so that errors can
/// say where.
struct Cut final : Node {
  Cut(const char* op, Site site, Ref<Node> frozen = {}) : Node(cut, op, site), frozen(std::move(frozen)) {}

  Ref<Node> frozen;  // the leaf that was frozen at the time
};

}  // namespace xtape::detail
