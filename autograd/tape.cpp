#include "tape.hpp"

#include "mode.hpp"
#include "operation.hpp"
#include "ops/elementwise.hpp"
#include "parameter.hpp"
#include "watch.hpp"

namespace xtape {

using namespace detail;

Ref<Leaf> make_leaf(const char* op, Site site, const Array& value) {
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
  grad = grad.defined() ? grad + g : std::move(g);
}
void Leaf::forget_gradient() {
  Tensor forgotten;  // it may be the end of a graph, and of many things more
  std::lock_guard lock(guard);
  std::swap(forgotten, grad);
}

Tensor Tensor::grad(Site site) const { return check_leaf("grad", node_, site).gradient(); }
void Tensor::zero_grad(Site site) const { check_leaf("zero_grad", node_, site).forget_gradient(); }

}  // namespace xtape
