// The softmax over many classes that computes less for the rare ones.
#pragma once
#include <nn/containers.hpp>
#include <nn/linear.hpp>
#include <nn/sequential.hpp>

namespace xtape::nn {

/// What AdaptiveLogSoftmaxWithLoss returns: log probabilities of the targets, and minus their mean.
struct AdaptiveLogSoftmax {
  Tensor output, loss;
};

/// Log probabilities of classes that are numbered from the most frequent to the rarest, in clusters that begin at 0 and
/// at each of `cutoffs`, as `AdaptiveLogSoftmaxWithLoss(64, 10000, {100, 1000})`: `head` has the classes of the first
/// cluster and one number for each of the others, log p(c) + log p(k | c), and cluster i has a matrix of the rank
/// in / div_value^i, so that only the rows of a batch whose target is in a cluster are multiplied with it. As
/// `auto [output, loss] = asm(x, target)`: (batch, in), int64 (batch,) -> (batch,), (), or (in,), () -> (), (). Which
/// rows these are is read from the target, so that `record` refuses it. Parameters are called as PyTorch's,
/// head.weight, tail.0.0.weight, tail.0.1.weight, .... Throws when a size is below 1, the cutoffs are not ascending
/// numbers in [1, classes), or div_value leaves a cluster nothing; at the call when shapes do not fit or a target is
/// not in [0, classes). Source: Grave et al., "Efficient softmax approximation for GPUs", ICML 2017.
class AdaptiveLogSoftmaxWithLoss : public Module<AdaptiveLogSoftmaxWithLoss> {
 public:
  AdaptiveLogSoftmaxWithLoss(std::int64_t in, std::int64_t classes, const std::vector<std::int64_t>& cutoffs,
                             double div_value = 4, bool head_bias = false, Site site = Site::here());
  AdaptiveLogSoftmax forward(const Tensor& x, const Tensor& target) const;
  /// Of all classes: (batch, in) -> (batch, classes).
  Tensor log_prob(const Arg& x) const;
  /// The most probable class: (batch, in) -> (batch,), int64.
  Tensor predict(const Arg& x) const;

  Linear head;
  ModuleList<Sequential> tail;

 private:
  void check(const Tensor& x) const;
  std::int64_t in_;
  std::vector<std::int64_t> ends_;  // of the clusters
};

}  // namespace xtape::nn
