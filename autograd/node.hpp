// A node of the tape. Users meet it only through Tensor.
#pragma once
#include <atomic>
#include <cstdint>

#include "array.hpp"
#include "error.hpp"
#include "memory.hpp"
#include "shape.hpp"

namespace xtape {

class Engine;
class Tensor;
struct Node;
void destroy(Node* node);

/// One recorded operation, or a leaf.
struct Node {
  Node(const char* op, Site site, const Array& value) : op(op), site(site), dtype(value.dtype), shape(value.shape) {}
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// Gives the engine the gradients of the inputs, from the gradient `g` of the output.
  virtual void backward(const Tensor& g, Engine& engine) = 0;
  /// Lets go of the kept values; true if there were any.
  virtual bool release() = 0;

  RefCount refs;
  std::uint8_t size_class = 0;
  std::uint8_t input_count = 0;
  bool is_leaf = false;
  bool released = false;
  const char* op;
  Site site;                             // the user's line
  std::uint64_t depth = 0;               // 1 + the largest of the inputs': a topological order in any thread
  std::atomic<Engine*> engine{nullptr};  // the run that has claimed this node, and its place in that run's list
  std::uint32_t slot = 0;
  Dtype dtype;
  Shape shape;
  Ref<Node>* inputs = nullptr;
};

}  // namespace xtape
