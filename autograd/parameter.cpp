#include "parameter.hpp"

#include "watch.hpp"

namespace xtape {
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

Parameter::Parameter(const Tensor& value, Site site) {
  if (!is_floating(value.dtype()))
    fail("Parameter",
         std::string("a parameter is float32 or float64, not ") + to_string(value.dtype()) +
             "; convert with to(float32)",
         site);
  leaf_ = make_leaf("Parameter", site, value.array());
  leaf_->value = value.array_ref();
}

Parameter::Parameter(const Parameter& other) : leaf_(other.leaf_) {
  Cloning* cloning = Cloning::current();
  if (!cloning || !leaf_) return;
  auto twin = cloning->copy_of(leaf_.get(), [this] {
    Ref<Leaf> leaf = make_leaf("Parameter", leaf_->site, *leaf_->value);
    leaf->value = copy_of(*leaf_->value);
    leaf->name = leaf_->name;
    leaf->flows = leaf_->flows;
    return std::make_shared<Ref<Leaf>>(leaf);
  });
  leaf_ = *static_cast<Ref<Leaf>*>(twin.get());
}

Tensor Parameter::tensor() const { return Tensor(take(*leaf_), Ref<Node>::share(leaf_.get())); }
const Shape& Parameter::shape() const { return leaf_->shape; }
Dtype Parameter::dtype() const { return leaf_->dtype; }

void Parameter::assign(const Tensor& value, Site site) {
  if (value.shape() != shape() || value.dtype() != dtype())
    fail("Parameter::assign",
         "'" + name() + "' is " + to_string(dtype()) + to_string(shape()) + ", the value " + to_string(value.dtype()) +
             to_string(value.shape()),
         site);
  if (mode & watched) tell_watchers([&](Watcher& w) { w.assigned(*leaf_, value.array_ref()); });
  leaf_->value = value.array_ref();
}

void* Parameter::writable(Dtype wanted) {
  if (wanted != dtype())
    fail("Parameter::mutable_data",
         std::string("the parameter is ") + to_string(dtype()) + ", asked for as " + to_string(wanted));
  if (mode & watched) tell_watchers([&](Watcher& w) { w.assigned(*leaf_, {}); });
  if (!leaf_->value->exclusive()) leaf_->value = copy_of(*leaf_->value);
  return leaf_->value->data;
}

Tensor Parameter::grad() const { return leaf_->gradient(); }
void Parameter::zero_grad() { leaf_->forget_gradient(); }
void Parameter::freeze(bool on) { leaf_->flows = !on; }
bool Parameter::is_frozen() const { return !leaf_->flows; }
const std::string& Parameter::name() const { return leaf_->name; }
void Parameter::set_name(const std::string& name) { leaf_->name = name; }

}  // namespace xtape
