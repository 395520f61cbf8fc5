// Private: convolutions on raw memory, as matrix products of unfolded images, and the unfolding.
#pragma once
#include "window.hpp"

namespace xtape {

/// Columns of one image: x (channels, x...) -> columns (channels * k..., y...), zero where a tap lies outside of x.
template <class T>
void unfold(const Windows& w, std::int64_t channels, const T* x, T* columns);
/// The adjoint: adds each column's element to where it came from; x is set to zero first.
template <class T>
void fold(const Windows& w, std::int64_t channels, const T* columns, T* x);

/// The sizes of a convolution: x (batch, groups * in, x...), weight (groups * out, in, k...), y (batch, groups * out,
/// y...).
struct Convolution {
  Windows windows;
  std::int64_t batch = 0, groups = 1, in = 0, out = 0;

  Shape x_shape() const { return windows.shape(batch, groups * in, windows.x); }
  Shape weight_shape() const { return windows.shape(groups * out, in, windows.k); }
  Shape y_shape() const { return windows.shape(batch, groups * out, windows.y); }
  double flops() const;
  std::string attributes() const;
};

/// y = x * weight + bias; a null bias is zero.
template <class T>
void conv_forward(const Convolution& c, const T* x, const T* weight, const T* bias, T* y);
/// What multiplies g in the gradient of <g, conv(x, weight)> for x, plus bias (groups * in), which may be null.
template <class T>
void conv_input(const Convolution& c, const T* g, const T* weight, const T* bias, T* x);
/// The same for weight.
template <class T>
void conv_weight(const Convolution& c, const T* g, const T* x, T* weight);

}  // namespace xtape
