// How an operation is computed and put on the tape; for authors of operations. The tape is a program: a node holds the
// forward function with its attributes, one rule per input, and can run again, on other values or on tensors.
#pragma once
#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "../tape.hpp"
#include "attributes.hpp"
#include "engine.hpp"
#include "mode.hpp"
#include "pool.hpp"

namespace xtape::detail {

/// What a rule may read, besides the gradient: inputs 0, 1, … by number, and the output.
inline constexpr int output = -1;

/// The rule of one input: `rule<Reads...>(f)` with `f(g, values...)` gives the gradient of that input from the output's
/// gradient `g` and from the values it lists. What no rule lists is not kept. The result may have any shape that
/// broadcasts from the input's: the engine sums it back.
template <class F, int... Reads>
struct Rule {
  F f;
  static constexpr bool reads(std::uint32_t value, std::uint32_t n) {
    return (((Reads == output ? n : static_cast<std::uint32_t>(Reads)) == value) || ...);
  }
};
template <int... Reads, class F>
Rule<F, Reads...> rule(F f) {
  return {std::move(f)};
}

/// The rule of an input to which no gradient flows, such as an index.
inline constexpr auto no_gradient = nullptr;

/// What the tape holds of a node that no gradient reaches. Of a frozen leaf it is a cut: what was computed while it was
/// frozen stays as it is when it thaws.
Ref<Node> cut_at(Node* node);

/// A node that an operation made.
struct Operation : Node {
  /// What is known of a node besides, while something watches: see watch.hpp.
  struct Details {
    std::string module;  // the path of the module whose forward made it
    Tensors operands;    // in anomaly mode: the inputs, whether a rule reads them or not
  };

  Operation(const char* op, Site site, std::uint32_t n, bool differentiable)
      : Node(operation, op, site), differentiable(differentiable) {
    input_count = n;
  }

  /// The forward function on other values.
  virtual Ref<Array> run(const Array* const* inputs) const = 0;
  /// The same operation with the same attributes, connected to nothing.
  virtual Ref<Operation> twin() const = 0;
  /// Whether rule i reads `value`: an input, or the output (`input_count`).
  virtual bool reads(std::uint32_t i, std::uint32_t value) const = 0;
  /// Whether a run does nothing but compute; only drawing the number of a random stream does more.
  virtual bool pure() const { return true; }
  /// Keeps what the rules read, as `reads` says of each rule and value; what has very many inputs knows a shorter way.
  virtual void keep(const Arg* const* args, const Ref<Array>& value);
  /// Takes back what the last run did besides.
  virtual void undo() const {}
  /// The attributes as text, "axis=1, keepdims=true".
  virtual std::string attributes() const { return {}; }
  /// Additions and multiplications of one run.
  virtual double flops(const Array* const* inputs, const Array& value) const;

  /// Connects the node to its inputs and keeps what the rules read.
  void connect(const Arg* const* args, const Ref<Array>& value);
  void connect_input(std::size_t i, const Arg& x) {
    if (!x.node) return;
    depth = std::max(depth, x.node->depth + 1);
    if (x.node->flows) inputs[i] = Ref<Node>::share(x.node);
    else connect_cut(i, x.node);
  }
  void connect_cut(std::size_t i, Node* node);  // apart and last, so that the usual way saves no registers
  /// A kept value: an input, or the output (`input_count`). It comes with its node only where the rule is recorded.
  Tensor saved(std::size_t value, const Engine& engine) {
    if (!engine.create_graph()) return Tensor(kept[value]);
    return Tensor(kept[value], value == input_count ? Ref<Node>::share(this) : inputs[value]);
  }
  /// Lets go of the kept values.
  void release() {
    for (std::uint32_t k = 0; k <= input_count; ++k) {
      released |= static_cast<bool>(kept[k]);
      kept[k] = {};
    }
  }

  const bool differentiable;   // it has a rule
  Ref<Array>* kept = nullptr;  // the inputs and, last, the output
  std::unique_ptr<Details> details;
};
inline void destroy(Operation* node) { destroy(static_cast<Node*>(node)); }

/// The value of an argument alone, off the tape.
inline Tensor value_of(const Arg& x) { return Tensor(x.tensor().array_ref()); }
/// Whether gradients flow to one of the arguments.
inline bool any_flows(const Arg* const* args, std::size_t n) {
  bool flows = false;
  for (std::size_t i = 0; i < n; ++i) flows |= args[i]->flows();
  return flows;
}
std::vector<const Arg*> pointers_to(const std::vector<Arg>& args);

/// A kept value for as long as a rule reads it: counting owners would take longer than small rules do.
struct Borrowed {
  Borrowed(Operation& node, std::size_t value, const Engine& engine)
      : tensor(engine.create_graph() ? node.saved(value, engine) : Tensor(Ref<Array>::adopt(node.kept[value].get()))),
        counted(engine.create_graph()) {}
  ~Borrowed() {
    if (!counted) tensor.forget();
  }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;

  Tensor tensor;
  bool counted;
};

/// Its twin, which knows the module that it was made in.
Ref<Operation> twin_of(const Operation& operation);
/// The operation again, on tensors: it records itself anew. Its value is computed, unless it is known.
Tensor apply_again(const Operation& operation, const Tensors& inputs, const Ref<Array>& known = {});
/// Notes an impure operation that runs inside of another, for who watches that one.
void note_inside(Ref<Operation> node);
/// Computes a fresh node's value and puts it on the tape, telling whoever watches.
Tensor execute_watched(Ref<Operation> node, const Arg* const* args);
/// The value of an operation that is not recorded; where that cuts the tape, the tensor remembers it.
Tensor unrecorded(const char* op, const Arg* const* args, std::size_t n, bool differentiable, Ref<Array> value);

template <class T, class... A>
Ref<T> make_node(A&&... arguments) {
  constexpr int size_class = pool::class_of(sizeof(T));
  auto* node = new (pool::take(size_class)) T(std::forward<A>(arguments)...);
  node->size_class = size_class;
  pool::local.live_nodes.add(1);
  return Ref<T>::adopt(node);
}

template <class Forward, class... Rules>
struct OpNode final : Operation {
  static constexpr std::size_t n = sizeof...(Rules);
  static constexpr bool has_rule = (!std::is_null_pointer_v<Rules> || ...);

  OpNode(const char* op, Site site, Forward forward, Rules... rules)
      : Operation(op, site, n, has_rule), parts_(std::move(forward), std::move(rules)...) {
    inputs = edges_;
    kept = kept_;
  }

  Ref<Array> run(const Array* const* x) const override { return run(x, std::make_index_sequence<n>{}); }
  Ref<Operation> twin() const override {
    return std::apply([this](auto&... part) { return Ref<Operation>(make_node<OpNode>(op, site, part...)); }, parts_);
  }
  /// What `Operation::connect` does, without a loop.
  void connect(const Arg* const (&args)[n], const Ref<Array>& value) {
    dtype = value->dtype;
    shape = value->shape;
    connect(args, value, std::make_index_sequence<n>{});
  }
  bool reads(std::uint32_t i, std::uint32_t value) const override {
    std::uint32_t k = 0;
    return (((k++ == i) && reads_value<Rules>(value)) || ...);
  }
  std::string attributes() const override {
    if constexpr (has_attributes<Forward>) return std::get<0>(parts_).attributes();
    else return {};
  }
  double flops(const Array* const* x, const Array& value) const override {
    if constexpr (has_flops<Forward>) return std::get<0>(parts_).flops();
    else return Operation::flops(x, value);
  }
  void backward(const Tensor& g, Engine& engine) override { backward(g, engine, std::make_index_sequence<n>{}); }

 private:
  template <std::size_t... I>
  void connect(const Arg* const (&args)[n], const Ref<Array>& value, std::index_sequence<I...>) {
    (connect_input(I, *args[I]), ...);
    (keep_for(*args[I], std::get<I + 1>(parts_), args, value), ...);
  }
  void keep_for(const Arg&, std::nullptr_t, const Arg* const (&)[n], const Ref<Array>&) {}
  template <class F, int... Reads>
  void keep_for(const Arg& x, const Rule<F, Reads...>&, const Arg* const (&args)[n], const Ref<Array>& value) {
    if (x.flows()) (keep_one<Reads>(args, value), ...);
  }
  template <int Read>
  void keep_one(const Arg* const (&args)[n], const Ref<Array>& value) {
    static_assert(Read < static_cast<int>(n), "a rule reads an input that there is, or the output");
    if constexpr (Read == output) kept_[n] = value;
    else if (!kept_[Read]) kept_[Read] = Ref<Array>::share(args[Read]->array);
  }
  template <std::size_t... I>
  Ref<Array> run(const Array* const* x, std::index_sequence<I...>) const {
    return std::get<0>(parts_)(*x[I]...);
  }
  template <class R>
  static constexpr bool reads_value(std::uint32_t value) {
    if constexpr (std::is_null_pointer_v<R>) return false;
    else return R::reads(value, n);
  }
  template <std::size_t... I>
  void backward(const Tensor& g, Engine& engine, std::index_sequence<I...>) {
    (apply(I, std::get<I + 1>(parts_), g, engine), ...);
  }
  void apply(std::size_t, std::nullptr_t, const Tensor&, Engine&) {}
  template <class F, int... Reads>
  void apply(std::size_t i, const Rule<F, Reads...>& rule, const Tensor& g, Engine& engine) {
    if (engine.wants(edges_[i].get()))
      engine.accumulate(
          *this, i,
          rule.f(g, Borrowed(*this, Reads == output ? n : static_cast<std::size_t>(Reads), engine).tensor...));
  }

  Ref<Node> edges_[n];
  Ref<Array> kept_[n + 1];
  std::tuple<Forward, Rules...> parts_;
};

template <class Forward, std::size_t N, std::size_t... I>
Ref<Array> call_forward(const Forward& forward, const Arg* const (&args)[N], std::index_sequence<I...>) {
  try {
    return forward(*args[I]->array...);
  } catch (const Unplaced& e) {
    e.raise_at(args[0]->site);
  }
}

/// Computes `forward(arrays...)` and, when a gradient will flow to an argument, puts the operation on the tape with one
/// rule per argument. The arguments hold arrays: numbers have been made tensors before. `forward` takes `const Array&`,
/// returns a `Ref<Array>`, and holds its attributes by value, because it may run again on other values of the same
/// shapes: what depends on shapes and dtypes is checked before, what depends on values inside.
template <std::size_t N, class Forward, class... Rules>
Tensor execute(const char* op, const Arg* const (&args)[N], Forward forward, Rules... rules) {
  static_assert(sizeof...(Rules) == N, "an operation has one rule per argument");
  using Made = OpNode<Forward, Rules...>;
  if (mode & watched)
    return execute_watched(make_node<Made>(op, user_site(args[0]->site), std::move(forward), std::move(rules)...),
                           args);
  Ref<Array> value = call_forward(forward, args, std::make_index_sequence<N>{});
  if (mode & grad_off) return Tensor(std::move(value));
  if (!Made::has_rule || !any_flows(args, N)) return unrecorded(op, args, N, Made::has_rule, std::move(value));
  auto node = make_node<Made>(op, user_site(args[0]->site), std::move(forward), std::move(rules)...);
  node->connect(args, value);
  return Tensor(std::move(value), std::move(node));
}

/// An operation on any number of inputs, which one function of the whole list computes. Derive, and define `run`,
/// `twin`, `reads` and `backward`.
struct ListOperation : Operation {
  ListOperation(const char* op, Site site, std::size_t n)
      : Operation(op, site, static_cast<std::uint32_t>(n), true), edges_(n), kept_(n + 1) {
    inputs = edges_.data();
    kept = kept_.data();
  }

 private:
  std::vector<Ref<Node>> edges_;
  std::vector<Ref<Array>> kept_;
};
/// Computes such an operation and puts it on the tape.
Tensor execute_list(Ref<Operation> node, const std::vector<Arg>& args);

}  // namespace xtape::detail
