#include "array.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "../parallel.hpp"
#include "error.hpp"
#include "instruction_set.hpp"
#include "pool.hpp"

namespace xtape::detail {

namespace {
constexpr std::size_t header = 128;
static_assert(sizeof(Array) <= header);
}  // namespace

Ref<Array> make_array(Dtype dtype, const Shape& shape) {
  std::int64_t n = 1, bytes = 0;
  bool overflow = false, empty = false;
  for (std::int64_t d : shape) {
    if (d == 0) empty = true;
    else overflow |= __builtin_mul_overflow(n, d, &n);
  }
  if (empty) n = 0, overflow = false;
  overflow |= __builtin_mul_overflow(n, size_of(dtype), &bytes) || bytes > (std::int64_t{1} << 46);
  kernel::isa.check();
  if (!overflow) try {
      int size_class = pool::class_of(header + static_cast<std::size_t>(bytes));
      void* block = pool::take(size_class);
      auto* array = new (block) Array;
      array->dtype = dtype;
      array->size_class = static_cast<std::uint8_t>(size_class);
      array->shape = shape;
      array->size = n;
      array->data = static_cast<char*>(block) + header;
      return Ref<Array>::adopt(array);
    } catch (const std::bad_alloc&) {}
  fail("allocate", std::string("no memory for a ") + to_string(dtype) + " tensor of shape " + to_string(shape));
}

Ref<Array> make_array(Dtype dtype, const Shape& shape, Site site) {
  try {
    return make_array(dtype, shape);
  } catch (const Unplaced& e) {
    e.raise_at(site);
  }
}

Ref<Array> copy_of(const Array& x) {
  constexpr std::int64_t tile = 1 << 17;
  Ref<Array> y = make_array(x.dtype, x.shape);
  const std::int64_t bytes = x.size * size_of(x.dtype);
  parallel_for((bytes + tile - 1) / tile, [&](std::int64_t t) {
    std::memcpy(y->at<char>() + t * tile, x.at<char>() + t * tile,
                static_cast<std::size_t>(std::min(tile, bytes - t * tile)));
  });
  return y;
}

Ref<Array> make_view(const Array& array, const Shape& shape, std::int64_t offset) {
  constexpr int size_class = pool::class_of(sizeof(Array));
  auto* view = new (pool::take(size_class)) Array;
  view->dtype = array.dtype;
  view->size_class = size_class;
  view->shape = shape;
  view->size = shape.size();
  view->data = array.at<char>() + offset * size_of(array.dtype);
  // An array is constant to who computes with it, but its count of owners is not.
  view->owner = array.owner ? array.owner : Ref<Array>::share(const_cast<Array*>(&array));
  return Ref<Array>::adopt(view);
}

void destroy(Array* array) {
  int size_class = array->size_class;
  array->~Array();
  pool::give(array, size_class);
}

}  // namespace xtape::detail
