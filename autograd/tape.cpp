#include "tape.hpp"

#include <algorithm>

#include "array.hpp"
#include "ops/elementwise.hpp"
#include "ops/reduction.hpp"
#include "parameter.hpp"
#include "record.hpp"

namespace xtape {
namespace {

__thread bool recording_off __attribute__((tls_model("initial-exec")));

std::string describe(const Node& node) {
  std::string s = std::string("'") + node.op + "'";
  if (node.site.file) s += " of " + std::string(node.site.file) + ":" + std::to_string(node.site.line);
  return s;
}

}  // namespace

// Nodes whose last owner goes wait in a list, so that a long chain ends without recursion.
void destroy(Node* node) {
  static thread_local std::vector<Node*>* waiting = nullptr;
  if (waiting) return waiting->push_back(node);
  std::vector<Node*> list{node};
  waiting = &list;
  while (!list.empty()) {
    Node* dead = list.back();
    list.pop_back();
    int size_class = dead->size_class;
    dead->~Node();
    pool::local.live_nodes.add(-1);
    pool::give(dead, size_class);
  }
  waiting = nullptr;
}

Ref<Leaf> make_leaf(const char* op, Site site, const Array& value) {
  return make_node<Leaf>(op, user_site(site), value);
}

bool is_recording() { return !recording_off; }
Recording::Recording(bool on) : before_(!recording_off) { recording_off = !on; }
Recording::~Recording() { recording_off = !before_; }

Targets::Item::Item(const Parameter& p) : node(Ref<Node>::share(p.leaf())) {}
Targets::Targets(const std::vector<Parameter>& parameters) : items_(parameters.begin(), parameters.end()) {}

Engine::~Engine() {
  for (Slot& s : slots_)
    if (s.node->engine.load(std::memory_order_relaxed) == this)
      s.node->engine.store(nullptr, std::memory_order_release);
}

std::uint32_t Engine::find(const Node* node) const {
  if (node->engine.load(std::memory_order_relaxed) == this) return node->slot;
  auto at = elsewhere_.find(node);
  return at == elsewhere_.end() ? absent : at->second;
}

void Engine::visit(Node* node) {
  if (!node || find(node) != absent) return;
  auto slot = static_cast<std::uint32_t>(slots_.size());
  slots_.push_back({node, {}});
  Engine* nobody = nullptr;
  if (node->engine.compare_exchange_strong(nobody, this, std::memory_order_acquire)) node->slot = slot;
  else elsewhere_[node] = slot;
}

// Deepest first. The order of equals is that of discovery, so sums are the same in every run.
void Engine::sort() {
  auto deeper = [](const Slot& a, const Slot& b) { return a.node->depth > b.node->depth; };
  if (std::is_sorted(slots_.begin(), slots_.end(), deeper)) return;
  std::stable_sort(slots_.begin(), slots_.end(), deeper);
  elsewhere_.clear();
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    Node* node = slots_[i].node;
    if (node->engine.load(std::memory_order_relaxed) == this) node->slot = i;
    else elsewhere_[node] = i;
  }
}

void Engine::accumulate(Node* node, Tensor g) {
  Slot& slot = slots_[find(node)];
  if (g.shape() != node->shape) g = sum_to(g, node->shape);
  if (!slot.g.defined()) slot.g = std::move(g);
  else if (create_graph_ || !add_in_place(slot.g, g)) slot.g = slot.g + g;
}

Tensors Engine::run(const Tensor& y, const Tensor& seed, const std::vector<Targets::Item>* targets, GradFlags flags,
                    Site site) {
  const bool retain = flags & (retain_graph | xtape::create_graph);
  alive_ = y.node_ref();
  Recording recording(create_graph_);
  visit(y.node_ref().get());
  for (std::size_t i = 0; i < slots_.size(); ++i)  // the list is its own queue
    for (int k = 0; k < slots_[i].node->input_count; ++k) visit(slots_[i].node->inputs[k].get());
  sort();

  if (targets)
    for (const Targets::Item& item : *targets)
      if (std::uint32_t at = find(item.node.get()); at != absent) slots_[at].needed = slots_[at].target = true;
  for (std::size_t i = slots_.size(); i-- > 0;) {
    Slot& slot = slots_[i];
    if (!targets && slot.node->is_leaf) slot.needed = slot.target = true;
    for (int k = 0; k < slot.node->input_count && !slot.runs; ++k) slot.runs = wants(slot.node->inputs[k].get());
    slot.needed |= slot.runs;
  }

  slots_[0].g = seed;
  for (Slot& slot : slots_) {
    if (!slot.runs || !slot.g.defined()) continue;
    if (slot.node->released)
      fail("grad",
           "the values that " + describe(*slot.node) +
               " kept were released by an earlier backward pass; give that one retain_graph",
           site);
    Tensor g = slot.target ? slot.g : std::move(slot.g);
    Scope scope(slot.node->site);
    slot.node->backward(g, *this);
    if (!retain) slot.node->released = slot.node->release();
  }

  Tensors result;
  if (targets) {
    for (const Targets::Item& item : *targets) {
      std::uint32_t at = find(item.node.get());
      result.push_back(at == absent ? Tensor() : slots_[at].g);
      if (!result.back().defined() && !(flags & allow_unused)) {
        const auto* leaf = item.node->is_leaf ? static_cast<const Leaf*>(item.node.get()) : nullptr;
        std::string name = leaf && !leaf->name.empty() ? "parameter '" + leaf->name + "'" : describe(*item.node);
        fail("grad",
             "the result does not depend on target " + std::to_string(result.size() - 1) + ", " + name + " of shape " +
                 to_string(item.node->shape) + "; if that is meant, pass allow_unused",
             site);
      }
    }
  } else {
    for (Slot& slot : slots_)
      if (slot.node->is_leaf && slot.g.defined()) {
        auto* leaf = static_cast<Leaf*>(slot.node);
        leaf->grad = leaf->grad.defined() ? leaf->grad + slot.g : std::move(slot.g);
      }
  }
  return result;
}

namespace {
void check_result(const char* op, const Tensor& y, Site site) {
  if (!y.is_recorded())
    fail(op,
         "the result " + to_string(y.shape()) +
             " depends on nothing that gradients flow to: no Parameter and no "
             "tensor from requires_grad(), or it was cut by detach(), no_grad or an operation on indices",
         site);
}
Tensor unit_seed(const char* op, const Tensor& y, Site site) {
  check_result(op, y, site);
  if (y.size() != 1)
    fail(op,
         "the result has shape " + to_string(y.shape()) +
             ", not one element; reduce it with sum() or mean(), or "
             "give grad() a seed of that shape",
         site);
  return ones(y.shape(), y.dtype());
}
}  // namespace

Tensors grad(const Tensor& y, const Targets& targets, GradFlags flags, Site site) {
  return grad(y, targets, unit_seed("grad", y, site), flags, site);
}

Tensors grad(const Tensor& y, const Targets& targets, const Tensor& seed, GradFlags flags, Site site) {
  check_result("grad", y, site);
  if (seed.shape() != y.shape() || seed.dtype() != y.dtype())
    fail("grad",
         std::string("the seed is ") + to_string(seed.dtype()) + to_string(seed.shape()) + ", the result " +
             to_string(y.dtype()) + to_string(y.shape()),
         site);
  for (std::size_t i = 0; i < targets.items().size(); ++i)
    if (!targets.items()[i].node)
      fail("grad", "target " + std::to_string(i) + " is not on the tape; make it a leaf with requires_grad()", site);
  return Engine(flags & create_graph).run(y, seed, &targets.items(), flags, site);
}

Tensor grad(const Tensor& y, const Targets::Item& x, GradFlags flags, Site site) {
  return grad(y, Targets{x}, flags, site)[0];
}

void Tensor::backward(GradFlags flags, Site site) const {
  Tensor seed = unit_seed("backward", *this, site);
  Engine(flags & create_graph).run(*this, seed, nullptr, flags, site);
}

Tensor Tensor::requires_grad(Site site) const {
  if (!is_floating(dtype()))
    fail("requires_grad",
         std::string("gradients flow through float32 and float64, not ") + to_string(dtype()) +
             "; convert with to(float32)",
         site);
  Ref<Leaf> leaf = make_leaf("requires_grad", site, array());
  return Tensor(array_, Ref<Node>::share(leaf.get()));
}

namespace {
Leaf& check_leaf(const char* op, const Ref<Node>& node, Site site) {
  if (!node || !node->is_leaf)
    fail(op, "only a leaf gathers gradients: make the tensor one with requires_grad(), or ask grad(y, x)", site);
  return static_cast<Leaf&>(*node);
}
}  // namespace

Tensor Tensor::grad(Site site) const { return check_leaf("grad", node_, site).grad; }
void Tensor::zero_grad(Site site) const { check_leaf("zero_grad", node_, site).grad = Tensor(); }

}  // namespace xtape
