#include "signs.hpp"

#include <algorithm>
#include <autograd/functional.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/unary.hpp>
#include <cmath>

namespace xtape::lab {
namespace {

using Out = std::vector<Finding>;

// Nearly all of a layer: a training that learns has dead and saturated units, too.
constexpr double nearly_all = 0.9;

double mean_of(const Tensor& x) { return mean(x.to(float64)).item(); }
double rms(const Tensor& x) { return std::sqrt(mean(square(x.to(float64))).item()); }

void dead(const Scene& s, Out& out) {
  for (const int i : s.view.hidden_activations()) {
    const Call& c = s.view[i];
    if (c.op != "relu" || c.value.rank() < 2) continue;
    const double share = mean_of((amax(c.value, 0) == 0).to(float32));  // of the units, for all samples
    if (share < nearly_all) continue;
    Finding f = at_call(s.view, i, Fault::activation, "relus that are dead");
    f.measured = in_percent(share) + " of its units are 0 for all " + std::to_string(c.value.shape()[0]) + " samples";
    f.why = "a unit that is 0 for all samples has no gradient and stays so";
    f.change = "a smaller learning rate, scaled inputs, or leaky_relu";
    out.push_back(std::move(f));
  }
}

void saturated(const Scene& s, Out& out) {
  for (const int i : s.view.hidden_activations()) {
    const Call& c = s.view[i];
    if (c.op != "sigmoid" && c.op != "tanh") continue;
    const Tensor slope = c.op == "tanh" ? 1 - square(c.value) : 4 * c.value * (1 - c.value);  // of 1 at most
    const double share = mean_of((slope < 0.01).to(float32));
    if (share < nearly_all) continue;
    Finding f = at_call(s.view, i, Fault::preprocessing, c.op + " that is saturated");
    f.measured = in_percent(share) + " of its outputs are where its slope is below a hundredth of the largest";
    f.why = "hardly any gradient passes to the layers below";
    f.change = "inputs of mean 0 and deviation 1, and smaller weights";
    out.push_back(std::move(f));
  }
}

// Along the layers, from the last to the first.
void vanishing(const Scene& s, Out& out) {
  const auto& parameters = s.forks.run().optimizer->parameters();
  double first = 0, last = 0;
  std::string name;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!s.gradients[i].defined() || parameters[i].shape().rank() < 2) continue;
    last = rms(s.gradients[i]);
    if (name.empty()) first = last, name = parameters[i].name();
  }
  if (name.empty() || !(last > 0) || !(first < 1e-4 * last || first > 1e4 * last)) return;
  const bool vanishes = first < last;
  out.push_back(
      {vanishes ? Fault::activation : Fault::initialization,
       vanishes ? "a gradient that vanishes" : "a gradient that explodes",
       "at " + name + " it is " + number(first) + ", at the last layer " + number(last) + ", root mean square",
       name.substr(0, name.rfind('.')),
       {},
       "layers whose gradients differ so much cannot learn at one rate",
       vanishes ? "relu in the place of sigmoid or tanh, or a norm between the layers"
                : "smaller weights, clip_norm, or a norm between the layers",
       {}});
}

void slow(const Scene& s, Out& out) {
  double most = 0;
  for (const Parameter& p : s.forks.run().optimizer->parameters()) {
    const auto first = s.first->find(p.name());
    if (p.shape().rank() < 2 || first == s.first->end()) continue;
    const double size = rms(first->second);
    if (size > 0) most = std::max(most, rms(p.tensor().detach() - first->second) / size);
  }
  if (!(most > 0 && most < 1e-3)) return;
  out.push_back({Fault::learning_rate,
                 "weights that hardly move",
                 "in " + std::to_string(s.steps) + " steps no layer has moved by more than " + in_percent(1e-3) +
                     " of its weights' size: " + number(most),
                 "",
                 {},
                 "at this pace nothing is learnt in the time that there is",
                 "a larger learning rate",
                 {}});
}

void imbalance(const Scene& s, Out& out) {
  if (!s.compared || (s.compared->task != Task::classes && s.compared->task != Task::one_hot)) return;
  const Tensor t = s.compared->task == Task::classes ? s.compared->target : argmax(s.compared->target, 1);
  std::vector<std::int64_t> counts(static_cast<std::size_t>(s.compared->output.shape()[1]));
  for (const std::int64_t label : t.to_vector<std::int64_t>())
    if (label >= 0 && label < static_cast<std::int64_t>(counts.size())) ++counts[static_cast<std::size_t>(label)];
  const std::int64_t most = *std::max_element(counts.begin(), counts.end());
  if (static_cast<double>(most) < nearly_all * static_cast<double>(t.size()) || t.size() < 20) return;
  out.push_back({Fault::data,
                 "one class nearly alone",
                 std::to_string(most) + " of " + std::to_string(t.size()) + " labels are the same",
                 "",
                 {},
                 "a constant prediction is nearly right, and its gradient nearly 0",
                 "classes that are drawn as often as one another, or weights of the cost for them",
                 {}});
}

constexpr void (*signs[])(const Scene&, Out&) = {dead, saturated, vanishing, slow, imbalance};

}  // namespace

std::vector<Finding> signs_of(const Scene& scene) {
  Out out;
  for (const auto sign : signs) try {
      sign(scene, out);
    } catch (const Error&) {  // of shapes that it does not know
    }
  return out;
}

}  // namespace xtape::lab
