#include "summary.hpp"

#include <algorithm>
#include <autograd/core/watch.hpp>
#include <cstdio>
#include <ostream>
#include <unordered_map>

namespace xtape::nn {
using namespace detail;

namespace {

using Layers = std::unordered_map<const void*, Summary::Layer*>;

// Gives each operation to all modules that are running.
class LayerCounter final : public Watcher {
 public:
  explicit LayerCounter(const Layers& layers) : layers_(layers) {}
  void executed(Execution& e) override {
    std::vector<const Array*> inputs;
    for (std::uint32_t i = 0; i < e.node.input_count; ++i) inputs.push_back(e.args[i]->array);
    const double flops = e.node.flops(inputs.data(), *e.value);
    const std::int64_t bytes = e.value->owner ? 0 : e.value->size * size_of(e.value->dtype);
    for (const Scope* s = Scope::current(); s; s = s->outer())
      if (const auto found = layers_.find(s->module()); found != layers_.end())
        found->second->flops += flops, found->second->result_bytes += bytes;
  }

 private:
  const Layers& layers_;
};

// Puts a model in evaluation, and hooks on it, until it is gone.
class WatchedModules {
 public:
  WatchedModules(const std::vector<std::pair<std::string, ModuleBase>>& modules, const ForwardHook& hook) {
    for (const auto& [path, m] : modules) {
      modes_.emplace_back(m, m.is_training());
      hooks_.push_back(modes_.back().first.register_forward_hook(hook));
    }
    modes_.front().first.eval();
  }
  ~WatchedModules() {
    for (auto& [m, training] : modes_) m.train(training);  // parents come before their children
    for (HookHandle& h : hooks_) h.remove();
  }
  WatchedModules(const WatchedModules&) = delete;
  WatchedModules& operator=(const WatchedModules&) = delete;

 private:
  std::vector<std::pair<ModuleBase, bool>> modes_;
  std::vector<HookHandle> hooks_;
};

// 1234567 as "1,234,567".
std::string grouped(double number) {
  char digits[64];
  std::snprintf(digits, sizeof digits, "%.0f", number);
  std::string s = digits;
  for (auto at = static_cast<std::ptrdiff_t>(s.size()) - 3; at > 0; at -= 3)
    s.insert(static_cast<std::size_t>(at), ",");
  return s;
}

std::string megabytes(double bytes) {
  char text[64];
  std::snprintf(text, sizeof text, "%.3f MB", bytes * 1e-6);
  return text;
}

std::string list(const std::vector<Shape>& shapes) {
  std::string s;
  for (const Shape& shape : shapes) s += (s.empty() ? "" : ", ") + to_string(shape);
  return s.empty() ? "-" : s;
}

std::string indented(const Summary::Layer& layer, const std::string& model) {
  if (layer.path.empty()) return model;
  const std::size_t dot = layer.path.rfind('.');
  const auto depth = static_cast<std::size_t>(std::count(layer.path.begin(), layer.path.end(), '.')) + 1;
  return std::string(2 * depth, ' ') + layer.path.substr(dot == std::string::npos ? 0 : dot + 1) + ": " + layer.type;
}

}  // namespace

Summary summarize(ModuleBase model, std::vector<Shape> inputs, const std::function<void()>& call) {
  Summary s;
  s.inputs = std::move(inputs);
  const auto modules = model.named_modules();
  s.layers.reserve(modules.size());
  Layers layers;
  for (auto& [path, m] : modules) {
    s.layers.push_back({path, m.type_name(), {}, 0, 0, 0, 0});
    for (auto& [name, p] : m.named_parameters())
      if (name.find('.') == std::string::npos) s.layers.back().parameters += p.size();
    layers[m.id()] = &s.layers.back();
  }
  for (const Parameter& p : model.parameters()) {
    s.parameters += p.size();
    if (!p.is_frozen()) s.trainable += p.size();
    s.parameter_bytes += p.size() * size_of(p.dtype());
  }
  const WatchedModules watched(modules, [&](const ModuleBase& m, const Tensors&, Tensors& outputs) {
    Summary::Layer& layer = *layers.at(m.id());
    ++layer.calls;
    layer.outputs.clear();
    for (const Tensor& y : outputs) layer.outputs.push_back(y.defined() ? y.shape() : Shape());
  });
  const NoGradGuard guard;
  const LayerCounter counter(layers);
  call();
  return s;
}

std::ostream& operator<<(std::ostream& out, const Summary& summary) {
  struct Line {
    std::string cells[4];
  };
  std::vector<Line> lines = {{{"layer", "output", "parameters", "FLOPs"}}};
  for (const Summary::Layer& layer : summary.layers)
    lines.push_back({{indented(layer, layer.type), list(layer.outputs),
                      layer.parameters ? grouped(layer.parameters) : "", layer.flops > 0 ? grouped(layer.flops) : ""}});
  std::size_t width[4] = {};
  for (const Line& line : lines)
    for (int i = 0; i < 4; ++i) width[i] = std::max(width[i], line.cells[i].size());
  for (const Line& line : lines) {
    std::string text;
    for (int i = 0; i < 4; ++i) {
      const std::string space(width[i] - line.cells[i].size(), ' ');
      text += i < 2 ? line.cells[i] + space + "  " : "  " + space + line.cells[i];
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out << text << "\n";
  }
  const Summary::Layer* model = summary.layers.empty() ? nullptr : &summary.layers.front();
  return out << "Input " << list(summary.inputs) << "; parameters " << grouped(summary.parameters) << " ("
             << grouped(summary.trainable) << " trainable), " << megabytes(summary.parameter_bytes) << "; results "
             << megabytes(model ? model->result_bytes : 0) << "; " << grouped(model ? model->flops : 0) << " FLOPs\n";
}

}  // namespace xtape::nn
