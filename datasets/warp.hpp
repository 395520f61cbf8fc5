// Resampling of images.
#pragma once
#include <autograd/tensor.hpp>

namespace xtape::datasets {

/// Each pixel of the result from elsewhere in its image: y[i, c, r, k] = x[i, c] at row r + dy[i, r, k] and column
/// k + dx[i, r, k], between pixels bilinear; beyond the image lies `fill`, and a displacement that is NaN leads there.
/// (n, channels, rows, cols), (n, rows, cols) twice -> (n, channels, rows, cols). Throws unless all have one floating
/// dtype and the sizes agree, up to 2^22 of a side and 2^30 of both. No gradient flows through it.
Tensor warp(const Tensor& images, const Tensor& dx, const Tensor& dy, double fill = 0, Site site = Site::here());

}  // namespace xtape::datasets
