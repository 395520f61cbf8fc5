#include "buffer.hpp"

#include <autograd/watch.hpp>

namespace xtape::nn {
namespace {
// A leaf, as a Parameter has one, so that recorded functions see it change; but no gradient reaches it.
Ref<Leaf> cell(Site site, const Ref<Array>& value, const std::string& name) {
  Ref<Leaf> leaf = make_leaf("Buffer", site, *value);
  leaf->flows = false;
  leaf->value = value;
  leaf->name = name;
  return leaf;
}
}  // namespace

Buffer::Buffer(const Tensor& value, Site site) {
  if (!value.defined()) fail("Buffer", "the value is undefined, expected a tensor", site);
  leaf_ = cell(site, value.array_ref(), "");
}

Buffer::Buffer(const Buffer& other) : leaf_(other.leaf_) {
  Cloning* cloning = Cloning::current();
  if (!cloning || !leaf_) return;
  // Values are immutable and a buffer is never written in place, so both cells may hold the same one.
  auto twin = cloning->copy_of(
      leaf_.get(), [this] { return std::make_shared<Ref<Leaf>>(cell(leaf_->site, leaf_->value, leaf_->name)); });
  leaf_ = *static_cast<Ref<Leaf>*>(twin.get());
}

Tensor Buffer::tensor() const { return Tensor(take(*leaf_)); }

void Buffer::assign(const Tensor& value, Site site) const {
  if (value.shape() != shape() || value.dtype() != dtype())
    fail("Buffer::assign",
         "'" + name() + "' is " + to_string(dtype()) + to_string(shape()) + ", the value " + to_string(value.dtype()) +
             to_string(value.shape()),
         site);
  if (mode & watched) tell_watchers([&](Watcher& w) { w.assigned(*leaf_, value.array_ref()); });
  leaf_->value = value.array_ref();
}

}  // namespace xtape::nn
