// The packed product against its definition, at the edges of its tiles and blocks.
#include <autograd/kernels/packed_gemm.hpp>
#include <cmath>
#include <limits>

#include "support.hpp"

using namespace xtape;

namespace {

struct Size {
  std::int64_t m, n, k;
};

// A matrix whose rows are longer than it needs, NaN beyond their ends.
template <class T>
struct Matrix {
  std::int64_t rows, columns, step;
  std::vector<T> data;
  Matrix(std::int64_t rows, std::int64_t columns, int seed)
      : rows(rows), columns(columns), step(columns + 3), data(static_cast<std::size_t>(rows * step), T(NAN)) {
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < columns; ++j) at(i, j) = static_cast<T>(std::sin(seed + 0.7 * i + 1.3 * i * j));
  }
  T& at(std::int64_t i, std::int64_t j) { return data[static_cast<std::size_t>(i * step + j)]; }
  T at(std::int64_t i, std::int64_t j) const { return data[static_cast<std::size_t>(i * step + j)]; }
};

template <class T>
void multiply(bool ta, bool tb, std::int64_t k, const Matrix<T>& a, const Matrix<T>& b, T beta, Matrix<T>& c) {
  packed_gemm(ta, tb, c.rows, c.columns, k, a.data.data(), a.step, b.data.data(), b.step, beta, c.data.data(), c.step);
}

template <class T>
void check(bool ta, bool tb, Size s, double beta) {
  INFO("transposed ", ta, tb, ", sizes ", s.m, " ", s.n, " ", s.k, ", beta ", beta);
  const Matrix<T> a(ta ? s.k : s.m, ta ? s.m : s.k, 1), b(tb ? s.n : s.k, tb ? s.k : s.n, 2);
  const Matrix<T> before(s.m, s.n, 3);
  Matrix<T> c = before;
  if (beta == 0) c.data.assign(c.data.size(), T(NAN));
  multiply(ta, tb, s.k, a, b, static_cast<T>(beta), c);
  double worst = 0;  // error, as a part of what rounding may make of it
  for (std::int64_t i = 0; i < s.m; ++i)
    for (std::int64_t j = 0; j < s.n; ++j) {
      double sum = beta * before.at(i, j), size = std::abs(sum);
      for (std::int64_t p = 0; p < s.k; ++p) {
        const double term = double(ta ? a.at(p, i) : a.at(i, p)) * double(tb ? b.at(j, p) : b.at(p, j));
        sum += term, size += std::abs(term);
      }
      const double error = std::abs(c.at(i, j) - sum) / (size * static_cast<double>(s.k + 2));
      if (!(error <= worst)) worst = error;  // NaN too
    }
  CHECK(worst <= std::numeric_limits<T>::epsilon());
  for (std::int64_t i = 0; i < s.m; ++i)
    for (std::int64_t j = s.n; j < c.step; ++j)
      if (!std::isnan(c.at(i, j))) FAIL("written beyond the end of row " << i);
}

template <class T>
void check_all(const std::vector<Size>& sizes) {
  for (const Size& s : sizes)
    for (const bool ta : {false, true})
      for (const bool tb : {false, true})
        for (const double beta : {0., 1., 0.5}) check<T>(ta, tb, s, beta);
}

std::vector<Size> edges() {
  std::vector<Size> list;
  for (const std::int64_t m : {1, 2, 5, 6, 7, 8, 9, 13, 95, 96, 97}) list.push_back({m, 19, 11});
  for (const std::int64_t n : {1, 3, 4, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33, 47, 48, 49, 97})
    list.push_back({7, n, 10});
  for (const std::int64_t k : {1, 2, 7, 8, 9, 191, 192, 193, 383, 384, 385, 769}) list.push_back({9, 18, k});
  for (const Size& s : {Size{1, 1, 1}, {1, 49, 385}, {97, 1, 193}, {97, 49, 1}, {65, 65, 65}}) list.push_back(s);
  return list;
}

}  // namespace

TEST_CASE("packed products are those of their definition, whatever their sizes") {
  check_all<float>(edges());
  check_all<double>(edges());
  // In several tiles, and more columns than are packed at once.
  for (const bool t : {false, true}) {
    check<float>(t, t, {70, 1000, 500}, 0.5);
    check<float>(t, !t, {5, 600, 4100}, 0);
    check<double>(!t, t, {5, 600, 2100}, 1);
  }
}

TEST_CASE("packed products have the same bits for any number of threads, and in a part of the matrix") {
  const int threads = num_threads();
  auto run = [](auto type, bool ta, bool tb, Size s, int n) {
    using T = decltype(type);
    set_num_threads(n);
    const Matrix<T> a(ta ? s.k : s.m, ta ? s.m : s.k, 1), b(tb ? s.n : s.k, tb ? s.k : s.n, 2);
    Matrix<T> c(s.m, s.n, 3);
    multiply(ta, tb, s.k, a, b, T(0.5), c);
    for (std::int64_t i = 0; i < s.m; ++i) c.at(i, s.n) = c.at(i, s.n + 1) = c.at(i, s.n + 2) = 0;  // NaN is not itself
    return c;
  };
  for (const bool t : {false, true}) {
    const Size large{200, 500, 400};
    const auto one = run(0.f, t, !t, large, 1);
    CHECK(run(0.f, t, !t, large, 2).data == one.data);
    CHECK(run(0.f, t, !t, large, 3).data == one.data);
    CHECK(run(0., t, t, large, 3).data == run(0., t, t, large, 1).data);
    const auto part = run(0.f, t, !t, {3, 5, 400}, 2);
    for (std::int64_t i = 0; i < 3; ++i)
      for (std::int64_t j = 0; j < 5; ++j) CHECK(part.at(i, j) == one.at(i, j));
  }
  set_num_threads(threads);
}
