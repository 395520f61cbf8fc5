#include "checks.hpp"

#include <algorithm>
#include <autograd/functional.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/join.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/unary.hpp>
#include <cmath>
#include <cstdio>

namespace xtape::lab {

namespace {

// The path of the layer in "hidden.weight".
std::string layer_of(const std::string& parameter) {
  const std::size_t dot = parameter.rfind('.');
  return dot == std::string::npos ? parameter : parameter.substr(0, dot);
}

std::string name_of(const Scene& s, std::size_t i) {
  const std::string& name = s.forks.run().optimizer->parameters()[i].name();
  return name.empty() ? "parameter " + std::to_string(i) : name;
}

// Not where it gives residuals, or the loss is of none, of which the Run says so.
bool has_gradients(const Scene& s) {
  return std::any_of(s.gradients.begin(), s.gradients.end(), [](const Tensor& g) { return g.defined(); });
}

void unreached(const Scene& s, Out& out) {
  if (!has_gradients(s)) return;
  std::string names, layer;
  const auto& parameters = s.forks.run().optimizer->parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i)
    if (!s.gradients[i].defined() && !parameters[i].is_frozen()) {
      names += (names.empty() ? "" : ", ") + name_of(s, i);
      if (layer.empty()) layer = layer_of(name_of(s, i));
    }
  if (names.empty()) return;
  out.push_back({Fault::layer,
                 "parameters that the loss does not reach",
                 "no gradient flows to " + names,
                 layer,
                 {},
                 "they stay what they were drawn as, and the layer that they belong to takes no part",
                 "call the layer in forward, take away a detach() on the way, or freeze them",
                 {}});
}

void no_gradient(const Scene& s, Out& out) {
  if (!has_gradients(s)) return;
  const double loss = s.loss.to(float64).item();
  for (const Tensor& g : s.gradients)
    if (g.defined() && !(largest(g) == 0)) return;
  const int last = s.view.last_activation();
  const int call = last >= 0 ? last : s.view.output();
  if (call < 0) return;
  const Call& c = s.view[call];
  const Tensor y = c.value.to(float64);
  const bool constant = y.size() > 0 && largest(y - mean(y)) == 0;
  if (is_softmax(c.op) && constant && c.value.rank() > 0 && c.value.shape()[c.value.rank() - 1] == 1) return;
  Finding f = at_call(s.view, call, constant ? Fault::activation : Fault::loss, "the loss has no gradient");
  f.measured = "on the first batch the loss is " + number(loss) + " and its gradient 0 in every parameter";
  const bool saturated = constant && (c.op == "sigmoid" || c.op == "tanh");  // as it would not be of smaller numbers
  if (saturated) f.kind = Fault::preprocessing;
  if (constant) f.measured += "; " + c.op + " gives " + number(mean(y).item()) + " for every input";
  f.why = "no step can change anything";
  f.change = saturated  ? "inputs of mean 0 and deviation 1, or smaller weights"
             : constant ? "a last layer whose output depends on the input"
                        : "a cost function that depends on the output";
  out.push_back(std::move(f));
}

void softmax_of_one(const Scene& s, Out& out) {
  for (std::size_t k = 0; k < s.view.calls().size(); ++k) {
    const Call& c = s.view.calls()[k];
    if (!is_softmax(c.op) || !c.of_parameter || c.value.rank() < 1) continue;
    const double constant = c.op == "softmax" ? 1 : 0;
    if (largest(c.value - constant) != 0 || c.value.shape()[c.value.rank() - 1] != 1) continue;
    Finding f = at_call(s.view, static_cast<int>(k), Fault::activation, "softmax over one unit");
    f.measured = c.op + " gives " + number(constant) + " for all " + std::to_string(c.value.size()) +
                 " inputs, as its output " + to_string(c.value.shape()) + " has one class";
    f.why = "an output that is constant has no gradient: nothing below it learns";
    f.change = "sigmoid in its place for a yes or no, no activation for a number, or one unit for each class";
    out.push_back(std::move(f));
  }
}

void softmax_twice(const Scene& s, Out& out) {
  for (std::size_t k = 0; k < s.view.calls().size(); ++k) {
    const Call& c = s.view.calls()[k];
    const bool again = is_softmax(c.op) || c.op == "cross_entropy";
    if (!again || !c.of_parameter || c.inputs.empty()) continue;
    const int before = s.view.through_shapes(c.inputs[0]);
    if (before < 0 || s.view[before].op != "softmax") continue;
    Finding f = at_call(s.view, before, Fault::activation, "softmax twice");
    f.measured = c.op + " takes the probabilities of " + s.view[before].op + ", from 0 to 1, for scores";
    f.why = "a second softmax of numbers from 0 to 1 never comes near 0 or 1, and its gradient is small";
    f.change = "leave the first one away: cross_entropy takes scores";
    out.push_back(std::move(f));
  }
}

void softmax_hidden(const Scene& s, Out& out) {
  for (const int i : s.view.hidden_activations()) {
    if (s.view[i].op != "softmax") continue;
    Finding f = at_call(s.view, i, Fault::activation, "softmax in a hidden layer");
    f.measured = "the next layer takes its " + std::to_string(s.view[i].value.size(-1)) +
                 " outputs, which sum to 1 for each sample";
    f.why = "of units that share one sum hardly more than one is ever on, and their gradients are small";
    f.change = "relu in the hidden layers; softmax is for the last one";
    out.push_back(std::move(f));
  }
}

void out_of_reach(const Scene& s, Out& out) {
  const int call = s.view.last_activation();
  if (call < 0 || !s.compared || s.compared->task == Task::classes) return;
  const auto range = range_of(s.view[call].op);
  if (!range || s.view[call].op == "log_softmax") return;
  const auto t = s.forks.samples(1024).back().to_vector<double>();
  const auto beyond = std::count_if(t.begin(), t.end(), [&](double v) { return v < range->low || v > range->high; });
  if (beyond == 0) return;
  const auto [low, high] = std::minmax_element(t.begin(), t.end());
  Finding f = at_call(s.view, call, Fault::activation, "targets that the last activation cannot give");
  f.measured = std::to_string(beyond) + " of " + std::to_string(t.size()) + " targets, from " + number(*low) + " to " +
               number(*high) + ", are outside of what " + s.view[call].op + " gives, " + number(range->low) + " to " +
               number(range->high);
  f.why = "there the output goes to its end, where the gradient is 0";
  f.change = "no activation at the last layer, or targets scaled into that range";
  out.push_back(std::move(f));
}

void no_activation_between(const Scene& s, Out& out) {
  for (const auto& [first, second] : s.view.linear_pairs()) {
    Finding f = at_call(s.view, second, Fault::activation, "two layers without an activation between them");
    f.measured = "its input is the output of " +
                 (s.view[first].layer.empty() ? s.view[first].op : s.view[first].layer) +
                 ", with nothing between that is not linear";
    f.why = "two linear layers are one";
    f.change = "an activation between them, such as relu";
    out.push_back(std::move(f));
    return;
  }
}

// Rows of a weight that are the same at the beginning and at the end of a training: none of its units is another's.
void alike(const Scene& s, Out& out) {
  if (s.steps < 2 || !s.last) return;
  const auto& parameters = s.forks.run().optimizer->parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& p = parameters[i];
    const auto first = s.first->find(p.name()), last = s.last->find(p.name());
    if (p.shape().rank() < 2 || p.shape()[0] < 2 || p.is_frozen() || first == s.first->end() || last == s.last->end())
      continue;
    const auto same = [](const Tensor& w) {
      double distance = 0;
      for (std::int64_t k = 1; k < w.shape()[0]; ++k) distance = std::max(distance, largest(w[k] - w[0]));
      return distance == 0;
    };
    if (!same(first->second) || !same(last->second)) continue;
    out.push_back({Fault::initialization,
                   "units that are all alike",
                   "the " + std::to_string(p.shape()[0]) + " rows of " + p.name() + " are equal, after " +
                       std::to_string(s.steps) + " steps as at the beginning",
                   layer_of(p.name()),
                   {},
                   "units that begin alike get the same gradient and stay alike: they are one",
                   "weights that are drawn, as nn::Linear does",
                   {}});
  }
}

void not_stepped(const Scene& s, Out& out) {
  if (s.steps < 2 || !s.last) return;
  std::string names;
  const auto& parameters = s.forks.run().optimizer->parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& p = parameters[i];
    const auto first = s.first->find(p.name()), last = s.last->find(p.name());
    if (p.is_frozen() || !s.gradients[i].defined() || first == s.first->end() || last == s.last->end()) continue;
    if (!(largest(s.gradients[i]) > 0) || largest(first->second - last->second) != 0) continue;
    names += (names.empty() ? "" : ", ") + name_of(s, i);
  }
  if (names.empty()) return;
  out.push_back({Fault::learning_rate,
                 "parameters that no step changes",
                 names + " have a gradient, and after " + std::to_string(s.steps) + " steps the values that they had",
                 "",
                 {},
                 "a step below the resolution of the numbers is none; the learning rate is " +
                     number(s.forks.run().optimizer->lr()),
                 "a larger learning rate",
                 {}});
}

void initial_loss(const Scene& s, Out& out) {
  if (!s.compared || (s.compared->task != Task::classes && s.compared->task != Task::one_hot)) return;
  const bool entropy = std::any_of(s.view.calls().begin(), s.view.calls().end(),
                                   [](const Call& c) { return c.op == "cross_entropy" || c.op == "nll_loss"; });
  const double classes = static_cast<double>(s.compared->output.shape()[1]), loss = s.loss.to(float64).item();
  if (!entropy || classes < 2 || !(loss > 2 * std::log(classes))) return;
  out.push_back({Fault::initialization,
                 "a first loss far above that of a guess",
                 "it is " + number(loss) + ", where a guess among " + number(classes) + " classes has ln " +
                     number(classes) + " = " + number(std::log(classes)),
                 "",
                 {},
                 "the outputs are large before anything was learnt: weights or inputs are of a large scale",
                 "inputs of mean 0 and deviation 1, or smaller weights",
                 {}});
}

struct Check {
  void (*look)(const Scene&, Out&);
  bool only_failing;  // what it finds may be meant where the training learns
};
constexpr Check checks[] = {{unreached, false},      {no_gradient, true},    {softmax_of_one, false},
                            {softmax_twice, false},  {softmax_hidden, true}, {samples_mixed, false},
                            {not_repeatable, false}, {alike, false},         {not_stepped, false},
                            {sum_for_mean, true},    {out_of_reach, true},   {no_activation_between, true},
                            {initial_loss, true},    {order_of_epochs, true}};

}  // namespace

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", v);
  return text;
}

std::string in_percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * std::max(share, -99.));
  return text;
}

double largest(const Tensor& x) { return x.size() ? amax(abs(x)).to(float64).item() : 0; }

Finding at_call(const View& view, int call, Fault kind, std::string what) {
  Finding f{kind, std::move(what), "", view[call].layer, view[call].site, "", "", {}};
  return f;
}

std::vector<Finding> check_all(const Scene& scene, bool fails) {
  Out out;
  for (const Check& check : checks) {
    if (check.only_failing && !fails) continue;
    try {
      check.look(scene, out);
    } catch (const Error&) {  // the cost function does not take what the check would give it
    }
  }
  return out;
}

}  // namespace xtape::lab
