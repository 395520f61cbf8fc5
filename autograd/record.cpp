#include "record.hpp"

#include <ostream>

#include "operation.hpp"
#include "ops/shape.hpp"
#include "program.hpp"

namespace xtape {
namespace {

void check_inputs(const char* op, const Tensors& inputs, Site site) {
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (!inputs[i].defined()) fail(op, "input " + std::to_string(i) + " is undefined", site);
}

// Inputs of which none is another's alias, so that the trace can tell them apart.
Tensors told_apart(const Tensors& inputs) {
  Tensors x;
  for (const Tensor& t : inputs) x.emplace_back(make_view(t.array(), t.shape()), t.node_ref());
  return x;
}

}  // namespace

Replay::Replay(std::shared_ptr<Program> program) : program_(std::move(program)) {}

Replay record_list(const std::function<Tensors(const Tensors&)>& f, const Tensors& example_inputs, Site site) {
  check_inputs("record", example_inputs, site);
  Scope scope(site);
  const Tensors inputs = told_apart(example_inputs);
  Trace trace(inputs, Trace::repeated);
  struct Undo {
    Trace& trace;
    ~Undo() { trace.undo(); }
  };
  std::shared_ptr<Program> program;
  {
    Undo undo{trace};
    Tensors results = f(inputs);
    check_inputs("record", results, site);
    for (Tensor& y : results) y = y.detach();
    program = std::make_shared<Program>(trace.finish(results));
  }
  return Replay(std::move(program));
}

void Replay::run(const Tensors& inputs, Tensors& results, Site site) {
  const Program& p = *program_;
  check_inputs("replay", inputs, site);
  if (inputs.size() != p.inputs.size())
    fail("replay", std::to_string(inputs.size()) + " inputs, recorded with " + std::to_string(p.inputs.size()), site);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Program::Value& v = p.values[p.inputs[i]];
    if (inputs[i].shape() != v.shape || inputs[i].dtype() != v.dtype)
      fail("replay",
           "input " + std::to_string(i) + " is " + to_string(inputs[i].dtype()) + to_string(inputs[i].shape()) +
               ", recorded as " + to_string(v.dtype) + to_string(v.shape) + "; record again for other shapes",
           site);
  }
  Scope scope(site);
  program_->run(inputs, results_);
  results.resize(results_.size());
  for (std::size_t i = 0; i < results.size(); ++i) results[i] = Tensor(std::move(results_[i]));
}

Tensors Replay::operator()(const Tensors& inputs, Site site) {
  Tensors results;
  run(inputs, results, site);
  return results;
}

std::ostream& operator<<(std::ostream& out, const Replay& replay) { return out << replay.program_->to_string(); }

namespace {

// Holds the program of a function and what goes into it: the inputs, and what else of the tape it used.
struct Checkpoint final : ListOperation {
  Checkpoint(Site site, std::shared_ptr<Program> program, std::vector<std::uint32_t> used)
      : ListOperation("checkpoint", site, program->inputs.size() + used.size()),
        program_(std::move(program)),
        used_(std::move(used)) {}

  Ref<Array> run(const Array* const*) const override { return {}; }
  Ref<Operation> twin() const override { return make_node<Checkpoint>(site, program_, used_); }
  bool reads(std::uint32_t, std::uint32_t value) const override { return value < input_count; }

  void backward(const Tensor& g, Engine& engine) override {
    Recording on(true);
    // Each input becomes a node of its own, so that a path from one to another does not count here.
    Tensors x(input_count);
    Tensors targets;
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; i < input_count; ++i) {
      x[i] = saved(i, engine);
      if (!engine.wants(inputs[i].get())) continue;
      x[i] = engine.create_graph() ? reshape(x[i], x[i].shape()) : x[i].requires_grad();
      targets.push_back(x[i]);
      wanted.push_back(i);
    }
    const std::size_t n = program_->inputs.size();
    std::vector<std::pair<std::uint32_t, Tensor>> instead;
    for (std::size_t k = 0; k < used_.size(); ++k) instead.emplace_back(used_[k], x[n + k]);
    const Tensor y = program_->apply(Tensors(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(n)), instead);
    if (!y.is_recorded()) return;
    const GradFlags flags = engine.create_graph() ? create_graph | allow_unused : allow_unused;
    const Tensors gradients = grad(y, targets, g, flags);
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (gradients[i].defined()) engine.accumulate(*this, wanted[i], gradients[i]);
  }

 private:
  std::shared_ptr<Program> program_;
  std::vector<std::uint32_t> used_;
};

}  // namespace

Tensor checkpoint_list(const std::function<Tensor(const Tensors&)>& f, const Tensors& inputs, Site site) {
  check_inputs("checkpoint", inputs, site);
  Scope scope(site);
  if (!is_recording()) return f(inputs);
  const Tensors told = told_apart(inputs);
  Trace trace(told, Trace::captured);
  Tensor y;
  {
    Recording off(false);
    y = f(told);
  }
  check_inputs("checkpoint", {y}, site);
  auto program = std::make_shared<Program>(trace.finish({y}));
  Tensors x = inputs;
  std::vector<std::uint32_t> used;
  for (std::uint32_t i = 0; i < program->values.size(); ++i) {
    Program::Value& v = program->values[i];
    if (v.source != Program::Source::parameter && v.source != Program::Source::constant) continue;
    if (!v.node) continue;
    const bool parameter = v.source == Program::Source::parameter;
    x.emplace_back(parameter ? static_cast<Leaf&>(*v.node).value : v.array, std::move(v.node));
    used.push_back(i);
  }
  const std::vector<Arg> args(x.begin(), x.end());
  const std::vector<const Arg*> pointers = pointers_to(args);
  if (!any_flows(pointers.data(), args.size())) return y;
  auto node = make_node<Checkpoint>(user_site(site), std::move(program), std::move(used));
  node->connect(pointers.data(), y.array_ref());
  return Tensor(y.array_ref(), std::move(node));
}

}  // namespace xtape
