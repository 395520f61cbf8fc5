#include "matrix_function.hpp"

#include <cmath>
#include <limits>

#include "../kernels/gemm.hpp"
#include "decomposition.hpp"
#include "detail/matrix_batch.hpp"
#include "elementwise.hpp"
#include "linalg.hpp"
#include "reduction.hpp"
#include "shape.hpp"
#include "solve.hpp"

namespace xtape {
using namespace detail;

namespace {

// An operation on square matrices whose forward is kernel(n, matrix, its result, of `width` elements).
template <class Kernel>
auto each_matrix(Shape (*shape)(const Matrices&), double work, Kernel kernel) {
  return [=](const Array& a) {
    const Matrices all(a.shape);
    Ref<Array> y = make_array(a.dtype, shape(all));
    const std::int64_t width = all.count ? y->size / all.count : 0;
    visit_floating(a.dtype, [&](auto t) {
      using T = decltype(t);
      for_matrices(all.count, work * cube(all.n), [&](std::int64_t i) {
        kernel(all.n, a.at<T>() + i * all.n * all.n, y->at<T>() + i * width);
        return 0;
      });
    });
    return y;
  };
}
Shape per_matrix(const Matrices& all) { return all.batch; }
Shape same_matrices(const Matrices& all) { return with_axes(all.batch, {all.m, all.n}); }

// The LU factors with their pivots, and the sign of the row exchanges.
template <class T>
struct Factors {
  Factors(std::int64_t n, const T* a) : n(n), lu(a, a + n * n) {
    lu.resize(static_cast<std::size_t>(n * (n + 1)));
    lapack::lu(n, lu.data());
    for (std::int64_t i = 0; i < n; ++i)
      if (lu[static_cast<std::size_t>(n * n + i)] != static_cast<T>(i + 1)) sign = -sign;
  }
  T& pivot(std::int64_t i) { return lu[static_cast<std::size_t>(i * n + i)]; }

  std::int64_t n;
  std::vector<T> lu;
  T sign = 1;
};

// The matrices of cofactors, det(A) A^-T where that exists.
Tensor cofactors(const Arg& a) {
  auto kernel = [](std::int64_t n, auto* a, auto* y) {
    using T = std::remove_reference_t<decltype(*y)>;
    Factors<T> f(n, a);
    // A pivot that is 0 becomes a tiny one: its errors stay in proportion, because the cofactors are polynomials in A.
    T largest = 0;
    for (std::int64_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(f.pivot(i)));
    T det = f.sign;
    for (std::int64_t i = 0; i < n; ++i) {
      if (f.pivot(i) == T(0)) f.pivot(i) = std::numeric_limits<T>::epsilon() * (largest == T(0) ? T(1) : largest);
      det *= f.pivot(i);
    }
    std::fill(y, y + n * n, T(0));
    for (std::int64_t i = 0; i < n; ++i) y[i * n + i] = det;
    lapack::lu_solve(n, n, true, f.lu.data(), y);
  };
  return execute("cofactors", {&a}, each_matrix(same_matrices, 2, kernel),
                 rule<0, output>([](const Tensor& g, const Tensor& a, const Tensor& c) {
                   const Tensor inner = sum(g * c, {-2, -1}, true);
                   return inner * transpose(inverse(a)) - matmul(matmul(c, g, false, true), inverse(a), false, true);
                 }));
}

}  // namespace

Tensor det(const Arg& a) {
  const Tensor x = check_matrices("det", a, true);
  const Arg arg(x, a.site);
  auto kernel = [](std::int64_t n, auto* a, auto* y) {
    Factors<std::remove_reference_t<decltype(*y)>> f(n, a);
    *y = f.sign;
    for (std::int64_t i = 0; i < n; ++i) *y *= f.pivot(i);
  };
  return execute("det", {&arg}, each_matrix(per_matrix, 1, kernel), rule<0>([](const Tensor& g, const Tensor& a) {
                   return reshape(g, with_axes(g.shape(), {1, 1})) * cofactors(a);
                 }));
}

Slogdet slogdet(const Arg& a) {
  const Tensor x = check_matrices("slogdet", a, true);
  const Arg arg(x, a.site);
  const Shape batch = without_last(x.shape(), 2);
  // All signs, then all logarithms.
  auto forward = [](const Array& a) {
    const Matrices all(a.shape);
    Ref<Array> y = make_array(a.dtype, Shape{2 * all.count});
    visit_floating(a.dtype, [&](auto t) {
      using T = decltype(t);
      for_matrices(all.count, cube(all.n), [&](std::int64_t matrix) {
        Factors<T> f(all.n, a.at<T>() + matrix * all.n * all.n);
        T &sign = y->at<T>()[matrix], &log = y->at<T>()[all.count + matrix];
        sign = f.sign, log = 0;
        for (std::int64_t i = 0; i < all.n; ++i) {
          const T p = f.pivot(i);
          sign = p == T(0) ? T(0) : p < T(0) ? -sign : p > T(0) ? sign : p;
          log += std::log(std::abs(p));
        }
        return 0;
      });
    });
    return y;
  };
  auto rule_a = rule<0>([batch](const Tensor& g, const Tensor& a) {
    const Tensor to_log = part_of(g, batch.size(), with_axes(batch, {1, 1}));
    return to_log * transpose(inverse(a));
  });
  Scope scope(a.site);
  const Tensor packed = execute("slogdet", {&arg}, forward, rule_a);
  return {part_of(packed, 0, batch), part_of(packed, batch.size(), batch)};
}

Tensor matrix_power(const Arg& a, std::int64_t n) {
  const Tensor x = check_matrices("matrix_power", a, true);
  Scope scope(a.site);
  if (n == 0) {
    const Arg arg(x, a.site);
    auto identity = [](std::int64_t n, auto*, auto* y) {
      for (std::int64_t i = 0; i < n * n; ++i) y[i] = i % (n + 1) == 0;
    };
    return execute("matrix_power", {&arg}, attributed(each_matrix(same_matrices, 0, identity), "n", 0),
                   rule<>([](const Tensor& g) { return zeros(g.shape(), g.dtype()); }));
  }
  Tensor square = n < 0 ? inverse(x) : x, y;
  for (std::uint64_t rest = n < 0 ? -static_cast<std::uint64_t>(n) : static_cast<std::uint64_t>(n);;) {
    if (rest & 1) y = y.defined() ? matmul(y, square) : square;
    if ((rest >>= 1) == 0) return y;
    square = matmul(square, square);
  }
}

namespace {

// e^A by the diagonal Pade approximant of a degree that serves A's norm, after halving it s times, and s squarings.
template <class T>
void exponential(std::int64_t n, const T* a, T* y) {
  const std::int64_t size = n * n;
  T norm = 0;
  for (std::int64_t j = 0; j < n; ++j) {
    T column = 0;
    for (std::int64_t i = 0; i < n; ++i) column += std::abs(a[i * n + j]);
    if (!(column <= norm) && !std::isnan(norm)) norm = column;
  }
  if (!std::isfinite(norm)) return std::fill(y, y + size, std::numeric_limits<T>::quiet_NaN());
  // Up to which norm a degree is exact to rounding: Higham, tables 2.3 and 2.4.
  constexpr bool narrow = std::is_same_v<T, float>;
  struct Degree {
    int degree;
    double norm;
  };
  constexpr Degree degrees[] = {{3, narrow ? 4.258730016922831e-1 : 1.495585217958292e-2},
                                {5, narrow ? 1.880152677804762 : 2.539398330063230e-1},
                                {7, narrow ? 3.925724783138660 : 9.504178996162932e-1},
                                {13, 5.371920351148152}};
  const Degree* d = degrees;
  while (norm > d->norm && d->degree < (narrow ? 7 : 13)) ++d;
  const int m = d->degree;
  const int squarings = norm > d->norm ? static_cast<int>(std::ceil(std::log2(norm / d->norm))) : 0;

  T b[14] = {1};
  for (int j = 0; j < m; ++j) b[j + 1] = b[j] * static_cast<T>(m - j) / static_cast<T>((2 * m - j) * (j + 1));

  std::vector<T> room(static_cast<std::size_t>(7 * size + n));
  T *x = room.data(), *even[4] = {nullptr, x + size, x + 2 * size, x + 3 * size};  // even[k] = A^2k
  T *u = x + 4 * size, *v = x + 5 * size, *left = x + 6 * size;                    // left has room for the pivots
  auto multiply = [n](const T* p, const T* q, T* r) { gemm<T>(false, false, n, n, n, p, q, 0, r); };
  for (std::int64_t i = 0; i < size; ++i) x[i] = std::ldexp(a[i], -squarings);
  multiply(x, x, even[1]);
  const int powers = std::min(m / 2, 3);
  for (int k = 2; k <= powers; ++k) multiply(even[1], even[k - 1], even[k]);
  // The sum of b[first + 2k] A^2k over 0 <= k <= powers, in `to`.
  auto polynomial = [&](int first, bool constant, T* to) {
    for (std::int64_t i = 0; i < size; ++i) {
      T s = constant && i % (n + 1) == 0 ? b[first] : T(0);
      for (int k = 1; k <= powers; ++k) s += b[first + 2 * k] * even[k][i];
      to[i] = s;
    }
  };
  // U = A (b1 + b3 A^2 + …), V = b0 + b2 A^2 + …; above degree 7 their upper halves are A^6 times a polynomial.
  auto half = [&](int first, T* to, T* scratch) {
    polynomial(first, true, to);
    if (m < 13) return;
    polynomial(first + 6, false, scratch);
    gemm<T>(false, false, n, n, n, even[3], scratch, 1, to);
  };
  half(1, left, y);
  multiply(x, left, u);
  half(0, v, y);
  for (std::int64_t i = 0; i < size; ++i) {
    left[i] = v[i] - u[i];
    y[i] = v[i] + u[i];
  }
  lapack::lu(n, left);
  lapack::lu_solve(n, n, false, left, y);
  for (int k = 0; k < squarings; ++k) {
    std::copy(y, y + size, u);
    multiply(u, u, y);
  }
}

}  // namespace

Tensor matrix_exp(const Arg& a) {
  const Tensor x = check_matrices("matrix_exp", a, true);
  const Arg arg(x, a.site);
  auto kernel = [](std::int64_t n, auto* a, auto* y) { exponential(n, a, y); };
  return execute(
      "matrix_exp", {&arg}, each_matrix(same_matrices, 20, kernel), rule<0>([](const Tensor& g, const Tensor& a) {
        const Tensor t = transpose(a);
        const std::int64_t n = a.shape()[a.shape().rank() - 1], all = 2 * n;
        const Tensor blocks = block_in(t, all, all, 0, 0) + block_in(t, all, all, n, n) + block_in(g, all, all, 0, n);
        return block_of(matrix_exp(blocks), n, n, 0, n);
      }));
}

namespace {

double default_rcond(const Shape& shape, Dtype dtype) {
  const Matrices all(shape);
  const double unit = dtype == float32 ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
  return unit * static_cast<double>(std::max(all.m, all.n));
}

}  // namespace

Tensor pinv(const Arg& a, std::optional<double> rcond) {
  const Tensor x = check_matrices("pinv", a, false);
  const Arg arg(x, a.site);
  auto forward = [rcond, site = user_site(a.site)](const Array& a) {
    const Matrices all(a.shape);
    const std::int64_t m = all.m, n = all.n, k = std::min(m, n);
    Ref<Array> y = make_array(a.dtype, with_axes(all.batch, {n, m}));
    const Ref<Array> work = copy_of(a);
    visit_floating(a.dtype, [&](auto t) {
      using T = decltype(t);
      const T relative = static_cast<T>(rcond ? *rcond : default_rcond(a.shape, a.dtype));
      const Failure failure = for_matrices(all.count, 10 * cube(k), [&](std::int64_t i) {
        std::vector<T> room(static_cast<std::size_t>((m + n + 1) * k));
        T *u = room.data(), *s = u + m * k, *vh = s + k;
        const int info = lapack::svd(m, n, work->at<T>() + i * m * n, u, s, vh);
        for (std::int64_t j = 0; j < k; ++j) {
          const T inverse = s[j] <= relative * s[0] ? T(0) : 1 / s[j];
          for (std::int64_t c = 0; c < n; ++c) vh[j * n + c] *= inverse;
        }
        gemm<T>(true, true, n, m, k, vh, u, 0, y->at<T>() + i * m * n);
        return info;
      });
      if (failure.info) fail("pinv", which(failure.matrix, a.shape) + ": LAPACK's iteration did not converge", site);
    });
    return y;
  };
  return execute("pinv", {&arg}, forward, rule<0, output>([](const Tensor& g, const Tensor& a, const Tensor& p) {
                   // -P^T g P^T + (1 - A P) g^T P P^T + P^T P g^T (1 - P A)
                   const Tensor right = matmul(matmul(g, p, true), p, false, true);        // g^T P P^T
                   const Tensor left = matmul(p, matmul(p, g, false, true), true, false);  // P^T P g^T
                   return right - matmul(a, matmul(p, right)) + left - matmul(matmul(left, p), a) -
                          matmul(matmul(p, g, true), p, false, true);
                 }));
}

Tensor matrix_rank(const Arg& a, std::optional<double> rcond) {
  const Tensor x = check_matrices("matrix_rank", a, false);
  Scope scope(a.site);
  NoGradGuard guard;
  const Tensor s = svdvals(x);
  const double relative = rcond ? *rcond : default_rcond(x.shape(), x.dtype());
  const std::int64_t k = s.shape()[s.shape().rank() - 1];
  if (k == 0) return zeros(without_last(s.shape(), 1), int64);
  const Tensor largest = block_of(reshape(s, with_axes(without_last(s.shape(), 1), {1, k})), 1, 1, 0, 0);
  return sum(s > reshape(largest, with_axes(without_last(s.shape(), 1), {1})) * relative, {-1});
}

namespace {

// The product of tensors i … j, cut where least work is.
Tensor ordered_product(const Tensors& tensors, const std::vector<std::vector<std::size_t>>& cut, std::size_t i,
                       std::size_t j) {
  if (i == j) return tensors[i];
  const std::size_t k = cut[i][j];
  return matmul(ordered_product(tensors, cut, i, k), ordered_product(tensors, cut, k + 1, j));
}

}  // namespace

Tensor multi_dot(const Tensors& tensors, Site site) {
  const std::size_t n = tensors.size();
  if (n == 0) fail("multi_dot", "expected at least one tensor", site);
  std::vector<double> size;  // tensor i is (size[i], size[i + 1])
  for (std::size_t i = 0; i < n; ++i) {
    if (!tensors[i].defined()) fail("multi_dot", "tensor " + std::to_string(i) + " is undefined", site);
    const Shape& s = tensors[i].shape();
    const bool vector = s.rank() == 1 && (i == 0 || i + 1 == n);
    if (s.rank() != 2 && !vector)
      fail("multi_dot",
           "tensor " + std::to_string(i) + " is " + to_string(s) + "; expected matrices, or a vector at either end",
           site);
    if (i == 0) size.push_back(vector && n > 1 ? 1 : static_cast<double>(s[0]));
    size.push_back(vector && i > 0 ? 1 : static_cast<double>(s[s.rank() - 1]));
  }
  std::vector<std::vector<double>> cost(n, std::vector<double>(n));
  std::vector<std::vector<std::size_t>> cut(n, std::vector<std::size_t>(n));
  for (std::size_t length = 1; length < n; ++length)
    for (std::size_t i = 0; i + length < n; ++i) {
      const std::size_t j = i + length;
      cost[i][j] = std::numeric_limits<double>::infinity();
      for (std::size_t k = i; k < j; ++k)
        if (double c = cost[i][k] + cost[k + 1][j] + size[i] * size[k + 1] * size[j + 1]; c < cost[i][j])
          cost[i][j] = c, cut[i][j] = k;
    }
  Scope scope(site);
  return ordered_product(tensors, cut, 0, n - 1);
}

}  // namespace xtape
