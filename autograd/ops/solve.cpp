#include "solve.hpp"

#include "decomposition.hpp"
#include "detail/matrix_batch.hpp"
#include "elementwise.hpp"
#include "linalg.hpp"
#include "shape.hpp"

namespace xtape {
using namespace detail;

namespace {

// The right side as matrices, with the batches of both brought to one, and what is to be undone afterwards.
struct Equations {
  Tensor a, b;
  bool vectors;
};
Equations equations(const char* op, const Arg& a, const Arg& b, bool square) {
  check_defined(op, a);
  check_defined(op, b);
  auto [p, q] = promote(op, a, b, true);
  check_matrices(op, Arg(p, a.site), square);
  const Shape &from = p.shape(), &to = q.shape();
  const Matrices all(from);
  const bool vectors = to.rank() == 1 || to == without_last(from, 1);
  const int rows = to.rank() - (vectors ? 1 : 2);
  if (rows < 0 || to[rows] != all.m)
    fail(op,
         "matrices " + to_string(from) + " and right side " + to_string(to) + " do not fit: expected " +
             (square ? "(..., n, n) and (..., n, r) or (..., n)" : "(..., m, n) and (..., m, r) or (..., m)"),
         a.site);
  if (vectors) q = reshape(q, with_axes(to, {1}));
  const Matrices right(q.shape());
  const Shape batch = broadcast_shape(op, all.batch, right.batch, a.site);
  if (batch != right.batch) q = broadcast_to(q, with_axes(batch, {right.m, right.n}));
  return {p, q, vectors};
}
Tensor solution(const Equations& e, const Tensor& x) { return e.vectors ? reshape(x, without_last(x.shape(), 1)) : x; }

// Which matrix of `from` belongs to matrix i of `to`, to which its batch broadcasts.
std::vector<std::int64_t> sources(const Shape& from, const Shape& to) {
  std::vector<std::int64_t> list{0};
  std::int64_t step = 1;
  for (int axis = 1; axis <= to.rank(); ++axis) {
    const std::int64_t n = to[to.rank() - axis], here = axis <= from.rank() ? from[from.rank() - axis] : 1;
    const std::size_t size = list.size();
    for (std::int64_t i = 1; i < n; ++i)
      for (std::size_t j = 0; j < size; ++j) list.push_back(list[j] + (here == 1 ? 0 : i * step));
    if (n == 0) list.clear();
    step *= here;
  }
  return list;
}

// kernel(matrix of a, r, matrix of y) for every matrix of y, a copy of b.
template <class Kernel>
Ref<Array> solve_batch(const Array& a, const Array& b, const Kernel& kernel, Failure& failure) {
  const Matrices left(a.shape), right(b.shape);
  Ref<Array> y = copy_of(b);
  const auto from = sources(left.batch, right.batch);
  visit_floating(a.dtype, [&](auto t) {
    using T = decltype(t);
    const double work = static_cast<double>(right.m) * static_cast<double>(right.m) * static_cast<double>(right.n);
    failure = for_matrices(right.count, work, [&](std::int64_t i) {
      const std::int64_t k = from[static_cast<std::size_t>(i)];
      return kernel(a.at<T>() + k * left.m * left.n, right.n, y->at<T>() + i * right.m * right.n);
    });
    if (failure.info) failure.matrix = from[static_cast<std::size_t>(failure.matrix)];
  });
  return y;
}

// The LU factors and pivots of each matrix: (..., n, n) -> (..., n + 1, n). Only for who computes with them.
Tensor lu_factors(const char* op, const Arg& a) {
  auto forward = [op, site = user_site(a.site)](const Array& a) {
    const Matrices all(a.shape);
    const std::int64_t n = all.n, size = n * n, room = size + n;
    Ref<Array> y = make_array(a.dtype, with_axes(all.batch, {n + 1, n}));
    visit_floating(a.dtype, [&](auto t) {
      using T = decltype(t);
      const Failure failure = for_matrices(all.count, cube(n), [&](std::int64_t i) {
        std::copy_n(a.at<T>() + i * size, size, y->at<T>() + i * room);
        return lapack::lu(n, y->at<T>() + i * room);
      });
      if (failure.info) fail(op, which(failure.matrix, a.shape) + " is singular", site);
    });
    return y;
  };
  return execute("lu_factors", {&a}, forward, no_gradient);
}

Tensor solve_factored(const Tensor& a, const Tensor& b, const Tensor& factors, bool transpose, Site site);

// op(A)^-1 B from A's factors: both gradients come from one more solution.
struct Solve final : ListOperation {
  Solve(Site site, bool transpose) : ListOperation("solve", site, 3), transpose(transpose) {}

  Ref<Array> run(const Array* const* x) const override {
    Failure failure;
    return solve_batch(
        *x[2], *x[1],
        [n = x[0]->shape[x[0]->shape.rank() - 1], t = transpose](auto* lu, std::int64_t r, auto* b) {
          lapack::lu_solve(n, r, t, lu, b);
          return 0;
        },
        failure);
  }
  Ref<Operation> twin() const override { return make_node<Solve>(site, transpose); }
  bool reads(std::uint32_t i, std::uint32_t value) const override {
    return i < 2 && (value == 0 || value == 2 || (i == 0 && value == input_count));
  }
  std::string attributes() const override { return attribute_list("transpose", transpose); }
  void backward(const Tensor& g, Engine& engine) override {
    const Tensor to_b = solve_factored(saved(0, engine), g, saved(2, engine), !transpose, site);
    if (engine.wants(inputs[0].get())) {
      const Tensor x = saved(3, engine);
      engine.accumulate(*this, 0, -(transpose ? matmul(x, to_b, false, true) : matmul(to_b, x, false, true)));
    }
    if (engine.wants(inputs[1].get())) engine.accumulate(*this, 1, to_b);
  }

  bool transpose;
};

Tensor solve_factored(const Tensor& a, const Tensor& b, const Tensor& factors, bool transpose, Site site) {
  return execute_list(make_node<Solve>(site, transpose), {a, b, factors});
}

// The same for a triangular A.
struct TriangularSolve final : ListOperation {
  TriangularSolve(Site site, const TriangularOptions& options)
      : ListOperation("triangular_solve", site, 2), options(options) {}

  Ref<Array> run(const Array* const* x) const override {
    Failure failure;
    auto kernel = [n = x[0]->shape[x[0]->shape.rank() - 1], o = options](auto* a, std::int64_t r, auto* b) {
      return lapack::triangular_solve(n, r, o.upper_, o.transpose_, o.unitriangular_, a, b);
    };
    Ref<Array> y = solve_batch(*x[0], *x[1], kernel, failure);
    if (failure.info)
      fail(op,
           which(failure.matrix, x[0]->shape) + " is singular: element " + std::to_string(failure.info - 1) +
               " of its diagonal is 0",
           site);
    return y;
  }
  Ref<Operation> twin() const override { return make_node<TriangularSolve>(site, options); }
  bool reads(std::uint32_t i, std::uint32_t value) const override {
    return value == 0 || (i == 0 && value == input_count);
  }
  std::string attributes() const override {
    return attribute_list("upper", options.upper_, "transpose", options.transpose_, "unitriangular",
                          options.unitriangular_);
  }
  void backward(const Tensor& g, Engine& engine) override {
    TriangularOptions adjoint = options;
    const Tensor to_b = triangular_solve(saved(0, engine), g, adjoint.transpose(!options.transpose_));
    if (engine.wants(inputs[0].get())) {
      const Tensor x = saved(2, engine);
      const Tensor to_a = -(options.transpose_ ? matmul(x, to_b, false, true) : matmul(to_b, x, false, true));
      engine.accumulate(*this, 0, triangle_of(to_a, options.upper_, options.unitriangular_ ? 0 : 1));
    }
    if (engine.wants(inputs[1].get())) engine.accumulate(*this, 1, to_b);
  }

  TriangularOptions options;
};

}  // namespace

Tensor solve(const Arg& a, const Arg& b) {
  Scope scope(a.site);
  const Equations e = equations("solve", a, b, true);
  return solution(e, solve_factored(e.a, e.b, lu_factors("solve", e.a), false, user_site(a.site)));
}

Tensor triangular_solve(const Arg& a, const Arg& b, const TriangularOptions& options) {
  Scope scope(a.site);
  const Equations e = equations("triangular_solve", a, b, true);
  return solution(e, execute_list(make_node<TriangularSolve>(user_site(a.site), options), {e.a, e.b}));
}

Tensor cholesky_solve(const Arg& b, const Arg& factor, bool upper) {
  Scope scope(b.site);
  const Equations e = equations("cholesky_solve", factor, b, true);
  const TriangularOptions first = TriangularOptions().upper(upper).transpose(upper);
  const TriangularOptions second = TriangularOptions().upper(upper).transpose(!upper);
  return solution(e, triangular_solve(e.a, triangular_solve(e.a, e.b, first), second));
}

Tensor inverse(const Arg& a) {
  const Tensor x = check_matrices("inverse", a, true);
  const Arg arg(x, a.site);
  auto forward = [site = user_site(a.site)](const Array& a) {
    Failure failure;
    Ref<Array> y = replace_matrices(
        a, 2, [](std::int64_t n, auto* matrix) { return lapack::invert(n, matrix); }, failure);
    if (failure.info) fail("inverse", which(failure.matrix, a.shape) + " is singular", site);
    return y;
  };
  return execute("inverse", {&arg}, forward, rule<output>([](const Tensor& g, const Tensor& y) {
                   return -matmul(matmul(y, g, true), y, false, true);
                 }));
}

Tensor lstsq(const Arg& a, const Arg& b) {
  Scope scope(a.site);
  const Equations e = equations("lstsq", a, b, false);
  const Matrices all(e.a.shape());
  if (all.m >= all.n) {
    const QR f = qr(e.a);
    return solution(e, triangular_solve(f.r, matmul(f.q, e.b, true), TriangularOptions().upper()));
  }
  const QR f = qr(transpose(e.a));
  return solution(e, matmul(f.q, triangular_solve(f.r, e.b, TriangularOptions().upper().transpose())));
}

}  // namespace xtape
