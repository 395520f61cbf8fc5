// Private: a batch of a classifier's outputs and targets, sample by sample.
#pragma once
#include <autograd/tensor.hpp>
#include <optim/class_options.hpp>
#include <string>
#include <vector>

namespace xtape::optim {

/// Reads them as ClassOptions say, and throws where they do not fit, a score is NaN, or no probability where one is
/// needed, or a label no class.
class ClassBatch {
 public:
  /// What a metric does with them, which tells what options mean something.
  enum Use {
    decide,      ///< between classes, by a threshold, or of several labels
    decide_one,  ///< of one class a sample
    rank,        ///< scores of any size
    trust,       ///< scores as probabilities of one class a sample
    order,       ///< scores of any size, of one class a sample
  };
  ClassBatch(const std::string& op, Use use, const Tensor& output, const Tensor& target, const ClassOptions& options);

  std::int64_t samples() const { return samples_; }
  /// How many scores a sample has.
  std::int64_t columns() const { return columns_; }
  /// Whether the one score of a sample decides between two classes.
  bool is_binary() const { return columns_ == 1 && !options_.multilabel_; }
  std::int64_t classes() const { return is_binary() ? 2 : columns_; }
  bool is_multilabel() const { return options_.multilabel_; }

  /// The class of sample i; -1 if it counts for nothing. Not of a multilabel batch.
  std::int64_t label(std::int64_t i) const { return labels_[static_cast<std::size_t>(i)]; }
  bool is_ignored(std::int64_t i) const { return !options_.multilabel_ && label(i) < 0; }
  /// f(i) of each sample that is not ignored, float64.
  template <class F>
  Tensor each(F f) const {
    std::vector<double> y;
    for (std::int64_t i = 0; i < samples_; ++i)
      if (!is_ignored(i)) y.push_back(f(i));
    return tensor(y);
  }
  /// Whether sample i is of the class of column c.
  bool is_of(std::int64_t i, std::int64_t c) const {
    if (options_.multilabel_) return marks_[static_cast<std::size_t>(i * columns_ + c)];
    return label(i) == (columns_ == 1 ? 1 : c);
  }
  /// The scores of sample i as they are.
  std::vector<double> scores(std::int64_t i) const;
  /// The scores of sample i, or where they are logits their softmax, of one the sigmoid. Throws as `surprise`.
  std::vector<double> probabilities(std::int64_t i) const;
  /// -log softmax(scores)[label] of sample i. Throws when its largest score is infinite.
  double surprise(std::int64_t i) const;
  /// The class that is decided for in sample i: of the largest score, or whether the only one is above the threshold.
  /// Not of a multilabel batch.
  std::int64_t decision(std::int64_t i) const;
  /// Whether the score is above the threshold.
  bool is_decided(std::int64_t i, std::int64_t c) const { return at(start(i) + c * inner_) > cut_; }

  /// Throws when the threshold is no probability, or an option was set that means nothing for this use.
  static void check(const std::string& op, Use use, const ClassOptions& options, Site site);
  static bool is_multilabel(const ClassOptions& options) { return options.multilabel_; }
  /// The metric's name, its parameters and what options are not as usual: "top_k(k=5, ignore_index=255)".
  static std::string describe(const std::string& name, const std::string& parameters, const ClassOptions& options);

 private:
  /// e^(score - shift), where the shift is the largest score, and their sum, which is the same in whatever order they
  /// stand: samples whose softmax is equal have equal probabilities, as far as powers and divisions go.
  struct Powers {
    std::vector<double> each;
    double shift, total;
  };
  Powers powers(std::int64_t i) const;
  void check_probabilities() const;
  void read_labels(const Tensor& target);
  void read_rows(const Tensor& target);
  void read_marks(const Tensor& target);
  [[noreturn]] void refuse_target(const Tensor& target, const std::string& expected) const;
  [[noreturn]] void refuse_at(const char* what, const Tensor& x, std::int64_t i, const std::string& expected) const;
  double at(std::int64_t i) const { return f32_ ? static_cast<double>(f32_[i]) : f64_[i]; }
  std::int64_t start(std::int64_t i) const { return i / inner_ * columns_ * inner_ + i % inner_; }

  std::string op_;
  ClassOptions options_;
  Tensor output_;
  const float* f32_ = nullptr;
  const double* f64_ = nullptr;
  std::int64_t samples_, columns_, inner_;  // inner: the places of (batch, classes, d1, ...)
  double cut_;
  std::vector<std::int64_t> labels_;
  std::vector<std::uint8_t> marks_;
};

}  // namespace xtape::optim
