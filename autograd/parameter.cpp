#include "parameter.hpp"

#include "core/watch.hpp"

namespace xtape {

using namespace detail;

namespace {
thread_local Cloning* innermost = nullptr;
}  // namespace

Cloning::Cloning() : outer_(innermost) { innermost = this; }
Cloning::~Cloning() { innermost = outer_; }
Cloning* Cloning::current() { return innermost; }

std::shared_ptr<void> Cloning::copy_of(const void* original, const std::function<std::shared_ptr<void>()>& make) {
  for (auto& [from, to] : copies_)
    if (from == original) return to;
  std::shared_ptr<void> made = make();
  copies_.emplace_back(original, made);
  return made;
}

namespace detail {
namespace {
MemberPath member_path = nullptr;
}

void set_member_path(MemberPath f) { member_path = f; }

Bound::Bound(Ref<Leaf> leaf) : binding_(Ref<Binding>::adopt(new Binding)) { binding_->leaf = std::move(leaf); }

Bound::Bound(const Bound& other) : binding_(other.binding_) {
  Cloning* cloning = Cloning::current();
  if (!cloning || !binding_) return;
  // Two bindings of one cell, which are tied, have copies of one cell. The values are immutable, and whoever writes in
  // place looks whether he is alone: both cells may hold the same one.
  auto copy_of_leaf = [](const Leaf& from) {
    Ref<Leaf> leaf = make_leaf(from.op, from.site, *from.value);
    leaf->value = from.value;
    leaf->name = from.name;
    leaf->flows = from.flows;
    return std::make_shared<Ref<Leaf>>(std::move(leaf));
  };
  auto copy_of_binding = [&] {
    const Leaf& from = *binding_->leaf;
    auto to = Ref<Binding>::adopt(new Binding);
    to->leaf = *static_cast<Ref<Leaf>*>(cloning->copy_of(&from, [&] { return copy_of_leaf(from); }).get());
    return std::make_shared<Ref<Binding>>(std::move(to));
  };
  binding_ = *static_cast<Ref<Binding>*>(cloning->copy_of(binding_.get(), copy_of_binding).get());
}

Bound& Bound::operator=(const Bound& other) {
  if (!rebind(other)) binding_ = other.binding_;
  return *this;
}
Bound& Bound::operator=(Bound&& other) {
  if (!rebind(other)) binding_ = std::move(other.binding_);
  return *this;
}

bool Bound::rebind(const Bound& other) {
  if (!binding_ || !binding_->owner || binding_.get() == other.binding_.get() || !member_path) return false;
  const std::string path = member_path(this, *binding_);
  if (path.empty()) return false;
  Ref<Leaf> now = Ref<Leaf>::share(other.leaf()), before = binding_->leaf;
  if (now.get() == before.get()) return true;
  if (now->name.empty()) now->name = path;
  ++before->replaced;
  binding_->leaf = std::move(now);
  return true;
}

void Bound::unbind() {
  auto own = Ref<Binding>::adopt(new Binding);
  own->leaf = binding_->leaf;
  binding_ = std::move(own);
}

void Bound::undefined() {
  fail("Parameter", "the parameter or buffer is undefined: it was moved to another and never assigned");
}

}  // namespace detail

namespace {
Ref<Leaf> parameter_leaf(const Tensor& value, Site site) {
  if (!is_floating(value.dtype()))
    fail("Parameter",
         std::string("a parameter is float32 or float64, not ") + to_string(value.dtype()) +
             "; convert with to(float32)",
         site);
  Ref<Leaf> leaf = make_leaf("Parameter", site, value.array());
  leaf->value = value.array_ref();
  return leaf;
}
}  // namespace

Parameter::Parameter(const Tensor& value, Site site) : Bound(parameter_leaf(value, site)) {}

Tensor Parameter::tensor() const { return Tensor(take(*leaf()), Ref<Node>::share(leaf())); }

void Parameter::assign(const Tensor& value, Site site) {
  if (value.shape() != shape() || value.dtype() != dtype())
    fail("Parameter::assign",
         "'" + name() + "' is " + to_string(dtype()) + to_string(shape()) + ", the value " + to_string(value.dtype()) +
             to_string(value.shape()),
         site);
  if (mode & watched) tell_watchers([&](Watcher& w) { w.assigned(*leaf(), value.array_ref()); });
  leaf()->value = value.array_ref();
}

void* Parameter::writable(Dtype wanted, Site site) {
  if (wanted != dtype())
    fail("Parameter::mutable_data",
         std::string("the parameter is ") + to_string(dtype()) + ", asked for as " + to_string(wanted), site);
  Leaf& cell = *leaf();
  if (mode & watched) tell_watchers([&](Watcher& w) { w.assigned(cell, {}); });
  if (!cell.value->exclusive()) cell.value = copy_of(*cell.value);
  return cell.value->data;
}

Tensor Parameter::grad() const { return leaf()->gradient(); }
void Parameter::zero_grad() { leaf()->forget_gradient(); }
void Parameter::freeze(bool on) { leaf()->flows = !on; }
bool Parameter::is_frozen() const { return !leaf()->flows; }

}  // namespace xtape
