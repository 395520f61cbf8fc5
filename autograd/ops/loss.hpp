// Costs with rules of their own. Their arguments, and those of the costs of nn, stand in one order: what was predicted,
// the target, what defines the cost, then how a batch is reduced, and at the end weights.
#pragma once
#include <cstdint>

#include "../tensor.hpp"

namespace xtape {

/// What becomes of the losses of a batch: they stay as they are, or become their mean or their sum.
enum class Reduction : std::uint8_t { none, mean, sum };

/// What may be set of the costs of classes: `CrossEntropyOptions().label_smoothing(0.1).reduction(Reduction::sum)`. The
/// reduction or the weights alone may stand as they are: `cross_entropy(logits, labels, Reduction::sum)`.
class CrossEntropyOptions {
 public:
  CrossEntropyOptions() = default;
  CrossEntropyOptions(Reduction reduction) : reduction_(reduction) {}
  CrossEntropyOptions(Tensor weight) : weight_(std::move(weight)) {}
  CrossEntropyOptions& reduction(Reduction v) { return reduction_ = v, *this; }
  /// The share of each target that is spread evenly over all classes, in [0, 1]; 0 by default.
  CrossEntropyOptions& label_smoothing(double v) { return label_smoothing_ = v, *this; }
  /// What each class counts for: (classes,), constants. All the same by default.
  CrossEntropyOptions& weight(Tensor v) { return weight_ = std::move(v), *this; }
  /// The label that counts for nothing; -100 by default.
  CrossEntropyOptions& ignore_index(std::int64_t v) { return ignore_index_ = v, *this; }

 private:
  friend Tensor cross_entropy(const Arg&, const Arg&, const CrossEntropyOptions&);
  friend Tensor nll_loss(const Arg&, const Arg&, const CrossEntropyOptions&);
  Reduction reduction_ = Reduction::mean;
  double label_smoothing_ = 0;
  Tensor weight_;
  std::int64_t ignore_index_ = -100;
};

/// -sum_c t_c log softmax(logits)_c over the classes c: logits (batch, classes), (batch, classes, ...) or (classes,).
/// The target is int64 or uint8 labels of the logits' shape without the classes, where t is 1 at the label, or floating
/// probabilities of the logits' shape, to which gradients flow too. Smoothing makes t_c (1 - s) t_c + s / classes, and
/// weights make it w_c t_c. The mean over labels is the sum divided by the sum of w[label], without those ignored (NaN
/// when nothing is left); over probabilities it is divided by the number of targets. Throws when the shapes do not
/// fit, a label is outside [0, classes), or an option is out of its range. Source: Nielsen, chapter 3
/// (log-likelihood); smoothing: Szegedy et al., CVPR 2016.
Tensor cross_entropy(const Arg& logits, const Arg& target, const CrossEntropyOptions& options = {});
/// -w[label] log_probabilities[label], its mean and its sum, as in cross_entropy: log_probabilities (batch, classes),
/// (batch, classes, ...) or (classes,), labels of that shape without the classes. Throws as cross_entropy does, and
/// when label smoothing is asked for.
Tensor nll_loss(const Arg& log_probabilities, const Arg& labels, const CrossEntropyOptions& options = {});
/// -w (p t log sigmoid(x) + (1 - t) log(1 - sigmoid(x))) of logits x and targets t of one shape, also where the sigmoid
/// is 0 or 1; `weight` w and `pos_weight` p broadcast to that shape and are 1 when undefined. Gradients flow to all
/// four. Throws when the shapes do not fit. Source: Nielsen, chapter 3, equation 57.
Tensor binary_cross_entropy_with_logits(const Arg& logits, const Arg& target, Reduction reduction = Reduction::mean,
                                        const Arg& weight = Tensor(), const Arg& pos_weight = Tensor());

}  // namespace xtape
