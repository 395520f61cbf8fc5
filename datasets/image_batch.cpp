#include "image_batch.hpp"

#include <autograd/ops/creation.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/ops/unary.hpp>
#include <autograd/random.hpp>

namespace xtape::datasets {

ImageSizes sizes_of(const char* op, const Tensor& images) {
  if (!images.defined()) fail(op, "the images are undefined");
  const Shape& shape = images.shape();
  if (!is_floating(images.dtype()) || shape.rank() != 4)
    fail(op, std::string("expected float32 or float64 (n, channels, rows, cols), got ") + to_string(images.dtype()) +
                 to_string(shape));
  return {shape[0], shape[1], shape[2], shape[3]};
}

void check_input(const char* op, const Tensor& input, int axes) {
  if (!input.defined()) fail(op, "the input is undefined");
  if (!is_floating(input.dtype()) || input.rank() < axes)
    fail(op, std::string("expected float32 or float64 ") + (axes > 1 ? "(n, channels, ...)" : "(n, ...)") + ", got " +
                 to_string(input.dtype()) + to_string(input.shape()));
}

Tensor per_image(const Tensor& numbers) { return reshape(numbers, Shape{numbers.size(), 1, 1, 1}); }

Tensor draw(std::int64_t n, double low, double high) { return uniform(Shape{n}, low, high, float64); }
Tensor draw_up_to(const Tensor& most) { return floor(uniform(most.shape(), 0, 1, float64) * (most + 1)); }

namespace {

// Whether position i of an axis lies in [begin, end): (n,), (n,) -> (n, 1, size, 1).
Tensor in_range(std::int64_t size, const Tensor& begin, const Tensor& end) {
  const Tensor i = reshape(arange(size, float64), Shape{1, 1, size, 1});
  return (i >= per_image(begin)) & (i < per_image(end));
}

}  // namespace

Tensor in_box(const ImageSizes& sizes, const Tensor& top, const Tensor& bottom, const Tensor& left,
              const Tensor& right) {
  return in_range(sizes.rows, top, bottom) &
         reshape(in_range(sizes.cols, left, right), Shape{sizes.n, 1, 1, sizes.cols});
}

}  // namespace xtape::datasets
