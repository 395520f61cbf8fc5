// What the tables of operations and of layers share: gradients of weighted sums, and their comparison with numbers from
// an independent implementation (parity/make.py).
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <xtape.hpp>

namespace compare {

using namespace xtape;

/// sum(y w) with what parity/make.py calls weights: multiples of 1/8 in [-6/8, 6/8].
Tensor weighted(const Tensor& y, std::int64_t shift);
/// The sum of `weighted(parts[i], 5 + i)`.
Tensor total(const Tensors& parts);
/// The gradients of a scalar for the leaves of `x`: zeros for those that it does not depend on.
Tensors gradients(const Tensor& scalar, const Tensors& x, GradFlags flags);
/// "" where a and b agree to `bound`, relative to the largest element of b; else what differs.
std::string difference(const Tensor& a, const Tensor& b, double bound);
/// A tensor that parity/make.py packed.
Tensor unpacked(const nlohmann::json& packed);
/// The whole file tests/parity/SUBJECT.json.
nlohmann::json parity_file(const std::string& subject);
/// Checks a value y and its gradients for the leaves of x, to `order`, against an entry of such a file.
void check_entry(const nlohmann::json& entry, const Tensor& y, const Tensors& x, double bound, int order);

}  // namespace compare
