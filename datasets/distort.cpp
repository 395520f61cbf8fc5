#include "distort.hpp"

#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/linalg.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/ops/trigonometric.hpp>
#include <autograd/ops/unary.hpp>
#include <autograd/random.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "image_batch.hpp"
#include "warp.hpp"

namespace xtape::datasets {
using namespace xtape::detail;

namespace {

constexpr double degree = 3.14159265358979323846 / 180;

std::string text(Between v) { return "[" + attribute_text(v.low) + ", " + attribute_text(v.high) + "]"; }

// The products of a vector (size,) with the rows of the result are its elements smoothed: (size, size).
Tensor gaussian(std::int64_t size, double sigma, Dtype dtype) {
  const auto radius = static_cast<std::int64_t>(4 * sigma + 0.5);
  std::vector<double> weights(static_cast<std::size_t>(radius + 1));
  double sum = 0;
  for (std::int64_t d = 0; d <= radius; ++d) {
    const double away = static_cast<double>(d) / sigma;
    sum += (weights[static_cast<std::size_t>(d)] = std::exp(-away * away / 2)) * (d ? 2 : 1);
  }
  std::vector<double> matrix(static_cast<std::size_t>(size * size));
  for (std::int64_t i = 0; i < size; ++i)
    for (std::int64_t k = 0; k < size; ++k)
      if (const std::int64_t d = std::abs(i - k); d <= radius)
        matrix[static_cast<std::size_t>(i * size + k)] = weights[static_cast<std::size_t>(d)] / sum;
  return tensor(matrix, Shape{size, size}).to(dtype);
}

void check_sigma(const char* op, double sigma, Site site) {
  if (!(sigma > 0 && sigma <= 1000))
    fail(op, "sigma is " + attribute_text(sigma) + ", expected a standard deviation in (0, 1000] pixels", site);
}

}  // namespace

Tensor smoothed(const Tensor& fields, double sigma, Site site) {
  const Scope scope(site);
  check_sigma("smoothed", sigma, site);
  if (fields.rank() != 3 || !is_floating(fields.dtype()))
    fail("smoothed", "expected float32 or float64 (n, rows, cols), got " + std::string(to_string(fields.dtype())) +
                         to_string(fields.shape()));
  const Shape& shape = fields.shape();
  if (fields.size() == 0) return fields;
  return matmul(gaussian(shape[1], sigma, fields.dtype()), matmul(fields, gaussian(shape[2], sigma, fields.dtype())));
}

class Distortion {
 public:
  Distortion(const DistortOptions& options, Site site) : o_(options) {
    const auto check = [&](const char* option, Between range, double above, double below, const char* expected) {
      if (!(range.low <= range.high && range.low > above && range.high < below))
        fail("distort", std::string(option) + " is drawn from " + text(range) + ", expected low <= high, " + expected,
             site);
    };
    constexpr double infinity = std::numeric_limits<double>::infinity();
    check("rotate", o_.rotate_, -infinity, infinity, "finite");
    check("scale", o_.scale_, 0, infinity, "above 0");
    for (const Between& range : {o_.shear_x_, o_.shear_y_})
      check("shear", range, -90, 90, "between -90 and 90 degrees");
    for (const std::int64_t pixels : {o_.rows_, o_.cols_})
      if (pixels < 0 || pixels > 1 << 30)
        fail("distort", "shift is " + std::to_string(pixels) + ", expected 0 to 2^30 pixels", site);
    if (!(o_.alpha_ >= 0 && o_.alpha_ < infinity))
      fail("distort", "alpha is " + attribute_text(o_.alpha_) + ", expected 0 or more pixels", site);
    check_sigma("distort", o_.sigma_, site);
    moves_ = varies(o_.rotate_, 0) || varies(o_.scale_, 1) || leans() || shifts();
  }

  /// What is set.
  std::string description() const {
    std::string list;
    const auto add = [&](bool set, const std::string& option) {
      if (set) list += (list.empty() ? "" : ", ") + option;
    };
    add(varies(o_.rotate_, 0), "rotate=" + text(o_.rotate_));
    add(varies(o_.scale_, 1), "scale=" + text(o_.scale_));
    add(leans(), "shear=(" + text(o_.shear_x_) + ", " + text(o_.shear_y_) + ")");
    add(shifts(), "shift=(" + std::to_string(o_.rows_) + ", " + std::to_string(o_.cols_) + ")");
    add(o_.alpha_ > 0, attribute_list("alpha", o_.alpha_, "sigma", o_.sigma_));
    add(o_.fill_ != 0, attribute_list("fill", o_.fill_));
    return "distort(" + list + ")";
  }

  Tensor operator()(const Tensor& images) const {
    const ImageSizes sizes = sizes_of("distort", images);
    const Dtype dtype = images.dtype();
    if (images.size() == 0 || (!moves_ && o_.alpha_ == 0)) return images;

    const Shape fields{sizes.n, sizes.rows, sizes.cols};
    Tensor dx, dy;
    if (o_.alpha_ > 0) {
      dx = elastic_field(fields).to(dtype);
      dy = elastic_field(fields).to(dtype);
    }
    if (moves_) {
      // A pixel at p has moved to p + d, and from there to where the affine map takes it from.
      const Tensor x = reshape(arange(sizes.cols, dtype), Shape{1, 1, sizes.cols});
      const Tensor y = reshape(arange(sizes.rows, dtype), Shape{1, sizes.rows, 1});
      const Tensor to_x = dx.defined() ? x + dx : x, to_y = dy.defined() ? y + dy : y;
      const Inverse from = drawn_inverse(sizes, dtype);
      dx = from.xx * to_x + from.xy * to_y + from.x - x;
      dy = from.yx * to_x + from.yy * to_y + from.y - y;
    }
    return warp(images, dx, dy, o_.fill_);
  }

 private:
  static bool varies(Between range, double usual) { return range.low != usual || range.high != usual; }
  bool leans() const { return varies(o_.shear_x_, 0) || varies(o_.shear_y_, 0); }
  bool shifts() const { return o_.rows_ > 0 || o_.cols_ > 0; }
  Tensor elastic_field(const Shape& shape) const { return smoothed(uniform(shape, -1, 1), o_.sigma_) * o_.alpha_; }

  // The place (x', y') of the result shows (xx x' + xy y' + x, yx x' + yy y' + y): (n, 1, 1) each.
  struct Inverse {
    Tensor xx, xy, yx, yy, x, y;
  };
  // Source: torchvision, _get_inverse_affine_matrix, the inverse of move * turn * shear * scale about the middle.
  Inverse drawn_inverse(const ImageSizes& sizes, Dtype dtype) const {
    const auto drawn = [&](Between range) { return draw(sizes.n, range.low, range.high); };
    const Tensor angle = drawn(o_.rotate_) * degree, lean_x = drawn(o_.shear_x_) * degree,
                 lean_y = drawn(o_.shear_y_) * degree, factor = drawn(o_.scale_);
    const auto pixels = [&](std::int64_t most) { return randint(-most, most + 1, Shape{sizes.n}).to(float64); };
    const Tensor down = pixels(o_.rows_), right = pixels(o_.cols_);

    const Tensor c = cos(angle - lean_y) / cos(lean_y), s = sin(angle - lean_y) / cos(lean_y), t = tan(lean_x);
    const Tensor xx = (cos(angle) - s * t) / factor, xy = (c * t + sin(angle)) / factor;
    const Tensor yx = -s / factor, yy = c / factor;
    const double middle_x = static_cast<double>(sizes.cols - 1) / 2, middle_y = static_cast<double>(sizes.rows - 1) / 2;
    const Tensor back_x = right + middle_x, back_y = down + middle_y;
    const auto wide = [&](const Tensor& v) { return reshape(v, Shape{sizes.n, 1, 1}).to(dtype); };
    return {wide(xx),
            wide(xy),
            wide(yx),
            wide(yy),
            wide(middle_x - (xx * back_x + xy * back_y)),
            wide(middle_y - (yx * back_x + yy * back_y))};
  }

  DistortOptions o_;
  bool moves_;
};

Transform distort(const DistortOptions& options, Site site) {
  const Distortion f(options, site);
  return Transform(f, f.description());
}
Transform rotate(Between degrees, Site site) { return distort(DistortOptions().rotate(degrees), site); }
Transform shift(std::int64_t pixels, Site site) { return distort(DistortOptions().shift(pixels), site); }
Transform scale(double low, double high, Site site) { return distort(DistortOptions().scale(low, high), site); }
Transform shear(Between x, Between y, Site site) { return distort(DistortOptions().shear(x, y), site); }
Transform elastic(double alpha, double sigma, Site site) {
  return distort(DistortOptions().elastic(alpha, sigma), site);
}

}  // namespace xtape::datasets
