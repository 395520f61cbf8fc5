// What is tried with the operations of a model exchanged while its cost function runs.
#include <algorithm>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/index.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/softmax.hpp>
#include <autograd/ops/unary.hpp>

#include "repairs.hpp"

namespace xtape::lab {

using xtape::detail::apply_again;
using xtape::detail::Operation;

// The last activation, the cost function, or both.
void RepairList::heads() {
  if (!s_.compared) return;
  const Task task = s_.compared->task;
  const int last = s_.view.last_activation(), call = last >= 0 ? last : s_.view.output();
  if (call < 0) return;
  const std::string op = last >= 0 ? s_.view[last].op : "none";
  const auto called = [&](const char* name) {
    return std::any_of(s_.view.calls().begin(), s_.view.calls().end(), [&](const Call& c) { return c.op == name; });
  };
  const bool takes_scores = called("cross_entropy") || called("binary_cross_entropy_with_logits");
  const bool classes = task == Task::classes || task == Task::one_hot;
  const std::string cost = classes                   ? "cross_entropy"
                           : task == Task::yes_or_no ? "binary_cross_entropy_with_logits"
                                                     : "mse_loss";
  const std::string fitting = classes && !takes_scores                   ? "softmax"
                              : task == Task::yes_or_no && !takes_scores ? "sigmoid"
                                                                         : "none";
  const std::string key = s_.view[call].key;
  const bool activated = last >= 0;
  if (op != fitting) {
    Repair& r = add_at(call, Fault::activation, "head", "the last activation, " + op + ", does not fit the targets");
    r.why = classes                   ? "one class of several asks for probabilities that sum to 1"
            : task == Task::yes_or_no ? "a yes or no asks for a probability"
                                      : "numbers of any size ask for an output that nothing bounds";
    r.change = (fitting == "none" ? "no activation" : fitting) + " at the last layer instead of " + op;
    r.apply = [=](Plan& p) {
      p.others[key] = [=](const Operation& o, const Tensors& a) {
        const Tensor z = activated ? a[0] : apply_again(o, a);
        return fitting == "softmax" ? softmax(z, -1) : fitting == "sigmoid" ? sigmoid(z) : z;
      };
    };
  }
  const bool fits = takes_scores && !activated && called(cost.c_str());
  if (fits) return;
  const bool bounded = op == "sigmoid" || op == "softmax";
  for (const bool of_scores : {false, true}) {
    if (of_scores && !activated) continue;
    Repair& r = add_at(call, Fault::loss, "head", "the cost function does not fit the targets");
    r.why = "a cost that fits has a gradient wherever the output is wrong";
    r.change = of_scores                          ? cost + " of the last layer's output before " + op
               : bounded && task != Task::numbers ? std::string("cross-entropy of the probabilities")
                                                  : cost + " of the output";
    r.apply = [=](Plan& p) {
      const auto seen = std::make_shared<Tensor>();
      p.others[key] = [=](const Operation& o, const Tensors& a) {
        const Tensor y = apply_again(o, a);
        *seen = of_scores ? a[0] : y;
        return y;
      };
      p.output = [=] { return *seen; };
      p.cost = [=](const Tensors& batch) -> std::optional<Tensor> {
        const auto c = compared(*seen, batch.back());
        if (!c) return std::nullopt;
        if (of_scores || !bounded || c->task == Task::numbers) return fitting_cost(c->task, c->output, c->target);
        const Tensor t =
            c->task == Task::classes ? one_hot(c->target, c->output.shape()[1], c->output.dtype()) : c->target;
        const Tensor q = clamp(c->output, 1e-6, 1 - 1e-6);
        return -mean(t * log(q) + (1 - t) * log(1 - q));
      };
    };
  }
}

void RepairList::hidden() {
  std::map<std::string, int> found;  // an activation, and its first call
  std::vector<std::pair<std::string, std::string>> keys;
  for (const int i : s_.view.hidden_activations()) {
    found.emplace(s_.view[i].op, i);
    keys.emplace_back(s_.view[i].op, s_.view[i].key);
  }
  for (const auto& [name, call] : found) {
    const std::string op = name, other = op == "relu" ? "tanh" : "relu";
    Repair& r = add_at(call, Fault::activation, "hidden", op + " in the hidden layers holds it up");
    r.why = op == "relu" ? "a unit whose input is negative for all samples has no gradient"
                         : "where it saturates its gradient is nearly 0, the less in each layer below";
    r.change = other + " instead of " + op + " in the hidden layers";
    r.apply = [=](Plan& p) {
      for (const auto& [of, key] : keys)
        if (of == op)
          p.others[key] = [=](const Operation&, const Tensors& a) { return other == "relu" ? relu(a[0]) : tanh(a[0]); };
    };
  }
  const auto pairs = s_.view.linear_pairs();
  if (pairs.empty()) return;
  std::vector<std::string> seconds;
  for (const auto& pair : pairs) seconds.push_back(s_.view[pair.second].key);
  Repair& r = add_at(pairs[0].second, Fault::activation, "hidden", "two layers without an activation between them");
  r.why = "two linear layers are one";
  r.change = "relu between them";
  r.apply = [=](Plan& p) {
    for (const std::string& key : seconds)
      p.others[key] = [](const Operation& o, const Tensors& a) {
        Tensors activated = a;
        activated[0] = relu(a[0]);
        return apply_again(o, activated);
      };
  };
}

void RepairList::dropouts() {
  std::vector<std::string> keys;
  int first = -1;
  for (std::size_t i = 0; i < s_.view.calls().size(); ++i) {
    const Call& c = s_.view.calls()[i];
    if (c.op.find("dropout") == c.op.npos || !c.of_parameter) continue;
    keys.push_back(c.key);
    if (first < 0) first = static_cast<int>(i);
  }
  if (keys.empty()) return;
  Repair& r = add_at(first, Fault::layer, "dropout", "dropout leaves too little of the layers");
  r.why = "what is left out of small layers is missing";
  r.change = "no dropout";
  r.apply = [=](Plan& p) {
    for (const std::string& key : keys) p.others[key] = [](const Operation&, const Tensors& a) { return a[0]; };
  };
}

}  // namespace xtape::lab
