#include "mix.hpp"

#include <algorithm>
#include <autograd/core/next_stream.hpp>
#include <autograd/core/operation.hpp>
#include <autograd/kernels/random_words.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/gather.hpp>
#include <autograd/ops/index.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/ops/unary.hpp>
#include <autograd/random.hpp>
#include <cmath>

#include "image_batch.hpp"

namespace xtape::datasets {
using namespace xtape::detail;

namespace {

// The logarithm of a number of the distribution Gamma(alpha), which itself may be too small for a double. Source:
// Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26, 2000.
double log_gamma_variable(RandomStream& random, double alpha) {
  const double d = alpha + 2. / 3, c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = random.normal(), root = 1 + c * x, v = root * root * root, u = 1 - random.uniform();
    if (v > 0 && std::log(u) < x * x / 2 + d - d * v + d * std::log(v))
      return std::log(d * v) + std::log(1 - random.uniform()) / alpha;
  }
}

// Numbers of the distribution Beta(alpha, alpha): (n,), float64.
Tensor beta(std::int64_t n, double alpha) {
  const Tensor stream = next_stream(default_generator(), Site());
  const Arg key(stream, Site());
  const auto forward = [n, alpha](const Array& key) {
    Ref<Array> y = make_array(float64, Shape{n});
    RandomStream random(key_of(key).seed, key_of(key).stream);
    for (std::int64_t i = 0; i < n; ++i) {
      const double a = log_gamma_variable(random, alpha), b = log_gamma_variable(random, alpha);
      y->at<double>()[i] = 1 / (1 + std::exp(b - a));
    }
    return y;
  };
  return execute("beta", {&key}, attributed(forward, "alpha", alpha), detail::no_gradient);
}

void check_alpha(const char* op, double alpha, Site site) {
  if (!(alpha > 0 && std::isfinite(alpha)))
    fail(op, "alpha is " + attribute_text(alpha) + ", expected a positive, finite number", site);
}

void check_target(const char* op, const Tensor& target, std::int64_t n) {
  if (!target.defined() || !is_floating(target.dtype()) || target.rank() < 1 || target.shape()[0] != n)
    fail(op, "the target is " +
                 (target.defined() ? to_string(target.dtype()) + to_string(target.shape()) : std::string("undefined")) +
                 ", expected a floating row for each of " + std::to_string(n) +
                 " samples, as one_hot makes of classes");
}

// share * x + (1 - share) * other, with a share, (n,), for each row.
Tensor mixed(const Tensor& x, const Tensor& other, const Tensor& share) {
  Shape rows{share.size()};
  while (rows.rank() < x.rank()) rows.push_back(1);
  const Tensor s = reshape(share, rows).to(x.dtype());
  return s * x + (1 - s) * other;
}

}  // namespace

Transform one_hot(std::int64_t classes, Site site) {
  if (classes < 1) fail("one_hot", std::to_string(classes) + " classes, expected at least 1", site);
  const auto f = [classes](const Batch& batch) {
    return Batch{batch.input,
                 xtape::one_hot(batch.target, classes, batch.input.dtype() == float64 ? float64 : float32)};
  };
  return described("one_hot", f, "classes", classes);
}

Transform mixup(double alpha, Site site) {
  check_alpha("mixup", alpha, site);
  const auto f = [alpha](const Batch& batch) {
    check_input("mixup", batch.input, 1);
    const std::int64_t n = batch.input.shape()[0];
    check_target("mixup", batch.target, n);
    const Tensor share = beta(n, alpha), others = permutation(n);
    return Batch{mixed(batch.input, index(batch.input, 0, others), share),
                 mixed(batch.target, index(batch.target, 0, others), share)};
  };
  return described("mixup", f, "alpha", alpha);
}

Transform cutmix(double alpha, Site site) {
  check_alpha("cutmix", alpha, site);
  const auto f = [alpha](const Batch& batch) {
    const ImageSizes sizes = sizes_of("cutmix", batch.input);
    check_target("cutmix", batch.target, sizes.n);
    const Tensor half = sqrt(1 - beta(sizes.n, alpha)) * 0.5, others = permutation(sizes.n);
    // The ends of the box along an axis.
    const auto ends = [&](std::int64_t size) {
      const Tensor reach = floor(half * size), middle = floor(draw(sizes.n, 0, static_cast<double>(size)));
      return std::pair(maximum(middle - reach, 0), minimum(middle + reach, size));
    };
    const auto rows = ends(sizes.rows), cols = ends(sizes.cols);
    const Tensor box = in_box(sizes, rows.first, rows.second, cols.first, cols.second);
    const Tensor taken =
        (rows.second - rows.first) * (cols.second - cols.first) / std::max<std::int64_t>(sizes.rows * sizes.cols, 1);
    return Batch{where(box, index(batch.input, 0, others), batch.input),
                 mixed(batch.target, index(batch.target, 0, others), 1 - taken)};
  };
  return described("cutmix", f, "alpha", alpha);
}

}  // namespace xtape::datasets
