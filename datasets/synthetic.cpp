#include "synthetic.hpp"

#include <autograd/kernels/loops.hpp>
#include <autograd/random.hpp>
#include <autograd/scalar/elementary.hpp>
#include <cmath>
#include <string>
#include <vector>

namespace xtape::datasets {
using namespace xtape::detail;

namespace {

constexpr double pi = 3.14159265358979323846;

double cosine(double angle) { return kernel::cos(kernel::Real<double>(angle)).v; }
double sine(double angle) { return kernel::sin(kernel::Real<double>(angle)).v; }

void check(const char* op, bool fine, const std::string& message, Site site) {
  if (!fine) fail(op, message, site);
}

void check(const char* op, std::int64_t count, double noise, Site site) {
  check(op, count >= 0, "count is " + std::to_string(count) + ", expected at least 0", site);
  check(op, noise >= 0 && std::isfinite(noise),
        "noise is " + std::to_string(noise) + ", expected a finite number of at least 0", site);
}

// `place(i, random, x)` puts sample i, without its noise, at x and gives its class.
template <class Place>
Batch points(const char* op, std::int64_t count, std::int64_t features, std::uint64_t seed, double noise, Site site,
             Place place) {
  check(op, count, noise, site);
  Ref<Array> input = make_array(float32, Shape({count, features}, site), site);
  Ref<Array> target = make_array(int64, Shape{count}, site);
  std::vector<double> x(static_cast<std::size_t>(features));
  float* to = input->at<float>();
  for (std::int64_t i = 0; i < count; ++i) {
    RandomStream random(seed, static_cast<std::uint64_t>(i));
    target->at<std::int64_t>()[i] = place(i, random, x.data());
    for (const double v : x) *to++ = static_cast<float>(v + noise * random.normal());
  }
  return {Tensor(std::move(input)), Tensor(std::move(target))};
}

}  // namespace

Batch exclusive_or(std::int64_t count, std::uint64_t seed, double noise, Site site) {
  return points("exclusive_or", count, 2, seed, noise, site, [](std::int64_t i, RandomStream&, double* x) {
    const std::int64_t a = i / 2 % 2, b = i % 2;
    x[0] = static_cast<double>(a), x[1] = static_cast<double>(b);
    return a ^ b;
  });
}

Batch two_moons(std::int64_t count, std::uint64_t seed, double noise, Site site) {
  return points("two_moons", count, 2, seed, noise, site, [](std::int64_t i, RandomStream& random, double* x) {
    const double t = pi * random.uniform(), c = cosine(t), s = sine(t);
    x[0] = i % 2 ? 1 - c : c, x[1] = i % 2 ? 0.5 - s : s;
    return i % 2;
  });
}

Batch circles(std::int64_t count, std::uint64_t seed, double noise, double inner, Site site) {
  check("circles", inner >= 0 && inner <= 1, "inner is " + std::to_string(inner) + ", expected a radius in [0, 1]",
        site);
  return points("circles", count, 2, seed, noise, site, [&](std::int64_t i, RandomStream& random, double* x) {
    const double t = 2 * pi * random.uniform(), r = i % 2 ? inner : 1;
    x[0] = r * cosine(t), x[1] = r * sine(t);
    return i % 2;
  });
}

Batch blobs(std::int64_t count, std::uint64_t seed, std::int64_t classes, std::int64_t features, double noise,
            Site site) {
  check("blobs", classes >= 1 && features >= 1,
        std::to_string(classes) + " classes of " + std::to_string(features) + " features, expected at least 1 of each",
        site);
  return points("blobs", count, features, seed, noise, site, [&](std::int64_t i, RandomStream&, double* x) {
    const std::int64_t k = i % classes;
    RandomStream centre(seed, ~static_cast<std::uint64_t>(k));  // from the end: no sample's stream
    for (std::int64_t j = 0; j < features; ++j) x[j] = 20 * centre.uniform() - 10;
    return k;
  });
}

Batch spirals(std::int64_t count, std::uint64_t seed, std::int64_t arms, double turns, double noise, Site site) {
  check("spirals", arms >= 1 && std::isfinite(turns),
        std::to_string(arms) + " arms of " + std::to_string(turns) + " turns, expected at least 1 of finite length",
        site);
  return points("spirals", count, 2, seed, noise, site, [&](std::int64_t i, RandomStream& random, double* x) {
    const std::int64_t k = i % arms;
    const double r = std::sqrt(random.uniform());
    const double t = 2 * pi * (turns * r + static_cast<double>(k) / static_cast<double>(arms));
    x[0] = r * cosine(t), x[1] = r * sine(t);
    return k;
  });
}

Batch curve(const std::function<double(double)>& f, std::int64_t count, std::uint64_t seed, double low, double high,
            double noise, Site site) {
  check("curve", count, noise, site);
  check("curve", low < high && std::isfinite(high - low),
        "x in [" + std::to_string(low) + ", " + std::to_string(high) + "), expected finite ends, the first the lower",
        site);
  Ref<Array> input = make_array(float32, Shape{count, 1}, site), target = make_array(float32, Shape{count, 1}, site);
  for (std::int64_t i = 0; i < count; ++i) {
    RandomStream random(seed, static_cast<std::uint64_t>(i));
    const auto x = static_cast<float>(low + (high - low) * random.uniform());
    input->at<float>()[i] = x;
    target->at<float>()[i] = static_cast<float>(f(x) + noise * random.normal());
  }
  return {Tensor(std::move(input)), Tensor(std::move(target))};
}

}  // namespace xtape::datasets
