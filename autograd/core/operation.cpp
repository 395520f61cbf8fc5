#include "operation.hpp"

#include "watch.hpp"

namespace xtape {

using namespace detail;

Ref<Node> detail::cut_at(Node* node) {
  if (node->kind != Node::leaf) return Ref<Node>::share(node);
  Ref<Cut> cut = make_node<Cut>(node->op, node->site, Ref<Node>::share(node));
  cut->dtype = node->dtype;
  cut->shape = node->shape;
  return cut;
}

void Operation::connect_cut(std::size_t i, Node* node) { inputs[i] = cut_at(node); }

double Operation::flops(const Array* const* inputs, const Array& value) const {
  if (value.owner) return 0;  // a view
  std::int64_t most = value.size;
  for (std::uint32_t i = 0; i < input_count; ++i) most = std::max(most, inputs[i]->size);
  return static_cast<double>(most);
}

void Operation::connect(const Arg* const* args, const Ref<Array>& value) {
  dtype = value->dtype;
  shape = value->shape;
  for (std::uint32_t i = 0; i < input_count; ++i) connect_input(i, *args[i]);
  keep(args, value);
}

void Operation::keep(const Arg* const* args, const Ref<Array>& value) {
  for (std::uint32_t i = 0; i < input_count; ++i) {
    if (!args[i]->flows()) continue;
    for (std::uint32_t k = 0; k < input_count; ++k)
      if (!kept[k] && reads(i, k)) kept[k] = Ref<Array>::share(args[k]->array);
    if (!kept[input_count] && reads(i, input_count)) kept[input_count] = value;
  }
}

std::vector<const Arg*> detail::pointers_to(const std::vector<Arg>& args) {
  std::vector<const Arg*> pointers;
  for (const Arg& a : args) pointers.push_back(&a);
  return pointers;
}

namespace {
std::vector<const Array*> arrays_of(const Arg* const* args, std::size_t n) {
  std::vector<const Array*> arrays;
  for (std::size_t i = 0; i < n; ++i) arrays.push_back(args[i]->array);
  return arrays;
}

Ref<Array> run(const Operation& operation, const std::vector<const Array*>& inputs) {
  try {
    return operation.run(inputs.data());
  } catch (const Unplaced& e) {
    e.raise_at(operation.site);
  }
}

Tensor finish(Ref<Operation> node, const Arg* const* args, Ref<Array> value) {
  node->connect(args, value);
  return Tensor(std::move(value), std::move(node));
}

std::vector<Ref<Operation>>*& notes() {
  static thread_local std::vector<Ref<Operation>>* list = nullptr;
  return list;
}

// While it lives, impure operations are noted in the list.
class Noting {
 public:
  explicit Noting(std::vector<Ref<Operation>>& list) : before_(notes()) {
    notes() = &list;
    mode |= noted;
  }
  ~Noting() {
    notes() = before_;
    if (!before_) mode &= ~unsigned{noted};
  }

 private:
  std::vector<Ref<Operation>>* before_;
};

// The arguments, but each cell's value as it is taken from the cell.
struct Taken {
  Taken(const Arg* const* args, std::size_t n) : pointers(args, args + n) {
    own.reserve(n);
    for (std::size_t i = 0; i < n; ++i) {
      if (!args[i]->is_cell) continue;
      values.push_back(take(static_cast<Leaf&>(*args[i]->node)));
      own.push_back(*args[i]);
      own.back().array = values.back().get();
      pointers[i] = &own.back();
    }
  }
  std::vector<const Arg*> pointers;
  std::vector<Arg> own;
  std::vector<Ref<Array>> values;
};
}  // namespace

Tensor detail::execute_watched(Ref<Operation> node, const Arg* const* given) {
  const std::uint32_t n = node->input_count;
  const Taken taken(given, n);
  const Arg* const* args = taken.pointers.data();
  const std::vector<const Array*> arrays = arrays_of(args, n);
  const bool flows = node->differentiable && !(mode & grad_off) && any_flows(args, n);
  if (!node->details) {
    node->details = std::make_unique<Operation::Details>();
    node->details->module = describe_module(Scope::current());
  }
  Tensor other;
  tell_watchers([&](Watcher& w) {
    if (!other.defined()) other = w.instead(*node, args);
  });
  if (other.defined()) return other;
  const auto begin = std::chrono::steady_clock::now();
  std::vector<Ref<Operation>> inside;
  Ref<Array> value = [&] {
    const Unwatched unwatched;
    const Noting noting(inside);
    return run(*node, arrays);
  }();
  const auto end = std::chrono::steady_clock::now();
  if (!value->refs.unique()) value = make_view(*value, value->shape);  // what `custom` hands on
  Execution execution{*node, args, value, flows, begin, end, std::move(inside)};
  tell_watchers([&](Watcher& w) { w.executed(execution); });
  node->flows = flows;
  if (flows || execution.keep) return finish(std::move(node), args, std::move(value));
  return unrecorded(node->op, args, n, node->differentiable, std::move(value));
}

Tensor detail::unrecorded(const char* op, const Arg* const* args, std::size_t n, bool differentiable,
                          Ref<Array> value) {
  if (mode & grad_off) return Tensor(std::move(value));
  for (std::size_t i = 0; i < n; ++i) {
    Node* node = args[i]->node;
    if (!node) continue;
    if (!node->flows) return Tensor(std::move(value), cut_at(node));
    if (!differentiable) {
      Ref<Cut> cut = make_node<Cut>(op, user_site(args[0]->site));
      cut->dtype = value->dtype;
      cut->shape = value->shape;
      return Tensor(std::move(value), std::move(cut));
    }
  }
  return Tensor(std::move(value));
}

Tensor detail::execute_list(Ref<Operation> node, const std::vector<Arg>& args) {
  const std::vector<const Arg*> pointers = pointers_to(args);
  if (mode & watched) return execute_watched(std::move(node), pointers.data());
  Ref<Array> value = run(*node, arrays_of(pointers.data(), args.size()));
  if (node->differentiable && !(mode & grad_off) && any_flows(pointers.data(), args.size()))
    return finish(std::move(node), pointers.data(), std::move(value));
  return unrecorded(node->op, pointers.data(), args.size(), node->differentiable, std::move(value));
}

Ref<Operation> detail::twin_of(const Operation& operation) {
  Ref<Operation> twin = operation.twin();
  if (operation.details) {
    twin->details = std::make_unique<Operation::Details>();
    twin->details->module = operation.details->module;
  }
  return twin;
}

void detail::note_inside(Ref<Operation> node) { notes()->push_back(std::move(node)); }

Tensor detail::apply_again(const Operation& operation, const Tensors& inputs, const Ref<Array>& known) {
  const std::vector<Arg> args(inputs.begin(), inputs.end());
  Scope scope(operation.site);
  if (!known) return execute_list(twin_of(operation), args);
  const std::vector<const Arg*> pointers = pointers_to(args);
  if (!is_recording() || !any_flows(pointers.data(), args.size())) return Tensor(known);
  return finish(twin_of(operation), pointers.data(), known);
}

}  // namespace xtape
