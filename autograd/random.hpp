// Counter-based random numbers: every number is a pure function of (seed, stream, position), so a result depends
// neither on the number of threads nor on what else drew numbers in between, and is the same on every machine.
#pragma once
#include <cstdint>

#include "core/generator.hpp"
#include "tensor.hpp"

namespace xtape {

/// One stream of random numbers, read from its beginning; copying it copies the position.
/// Source: Philox-4x32 with seven rounds, the fewest that pass BigCrush (Salmon et al., "Parallel random numbers: as
/// easy as 1, 2, 3", SC 2011, table 2).
class RandomStream {
 public:
  explicit RandomStream(std::uint64_t seed, std::uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  /// The next 32 random bits.
  std::uint32_t bits();
  /// The next uniform number in [0, 1), a multiple of 2^-53; takes two words.
  double uniform();
  /// The next standard normal number, by Box and Muller's transform (1958); takes four words.
  double normal();
  /// The next integer uniform in [0, n), without bias; throws when n < 1.
  std::int64_t integer(std::int64_t n, Site site = Site::here());

 private:
  std::uint64_t seed_, stream_, position_ = 0;
  std::uint32_t block_[4] = {};
};

/// Numbers uniform in [low, high); all are low where both are equal. Throws unless low <= high, and where the dtype
/// does not hold them or has no number between. No gradient flows through what is drawn.
Tensor uniform(const Shape& shape, double low = 0, double high = 1, Dtype dtype = float32,
               RandomGenerator& generator = default_generator(), Site site = Site::here());
/// Normal numbers with the given mean and standard deviation (not variance). Throws when that is negative, or either is
/// not finite.
Tensor normal(const Shape& shape, double mean = 0, double stddev = 1, Dtype dtype = float32,
              RandomGenerator& generator = default_generator(), Site site = Site::here());
/// Normal numbers, of those in [low, high]. Throws unless stddev > 0 and low < high, and where the dtype has no number
/// there. Source: Robert, "Simulation of
/// truncated normal variables", Statistics and Computing 5, 1995.
Tensor truncated_normal(const Shape& shape, double mean = 0, double stddev = 1, double low = -2, double high = 2,
                        Dtype dtype = float32, RandomGenerator& generator = default_generator(),
                        Site site = Site::here());
/// Waiting times with the density rate e^(-rate x). Throws unless rate > 0 is finite, and where the dtype does not hold
/// the longest, 37 / rate.
Tensor exponential(const Shape& shape, double rate = 1, Dtype dtype = float32,
                   RandomGenerator& generator = default_generator(), Site site = Site::here());
/// Integers uniform in [low, high), without bias: int64. Throws unless low < high.
Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape,
               RandomGenerator& generator = default_generator(), Site site = Site::here());
/// 1 with the probability p, else 0, in the shape and dtype of p. Throws when a probability is not in [0, 1].
Tensor bernoulli(const Arg& p, RandomGenerator& generator = default_generator());
/// The same for one p and any shape.
Tensor bernoulli(const Shape& shape, double p, Dtype dtype = float32, RandomGenerator& generator = default_generator(),
                 Site site = Site::here());
/// A permutation of 0 … n-1, each equally likely: () -> (n), int64. Throws when n is negative. Source: the Fisher-Yates
/// shuffle.
Tensor permutation(std::int64_t n, RandomGenerator& generator = default_generator(), Site site = Site::here());
/// Indices drawn with probabilities in proportion to `weights`: (n,) -> (count,), (rows, n) -> (rows, count), int64.
/// Without replacement each index comes at most once in a row, as if drawn one after the other. Throws when a weight is
/// negative or not finite, when those of a row are all 0, or when there are too few others than 0 to draw from. Source
/// of the draws without replacement: Efraimidis and Spirakis, Information Processing Letters 97, 2006.
Tensor multinomial(const Arg& weights, std::int64_t count, bool replacement = false,
                   RandomGenerator& generator = default_generator());

}  // namespace xtape
