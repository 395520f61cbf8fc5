#include "checkpoint.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "core/program.hpp"
#include "ops/shape.hpp"

namespace xtape {
using namespace detail;

namespace {

// What a function did: operations on the values that it captured, which come first, and on each other's.
struct Steps {
  struct Operand {
    std::uint32_t value;
    bool flows;  // a gradient goes back to it from here
    bool last;   // nothing reads the value later
  };
  struct Step {
    Ref<Operation> operation;
    std::vector<Operand> operands;
    bool recorded;
    bool known;  // the last operand is its value: it drew random numbers inside
  };

  // Does it again, recorded where it was and a gradient comes back. Gives the last step's value.
  Tensor again(Tensors values) const {
    for (const Step& step : list) {
      const Recording recording(step.recorded && is_recording());
      Tensors x;
      for (const Operand& o : step.operands) {
        const Tensor& t = values[o.value];
        x.push_back(o.flows ? t : Tensor(t.array_ref()));
      }
      Ref<Array> value;
      if (step.known) {
        value = x.back().array_ref();
        x.pop_back();
      }
      values.push_back(apply_again(*step.operation, x, value));
      for (const Operand& o : step.operands)
        if (o.last) values[o.value] = {};
    }
    return values.back();
  }

  std::vector<Step> list;
};

// Holds what a function did and what it started from.
struct Checkpoint final : ListOperation {
  Checkpoint(Site site, std::size_t captured, std::shared_ptr<const Steps> steps)
      : ListOperation("checkpoint", site, captured), steps(std::move(steps)) {}

  Ref<Array> run(const Array* const* x) const override {
    const NoGradGuard unrecorded;
    Tensors captured;
    for (std::uint32_t i = 0; i < input_count; ++i) captured.emplace_back(Ref<Array>::share(const_cast<Array*>(x[i])));
    return steps->again(std::move(captured)).array_ref();
  }
  Ref<Operation> twin() const override { return make_node<Checkpoint>(site, input_count, steps); }
  bool reads(std::uint32_t, std::uint32_t value) const override { return value < input_count; }

  void backward(const Tensor& g, Engine& engine) override {
    Recording on(true);
    // Each input becomes a node of its own, so that a path from one to another does not count here.
    Tensors x;
    Tensors targets;
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; i < input_count; ++i) {
      x.push_back(saved(i, engine));
      if (!engine.wants(inputs[i].get())) continue;
      x[i] = engine.create_graph() ? reshape(x[i], x[i].shape()) : x[i].requires_grad();
      targets.push_back(x[i]);
      wanted.push_back(i);
    }
    const Tensor y = steps->again(std::move(x));
    if (!y.is_recorded()) return;
    const GradFlags flags = engine.create_graph() ? create_graph | allow_unused : allow_unused;
    const Tensors gradients = grad(y, targets, g, flags);
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (gradients[i].defined()) engine.accumulate(*this, wanted[i], gradients[i]);
  }

  std::shared_ptr<const Steps> steps;
};

// While it lives, writes down what this thread does. A value that gradients flow to is known by its node (and, since a
// cell changes its value, where it is), any other by its array.
class Writer final : public Watcher {
 public:
  void executed(Execution& e) override {
    if (records_within(*this)) return;
    const bool drew = !e.node.pure() || !e.inside.empty();
    if (drew && !e.flows) number(Tensor(e.value), false);  // it is captured
    else add(e.node, e.args, e.value, e.flows, drew);
  }
  void joined(Operation& node, const Arg* const* args, const Ref<Array>& value) override {
    if (!records_within(*this)) add(node, args, value, true, false);
  }

  // A recorded y as the result of one operation, which holds what y takes of what was done; y itself where that is
  // nothing.
  Tensor joined(const Tensor& y, Site site) {
    const std::uint32_t result = number(y, true);
    // Which values y takes, and to which of them its gradient flows.
    std::vector<char> needed(values_.size()), reached(values_.size());
    needed[result] = reached[result] = true;
    std::size_t count = 0;
    for (std::size_t i = result + 1; i-- > 0;) {
      if (!needed[i]) continue;
      Steps::Step& step = values_[i].step;
      if (!step.operation) ++count;
      step.recorded &= reached[i] != 0;
      for (Steps::Operand& o : step.operands) {
        o.flows &= step.recorded;
        needed[o.value] = true;
        reached[o.value] |= o.flows;
      }
    }
    if (!values_[result].step.operation) return y;

    auto steps = std::make_shared<Steps>();
    auto node = make_node<Checkpoint>(user_site(site), count, steps);
    node->dtype = y.dtype();
    node->shape = y.shape();
    node->depth = y.node_ref()->depth;
    std::vector<std::uint32_t> place(values_.size());
    std::vector<Arg> args;
    for (std::size_t i = 0; i <= result; ++i) {
      if (!needed[i] || values_[i].step.operation) continue;
      const auto k = place[i] = static_cast<std::uint32_t>(args.size());
      Tensor& t = values_[i].tensor;
      if (!reached[i] && t.is_recorded()) t = Tensor(t.array_ref());
      args.emplace_back(t);
      node->kept[k] = t.array_ref();
      if (!t.node_ref()) continue;
      node->inputs[k] = reached[i] ? t.node_ref() : cut_at(t.node_ref().get());
      node->depth = std::max(node->depth, t.node_ref()->depth + 1);
    }
    std::vector<char> read(values_.size());
    for (std::size_t i = 0; i <= result; ++i) {
      if (!needed[i] || !values_[i].step.operation) continue;
      place[i] = static_cast<std::uint32_t>(count + steps->list.size());
      steps->list.push_back(values_[i].step);
    }
    for (auto step = steps->list.rbegin(); step != steps->list.rend(); ++step) {
      for (Steps::Operand& o : step->operands) o.last = !read[o.value];
      for (Steps::Operand& o : step->operands) {
        read[o.value] = true;
        o.value = place[o.value];
      }
    }
    const std::vector<const Arg*> pointers = pointers_to(args);
    for (Watcher* w = outer(); w; w = w->outer()) w->joined(*node, pointers.data(), y.array_ref());
    return Tensor(y.array_ref(), std::move(node));
  }

 private:
  struct Value {
    Tensor tensor;     // also so that no address is used twice
    Steps::Step step;  // that gave it; without an operation: it was captured
  };
  using Identity = std::pair<const Node*, const void*>;

  void add(const Operation& node, const Arg* const* args, const Ref<Array>& value, bool flows, bool known) {
    Steps::Step step{twin_of(node), {}, flows, known};
    for (std::uint32_t k = 0; k < node.input_count; ++k) {
      const bool along = flows && args[k]->flows();
      const Tensor x(Ref<Array>::share(args[k]->array), Ref<Node>::share(args[k]->node));
      step.operands.push_back({number(x, along), along, false});
    }
    if (known) step.operands.push_back({append(Tensor(value), {}), false, false});
    append(Tensor(value, flows ? Ref<Node>::share(const_cast<Operation*>(&node)) : Ref<Node>()), std::move(step));
  }
  std::uint32_t number(const Tensor& x, bool flows) {
    if (flows) {
      if (auto at = flowing_.find(identity(x)); at != flowing_.end()) return at->second;
    } else if (auto at = arrays_.find(x.array_ref().get()); at != arrays_.end()) {
      return at->second;
    }
    return append(x, {});
  }
  std::uint32_t append(const Tensor& x, Steps::Step step) {
    const auto i = static_cast<std::uint32_t>(values_.size());
    values_.push_back({x, std::move(step)});
    if (x.is_recorded()) flowing_[identity(x)] = i;
    arrays_.emplace(x.array_ref().get(), i);
    return i;
  }
  static Identity identity(const Tensor& x) { return {x.node_ref().get(), x.array().data}; }

  std::vector<Value> values_;
  std::map<Identity, std::uint32_t> flowing_;
  std::unordered_map<const Array*, std::uint32_t> arrays_;
};

void check_defined(const Tensor& x, const std::string& what, Site site) {
  if (!x.defined()) fail("checkpoint", what + " is undefined", site);
}

}  // namespace

Tensor detail::checkpoint_list(const std::function<Tensor(const Tensors&)>& f, const Tensors& inputs, Site site) {
  for (std::size_t i = 0; i < inputs.size(); ++i) check_defined(inputs[i], "input " + std::to_string(i), site);
  Scope scope(site);
  if (!is_recording()) return f(inputs);
  Writer writer;
  const Tensor y = f(inputs);
  check_defined(y, "the result", site);
  return y.is_recorded() ? writer.joined(y, site) : y;
}

}  // namespace xtape
