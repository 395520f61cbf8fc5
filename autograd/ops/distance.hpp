// Distances between points.
#pragma once
#include "../tensor.hpp"

namespace xtape {

/// How `cdist` computes Euclidean distances: from differences, which is exact, or as |a|^2 + |b|^2 - 2 a b through one
/// matrix product, which is several times as fast and loses the digits of points that are closer to each other than to
/// 0: all of them where both are 1e4 times as far from 0. PyTorch takes the product where there are more than 25 points
/// on a side.
enum class CdistMode { exact, by_matmul };

/// The distances (sum_k |a_ik - b_jk|^p)^(1/p) between all points of two sets: (..., m, d), (..., n, d) -> (..., m, n);
/// p = 0 counts the coordinates that differ, p = infinity takes the largest difference. The gradient between equal
/// points is 0. Batches broadcast. Throws when d differs or p < 0.
Tensor cdist(const Arg& a, const Arg& b, double p = 2, CdistMode mode = CdistMode::exact);

}  // namespace xtape
