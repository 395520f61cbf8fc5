#include "linalg.hpp"

#include <cstring>
#include <limits>

#include "../kernels/gemm.hpp"
#include "detail/apply.hpp"
#include "detail/matrix_part.hpp"
#include "elementwise.hpp"
#include "reduction.hpp"
#include "shape.hpp"

namespace xtape {
using namespace detail;

namespace {

double flops_of(std::int64_t m, std::int64_t n, std::int64_t k) {
  return 2. * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
}

// op(a) op(b)
struct MatrixProduct {
  bool ta, tb;
  std::int64_t m, n, k;
  double flops() const { return flops_of(m, n, k); }
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

// op(a) x for a vector x
struct VectorProduct {
  bool t;
  std::int64_t rows, columns;
  double flops() const { return flops_of(rows, columns, 1); }
  std::string attributes() const { return attribute_list("transpose_a", t); }
  Ref<Array> operator()(const Array& a, const Array& x) const {
    Ref<Array> y = make_array(a.dtype, Shape{t ? columns : rows});
    visit_floating(y->dtype, [&](auto type) {
      using T = decltype(type);
      gemv<T>(t, rows, columns, a.at<T>(), x.at<T>(), y->at<T>());
    });
    return y;
  }
};

// x w^T + b
struct Affine {
  std::int64_t m, n, k;
  double flops() const { return flops_of(m, n, k); }
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

// Products of matrices over the batch axes `full`, to which those of a, b and the result `into` broadcast; products
// that meet in one place of the result are added. So a product and its two rules are of one form.
struct BatchedProduct {
  bool ta, tb;
  std::int64_t m, n, k;
  Shape full, into;

  double flops() const { return flops_of(m, n, k) * static_cast<double>(full.size()); }
  std::string attributes() const { return attribute_list("transpose_a", ta, "transpose_b", tb); }

  Ref<Array> operator()(const Array& a, const Array& b) const {
    Ref<Array> y = make_array(a.dtype, with_axes(into, {m, n}));
    visit_floating(y->dtype, [&](auto t) { run<decltype(t)>(a, b, *y); });
    return y;
  }

 private:
  template <class T>
  void run(const Array& a, const Array& b, Array& y) const {
    const T *p = a.at<T>(), *q = b.at<T>();
    const Shape from_a = without_last(a.shape, 2), from_b = without_last(b.shape, 2);
    const std::int64_t of_a = from_a.size(), of_b = from_b.size(), count = into.size();
    const std::int64_t terms = count ? full.size() / count : 0;
    constexpr std::int64_t most = std::numeric_limits<int>::max();
    // A stack of matrices times one matrix, and a sum over stacks of matrices, are one product of larger ones.
    if (!ta && of_b == 1 && of_a == count && terms == 1 && count * m <= most)
      return gemm<T>(false, tb, count * m, n, k, p, q, 0, y.at<T>());
    if (ta && !tb && count == 1 && of_a == terms && of_b == terms && terms * k <= most)
      return gemm<T>(true, false, m, n, terms * k, p, q, 0, y.at<T>());
    if (terms == 1 && (of_a == count || of_a == 1) && (of_b == count || of_b == 1))
      return gemm_batched<T>(count, ta, tb, m, n, k, p, of_a == 1 ? 0 : m * k, q, of_b == 1 ? 0 : k * n, 0, y.at<T>());
    const auto a_offsets = offsets(from_a, m * k), b_offsets = offsets(from_b, k * n);
    gemm_batched<T>(count, terms, ta, tb, m, n, k, p, a_offsets.data(), q, b_offsets.data(), 0, y.at<T>());
  }

  // Where an operand's matrices begin: over the axes that the result has, then over those that are summed.
  std::vector<std::int64_t> offsets(const Shape& from, std::int64_t size) const {
    auto at = [&](const Shape& s, int axis) {
      const int i = axis - (full.rank() - s.rank());
      return i < 0 ? std::int64_t{1} : s[i];
    };
    std::vector<std::int64_t> list{0};
    for (const bool summed : {true, false}) {
      // From the innermost axis out: what is there is repeated for each step of the next.
      std::int64_t step = size;
      for (int axis = full.rank(); axis-- > 0;) {
        const std::int64_t here = at(from, axis), stride = here == 1 ? 0 : step;
        step *= here;
        if ((at(into, axis) != full[axis]) != summed) continue;
        const std::size_t n = list.size();
        for (std::int64_t i = 1; i < full[axis]; ++i)
          for (std::size_t j = 0; j < n; ++j) list.push_back(list[j] + i * stride);
        if (full[axis] == 0) list.clear();
      }
    }
    return list;
  }
};

Tensor batched_product(const Arg& a, const Arg& b, bool ta, bool tb, const Shape& full, const Shape& into) {
  const Matrices p(a.array->shape), q(b.array->shape);
  const std::int64_t m = ta ? p.n : p.m, k = ta ? p.m : p.n, n = tb ? q.m : q.n;
  return execute(
      "matmul", {&a, &b}, BatchedProduct{ta, tb, m, n, k, full, into},
      rule<1>([ta, tb, full, own = p.batch](const Tensor& g, const Tensor& b) {
        return ta ? batched_product(b, g, tb, true, full, own) : batched_product(g, b, false, !tb, full, own);
      }),
      rule<0>([ta, tb, full, own = q.batch](const Tensor& g, const Tensor& a) {
        return tb ? batched_product(g, a, true, ta, full, own) : batched_product(a, g, !ta, false, full, own);
      }));
}

Tensor vector_product(const Arg& a, bool t, const Arg& x) {
  return execute("matmul", {&a, &x}, VectorProduct{t, a.array->shape[0], a.array->shape[1]},
                 rule<1>([t](const Tensor& g, const Tensor& x) { return t ? outer(x, g) : outer(g, x); }),
                 rule<0>([t](const Tensor& g, const Tensor& a) { return vector_product(a, !t, g); }));
}

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

// Throws unless the operands have these ranks.
void check_ranks(const char* op, const Arg& a, int rank_a, const Arg& b, int rank_b, const char* expected) {
  check_operands(op, a, b);
  const Shape &p = a.array->shape, &q = b.array->shape;
  if (p.rank() != rank_a || q.rank() != rank_b)
    fail(op, to_string(p) + " and " + to_string(q) + " do not fit: expected " + expected, a.site);
}

[[noreturn]] void refuse(const char* what, const Arg& a, const Arg& b, bool ta, bool tb, const std::string& more = "") {
  auto operand = [](const Array& x, bool t) { return to_string(x.shape) + (t ? " transposed" : ""); };
  fail("matmul", what + operand(*a.array, ta) + " x " + operand(*b.array, tb) + more, a.site);
}

// A vector on either side.
Tensor matmul_vector(const Arg& a, const Arg& b, bool ta, bool tb) {
  const Shape &p = a.array->shape, &q = b.array->shape;
  if (p.rank() == 1) {
    if (q.rank() == 1) return dot(a, b);
    if (q.rank() == 2) return vector_product(b, !tb, a);
    Scope scope(a.site);
    const Tensor y = matmul(reshape(a, Shape{1, p[0]}), b, false, tb);
    return reshape(y, with_axes(without_last(y.shape(), 2), {y.shape()[y.shape().rank() - 1]}));
  }
  if (p.rank() == 2) return vector_product(a, ta, b);
  Scope scope(a.site);
  const Shape batch = without_last(p, 2);
  if (!ta) {
    const std::int64_t m = p[p.rank() - 2];
    return reshape(matmul(reshape(a, Shape{batch.size() * m, q[0]}), b), with_axes(batch, {m}));
  }
  const Tensor y = matmul(a, reshape(b, Shape{q[0], 1}), true, false);
  return reshape(y, without_last(y.shape(), 1));
}

}  // namespace

Tensor matmul(const Arg& a, const Arg& b, bool transpose_a, bool transpose_b) {
  check_operands("matmul", a, b);
  const Shape &p = a.array->shape, &q = b.array->shape;
  if (p.rank() < 1 + transpose_a || q.rank() < 1 + transpose_b)
    refuse("expected matrices or vectors, got ", a, b, transpose_a, transpose_b);
  const std::int64_t k = p[p.rank() - 1 - transpose_a], l = q[q.rank() == 1 ? 0 : q.rank() - 2 + transpose_b];
  if (k != l)
    refuse("the inner sizes of ", a, b, transpose_a, transpose_b,
           " differ: " + std::to_string(k) + " and " + std::to_string(l));
  if (p.rank() == 1 || q.rank() == 1) return matmul_vector(a, b, transpose_a, transpose_b);
  if (p.rank() > 2 || q.rank() > 2) {
    const Shape left = without_last(p, 2), right = without_last(q, 2);
    if (broadcast_clash(left, right)) refuse("the batches of ", a, b, transpose_a, transpose_b, " do not broadcast");
    const Shape full = broadcast_shape(left, right);
    return batched_product(a, b, transpose_a, transpose_b, full, full);
  }
  const std::int64_t m = p[transpose_a], n = q[!transpose_b];
  return execute("matmul", {&a, &b}, MatrixProduct{transpose_a, transpose_b, m, n, k},
                 rule<1>([ta = transpose_a, tb = transpose_b](const Tensor& g, const Tensor& b) {
                   return ta ? matmul(b, g, tb, true) : matmul(g, b, false, !tb);
                 }),
                 rule<0>([ta = transpose_a, tb = transpose_b](const Tensor& g, const Tensor& a) {
                   return tb ? matmul(g, a, true, ta) : matmul(a, g, !ta, false);
                 }));
}

Tensor linear(const Arg& x, const Arg& weight, const Arg& bias) {
  if (!bias.array && !bias.is_scalar) return linear(x, weight);
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
    const Shape batch = without_last(from, 1);
    return reshape(linear(reshape(x, Shape{batch.size(), w[1]}), weight, bias), with_axes(batch, {w[0]}));
  }
  const std::int64_t m = from[0], k = w[1], n = w[0];
  return execute("linear", {&x, &weight, &bias}, Affine{m, n, k},
                 rule<1>([](const Tensor& g, const Tensor& w) { return matmul(g, w); }),
                 rule<0>([](const Tensor& g, const Tensor& x) { return matmul(g, x, true, false); }),
                 rule<>([](const Tensor& g) { return g; }));
}

Tensor linear(const Arg& x, const Arg& weight) {
  check_operands("linear", x, weight);
  const Shape &from = x.array->shape, &w = weight.array->shape;
  if (from.rank() == 0 || w.rank() != 2 || from[from.rank() - 1] != w[1])
    fail("linear",
         "input " + to_string(from) + " and weight " + to_string(w) + " do not fit: expected (..., in) and (out, in)",
         x.site);
  return matmul(x, weight, false, true);
}

Tensor bmm(const Arg& a, const Arg& b) {
  check_ranks("bmm", a, 3, b, 3, "(batch, m, k) and (batch, k, n)");
  const Shape &p = a.array->shape, &q = b.array->shape;
  if (p[0] != q[0] || p[2] != q[1])
    fail("bmm", to_string(p) + " and " + to_string(q) + " do not fit: expected (batch, m, k) and (batch, k, n)",
         a.site);
  return matmul(a, b);
}

Tensor mv(const Arg& a, const Arg& v) {
  check_ranks("mv", a, 2, v, 1, "(m, k) and (k,)");
  if (a.array->shape[1] != v.array->shape[0])
    fail("mv",
         to_string(a.array->shape) + " and " + to_string(v.array->shape) + " do not fit: expected (m, k) and (k,)",
         a.site);
  return vector_product(a, false, v);
}

Tensor dot(const Arg& a, const Arg& b) {
  check_ranks("dot", a, 1, b, 1, "two vectors of one size");
  if (a.array->shape != b.array->shape)
    fail("dot",
         to_string(a.array->shape) + " and " + to_string(b.array->shape) +
             " do not fit: expected two vectors of one size",
         a.site);
  auto forward = [](const Array& a, const Array& b) {
    Ref<Array> y = make_array(a.dtype, Shape{});
    visit_floating(y->dtype, [&](auto t) {
      using T = decltype(t);
      *y->at<T>() = dot<T>(a.size, a.at<T>(), b.at<T>());
    });
    return y;
  };
  return execute("dot", {&a, &b}, forward, rule<1>([](const Tensor& g, const Tensor& b) { return g * b; }),
                 rule<0>([](const Tensor& g, const Tensor& a) { return g * a; }));
}

namespace {

// beta x + alpha y
Tensor add_scaled(const char* op, const Arg& x, const Tensor& product, double beta, double alpha) {
  const Arg y(product, x.site);
  if (x.array) {
    if (x.array->dtype != product.dtype())
      fail(op, "x is " + describe(*x.array) + ", the product " + describe(product.array()), x.site);
    if (broadcast_clash(x.array->shape, product.shape()) ||
        broadcast_shape(x.array->shape, product.shape()) != product.shape())
      fail(op, "x " + to_string(x.array->shape) + " does not broadcast to the product " + to_string(product.shape()),
           x.site);
  }
  auto to_x = rule<>([beta](const Tensor& g) { return g * beta; });
  auto to_y = rule<>([alpha](const Tensor& g) { return g * alpha; });
  if (beta == 0)
    return binary(
        op, x, y, [alpha](auto, auto y) { return y * alpha; }, to_x, to_y);
  return binary(
      op, x, y, [alpha, beta](auto x, auto y) { return x * beta + y * alpha; }, to_x, to_y);
}

}  // namespace

Tensor addmm(const Arg& x, const Arg& a, const Arg& b, double beta, double alpha) {
  check_ranks("addmm", a, 2, b, 2, "(m, k) and (k, n)");
  Scope scope(x.site);
  return add_scaled("addmm", x, matmul(a, b), beta, alpha);
}

Tensor baddbmm(const Arg& x, const Arg& a, const Arg& b, double beta, double alpha) {
  check_ranks("baddbmm", a, 3, b, 3, "(batch, m, k) and (batch, k, n)");
  Scope scope(x.site);
  return add_scaled("baddbmm", x, bmm(a, b), beta, alpha);
}

}  // namespace xtape
