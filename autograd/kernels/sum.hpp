// Private: sums, products and extrema, in an order that depends on the shape alone: neither on the instruction set nor
// on the number of threads.
#pragma once
#include <algorithm>

#include "../core/scratch.hpp"
#include "loops.hpp"
#include "parallel_rows.hpp"
#include "wide.hpp"

namespace xtape::kernel {
using namespace detail;

inline constexpr int lanes = 32;
inline constexpr int few = 8;  // as many of them take what is left of a row
// How many terms are added up in the elements' own precision.
inline constexpr std::int64_t depth = 128;

struct Itself {
  template <class T>
  T operator()(T v) const {
    return v;
  }
};

// What terms are joined by: the neutral element, the join, whether several joins may stand in one loop, and what parts
// are joined in.
template <class T>
struct Sum {
  static constexpr bool nests = true;
  using Part = Real<T>;
  using Total = Real<Wide<T>>;
  static Part first() { return 0; }
  template <class A>
  A operator()(A a, A b) const {
    return a + b;
  }
};
// In double, because parts of a product may be out of the range of what the whole is in.
template <class T>
struct Product {
  static constexpr bool nests = true;
  using Part = Real<Wide<T>>;
  using Total = Part;
  static Part first() { return 1; }
  Part operator()(Part a, Part b) const { return a * b; }
};
template <class T>
struct Max {
  static constexpr bool nests = false;
  using Part = Real<T>;
  using Total = Part;
  static Part first() { return std::is_integral_v<T> ? std::numeric_limits<T>::min() : -infinity<T>; }
  Part operator()(Part a, Part b) const { return max(a, b); }
};
template <class T>
struct Min {
  static constexpr bool nests = false;
  using Part = Real<T>;
  using Total = Part;
  static Part first() { return std::is_integral_v<T> ? std::numeric_limits<T>::max() : infinity<T>; }
  Part operator()(Part a, Part b) const { return min(a, b); }
};

/// Parts joined one after the other.
template <class Join>
class Running {
 public:
  using Total = typename Join::Total;
  Running() = default;
  explicit Running(Total first) : total_(first) {}
  void add(Total part) { total_ = Join()(total_, part); }
  Total value() const { return total_; }

 private:
  Total total_ = Total(Join::first().v);
};
/// Those of double, for which there is no wider type, with what rounding has taken from the sum so far: Knuth's.
template <>
class Running<Sum<double>> {
 public:
  using Total = Real<double>;
  Running() = default;
  explicit Running(Total first) : total_(first) {}
  void add(Total part) {
    const Total sum = total_ + part, own = sum - part;
    rest_ = rest_ + ((total_ - own) + (part - (sum - own)));
    total_ = sum;
  }
  Total value() const { return where(rest_ == rest_, total_ + rest_, total_); }  // an infinite sum has none

 private:
  Total total_ = 0, rest_ = 0;
};

/// What rounding has taken from y = a b: Dekker's, with halves of 26 bits. It has no digits where y is below 2^-900.
XTAPE_INLINE Real<double> product_rest(Real<double> a, Real<double> b, Real<double> y) {
  constexpr std::uint64_t upper = ~std::uint64_t{0x7ffffff};
  const Real<double> ah = bits<Real<double>>(bits<std::uint64_t>(a) & upper), al = a - ah;
  const Real<double> bh = bits<Real<double>>(bits<std::uint64_t>(b) & upper), bl = b - bh;
  return ((ah * bh - y) + ah * bl + al * bh) + al * bl;
}
/// A product of factors, and of doubles with what rounding has taken from it.
template <>
class Running<Product<double>> {
 public:
  using Total = Real<double>;
  Running() = default;
  explicit Running(Total first) : total_(first) {}
  void add(Total factor) { add(factor, 0); }
  /// A factor that has a rest.
  void add(Total factor, Total rest) {
    const Total product = total_ * factor;
    rest_ = rest_ * factor + (total_ * rest + product_rest(total_, factor, product));
    total_ = product;
  }
  Total value() const { return where(rest_ == rest_, total_ + rest_, total_); }

 private:
  Total total_ = 1, rest_ = 0;
};

// 2 width lanes joined in the first; as loops of known lengths, which cost a tenth of others.
template <int width, class Join, class T>
XTAPE_INLINE void join_lanes(Join join, T* lane) {
  for (int k = 0; k < width; ++k) lane[k] = join(lane[k], lane[k + width]);
  if constexpr (width > 1) join_lanes<width / 2>(join, lane);
}

/// The terms of n elements joined, in lanes.
template <class Join, class Term, class... X>
typename Join::Part fold(std::int64_t n, Join join, Term term, const X*... x) {
  return vectorized(
      [](std::int64_t n, Join join, Term term, const X*... x) {
        typename Join::Part lane[lanes];
        for (int k = 0; k < lanes; ++k) lane[k] = Join::first();
        std::int64_t i = 0;
        for (; i + lanes <= n; i += lanes)
          for (int k = 0; k < lanes; ++k) lane[k] = join(lane[k], term(wrap(x[i + k])...));
        for (; i + few <= n; i += few)
          for (int k = 0; k < few; ++k) lane[k] = join(lane[k], term(wrap(x[i + k])...));
        for (int k = 0; i < n; ++i, ++k) lane[k] = join(lane[k], term(wrap(x[i])...));
        join_lanes<lanes / 2>(join, lane);
        return lane[0];
      },
      n, join, term, x...);
}

/// The same block by block, so that rounding errors do not grow with n.
template <class Join, class Term, class... X>
typename Join::Total fold_blocks(std::int64_t n, Join join, Term term, const X*... x) {
  constexpr std::int64_t block = depth * lanes;
  Running<Join> total(fold(std::min(n, block), join, term, x...).v);
  for (std::int64_t i = block; i < n; i += block)
    total.add(typename Join::Total(fold(std::min(n - i, block), join, term, (x + i)...).v));
  return total.value();
}

/// parts[j] = the terms of n rows joined, which are `step` apart.
template <class Join, class Term, class P, class X>
void fold_rows(std::int64_t n, std::int64_t step, std::int64_t width, Join join, Term term, P* parts, const X* x) {
  vectorized(
      [](std::int64_t n, std::int64_t step, std::int64_t width, Join join, Term term, P* parts, const X* x) {
        for (std::int64_t j = 0; j < width; ++j) parts[j] = unwrap(Join::first());
        std::int64_t i = 0;
        // Nested maxima are no longer seen as selections, and their loop does not vectorise.
        if constexpr (Join::nests)
          for (; i + 4 <= n; i += 4) {
            const X *a = x + i * step, *b = a + step, *c = b + step, *d = c + step;
            XTAPE_INDEPENDENT
            for (std::int64_t j = 0; j < width; ++j)
              parts[j] = unwrap(join(wrap(parts[j]), join(join(term(wrap(a[j])), term(wrap(b[j]))),
                                                          join(term(wrap(c[j])), term(wrap(d[j]))))));
          }
        for (; i < n; ++i) {
          const X* a = x + i * step;
          XTAPE_INDEPENDENT
          for (std::int64_t j = 0; j < width; ++j) parts[j] = unwrap(join(wrap(parts[j]), term(wrap(a[j]))));
        }
      },
      n, step, width, join, term, parts, x);
}

/// x seen as (outer, n, inner): y (outer, inner) = finish(the n terms joined).
template <class Join, class Term, class Finish, class X, class Y>
void fold_middle(std::int64_t outer, std::int64_t n, std::int64_t inner, Join join, Term term, Finish finish,
                 const X* x, Y* y) {
  using Part = decltype(unwrap(Join::first()));
  using Total = typename Join::Total;
  if (outer == 0 || inner == 0) return;
  auto give = [=](std::int64_t at, Total total) { y[at] = static_cast<Y>(unwrap(finish(total))); };
  // Pieces of the rows, or blocks of rows and strips of columns; where there are several along n, their parts are
  // joined in order afterwards.
  if (inner == 1) {
    const std::int64_t pieces = (n + tile_size - 1) / tile_size;
    if (pieces <= 1)
      return parallel_rows(outer, 8 * n, [=](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) give(i, fold_blocks(n, join, term, x + i * n));
      });
    const Scratch<Total> parts(outer * pieces);
    parallel_for(outer * pieces, [=, p = parts.get()](std::int64_t t) {
      const std::int64_t begin = t % pieces * tile_size;
      p[t] = fold_blocks(std::min(n - begin, tile_size), join, term, x + t / pieces * n + begin);
    });
    for (std::int64_t i = 0; i < outer; ++i) {
      Running<Join> total(parts[i * pieces]);
      for (std::int64_t k = 1; k < pieces; ++k) total.add(parts[i * pieces + k]);
      give(i, total.value());
    }
    return;
  }
  // Narrow rows are joined several at a time, as wider ones.
  if (const std::int64_t several = 2 * lanes / inner; several > 1 && n >= 2 * several) {
    const std::int64_t m = n / several, wide = several * inner;
    const Scratch<Part> parts(wide + inner);
    Part* p = parts.get();
    for (std::int64_t o = 0; o < outer; ++o) {
      // (m, several * inner), then (several, inner), then the rows that are left over.
      const X* rows = x + o * n * inner;
      fold_middle(1, m, wide, join, term, Itself(), rows, p);
      fold_middle(1, n - m * several, inner, join, term, Itself(), rows + m * wide, p + wide);
      fold_middle(1, several + 1, inner, join, Itself(), finish, p, y + o * inner);
    }
    return;
  }
  constexpr std::int64_t strip = 2048;
  const std::int64_t strips = (inner + strip - 1) / strip, blocks = std::max<std::int64_t>(1, (n + depth - 1) / depth);
  const std::int64_t tiles = outer * blocks * strips, work = std::min(n, depth) * std::min(inner, strip);
  const Scratch<Part> parts(blocks > 1 ? outer * blocks * inner : 0);
  auto tile = [=, p = parts.get()](std::int64_t t) {
    alignas(64) Part local[strip];
    const std::int64_t begin = t % strips * strip, block = t / strips % blocks, o = t / strips / blocks;
    const std::int64_t width = std::min(inner - begin, strip);
    fold_rows(std::min(n - block * depth, depth), inner, width, join, term,
              p ? p + (o * blocks + block) * inner + begin : local, x + (o * n + block * depth) * inner + begin);
    for (std::int64_t j = 0; j < width && !p; ++j) give(o * inner + begin + j, local[j]);
  };
  parallel_rows(tiles, 4 * work, [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) tile(i);
  });
  if (!parts.get()) return;
  constexpr std::int64_t group = 64;
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::int64_t j = 0; j < inner; j += group) {
      Running<Join> totals[group];
      const std::int64_t width = std::min(inner - j, group);
      for (std::int64_t k = 0; k < blocks; ++k) {
        const Part* p = parts.get() + (o * blocks + k) * inner + j;
        for (std::int64_t i = 0; i < width; ++i) totals[i].add(Total(p[i]));
      }
      for (std::int64_t i = 0; i < width; ++i) give(o * inner + j + i, totals[i].value());
    }
}

/// The sum, block by block.
template <class T>
T sum(std::int64_t n, const T* x) {
  return static_cast<T>(fold_blocks(n, Sum<T>(), Itself(), x).v);
}

/// The maximum; n > 0. NaN counts as largest.
template <class T>
T max(std::int64_t n, const T* x) {
  return fold(n, Max<T>(), Itself(), x).v;
}

}  // namespace xtape::kernel
