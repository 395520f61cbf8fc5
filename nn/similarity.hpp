// Layers that compare two tensors.
#pragma once
#include <nn/module.hpp>

namespace xtape::nn {

/// The cosine of the angle between the vectors along `axis`, a b / (max(|a|, eps) max(|b|, eps)): (..., n, ...) twice
/// -> (..., ...); the other axes broadcast. Throws when eps is not positive; at the call when ranks or n differ.
class CosineSimilarity : public Module<CosineSimilarity> {
 public:
  explicit CosineSimilarity(int axis = 1, double eps = 1e-8, Site site = Site::here());
  Tensor forward(const Tensor& a, const Tensor& b) const;

 private:
  int axis_;
  double eps_;
};

/// The p-norm of a - b + eps along the last axis: (..., n) twice -> (...), or (..., 1) under `keepdim`. Throws when p
/// or eps is negative; at the call when the shapes differ.
class PairwiseDistance : public Module<PairwiseDistance> {
 public:
  explicit PairwiseDistance(double p = 2, double eps = 1e-6, bool keepdim = false, Site site = Site::here());
  Tensor forward(const Tensor& a, const Tensor& b) const;

 private:
  double p_, eps_;
  bool keepdim_;
};

}  // namespace xtape::nn
