#include "buffer.hpp"

#include <autograd/core/watch.hpp>

namespace xtape::nn {
using namespace detail;

namespace {
// A leaf, as a Parameter has one, so that recorded functions see it change; but no gradient reaches it.
Ref<Leaf> buffer_leaf(const Tensor& value, Site site) {
  if (!value.defined()) fail("Buffer", "the value is undefined, expected a tensor", site);
  Ref<Leaf> leaf = make_leaf("Buffer", site, value.array());
  leaf->flows = false;
  leaf->value = value.array_ref();
  return leaf;
}
}  // namespace

Buffer::Buffer(const Tensor& value, Site site) : Bound(buffer_leaf(value, site)) {}

Tensor Buffer::tensor() const { return Tensor(take(*leaf())); }

void Buffer::assign(const Tensor& value, Site site) const {
  if (value.shape() != shape() || value.dtype() != dtype())
    fail("Buffer::assign",
         "'" + name() + "' is " + to_string(dtype()) + to_string(shape()) + ", the value " + to_string(value.dtype()) +
             to_string(value.shape()),
         site);
  if (xtape::detail::mode & xtape::detail::watched)
    tell_watchers([&](Watcher& w) { w.assigned(*leaf(), value.array_ref()); });
  leaf()->value = value.array_ref();
}

}  // namespace xtape::nn
