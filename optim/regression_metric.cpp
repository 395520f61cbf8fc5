#include "regression_metric.hpp"

#include <autograd/files/described.hpp>
#include <cmath>
#include <optim/value.hpp>
#include <vector>

#include "metric_kind.hpp"

namespace xtape::optim {
using namespace xtape::detail;

namespace {

// Outputs and targets of one shape, row by row.
struct Pair {
  std::vector<double> y, t;
};
// Throws where they do not fit, or a number does not.
Pair pair(const char* op, const Tensor& y, const Tensor& t, bool (*fits)(double), const char* expected) {
  if (!is_floating(y.dtype())) fail(op, "the output is " + described(y) + ", expected float32 or float64");
  if (y.rank() == 0 || y.shape() != t.shape())
    fail(op, "the output is " + described(y) + ", the target " + described(t) + "; expected one shape (batch, ...)");
  Pair all{y.to_vector<double>(), t.to_vector<double>()};
  for (const auto* x : {&all.y, &all.t})
    for (std::size_t i = 0; i < x->size(); ++i)
      if (!fits((*x)[i]))
        fail(op, std::string(x == &all.y ? "the output" : "the target") + " at " +
                     to_string(unravel(static_cast<std::int64_t>(i), y.shape())) + " is " + to_string((*x)[i]) +
                     ", expected " + expected);
  return all;
}

// The mean of f(y - t).
template <class F>
Metric error_metric(const char* name, F f) {
  return mean_metric(name, name, Better::smaller, [=](const Tensor& output, const Tensor& target) {
    auto [y, t] = pair(
        name, output, target, [](double v) { return !std::isnan(v); }, "a number");
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = f(y[i] - t[i]);
    return tensor(y, output.shape());
  });
}

// A number and what its rounding took from it.
struct SumAndRest {
  double high, low;
};
SumAndRest wide(const ExactSum& sum) {
  ExactSum rest = sum;
  rest.add(-sum.value());
  return {sum.value(), rest.value()};
}
// a² / n.
SumAndRest square_over(SumAndRest a, double n) {
  const double square = a.high * a.high, rest = std::fma(a.high, a.high, -square) + 2 * a.high * a.low;
  const double share = square / n;
  return {share, (std::fma(-share, n, square) + rest) / n};
}

// sum (t - mean t)², of the sums of t and t²; 0 where that is what rounding leaves of equal numbers.
double spread(const ExactSum& sum, const ExactSum& squares, double n) {
  const SumAndRest s = wide(squares), mean = square_over(wide(sum), n);
  const double y = (s.high - mean.high) + (s.low - mean.low);
  return y <= 0x1p-98 * s.high ? 0 : y;
}

}  // namespace

Metric mse() {
  return error_metric("mse", [](double d) { return d * d; });
}
double mse(const Tensor& output, const Tensor& target, Site site) { return value_of(mse(), output, target, site); }

Metric mae() {
  return error_metric("mae", [](double d) { return std::abs(d); });
}
double mae(const Tensor& output, const Tensor& target, Site site) { return value_of(mae(), output, target, site); }

Metric r2() {
  const char* name = "r2";
  MetricKind kind{name, name, Better::larger, {}, {}, {}};
  kind.initial.counts["count"] = Shape{};
  for (const char* per_column : {"target", "target_sq", "error_sq"}) kind.initial.sums[per_column] = Shape{0};
  kind.update = [name](Gathered& g, const Tensor& output, const Tensor& target) {
    const auto [y, t] = pair(
        name, output, target, [](double v) { return std::abs(v) < 1e150; }, "a number whose square is finite");
    std::int64_t columns = 1;
    for (int i = 1; i < output.rank(); ++i) columns *= output.shape()[i];
    g.meet(name, output, columns);
    auto &sum = g.sums["target"], &squares = g.sums["target_sq"], &errors = g.sums["error_sq"];
    for (std::size_t i = 0; i < t.size(); ++i) {
      const std::int64_t c = static_cast<std::int64_t>(i) % columns;
      const double v = t[i], d = v - y[i], square = v * v;
      sum[c].add(v);
      squares[c].add(square);
      squares[c].add(std::fma(v, v, -square));
      errors[c].add(d * d);
    }
    g.counts["count"][0] += output.shape()[0];
  };
  kind.value = [name](const Gathered& g) {
    const auto n = static_cast<double>(g.counts.at("count")[0]);
    if (n < 2) fail(name, "there is one sample, and it has no variance; expected at least 2");
    double sum = 0;
    for (std::int64_t c = 0; c < g.columns; ++c) {
      const double error = g.sums.at("error_sq")[c].value();
      const double all = spread(g.sums.at("target")[c], g.sums.at("target_sq")[c], n);
      sum += error == 0 ? 1 : all == 0 ? 0 : 1 - error / all;
    }
    return sum / static_cast<double>(g.columns);
  };
  return make_metric(std::move(kind));
}
double r2(const Tensor& output, const Tensor& target, Site site) { return value_of(r2(), output, target, site); }

}  // namespace xtape::optim
