// The bridge to xtensor, both ways. The only public header that includes it.
#pragma once
#include <cstddef>
#include <vector>
#if __has_include(<xtensor/containers/xadapt.hpp>)
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xarray.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#endif

#include "tensor.hpp"

namespace xtape {

/// The elements of a tensor as an xtensor expression to read, without a copy. It holds the tensor, so it stays valid;
/// an optimiser that meets it writes its new values elsewhere. Throws unless T is the C++ type of the tensor's dtype.
template <class T>
class XarrayView {
 public:
  using Shape = std::vector<std::size_t>;
  using Expression =
      decltype(xt::adapt(std::declval<const T*>(), std::size_t(), xt::no_ownership(), std::declval<Shape>()));
  explicit XarrayView(const Tensor& x)
      : held_(x.detach()),
        expression_(xt::adapt(x.data<T>(), static_cast<std::size_t>(x.size()), xt::no_ownership(),
                              Shape(x.shape().begin(), x.shape().end()))) {}
  const Expression& operator*() const { return expression_; }
  const Expression* operator->() const { return &expression_; }

 private:
  Tensor held_;
  Expression expression_;
};

/// `*as_xarray<float>(x)` is an xtensor expression of x's elements: `xt::sum(*as_xarray<float>(x))`.
template <class T>
XarrayView<T> as_xarray(const Tensor& x) {
  return XarrayView<T>(x);
}

/// A tensor with the values of an xtensor expression, of the dtype of its elements.
template <class E>
Tensor tensor(const xt::xexpression<E>& expression) {
  using T = std::decay_t<typename E::value_type>;
  const xt::xarray<T, xt::layout_type::row_major> values = expression.derived_cast();
  Shape shape;
  for (std::size_t n : values.shape()) shape.push_back(static_cast<std::int64_t>(n));
  return tensor(values.data(), shape);
}

}  // namespace xtape
