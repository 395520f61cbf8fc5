#include "engine.hpp"

#include <algorithm>

#include "../parameter.hpp"
#include "operation.hpp"
#include "sums.hpp"
#include "watch.hpp"

namespace xtape {

using namespace detail;

std::string detail::describe(const Node& node) {
  if (node.kind == Node::cut)
    if (const Ref<Node>& leaf = static_cast<const Cut&>(node).frozen) return describe(*leaf) + " (frozen)";
  if (node.kind == Node::leaf)
    if (const auto& name = static_cast<const Leaf&>(node).name; !name.empty()) return "parameter '" + name + "'";
  std::string s = std::string("'") + node.op + "'";
  if (node.site.file) s += " of " + to_string(node.site);
  return s;
}

namespace {

// Tells who watches that the rules of a node begin and, however they end, that they have ended.
class Told {
 public:
  explicit Told(const Operation& node) : node_(node) { tell(true); }
  ~Told() {
    try {
      tell(false);
    } catch (const std::bad_alloc&) {}  // a profile lacks an event; a destructor must not throw
  }

 private:
  void tell(bool begin) {
    if (mode & watched) tell_watchers([&](Watcher& w) { w.backward(node_, begin); });
  }
  const Operation& node_;
};

}  // namespace

// The list of the last run, emptied, for the next run of this thread: it need not grow again.
std::vector<Engine::Slot>& Engine::spare() {
  static thread_local std::vector<Slot> list;
  return list;
}

static __thread Engine* innermost_run;

Engine::Engine(GradFlags flags)
    : create_graph_(flags & xtape::create_graph),
      retain_(flags & (retain_graph | xtape::create_graph)),
      claim_(reinterpret_cast<std::uintptr_t>(this) | (retain_ ? 0 : releasing)),
      outer_(innermost_run) {
  innermost_run = this;
  slots_.swap(spare());
}

Engine::~Engine() {
  innermost_run = outer_;
  for (Slot& s : slots_)
    if (owns(s.node)) s.node->claim.store(0, std::memory_order_release);
  slots_.clear();
  constexpr std::size_t most = 1 << 14;
  if (slots_.capacity() <= most) slots_.swap(spare());
}

std::uint32_t Engine::find_elsewhere(const Node* node) const {
  auto at = elsewhere_.find(node);
  return at == elsewhere_.end() ? absent : at->second;
}

void Engine::visit(Node* node) {
  if (!node || find(node) != absent) return;
  auto slot = static_cast<std::uint32_t>(slots_.size());
  slots_.push_back({node, {}});
  std::uintptr_t other = 0;
  if (node->claim.compare_exchange_strong(other, claim_, std::memory_order_acquire)) {
    node->slot = slot;
  } else {
    check_claim(*node, other);
    elsewhere_[node] = slot;
  }
}

// What a run releases, no other thread's may read. A run releases only what it has claimed, so those that retain can
// share whatever they meet.
void Engine::check_claim(const Node& node, std::uintptr_t claim) const {
  if (!(claim & releasing) || node.kind != Node::operation) return;
  for (const Engine* run = outer_; run; run = run->outer_)
    if (run->claim_ == claim) return;
  const auto& operation = static_cast<const Operation&>(node);
  for (std::uint32_t i = 0; i < node.input_count; ++i)
    for (std::uint32_t k = 0; k <= node.input_count; ++k)
      if (operation.reads(i, k))
        fail("grad", "another thread differentiates this graph at the same time and releases the values that " +
                         describe(node) + " kept; give retain_graph in both");
}

// All nodes below y, deepest first. The order of equals is that of discovery, so sums are the same in every run.
void Engine::list(const Tensor& y) {
  alive_ = y.node_ref();
  visit(alive_.get());
  for (std::size_t i = 0; i < slots_.size(); ++i)  // the list is its own queue
    for (std::uint32_t k = 0; k < slots_[i].node->input_count; ++k) visit(slots_[i].node->inputs[k].get());

  auto deeper = [](const Slot& a, const Slot& b) { return a.node->depth > b.node->depth; };
  if (std::is_sorted(slots_.begin(), slots_.end(), deeper)) return;
  std::stable_sort(slots_.begin(), slots_.end(), deeper);
  elsewhere_.clear();
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    Node* node = slots_[i].node;
    if (owns(node)) node->slot = i;
    else elsewhere_[node] = i;
  }
}

// Which gradients are needed, and so whose rules run: without targets, those of all leaves.
void Engine::mark(const std::vector<Targets::Item>* targets) {
  if (targets)
    for (const Targets::Item& item : *targets)
      if (std::uint32_t at = find(item.node.get()); at != absent && item.node->flows)
        slots_[at].needed = slots_[at].target = true;
  for (std::size_t i = slots_.size(); i-- > 0;) {
    Slot& slot = slots_[i];
    if (!slot.node->flows) continue;
    if (!targets && slot.node->kind == Node::leaf) slot.needed = slot.target = true;
    for (std::uint32_t k = 0; k < slot.node->input_count && !slot.runs; ++k)
      slot.runs = wants(slot.node->inputs[k].get());
    slot.needed |= slot.runs;
  }
}

void Engine::accumulate(Operation& from, std::size_t i, Tensor g) {
  Node* node = from.inputs[i].get();
  if (g.shape() != node->shape) g = sum_back(g, node->shape);
  if (mode & watched) tell_watchers([&](Watcher& w) { w.gradient(from, i, slots_[find(&from)].g, g); });
  Slot& slot = slots_[find(node)];
  if (slot.in_parts) add_up(slot);
  if (!slot.g.defined()) slot.g = std::move(g);
  else if (create_graph_ || mode & watched || !add_in_place(slot.g, g)) slot.g = add(slot.g, g);
}

void Engine::accumulate(Operation& from, std::size_t i, Part part) {
  Node* node = from.inputs[i].get();
  if (mode & watched) tell_watchers([&](Watcher& w) { w.gradient(from, i, slots_[find(&from)].g, part.g); });
  Slot& slot = slots_[find(node)];
  if (create_graph_ || mode & watched) {
    Parts& parts = parts_[node];
    parts.elements += part.g.size();
    parts.list.push_back(std::move(part));
    slot.in_parts = true;
    if (parts.elements >= node->shape.size()) add_up(slot);
    return;
  }
  const Array* at = part.at.array_ref().get();
  if (!slot.g.defined()) {
    slot.g = Tensor(part.place->spread(node->shape, part.g.array(), at));
    return;
  }
  if (!slot.g.array().exclusive()) slot.g = Tensor(copy_of(slot.g.array()));
  part.place->add(slot.g.array(), part.g.array(), at);
}

void Engine::add_up(Slot& slot) {
  const auto parts = parts_.find(slot.node);
  slot.g = add_parts(slot.g, slot.node->shape, parts->second.list);
  slot.in_parts = false;
  parts_.erase(parts);
}

void Engine::propagate(const Tensor& seed, Site site) {
  slots_[0].g = seed;
  for (Slot& slot : slots_) {
    if (!slot.runs || !(slot.g.defined() || slot.in_parts)) continue;
    auto& node = static_cast<Operation&>(*slot.node);
    if (node.released)
      fail("grad",
           "the values that " + describe(node) +
               " kept were released by an earlier backward pass; where a state is carried over from it, detach() that, "
               "and "
               "to go through the same graph again give the earlier pass retain_graph",
           site);
    Scope scope(node.site);
    const Told told(node);
    if (slot.in_parts) add_up(slot);
    Tensor g = slot.target || mode & watched ? slot.g : std::move(slot.g);
    node.backward(g, *this);
    if (!slot.target) slot.g = {};
    if (!retain_ && owns(&node)) node.release();
  }
}

// Where the tape below the result was cut, for errors; empty if nowhere.
std::string Engine::cuts() const {
  std::string s;
  for (const Slot& slot : slots_)
    if (!slot.node->flows) s += (s.empty() ? "; the tape was cut by " : ", ") + describe(*slot.node);
  return s;
}

Tensors Engine::run(const Tensor& y, const Tensor& seed, const std::vector<Targets::Item>* targets, GradFlags flags,
                    Site site) {
  Recording recording(create_graph_);
  list(y);
  mark(targets);
  propagate(seed, site);
  if (!parts_.empty()) {
    Scope scope(site);
    for (Slot& slot : slots_)
      if (slot.in_parts) add_up(slot);
  }

  Tensors result;
  if (!targets) {
    for (Slot& slot : slots_)
      if (slot.node->kind == Node::leaf && slot.g.defined())
        static_cast<Leaf*>(slot.node)->add_gradient(std::move(slot.g));
    return result;
  }
  for (const Targets::Item& item : *targets) {
    std::uint32_t at = find(item.node.get());
    result.push_back(at == absent ? Tensor() : slots_[at].g);
    if (!result.back().defined() && !(flags & allow_unused) && item.node->flows)
      fail("grad",
           "the result does not depend on target " + std::to_string(result.size() - 1) + ", " + describe(*item.node) +
               " of shape " + to_string(item.node->shape) + cuts() + "; if that is meant, pass allow_unused",
           site);
  }
  return result;
}

}  // namespace xtape
