// The tape, as users meet it: what is recorded, and the gradients of it.
//
// Threads. Any number may compute, record and differentiate at once:
//   - Tensors are constants. Threads may share them, and graphs and Parameters that hold them, and one thread may go on
//     with a graph that another began. One variable, such as a `Tensor x` that one thread assigns and another reads,
//     needs the program's own lock, as any object does.
//   - `backward()` may run in several threads on graphs that share leaves and Parameters: each sum of a gradient is
//     whole. Two that begin without a gradient leave the same bits in any order; with more, or on top of an earlier
//     gradient, floating-point sums depend on the order in which they end. Where bits matter, each thread takes
//     `grad()` and one of them adds the results up.
//   - `grad()` and `backward()` at once on graphs that share operations need `retain_graph` or `create_graph` in all of
//     them, because a run without releases what the others still read; it is an error otherwise.
//   - What changes a Parameter's or a Buffer's value, name or use must not run beside anything that uses it: `assign`,
//     `mutable_data`, an optimiser's step, `load_state_dict`, `to`, `freeze`, and `forward` of a module that keeps
//     running statistics. `zero_grad` and `grad` of a leaf may run at any time.
//   - Recording, guards, profiles and anomaly mode are each thread's own. A Replay has memory of its own: one thread at
//     a time. Random numbers may be drawn anywhere; which thread gets which depends on who comes first.
//   - After `fork()` the child may compute on with what was whole at that moment; its helper threads are started anew.
#pragma once
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "tensor.hpp"

namespace xtape {

namespace detail {

/// The end of the tape: a tensor that `requires_grad()` made, or the cell of a Parameter.
struct Leaf final : Node {
  Leaf(const char* op, Site site, const Array& value) : Node(leaf, op, site) {
    dtype = value.dtype;
    shape = value.shape;
  }

  Tensor gradient();
  void add_gradient(Tensor g);
  void forget_gradient();

  Tensor grad;
  std::mutex guard;            // of `grad`: backward() may add to it from several threads
  Ref<Array> value;            // a Parameter's current value; null for a tensor's leaf
  std::string name;            // a Parameter's path, as far as it is known
  std::uint32_t replaced = 0;  // how often a module was given another one in the place of this Parameter
};
inline void destroy(Leaf* leaf) { destroy(static_cast<Node*>(leaf)); }
Ref<Leaf> make_leaf(const char* op, Site site, const Array& value);

}  // namespace detail

/// Whether operations of this thread are recorded.
bool is_recording();
/// While it lives, operations of this thread are recorded (or not).
class Recording {
 public:
  explicit Recording(bool on);
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

 private:
  bool before_;
};
/// While it lives, no operation of this thread is recorded.
class NoGradGuard : Recording {
 public:
  NoGradGuard() : Recording(false) {}
};
/// Calls f without recording: `auto y = no_grad([&] { return model(x); });`.
template <class F>
auto no_grad(F&& f) {
  NoGradGuard guard;
  return f();
}

/// What gradients are asked for: tensors (leaves and intermediates) and Parameters, in order.
class Targets {
 public:
  struct Item {
    Item(const Tensor& x) : node(x.node_ref()) {}
    Item(const Parameter& p);
    detail::Ref<detail::Node> node;
  };
  Targets(std::initializer_list<Item> items) : items_(items) {}
  Targets(const Tensors& tensors) : items_(tensors.begin(), tensors.end()) {}
  Targets(const std::vector<Parameter>& parameters);
  const std::vector<Item>& items() const { return items_; }

 private:
  std::vector<Item> items_;
};

/// The gradients d(y)/d(x) of a recorded scalar for every target, each of its target's shape, and an undefined one for
/// a frozen Parameter. The values that the
/// rules read are released on the way, unless `retain_graph` or `create_graph`. Throws when y is no recorded scalar,
/// when a target is not recorded or not reached (unless `allow_unused`), and when the tape was released before.
/// Where an operation without a gradient, such as argmax, or detach() cut the tape, the error names it and its line.
Tensors grad(const Tensor& y, const Targets& targets, GradFlags flags = grad_defaults, Site site = Site::here());
/// The same for a list in braces: `grad(y, {x})` is a list too.
inline Tensors grad(const Tensor& y, std::initializer_list<Targets::Item> targets, GradFlags flags = grad_defaults,
                    Site site = Site::here()) {
  return grad(y, Targets(targets), flags, site);
}
/// The same for a y of any shape, weighted by `seed`, which has y's shape: the vector-Jacobian product.
Tensors grad(const Tensor& y, const Targets& targets, const Tensor& seed, GradFlags flags = grad_defaults,
             Site site = Site::here());
/// d(y)/d(x) for one target.
Tensor grad(const Tensor& y, const Targets::Item& x, GradFlags flags = grad_defaults, Site site = Site::here());

}  // namespace xtape
