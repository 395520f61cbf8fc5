// How the outputs of classifiers are read.
#pragma once
#include <cstdint>
#include <optional>

namespace xtape::optim {

/// What outputs and targets of classes mean, where it is not the usual: `ClassOptions().logits().threshold(0.3)`.
///
/// Outputs are scores, (batch, classes) or (batch, classes, d1, ...), where each place counts as a sample: the class is
/// that of the largest score, of equal ones the first. With one score a sample, (batch,) or (batch, 1, ...), there are
/// two classes, and it is the probability of class 1. Targets are labels, int64 or uint8 of the outputs' shape without
/// the classes, or of the outputs' shape, where the largest number of a sample is at its class, as in one-hot rows.
class ClassOptions {
 public:
  /// Outputs are logits, of which the softmax is meant, or the sigmoid where there is one score for each decision.
  ClassOptions& logits(bool v = true) { return logits_ = v, *this; }
  /// The probability above which one score decides for its class, in [0, 1]; 0.5 by default.
  ClassOptions& threshold(double v) { return threshold_ = v, *this; }
  /// Each of the scores decides for itself, so that a sample is of any number of classes: targets are 0 and 1 in the
  /// outputs' shape.
  ClassOptions& multilabel(bool v = true) { return multilabel_ = v, *this; }
  /// The label of samples that count for nothing, as in cross_entropy; -100 by default.
  ClassOptions& ignore_index(std::int64_t v) { return ignore_index_ = v, *this; }

 private:
  friend class ClassBatch;
  bool logits_ = false, multilabel_ = false;
  std::optional<double> threshold_;
  std::int64_t ignore_index_ = -100;
};

}  // namespace xtape::optim
