// Private: what transforms of images share.
#pragma once
#include <autograd/core/attributes.hpp>
#include <string>
#include <utility>

#include "transform.hpp"

namespace xtape::datasets {
using namespace xtape::detail;

/// The sizes of (n, channels, rows, cols). Throws unless they are float32 or float64.
struct ImageSizes {
  std::int64_t n, channels, rows, cols;
};
ImageSizes sizes_of(const char* op, const Tensor& images);
/// Throws unless they are float32 or float64 of at least so many axes, as images and tables are.
void check_input(const char* op, const Tensor& input, int axes);

/// One number for each image, (n,), beside its pixels: (n, 1, 1, 1).
Tensor per_image(const Tensor& numbers);

/// A number uniform in [low, high) for each image: (n,), float64.
Tensor draw(std::int64_t n, double low, double high);
/// An integer uniform in 0 … most for each image, (n,), where `most`, (n,), holds integers: float64.
Tensor draw_up_to(const Tensor& most);

/// Whether a pixel lies in the box of its image: rows [top, bottom), columns [left, right), each (n,), float64 -> (n,
/// 1, rows, cols), boolean.
Tensor in_box(const ImageSizes& sizes, const Tensor& top, const Tensor& bottom, const Tensor& left,
              const Tensor& right);

/// The transform f of a batch, whose description is "name(attribute=value, …)".
template <class F, class... A>
Transform described(const char* name, F f, const A&... attributes) {
  return Transform(std::move(f), std::string(name) + "(" + attribute_list(attributes...) + ")");
}

}  // namespace xtape::datasets
