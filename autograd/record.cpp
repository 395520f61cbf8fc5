#include "record.hpp"

#include <ostream>

#include "core/operation.hpp"
#include "core/program.hpp"
#include "ops/shape.hpp"

namespace xtape {
using namespace detail;

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

Replay detail::record_list(const std::function<Tensors(const Tensors&)>& f, const Tensors& example_inputs, Site site) {
  check_inputs("record", example_inputs, site);
  Scope scope(site);
  const Tensors inputs = told_apart(example_inputs);
  return Replay(std::make_shared<Program>(traced(inputs, [&] {
    Tensors results = f(inputs);
    check_inputs("record", results, site);
    return results;
  })));
}

Program& Replay::program(Site site) const {
  if (!program_) fail("replay", "the replay is undefined: it was moved to another and never assigned", site);
  return *program_;
}

void Replay::run(const Tensors& inputs, Tensors& results, Site site) {
  const Program& p = program(site);
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

std::ostream& operator<<(std::ostream& out, const Replay& replay) { return out << replay.program({}).to_string(); }

}  // namespace xtape
