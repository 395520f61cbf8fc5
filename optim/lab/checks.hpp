// Private: what is wrong for certain, without a threshold that could be chosen otherwise.
#pragma once
#include "fork.hpp"

namespace xtape::lab {

/// What the checks look at: the first batch at the beginning of the training, what the cost did with it, and how the
/// training ended.
struct Scene {
  Forks& forks;
  Tensors batch;
  const View& view;  // of a call in training, at the beginning
  Tensor loss;
  Tensors gradients;                     // of the optimiser's parameters; undefined where the loss does not reach one
  std::optional<Compared> compared;      // output and target of the batch
  const optim::StateDict *first, *last;  // the weights at the beginning, and at the end
  std::int64_t steps = 0;                // that the training took
  std::int64_t batch_size = 1;           // of the training
};

/// Adds what it finds; `only_failing` says whether the training is known to fail, as some things are wrong only then.
std::vector<Finding> check_all(const Scene& scene, bool fails);

using Out = std::vector<Finding>;
// Of those that call the cost function, or the data, again; in checks_again.cpp.
void samples_mixed(const Scene& s, Out& out);
void not_repeatable(const Scene& s, Out& out);
void sum_for_mean(const Scene& s, Out& out);
void order_of_epochs(const Scene& s, Out& out);

/// "0.123", three digits.
std::string number(double v);
/// "12.3 %"; of what is worse than any use "-9900.0 %".
std::string in_percent(double share);
/// The largest |x|; 0 of no elements.
double largest(const Tensor& x);
inline bool is_softmax(const std::string& op) { return op == "softmax" || op == "log_softmax"; }

/// A call's place in words and as a line.
Finding at_call(const View& view, int call, Fault kind, std::string what);

}  // namespace xtape::lab
