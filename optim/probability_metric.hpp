// Metrics of probabilities. Each has two spellings, of one batch and over many.
#pragma once
#include <autograd/tensor.hpp>
#include <optim/class_options.hpp>
#include <optim/metric.hpp>

namespace xtape::optim {

/// sum_b n_b / n |hits_b / n_b - mean confidence_b|, the expected calibration error: samples are put into `bins` of
/// equal width, open below and closed above, by the probability of the class that is decided for, and hit where that is
/// the right one; of outputs of one score, by that probability, and hit where the class is 1. Throws unless outputs are
/// probabilities, or said to be logits, and when there are no bins. Source: Guo et al., "On calibration of modern
/// neural networks", ICML 2017.
Metric calibration_error();
Metric calibration_error(std::int64_t bins, const ClassOptions& options = {}, Site site = Site::here());
double calibration_error(const Tensor& output, const Tensor& target, std::int64_t bins = 15,
                         const ClassOptions& options = {}, Site site = Site::here());

/// e to the mean of -log softmax(logits)[label], as cross_entropy has it: logits (batch, classes), (batch, classes,
/// ...) and labels of that shape without the classes. Labels that are `ignore_index` count for nothing. Throws where
/// the largest logit of a sample is infinite.
Metric perplexity();
Metric perplexity(std::int64_t ignore_index);
double perplexity(const Tensor& logits, const Tensor& labels, std::int64_t ignore_index = -100,
                  Site site = Site::here());

}  // namespace xtape::optim
