// ConfusionMatrix: which classes are taken for which.
#pragma once
#include <autograd/state_dict.hpp>
#include <optim/class_options.hpp>
#include <optim/metric.hpp>

namespace xtape::optim {

/// How many samples of each class were decided to be of each class, over any number of batches: a value that streams,
/// merges and is saved as a Metric does.
///
///   optim::ConfusionMatrix seen;
///   for (const auto& [x, t] : batches) seen.update(net(x), t);
///   std::cout << seen.matrix() << seen.recall();
class ConfusionMatrix {
 public:
  /// Throws where the options are multilabel.
  explicit ConfusionMatrix(const ClassOptions& options = {}, Site site = Site::here());

  /// Adds a batch. Throws when it does not fit, and then nothing is changed.
  void update(const Tensor& output, const Tensor& target, Site site = Site::here()) {
    counts_.update(output, target, site);
  }
  /// Entry (i, j) counts the samples of class i that were decided to be of class j: (classes, classes) int64. It has no
  /// classes before the first batch.
  Tensor matrix() const;
  /// Of each class alone, as the functions of these names have it: (classes,) float64.
  Tensor precision() const;
  Tensor recall() const;
  Tensor f_beta(double beta, Site site = Site::here()) const;

  /// Adds what another one has gathered. Throws when its options or classes are others.
  void merge(const ConfusionMatrix& other, Site site = Site::here()) { counts_.merge(other.counts_, site); }
  /// Forgets all samples.
  void reset() { counts_.reset(); }
  /// What has been gathered, "matrix".
  StateDict state_dict() const { return counts_.state_dict(); }
  /// Takes such values. Throws when they do not fit, and changes nothing then.
  void load_state_dict(const StateDict& values, Site site = Site::here()) { counts_.load_state_dict(values, site); }

 private:
  Metric counts_;
};

/// The matrix of one batch.
Tensor confusion_matrix(const Tensor& output, const Tensor& target, const ClassOptions& options = {},
                        Site site = Site::here());

}  // namespace xtape::optim
