#include "fork.hpp"

#include <algorithm>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/join.hpp>
#include <autograd/ops/slice.hpp>
#include <autograd/ops/unary.hpp>
#include <autograd/random.hpp>
#include <cmath>
#include <limits>

namespace xtape::lab {

using optim::Data;
using optim::LossAndOutput;
using optim::StateDict;

namespace {

constexpr std::int64_t measured_samples = 1024, shuffled_samples = 20000;

std::int64_t rows(const Tensors& batch) { return batch[0].rank() > 0 ? batch[0].shape()[0] : 1; }

Tensors rows_of(const Tensors& batch, std::int64_t begin, std::int64_t end) {
  Tensors part;
  for (const Tensor& x : batch) part.push_back(slice(x, 0, Slice(begin, end)));
  return part;
}

Tensors joined(const std::vector<Tensors>& batches) {
  Tensors whole;
  for (std::size_t i = 0; !batches.empty() && i < batches[0].size(); ++i) {
    Tensors parts;
    for (const Tensors& batch : batches) parts.push_back(batch[i]);
    whole.push_back(concat(parts));
  }
  return whole;
}

// Batches of another size.
struct Resized : Data::Source {
  Resized(Data data, std::int64_t split, std::int64_t merge) : data(std::move(data)), split(split), merge(merge) {}
  void seek(std::int64_t epoch, std::int64_t, std::uint64_t seed) override {
    data->seek(epoch, 0, seed);
    data->reader = this;
    parts.clear();
  }
  bool next(Tensors& batch) override {
    if (parts.empty()) {
      std::vector<Tensors> taken;
      Tensors one;
      while (static_cast<std::int64_t>(taken.size()) < merge && data->next(one)) taken.push_back(one);
      if (taken.empty()) return false;
      const Tensors whole = joined(taken);
      const std::int64_t n = rows(whole), count = std::min(split, n);
      for (std::int64_t i = count; i-- > 0;) parts.push_back(rows_of(whole, i * n / count, (i + 1) * n / count));
    }
    batch = std::move(parts.back());
    parts.pop_back();
    return true;
  }
  Data data;
  std::int64_t split, merge;
  std::vector<Tensors> parts;  // the next one last
};

// A standard deviation of the weights of 1 / sqrt(inputs), Glorot's for as many outputs; biases 0.
double fan_in(const Shape& shape) {
  double n = 1;
  for (int i = 1; i < shape.rank(); ++i) n *= static_cast<double>(shape[i]);
  return std::max(1., n);
}

}  // namespace

Forks::Forks(Linter::State& run, const StateDict& weights, const StateDict& optimizer)
    : run_(run),
      randomness_(run.key, 0),
      weights_(weights),
      optimizer_(optimizer),
      weights_now_(run.model.state_dict()),
      optimizer_now_(run.optimizer->state_dict()),
      rate_(run.optimizer->lr()) {
  double sum = 0;
  const auto rates = run.history.lr.points();
  for (const auto& point : rates) sum += point.second;
  if (run.planned && !rates.empty()) rate_ = sum / static_cast<double>(rates.size());
}

Forks::~Forks() { restore(); }

void Forks::restore() const {
  run_.model.load_state_dict(weights_now_);
  run_.optimizer->load_state_dict(optimizer_now_);
  run_.data->reader = nullptr;
}

void Forks::rewind(bool to_beginning) { run_.model.load_state_dict(to_beginning ? weights_ : weights_now_); }

// The same numbers for the same seed; a norm's scale and shift, and buffers, stay as they are.
void Forks::redraw() const {
  const KeyedRandomness randomness(run_.seed, 0);
  for (Parameter p : run_.optimizer->parameters()) {
    const Shape& shape = p.shape();
    if (shape.rank() < 2) continue;
    p.assign(normal(shape, 0, std::sqrt(2 / (fan_in(shape) + static_cast<double>(shape[0]))), p.dtype()));
  }
}

LossAndOutput Forks::cost(const Plan& plan, const Tensors& given) const {
  Tensors batch = given;
  if (plan.input) batch[0] = plan.input(batch[0]);
  if (plan.target && batch.size() > 1) batch.back() = plan.target(batch.back());
  const Substitution substitution(plan.others);
  LossAndOutput result;
  try {
    result = run_.loss.of(batch);
  } catch (const Error&) {
    if (!plan.cost) throw;  // else it may be of outputs that the user's cost function does not take
  }
  if (plan.cost)
    if (const auto other = plan.cost(batch)) result.loss = *other;
  if (!result.loss.defined()) fail("lint", "the cost function gives nothing");
  return result;
}

std::optional<double> Forks::measure(const Plan& plan) const {
  const NoGradGuard guard;
  const KeyedRandomness randomness(~run_.key, 0);
  const optim::TrainingMode mode(run_.model, false);
  Data::Source& source = run_.validation ? **run_.validation : *run_.data;
  source.seek(0, 0, run_.seed);
  source.reader = nullptr;
  Tensors outputs[3], targets;
  std::int64_t samples = 0;
  for (Tensors batch; samples < measured_samples && source.next(batch);) {
    if (rows(batch) > measured_samples) batch = rows_of(batch, 0, measured_samples);
    samples += rows(batch);
    Tensors mapped = batch;
    if (plan.target && batch.size() > 1) mapped.back() = plan.target(batch.back());
    View view(mapped);
    const LossAndOutput result = cost(plan, batch);
    view.end();
    if (plan.output) {
      outputs[0].push_back(plan.output().detach());
    } else {
      if (result.output.defined()) outputs[0].push_back(result.output.detach());
      if (view.output() >= 0) outputs[1].push_back(view[view.output()].value);
      if (view.before_target() >= 0) outputs[2].push_back(view[view.before_target()].value);
    }
    targets.push_back(mapped.back());
  }
  std::optional<double> best;
  for (const Tensors& output : outputs) {
    if (output.size() != targets.size() || targets.empty() || output[0].rank() == 0) continue;
    try {
      const auto c = compared(concat(output), concat(targets));
      const auto share = c ? learnt(*c) : std::nullopt;
      if (share && (!best || *share > *best)) best = share;
    } catch (const Error&) {  // of shapes that do not fit together
    }
  }
  return best;
}

Tensors Forks::samples(std::int64_t limit) const {
  run_.data->seek(0, 0, run_.seed);
  run_.data->reader = nullptr;
  std::vector<Tensors> taken;
  std::int64_t n = 0;
  for (Tensors batch; n < limit && run_.data->next(batch);) {
    if (n + rows(batch) > limit) batch = rows_of(batch, 0, limit - n);
    n += rows(batch);
    taken.push_back(batch);
  }
  return joined(taken);
}

bool Forks::same_order() const {
  optim::Data::Source& data = *run_.data;
  const std::int64_t count = data.count().value_or(0);
  if (count < 2) return false;
  // A few batches may be equal by chance, where they are small and rows repeat.
  const std::int64_t compared = data.seeks() ? std::min<std::int64_t>(count, 64) : 1;
  for (std::int64_t i = 0; i < compared; ++i) {
    Tensors batches[2];
    for (int epoch = 0; epoch < 2; ++epoch) {
      data.seek(epoch, i, run_.seed);
      data.reader = nullptr;
      if (!data.next(batches[epoch])) return false;
    }
    for (std::size_t k = 0; k < batches[0].size(); ++k) {
      const Tensor &a = batches[0][k], &b = batches[1][k];
      if (a.shape() != b.shape() || a.to_vector<double>() != b.to_vector<double>()) return false;
    }
  }
  return true;
}

std::optional<double> Forks::train(const Plan& plan, std::int64_t steps) {
  try {
    rewind(!plan.continued);
    run_.optimizer->load_state_dict(plan.continued ? optimizer_now_ : optimizer_);
    if (plan.redrawn) redraw();
    std::shared_ptr<optim::Optimizer> optimizer = run_.optimizer;
    if (plan.optimizer) optimizer = plan.optimizer(run_.optimizer->parameters());
    else optimizer->set_lr(rate_);
    optimizer->set_lr(optimizer->lr() * plan.rate);
    Data data = run_.data;
    if (plan.shuffled) {
      const Tensors all = samples(shuffled_samples);
      Tensors first;
      run_.data->seek(0, 0, run_.seed);
      run_.data->next(first);
      data = optim::TensorBatches(all, std::min(rows(first), rows(all)));
    } else if (plan.split > 1 || plan.merge > 1) {
      data = Data(std::shared_ptr<Data::Source>(std::make_shared<Resized>(run_.data, plan.split, plan.merge)));
    }
    optim::Run fork(run_.model, optimizer, data, [&](const Tensors& batch) { return cost(plan, batch); });
    fork.seed(run_.seed).progress(optim::ProgressStyle::quiet).accumulate(run_.accumulate);
    if (run_.max_norm > 0) fork.clip_norm(run_.max_norm);
    if (run_.max_value > 0) fork.clip_value(run_.max_value);
    run_.data->reader = nullptr;
    for (std::int64_t i = 0; i < steps; ++i) {
      if (optim::Interrupts::interrupted()) return std::nullopt;
      fork.step();
    }
    return measure(plan);
  } catch (const Error& error) {
    const std::string said = error.what();
    if (said.find("the loss is") != said.npos) return -std::numeric_limits<double>::infinity();
    return std::nullopt;
  }
}

}  // namespace xtape::lab
