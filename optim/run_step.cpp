// One step of a Run: the loss of its batches, and the optimiser's step along it.
#include <algorithm>
#include <autograd/files/described.hpp>
#include <autograd/functional.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/join.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/shape.hpp>
#include <cmath>
#include <optim/clip.hpp>
#include <utility>

#include "run_state.hpp"

namespace xtape::optim {
namespace {

// The gradients of the mean loss of the samples so far and of `n` others.
void take_in(Tensors& mean, Tensors g, std::int64_t samples, std::int64_t n) {
  if (samples == 0) {
    mean = std::move(g);
    return;
  }
  const NoGradGuard guard;
  const double share = static_cast<double>(n) / static_cast<double>(samples + n);
  for (std::size_t i = 0; i < g.size(); ++i) {
    const Tensor &a = mean[i], &b = g[i];
    if (a.defined() && b.defined()) mean[i] = a * (1 - share) + b * share;
    else if (a.defined()) mean[i] = a * (1 - share);
    else if (b.defined()) mean[i] = b * share;
  }
}

}  // namespace

std::int64_t samples_of(const Tensors& batch) {
  if (batch.empty()) fail("Run", "a batch has no tensors");
  for (const Tensor& x : batch)
    if (!x.defined()) fail("Run", "a batch has an undefined tensor");
  const std::int64_t n = batch[0].rank() > 0 ? batch[0].shape()[0] : 1;
  if (n == 0) fail("Run", "a batch has no samples");
  return n;
}

double Run::State::loss_of(const LossAndOutput& result) const {
  const bool residuals = optimizer->steps_by() == Optimizer::By::residuals;
  if (!result.loss.defined() || (!residuals && result.loss.size() != 1))
    fail("Run", "the cost function gives " + described(result.loss) + ", expected a loss of one number");
  const NoGradGuard guard;
  return residuals ? 0.5 * sum(square(result.loss)).item() : result.loss.item();
}

void Run::State::measure_now(const LossAndOutput& result, const Tensors& batch) {
  for (Metric& m : measured_now) {
    if (!result.output.defined())
      fail("Run", "the cost function gives no output to measure '" + m.name() + "' on; have it return a LossAndOutput");
    m.update(result.output, batch.back());
  }
}

Tensors Run::State::running_values() const {
  Tensors values;
  for (const Model::Buffer& buffer : buffers) values.push_back(buffer.value());
  return values;
}
void Run::State::assign_running(const Tensors& values) const {
  for (std::size_t i = 0; i < buffers.size(); ++i) buffers[i].assign(values[i]);
}

Run::State::Taken Run::State::take_step(const Next& next, Site site) {
  for (Metric& m : measured_now) m.reset();
  const Tensors before = running_values();
  try {
    Taken taken = optimizer->steps_by() == Optimizer::By::gradients ? descend(next, site) : search(next, site);
    if (!std::isfinite(taken.loss)) assign_running(before);
    return taken;
  } catch (...) {
    assign_running(before);
    throw;
  }
}

Run::State::Taken Run::State::descend(const Next& next, Site site) {
  Taken taken;
  for (Tensors batch; next(batch);) {
    const LossAndOutput result = loss.of(batch);
    const double value = loss_of(result);
    const std::int64_t n = samples_of(batch);
    if (!std::isfinite(value)) return {value, n, {}};
    Tensors g = grad(result.loss, optimizer->parameters(), allow_unused, site);
    if (std::none_of(g.begin(), g.end(), [](const Tensor& x) { return x.defined(); }))
      fail("Run",
           "the loss depends on no parameter of the optimiser that is not frozen; the cost function calls the "
           "model, as in cross_entropy(net(x), t)");
    take_in(taken.gradients, std::move(g), taken.samples, n);
    taken.loss += (value - taken.loss) * static_cast<double>(n) / static_cast<double>(taken.samples + n);
    taken.samples += n;
    measure_now(result, batch);
  }
  if (taken.samples == 0) return taken;
  if (max_norm > 0) clip_grad_norm(taken.gradients, max_norm);
  if (max_value > 0) clip_grad_value(taken.gradients, max_value);
  optimizer->step(taken.gradients, site);
  return taken;
}

// The closure gives the mean loss of all batches, or their residuals. Each time it draws the same numbers and begins
// with the same running statistics, so that it is one function along the search.
Run::State::Taken Run::State::search(const Next& next, Site site) {
  std::vector<Tensors> batches;
  Taken taken;
  for (Tensors batch; next(batch);) {
    taken.samples += samples_of(batch);
    batches.push_back(std::move(batch));
  }
  if (taken.samples == 0) return taken;
  const bool residuals = optimizer->steps_by() == Optimizer::By::residuals;
  const Tensors at_first = running_values();
  Tensors moved;  // by the first call, which is that of a step along a gradient
  bool first = true;
  const StateDict before = optimizer->state_dict();
  try {
    const Tensor result = optimizer->step(
        [&] {
          const KeyedRandomness randomness(key, streams_of(steps));
          assign_running(at_first);
          Tensors parts;
          for (const Tensors& batch : batches) {
            const LossAndOutput result = loss.of(batch);
            loss_of(result);  // which looks at it
            if (first) measure_now(result, batch);
            const double share = static_cast<double>(samples_of(batch)) / static_cast<double>(taken.samples);
            parts.push_back(residuals            ? flatten(result.loss)
                            : batches.size() > 1 ? share * reshape(result.loss, {1})
                                                 : result.loss);
          }
          if (std::exchange(first, false)) moved = running_values();
          return parts.size() == 1 ? parts[0] : residuals ? concat(parts) : sum(concat(parts));
        },
        site);
    assign_running(moved);
    taken.loss = result.item();
    if (!std::isfinite(taken.loss)) optimizer->load_state_dict(before, site);
  } catch (...) {
    optimizer->load_state_dict(before, site);
    throw;
  }
  return taken;
}

}  // namespace xtape::optim
