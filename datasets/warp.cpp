#include "warp.hpp"

#include <algorithm>
#include <autograd/core/operation.hpp>
#include <autograd/core/scratch.hpp>
#include <autograd/kernels/loops.hpp>

#include "image_batch.hpp"

namespace xtape::datasets {
using namespace xtape::detail;

namespace {

constexpr std::int64_t pixels_per_tile = 1 << 13;

// Where the pixels of an image come from: the first of four neighbours in a plane with a margin of one pixel, and how
// far beyond it.
template <class T>
struct Sources {
  std::int32_t* at;
  T *right, *down;
};

// The place `position` of an axis of `size` pixels in the plane with the margin, where 1 is the first pixel.
template <class T>
XTAPE_INLINE T within(T position, T size) {
  const T place = position + 1;
  return place > 0 ? (place < size + 1 ? place : size + 1) : 0;  // also NaN
}

template <class T>
void find_sources(std::int64_t rows, std::int64_t cols, const T* dx, const T* dy, Sources<T> to) {
  const auto loop = [](std::int32_t rows, std::int32_t cols, const T* dx, const T* dy, Sources<T> to) {
    const auto height = static_cast<T>(rows), width = static_cast<T>(cols);
    for (std::int32_t r = 0; r < rows; ++r, dx += cols, dy += cols, to.at += cols, to.right += cols, to.down += cols) {
      const auto top = static_cast<T>(r);
      XTAPE_INDEPENDENT
      for (std::int32_t k = 0; k < cols; ++k) {
        const T y = within(top + dy[k], height), x = within(static_cast<T>(k) + dx[k], width);
        // The last place is the far end of the one before it.
        std::int32_t row = static_cast<std::int32_t>(y), col = static_cast<std::int32_t>(x);
        row -= row > rows, col -= col > cols;
        to.at[k] = row * (cols + 2) + col;
        to.down[k] = y - static_cast<T>(row);
        to.right[k] = x - static_cast<T>(col);
      }
    }
  };
  kernel::vectorized(loop, static_cast<std::int32_t>(rows), static_cast<std::int32_t>(cols), dx, dy, to);
}

template <class T>
void take_from(std::int64_t size, std::int64_t width, const T* plane, Sources<T> from, T* y) {
  const auto loop = [](std::int64_t size, std::int64_t width, const T* plane, Sources<T> from, T* y) {
    const T* below = plane + width;
    XTAPE_INDEPENDENT
    for (std::int64_t i = 0; i < size; ++i) {
      const std::int32_t at = from.at[i];
      const T right = from.right[i], down = from.down[i];  // a share of 0 or 1 gives one neighbour exactly
      const T upper = (1 - right) * plane[at] + right * plane[at + 1];
      const T lower = (1 - right) * below[at] + right * below[at + 1];
      y[i] = (1 - down) * upper + down * lower;
    }
  };
  kernel::vectorized(loop, size, width, plane, from, y);
}

template <class T>
void warp_image(const ImageSizes& sizes, const T* x, const T* dx, const T* dy, T fill, T* y) {
  const std::int64_t rows = sizes.rows, cols = sizes.cols, size = rows * cols, width = cols + 2;
  const Scratch<std::int32_t> at(size);
  const Scratch<T> right(size), down(size), plane((rows + 2) * width);
  const Sources<T> sources{at.get(), right.get(), down.get()};
  find_sources(rows, cols, dx, dy, sources);
  std::fill_n(plane.get(), (rows + 2) * width, fill);
  for (std::int64_t c = 0; c < sizes.channels; ++c, x += size, y += size) {
    for (std::int64_t r = 0; r < rows; ++r) std::copy_n(x + r * cols, cols, plane.get() + (r + 1) * width + 1);
    take_from(size, width, plane.get(), sources, y);
  }
}

}  // namespace

Tensor warp(const Tensor& images, const Tensor& dx, const Tensor& dy, double fill, Site site) {
  const Scope scope(site);
  const ImageSizes sizes = sizes_of("warp", images);
  for (const Tensor& d : {dx, dy})
    if (!d.defined() || d.dtype() != images.dtype() || d.shape() != Shape{sizes.n, sizes.rows, sizes.cols})
      fail("warp", "expected displacements " + std::string(to_string(images.dtype())) +
                       to_string(Shape{sizes.n, sizes.rows, sizes.cols}) + " for images " + to_string(images.shape()) +
                       ", got " + (d.defined() ? to_string(d.dtype()) + to_string(d.shape()) : "an undefined tensor"));
  // Places on an axis are exact in float32, those in a plane fit an int32.
  if (std::max(sizes.rows, sizes.cols) > 1 << 22 || (sizes.rows + 2) * (sizes.cols + 2) > 1 << 30)
    fail("warp", "the images are " + to_string(images.shape()) + ", expected sides up to 2^22 and 2^30 pixels");

  const auto forward = [=](const Array& x, const Array& dx, const Array& dy) {
    Ref<Array> y = make_array(x.dtype, x.shape);
    const std::int64_t size = sizes.rows * sizes.cols, image = sizes.channels * size;
    if (y->size == 0) return y;
    const std::int64_t step = std::max<std::int64_t>(1, pixels_per_tile / image);
    visit_floating(x.dtype, [&](auto t) {
      using T = decltype(t);
      parallel_for((sizes.n + step - 1) / step, [&](std::int64_t tile) {
        for (std::int64_t i = tile * step; i < std::min(sizes.n, (tile + 1) * step); ++i)
          warp_image(sizes, x.at<T>() + i * image, dx.at<T>() + i * size, dy.at<T>() + i * size, static_cast<T>(fill),
                     y->at<T>() + i * image);
      });
    });
    return y;
  };
  const Arg args[] = {{images, site}, {dx, site}, {dy, site}};
  return execute("warp", {&args[0], &args[1], &args[2]}, attributed(forward, "fill", fill), no_gradient, no_gradient,
                 no_gradient);
}

}  // namespace xtape::datasets
