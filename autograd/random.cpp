// Compiled without contraction of multiplications and additions, and without calls of the system's mathematics, so that
// the same numbers come out on every machine.
#include "random.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "core/next_stream.hpp"
#include "kernels/random_words.hpp"
#include "ops/detail/apply.hpp"
#include "scalar/elementary.hpp"

namespace xtape {

using namespace detail;

namespace {

// [0, 1) and (0, 1] from 53 and 32 bits.
double uniform53(std::uint32_t low, std::uint32_t high) {
  return static_cast<double>(((std::uint64_t{high} << 32) | low) >> 11) * 0x1p-53;
}
double uniform32(std::uint32_t word) { return static_cast<double>(word) * 0x1p-32; }

// cos and sin of 2 pi t for t in [0, 1): the Taylor series around the nearest eighth of a turn's multiple.
void turn(double t, double& cosine, double& sine) {
  const int quarter = static_cast<int>(t * 4 + 0.5);
  const double x = (t - quarter * 0.25) * 6.283185307179586476925, z = x * x;
  double s = -1. / 1307674368000.;
  for (double c : {1. / 6227020800., -1. / 39916800., 1. / 362880., -1. / 5040., 1. / 120., -1. / 6., 1.})
    s = s * z + c;
  s *= x;
  double c = 1. / 20922789888000.;
  for (double d : {-1. / 87178291200., 1. / 479001600., -1. / 3628800., 1. / 40320., -1. / 720., 1. / 24., -0.5, 1.})
    c = c * z + d;
  switch (quarter & 3) {
    case 0: cosine = c, sine = s; break;
    case 1: cosine = -s, sine = c; break;
    case 2: cosine = -c, sine = -s; break;
    default: cosine = s, sine = -c;
  }
}

// Two normal numbers from u in (0, 1] and t in [0, 1).
void box_muller(double u, double t, double& a, double& b) {
  const double r = __builtin_sqrt(-2 * kernel::log(kernel::Real<double>(u)).v);
  turn(t, a, b);
  a *= r, b *= r;
}

// f(i) for each block or element of an array, on all threads.
template <class F>
void for_each(std::int64_t n, F f) {
  constexpr std::int64_t step = 8192;
  parallel_for((n + step - 1) / step, [&](std::int64_t t) {
    for (std::int64_t i = t * step; i < n && i < (t + 1) * step; ++i) f(i);
  });
}

// Fills an array from a stream: `per_block` elements from each block, f(block, elements).
template <class T, class F>
void fill(Array& y, StreamKey key, std::int64_t per_block, F f) {
  for_each((y.size + per_block - 1) / per_block, [&](std::int64_t i) {
    T v[4];
    f(philox(key, static_cast<std::uint64_t>(i)), v);
    for (std::int64_t k = 0; k < per_block && i * per_block + k < y.size; ++k) y.at<T>()[i * per_block + k] = v[k];
  });
}

// The same with as many blocks an element as it takes: f(block, element) says whether this one gave it.
template <class T, class F>
void fill_by_trials(Array& y, StreamKey key, F f) {
  for_each(y.size, [&](std::int64_t i) {
    std::uint64_t position = static_cast<std::uint64_t>(i);
    while (!f(philox(key, position), y.at<T>()[i])) position += std::uint64_t{1} << 48;
  });
}

void check_floating(const char* op, Dtype dtype, Site site) {
  if (!is_floating(dtype)) fail(op, std::string("draws float32 or float64, not ") + to_string(dtype), site);
}

// The numbers of type T in [low, high], or those below high where that is open, also where T does not know the ends
// exactly: what is drawn is rounded and then held there.
template <class T>
struct Interval {
  T least, greatest;

  Interval(const char* op, double low, double high, bool open, Site site) {
    constexpr double beyond = static_cast<double>(std::numeric_limits<T>::max());
    const auto text = [&] {
      return "[" + attribute_text(low) + ", " + attribute_text(high) + (open ? ")" : "]") + " of " +
             to_string(dtype_of<T>);
    };
    if (!(std::abs(low) <= beyond && std::abs(high) <= beyond)) fail(op, "the ends of " + text() + " do not fit", site);
    constexpr T infinity = std::numeric_limits<T>::infinity();
    least = static_cast<T>(low), greatest = static_cast<T>(high);
    if (low == high) return;
    if (static_cast<double>(least) < low) least = std::nextafter(least, infinity);
    while (open ? static_cast<double>(greatest) >= high || greatest == static_cast<T>(high)
                : static_cast<double>(greatest) > high)
      greatest = std::nextafter(greatest, -infinity);
    if (least > greatest) fail(op, "there is no number in " + text(), site);
  }
  T operator()(double v) const { return std::min(std::max(static_cast<T>(v), least), greatest); }
};

// An operation that draws from the generator's next stream: forward(key).
template <class Forward>
Tensor draw(const char* op, RandomGenerator& generator, Site site, Forward forward) {
  const Tensor stream = next_stream(generator, site);
  const Arg key(stream, site);
  return execute(op, {&key}, forward, no_gradient);
}

}  // namespace

std::uint32_t RandomStream::bits() {
  if (position_ % 4 == 0) {
    const Block block = philox(StreamKey{seed_, stream_}, position_ / 4);
    for (int i = 0; i < 4; ++i) block_[i] = block.word[i];
  }
  return block_[position_++ % 4];
}

double RandomStream::uniform() {
  const std::uint32_t low = bits();
  return uniform53(low, bits());
}

double RandomStream::normal() {
  const double u = 1 - uniform(), t = uniform();
  double a, b;
  box_muller(u, t, a, b);
  return a;
}

std::int64_t RandomStream::integer(std::int64_t n, Site site) {
  if (n < 1) fail("RandomStream::integer", "there is no integer in [0, " + std::to_string(n) + ")", site);
  const auto m = static_cast<std::uint64_t>(n);
  const std::uint64_t reject = (0 - m) % m;  // the first 2^64 mod n values would make some more likely
  while (true) {
    const std::uint64_t low = bits(), word = (std::uint64_t{bits()} << 32) | low;
    if (word >= reject) return static_cast<std::int64_t>(word % m);
  }
}

Tensor uniform(const Shape& shape, double low, double high, Dtype dtype, RandomGenerator& generator, Site site) {
  if (!(low <= high)) fail("uniform", "[" + std::to_string(low) + ", " + std::to_string(high) + ") is empty", site);
  check_floating("uniform", dtype, site);
  // In units of 2, where there is no number for the width.
  const double unit = high - low > std::numeric_limits<double>::max() ? 2 : 1;
  const double start = low / unit, width = high / unit - start;
  return visit_floating(dtype, [&](auto t) {
    using T = decltype(t);
    const Interval<T> range("uniform", low, high, true, site);
    return draw("uniform", generator, site, [=](const Array& key) {
      Ref<Array> y = make_array(dtype, shape);
      constexpr int per_block = std::is_same_v<T, float> ? 4 : 2;
      fill<T>(*y, key_of(key), per_block, [=](const Block& b, T* v) {
        for (int i = 0; i < per_block; ++i) {
          const double u = per_block == 4 ? static_cast<double>(b.word[i] >> 8) * 0x1p-24
                                          : uniform53(b.word[2 * i % 4], b.word[(2 * i + 1) % 4]);
          v[i] = range((start + width * u) * unit);
        }
      });
      return y;
    });
  });
}

Tensor normal(const Shape& shape, double mean, double stddev, Dtype dtype, RandomGenerator& generator, Site site) {
  if (!(stddev >= 0 && stddev <= std::numeric_limits<double>::max()))
    fail("normal", "a standard deviation is not " + std::to_string(stddev), site);
  if (!std::isfinite(mean)) fail("normal", "a mean is not " + std::to_string(mean), site);
  check_floating("normal", dtype, site);
  return draw("normal", generator, site, [=](const Array& key) {
    Ref<Array> y = make_array(dtype, shape);
    if (dtype == float32)
      fill<float>(*y, key_of(key), 4, [=](const Block& b, float* v) {
        double z[4];
        for (int i = 0; i < 4; i += 2)
          box_muller(uniform32(b.word[i]) + 0x1p-32, uniform32(b.word[i + 1]), z[i], z[i + 1]);
        for (int i = 0; i < 4; ++i) v[i] = static_cast<float>(mean + stddev * z[i]);
      });
    else
      fill<double>(*y, key_of(key), 2, [=](const Block& b, double* v) {
        box_muller(1 - uniform53(b.word[0], b.word[1]), uniform53(b.word[2], b.word[3]), v[0], v[1]);
        for (int i = 0; i < 2; ++i) v[i] = mean + stddev * v[i];
      });
    return y;
  });
}

namespace {

double exp_of(double x) { return kernel::exp(kernel::Real<double>(x)).v; }
double log_of(double x) { return kernel::log(kernel::Real<double>(x)).v; }

// Standard normal numbers in [low, high], by proposals of which at least two in five are taken.
class TruncatedNormal {
 public:
  TruncatedNormal(double low, double high) : low_(low), high_(high) {
    mirrored_ = high <= 0;
    if (mirrored_) low_ = -high, high_ = -low;
    if (low_ <= 0) {
      kind_ = high_ - low_ > 2.5 ? normal : flat;
    } else {
      const double root = low_ < 1 ? __builtin_sqrt(low_ * low_ + 4) : low_ * __builtin_sqrt(1 + 4 / (low_ * low_));
      rate_ = (low_ + root) / 2;
      kind_ = high_ - low_ < exp_of(0.5 - low_ / (low_ + root)) / rate_ ? flat : tail;
    }
  }
  bool operator()(const Block& block, double& x) const {
    const double u = 1 - uniform53(block.word[0], block.word[1]), v = uniform53(block.word[2], block.word[3]);
    double other;
    bool taken;
    if (kind_ == normal) {
      box_muller(u, v, x, other);
      taken = true;
    } else if (kind_ == flat) {
      x = low_ + (high_ - low_) * u;
      const double nearest = low_ > 0 ? low_ : 0;
      taken = v < exp_of((nearest - x) * (nearest + x) / 2);
    } else {
      x = low_ - log_of(u) / rate_;
      taken = v < exp_of(-(x - rate_) * (x - rate_) / 2);
    }
    taken = taken && x >= low_ && x <= high_;
    if (mirrored_) x = -x;
    return taken;
  }

 private:
  enum { normal, flat, tail } kind_;
  double low_, high_, rate_ = 0;
  bool mirrored_;
};

}  // namespace

Tensor truncated_normal(const Shape& shape, double mean, double stddev, double low, double high, Dtype dtype,
                        RandomGenerator& generator, Site site) {
  constexpr double infinity = kernel::infinity<double>;
  if (!(mean - mean == 0 && stddev > 0 && stddev < infinity && low < high))
    fail("truncated_normal",
         "expected a finite mean, a positive standard deviation and low < high, got " + std::to_string(mean) + ", " +
             std::to_string(stddev) + " and [" + std::to_string(low) + ", " + std::to_string(high) + "]",
         site);
  check_floating("truncated_normal", dtype, site);
  const TruncatedNormal standard((low - mean) / stddev, (high - mean) / stddev);
  return visit_floating(dtype, [&](auto t) {
    using T = decltype(t);
    // An end beyond all numbers is none.
    const auto most = static_cast<double>(std::numeric_limits<T>::max());
    const Interval<T> range("truncated_normal", std::max(low, -most), std::min(high, most), false, site);
    return draw("truncated_normal", generator, site, [=](const Array& key) {
      Ref<Array> y = make_array(dtype, shape);
      fill_by_trials<T>(*y, key_of(key), [=](const Block& block, T& element) {
        double x;
        if (!standard(block, x)) return false;
        element = range(mean + stddev * x);
        return true;
      });
      return y;
    });
  });
}

Tensor exponential(const Shape& shape, double rate, Dtype dtype, RandomGenerator& generator, Site site) {
  if (!(rate > 0 && rate <= std::numeric_limits<double>::max()))
    fail("exponential", "a rate is positive and finite, not " + std::to_string(rate), site);
  check_floating("exponential", dtype, site);
  if (37 / rate > (dtype == float32 ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max()))
    fail("exponential",
         std::string(to_string(dtype)) + " does not hold waiting times of the rate " + attribute_text(rate), site);
  return draw("exponential", generator, site, [=](const Array& key) {
    Ref<Array> y = make_array(dtype, shape);
    visit_floating(dtype, [&](auto t) {
      using T = decltype(t);
      fill<T>(*y, key_of(key), 2, [=](const Block& b, T* v) {
        for (int i = 0; i < 2; ++i)
          v[i] = static_cast<T>(-log_of(1 - uniform53(b.word[2 * i], b.word[2 * i + 1])) / rate);
      });
    });
    return y;
  });
}

Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, RandomGenerator& generator, Site site) {
  if (low >= high)
    fail("randint", "there is no integer in [" + std::to_string(low) + ", " + std::to_string(high) + ")", site);
  const std::uint64_t n = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  const std::uint64_t reject = (0 - n) % n;  // as in RandomStream::integer
  return draw("randint", generator, site, [=](const Array& key) {
    Ref<Array> y = make_array(int64, shape);
    fill_by_trials<std::int64_t>(*y, key_of(key), [=](const Block& block, std::int64_t& element) {
      for (int i = 0; i < 4; i += 2) {
        const std::uint64_t word = (std::uint64_t{block.word[i + 1]} << 32) | block.word[i];
        if (word < reject) continue;
        element = static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + word % n);
        return true;
      }
      return false;
    });
    return y;
  });
}

Tensor bernoulli(const Arg& p, RandomGenerator& generator) {
  if (!p.array || !is_floating(p.array->dtype)) {
    const Tensor floating = promote_floating("bernoulli", p);
    return bernoulli(Arg(floating, p.site), generator);
  }
  const Tensor stream = next_stream(generator, p.site);
  const Arg key(stream, p.site);
  auto forward = [site = p.site](const Array& p, const Array& key) {
    Ref<Array> y = make_array(p.dtype, p.shape);
    visit_floating(p.dtype, [&](auto t) {
      using T = decltype(t);
      for (std::int64_t i = 0; i < p.size; ++i)
        if (const T v = p.at<T>()[i]; !(v >= 0 && v <= 1))
          fail("bernoulli", "element " + std::to_string(i) + ", " + std::to_string(v) + ", is no probability in [0, 1]",
               site);
      map_words(
          key_of(key), p.size, [](std::int32_t word, T p) { return T(word < (p - 0.5) * 0x1p32); }, y->at<T>(),
          p.at<T>());
    });
    return y;
  };
  return execute("bernoulli", {&p, &key}, forward, no_gradient, no_gradient);
}

Tensor bernoulli(const Shape& shape, double p, Dtype dtype, RandomGenerator& generator, Site site) {
  if (!(p >= 0 && p <= 1)) fail("bernoulli", std::to_string(p) + " is no probability in [0, 1]", site);
  check_floating("bernoulli", dtype, site);
  return draw("bernoulli", generator, site, [=](const Array& key) {
    Ref<Array> y = make_array(dtype, shape);
    visit_floating(dtype, [&](auto t) {
      using T = decltype(t);
      map_coins(
          key_of(key), y->size, p, [](bool coin) { return T(coin); }, y->at<T>());
    });
    return y;
  });
}

Tensor permutation(std::int64_t n, RandomGenerator& generator, Site site) {
  if (n < 0) fail("permutation", "the length " + std::to_string(n) + " is negative", site);
  return draw("permutation", generator, site, [n](const Array& key) {
    Ref<Array> y = make_array(int64, Shape{n});
    auto* p = y->at<std::int64_t>();
    const StreamKey k = key_of(key);
    RandomStream random(k.seed, k.stream);
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t j = random.integer(i + 1);
      p[i] = p[j];
      p[j] = i;
    }
    return y;
  });
}

namespace {

double uniform_at(StreamKey key, std::int64_t position) {
  const Block b = philox(key, static_cast<std::uint64_t>(position));
  return uniform53(b.word[0], b.word[1]);
}

// The draws of one row: `w` sum to `total`, and their running sums are `sums`.
void draw_with_replacement(StreamKey key, std::int64_t first, const std::vector<double>& sums, std::int64_t count,
                           std::int64_t* y) {
  // The last index that may come, should rounding lead past all.
  const auto last = std::lower_bound(sums.begin(), sums.end(), sums.back());
  for (std::int64_t k = 0; k < count; ++k) {
    const double at = uniform_at(key, first + k) * sums.back();
    y[k] = std::min(std::upper_bound(sums.begin(), sums.end(), at), last) - sums.begin();
  }
}

// Each index waits for an exponential time with its weight as the rate; the first ones are drawn.
void draw_without_replacement(StreamKey key, std::int64_t first, const std::vector<double>& w, std::int64_t count,
                              std::int64_t* y) {
  std::vector<std::pair<double, std::int64_t>> time;
  for (std::size_t k = 0; k < w.size(); ++k)
    if (w[k] > 0) {
      const auto i = static_cast<std::int64_t>(k);
      time.emplace_back(-log_of(1 - uniform_at(key, first + i)) / w[k], i);
    }
  std::partial_sort(time.begin(), time.begin() + count, time.end());
  for (std::int64_t k = 0; k < count; ++k) y[k] = time[static_cast<std::size_t>(k)].second;
}

}  // namespace

Tensor multinomial(const Arg& weights, std::int64_t count, bool replacement, RandomGenerator& generator) {
  check_defined("multinomial", weights);
  if (!is_floating(weights.array->dtype)) {
    const Tensor floating = promote_floating("multinomial", weights);
    return multinomial(Arg(floating, weights.site), count, replacement, generator);
  }
  const Shape& shape = weights.array->shape;
  if (shape.rank() != 1 && shape.rank() != 2)
    fail("multinomial", "the weights are " + describe(*weights.array) + ", expected (n,) or (rows, n)", weights.site);
  if (count < 0) fail("multinomial", "cannot draw " + std::to_string(count) + " indices", weights.site);
  Shape result = shape;
  result[shape.rank() - 1] = count;
  const Tensor stream = next_stream(generator, weights.site);
  const Arg key(stream, weights.site);
  auto forward = [=, site = weights.site](const Array& weights, const Array& key) {
    const std::int64_t n = weights.shape[weights.shape.rank() - 1], rows = result.rank() == 1 ? 1 : result[0];
    Ref<Array> y = make_array(int64, result);
    std::vector<double> w(static_cast<std::size_t>(n)), sums(w.size());
    for (std::int64_t row = 0; row < rows; ++row) {
      double greatest = 0;
      std::int64_t positive = 0;
      for (std::int64_t i = 0; i < n; ++i) {
        const auto k = static_cast<std::size_t>(i);
        visit_floating(weights.dtype, [&](auto t) { w[k] = weights.at<decltype(t)>()[row * n + i]; });
        if (!(w[k] >= 0 && w[k] < kernel::infinity<double>))
          fail("multinomial", "a weight is " + std::to_string(w[k]) + " at " + std::to_string(row * n + i), site);
        positive += w[k] > 0;
        greatest = std::max(greatest, w[k]);
      }
      // In units of a power of two, which changes no digit, so that neither sums nor waiting times overflow.
      double total = 0;
      for (std::size_t k = 0; k < w.size(); ++k) {
        if (w[k] > 0)
          w[k] = std::max(std::ldexp(w[k], -std::ilogb(greatest)), std::numeric_limits<double>::denorm_min());
        sums[k] = total += w[k];
      }
      if (count > 0 && (replacement ? positive == 0 : positive < count))
        fail("multinomial",
             "cannot draw " + std::to_string(count) + " indices" + (replacement ? "" : " without replacement") +
                 " where " + std::to_string(positive) + " weights of row " + std::to_string(row) + " are above 0",
             site);
      auto* to = y->at<std::int64_t>() + row * count;
      if (replacement) draw_with_replacement(key_of(key), row * count, sums, count, to);
      else draw_without_replacement(key_of(key), row * n, w, count, to);
    }
    return y;
  };
  return execute("multinomial", {&weights, &key}, attributed(forward, "count", count, "replacement", replacement),
                 no_gradient, no_gradient);
}

}  // namespace xtape
