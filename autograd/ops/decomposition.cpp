#include "decomposition.hpp"

#include "detail/matrix_batch.hpp"
#include "elementwise.hpp"
#include "join.hpp"
#include "linalg.hpp"
#include "reduction.hpp"
#include "shape.hpp"
#include "solve.hpp"

namespace xtape {
using namespace detail;

namespace {

// v (..., n) as factors of columns, or of rows.
Tensor per_column(const Tensor& v) {
  const Shape& s = v.shape();
  return reshape(v, with_axes(without_last(s, 1), {1, s[s.rank() - 1]}));
}
Tensor per_row(const Tensor& v) { return reshape(v, with_axes(v.shape(), {1})); }

// (x + x^T) / 2
Tensor symmetric_part(const Tensor& x) { return (x + transpose(x)) * 0.5; }

// 1 / x, but 0 where x is 0.
Tensor inverse_or_0(const Tensor& x) {
  const Tensor zero = x == 0;
  return where(zero, 0, 1 / where(zero, 1, x));
}
// 1 / (v_j - v_i) at (i, j), but 0 where they are equal.
Tensor inverse_differences(const Tensor& v) { return inverse_or_0(per_column(v) - per_row(v)); }

// x - q (q^T x), or x where q spans all.
Tensor without_span(const Tensor& x, const Tensor& q) { return x - matmul(q, matmul(q, x, true)); }

}  // namespace

Tensor cholesky(const Arg& a, bool upper) {
  if (upper) {
    Scope scope(a.site);
    return transpose(cholesky(a));
  }
  const Tensor x = check_matrices("cholesky", a, true);
  const Arg arg(x, a.site);
  auto forward = [site = user_site(a.site)](const Array& a) {
    Failure failure;
    Ref<Array> y = replace_matrices(
        a, 1, [](std::int64_t n, auto* matrix) { return lapack::cholesky(n, matrix); }, failure);
    if (failure.info)
      fail("cholesky",
           which(failure.matrix, a.shape) + " is not positive definite: its leading " + std::to_string(failure.info) +
               " x " + std::to_string(failure.info) + " block is not",
           site);
    return y;
  };
  // L^-T S L^-1 / 2, with S the lower triangle of L^T g mirrored.
  return execute("cholesky", {&arg}, forward, rule<output>([](const Tensor& g, const Tensor& l) {
                   const Tensor half = triangle_of(matmul(l, g, true), false, 0.5);
                   const TriangularOptions adjoint = TriangularOptions().transpose();
                   const Tensor left = triangular_solve(l, half + transpose(half), adjoint);
                   return symmetric_part(triangular_solve(l, transpose(left), adjoint)) * 0.5;
                 }));
}

namespace {

// q, then r, of each matrix.
QR split_qr(const Tensor& packed, const Matrices& all) {
  const std::int64_t k = std::min(all.m, all.n);
  return {part_of(packed, 0, with_axes(all.batch, {all.m, k})),
          part_of(packed, all.count * all.m * k, with_axes(all.batch, {k, all.n}))};
}

// The gradient of A from those of Q and R, for m >= n.
Tensor qr_adjoint(const Tensor& q, const Tensor& r, const Tensor& to_q, const Tensor& to_r) {
  const Tensor m = triangle_of(matmul(r, to_r, false, true) - matmul(to_q, q, true), false, 0.5);
  const Tensor right = to_q + matmul(q, m + transpose(m));
  // right R^-T
  return transpose(triangular_solve(r, transpose(right), TriangularOptions().upper()));
}

}  // namespace

QR qr(const Arg& a) {
  const Tensor x = check_matrices("qr", a, false);
  const Arg arg(x, a.site);
  const Matrices all(x.shape());
  auto forward = [](const Array& a) {
    const Matrices all(a.shape);
    const std::int64_t m = all.m, n = all.n, k = std::min(m, n);
    Ref<Array> y = make_array(a.dtype, Shape{all.count * (m + n) * k});
    visit_floating(a.dtype, [&](auto t) {
      using T = decltype(t);
      T *q = y->at<T>(), *r = q + all.count * m * k;
      for_matrices(all.count, 2 * cube(k), [&](std::int64_t i) {
        lapack::qr(m, n, a.at<T>() + i * m * n, q + i * m * k, r + i * k * n);
        return 0;
      });
    });
    return y;
  };
  auto to_a = [all](const Tensor& g, const Tensor& y) {
    const QR f = split_qr(y, all), to = split_qr(g, all);
    const std::int64_t m = all.m, n = all.n;
    if (m >= n) return qr_adjoint(f.q, f.r, to.q, to.r);
    // A = (X, Y) with a square X = Q U, and R = (U, V) with V = Q^T Y.
    const Tensor u = block_of(f.r, m, m, 0, 0), v = block_of(f.r, m, n - m, 0, m);
    const Tensor to_u = block_of(to.r, m, m, 0, 0), to_v = block_of(to.r, m, n - m, 0, m);
    // Y = Q V
    const Tensor to_q = to.q + matmul(matmul(f.q, v), to_v, false, true);
    return concat({qr_adjoint(f.q, u, to_q, to_u), matmul(f.q, to_v)}, -1);
  };
  Scope scope(a.site);
  return split_qr(execute("qr", {&arg}, forward, rule<output>(to_a)), all);
}

namespace {

// u, s and vh of each matrix.
SVD split_svd(const Tensor& packed, const Matrices& all) {
  const std::int64_t k = std::min(all.m, all.n), s = all.count * all.m * k, vh = s + all.count * k;
  return {part_of(packed, 0, with_axes(all.batch, {all.m, k})), part_of(packed, s, with_axes(all.batch, {k})),
          part_of(packed, vh, with_axes(all.batch, {k, all.n}))};
}

// Computes the singular values, and the vectors if u is not null.
template <class T>
void compute_svd(const char* op, const Array& a, T* u, T* s, T* vh, Site site) {
  const Matrices all(a.shape);
  const std::int64_t m = all.m, n = all.n, k = std::min(m, n);
  const Ref<Array> work = copy_of(a);
  const Failure failure = for_matrices(all.count, 10 * cube(k), [&](std::int64_t i) {
    return lapack::svd(m, n, work->at<T>() + i * m * n, u ? u + i * m * k : u, s + i * k, u ? vh + i * k * n : vh);
  });
  if (failure.info) fail(op, which(failure.matrix, a.shape) + ": LAPACK's iteration did not converge", site);
}

}  // namespace

SVD svd(const Arg& a) {
  const Tensor x = check_matrices("svd", a, false);
  const Arg arg(x, a.site);
  const Matrices all(x.shape());
  auto forward = [site = user_site(a.site)](const Array& a) {
    const Matrices all(a.shape);
    const std::int64_t m = all.m, n = all.n, k = std::min(m, n);
    Ref<Array> y = make_array(a.dtype, Shape{all.count * (m + n + 1) * k});
    visit_floating(a.dtype, [&](auto t) {
      using T = decltype(t);
      T *u = y->at<T>(), *s = u + all.count * m * k, *vh = s + all.count * k;
      compute_svd("svd", a, u, s, vh, site);
    });
    return y;
  };
  auto to_a = [all](const Tensor& g, const Tensor& y) {
    const SVD f = split_svd(y, all), to = split_svd(g, all);
    const Tensor s = per_column(f.s), gap = inverse_differences(square(f.s)), inverse_s = inverse_or_0(s);
    const Tensor of_u = matmul(f.u, to.u, true), of_v = matmul(f.vh, to.vh, false, true);
    // On the diagonal, where `gap` is 0, goes the gradient of s.
    const Tensor core = gap * (of_u - transpose(of_u)) * s + transpose(s) * (gap * (of_v - transpose(of_v)));
    Tensor left = matmul(f.u, core) + f.u * per_column(to.s);
    if (all.m > all.n) left += without_span(to.u, f.u) * inverse_s;
    Tensor result = matmul(left, f.vh);
    if (all.n > all.m) result += matmul(f.u * inverse_s, to.vh - matmul(matmul(to.vh, f.vh, false, true), f.vh));
    return result;
  };
  Scope scope(a.site);
  return split_svd(execute("svd", {&arg}, forward, rule<output>(to_a)), all);
}

Tensor svdvals(const Arg& a) {
  const Tensor x = check_matrices("svdvals", a, false);
  Scope scope(a.site);
  const Arg arg(x, a.site);
  auto forward = [site = user_site(a.site)](const Array& a) {
    const Matrices all(a.shape);
    Ref<Array> y = make_array(a.dtype, with_axes(all.batch, {std::min(all.m, all.n)}));
    visit_floating(a.dtype, [&](auto t) {
      using T = decltype(t);
      compute_svd<T>("svdvals", a, nullptr, y->at<T>(), nullptr, site);
    });
    return y;
  };
  return execute("svdvals", {&arg}, forward, rule<0>([](const Tensor& g, const Tensor& a) {
                   const SVD f = svd(a);
                   return matmul(f.u * per_column(g), f.vh);
                 }));
}

namespace {

// The eigenvalues, then the eigenvectors, of each matrix.
Eigh split_eigh(const Tensor& packed, const Matrices& all) {
  return {part_of(packed, 0, with_axes(all.batch, {all.n})),
          part_of(packed, all.count * all.n, with_axes(all.batch, {all.n, all.n}))};
}

// w (count, n) from the matrices in v, which become the eigenvectors if wanted.
template <class T>
void compute_eigh(const char* op, const Shape& shape, bool vectors, T* w, T* v, Site site) {
  const Matrices all(shape);
  const std::int64_t n = all.n;
  const Failure failure = for_matrices(
      all.count, 10 * cube(n), [&](std::int64_t i) { return lapack::eigh(n, vectors, v + i * n * n, w + i * n); });
  if (failure.info) fail(op, which(failure.matrix, shape) + ": LAPACK's iteration did not converge", site);
}

}  // namespace

Eigh eigh(const Arg& a) {
  const Tensor x = check_matrices("eigh", a, true);
  const Arg arg(x, a.site);
  const Matrices all(x.shape());
  auto forward = [site = user_site(a.site)](const Array& a) {
    const Matrices all(a.shape);
    Ref<Array> y = make_array(a.dtype, Shape{all.count * all.n * (all.n + 1)});
    visit_floating(a.dtype, [&](auto t) {
      using T = decltype(t);
      T *w = y->at<T>(), *v = w + all.count * all.n;
      std::copy_n(a.at<T>(), a.size, v);
      compute_eigh("eigh", a.shape, true, w, v, site);
    });
    return y;
  };
  auto to_a = [all](const Tensor& g, const Tensor& y) {
    const Eigh f = split_eigh(y, all), to = split_eigh(g, all);
    const Tensor& v = f.eigenvectors;
    const Tensor core = matmul(v, to.eigenvectors, true) * inverse_differences(f.eigenvalues);
    const Tensor left = matmul(v, symmetric_part(core)) + v * per_column(to.eigenvalues);
    return matmul(left, v, false, true);
  };
  Scope scope(a.site);
  return split_eigh(execute("eigh", {&arg}, forward, rule<output>(to_a)), all);
}

Tensor eigvalsh(const Arg& a) {
  const Tensor x = check_matrices("eigvalsh", a, true);
  Scope scope(a.site);
  const Arg arg(x, a.site);
  auto forward = [site = user_site(a.site)](const Array& a) {
    const Matrices all(a.shape);
    Ref<Array> y = make_array(a.dtype, with_axes(all.batch, {all.n}));
    const Ref<Array> work = copy_of(a);
    visit_floating(a.dtype, [&](auto t) {
      using T = decltype(t);
      compute_eigh("eigvalsh", a.shape, false, y->at<T>(), work->at<T>(), site);
    });
    return y;
  };
  return execute("eigvalsh", {&arg}, forward, rule<0>([](const Tensor& g, const Tensor& a) {
                   const Tensor v = eigh(a).eigenvectors;
                   return matmul(v * per_column(g), v, false, true);
                 }));
}

}  // namespace xtape
