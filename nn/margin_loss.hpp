// Costs that are 0 beyond a margin, and smooth ones of their kind. Targets of two classes are 1 and -1, those of the
// multilabel costs are said with them. A cost is the mean of its losses unless a Reduction says otherwise. All throw
// when shapes or targets are others than stand here.
#pragma once
#include <autograd/ops/loss.hpp>

namespace xtape::nn {

/// x where the target is 1, max(0, margin - x) where it is -1, of distances x: (...), (...) -> (...), then reduced.
/// Source: Hadsell, Chopra and LeCun, "Dimensionality reduction by learning an invariant mapping", CVPR 2006.
Tensor hinge_embedding_loss(const Arg& x, const Arg& target, double margin = 1, Reduction reduction = Reduction::mean);
/// max(0, margin - target (a - b)): 0 where the order of a and b is as the target says, 1 for a above b. All three are
/// of one shape. Source: Herbrich, Graepel and Obermayer, "Large margin rank boundaries for ordinal regression", 2000.
Tensor margin_ranking_loss(const Arg& a, const Arg& b, const Arg& target, double margin = 0,
                           Reduction reduction = Reduction::mean);
/// log(1 + e^(-target x)), for any x: (...), (...) -> (...), then reduced. Source: Friedman, Hastie and Tibshirani,
/// "Additive logistic regression", Annals of Statistics 28, 2000.
Tensor soft_margin_loss(const Arg& x, const Arg& target, Reduction reduction = Reduction::mean);

/// What may be set of multi_margin_loss: `MultiMarginOptions().p(2).margin(0.5)`, or just p:
/// `multi_margin_loss(x, labels, 2)`.
class MultiMarginOptions {
 public:
  MultiMarginOptions() = default;
  template <class T, class = std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>>>
  MultiMarginOptions(T p) : p_(static_cast<int>(p)) {}
  /// The power of the losses, 1 or 2; 1 by default.
  MultiMarginOptions& p(int v) { return p_ = v, *this; }
  /// By how much the score of the label shall be above the others; 1 by default.
  MultiMarginOptions& margin(double v) { return margin_ = v, *this; }
  /// What each class counts for as a label: (classes,). All the same by default.
  MultiMarginOptions& weight(Tensor v) { return weight_ = std::move(v), *this; }
  MultiMarginOptions& reduction(Reduction v) { return reduction_ = v, *this; }

 private:
  friend Tensor multi_margin_loss(const Arg&, const Arg&, const MultiMarginOptions&);
  int p_ = 1;
  double margin_ = 1;
  Tensor weight_;
  Reduction reduction_ = Reduction::mean;
};
/// w_k / classes sum_i max(0, margin - x_k + x_i)^p over the classes i other than the label k: scores
/// (batch, classes) or (classes,), integer labels (batch,) or () -> the labels' shape, then reduced. Throws when p is
/// neither 1 nor 2. Source: Crammer and Singer, "On the algorithmic implementation of multiclass kernel-based vector
/// machines", JMLR 2, 2001.
Tensor multi_margin_loss(const Arg& x, const Arg& labels, const MultiMarginOptions& options = {});
/// 1 / classes sum_ki max(0, 1 - x_k + x_i) over the labels k and the classes i that are not among them: scores
/// (batch, classes) or (classes,), int64 labels of that shape, of which each row ends at its first negative one ->
/// (batch,) or (), then reduced. Source: Elisseeff and Weston, "A kernel method for multi-labelled classification",
/// NIPS 2001.
Tensor multilabel_margin_loss(const Arg& x, const Arg& labels, Reduction reduction = Reduction::mean);
/// The mean over the classes of -w (t log sigmoid(x) + (1 - t) log(1 - sigmoid(x))): logits x and targets t in [0, 1]
/// (..., classes), `weight` w (classes,) -> (...), then reduced. Source: Nielsen, chapter 3, equation 57,
/// of each class.
Tensor multilabel_soft_margin_loss(const Arg& logits, const Arg& target, Reduction reduction = Reduction::mean,
                                   const Arg& weight = Tensor());

}  // namespace xtape::nn
