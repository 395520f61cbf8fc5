// The engine: one run of differentiation over the tape.
#pragma once
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "tape.hpp"

namespace xtape {

struct Operation;

/// The nodes below a result, each with the gradient it has gathered so far.
class Engine {
 public:
  explicit Engine(bool create_graph);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// The gradients of `targets`, or, without them, of all leaves, which add them up.
  Tensors run(const Tensor& y, const Tensor& seed, const std::vector<Targets::Item>* targets, GradFlags flags,
              Site site);

  bool create_graph() const { return create_graph_; }
  /// Whether the gradient of `node`'s value is needed.
  bool wants(const Node* node) const { return node && slots_[find(node)].needed; }
  /// Adds `g`, summed to the shape of input i of `from`, to that input's gradient.
  void accumulate(Operation& from, std::size_t i, Tensor g);

 private:
  struct Slot {
    Node* node;
    Tensor g;
    bool needed = false;  // its gradient is wanted
    bool runs = false;    // its rules are: an input's gradient is wanted
    bool target = false;
  };
  static std::vector<Slot>& spare();
  static constexpr std::uint32_t absent = ~std::uint32_t{0};
  std::uint32_t find(const Node* node) const {
    return node->engine.load(std::memory_order_relaxed) == this ? node->slot : find_elsewhere(node);
  }
  std::uint32_t find_elsewhere(const Node* node) const;
  void visit(Node* node);
  void list(const Tensor& y);
  void mark(const std::vector<Targets::Item>* targets);
  void propagate(const Tensor& seed, bool retain, Site site);
  std::string cuts() const;

  Ref<Node> alive_;  // the result, whatever a rule does to the caller's tensor
  std::vector<Slot> slots_;
  // Where nodes are that another run, on another thread or around this one, has claimed.
  std::unordered_map<const Node*, std::uint32_t> elsewhere_;
  bool create_graph_;
};

/// For tests of the checks themselves: every gradient that a rule gives is multiplied by this. 1 otherwise.
extern double rule_gradient_scale;

}  // namespace xtape
