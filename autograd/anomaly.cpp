#include "anomaly.hpp"

#include <cmath>
#include <sstream>
#include <unordered_map>

namespace xtape {
using namespace detail;

namespace {

thread_local const AnomalyGuard* innermost_guard = nullptr;

struct ValueRange {
  double low = HUGE_VAL, high = -HUGE_VAL;
  std::int64_t nan = 0, infinite = 0, first = -1;  // how many, and where the first of them is
};

ValueRange range_of(const Array& x) {
  ValueRange r;
  visit_dtype(x.dtype, [&](auto t) {
    for (std::int64_t i = 0; i < x.size; ++i) {
      const auto v = static_cast<double>(x.at<decltype(t)>()[i]);
      if (std::isfinite(v)) {
        r.low = std::min(r.low, v), r.high = std::max(r.high, v);
        continue;
      }
      if (r.first < 0) r.first = i;
      ++(std::isnan(v) ? r.nan : r.infinite);
    }
  });
  return r;
}

// "float32(2, 3) in [0.5, 2], with 1 NaN"
std::string text(const Array& x) {
  const ValueRange r = range_of(x);
  std::ostringstream s;
  s << x.dtype << x.shape;
  if (r.low <= r.high) s << " in [" << r.low << ", " << r.high << "]";
  if (r.nan) s << ", with " << r.nan << " NaN";
  if (r.infinite) s << ", with " << r.infinite << " Inf";
  return s.str();
}

std::string place(const Array& x, const ValueRange& r) {
  return (r.nan ? "NaN" : "Inf") + (" at element " + to_string(unravel(r.first, x.shape)));
}

Tensor widened(const Tensor& x) { return x.dtype() == float32 ? x.to(float64) : x; }

// The operation on wider operands: a conversion to float32 is left out.
Tensor widely(const Operation& node, const Tensors& x) {
  if (std::string(node.op) == "to" && x[0].dtype() == float64 && node.attributes() == "dtype=float32") return x[0];
  return apply_again(node, x);
}

// The value of a tensor had everything below it been computed in float64. Without recursion: a tape may be long.
Tensor in_float64(const Tensor& x, std::unordered_map<const Node*, Tensor>& done) {
  auto operation = [](const Tensor& t) -> const Operation* {
    if (!t.node_ref() || t.node_ref()->kind != Node::operation) return nullptr;
    const auto* node = static_cast<const Operation*>(t.node_ref().get());
    return node->details && node->details->operands.size() == node->input_count ? node : nullptr;
  };
  std::vector<Tensor> waiting{x};
  auto value = [&](const Tensor& t) {
    const Operation* node = operation(t);
    return node ? done[node] : widened(t.detach());
  };
  while (!waiting.empty()) {
    const Operation* node = operation(waiting.back());
    if (!node || done.count(node)) {
      waiting.pop_back();
      continue;
    }
    const std::size_t before = waiting.size();
    for (const Tensor& operand : node->details->operands)
      if (const Operation* below = operation(operand); below && !done.count(below)) waiting.push_back(operand);
    if (waiting.size() > before) continue;
    Tensors operands;
    for (const Tensor& operand : node->details->operands) operands.push_back(value(operand));
    // What is impure gives what it gave.
    done[node] = node->pure() ? widened(widely(*node, operands)) : waiting.back().detach();
    waiting.pop_back();
  }
  return value(x);
}

bool finite(const Array& x) { return range_of(x).first < 0; }

// Whether the operation, or the rule of its input i for the gradient g, would be finite in float64.
std::string verdict(const Operation& node, const Tensor* g, std::size_t i) {
  try {
    Unwatched unwatched;
    std::unordered_map<const Node*, Tensor> done;
    Tensors x;
    for (const Tensor& operand : node.details->operands) {
      Recording off(false);
      x.push_back(in_float64(operand, done));
    }
    Recording on(true);
    if (g && is_floating(x[i].dtype())) x[i] = x[i].requires_grad();
    Tensor y = widely(node, x);
    if (g) y = grad(y, {x[i]}, widened(g->detach()), allow_unused)[0];
    return y.defined() && finite(y.array()) ? "in float64 it would be finite" : "float64 would not help";
  } catch (const Error&) {
    return "in float64 it cannot be computed";
  }
}

[[noreturn]] void report(const Operation& node, const std::string& what, const Tensor* g, std::size_t i) {
  std::string s = "anomaly: " + what + "; " + verdict(node, g, i);
  if (g) s += "; gradient of its output: " + text(g->array());
  for (std::size_t k = 0; k < node.details->operands.size(); ++k)
    s += "; input " + std::to_string(k) + ": " + text(node.details->operands[k].array());
  throw Error(s + describe_place(node.details->module, node.site));
}

std::string describe_operands(Site site) {
  const AnomalyGuard* guard = AnomalyGuard::current();
  return guard ? guard->operands(site) : "";
}

}  // namespace

AnomalyGuard::AnomalyGuard() : outer_guard_(innermost_guard) {
  set_describe_operands(&describe_operands);
  innermost_guard = this;
}
AnomalyGuard::~AnomalyGuard() { innermost_guard = outer_guard_; }
const AnomalyGuard* AnomalyGuard::current() { return innermost_guard; }

void AnomalyGuard::executed(Execution& e) {
  e.keep = true;
  Operation& node = e.node;
  node.details->operands.clear();
  for (std::uint32_t k = 0; k < node.input_count; ++k) node.details->operands.push_back(e.args[k]->tensor());
  if (backward_depth_) return;  // the rule's result is looked at as a whole
  const ValueRange y = range_of(*e.value);
  bool infinite = false;
  for (const Tensor& x : node.details->operands) {
    const ValueRange r = range_of(x.array());
    infinite |= r.infinite > 0;
    if (r.nan)
      report(node, std::string("'") + node.op + "' is given " + place(x.array(), r) + " of an input", nullptr, 0);
  }
  if (y.nan || (y.infinite && !infinite))
    report(node, std::string("'") + node.op + "' gives " + place(*e.value, y), nullptr, 0);
}

void AnomalyGuard::backward(const Operation&, bool begin) { backward_depth_ += begin ? 1 : -1; }

void AnomalyGuard::gradient(Operation& node, std::size_t i, const Tensor& g, const Tensor& result) {
  if (!node.details) return;
  if (const ValueRange r = range_of(g.array()); r.first >= 0)
    report(node, std::string("the gradient that reaches '") + node.op + "' is " + place(g.array(), r), nullptr, 0);
  if (const ValueRange r = range_of(result.array()); r.first >= 0)
    report(node,
           std::string("the gradient of '") + node.op + "' for its input " + std::to_string(i) + " is " +
               place(result.array(), r),
           &g, i);
}

void AnomalyGuard::argument(const Arg& x) {
  if (!x.node) return;
  constexpr std::size_t most = 8;
  if (recent_.size() < most) recent_.resize(most);
  recent_[next_++ % most] = {Ref<Node>::share(x.node), x.site};
}

std::string AnomalyGuard::operands(Site site) const {
  std::string s;
  for (std::size_t k = 0; k < recent_.size(); ++k) {
    const Operand& x = recent_[(next_ + k) % recent_.size()];
    if (!x.node || !x.node->site.file || x.site.file != site.file || x.site.line != site.line) continue;
    s += (s.empty() ? "; operand " : ", operand ") + std::string(to_string(x.node->dtype)) + to_string(x.node->shape) +
         " was made by '" + x.node->op + "' at " + to_string(x.node->site);
  }
  return s;
}

}  // namespace xtape
