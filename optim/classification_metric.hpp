// Metrics of decisions between classes. Each has two spellings: of one batch, `accuracy(output, target)`, and over
// many, `Metric accuracy()`. What outputs and targets are is said in ClassOptions; all throw where they do not fit.
#pragma once
#include <autograd/tensor.hpp>
#include <optim/class_options.hpp>
#include <optim/metric.hpp>

namespace xtape::optim {

/// How the values of classes become one.
enum class Average : std::uint8_t {
  usual,     ///< of outputs of one score the value of class 1, else `macro`
  macro,     ///< the mean of the classes that occur or are decided for; of multilabel outputs of all classes
  weighted,  ///< the mean of the classes, each as often as it occurs
  micro,     ///< the value of all classes' counts together
};

/// The share of samples whose class is decided right; multilabel, of those with all labels right.
Metric accuracy();
Metric accuracy(const ClassOptions& options, Site site = Site::here());
double accuracy(const Tensor& output, const Tensor& target, const ClassOptions& options = {}, Site site = Site::here());

/// The share of samples whose class is among the k of the largest scores, of equal ones the later class, as
/// scikit-learn has it. The metric is named "top_5". Throws unless 0 < k <= classes.
Metric top_k(std::int64_t k, const ClassOptions& options = {}, Site site = Site::here());
double top_k(const Tensor& output, const Tensor& target, std::int64_t k, const ClassOptions& options = {},
             Site site = Site::here());

/// tp / (tp + fp): of the samples that are decided to be of a class, the share that are; 0 where there are none.
Metric precision();
Metric precision(Average average, const ClassOptions& options = {}, Site site = Site::here());
double precision(const Tensor& output, const Tensor& target, Average average = Average::usual,
                 const ClassOptions& options = {}, Site site = Site::here());

/// tp / (tp + fn): of the samples of a class, the share that are decided to be; 0 where there are none.
Metric recall();
Metric recall(Average average, const ClassOptions& options = {}, Site site = Site::here());
double recall(const Tensor& output, const Tensor& target, Average average = Average::usual,
              const ClassOptions& options = {}, Site site = Site::here());

/// (1 + beta²) tp / ((1 + beta²) tp + beta² fn + fp), the harmonic mean of precision and recall, which counts beta
/// times as much; 0 where nothing is to be counted. The metric is named "f1". Throws unless beta is finite and at least
/// 0. Source: van Rijsbergen, "Information retrieval", 1979.
Metric f_beta(double beta, Average average = Average::usual, const ClassOptions& options = {},
              Site site = Site::here());
double f_beta(const Tensor& output, const Tensor& target, double beta, Average average = Average::usual,
              const ClassOptions& options = {}, Site site = Site::here());

}  // namespace xtape::optim
