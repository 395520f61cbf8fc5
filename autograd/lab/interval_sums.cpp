#include <functional>

#include "interval_rules.hpp"

namespace xtape::detail {

using namespace interval;

namespace {

double count_of(const Shape& shape) { return static_cast<double>(shape.size()); }

IntervalOutcome total(const IntervalCall& c, Interval x, double n, const char* hazard) {
  const double error = n * c.eps() * n * magnitude(x);
  Interval y{n * x.low, n * x.high};
  if (x.low < 0) y.low -= error;
  if (x.high > 0) y.high += error;
  return finite(c, y, hazard);
}
IntervalOutcome sum(const IntervalCall& c) {
  return total(c, c.x[0].range, count_of(c.x[0].shape) / std::max(1., count_of(c.shape)), "the sum overflows");
}
IntervalOutcome mean(const IntervalCall& c) {
  const double n = count_of(c.x[0].shape) / std::max(1., count_of(c.shape));
  if (n < 1) return {{-c.most(), c.most()}, "mean of nothing"};
  if (n * magnitude(c.x[0].range) > c.most()) return {c.x[0].range, "the sum of the mean overflows"};
  return finite(c, widened(c, c.x[0].range, n + 1));
}
IntervalOutcome variance(const IntervalCall& c) {
  const Interval x = c.x[0].range;
  const double width = x.high - x.low, n = count_of(c.x[0].shape) / std::max(1., count_of(c.shape));
  const bool root = std::string(c.operation.op) == "stddev";
  return finite(c, widened(c, {0, root ? width * 1.5 : width * width * (n > 1 ? n / (n - 1) : 1)}, n + 4));
}
IntervalOutcome norm(const IntervalCall& c) {
  if (std::stod(c.operation.attributes().substr(2)) < 1) return anything(c);  // p
  const double n = count_of(c.x[0].shape) / std::max(1., count_of(c.shape));
  return finite(c, widened(c, {0, n * magnitude(c.x[0].range)}, n + 4));
}
IntervalOutcome logsumexp(const IntervalCall& c) {
  const double n = std::max(1., count_of(c.x[0].shape) / std::max(1., count_of(c.shape)));
  const Interval x = c.x[0].range;
  return finite(c, widened(c, {x.low, x.high + std::log(n)}, 8));
}
IntervalOutcome softmax(const IntervalCall&) { return {{0, 1}}; }
IntervalOutcome log_softmax(const IntervalCall& c) {
  const Interval x = c.x[0].range;
  return finite(c, widened(c, {-(x.high - x.low) - std::log(std::max(1., count_of(c.x[0].shape))), 0}, 8));
}
IntervalOutcome cross_entropy(const IntervalCall& c) {
  const Interval x = c.x[0].range, target = c.x[1].range;
  const double n = std::max(1., count_of(c.x[0].shape)), weight = c.x.size() > 3 ? magnitude(c.x[3].range) : 1;
  const bool shares = is_floating(c.x[1].dtype);
  if ((c.x.size() > 3 && c.x[3].range.low < 0) || (shares && target.low < 0)) return anything(c);
  const double each = (x.high - x.low + std::log(n)) * std::max(1., weight) * (shares ? n * magnitude(target) : 1);
  return finite(c, widened(c, {0, c.shape.rank() == 0 ? each * n : each}, n + 8));
}
IntervalOutcome with_logits(const IntervalCall& c) {
  const double x = magnitude(c.x[0].range), t = magnitude(c.x[1].range);
  const double weight = c.x.size() > 2 ? std::max(1., magnitude(c.x[2].range)) : 1;
  const Interval target = c.x[1].range;
  const double high = ((1 + t) * (x + 1)) * weight;
  return finite(c, {target.low >= 0 && target.high <= 1 ? 0 : -high, high});
}

IntervalOutcome nll_loss(const IntervalCall& c) {
  const double n = std::max(1., count_of(c.x[0].shape)), weight = c.x.size() > 2 ? magnitude(c.x[2].range) : 1;
  if (c.x.size() > 2 && c.x[2].range.low < 0) return anything(c);
  const double scale = (c.shape.rank() == 0 ? n : 1) * std::max(1., weight);
  const Interval x = c.x[0].range;
  return finite(c, widened(c, around({-x.high * scale, -x.low * scale}, {-x.high, -x.low}), n + 8));
}
// By the deviation of the numbers themselves: none of n is more than sqrt(n) of it away.
IntervalOutcome normalization(const IntervalCall& c) {
  const std::string op = c.operation.op;
  const std::size_t w = op == "batch_norm" ? 2 : 1;
  const double x = magnitude(c.x[0].range), weight = c.x.size() > w ? magnitude(c.x[w].range) : 1;
  const double bound =
      2 * std::sqrt(count_of(c.x[0].shape)) * weight + (c.x.size() > w + 1 ? magnitude(c.x[w + 1].range) : 0);
  IntervalOutcome y = finite(c, {-bound, bound});
  if (std::stod(c.operation.attributes().substr(4)) == 0) y.hazard = op + " of equal numbers";  // eps=0
  if (x * x * count_of(c.x[0].shape) > c.most()) y.hazard = "the variance of " + op + " overflows";
  return y;
}
IntervalOutcome cumsum(const IntervalCall& c) {
  IntervalOutcome y = total(c, c.x[0].range, count_of(c.x[0].shape), "the sum overflows");
  y.result = around(y.result, c.x[0].range);
  return y;
}

// Sums of k products.
IntervalOutcome products(const IntervalCall& c, double k) {
  const Interval a = c.x[0].range, b = c.x[1].range;
  const std::vector<double> ends{a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high};
  const Interval one =
      c.x[0].value == c.x[1].value ? Interval{-magnitude(a) * magnitude(a), magnitude(a) * magnitude(a)} : around(ends);
  IntervalOutcome y = total(c, one, k, (std::string(c.operation.op) + " overflows").c_str());
  // Where one is known the greatest of its sums of magnitudes is a closer bound.
  for (const std::size_t i : {0, 1}) {
    const Array* w = c.x[i].constant;
    if (!w || !is_floating(w->dtype) || k == 0) continue;
    double most = 0;
    visit_floating(w->dtype, [&](auto t) {
      // Over which axis the product sums is not known here: the k greatest magnitudes bound every such sum.
      std::vector<double> m;
      for (std::int64_t e = 0; e < w->size; ++e) m.push_back(std::abs(static_cast<double>(w->at<decltype(t)>()[e])));
      const auto kept = static_cast<long>(std::min<double>(k, static_cast<double>(m.size())));
      std::nth_element(m.begin(), m.begin() + kept - 1, m.end(), std::greater<double>());
      for (long e = 0; e < kept; ++e) most += m[static_cast<std::size_t>(e)];
    });
    const double bound = most * magnitude(c.x[1 - i].range) * (1 + 2 * k * c.eps());
    y.result = {std::max(y.result.low, -bound), std::min(y.result.high, bound)};
    if (bound <= c.most()) y.hazard.clear();
  }
  return y;
}
IntervalOutcome with_bias(const IntervalCall& c, IntervalOutcome y) {
  if (c.x.size() < 3) return y;
  const Interval b = c.x[2].range;
  IntervalOutcome z = finite(c, widened(c, {y.result.low + b.low, y.result.high + b.high}, 2));
  if (!y.hazard.empty()) z.hazard = y.hazard;
  return z;
}
IntervalOutcome matmul(const IntervalCall& c) {
  const Shape &a = c.x[0].shape, &b = c.x[1].shape;
  const double k = std::string(c.operation.op) == "linear" ? static_cast<double>(a[a.rank() - 1])
                   : a.rank() == 1                         ? static_cast<double>(a[0])
                   : b.rank() == 1                         ? static_cast<double>(b[0])
                                   : std::sqrt(count_of(a) * count_of(b) / std::max(1., count_of(c.shape)));
  return with_bias(c, products(c, std::ceil(k - 1e-9)));
}
IntervalOutcome conv(const IntervalCall& c) {
  const Shape& w = c.x[1].shape;
  return with_bias(c, products(c, count_of(w) / static_cast<double>(std::max<std::int64_t>(1, w[0]))));
}

IntervalOutcome first(const IntervalCall& c) { return {c.x[0].range}; }
IntervalOutcome first_or_zero(const IntervalCall& c) { return {around(c.x[0].range, {0, 0})}; }
IntervalOutcome all(const IntervalCall& c) {
  Interval y = c.x[0].range;
  for (const IntervalOperand& x : c.x)
    if (is_floating(x.dtype)) y = around(y, x.range);
  return {y};
}
IntervalOutcome dropout(const IntervalCall& c) {
  const double p = std::stod(c.operation.attributes().substr(2));
  const double scale = p < 1 ? 1 / (1 - p) : 0;
  const Interval x = c.x[0].range;
  return finite(c, widened(c, around({x.low * scale, x.high * scale}, {0, 0}), 4));
}

}  // namespace

const IntervalRules& other_interval_rules() {
  static const IntervalRules table = rules_of({
      {anything, {"row_powers", "batch_statistics"}},
      {within<0, 1>, {"any", "all", "one_hot"}},
      {sum, {"sum", "nansum"}},
      {mean, {"mean", "nanmean"}},
      {variance, {"var", "stddev"}},
      {norm, {"norm"}},
      {logsumexp, {"logsumexp"}},
      {softmax, {"softmax", "softmin"}},
      {log_softmax, {"log_softmax"}},
      {cross_entropy, {"cross_entropy"}},
      {with_logits, {"binary_cross_entropy_with_logits"}},
      {nll_loss, {"nll_loss"}},
      {normalization, {"layer_norm", "rms_norm", "group_norm", "instance_norm", "batch_norm"}},
      {cumsum, {"cumsum"}},
      {matmul, {"matmul", "linear", "dot"}},
      {conv, {"conv", "conv1d", "conv2d", "conv3d"}},
      {dropout, {"dropout"}},
      {first,
       {"max",          "min",          "amax",       "amin",    "median",    "sort",    "reshape",       "permute",
        "transpose",    "broadcast_to", "slice",      "select",  "index",     "gather",  "take",          "take_along",
        "index_select", "embedding",    "flip",       "roll",    "tile",      "repeat",  "masked_select", "unfold",
        "topk",         "kthvalue",     "diagonal",   "squeeze", "unsqueeze", "flatten", "split",         "max_pool",
        "max_pool1d",   "max_pool2d",   "max_pool3d", "detach"}},
      {first_or_zero, {"avg_pool", "avg_pool1d", "avg_pool2d", "avg_pool3d", "triu", "tril", "diag_embed", "im2col"}},
      {all, {"concat", "stack"}},
  });
  return table;
}

}  // namespace xtape::detail
