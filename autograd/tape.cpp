#include "tape.hpp"

#include "core/mode.hpp"
#include "core/operation.hpp"
#include "core/sums.hpp"
#include "core/watch.hpp"
#include "parameter.hpp"

namespace xtape {

using namespace detail;

Ref<Leaf> detail::make_leaf(const char* op, Site site, const Array& value) {
  return make_node<Leaf>(op, user_site(site), value);
}

bool is_recording() { return !(mode & grad_off); }
Recording::Recording(bool on) : before_(is_recording()) { mode = on ? mode & ~unsigned{grad_off} : mode | grad_off; }
Recording::~Recording() { mode = before_ ? mode & ~unsigned{grad_off} : mode | grad_off; }

Targets::Item::Item(const Parameter& p) : node(Ref<Node>::share(p.leaf())) {}
Targets::Targets(const std::vector<Parameter>& parameters) : items_(parameters.begin(), parameters.end()) {}

Tensor Tensor::requires_grad(Site site) const {
  if (!is_floating(dtype(site)))
    fail("requires_grad",
         std::string("gradients flow through float32 and float64, not ") + to_string(dtype()) +
             "; convert with to(float32)",
         site);
  Ref<Leaf> leaf = make_leaf("requires_grad", site, array());
  return Tensor(array_, std::move(leaf));
}

Tensor Tensor::detach(Site site) const {
  const Arg x(*this, site), *args[] = {&x};
  return defined() ? unrecorded("detach", args, 1, false, array_) : Tensor();
}

namespace {
Leaf& check_leaf(const char* op, const Ref<Node>& node, Site site) {
  if (!node || node->kind != Node::leaf)
    fail(op, "only a leaf gathers gradients: make the tensor one with requires_grad(), or ask grad(y, x)", site);
  return static_cast<Leaf&>(*node);
}
}  // namespace

Tensor Leaf::gradient() {
  std::lock_guard lock(guard);
  return grad;
}
void Leaf::add_gradient(Tensor g) {
  std::lock_guard lock(guard);
  grad = grad.defined() ? add(grad, g) : std::move(g);
}
void Leaf::forget_gradient() {
  Tensor forgotten;  // it may be the end of a graph, and of many things more
  std::lock_guard lock(guard);
  std::swap(forgotten, grad);
}

Tensor Tensor::grad(Site site) const { return check_leaf("grad", node_, site).gradient(); }
void Tensor::zero_grad(Site site) const { check_leaf("zero_grad", node_, site).forget_gradient(); }

namespace {
void check_result(const char* op, const Tensor& y, Site site) {
  if (y.is_recorded()) return;
  const Shape& shape = y.shape();
  const std::string cut = y.node_ref() ? ": the tape was cut by " + describe(*y.node_ref())
                                       : ": no Parameter and no tensor from requires_grad(), or it was made under "
                                         "no_grad";
  fail(op, "the result " + to_string(shape) + " depends on nothing that gradients flow to" + cut, site);
}
Tensor unit_seed(const char* op, const Tensor& y, Site site) {
  y.array(site);  // throws of an undefined one
  check_result(op, y, site);
  if (y.size() != 1)
    fail(op,
         "the result has shape " + to_string(y.shape()) +
             ", not one element; reduce it with sum() or mean(), or give grad() a seed of that shape",
         site);
  return ones(y.shape(), y.dtype());
}
}  // namespace

Tensors grad(const Tensor& y, const Targets& targets, GradFlags flags, Site site) {
  return grad(y, targets, unit_seed("grad", y, site), flags, site);
}

Tensors grad(const Tensor& y, const Targets& targets, const Tensor& seed, GradFlags flags, Site site) {
  check_result("grad", y, site);
  if (seed.shape() != y.shape() || seed.dtype() != y.dtype())
    fail("grad",
         std::string("the seed is ") + to_string(seed.dtype()) + to_string(seed.shape()) + ", the result " +
             to_string(y.dtype()) + to_string(y.shape()),
         site);
  for (std::size_t i = 0; i < targets.items().size(); ++i) {
    const Ref<Node>& node = targets.items()[i].node;
    if (node && (node->flows || node->kind == Node::leaf)) continue;  // a frozen Parameter is such a leaf
    fail("grad",
         "target " + std::to_string(i) + " is not on the tape" +
             (node ? ": it was cut from it by " + describe(*node) : "; make it a leaf with requires_grad()"),
         site);
  }
  return Engine(flags).run(y, seed, &targets.items(), flags, site);
}

Tensor grad(const Tensor& y, const Targets::Item& x, GradFlags flags, Site site) {
  return grad(y, Targets{x}, flags, site)[0];
}

void Tensor::backward(GradFlags flags, Site site) const {
  Tensor seed = unit_seed("backward", *this, site);
  if (mode & watched) tell_watchers([](Watcher& w) { w.adding_up(); });
  Engine(flags).run(*this, seed, nullptr, flags, site);
}

}  // namespace xtape
