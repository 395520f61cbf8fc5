// Compiled without contraction of multiplications and additions, and without calls of the system's mathematics, so that
// the same numbers come out on every machine.
#include "random.hpp"

#include "array.hpp"
#include "parallel.hpp"
#include "scalar.hpp"

namespace xtape {
namespace {

struct Block {
  std::uint32_t word[4];
};

Block philox(std::uint64_t seed, std::uint64_t stream, std::uint64_t position) {
  auto k0 = static_cast<std::uint32_t>(seed), k1 = static_cast<std::uint32_t>(seed >> 32);
  Block c{{static_cast<std::uint32_t>(position), static_cast<std::uint32_t>(position >> 32),
           static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)}};
  for (int round = 0; round < 7; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
    const std::uint64_t p = std::uint64_t{0xD2511F53u} * c.word[0], q = std::uint64_t{0xCD9E8D57u} * c.word[2];
    c = {{static_cast<std::uint32_t>(q >> 32) ^ c.word[1] ^ k0, static_cast<std::uint32_t>(q),
          static_cast<std::uint32_t>(p >> 32) ^ c.word[3] ^ k1, static_cast<std::uint32_t>(p)}};
  }
  return c;
}

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

// Fills an array from a stream, four words a block; `per_block` elements come from each.
template <class T, class F>
void fill(Array& y, std::uint64_t seed, std::uint64_t stream, std::int64_t per_block, F f) {
  const std::int64_t blocks = (y.size + per_block - 1) / per_block, step = 8192;
  parallel_for((blocks + step - 1) / step, [&](std::int64_t t) {
    for (std::int64_t i = t * step; i < blocks && i < (t + 1) * step; ++i) {
      double v[4];
      f(philox(seed, stream, static_cast<std::uint64_t>(i)), v);
      for (std::int64_t k = 0; k < per_block && i * per_block + k < y.size; ++k)
        y.at<T>()[i * per_block + k] = static_cast<T>(v[k]);
    }
  });
}

Ref<Array> floating(const char* op, const Shape& shape, Dtype dtype) {
  if (!is_floating(dtype)) fail(op, std::string("draws float32 or float64, not ") + to_string(dtype));
  return make_array(dtype, shape);
}

}  // namespace

std::uint32_t RandomStream::bits() {
  if (position_ % 4 == 0) {
    const Block block = philox(seed_, stream_, position_ / 4);
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

std::int64_t RandomStream::integer(std::int64_t n) {
  if (n < 1) fail("RandomStream::integer", "there is no integer in [0, " + std::to_string(n) + ")");
  const auto m = static_cast<std::uint64_t>(n);
  const std::uint64_t reject = (0 - m) % m;  // the first 2^64 mod n values would make some more likely
  while (true) {
    const std::uint64_t low = bits(), word = (std::uint64_t{bits()} << 32) | low;
    if (word >= reject) return static_cast<std::int64_t>(word % m);
  }
}

Generator& default_generator() {
  static Generator generator;
  return generator;
}
void manual_seed(std::uint64_t seed) { default_generator().manual_seed(seed); }

Tensor uniform(const Shape& shape, double low, double high, Dtype dtype, Generator& generator) {
  if (!(low <= high)) fail("uniform", "[" + std::to_string(low) + ", " + std::to_string(high) + ") is empty");
  Ref<Array> y = floating("uniform", shape, dtype);
  const std::uint64_t seed = generator.seed(), stream = generator.next();
  if (dtype == float32)
    fill<float>(*y, seed, stream, 4, [=](const Block& b, double* v) {
      // 24 bits, so that rounding to float never reaches `high`.
      for (int i = 0; i < 4; ++i) v[i] = low + (high - low) * (static_cast<double>(b.word[i] >> 8) * 0x1p-24);
    });
  else
    fill<double>(*y, seed, stream, 2, [=](const Block& b, double* v) {
      for (int i = 0; i < 2; ++i) v[i] = low + (high - low) * uniform53(b.word[2 * i], b.word[2 * i + 1]);
    });
  return Tensor(std::move(y));
}

Tensor normal(const Shape& shape, double mean, double stddev, Dtype dtype, Generator& generator) {
  if (!(stddev >= 0)) fail("normal", "a standard deviation is not " + std::to_string(stddev));
  Ref<Array> y = floating("normal", shape, dtype);
  const std::uint64_t seed = generator.seed(), stream = generator.next();
  if (dtype == float32)
    fill<float>(*y, seed, stream, 4, [=](const Block& b, double* v) {
      for (int i = 0; i < 4; i += 2)
        box_muller(uniform32(b.word[i]) + 0x1p-32, uniform32(b.word[i + 1]), v[i], v[i + 1]);
      for (int i = 0; i < 4; ++i) v[i] = mean + stddev * v[i];
    });
  else
    fill<double>(*y, seed, stream, 2, [=](const Block& b, double* v) {
      box_muller(1 - uniform53(b.word[0], b.word[1]), uniform53(b.word[2], b.word[3]), v[0], v[1]);
      for (int i = 0; i < 2; ++i) v[i] = mean + stddev * v[i];
    });
  return Tensor(std::move(y));
}

Tensor permutation(std::int64_t n, Generator& generator) {
  Ref<Array> y = make_array(int64, Shape{n});
  auto* p = y->at<std::int64_t>();
  RandomStream random(generator.seed(), generator.next());
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t k = random.integer(i + 1);
    p[i] = p[k];
    p[k] = i;
  }
  return Tensor(std::move(y));
}

}  // namespace xtape
