// Metrics of the order of scores. Each has two spellings, of one batch and over many. They keep every score, 9 bytes a
// sample and class. Outputs and targets are those of ClassOptions; scores need be no probabilities.
#pragma once
#include <autograd/tensor.hpp>
#include <optim/class_options.hpp>
#include <optim/metric.hpp>

namespace xtape::optim {

/// The area under the curve of true over false positives: how likely a sample of a class has a larger score of it than
/// one that is not, where equal scores count half. Of several classes, or labels, it is the mean over those that have
/// samples of both kinds, each against the rest. `value` throws where no class has. Of logits of several classes the
/// softmax is ranked, not the logits. Source: Fawcett, "An introduction to ROC analysis", 2006.
Metric auroc();
Metric auroc(const ClassOptions& options, Site site = Site::here());
double auroc(const Tensor& output, const Tensor& target, const ClassOptions& options = {}, Site site = Site::here());

/// sum_n (R_n - R_(n-1)) P_n over the scores n as thresholds, falling, with precision P and recall R of all samples
/// that have at least such a score. Of several classes, or labels, it is the mean, each against the rest; one without
/// samples counts as 0, as scikit-learn has it. Of logits of several classes the softmax is ranked, not the logits.
/// Source: Manning, Raghavan and Schütze, "Introduction to information retrieval", 2008.
Metric average_precision();
Metric average_precision(const ClassOptions& options, Site site = Site::here());
double average_precision(const Tensor& output, const Tensor& target, const ClassOptions& options = {},
                         Site site = Site::here());

}  // namespace xtape::optim
