// Array: the block of memory behind a tensor. Users meet it only through Tensor.
#pragma once
#include <cstdint>

#include "memory.hpp"
#include "shape.hpp"

namespace xtape::detail {

/// Elements in row-major order, and their header, in one pooled block; or a view into another array's block. It is
/// immutable once it belongs to a tensor, except to an optimiser that finds itself the only holder.
struct Array {
  mutable RefCount refs;
  Dtype dtype;
  std::uint8_t size_class;
  Shape shape;
  std::int64_t size;  // elements
  void* data;         // aligned to 64 bytes unless it is a view
  Ref<Array> owner;   // of the memory that a view looks at; never itself a view

  template <class T>
  T* at() const {
    return static_cast<T*>(data);
  }
  /// Whether nobody else can see these elements.
  bool exclusive() const { return refs.unique() && (!owner || owner->refs.unique()); }
};
void destroy(Array* array);

/// An array of `shape` whose elements are not set; throws when so much memory cannot be had.
Ref<Array> make_array(Dtype dtype, const Shape& shape);
/// The same, whose error points to the user's line for `site`.
Ref<Array> make_array(Dtype dtype, const Shape& shape, Site site);
/// A copy of the elements, which nobody else sees yet.
Ref<Array> copy_of(const Array& array);
/// `shape` seen in the memory of `array`, from element `offset` on.
Ref<Array> make_view(const Array& array, const Shape& shape, std::int64_t offset = 0);

/// Calls f with a value of the C++ type that `dtype` stands for.
template <class F>
decltype(auto) visit_dtype(Dtype dtype, F&& f) {
  switch (dtype) {
    case Dtype::float32: return f(float{});
    case Dtype::float64: return f(double{});
    case Dtype::int64: return f(std::int64_t{});
    case Dtype::uint8: return f(std::uint8_t{});
    default: return f(bool{});
  }
}
/// The same for a dtype that is known to be floating.
template <class F>
decltype(auto) visit_floating(Dtype dtype, F&& f) {
  return dtype == float32 ? f(float{}) : f(double{});
}
/// Whether operations compute with elements of this dtype, rather than with what they are converted to.
inline bool computes(Dtype t) { return t <= int64; }
/// The same as visit_dtype for one of those.
template <class F>
decltype(auto) visit_computing(Dtype dtype, F&& f) {
  return dtype == float32 ? f(float{}) : dtype == float64 ? f(double{}) : f(std::int64_t{});
}

}  // namespace xtape::detail
