// Checks that call the cost function on the batch again, or ask the data again.
#include <algorithm>
#include <autograd/functional.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/join.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/unary.hpp>
#include <cmath>

#include "checks.hpp"

namespace xtape::lab {

using optim::LossAndOutput;

// The gradient of sample 0's output with respect to the others' inputs is 0.
void samples_mixed(const Scene& s, Out& out) {
  const Tensor& x = s.batch[0];
  if (x.rank() < 1 || x.shape()[0] < 2 || !is_floating(x.dtype())) return;
  const optim::TrainingMode mode(s.forks.run().model, false);
  const Recording recording(true);
  Tensors batch = s.batch;
  batch[0] = x.detach().requires_grad();
  View view(batch);
  s.forks.cost({}, batch);
  view.end();
  const int call = view.output();
  if (call < 0) return;
  const Tensor y = view.recorded(call);
  if (y.rank() < 1 || y.shape()[0] != x.shape()[0] || !y.is_recorded()) return;
  const Tensor g = grad(sum(square(y[0])) + sum(y[0]), {batch[0]}, allow_unused | retain_graph)[0];
  if (!g.defined()) return;
  double others = 0, own = largest(g[0]);
  for (std::int64_t i = 1; i < x.shape()[0]; ++i) others = std::max(others, largest(g[i]));
  if (others == 0 || own == 0 || std::isnan(others)) return;
  int where = call;  // the softmax along the batch, where there is one
  for (std::size_t k = 0; k < view.calls().size(); ++k)
    if (is_softmax(view.calls()[k].op) && view.calls()[k].of_parameter) {
      const Tensor sums = sum(view.calls()[k].value, 0);
      if (view.calls()[k].op == "softmax" && largest(sums - 1) < 1e-4) where = static_cast<int>(k);
    }
  Finding f = at_call(view, where, Fault::layer, "samples of a batch that depend on one another");
  f.measured = "out of training, the output of sample 0 depends on the input of others: a derivative is " +
               number(others) + ", beside " + number(own) + " by its own";
  f.why =
      "what the model says of a sample depends on what else is in the batch; an operation goes along the axis of "
      "the samples";
  f.change = "take the last axis, -1, for softmax, sums and norms";
  out.push_back(std::move(f));
}

static LossAndOutput evaluate(const Scene& s, std::uint64_t stream) {
  const NoGradGuard guard;
  const optim::TrainingMode mode(s.forks.run().model, false);
  const KeyedRandomness randomness(s.forks.run().key, stream);
  return s.forks.cost({}, s.batch);
}

void not_repeatable(const Scene& s, Out& out) {
  const optim::TrainingMode mode(s.forks.run().model, false);
  Tensor outputs[2];
  int call = -1, dropout = -1, draws = 0;
  std::optional<View> view;
  for (std::uint64_t i = 0; i < 2; ++i) {
    const NoGradGuard guard;
    const KeyedRandomness randomness(s.forks.run().key, i << 20);
    view.emplace(s.batch);
    s.forks.cost({}, s.batch);
    view->end();
    call = view->output();
    if (call < 0) return;
    outputs[i] = (*view)[call].value;
  }
  for (std::size_t k = 0; k < view->calls().size(); ++k) {
    const std::string& op = view->calls()[k].op;
    if (op.find("dropout") != op.npos && view->calls()[k].of_parameter) dropout = static_cast<int>(k);
    draws += op.find("normal") != op.npos || op.find("uniform") != op.npos || op.find("bernoulli") != op.npos;
  }
  if (outputs[0].shape() != outputs[1].shape()) return;
  const double distance = largest(outputs[0] - outputs[1]);
  if (!(distance > 0) || (draws > 0 && dropout < 0)) return;  // who draws means to
  Finding f = at_call(*view, dropout >= 0 ? dropout : call, Fault::evaluation,
                      dropout >= 0 ? "dropout out of training" : "an evaluation that cannot be repeated");
  f.measured = "out of training, two evaluations of one batch differ by " + number(distance);
  f.why = "what is measured of the model is noise in part";
  f.change = dropout >= 0 ? "an nn::Dropout, which knows the mode, or its `training` by is_training()"
                          : "leave what draws numbers, or counts calls, to the training";
  out.push_back(std::move(f));
}

// A batch twice over.
void sum_for_mean(const Scene& s, Out& out) {
  for (const Tensor& x : s.batch)
    if (x.rank() == 0) return;
  Scene twice{s.forks, {}, s.view, s.loss, {}, {}, s.first, s.last};
  for (const Tensor& x : s.batch) twice.batch.push_back(concat({x, x}));
  const Tensor a = evaluate(s, 0).loss, b = evaluate(twice, 0).loss;
  if (a.size() != 1 || b.size() != 1) return;
  const double one = a.to(float64).item(), two = b.to(float64).item();
  if (one == 0 || std::abs(two - 2 * one) > 1e-3 * std::abs(two)) return;
  out.push_back({Fault::loss,
                 "a loss that grows with the batch",
                 "the same batch twice over has the loss " + number(two) + " instead of " + number(one),
                 "",
                 {},
                 "the steps are as long as the batch is large: the learning rate means another thing for each size",
                 "the mean in the place of the sum, Reduction::mean",
                 {}});
}

void order_of_epochs(const Scene& s, Out& out) {
  if (!s.forks.same_order()) return;
  out.push_back({Fault::data,
                 "every epoch in the same order",
                 "two epochs have the same batches, one after the other",
                 "",
                 {},
                 "batches that are not drawn anew are no sample of the data, the less where these are sorted",
                 "data that are shuffled in each epoch, as TensorBatches and DataLoader do",
                 {}});
}

}  // namespace xtape::lab
