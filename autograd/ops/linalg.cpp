#include "linalg.hpp"

#include <cstring>
#include <limits>
#include <xtensor-blas/xblas.hpp>

#include "apply.hpp"
#include "elementwise.hpp"
#include "shape.hpp"

// OpenBLAS stays at one thread: its own threads change the bits, and ours work on whole tiles.
extern "C" void openblas_set_num_threads(int);

namespace xtape {
namespace {

const bool one_thread = (openblas_set_num_threads(1), true);

// How a product is cut: from its shape alone, along the longer side of the result, never along k, because a product
// that is cut differently differs in its last bits.
struct Tiles {
  std::int64_t count, step;
  bool rows;
};
Tiles tiles_of(std::int64_t m, std::int64_t n, std::int64_t k) {
  const double work = 2. * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  const std::int64_t wanted = work < 8e6 ? 1 : work < 2.5e8 ? 2 : work < 1e9 ? 4 : work < 4e9 ? 8 : 16;
  const bool rows = m >= n;
  const std::int64_t side = rows ? m : n;
  std::int64_t step = (side + wanted - 1) / wanted;
  step = (step + 31) / 32 * 32;
  return {side ? (side + step - 1) / step : 0, step, rows};
}

// c (m, n) = op(a) op(b) + beta c; op transposes where the flag says so.
template <class T>
void gemm(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const T* a, const T* b, T beta, T* c) {
  if (m == 0 || n == 0) return;
  if (k == 0) {
    if (beta == T(0)) std::memset(c, 0, static_cast<std::size_t>(m * n) * sizeof(T));
    return;
  }
  const int lda = static_cast<int>(ta ? m : k), ldb = static_cast<int>(tb ? k : n), ldc = static_cast<int>(n);
  const Tiles tiles = tiles_of(m, n, k);
  auto tile = [&](std::int64_t t) {
    const std::int64_t begin = t * tiles.step;
    const std::int64_t rows = tiles.rows ? std::min(tiles.step, m - begin) : m;
    const std::int64_t columns = tiles.rows ? n : std::min(tiles.step, n - begin);
    const std::int64_t i = tiles.rows ? begin : 0, j = tiles.rows ? 0 : begin;
    cxxblas::gemm<int>(cxxblas::RowMajor, ta ? cxxblas::Trans : cxxblas::NoTrans,
                       tb ? cxxblas::Trans : cxxblas::NoTrans, static_cast<int>(rows), static_cast<int>(columns),
                       static_cast<int>(k), T(1), a + (ta ? i : i * k), lda, b + (tb ? j * k : j), ldb, beta,
                       c + i * n + j, ldc);
  };
  parallel_for(tiles.count, tile);
}

// op(a) op(b)
struct Product {
  bool ta, tb;
  std::int64_t m, n, k;
  double flops() const { return 2. * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k); }
  std::string attributes() const { return attribute_list("transpose_a", ta, "transpose_b", tb); }
  Ref<Array> operator()(const Array& a, const Array& b) const {
    Ref<Array> y = make_array(a.dtype, Shape{m, n});
    visit_floating(y->dtype, [&](auto t) {
      using T = decltype(t);
      gemm<T>(ta, tb, m, n, k, a.at<T>(), b.at<T>(), 0, y->at<T>());
    });
    return y;
  }
};

// x w^T + b
struct Affine {
  std::int64_t m, n, k;
  double flops() const { return 2. * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k); }
  Ref<Array> operator()(const Array& x, const Array& w, const Array& b) const {
    Ref<Array> y = make_array(x.dtype, Shape{m, n});
    visit_floating(y->dtype, [&](auto t) {
      using T = decltype(t);
      for (std::int64_t i = 0; i < m; ++i)
        std::memcpy(y->at<T>() + i * n, b.at<T>(), static_cast<std::size_t>(n) * sizeof(T));
      gemm<T>(false, true, m, n, k, x.at<T>(), w.at<T>(), 1, y->at<T>());
    });
    return y;
  }
};

void check_size(const char* op, const Array& x, Site site) {
  for (std::int64_t d : x.shape)
    if (d > std::numeric_limits<int>::max()) fail(op, "BLAS has no sizes as in " + describe(x), site);
}

void check_operands(const char* op, const Arg& a, const Arg& b) {
  check_defined(op, a);
  check_defined(op, b);
  if (a.array->dtype != b.array->dtype || !is_floating(a.array->dtype))
    fail(op,
         "both operands must be float32 or both float64, not " + describe(*a.array) + " and " + describe(*b.array) +
             "; convert with to(dtype)",
         a.site);
  check_size(op, *a.array, a.site);
  check_size(op, *b.array, b.site);
}

}  // namespace

Tensor matmul(const Arg& a, const Arg& b, bool transpose_a, bool transpose_b) {
  check_operands("matmul", a, b);
  const Shape &p = a.array->shape, &q = b.array->shape;
  if (p.rank() == 1 && !transpose_a && q.rank() <= 2) {
    Scope scope(a.site);
    const Tensor y = matmul(reshape(a, Shape{1, p[0]}), b, false, transpose_b);
    return reshape(y, Shape(y.shape().begin() + 1, y.shape().end()));
  }
  if (q.rank() == 1 && !transpose_b && p.rank() == 2) {
    Scope scope(a.site);
    const Tensor y = matmul(a, reshape(b, Shape{q[0], 1}), transpose_a, false);
    return reshape(y, Shape{y.shape()[0]});
  }
  auto both = [&] {
    auto operand = [](const Array& x, bool t) { return to_string(x.shape) + (t ? " transposed" : ""); };
    return operand(*a.array, transpose_a) + " x " + operand(*b.array, transpose_b);
  };
  if (p.rank() != 2 || q.rank() != 2) fail("matmul", "expected matrices or vectors, got " + both(), a.site);
  const std::int64_t m = p[transpose_a], k = p[!transpose_a], n = q[!transpose_b];
  if (q[transpose_b] != k)
    fail("matmul",
         "the inner sizes of " + both() + " differ: " + std::to_string(k) + " and " + std::to_string(q[transpose_b]),
         a.site);
  return execute("matmul", {&a, &b}, Product{transpose_a, transpose_b, m, n, k},
                 rule<1>([ta = transpose_a, tb = transpose_b](const Tensor& g, const Tensor& b) {
                  return ta ? matmul(b, g, tb, true) : matmul(g, b, false, !tb);
                }),
                rule<0>([ta = transpose_a, tb = transpose_b](const Tensor& g, const Tensor& a) {
                  return tb ? matmul(g, a, true, ta) : matmul(a, g, !ta, false);
                }));
}

Tensor linear(const Arg& x, const Arg& weight, const Arg& bias) {
  check_operands("linear", x, weight);
  check_operands("linear", x, bias);
  const Shape &from = x.array->shape, &w = weight.array->shape, &b = bias.array->shape;
  if (from.rank() == 0 || w.rank() != 2 || b.rank() != 1 || from[from.rank() - 1] != w[1] || b[0] != w[0])
    fail("linear",
         "input " + to_string(from) + ", weight " + to_string(w) + " and bias " + to_string(b) +
             " do not fit: expected (..., in), (out, in) and (out,)",
         x.site);
  if (from.rank() != 2) {
    Scope scope(x.site);
    Shape to = from;
    std::int64_t rows = 1;
    for (int i = 0; i < from.rank() - 1; ++i) rows *= from[i];
    to[from.rank() - 1] = w[0];
    return reshape(linear(reshape(x, Shape{rows, w[1]}), weight, bias), to);
  }
  const std::int64_t m = from[0], k = w[1], n = w[0];
  return execute("linear", {&x, &weight, &bias}, Affine{m, n, k},
                rule<1>([](const Tensor& g, const Tensor& w) { return matmul(g, w); }),
                rule<0>([](const Tensor& g, const Tensor& x) { return matmul(g, x, true, false); }),
                rule<>([](const Tensor& g) { return g; }));
}

}  // namespace xtape
