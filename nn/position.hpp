// Where in a sequence each vector stands.
#pragma once
#include <nn/module.hpp>

namespace xtape::nn {

/// x + table, where table[t, 2i] = sin(t / base^(2i / d_model)) and table[t, 2i+1] = cos(the same):
/// (..., time, d_model) -> the same. The buffer `table` (max_length, d_model) is float64, to be exact in either dtype
/// of x. Throws when a size is below 1 or base is not positive; at the call when the last axis of x is not d_model or x
/// is longer than the table. Source: Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.5.
class SinusoidalPositions : public Module<SinusoidalPositions> {
 public:
  explicit SinusoidalPositions(std::int64_t d_model, std::int64_t max_length = 5000, double base = 10000,
                               Site site = Site::here());
  Tensor forward(const Tensor& x) const;

  Buffer table;
};

/// Which elements of a vector `rotary` turns together: neighbours 2i and 2i+1, or i of the first half and i of the
/// second, as in GPT-NeoX.
enum class RotaryPairs : std::uint8_t { interleaved, halves };

/// Turns pair i of the vector at time t by the angle a = (first + t) base^(-2i / d): (x, y) becomes
/// (x cos a - y sin a, x sin a + y cos a), so that products of queries and keys that are both turned depend on their
/// distance only: (..., time, d) -> the same. `first` is the place of the first vector, for sequences that go on.
/// Throws when x has fewer than two axes, is not floating or d is odd, or base is not positive. Source: Su et al.,
/// "RoFormer", 2021, section 3.4.2; for RotaryPairs::halves Black et al., "GPT-NeoX-20B", 2022.
Tensor rotary(const Arg& x, std::int64_t first = 0, double base = 10000, RotaryPairs pairs = RotaryPairs::interleaved);

/// `rotary` as a module, for queries and keys with heads: (..., time, head_dim) -> the same, as `positions(q)`, or
/// `positions(q, first)`. Throws when head_dim is not even and at least 2 or base is not positive; at the call when the
/// last axis of x is not head_dim. Source: Su et al., "RoFormer", 2021.
class RotaryPositions : public Module<RotaryPositions> {
 public:
  explicit RotaryPositions(std::int64_t head_dim, double base = 10000, RotaryPairs pairs = RotaryPairs::interleaved,
                           Site site = Site::here());
  Tensor forward(const Tensor& x, std::int64_t first = 0) const;

 private:
  std::int64_t head_dim_;
  double base_;
  RotaryPairs pairs_;
};

}  // namespace xtape::nn
