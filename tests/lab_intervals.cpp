// Intervals through recorded operations: what is found, with which input; no alarm where nothing fails; and that no
// value lies outside of the intervals.
#include <cmath>
#include <sstream>

#include "lab_formulas.hpp"
#include "support.hpp"

using namespace xtape;
using lab::Interval;
using lab::Intervals;

namespace {

struct Row {
  std::string source;
  Intervals report;
  std::vector<std::string> found;  // what must be found, in the order of the operations, and nothing else
};

#define XTAPE_ONE(range, expression) #expression, lab::intervals([](auto x) { return expression; }, range)
#define XTAPE_TWO(ranges, expression) #expression, lab::intervals([](auto x, auto y) { return expression; }, ranges)
#define XTAPE_OF(range, expression)                                                 \
#expression, lab::intervals([](const Tensor& x) -> Tensor { return expression; }, \
                              tensor({{0.5, -1., 2.}, {3., 0., 1.}}), range)

const Interval wide{-200, 200}, huge{-1e4, 1e4}, ten{-10, 10}, unit{-1, 1}, zero_to_one{0, 1}, positive{0.01, 10};

std::vector<Row> formulas() {
  return {
      {XTAPE_ONE(wide, log(1 + exp(x))), {"exp overflows"}},
      {XTAPE_ONE(ten, log(1 + exp(x))), {}},
      {XTAPE_ONE(wide, softplus(x)), {}},
      {XTAPE_ONE(wide, 1 / (1 + exp(-x))), {"exp overflows"}},
      {XTAPE_ONE(huge, sigmoid(x)), {}},
      {XTAPE_ONE(wide, log(1 - sigmoid(x))), {"log of a number <= 0"}},
      {XTAPE_ONE(wide, log(sigmoid(x))), {"log of a number <= 0"}},
      {XTAPE_ONE(huge, log_sigmoid(x)), {}},
      {XTAPE_ONE(huge, sigmoid(x) * (1 - sigmoid(x))), {}},
      {XTAPE_ONE(huge, 1 / (x - x + 1)), {}},
      {XTAPE_ONE(huge, log1p(x - x)), {}},
      {XTAPE_ONE(huge, x * sigmoid(x)), {}},
      {XTAPE_ONE(huge, x * tanh(softplus(x))), {}},
      {XTAPE_ONE(wide, (exp(x) - exp(-x)) / (exp(x) + exp(-x))), {"exp overflows"}},
      {XTAPE_ONE(ten, 1 / (x - 3)), {"division by 0"}},
      {XTAPE_ONE(ten, reciprocal(x * x + x - 6)), {"reciprocal of 0"}},
      {XTAPE_ONE(ten, 1 / (1 + x * x)), {}},
      {XTAPE_ONE(ten, x / sqrt(x * x + 1e-6)), {}},
      {XTAPE_ONE(positive, sqrt(x) + log(x) + 1 / x), {}},
      {XTAPE_ONE(ten, sqrt(x)), {"sqrt of a number < 0"}},
      {XTAPE_ONE(zero_to_one, sqrt(x)), {"slope of sqrt at 0"}},
      {XTAPE_ONE(ten, pow(x, 2.5)), {"pow of a number < 0 with an exponent that is no integer"}},
      {XTAPE_ONE(ten, pow(x, 3) + pow(x, 2)), {}},
      {XTAPE_ONE(ten, pow(x, -2)), {"pow of 0 with an exponent < 0"}},
      {XTAPE_ONE(unit, acos(x)), {"slope of acos at -1"}},
      {XTAPE_ONE(ten, asin(x / 5)), {"asin of a number outside [-1, 1]"}},
      {XTAPE_ONE(ten, asin(sin(x) * 0.5)), {}},
      {XTAPE_ONE(unit, atanh(x)), {"atanh of a number outside (-1, 1)"}},
      {XTAPE_ONE(ten, log1p(x)), {"log1p of a number <= -1"}},
      {XTAPE_ONE(ten, acosh(2 + x * x)), {}},
      {XTAPE_ONE(ten, log(abs(x))), {"log of a number <= 0"}},
      {XTAPE_ONE(ten, log(max(x, 1e-6))), {}},
      {XTAPE_ONE(ten, log(clamp(x, 1e-6, 1))), {}},
      {XTAPE_ONE(ten, where(x > 0, log(x), 0 * x)), {}},
      {XTAPE_ONE(wide, cosh(x)), {"cosh overflows"}},
      {XTAPE_ONE((Interval{0, 1e17}), sin(x)), {"sin of a number beyond 3e15"}},
      {XTAPE_ONE(huge, x * x * x * x * x * x * x * x * x * x), {"mul overflows"}},
      {XTAPE_TWO((std::vector<Interval>{unit, zero_to_one}), x / y), {"division by 0"}},
      {XTAPE_TWO((std::vector<Interval>{zero_to_one, zero_to_one}), -y * log(x) - (1 - y) * log(1 - x)),
       {"log of a number <= 0"}},
      {XTAPE_TWO((std::vector<Interval>{wide, zero_to_one}), max(x, 0) - x * y + log1p(exp(-abs(x)))), {}},
      {XTAPE_TWO((std::vector<Interval>{unit, unit}), x / (abs(x) + abs(y) + 1e-3)), {}},
  };
}

std::vector<Row> functions() {
  return {
      {XTAPE_OF(huge, softmax(x, 1)), {}},
      {XTAPE_OF(huge, log_softmax(x, 1)), {}},
      {XTAPE_OF(huge, logsumexp(x, 1)), {}},
      {XTAPE_OF(huge, log(softmax(x, 1))), {"log of a number <= 0"}},
      {XTAPE_OF(huge, exp(x) / sum(exp(x), 1, true)), {"exp overflows", "division by 0"}},
      {XTAPE_OF(huge, exp(x - amax(x, 1, true)) / sum(exp(x - amax(x, 1, true)), 1, true)), {}},
      {XTAPE_OF(huge, amax(x, 1) + log(sum(exp(x - amax(x, 1, true)), 1))), {}},
      {XTAPE_OF(unit, sqrt(sum(square(x)))), {"slope of sqrt at 0"}},
      {XTAPE_OF(unit, sqrt(sum(square(x)) + 1e-6)), {}},
      {XTAPE_OF(unit, x / stddev(x)), {"division by 0"}},
      {XTAPE_OF(unit, (x - mean(x)) / sqrt(var(x) + 1e-5)), {}},
      {XTAPE_OF(unit, log(mean(x, 1))), {"log of a number <= 0"}},
      {XTAPE_OF(huge, exp(matmul(x, ones({3, 2})))), {"exp overflows"}},
      {XTAPE_OF(unit, exp(matmul(x, ones({3, 2})))), {}},
      {XTAPE_OF(huge, nn::cross_entropy(x, tensor({0, 2}))), {}},
      {XTAPE_OF(wide, where(x > 0, log(x), 0)), {"log of a number <= 0"}},  // 0 * inf on the way back, at 0
  };
}

void check(const Row& row) {
  INFO(row.source);
  std::ostringstream text;
  text << row.report;
  INFO(text.str());
  std::vector<std::string> found;
  for (const lab::Hazard& h : row.report.found) {
    found.push_back(h.what);
    CHECK(!h.input.empty());
    CHECK(!h.effect.empty());
    CHECK(!h.inputs.empty());
    CHECK(std::string(h.site.file ? h.site.file : "").find("lab_intervals.cpp") != std::string::npos);
  }
  // One line may hold an operation several times.
  found.erase(std::unique(found.begin(), found.end()), found.end());
  CHECK(found == row.found);
  CHECK(row.report.unknown.empty());
}

}  // namespace

TEST_CASE("intervals find where formulas fail, and are silent about the others") {
  for (const Row& row : formulas()) check(row);
}

TEST_CASE("intervals find where functions of tensors fail, and are silent about the others") {
  for (const Row& row : functions()) check(row);
}

TEST_CASE("a failing input fails, near the border") {
  const auto naive = [](auto x) { return log(1 + exp(x)); };
  const Intervals r = lab::intervals(naive, {-200, 200});
  REQUIRE(r.found.size() == 1);
  const Tensor x = r.found[0].inputs[0];
  CHECK(x.item() >= 88.72);
  CHECK(x.item() <= 95);
  CHECK(std::isinf(pointwise(naive, x).item()));
  CHECK(r.found[0].effect == "the result is inf");
  CHECK(r.found[0].operand.low == -200);
  CHECK(r.found[0].operand.high == 200);
  const Intervals wide = lab::intervals(naive, {-1000, 1000}, {float64});
  REQUIRE(wide.found.size() == 1);
  CHECK(wide.found[0].inputs[0].item() >= 709.7);
  CHECK(lab::intervals(naive, {-700, 700}, {float64}).safe());
  const Intervals exact = lab::intervals([](auto x) { return 1 / (x - 3); }, {-10, 10});
  REQUIRE(exact.found.size() == 1);
  CHECK(exact.found[0].inputs[0].item() == 3);
}

TEST_CASE("intervals of a module name its path and the user's line") {
  struct Net : nn::Module<Net> {
    nn::Linear hidden = child("hidden", nn::Linear(3, 4));
    Tensor forward(const Tensor& x) const { return log(relu(hidden(x))); }
  };
  const Intervals r = lab::intervals(Net(), ones({2, 3}), {-1, 1});
  REQUIRE(r.found.size() == 1);
  CHECK(r.found[0].what == "log of a number <= 0");
  CHECK(r.found[0].module == "Net");
  CHECK(r.found[0].site.line == __LINE__ - 6);
}

TEST_CASE("what has no rule is said") {
  const Tensor x = tensor({{2., 1., 1.}, {1., 2., 1.}, {1., 1., 2.}});
  const Intervals r = lab::intervals([](const Tensor& x) { return exp(inverse(x)); }, x, {1, 2});
  CHECK(r.unknown == std::vector<std::string>{"inverse"});
}

TEST_CASE("every function of formulas has a rule") {
  const auto known = [](const char* name, const Intervals& r) {
    INFO(name);
    CHECK(r.unknown.empty());
    CHECK(std::isfinite(r.result.low));
    CHECK(std::isfinite(r.result.high));
  };
#define XTAPE_KNOWN(f) known(#f, lab::intervals([](auto x) { return f(x); }, {0.3, 0.9}));
  XTAPE_FUNCTIONS_OF_ONE(XTAPE_KNOWN)
#undef XTAPE_KNOWN
  const std::vector<Interval> both{{0.3, 0.9}, {0.3, 0.9}};
#define XTAPE_KNOWN(f) known(#f, lab::intervals([](auto x, auto y) { return f(x, y); }, both));
  XTAPE_KNOWN(atan2)
  XTAPE_KNOWN(copysign)
  XTAPE_KNOWN(cosine)
  XTAPE_KNOWN(fmod)
  XTAPE_KNOWN(hypot)
  XTAPE_KNOWN(max)
  XTAPE_KNOWN(min)
  XTAPE_KNOWN(over_square_sum)
  XTAPE_KNOWN(pow)
  XTAPE_KNOWN(quotient)
  XTAPE_KNOWN(quotient_below)
  XTAPE_KNOWN(remainder)
  XTAPE_KNOWN(share)
#undef XTAPE_KNOWN
}

TEST_CASE("intervals are the same in every run and for any number of threads") {
  const auto text = [] {
    std::ostringstream s;
    s << lab::intervals([](const Tensor& x) { return log(softmax(x, 1)); }, ones({4, 3}), {-1000, 1000});
    return s.str();
  };
  const int before = num_threads();
  set_num_threads(1);
  const std::string one = text();
  set_num_threads(3);
  CHECK(text() == one);
  set_num_threads(before);
}

TEST_CASE("no value lies outside of the intervals") {
  RandomStream random(2);
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const lab_test::Drawn f{seed};
    const double a = 8 * random.normal(), b = a + std::pow(10., 3 * random.uniform() - 1);
    const Intervals r = lab::intervals(f, {a, b});
    INFO(seed << " in " << lab::to_string({a, b}) << ": " << r);
    for (int k = 0; k < 40; ++k) {
      const double x = static_cast<float>(a + (b - a) * random.uniform());
      const double y = pointwise(f, tensor(x, float32)).item();
      INFO(x << " gives " << y);
      if (std::isfinite(y)) CHECK((y >= r.result.low && y <= r.result.high));
      else CHECK_FALSE(r.safe());
    }
  }
  // And of operations on tensors.
  const Tensor w = normal({3, 2}), kernel = normal({2, 1, 2});
  const std::vector<std::pair<const char*, std::function<Tensor(const Tensor&)>>> list{
      {"matmul", [&](const Tensor& x) { return matmul(x, w); }},
      {"mean", [](const Tensor& x) { return mean(x, 1); }},
      {"var", [](const Tensor& x) { return var(x, 1); }},
      {"stddev", [](const Tensor& x) { return stddev(x); }},
      {"norm", [](const Tensor& x) { return norm(x); }},
      {"logsumexp", [](const Tensor& x) { return logsumexp(x, 1); }},
      {"log_softmax", [](const Tensor& x) { return log_softmax(x, 1); }},
      {"cross_entropy",
       [](const Tensor& x) {
         return nn::cross_entropy(x, tensor({0, 1, 2, 0}));
       }},
      {"bce", [](const Tensor& x) { return binary_cross_entropy_with_logits(x, sigmoid(x)); }},
      {"conv",
       [&](const Tensor& x) {
         return conv1d(reshape(x, {4, 1, 3}), kernel, ConvOptions());
       }},
      {"gelu", [](const Tensor& x) { return gelu(x); }},
      {"fmod", [](const Tensor& x) { return fmod(x, 3) + remainder(x, -2); }},
      {"logaddexp", [](const Tensor& x) { return logaddexp(x, 1); }},
      {"xlogy", [](const Tensor& x) { return xlogy(sigmoid(x), exp(x)); }},
      {"hypot", [](const Tensor& x) { return hypot(x, 2) * atan2(x, 1); }},
      {"concat",
       [](const Tensor& x) {
         return concat({x, 2 * x});
       }},
      {"pow", [](const Tensor& x) { return pow(abs(x) + 0.1, x / 4); }},
      {"layer_norm", [](const Tensor& x) { return layer_norm(x, {3}); }},
      {"group_norm",
       [](const Tensor& x) {
         return group_norm(reshape(x, {2, 2, 3}), 2);
       }},
      {"batch_norm", [](const Tensor& x) { return nn::BatchNorm1d(3)(x); }},
      {"nll_loss",
       [](const Tensor& x) {
         return nn::nll_loss(x, tensor({0, 1, 2, 0}));
       }},
      {"cumsum", [](const Tensor& x) { return cumsum(x, 1); }},
      {"max_pool",
       [](const Tensor& x) {
         return max_pool1d(reshape(x, {4, 1, 3}), 2) - amin(x);
       }},
  };
  for (const auto& row : list) {
    const auto& f = row.second;
    const Tensor example = normal({4, 3});
    const Intervals r = lab::intervals(f, example, {-4, 5});
    INFO(row.first << ": " << r);
    CHECK(r.found.empty());
    CHECK(r.unknown.empty());
    for (int k = 0; k < 20; ++k) {
      Tensor x = uniform({4, 3}, -4, 5);
      if (k % 2) x = where(x > 0, 5, -4) * ones({4, 3});
      const std::vector<double> y = f(x).to_vector<double>();
      for (const double v : y) CHECK((v >= r.result.low && v <= r.result.high));
    }
  }
}

TEST_CASE("what intervals is asked wrongly") {
  const auto f = [](auto x) { return x; };
  const auto empty = [&] { lab::intervals(f, {1, -1}); };
  const auto two = [&] { lab::intervals(f, {{0, 1}, {0, 1}}); };
  const auto whole = [&] { lab::intervals(f, {0, 1}, {int64}); };
  CHECK(says(message(empty), "intervals: the range [1, -1] has no numbers", __LINE__ - 3));
  CHECK(says(message(two), "intervals: 2 ranges for a function of 1", __LINE__ - 3));
  CHECK(says(message(whole), "intervals: a formula computes in float32 or float64, not in int64", __LINE__ - 3));
}
