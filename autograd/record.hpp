// How an operation is put on the tape; for authors of operations.
#pragma once
#include <algorithm>
#include <cstddef>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "pool.hpp"
#include "tape.hpp"

namespace xtape {

/// What a rule may read, besides the gradient: inputs 0, 1, … by number, and the output.
inline constexpr int output = -1;

/// The rule of one input: `rule<Reads...>(f)` with `f(g, values...)` gives the gradient of that input from the output's
/// gradient `g` and from the values it lists. What no rule lists is not kept. The result may have any shape that
/// broadcasts from the input's: the engine sums it back.
template <class F, int... Reads>
struct Rule {
  F f;
};
template <int... Reads, class F>
Rule<F, Reads...> rule(F f) {
  return {std::move(f)};
}

/// The rule of an input to which no gradient flows, such as an index.
inline constexpr auto no_gradient = nullptr;

/// One run of differentiation: the nodes below the result, each with the gradient it has gathered so far.
class Engine {
 public:
  explicit Engine(bool create_graph) : create_graph_(create_graph) {}
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Tensors run(const Tensor& y, const Tensor& seed, const std::vector<Targets::Item>* targets, GradFlags flags,
              Site site);

  bool create_graph() const { return create_graph_; }
  /// Whether the gradient of `node`'s value is needed.
  bool wants(const Node* node) const { return node && slots_[find(node)].needed; }
  /// Adds `g`, summed to the shape of `node`'s value, to that value's gradient.
  void accumulate(Node* node, Tensor g);

 private:
  struct Slot {
    Node* node;
    Tensor g;
    bool needed = false;  // its gradient is wanted
    bool runs = false;    // its rules are: an input's gradient is wanted
    bool target = false;
  };
  static constexpr std::uint32_t absent = ~std::uint32_t{0};
  std::uint32_t find(const Node* node) const;
  void visit(Node* node);
  void sort();

  Ref<Node> alive_;  // the result, whatever a rule does to the caller's tensor
  std::vector<Slot> slots_;
  // Where nodes are that another run, on another thread or around this one, has claimed.
  std::unordered_map<const Node*, std::uint32_t> elsewhere_;
  bool create_graph_;
};

template <class... Rules>
struct OpNode final : Node {
  static constexpr std::size_t n = sizeof...(Rules);

  OpNode(const char* op, Site site, const Array& value, Rules... rules)
      : Node(op, site, value), rules_(std::move(rules)...) {
    inputs = edges_;
    input_count = n;
  }

  void connect(std::size_t i, const Arg& x) {
    edges_[i] = Ref<Node>::share(x.node);
    if (x.node) depth = std::max(depth, x.node->depth + 1);
  }

  void keep(const Arg* const (&args)[n], const Ref<Array>& value) {
    keep_all(args, value, std::make_index_sequence<n>{});
  }

  void backward(const Tensor& g, Engine& engine) override { apply_all(g, engine, std::make_index_sequence<n>{}); }

  bool release() override {
    bool any = false;
    for (Ref<Array>& k : kept_) {
      any |= static_cast<bool>(k);
      k = {};
    }
    return any;
  }

 private:
  template <std::size_t... I>
  void keep_all(const Arg* const (&args)[n], const Ref<Array>& value, std::index_sequence<I...>) {
    (keep_for(I, std::get<I>(rules_), args, value), ...);
  }
  void keep_for(std::size_t, std::nullptr_t, const Arg* const (&)[n], const Ref<Array>&) {}
  template <class F, int... Reads>
  void keep_for(std::size_t i, const Rule<F, Reads...>&, const Arg* const (&args)[n], const Ref<Array>& value) {
    if (edges_[i]) (keep_one<Reads>(args, value), ...);
  }
  template <int Read>
  void keep_one(const Arg* const (&args)[n], const Ref<Array>& value) {
    static_assert(Read < static_cast<int>(n));
    if constexpr (Read == output) kept_[n] = value;
    else if (!kept_[Read]) kept_[Read] = Ref<Array>::share(args[Read]->array);
  }

  template <std::size_t... I>
  void apply_all(const Tensor& g, Engine& engine, std::index_sequence<I...>) {
    (apply(I, std::get<I>(rules_), g, engine), ...);
  }
  void apply(std::size_t, std::nullptr_t, const Tensor&, Engine&) {}
  template <class F, int... Reads>
  void apply(std::size_t i, const Rule<F, Reads...>& rule, const Tensor& g, Engine& engine) {
    if (engine.wants(edges_[i].get())) engine.accumulate(edges_[i].get(), rule.f(g, saved<Reads>(engine)...));
  }
  // A kept value is handed out with its node only where the rule itself is recorded.
  template <int Read>
  Tensor saved(const Engine& engine) {
    constexpr std::size_t at = Read == output ? n : Read;
    if (!engine.create_graph()) return Tensor(kept_[at]);
    if constexpr (Read == output) return Tensor(kept_[at], Ref<Node>::share(this));
    else return Tensor(kept_[at], edges_[at]);
  }

  Ref<Node> edges_[n];
  Ref<Array> kept_[n + 1];  // the inputs and, last, the output
  std::tuple<Rules...> rules_;
};

template <class T, class... A>
Ref<T> make_node(A&&... arguments) {
  constexpr int size_class = pool::class_of(sizeof(T));
  auto* node = new (pool::take(size_class)) T(std::forward<A>(arguments)...);
  node->size_class = size_class;
  pool::local.live_nodes.add(1);
  return Ref<T>::adopt(node);
}

/// Computes `forward()` and, when a gradient will flow to an argument, puts the operation on the tape with one
/// rule per argument. The arguments hold arrays: numbers have been made tensors before.
template <std::size_t N, class Forward, class... Rules>
Tensor record(const char* op, const Arg* const (&args)[N], Forward&& forward, Rules... rules) {
  static_assert(sizeof...(Rules) == N, "an operation has one rule per argument");
  Ref<Array> value = forward();
  bool wanted = false;
  for (const Arg* a : args) wanted |= a->node != nullptr;
  if (!wanted || !is_recording()) return Tensor(std::move(value));
  auto node = make_node<OpNode<Rules...>>(op, user_site(args[0]->site), *value, std::move(rules)...);
  for (std::size_t i = 0; i < N; ++i) node->connect(i, *args[i]);
  node->keep(args, value);
  return Tensor(std::move(value), Ref<Node>::share(node.get()));
}

}  // namespace xtape
