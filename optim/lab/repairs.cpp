#include "repairs.hpp"

#include <algorithm>
#include <autograd/functional.hpp>
#include <autograd/ops/creation.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/index.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/ops/softmax.hpp>
#include <autograd/ops/unary.hpp>
#include <cmath>
#include <optim/adam.hpp>
#include <optim/sgd.hpp>

namespace xtape::lab {

Repair& RepairList::add(Fault kind, const char* group, std::string what) {
  all.push_back({kind, group, std::move(what), "", "", "", {}, {}});
  return all.back();
}
Repair& RepairList::add_at(int call, Fault kind, const char* group, std::string what) {
  Repair& r = add(kind, group, std::move(what));
  r.layer = s_.view[call].layer, r.site = s_.view[call].site;
  return r;
}

void RepairList::rates(bool diverged) {
  const optim::Optimizer& optimizer = *s_.forks.run().optimizer;
  for (const double factor : {0.1, 0.01, diverged ? 0.001 : 10., diverged ? 1e-4 : 100.}) {
    Repair& r = add(Fault::learning_rate, "rate",
                    factor < 1 ? "the learning rate is too high" : "the learning rate is too low");
    r.why = factor < 1 ? "steps that are too long jump over what they look for"
                       : "steps that are too short do not get there in this time";
    r.change = "learning rate " + number(optimizer.lr() * factor) + " instead of " + number(optimizer.lr());
    r.apply = [factor](Plan& p) { p.rate = factor; };
  }
}

void RepairList::optimizers() {
  const std::string name = s_.forks.run().optimizer->name();
  using Parameters = std::vector<Parameter>;
  if (name.find("Adam") == name.npos)
    for (const double rate : {1e-3, 1e-2}) {
      Repair& r = add(Fault::optimizer, "rate", name + " does not get far here");
      r.why = "Adam takes for each weight a step of its own, whatever the scale of its gradient";
      r.change = "Adam with the learning rate " + number(rate) + " instead of " + name;
      r.apply = [rate](Plan& plan) {
        plan.optimizer = [rate](const Parameters& p) { return std::make_shared<optim::Adam>(p, rate); };
      };
    }
  if (name != "SGD") {
    Repair& r = add(Fault::optimizer, "rate", name + " does not get far here");
    r.why = "a step along the gradient with a momentum finds other minima";
    r.change = "SGD with the learning rate 0.01 and the momentum 0.9 instead of " + name;
    r.apply = [](Plan& plan) {
      plan.optimizer = [](const Parameters& p) {
        return std::make_shared<optim::SGD>(p, optim::SGDOptions(0.01).momentum(0.9));
      };
    };
  }
}

void RepairList::decay() {
  const optim::Optimizer& optimizer = *s_.forks.run().optimizer;
  const std::string name = optimizer.name();
  const auto& options = optimizer.options();
  const auto found =
      std::find_if(options.begin(), options.end(), [](const auto& option) { return option.first == "weight_decay"; });
  if (found == options.end() || found->second == 0) return;
  const double momentum = optimizer.has_momentum() ? optimizer.momentum() : 0;
  const bool adam = name.find("Adam") != name.npos;
  const double rate = optimizer.lr();
  Repair& r = add(Fault::optimizer, "rate", "a penalty that drowns the cost");
  r.why = "the weights are drawn to 0 more than to what fits";
  r.change = std::string(adam ? "Adam" : "SGD") + " without the weight_decay " + number(found->second);
  r.apply = [=](Plan& plan) {
    plan.optimizer = [=](const std::vector<Parameter>& p) -> std::shared_ptr<optim::Optimizer> {
      if (adam) return std::make_shared<optim::Adam>(p, rate);
      return std::make_shared<optim::SGD>(p, optim::SGDOptions(rate).momentum(momentum));
    };
  };
}

// Of each column, or of all where inputs are pictures.
void RepairList::inputs() {
  const Tensor x = s_.forks.samples(1024)[0];
  if (!is_floating(x.dtype()) || x.rank() < 2 || x.shape()[0] < 2) return;
  const bool columns = x.rank() == 2 && x.shape()[1] <= 256;
  const Axes axes = columns ? Axes(0) : Axes::all();
  const Tensor middle = mean(x, axes, true);
  Tensor deviation = sqrt(mean(square(x - middle), axes, true));
  const double rms = std::sqrt(mean(square(x.to(float64))).item());
  const double least = amin(where(deviation > 0, deviation, amax(deviation))).to(float64).item(),
               most = amax(deviation).to(float64).item();
  if (rms < 3 && rms > 0.1 && most < 10 * least) return;
  deviation = where(deviation > 0, deviation, ones_like(deviation));
  Repair& r = add(Fault::preprocessing, "inputs", "inputs that are not scaled");
  r.what += ": they go from " + number(amin(x).to(float64).item()) + " to " + number(amax(x).to(float64).item()) +
            (columns && most > 10 * least ? ", with deviations from " + number(least) + " to " + number(most) : "");
  r.why = "large inputs saturate what takes them, and each weight needs a learning rate of its own";
  r.change = "inputs of mean 0 and deviation 1";
  r.apply = [middle, deviation](Plan& p) { p.input = [=](const Tensor& x) { return (x - middle) / deviation; }; };
}

void RepairList::targets() {
  if (!s_.compared || s_.compared->task != Task::numbers || s_.batch.size() < 2) return;
  const Tensor t = s_.forks.samples(1024).back();
  if (!is_floating(t.dtype())) return;
  const int last = s_.view.last_activation();
  const auto range = last >= 0 ? range_of(s_.view[last].op) : std::nullopt;
  const double rms = std::sqrt(mean(square(t.to(float64))).item());
  const double low = amin(t).to(float64).item(), high = amax(t).to(float64).item();
  if (rms < 3 && rms > 0.1 && !(range && (low < range->low || high > range->high))) return;
  double from = mean(t.to(float64)).item(), by = std::sqrt(mean(square(t.to(float64) - from)).item());
  std::string to = "mean 0 and deviation 1";
  if (range && std::isfinite(range->low)) {
    const double top = std::isfinite(range->high) ? range->high : range->low + 1;
    by = (high - low) / (top - range->low), from = low - range->low * by;
    to = "values from " + number(range->low) + " to " + number(top);
  }
  if (!(by > 0)) return;
  Repair& r = add(Fault::preprocessing, "targets", "targets that are not scaled");
  r.what += ": they go from " + number(low) + " to " + number(high);
  r.why = "outputs begin near 0 and must get there; errors and gradients are of the targets' scale";
  r.change = "targets scaled to " + to;
  r.apply = [from, by](Plan& p) { p.target = [=](const Tensor& t) { return (t - from) / by; }; };
}

void RepairList::batches() {
  const std::int64_t n = s_.forks.run().data->count().value_or(0), size = s_.batch_size;
  if (size >= 16) {
    const std::int64_t parts = size >= 256 ? 32 : 8;
    Repair& r = add(Fault::batch, "batch", "batches that are too large");
    r.why = "there are few steps in an epoch";
    r.change = "batches of " + std::to_string(size / parts) + " instead of " + std::to_string(size);
    r.steps = static_cast<double>(parts);
    r.apply = [parts](Plan& p) { p.split = parts; };
  } else if (size <= 8 && n >= 64) {
    Repair& r = add(Fault::batch, "batch", "batches that are too small");
    r.why = "the gradient of so few samples is noise for the most part";
    r.change = "batches of " + std::to_string(size * 16) + " instead of " + std::to_string(size);
    r.steps = 0.25;
    r.apply = [](Plan& p) { p.merge = 16; };
  }
}

void RepairList::weights() {
  double farthest = 1;
  std::string which;
  for (const Parameter& p : s_.forks.run().optimizer->parameters()) {
    const auto at_first = s_.first->find(p.name());
    if (p.shape().rank() < 2 || at_first == s_.first->end()) continue;
    double fan = static_cast<double>(p.shape()[0]);
    for (int i = 1; i < p.shape().rank(); ++i) fan += static_cast<double>(p.shape()[i]) / (p.shape().rank() - 1);
    const double ratio = std::sqrt(mean(square(at_first->second.to(float64))).item() * fan / 2);
    if (std::max(ratio, 1 / ratio) > std::max(farthest, 1 / farthest)) farthest = ratio, which = p.name();
  }
  if (which.empty() || (farthest > 0.4 && farthest < 2.5)) return;
  Repair& r =
      add(Fault::initialization, "weights", "weights that begin too " + std::string(farthest < 1 ? "small" : "large"));
  r.what +=
      ": those of " + which + " have " + number(farthest) + " times the deviation that keeps the scale of a layer";
  r.why = "what passes through the layers, forwards and backwards, shrinks or saturates";
  r.change = "weights of variance 2 / (inputs + outputs)";
  r.apply = [](Plan& p) { p.redrawn = true; };
}

void RepairList::order() {
  if (!s_.forks.same_order()) return;
  Repair& r = add(Fault::data, "order", "every epoch in the same order");
  r.why = "batches that are not drawn anew are no sample of the data, the less where these are sorted";
  r.change = "data that are shuffled in each epoch";
  r.apply = [](Plan& p) { p.shuffled = true; };
}

void RepairList::more_epochs() {
  if (s_.steps == 0) return;
  for (const double more : {1., 9.}) {
    if (more > 1 && s_.steps > 1000) continue;
    Repair& r = add(Fault::epochs, "epochs", "too few epochs");
    r.why = "the training ends while it still learns";
    r.change = more > 1 ? "ten times the epochs" : "twice the epochs";
    r.steps = more;
    r.apply = [](Plan& p) { p.continued = true; };
  }
}

std::vector<Repair> repairs_of(const Scene& scene, bool diverged) {
  RepairList list(scene);
  list.rates(diverged), list.heads(), list.inputs(), list.targets(), list.decay(), list.optimizers(), list.hidden(),
      list.weights();
  list.more_epochs(), list.batches(), list.dropouts(), list.order();
  return std::move(list.all);
}

}  // namespace xtape::lab
