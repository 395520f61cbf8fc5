#include "program.hpp"

#include <algorithm>

namespace xtape::detail {

void Program::run(const Tensors& in, std::vector<Ref<Array>>& out) {
  Recording off(false);
  struct Clear {
    std::vector<Ref<Array>>& arrays;
    ~Clear() {
      for (Ref<Array>& a : arrays) a = {};
    }
  };
  arrays_.resize(values.size());
  Clear clear{arrays_};
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i].source == Source::parameter) arrays_[i] = take(*values[i].cell);
    else if (values[i].source == Source::constant) arrays_[i] = values[i].array;
  for (std::size_t i = 0; i < inputs.size(); ++i) arrays_[inputs[i]] = in[i].array_ref();

  for (std::uint32_t s = 0; s < steps.size(); ++s) {
    const Step& step = steps[s];
    const Operation& operation = *step.operation;
    Scope scope(operation.site);
    Ref<Array>& result = arrays_[step.result];
    if (mode & watched) {
      Tensors x;
      for (std::uint32_t k = 0; k < step.count; ++k) x.emplace_back(arrays_[operands[step.first + k]]);
      result = apply_again(operation, x).array_ref();
    } else {
      pointers_.resize(std::max<std::size_t>(pointers_.size(), step.count));
      for (std::uint32_t k = 0; k < step.count; ++k) pointers_[k] = arrays_[operands[step.first + k]].get();
      result = operation.run(pointers_.data());
    }
    if (const Value& v = values[step.result]; result->shape != v.shape || result->dtype != v.dtype)
      fail("replay", std::string("'") + operation.op + "' gives shape " + xtape::to_string(result->shape) +
                         " now and gave " + xtape::to_string(v.shape) +
                         " when it was recorded; a function whose shapes depend on values cannot be replayed");
    for (std::uint32_t k = 0; k < step.count; ++k) {
      const std::uint32_t used = operands[step.first + k];
      if (values[used].last_step == s && !values[used].kept) arrays_[used] = {};
    }
  }
  out.resize(results.size());
  for (std::size_t i = 0; i < results.size(); ++i) out[i] = arrays_[results[i]];
  for (auto& [value, leaf] : assignments) {
    if (mode & watched) tell_watchers([&, v = value, &cell = *leaf](Watcher& w) { w.assigned(cell, arrays_[v]); });
    leaf->value = arrays_[value];
  }
}

std::string Program::name(std::uint32_t i) const {
  const Value& v = values[i];
  if (v.source == Source::parameter)
    if (const std::string& path = v.cell->name; !path.empty()) return path;
  return (v.source == Source::constant ? "constant " : "%") + std::to_string(i);
}

std::string Program::to_string() const {
  std::string s;
  for (const Step& step : steps) {
    std::string line = "%" + std::to_string(step.result) + " = " + step.operation->op + "(";
    for (std::uint32_t k = 0; k < step.count; ++k) line += (k ? ", " : "") + name(operands[step.first + k]);
    line += ")";
    if (const std::string a = step.operation->attributes(); !a.empty()) line += "  " + a;
    const Value& v = values[step.result];
    s += line + "  " + xtape::to_string(v.dtype) + xtape::to_string(v.shape) + "\n";
  }
  return s;
}

Trace::Trace(const Tensors& inputs) {
  for (const Tensor& x : inputs) program_.inputs.push_back(add(Program::Source::input, x.array_ref()));
}

bool records_within(const Watcher& watcher) {
  for (Watcher* w = Watcher::innermost(); w != &watcher; w = w->outer())
    if (dynamic_cast<Trace*>(w)) return true;
  return false;
}

std::uint32_t Trace::add(Program::Source source, const Ref<Array>& array) {
  const auto i = static_cast<std::uint32_t>(program_.values.size());
  program_.values.push_back({source, array->dtype, array->shape, {}, {}, 0, false});
  if (source == Program::Source::constant) program_.values.back().array = array;
  numbers_[array.get()] = i;
  alive_.push_back(array);
  return i;
}

std::uint32_t Trace::number(const Ref<Array>& array) {
  auto at = numbers_.find(array.get());
  return at != numbers_.end() ? at->second : add(Program::Source::constant, array);
}

void Trace::executed(Execution& e) {
  if (records_within(*this)) return;
  if (!e.node.pure()) drawn_.push_back(e.node.twin());
  drawn_.insert(drawn_.end(), e.inside.begin(), e.inside.end());
  Program::Step step{twin_of(e.node), static_cast<std::uint32_t>(program_.operands.size()), e.node.input_count, 0};
  const auto s = static_cast<std::uint32_t>(program_.steps.size());
  for (std::uint32_t k = 0; k < step.count; ++k) {
    const std::uint32_t i = number(Ref<Array>::share(e.args[k]->array));
    program_.values[i].last_step = s;
    program_.operands.push_back(i);
  }
  step.result = add(Program::Source::computed, e.value);
  program_.values[step.result].last_step = s;
  program_.steps.push_back(std::move(step));
}

void Trace::read(const char* op, const Array& array) {
  auto at = numbers_.find(&array);
  if (at == numbers_.end() || program_.values[at->second].source == Program::Source::constant) return;
  fail(op,
       "the function that is being recorded reads a value, which a replay would not see change; return the tensor "
       "and read it outside, or choose with where()");
}

void Trace::taken(Leaf& leaf, const Ref<Array>& value) {
  if (records_within(*this)) return;
  if (auto at = cells_.find(&leaf); at != cells_.end()) {
    numbers_[value.get()] = at->second;
    alive_.push_back(value);
    return;
  }
  const std::uint32_t i = cells_[&leaf] = add(Program::Source::parameter, value);
  program_.values[i].cell = Ref<Leaf>::share(&leaf);
}

void Trace::assigned(Leaf& leaf, const Ref<Array>& value) {
  if (records_within(*this)) return;
  if (!value)
    fail("record",
         "the function that is being recorded writes to a parameter in place, which a replay would not do; "
         "step the optimiser outside");
  before_.emplace_back(Ref<Leaf>::share(&leaf), leaf.value);
  program_.assignments.emplace_back(cells_[&leaf] = number(value), Ref<Leaf>::share(&leaf));
}

void Trace::adding_up() {
  fail("backward",
       "the function that is being recorded adds gradients up in leaves, which a replay would not do; "
       "return grad(loss, parameters) instead");
}

Program Trace::finish(const Tensors& results) {
  for (const Tensor& y : results) {
    program_.results.push_back(number(y.array_ref()));
    program_.values[program_.results.back()].kept = true;
  }
  for (auto& [value, leaf] : program_.assignments) program_.values[value].kept = true;
  return std::move(program_);
}

void Trace::undo() {
  for (auto at = drawn_.rbegin(); at != drawn_.rend(); ++at) (*at)->undo();
  for (auto at = before_.rbegin(); at != before_.rend(); ++at) at->first->value = at->second;
}

}  // namespace xtape::detail
