// Linear algebra: products, sums over named axes, equations, decompositions, functions of matrices, distances.
#include <cmath>
#include <limits>

#include "grad_table.hpp"

using namespace grad_table;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

// What has f(i, j) at row i and column j.
template <class F>
Tensor from_indices(std::int64_t m, std::int64_t n, Dtype dtype, F f) {
  std::vector<double> v;
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) v.push_back(f(i, j));
  return tensor(v, {m, n}).to(dtype);
}
// 1.5 (i + 1) on the diagonal: what is little beside it keeps its eigenvalues and singular values apart.
Tensor ladder(std::int64_t m, std::int64_t n, Dtype dtype) {
  return from_indices(m, n, dtype, [](auto i, auto j) { return i == j ? 1.5 * static_cast<double>(i + 1) : 0.; });
}
std::int64_t rows(const Tensor& x) { return x.shape()[x.rank() - 2]; }
std::int64_t columns(const Tensor& x) { return x.shape()[x.rank() - 1]; }

// Matrices far from singular, symmetric positive definite, symmetric or of any shape with values far apart.
Tensor sturdy(const Tensor& x) { return x + 5 * eye(rows(x), rows(x), x.dtype()); }
Tensor definite(const Tensor& x) { return matmul(x, x, false, true) + eye(rows(x), rows(x), x.dtype()); }
Tensor symmetric(const Tensor& x) { return 0.15 * (x + transpose(x)) + ladder(rows(x), rows(x), x.dtype()); }
Tensor apart(const Tensor& x) { return 0.3 * x + ladder(rows(x), columns(x), x.dtype()); }
Tensor row_of(const Tensor& v) { return unsqueeze(v, -2); }

std::vector<Tensors> shapes(const std::vector<std::vector<Shape>>& lists) {
  std::vector<Tensors> cases;
  for (const auto& list : lists) {
    Tensors inputs;
    for (const Shape& s : list) inputs.push_back(real(s));
    cases.push_back(inputs);
  }
  return cases;
}
const std::vector<std::vector<Shape>> square_matrices = {{{2, 3, 3}}, {{4, 4}},    {{1, 1}},
                                                         {{0, 0}},    {{0, 2, 2}}, {{2, 1, 2, 2}}};
const std::vector<std::vector<Shape>> right_sides = {
    {{2, 3, 3}, {2, 3, 2}}, {{3, 3}, {3}},    {{2, 3, 3}, {3, 1}}, {{3, 3}, {2, 3, 2}}, {{2, 1, 3, 3}, {3, 3, 2}},
    {{2, 3, 3}, {2, 3}},    {{0, 0}, {0, 2}}, {{2, 2}, {2, 0}},    {{1, 1}, {1}}};

// Products that PyTorch's signs of Q, U and V do not show in.
Tensor of_qr(const QR& f) { return matmul(square(f.q), square(f.r)) + matmul(f.q, sin(f.r)); }
Tensor of_svd(const SVD& f) {
  return matmul(square(f.u) * row_of(f.s), square(f.vh)) + matmul(sin(f.u), f.vh * sum(f.s));
}
Tensor of_eigh(const Eigh& f) {
  const Tensor& v = f.eigenvectors;
  return matmul(square(v) * row_of(f.eigenvalues), square(v), false, true) + matmul(sin(v), v, false, true);
}
const TriangularOptions upper = TriangularOptions().upper();

const Table table = {
    {"matmul", [](auto& x) { return matmul(x[0], x[1]); },
     shapes({{{3, 4}, {4, 2}}, {{1, 1}, {1, 1}}, {{3, 0}, {0, 2}}, {{0, 3}, {3, 2}}, {{3, 4}, {4, 1}}})},
    {"matmul of vectors", [](auto& x) { return matmul(x[0], x[1]); },
     shapes(
         {{{4}, {4, 3}}, {{3, 4}, {4}}, {{4}, {4}}, {{4}, {2, 4, 3}}, {{2, 3, 4}, {4}}, {{0}, {0, 2}}, {{2, 0}, {0}}})},
    {"matmul transposing the left", [](auto& x) { return matmul(x[0], x[1], true); },
     shapes({{{4, 3}, {4, 3}},
             {{4, 3}, {4}},
             {{2, 4, 3}, {4}},
             {{2, 4, 3}, {2, 4, 2}},
             {{2, 4, 3}, {4, 2}},
             {{4, 3}, {2, 4, 2}}})},
    {"matmul transposing the right", [](auto& x) { return matmul(x[0], x[1], false, true); },
     shapes({{{3, 4}, {3, 4}},
             {{4}, {3, 4}},
             {{4}, {2, 3, 4}},
             {{2, 3, 4}, {2, 2, 4}},
             {{2, 3, 4}, {2, 4}},
             {{3, 4}, {2, 2, 4}}})},
    {"matmul transposing both", [](auto& x) { return matmul(x[0], x[1], true, true); },
     shapes({{{4, 3}, {3, 4}}, {{2, 4, 3}, {2, 2, 4}}, {{2, 4, 3}, {2, 4}}, {{4, 3}, {2, 2, 4}}})},
    {"matmul with itself", [](auto& x) { return matmul(x[0], x[0], false, true); }, shapes({{{3, 4}}, {{2, 3, 2}}})},
    {"matmul of batches", [](auto& x) { return matmul(x[0], x[1]); },
     shapes({{{2, 3, 4}, {2, 4, 2}},
             {{2, 3, 4}, {4, 2}},
             {{3, 4}, {2, 4, 2}},
             {{2, 1, 3, 4}, {3, 4, 2}},
             {{2, 1, 2, 3}, {1, 2, 3, 2}},
             {{1, 3, 4}, {2, 4, 2}},
             {{2, 3, 1, 2}, {1, 2, 3}},
             {{0, 3, 4}, {4, 2}},
             {{2, 3, 0}, {2, 0, 2}},
             {{1, 0, 2, 3}, {2, 1, 3, 2}}})},
    {"linear", [](auto& x) { return linear(x[0], x[1], x[2]) * x[2]; },
     shapes({{{5, 3}, {4, 3}, {4}}, {{3}, {4, 3}, {4}}, {{0, 3}, {4, 3}, {4}}, {{2, 5, 3}, {4, 3}, {4}}})},
    {"linear without a bias", [](auto& x) { return linear(x[0], x[1]); },
     shapes({{{5, 3}, {4, 3}}, {{3}, {4, 3}}, {{0, 3}, {4, 3}}, {{2, 5, 3}, {4, 3}}})},
    {"bmm", [](auto& x) { return bmm(x[0], x[1]); },
     shapes({{{2, 3, 4}, {2, 4, 2}}, {{0, 3, 4}, {0, 4, 2}}, {{1, 1, 1}, {1, 1, 1}}})},
    {"mv", [](auto& x) { return mv(x[0], x[1]); },
     shapes({{{3, 11}, {11}}, {{1, 1}, {1}}, {{0, 2}, {2}}, {{2, 0}, {0}}})},
    {"dot", [](auto& x) { return dot(x[0], x[1]); }, shapes({{{11}, {11}}, {{1}, {1}}, {{0}, {0}}})},
    {"outer", [](auto& x) { return outer(x[0], x[1]); }, shapes({{{11}, {12}}, {{1}, {1}}, {{0}, {2}}})},
    {"cross", [](auto& x) { return cross(x[0], x[1]); },
     shapes({{{4, 3}, {4, 3}}, {{3}, {3}}, {{3}, {2, 3}}, {{2, 1, 3}, {3, 3}}, {{0, 3}, {0, 3}}})},
    {"cross along the first axis", [](auto& x) { return cross(x[0], x[1], 0); },
     shapes({{{3, 4}, {3, 4}}, {{3, 2, 2}, {3, 1, 2}}, {{3, 0}, {3, 0}}})},
    {"addmm", [](auto& x) { return addmm(x[0], x[1], x[2]) * x[0]; },
     shapes({{{3, 5}, {3, 4}, {4, 5}},
             {{5}, {3, 4}, {4, 5}},
             {{}, {3, 4}, {4, 5}},
             {{2}, {0, 3}, {3, 2}},
             {{1, 1}, {1, 1}, {1, 1}}})},
    {"addmm scaled", [](auto& x) { return addmm(x[0], x[1], x[2], 0.5, -2) * x[0]; },
     shapes({{{3, 5}, {3, 4}, {4, 5}}, {{5}, {3, 4}, {4, 5}}})},
    {"baddbmm", [](auto& x) { return baddbmm(x[0], x[1], x[2], 1.5, 2) * x[0]; },
     shapes({{{2, 3, 2}, {2, 3, 4}, {2, 4, 2}}, {{3, 1}, {2, 3, 4}, {2, 4, 2}}, {{2}, {0, 3, 4}, {0, 4, 2}}})},
    {"kron", [](auto& x) { return kron(x[0], x[1]); },
     shapes({{{3, 4}, {4, 3}}, {{3}, {2, 2}}, {{2, 1, 3}, {2}}, {{}, {3}}, {{0, 2}, {2, 2}}, {{1}, {1}}})},
    {"trace", [](auto& x) { return square(trace(x[0])) + sum(square(x[0])); },
     shapes({{{3, 4}}, {{4, 3}}, {{1, 1}}, {{0, 0}}, {{0, 2}}})},
    {"multi_dot",
     [](auto& x) {
       return multi_dot({x[0], x[1], x[2], x[0]});
     },
     shapes({{{2, 5}, {5, 3}, {3, 2}}, {{5, 1}, {1, 4}, {4, 5}}})},
    {"multi_dot of vectors", [](auto& x) { return multi_dot(x); }, shapes({{{11}, {11, 3}, {3, 12}, {12}}})},

    {"einsum", [](auto& x) { return einsum("ij,jk->ik", x); },
     shapes({{{3, 4}, {4, 5}}, {{0, 2}, {2, 2}}, {{1, 1}, {1, 1}}})},
    {"einsum transposed", [](auto& x) { return einsum("ji,kj->ki", x); }, shapes({{{4, 3}, {5, 4}}, {{2, 0}, {2, 2}}})},
    {"einsum of batches", [](auto& x) { return einsum("bij,bjk->bik", x); },
     shapes({{{2, 3, 2}, {2, 2, 3}}, {{1, 3, 2}, {2, 2, 3}}})},
    {"einsum with scattered axes", [](auto& x) { return einsum("ibj,kjb->kbi", x); }, shapes({{{3, 2, 2}, {3, 2, 2}}})},
    {"einsum with an ellipsis", [](auto& x) { return einsum("...ij, ...jk -> ...ik", x); },
     shapes({{{2, 3, 2}, {2, 2, 3}}, {{3, 1, 2, 3}, {2, 3, 2}}, {{2, 3}, {2, 3, 2}}})},
    {"einsum of a diagonal", [](auto& x) { return square(einsum("ijiki->kj", x)); }, shapes({{{3, 2, 3, 2, 3}}})},
    {"einsum of a trace", [](auto& x) { return square(einsum("bii", x)); }, shapes({{{4, 3, 3}}})},
    {"einsum with axes in alphabetical order", [](auto& x) { return square(einsum("b...a", x)); },
     shapes({{{3, 4}}, {{2, 3, 2}}})},
    {"einsum of products", [](auto& x) { return einsum("ij,ij->ij", x); },
     shapes({{{3, 4}, {3, 4}}, {{3, 1}, {1, 4}}})},
    {"einsum of all pairs", [](auto& x) { return einsum("i,j->ji", x); }, shapes({{{11}, {10}}})},
    {"einsum of sums", [](auto& x) { return einsum("ij,kl->", x); }, shapes({{{3, 4}, {5, 2}}})},
    {"einsum of dots", [](auto& x) { return einsum("bi,bi->b", x); }, shapes({{{3, 4}, {3, 4}}})},
    {"einsum of three", [](auto& x) { return einsum("bi,oij,bj->bo", x); }, shapes({{{3, 4}, {2, 4, 4}, {3, 4}}})},
    {"einsum with itself", [](auto& x) { return einsum("ij,jk,kl->il", {x[0], x[0], x[0]}); }, shapes({{{4, 4}}})},
    {"tensordot", [](auto& x) { return tensordot(x[0], x[1]); },
     shapes({{{2, 3, 4}, {3, 4, 2}}, {{3, 4}, {3, 4}}, {{2, 0, 2}, {0, 2, 2}}})},
    {"tensordot over named axes", [](auto& x) { return tensordot(x[0], x[1], {1, -1}, {0, 1}); },
     shapes({{{2, 3, 4}, {3, 4, 2}}})},
    {"tensordot over no axes", [](auto& x) { return tensordot(x[0], x[1], 0); }, shapes({{{4, 3}, {11}}})},

    {"cdist", [](auto& x) { return cdist(x[0], x[1]); },
     shapes({{{4, 3}, {5, 3}}, {{2, 3, 2}, {4, 2}}, {{1, 1}, {1, 1}}, {{0, 2}, {3, 2}}})},
    {"cdist by a matrix product", [](auto& x) { return cdist(x[0], x[1], 2, CdistMode::by_matmul); },
     shapes({{{4, 3}, {5, 3}}, {{2, 3, 2}, {2, 4, 2}}, {{0, 2}, {3, 2}}})},
    {"cdist in the 1 norm", [](auto& x) { return square(cdist(x[0], x[1], 1)); }, shapes({{{4, 3}, {5, 3}}})},
    {"cdist in the 3 norm", [](auto& x) { return cdist(x[0], x[1], 3); },
     shapes({{{4, 3}, {5, 3}}, {{2, 3, 2}, {2, 1, 2}}})},
    {"cdist in the largest norm", [](auto& x) { return square(cdist(x[0], x[1], inf)); },
     shapes({{{4, 3}, {5, 3}}, {{2, 5, 4}, {2, 6, 4}}})},

    {"solve", [](auto& x) { return solve(sturdy(x[0]), x[1]); }, shapes(right_sides)},
    {"triangular_solve", [](auto& x) { return triangular_solve(sturdy(x[0]), x[1]); }, shapes(right_sides)},
    {"triangular_solve of the upper triangle", [](auto& x) { return triangular_solve(sturdy(x[0]), x[1], upper); },
     shapes(right_sides)},
    {"triangular_solve transposed",
     [](auto& x) { return triangular_solve(sturdy(x[0]), x[1], TriangularOptions().transpose()); },
     shapes(right_sides)},
    {"triangular_solve with a unit diagonal",
     [](auto&
            x) { return triangular_solve(0.3 * x[0], x[1], TriangularOptions().upper().transpose().unitriangular()); },
     shapes({{{5, 5}, {5, 2}}, {{2, 3, 3}, {3}}})},
    {"cholesky_solve", [](auto& x) { return cholesky_solve(x[1], sturdy(x[0])); }, shapes(right_sides)},
    {"cholesky_solve from the upper factor", [](auto& x) { return cholesky_solve(x[1], sturdy(x[0]), true); },
     shapes(right_sides)},
    {"inverse", [](auto& x) { return inverse(sturdy(x[0])); }, shapes(square_matrices)},
    {"lstsq of tall matrices", [](auto& x) { return lstsq(apart(x[0]), x[1]); },
     shapes({{{5, 3}, {5, 2}}, {{2, 3, 2}, {3}}, {{1, 1}, {1}}, {{2, 3, 2}, {2, 3}}})},
    {"lstsq of wide matrices", [](auto& x) { return lstsq(apart(x[0]), x[1]); },
     shapes({{{3, 5}, {3, 4}}, {{2, 2, 3}, {2}}})},
    {"det", [](auto& x) { return det(x[0]); }, shapes(square_matrices)},
    {"slogdet", [](auto& x) { return slogdet(sturdy(x[0])).logabsdet; }, shapes(square_matrices)},
    {"matrix_power", [](auto& x) { return matrix_power(x[0], 5); }, shapes(square_matrices)},
    {"matrix_power below 0", [](auto& x) { return matrix_power(sturdy(x[0]), -3); }, shapes(square_matrices)},
    {"matrix_exp", [](auto& x) { return matrix_exp(x[0]); }, shapes(square_matrices)},
    {"pinv", [](auto& x) { return pinv(apart(x[0])); }, shapes({{{4, 3}}, {{2, 2, 4}}, {{3, 3}}, {{0, 2}}, {{1, 1}}})},
    {"pinv of less than full rank", [](auto& x) { return pinv(matmul(apart(x[0]), apart(x[1])), 1e-4); },
     shapes({{{4, 3}, {3, 5}}})},
    {"cholesky", [](auto& x) { return cholesky(definite(x[0])); }, shapes(square_matrices)},
    {"cholesky to the upper factor", [](auto& x) { return cholesky(definite(x[0]), true); }, shapes(square_matrices)},
    {"qr of tall matrices", [](auto& x) { return of_qr(qr(apart(x[0]))); },
     shapes({{{4, 3}}, {{2, 3, 2}}, {{3, 3}}, {{0, 0}}, {{1, 1}}, {{0, 3, 2}}})},
    {"qr of wide matrices", [](auto& x) { return of_qr(qr(apart(x[0]))); }, shapes({{{3, 5}}, {{2, 2, 3}}, {{0, 2}}})},
    {"svd", [](auto& x) { return of_svd(svd(apart(x[0]))); },
     shapes({{{4, 4}}, {{2, 3, 3}}, {{1, 1}}, {{0, 0}}, {{0, 3, 3}}})},
    {"svd of tall matrices", [](auto& x) { return of_svd(svd(apart(x[0]))); },
     shapes({{{5, 3}}, {{2, 3, 1}}, {{2, 0}}})},
    {"svd of wide matrices", [](auto& x) { return of_svd(svd(apart(x[0]))); }, shapes({{{3, 5}}, {{2, 1, 3}}})},
    {"svdvals", [](auto& x) { return square(svdvals(apart(x[0]))); },
     shapes({{{4, 3}}, {{2, 2, 3}}, {{0, 2}}, {{1, 1}}})},
    {"eigh", [](auto& x) { return of_eigh(eigh(symmetric(x[0]))); }, shapes(square_matrices)},
    {"eigvalsh", [](auto& x) { return square(eigvalsh(symmetric(x[0]))); }, shapes(square_matrices)},
};

const Table values_only = {
    {"matrix_rank", [](auto& x) { return matrix_rank(matmul(x[0], x[1])); }, {}},
    {"slogdet sign", [](auto& x) { return slogdet(x[0]).sign; }, {}},
    {"cdist counting differences", [](auto& x) { return cdist(x[0], x[1], 0); }, {}},
    {"matrix_power of 0", [](auto& x) { return matrix_power(x[0], 0); }, {}},
};

}  // namespace

XTAPE_CHECK_TABLE("linalg", table, values_only)
