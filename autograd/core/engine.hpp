// The engine: one run of differentiation over the tape.
#pragma once
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "../tape.hpp"
#include "part.hpp"

namespace xtape::detail {

struct Operation;

/// The nodes below a result, each with the gradient it has gathered so far.
class Engine {
 public:
  explicit Engine(GradFlags flags);
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
  /// Adds a part of such a gradient.
  void accumulate(Operation& from, std::size_t i, Part part);

 private:
  struct Slot {
    Node* node;
    Tensor g;
    bool needed = false;  // its gradient is wanted
    bool runs = false;    // its rules are: an input's gradient is wanted
    bool target = false;
    bool in_parts = false;  // some of its gradient stands in `parts_`
  };
  // Parts that are to become one recorded operation. They are added up when they have as many elements as the whole,
  // so that what they hold and what adding them up costs stay in proportion to the parts.
  struct Parts {
    std::vector<Part> list;
    std::int64_t elements = 0;
  };
  static std::vector<Slot>& spare();
  static constexpr std::uintptr_t releasing = 1;
  bool owns(const Node* node) const { return node->claim.load(std::memory_order_relaxed) == claim_; }
  void check_claim(const Node& node, std::uintptr_t claim) const;
  static constexpr std::uint32_t absent = ~std::uint32_t{0};
  std::uint32_t find(const Node* node) const { return owns(node) ? node->slot : find_elsewhere(node); }
  std::uint32_t find_elsewhere(const Node* node) const;
  void visit(Node* node);
  void list(const Tensor& y);
  void mark(const std::vector<Targets::Item>* targets);
  void add_up(Slot& slot);
  void propagate(const Tensor& seed, Site site);
  std::string cuts() const;

  Ref<Node> alive_;  // the result, whatever a rule does to the caller's tensor
  std::vector<Slot> slots_;
  // Where nodes are that another run, on another thread or around this one, has claimed.
  std::unordered_map<const Node*, std::uint32_t> elsewhere_;
  std::unordered_map<const Node*, Parts> parts_;
  bool create_graph_;
  bool retain_;
  std::uintptr_t claim_;  // this, and whether it releases what it owns
  Engine* outer_;         // the run of this thread around this one
};

/// What made a node, as errors name it: "'exp' of model.cpp:8".
std::string describe(const Node& node);

}  // namespace xtape::detail
