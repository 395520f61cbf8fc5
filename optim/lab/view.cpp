#include "view.hpp"

#include <algorithm>
#include <limits>
#include <set>

namespace xtape::lab {
using namespace xtape::detail;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

const std::map<std::string, std::optional<Range>>& activations() {
  static const std::map<std::string, std::optional<Range>> all{{"sigmoid", Range{0, 1}},
                                                               {"hard_sigmoid", Range{0, 1}},
                                                               {"softmax", Range{0, 1}},
                                                               {"tanh", Range{-1, 1}},
                                                               {"hard_tanh", Range{-1, 1}},
                                                               {"softsign", Range{-1, 1}},
                                                               {"relu", Range{0, infinity}},
                                                               {"relu6", Range{0, 6}},
                                                               {"softplus", Range{0, infinity}},
                                                               {"log_softmax", Range{-infinity, 0}},
                                                               {"elu", Range{-1, infinity}},
                                                               {"selu", std::nullopt},
                                                               {"celu", std::nullopt},
                                                               {"leaky_relu", std::nullopt},
                                                               {"gelu", std::nullopt},
                                                               {"silu", std::nullopt},
                                                               {"mish", std::nullopt},
                                                               {"log_sigmoid", Range{-infinity, 0}},
                                                               {"sin", Range{-1, 1}}};
  return all;
}

bool only_shapes(const std::string& op) {
  static const std::set<std::string> all{"reshape", "flatten",   "transpose", "permute",
                                         "squeeze", "unsqueeze", "cast",      "to"};
  return all.count(op) > 0;
}

// What leaves a chain of layers linear.
bool keeps_linear(const std::string& op) {
  static const std::set<std::string> all{"add", "sub", "dropout", "pad", "avg_pool2d", "mean", "multiply", "mul"};
  return only_shapes(op) || all.count(op) > 0;
}

// The path in "net.2 (Lambda)", as messages have it.
std::string path_of(const std::string& module) {
  const std::size_t end = module.find(" (");
  const std::string path = module.substr(0, end);
  const std::size_t dot = path.find('.');  // without the type of the outermost
  return dot == std::string::npos ? "" : path.substr(dot + 1);
}

}  // namespace

bool is_activation(const std::string& op) { return activations().count(op) > 0; }
std::optional<Range> range_of(const std::string& op) {
  const auto found = activations().find(op);
  return found == activations().end() ? std::nullopt : found->second;
}

std::string Keys::next(const Operation& operation) {
  std::string key = operation.op;
  if (operation.details) key += " in " + operation.details->module;
  if (operation.site.file) key += " at " + to_string(operation.site);
  return key + " #" + std::to_string(counts_[key]++);
}

View::View(const Tensors& batch) {
  if (batch.size() > 1) {
    target_ = batch.back().array_ref().get();
    if (target_ == batch[0].array_ref().get()) target_ = nullptr;
  }
  ear_.emplace(*this);
}

void View::add(Execution& e) {
  Call c;
  c.op = e.node.op;
  c.key = keys_.next(e.node);
  c.in_module = e.node.details && !e.node.details->module.empty();
  if (c.in_module) c.layer = path_of(e.node.details->module);
  c.site = e.node.site;
  c.value = Tensor(e.value);
  for (std::uint32_t i = 0; i < e.node.input_count; ++i) {
    const Array* array = e.args[i]->array;
    const auto maker = makers_.find(array);
    c.inputs.push_back(maker == makers_.end() ? -1 : maker->second);
    c.arguments.emplace_back(Ref<Array>::share(e.args[i]->array));
    if (maker != makers_.end()) {
      c.of_parameter |= (*this)[maker->second].of_parameter;
      c.of_target |= (*this)[maker->second].of_target;
    }
    c.of_target |= target_ && array == target_;
    if (const auto p = parameters_.find(array); p != parameters_.end()) c.parameters.push_back(p->second);
  }
  c.of_parameter |= !c.parameters.empty();
  makers_[e.value.get()] = static_cast<int>(calls_.size());
  nodes_.push_back(Ref<Node>::share(&e.node));
  calls_.push_back(std::move(c));
}

int View::before_target() const {
  int found = -1;
  for (const Call& c : calls_)
    if (c.of_target)
      for (const int i : c.inputs)
        if (i >= 0 && (*this)[i].of_parameter && !(*this)[i].of_target) found = std::max(found, i);
  return found;
}

int View::output() const {
  int found = -1;
  for (std::size_t i = 0; i < calls_.size(); ++i)
    if (calls_[i].in_module && calls_[i].of_parameter && !calls_[i].of_target) found = static_cast<int>(i);
  return found >= 0 ? found : before_target();
}

int View::through_shapes(int call) const {
  while (call >= 0 && only_shapes((*this)[call].op) && !(*this)[call].inputs.empty()) call = (*this)[call].inputs[0];
  return call;
}

int View::last_activation() const {
  for (const int start : {before_target(), output()}) {
    const int call = through_shapes(start);
    if (call >= 0 && is_activation((*this)[call].op)) return call;
  }
  return -1;
}

bool View::learns(int call) const {
  static const std::set<std::string> all{"linear", "matmul", "conv1d", "conv2d", "conv3d", "addmm"};
  return call >= 0 && all.count((*this)[call].op) > 0 && !(*this)[call].parameters.empty();
}

std::vector<int> View::hidden_activations() const {
  std::vector<int> found;
  const int last = last_activation();
  for (std::size_t k = 0; k < calls_.size(); ++k) {
    const int i = static_cast<int>(k);
    const Call& c = calls_[k];
    if (!is_activation(c.op) || !c.of_parameter || c.of_target || i == last || (last >= 0 && i > last)) continue;
    // A softmax is one where a layer takes its output, and not where it weighs something, as in attention.
    if (c.op.find("softmax") == c.op.npos || feeds_layer(i)) found.push_back(i);
  }
  return found;
}

bool View::feeds_layer(int call) const {
  for (std::size_t k = 0; k < calls_.size(); ++k)
    if (learns(static_cast<int>(k)) && through_shapes(calls_[k].inputs[0]) == call) return true;
  return false;
}

std::vector<std::pair<int, int>> View::linear_pairs() const {
  std::vector<std::pair<int, int>> pairs;
  for (std::size_t k = 0; k < calls_.size(); ++k) {
    const int second = static_cast<int>(k);
    if (!learns(second)) continue;
    int first = calls_[k].inputs[0];
    while (first >= 0 && !learns(first) && keeps_linear((*this)[first].op) && !(*this)[first].inputs.empty())
      first = (*this)[first].inputs[0];
    if (learns(first)) pairs.emplace_back(first, second);
  }
  return pairs;
}

Tensor View::recorded(int call) const {
  return Tensor((*this)[call].value.array_ref(), nodes_[static_cast<std::size_t>(call)]);
}

Tensor Substitution::instead(const Operation& operation, const Arg* const* args) {
  if (busy_) return Tensor();
  const auto found = others_.find(keys_.next(operation));
  if (found == others_.end()) return Tensor();
  Tensors arguments;
  for (std::uint32_t i = 0; i < operation.input_count; ++i) arguments.push_back(args[i]->tensor());
  busy_ = true;
  struct Done {
    bool& busy;
    ~Done() { busy = false; }
  } done{busy_};
  return found->second(operation, arguments);
}

}  // namespace xtape::lab
