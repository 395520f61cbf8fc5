// Costs of how far apart representations are. The last axis holds a representation; what stands before it is a batch.
// A cost is the mean of its losses unless a Reduction says otherwise.
#pragma once
#include <autograd/ops/loss.hpp>
#include <functional>

namespace xtape::nn {

/// 1 - cos(a, b) where the target is 1, max(0, cos(a, b) - margin) where it is -1: (..., d), (..., d), (...) -> (...),
/// then reduced; cos(a, b) = ab / (sqrt(aa + 1e-12) sqrt(bb + 1e-12)). Throws when shapes or targets are others, and
/// unless the margin is in [-1, 1]. Source: PyTorch, after Hadsell, Chopra and LeCun, CVPR 2006.
Tensor cosine_embedding_loss(const Arg& a, const Arg& b, const Arg& target, double margin = 0,
                             Reduction reduction = Reduction::mean);

/// What may be set of triplet_margin_loss: `TripletMarginOptions().margin(0.2).swap(true)`, or just the margin:
/// `triplet_margin_loss(anchor, positive, negative, 0.2)`.
class TripletMarginOptions {
 public:
  TripletMarginOptions() = default;
  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T> && !std::is_same_v<T, bool>>>
  TripletMarginOptions(T margin) : margin_(static_cast<double>(margin)) {}
  /// By how much the negative shall be farther than the positive; 1 by default.
  TripletMarginOptions& margin(double v) { return margin_ = v, *this; }
  /// The p of the p-norm; 2 by default.
  TripletMarginOptions& p(double v) { return p_ = v, *this; }
  /// What is added to each difference, so that the distance of equals has a derivative; 1e-6 by default.
  TripletMarginOptions& eps(double v) { return eps_ = v, *this; }
  /// Whether the negative's distance is the lesser of those to the anchor and to the positive; false by default.
  TripletMarginOptions& swap(bool v) { return swap_ = v, *this; }
  TripletMarginOptions& reduction(Reduction v) { return reduction_ = v, *this; }

 private:
  friend Tensor triplet_margin_loss(const Arg&, const Arg&, const Arg&, const TripletMarginOptions&);
  double margin_ = 1, p_ = 2, eps_ = 1e-6;
  bool swap_ = false;
  Reduction reduction_ = Reduction::mean;
};
/// max(0, margin + d(anchor, positive) - d(anchor, negative)) with d(a, b) = ||a - b + eps||_p: three of (..., d) ->
/// (...), then reduced. Throws when the shapes differ, and unless margin > 0 and p > 0. Source: Schroff, Kalenichenko
/// and Philbin, "FaceNet", CVPR 2015; swap: Balntas et al., BMVC 2016.
Tensor triplet_margin_loss(const Arg& anchor, const Arg& positive, const Arg& negative,
                           const TripletMarginOptions& options = {});
/// The same with any function `distance` of two tensors, which gives one number for each element of the batch, as
/// `[](auto& a, auto& b) { return sum(abs(a - b), -1); }`. Throws when the shapes differ, when the distances do, and
/// unless margin > 0.
Tensor triplet_margin_with_distance_loss(const Arg& anchor, const Arg& positive, const Arg& negative,
                                         const std::function<Tensor(const Tensor&, const Tensor&)>& distance,
                                         double margin = 1, bool swap = false, Reduction reduction = Reduction::mean);

/// -log(e^(cos(q_i, k_i)/T) / sum_j e^(cos(q_i, k_j)/T)): query i shall be nearest to its own key among all keys of the
/// batch, (batch, d), (batch, d) -> (batch,), then reduced. T is the temperature. Throws when the shapes differ, and
/// unless T > 0. Source: van den Oord, Li and Vinyals, "Representation learning with contrastive predictive coding",
/// 2018.
Tensor info_nce(const Arg& query, const Arg& key, double temperature = 0.1, Reduction reduction = Reduction::mean);
/// The same where the sum is over k_i and given negatives instead of the keys of the batch: (batch, d), (batch, d),
/// (n, d) -> (batch,), then reduced.
Tensor info_nce(const Arg& query, const Arg& key, const Arg& negatives, double temperature = 0.1,
                Reduction reduction = Reduction::mean);

}  // namespace xtape::nn
