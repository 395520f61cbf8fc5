// Linear algebra beyond gradients: bits, special matrices, NaN, and what errors say.
#include <cmath>
#include <limits>

#include "grad_table.hpp"
#include "support.hpp"

using namespace grad_table;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
const double not_a_number = std::nan("");

// What has f(i, j) at row i and column j.
template <class F>
Tensor from_indices(std::int64_t m, std::int64_t n, Dtype dtype, F f) {
  std::vector<double> v;
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) v.push_back(f(i, j));
  return tensor(v, {m, n}).to(dtype);
}
Tensor identity(std::int64_t n, Dtype dtype) { return eye(n, n, dtype); }
std::int64_t rows(const Tensor& x) { return x.shape()[x.rank() - 2]; }
std::int64_t columns(const Tensor& x) { return x.shape()[x.rank() - 1]; }

Tensor sturdy(const Tensor& x) { return x + 5 * identity(rows(x), x.dtype()); }
Tensor definite(const Tensor& x) { return matmul(x, x, false, true) + identity(rows(x), x.dtype()); }
Tensor row_of(const Tensor& v) { return unsqueeze(v, -2); }

bool is_all_nan(const Tensor& x) {
  for (double v : x.to_vector<double>())
    if (!std::isnan(v)) return false;
  return x.size() > 0;
}
bool has_nan(const Tensor& x) {
  for (double v : x.to_vector<double>())
    if (std::isnan(v)) return true;
  return false;
}
bool near(const Tensor& a, const Tensor& b) { return allclose(a, b, 1e-10, 1e-10); }

}  // namespace

TEST_CASE("batched products have the bits of single ones and of any number of threads") {
  const Tensor a = real({6, 40, 30}).to(float32), b = real({6, 30, 20}).to(float32);
  const Tensor all = matmul(a, b);
  for (int i = 0; i < 6; ++i) CHECK(all[i].to_vector<float>() == matmul(a[i], b[i]).to_vector<float>());
  CHECK(matmul(reshape(a, {2, 3, 40, 30}), reshape(b, {2, 3, 30, 20})).to_vector<float>() == all.to_vector<float>());

  const Tensor big = real({3, 300, 200}), row = real({1, 4, 30, 40}), column = real({50, 1, 40, 30}), v = real({200});
  const Tensor s = definite(real({20, 12, 12})), points = real({2, 60, 3});
  check_same_bits([&] {
    Tensors all{matmul(big, big, true), matmul(big[0], v), matmul(v, big[0], false, true)};
    const Tensors x{row.requires_grad(), column.requires_grad()};
    for (const Tensor& g : grad(sum(square(matmul(x[0], x[1]))), x)) all.push_back(g);
    for (const Tensor& t :
         {cholesky(s), inverse(s), solve(s, s), det(s), svd(s).u, eigh(s).eigenvectors, qr(s).q, matrix_exp(s * 0.01)})
      all.push_back(t);
    for (CdistMode mode : {CdistMode::exact, CdistMode::by_matmul}) {
      const Tensor p = points.requires_grad();
      all.push_back(grad(sum(square(cdist(p, points * 0.5, 2, mode))), p));
    }
    return all;
  });
}

TEST_CASE("products of several shapes are those of their definition") {
  // Every product against sums over broadcast factors.
  auto check = [](const Shape& p, const Shape& q) {
    const Tensor a = real(p), b = real(q);
    CHECK(near(matmul(a, b), sum(unsqueeze(a, -1) * unsqueeze(b, -3), -2)));
    CHECK(near(matmul(transpose(a), transpose(b), true, true), matmul(a, b)));
  };
  check({3, 4}, {4, 5});
  check({2, 3, 4}, {4, 5});
  check({3, 4}, {2, 4, 5});
  check({2, 1, 3, 4}, {1, 3, 4, 5});
  check({2, 3, 1, 4}, {4, 1});
  CHECK(matmul(zeros({2, 3, 0}), zeros({2, 0, 4})).to_vector<float>() == std::vector<float>(24, 0));
  CHECK(matmul(zeros({5, 0, 2, 3}), zeros({3, 1})).shape() == Shape{5, 0, 2, 1});
  CHECK(allclose(cross(tensor({1., 0., 0.}), tensor({0., 1., 0.})), tensor({0., 0., 1.})));
  CHECK(kron(tensor({{1, 2}}), tensor({{1}, {10}})).to_vector<std::int64_t>() ==
        std::vector<std::int64_t>{1, 2, 10, 20});
  CHECK(trace(tensor({{1, 2}, {3, 4}})).item<std::int64_t>() == 5);
  // beta = 0 does not read x.
  const Tensor x = full({2, 2}, not_a_number).requires_grad();
  const Tensor y = addmm(x, ones({2, 3}), ones({3, 2}), 0);
  CHECK(y.to_vector<double>() == std::vector<double>(4, 3));
  CHECK(grad(sum(y), x).to_vector<double>() == std::vector<double>(4, 0));
  CHECK(is_all_nan(addmm(x, ones({2, 3}), ones({3, 2}))));
  CHECK(has_nan(matmul(full({2, 2}, not_a_number), ones({2, 2}))));
  CHECK(has_nan(matmul(full({3, 2, 2}, not_a_number), zeros({3, 2, 2}))));
  CHECK(is_all_nan(dot(full({3}, not_a_number), zeros({3}))));
}

TEST_CASE("multi_dot takes the order of least work") {
  const Tensors chain{real({30, 2}), real({2, 40}), real({40, 1}), real({1, 3})};
  CHECK(near(multi_dot(chain), matmul(matmul(matmul(chain[0], chain[1]), chain[2]), chain[3])));
  CHECK(multi_dot({chain[0]}).shape() == Shape{30, 2});
  CHECK(multi_dot({real({3}), real({3})}).shape() == Shape{});
}

TEST_CASE("decompositions put together are the matrix") {
  for (const Shape& shape :
       {Shape{4, 4}, Shape{2, 5, 3}, Shape{3, 2, 6}, Shape{1, 1}, Shape{40, 70}, Shape{0, 3}, Shape{2, 3, 0}}) {
    CAPTURE(shape);
    const Tensor a = real(shape);
    const std::int64_t k = std::min(rows(a), columns(a));
    const QR f = qr(a);
    CHECK(near(matmul(f.q, f.r), a));
    CHECK(near(matmul(f.q, f.q, true), matmul(f.q, f.q, true) * 0 + identity(k, float64)));
    const SVD d = svd(a);
    CHECK(near(matmul(d.u * row_of(d.s), d.vh), a));
    CHECK(near(matmul(d.u, d.u, true), matmul(d.u, d.u, true) * 0 + identity(k, float64)));
    CHECK(near(matmul(d.vh, d.vh, false, true), matmul(d.vh, d.vh, false, true) * 0 + identity(k, float64)));
    CHECK(near(svdvals(a), d.s));
    const Tensor p = pinv(a);
    CHECK(near(matmul(matmul(a, p), a), a));
    CHECK(near(matmul(matmul(p, a), p), p));
    const Tensor s = definite(a), l = cholesky(s);
    CHECK(near(matmul(l, l, false, true), s));
    CHECK(near(transpose(l), cholesky(s, true)));
    const Eigh e = eigh(s);
    CHECK(near(matmul(e.eigenvectors * row_of(e.eigenvalues), e.eigenvectors, false, true), s));
    CHECK(near(eigvalsh(s), e.eigenvalues));
    CHECK(near(matmul(inverse(s), s), s * 0 + identity(rows(s), float64)));
    CHECK(near(matmul(s, solve(s, a)), a));
    CHECK(near(cholesky_solve(a, l), solve(s, a)));
    CHECK(near(slogdet(s).logabsdet, log(det(s))));
  }
}

TEST_CASE("of symmetric matrices one triangle is read") {
  const Tensor s = definite(real({4, 4}));
  const Tensor spoilt = where(tensor({{false, true, true, true},
                                      {false, false, true, true},
                                      {false, false, false, true},
                                      {false, false, false, false}}),
                              not_a_number, s);
  CHECK(cholesky(spoilt).to_vector<double>() == cholesky(s).to_vector<double>());
  CHECK(eigh(spoilt).eigenvectors.to_vector<double>() == eigh(s).eigenvectors.to_vector<double>());
  CHECK(eigvalsh(spoilt).to_vector<double>() == eigvalsh(s).to_vector<double>());
  CHECK(triangular_solve(spoilt, s).to_vector<double>() == triangular_solve(s, s).to_vector<double>());
}

TEST_CASE("the gradient of a determinant is right at singular matrices") {
  auto gradient = [](const Tensor& a) {
    const Tensor x = a.to(float64).requires_grad();
    return grad(sum(det(x)), x);
  };
  CHECK(near(gradient(tensor({{1., 2.}, {2., 4.}})), tensor({{4., -2.}, {-2., 1.}}, float64)));
  CHECK(near(gradient(tensor({{0., 0.}, {0., 0.}})), zeros({2, 2}, float64)));
  CHECK(near(gradient(tensor({{0., 1.}, {1., 0.}})), tensor({{0., -1.}, {-1., 0.}}, float64)));
  CHECK(near(gradient(ones({4, 4})), zeros({4, 4}, float64)));
  // Rank 2 of 3: the cofactors, each a difference of products.
  const Tensor a = matmul(real({3, 2}), real({2, 3}));
  const auto v = a.to_vector<double>(), g = gradient(a).to_vector<double>();
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j) {
      auto at = [&](std::size_t r, std::size_t c) { return v[(i + r) % 3 * 3 + (j + c) % 3]; };
      CHECK(g[i * 3 + j] == doctest::Approx(at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1)));
    }
  CHECK(gradient(zeros({1, 1})).item() == 1);
  CHECK(slogdet(ones({2, 2})).sign.item() == 0);
  CHECK(slogdet(ones({2, 2})).logabsdet.item() == -inf);
  CHECK(slogdet(1e30 * identity(100, float64)).logabsdet.item() == doctest::Approx(3000 * std::log(10.)));
  CHECK(slogdet(-1 * identity(3, float64)).sign.item() == -1);
}

TEST_CASE("no gradient flows between equal eigenvalues or singular values") {
  const Tensor x = identity(3, float64).requires_grad();
  CHECK(near(grad(sum(square(eigvalsh(x))), x), 2 * identity(3, float64)));
  CHECK(near(grad(sum(square(svdvals(x))), x), 2 * identity(3, float64)));
  const Tensor z = zeros({3, 2}, float64).requires_grad();
  CHECK(!has_nan(grad(sum(svdvals(z)), z)));
  CHECK(!has_nan(grad(sum(eigh(x).eigenvectors), x)));
}

TEST_CASE("equations with vectors and broadcast batches") {
  const Tensor a = sturdy(real({2, 3, 3}));
  CHECK(solve(a, real({3})).shape() == Shape{2, 3});
  CHECK(solve(a, real({2, 3})).shape() == Shape{2, 3});
  CHECK(solve(a, real({3, 4})).shape() == Shape{2, 3, 4});
  CHECK(solve(a, real({5, 1, 3, 2})).shape() == Shape{5, 2, 3, 2});
  CHECK(lstsq(real({2, 5, 3}), real({2, 5})).shape() == Shape{2, 3});
  const Tensor b = real({6, 2}), tall = real({6, 3});
  CHECK(near(matmul(tall, matmul(tall, lstsq(tall, b)) - b, true), zeros({3, 2}, float64)));
  const Tensor wide = real({2, 5}), c = real({2});
  CHECK(near(matmul(wide, lstsq(wide, c)), c));
  CHECK(near(lstsq(wide, c), matmul(pinv(wide), c)));
  // The third derivative of 1 / x.
  Tensor x = tensor({{2.}}, float64).requires_grad(), y = solve(x, tensor({1.}, float64));
  for (int order = 0; order < 3; ++order) y = grad(sum(y), x, create_graph);
  CHECK(y.item() == doctest::Approx(-6. / 16));
}

TEST_CASE("functions of matrices at special matrices") {
  CHECK(near(matrix_exp(zeros({3, 3}, float64)), identity(3, float64)));
  CHECK(near(matrix_exp(tensor({{0., 1.}, {0., 0.}}, float64)), tensor({{1., 1.}, {0., 1.}}, float64)));
  for (double scale : {1e-3, 0.1, 0.5, 3., 50.})  // every degree, and squarings
    for (Dtype dtype : {float32, float64}) {
      CAPTURE(scale);
      const Tensor a = tensor({{0., 1.}, {-1., 0.}}).to(dtype) * scale;
      const double tolerance = dtype == float32 ? 3e-5 : 1e-12;
      const double c = std::cos(scale), d = std::sin(scale);
      CHECK(allclose(matrix_exp(a).to(float64), tensor({{c, d}, {-d, c}}, float64), tolerance, tolerance));
    }
  const Tensor a = sturdy(real({2, 3, 3}));
  CHECK(near(matrix_power(a, 3), matmul(a, matmul(a, a))));
  CHECK(near(matrix_power(a, -2), inverse(matmul(a, a))));
  const Tensor x = a.requires_grad();
  CHECK(grad(sum(matrix_power(x, 0)), x).to_vector<double>() == std::vector<double>(18, 0));
  CHECK(matrix_rank(tensor({{1., 2.}, {2., 4.}})).item<std::int64_t>() == 1);
  CHECK(matrix_rank(zeros({2, 3, 4})).to_vector<std::int64_t>() == std::vector<std::int64_t>{0, 0});
  CHECK(matrix_rank(zeros({2, 0, 4})).to_vector<std::int64_t>() == std::vector<std::int64_t>{0, 0});
  CHECK(matrix_rank(identity(3, float64) * tensor({1., 0.1, 0.01}, float64), 0.05).item<std::int64_t>() == 2);
  CHECK(pinv(zeros({2, 3})).to_vector<float>() == std::vector<float>(6, 0));
  CHECK(inverse(tensor({{2, 0}, {0, 4}})).dtype() == float32);
  CHECK(det(tensor({{2, 0}, {0, 4}})).item() == doctest::Approx(8));
  CHECK(det(zeros({2, 0, 0})).to_vector<float>() == std::vector<float>{1, 1});
}

TEST_CASE("distances of equal and of far points") {
  const Tensor a = tensor({{1., 2.}, {1., 2.}, {4., 6.}}, float64).requires_grad();
  for (double p : {0.5, 1., 2., 3., inf}) {
    CAPTURE(p);
    const Tensor d = cdist(a, a.detach()[0] * ones({1, 2}, float64), p);
    CHECK(d.to_vector<double>()[0] == 0);
    const auto g = grad(sum(d), a).to_vector<double>();
    for (std::size_t i = 0; i < 4; ++i) CHECK(g[i] == 0);
    CHECK(g[5] > 0);
  }
  CHECK(cdist(a, a, 0).to_vector<double>() == std::vector<double>{0, 0, 2, 0, 0, 2, 2, 2, 0});
  CHECK(grad(sum(cdist(a, 2 * a, 0)), a).to_vector<double>() == std::vector<double>(6, 0));
  CHECK(cdist(a, a).to_vector<double>()[2] == 5);
  CHECK(cdist(zeros({2, 0}), zeros({3, 0})).to_vector<float>() == std::vector<float>(6, 0));
  const Tensor many = real({30, 5}), others = real({4, 30, 5});
  CHECK(allclose(cdist(many, others), cdist(many, others, 2, CdistMode::exact), 1e-9, 1e-7));
  CHECK(
      near(cdist(many, others, 2, CdistMode::exact), sqrt(sum(square(unsqueeze(many, 1) - unsqueeze(others, 1)), -1))));
  for (double p : {1., 2., 3., inf}) CHECK(is_all_nan(cdist(full({1, 2}, not_a_number), ones({40, 2}), p)));
  CHECK(is_all_nan(cdist(full({1, 2}, not_a_number), ones({4, 2}))));
}

TEST_CASE("matrices with NaN give NaN") {
  for (Dtype dtype : {float32, float64}) {
    const Tensor bad = from_indices(3, 3, dtype, [](auto i, auto j) {
      return i == 1 && j == 1 ? not_a_number : i == j ? 2. : 0.5;
    });
    CHECK(is_all_nan(svdvals(bad)));
    CHECK(is_all_nan(svd(bad).u));
    CHECK(is_all_nan(svd(bad).vh));
    CHECK(is_all_nan(eigvalsh(bad)));
    CHECK(is_all_nan(eigh(bad).eigenvectors));
    CHECK(is_all_nan(pinv(bad)));
    CHECK(is_all_nan(det(bad)));
    CHECK(is_all_nan(matrix_exp(bad)));
    for (const Tensor& t : {cholesky(bad), qr(bad).q, qr(bad).r, inverse(bad), solve(bad, bad), slogdet(bad).logabsdet,
                            triangular_solve(bad, bad), matrix_power(bad, 2), lstsq(bad, bad)})
      CHECK(has_nan(t));
    const Tensor all = full({2, 3, 3}, not_a_number, dtype);
    for (const Tensor& t :
         {cholesky(all), qr(all).q, inverse(all), solve(all, all), det(all), svd(all).s, eigh(all).eigenvalues})
      CHECK(has_nan(t));
    const Tensor infinite = full({3, 3}, inf, dtype);
    for (const Tensor& t :
         {svdvals(infinite), eigvalsh(infinite), matrix_exp(infinite), cholesky(infinite), inverse(infinite)})
      CHECK(has_nan(t));
    CHECK(matrix_rank(bad).item<std::int64_t>() == 0);
    const Tensor x = bad.requires_grad();
    CHECK(has_nan(grad(sum(eigh(x).eigenvectors), x)));
    CHECK(has_nan(grad(sum(svd(x).u), x)));
  }
}

TEST_CASE("singular matrices are named") {
  const Tensor good = identity(2, float64), bad = tensor({{1., 2.}, {2., 4.}}, float64);
  const Tensor batch = stack({good, good, bad, good, bad});
  const std::string singular = message([&] { solve(batch, good); });
  CHECK(singular == "solve: matrix 2 of (5, 2, 2) is singular [at " __FILE__ ":" + std::to_string(__LINE__ - 1) + "]");
  CHECK(message([&] { solve(bad, ones({3, 2, 2}, float64)); }).find("solve: the matrix (2, 2) is singular") == 0);
  CHECK(message([&] { inverse(batch); }).find("inverse: matrix 2 of (5, 2, 2) is singular [at " __FILE__ ":") == 0);
  CHECK(message([&] {
          matrix_power(batch, -1);
        }).find("inverse: matrix 2 of (5, 2, 2) is singular [at " __FILE__ ":") == 0);
  CHECK(message([&] {
          cholesky(stack({good, -1 * good}));
        }).find("cholesky: matrix 1 of (2, 2, 2) is not positive definite: its leading 1 x 1 block is not") == 0);
  CHECK(message([&] {
          triangular_solve(stack({good, tensor({{1., 0.}, {5., 0.}}, float64)}), good);
        }).find("triangular_solve: matrix 1 of (2, 2, 2) is singular: element 1 of its diagonal is 0") == 0);
  CHECK(message([&] { lstsq(zeros({3, 2}), ones({3})); }).find("triangular_solve: the matrix (2, 2) is singular") == 0);
  CHECK_NOTHROW(triangular_solve(zeros({2, 2}), ones({2}), TriangularOptions().unitriangular()));
}

TEST_CASE("linear algebra says what does not fit") {
  const Tensor m = ones({2, 3}), v = ones({3}), s = ones({3, 3}), d = ones({2, 3}, float64),
               k = tensor({{1, 2}, {3, 4}});
  const std::vector<std::pair<std::function<void()>, std::string>> cases = {
      {[&] { matmul(m, tensor(1.)); }, "matmul: expected matrices or vectors, got (2, 3) x ()"},
      {[&] { matmul(v, m, true); }, "matmul: expected matrices or vectors, got (3,) transposed x (2, 3)"},
      {[&] { matmul(m, v, false, true); }, "matmul: expected matrices or vectors, got (2, 3) x (3,) transposed"},
      {[&] { matmul(m, m); }, "matmul: the inner sizes of (2, 3) x (2, 3) differ: 3 and 2"},
      {[&] {
         matmul(ones({2, 3, 4}), ones({3, 4, 2}));
       },
       "matmul: the batches of (2, 3, 4) x (3, 4, 2) do not broadcast"},
      {[&] { matmul(m, d); },
       "matmul: both operands must be float32 or both float64, not float32(2, 3) and float64(2, 3)"},
      {[&] { matmul(Tensor(), m); }, "matmul: the tensor is undefined"},
      {[&] { linear(m, m, m); }, "linear: input (2, 3), weight (2, 3) and bias (2, 3) do not fit"},
      {[&] {
         linear(m, ones({4, 2}));
       },
       "linear: input (2, 3) and weight (4, 2) do not fit: expected (..., in) and (out, in)"},
      {[&] { bmm(m, m); }, "bmm: (2, 3) and (2, 3) do not fit: expected (batch, m, k) and (batch, k, n)"},
      {[&] {
         bmm(ones({1, 2, 3}), ones({2, 3, 2}));
       },
       "bmm: (1, 2, 3) and (2, 3, 2) do not fit"},
      {[&] { mv(m, m); }, "mv: (2, 3) and (2, 3) do not fit: expected (m, k) and (k,)"},
      {[&] { mv(m, ones({2})); }, "mv: (2, 3) and (2,) do not fit"},
      {[&] { dot(m, m); }, "dot: (2, 3) and (2, 3) do not fit: expected two vectors of one size"},
      {[&] { dot(v, ones({2})); }, "dot: (3,) and (2,) do not fit"},
      {[&] { outer(m, v); }, "outer: (2, 3) and (3,) do not fit: expected two vectors"},
      {[&] { cross(ones({2}), ones({2})); }, "cross: axis 0 of (2,) and (2,) must have 3 elements"},
      {[&] { cross(v, v, 1); }, "cross: there is no axis 1"},
      {[&] { addmm(m, m, m); }, "matmul: the inner sizes of (2, 3) x (2, 3) differ"},
      {[&] { addmm(m, v, m); }, "addmm: (3,) and (2, 3) do not fit: expected (m, k) and (k, n)"},
      {[&] {
         addmm(ones({4, 2, 2}), m, ones({3, 2}));
       },
       "addmm: x (4, 2, 2) does not broadcast to the product (2, 2)"},
      {[&] {
         addmm(d, m, ones({3, 2}));
       },
       "addmm: x is float64(2, 3), the product float32(2, 2)"},
      {[&] { baddbmm(m, m, m); }, "baddbmm: (2, 3) and (2, 3) do not fit: expected (batch, m, k) and (batch, k, n)"},
      {[&] {
         kron(ones({1, 1, 1, 1, 1}), m);
       },
       "kron: operands of more than 4 axes: (1, 1, 1, 1, 1) and (2, 3)"},
      {[&] { trace(v); }, "trace: expected a matrix, got (3,)"},
      {[&] { multi_dot({}); }, "multi_dot: expected at least one tensor"},
      {[&] {
         multi_dot({m, v, m});
       },
       "multi_dot: tensor 1 is (3,); expected matrices, or a vector at either end"},
      {[&] {
         multi_dot({m, Tensor()});
       },
       "multi_dot: tensor 1 is undefined"},
      {[&] {
         multi_dot({m, m});
       },
       "matmul: the inner sizes"},
      {[&] { einsum("ij,jk->ik", {m}); }, "einsum: \"ij,jk->ik\": names 2 operands, but there are 1"},
      {[&] {
         einsum("ij,jk->ik", {m, m});
       },
       "einsum: \"ij,jk->ik\": 'j' has sizes 3 and 2"},
      {[&] { einsum("ij->ik", {m}); }, "einsum: \"ij->ik\": the result has 'k', which no operand has"},
      {[&] { einsum("ij->ii", {m}); }, "einsum: \"ij->ii\": the result has 'i' twice"},
      {[&] { einsum("ii", {m}); }, "einsum: \"ii\": the axes 'i' of one operand (2, 3) have sizes 2 and 3"},
      {[&] { einsum("i", {m}); }, "einsum: \"i\": operand 0 has shape (2, 3), but 1 axes are named"},
      {[&] { einsum("ijk...", {m}); },
       "einsum: \"ijk...\": operand 0 has shape (2, 3), but 3 axes besides \"...\" are named"},
      {[&] { einsum("i...->i", {m}); }, "einsum: \"i...->i\": the result must have \"...\" too"},
      {[&] { einsum("...i...", {m}); }, "einsum: \"...i...\": an operand has \"...\" twice"},
      {[&] { einsum("i1", {m}); }, "einsum: \"i1\": did not expect '1' at 1"},
      {[&] { einsum("ij->i->j", {m}); }, "einsum: \"ij->i->j\": did not expect '-' at 5"},
      {[&] { einsum("i..j", {m}); }, "einsum: \"i..j\": did not expect '.' at 1"},
      {[&] {
         einsum("ij,ij", {m, d});
       },
       "einsum: \"ij,ij\": the operands have different dtypes"},
      {[&] { einsum("ij", {Tensor()}); }, "einsum: \"ij\": operand 0 is undefined"},
      {[&] {
         tensordot(m, ones({2, 2}));
       },
       "tensordot: axis 1 of (2, 3) and axis 1 of (2, 2) differ in size"},
      {[&] { tensordot(m, m, 3); }, "tensordot: (2, 3) and (2, 3) have no 3 axes each to sum over"},
      {[&] {
         tensordot(m, m, {0, 0}, {0, 1});
       },
       "tensordot: an axis is named twice"},
      {[&] {
         tensordot(m, m, {0, 1}, {0});
       },
       "tensordot: as many axes of a as of b are expected, not 2 and 1"},
      {[&] { tensordot(m, m, {0}, {1}); }, "tensordot: axis 0 of (2, 3) and axis 1 of (2, 3) differ in size"},
      {[&] {
         cdist(m, ones({2, 2}));
       },
       "cdist: (2, 3) and (2, 2) do not fit: expected (..., m, d) and (..., n, d)"},
      {[&] { cdist(m, m, -1); }, "cdist: p must be at least 0, not -1"},
      {[&] { cdist(m, m, not_a_number); }, "cdist: p must be at least 0, not nan"},
      {[&] { cdist(m, m, 1, CdistMode::by_matmul); }, "cdist: only p = 2 goes by a matrix product, not 1"},
      {[&] { solve(m, m); }, "solve: expected square matrices (..., n, n), got (2, 3)"},
      {[&] { solve(s, m); },
       "solve: matrices (3, 3) and right side (2, 3) do not fit: expected (..., n, n) and (..., n, r) or (..., n)"},
      {[&] {
         solve(ones({2, 3, 3}), ones({4, 3, 3}));
       },
       "solve: "},
      {[&] { solve(s, tensor(1.)); }, "solve: matrices (3, 3) and right side () do not fit"},
      {[&] { triangular_solve(m, m); }, "triangular_solve: expected square matrices"},
      {[&] { cholesky_solve(v, m); }, "cholesky_solve: expected square matrices"},
      {[&] { lstsq(m, v); },
       "lstsq: matrices (2, 3) and right side (3,) do not fit: expected (..., m, n) and (..., m, r) or (..., m)"},
      {[&] { inverse(m); }, "inverse: expected square matrices (..., n, n), got (2, 3)"},
      {[&] { inverse(v); }, "inverse: expected square matrices (..., n, n), got (3,)"},
      {[&] { inverse(2.); }, "inverse: expected a tensor, not a number"},
      {[&] { det(m); }, "det: expected square matrices"},
      {[&] { slogdet(m); }, "slogdet: expected square matrices"},
      {[&] { matrix_power(m, 2); }, "matrix_power: expected square matrices"},
      {[&] { matrix_exp(m); }, "matrix_exp: expected square matrices"},
      {[&] { pinv(v); }, "pinv: expected matrices (..., m, n), got (3,)"},
      {[&] { matrix_rank(v); }, "matrix_rank: expected matrices"},
      {[&] { cholesky(m); }, "cholesky: expected square matrices"},
      {[&] { qr(v); }, "qr: expected matrices"},
      {[&] { svd(v); }, "svd: expected matrices"},
      {[&] { svdvals(v); }, "svdvals: expected matrices"},
      {[&] { eigh(m); }, "eigh: expected square matrices"},
      {[&] { eigvalsh(m); }, "eigvalsh: expected square matrices"},
      {[&] {
         svdvals(zeros({20000, 0}));
       },
       "svdvals: LAPACK takes no matrices of 20000 rows or columns"},
  };
  for (const auto& entry : cases) {
    const std::string text = message(entry.first), expected = entry.second;
    CAPTURE(expected);
    CAPTURE(text);
    CHECK(text.find(expected) == 0);
    CHECK(text.find("[at " __FILE__ ":") != std::string::npos);
  }
}
