// lab::check, on functions of which it is known what is to be found: lab/check.json, which lab/make.py writes.
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "support.hpp"

using namespace xtape;
using doctest::Contains;

namespace {

using Json = nlohmann::json;

const Json& expected(const char* kind) {
  static const Json all = Json::parse(std::ifstream(XTAPE_TEST_DIR "/lab/check.json"));
  return all.at(kind);
}

double number(const Json& v) {
  const double infinity = std::numeric_limits<double>::infinity();
  return v.is_number() ? v.get<double>() : v == "inf" ? infinity : -infinity;
}

// g f'(x) stands for the gradient of f.
template <class F, class V>
Tensor with_vjp(F f, V slope, const Tensor& x) {
  return custom(
      f, [slope](const Tensor& g, const Tensor& x) { return g * slope(x); }, x);
}
Tensor squared(const Tensor& x) { return x * x; }

struct Activation {
  const char* name;
  Tensor (*f)(const Tensor&);
};
const Activation activations[] = {
    {"sigmoid", [](const Tensor& x) { return sigmoid(x); }},
    {"tanh", [](const Tensor& x) { return tanh(x); }},
    {"leaky relu", [](const Tensor& x) { return nn::leaky_relu(x, 0.1); }},
    {"elu", [](const Tensor& x) { return nn::elu(x); }},
    {"selu", [](const Tensor& x) { return nn::selu(x); }},
    {"gelu", [](const Tensor& x) { return gelu(x); }},
    {"gelu by tanh", [](const Tensor& x) { return gelu(x, Gelu::tanh); }},
    {"mish", [](const Tensor& x) { return nn::mish(x); }},
    {"softplus", [](const Tensor& x) { return softplus(x); }},
    {"log sigmoid", [](const Tensor& x) { return log_sigmoid(x); }},
    {"softsign", [](const Tensor& x) { return softsign(x); }},
    {"hard sigmoid", [](const Tensor& x) { return clamp(x / 6 + 0.5, 0, 1); }},
    {"hard tanh", [](const Tensor& x) { return clamp(x, -1, 1); }},
    {"hard swish", [](const Tensor& x) { return x * clamp(x / 6 + 0.5, 0, 1); }},
    {"relu6", [](const Tensor& x) { return clamp(x, 0, 6); }},
    {"sine", [](const Tensor& x) { return sin(x); }},
    {"gaussian", [](const Tensor& x) { return exp(-(x * x)); }},
    {"absolute", [](const Tensor& x) { return abs(x); }},
    {"square", squared},
    {"cube", [](const Tensor& x) { return x * x * x; }},
    {"identity", [](const Tensor& x) { return x; }},
    {"squareplus", [](const Tensor& x) { return nn::squareplus(x); }},
    {"snake", [](const Tensor& x) { return x + square(sin(x)); }},
    {"arctan", [](const Tensor& x) { return atan(x); }},
    {"soft shrink", [](const Tensor& x) { return sign(x) * relu(abs(x) - 0.5); }},
    {"softplus, naive", [](const Tensor& x) { return log(1 + exp(x)); }},
    {"log(1 - sigmoid)", [](const Tensor& x) { return log(1 - sigmoid(x)); }},
    {"sigmoid, naive", [](const Tensor& x) { return 1 / (1 + exp(-x)); }},
    {"tanh, naive", [](const Tensor& x) { return (exp(x) - exp(-x)) / (exp(x) + exp(-x)); }},
    {"mish, naive", [](const Tensor& x) { return x * tanh(log(1 + exp(x))); }},
    {"swish, naive", [](const Tensor& x) { return x / (1 + exp(-x)); }},
    {"elu, naive", [](const Tensor& x) { return where(x > 0, x, exp(minimum(x, 0)) - 1); }},
    {"gelu by tanh, naive",
     [](const Tensor& x) { return x / 2 * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))); }},
    {"exponential", [](const Tensor& x) { return exp(x); }},
    {"square root", [](const Tensor& x) { return sqrt(x); }},
    {"logarithm", [](const Tensor& x) { return log(x); }},
    {"reciprocal", [](const Tensor& x) { return 1 / x; }},
    {"poles", [](const Tensor& x) { return 1 / square(x - 0.3); }},
    {"sinc", [](const Tensor& x) { return sin(x) / x; }},
    {"root beside where", [](const Tensor& x) { return where(x > 0, sqrt(x), 0); }},
    {"step", [](const Tensor& x) { return (x > 0).to(x.dtype()); }},
    {"floor", [](const Tensor& x) { return floor(x); }},
    {"a small jump on a slope", [](const Tensor& x) { return 3 * x - where(x > -2.2, 0.01, zeros_like(x)); }},
    {"a small kink on a sine", [](const Tensor& x) { return sin(x) + 0.01 * relu(x - 1.7); }},
    {"hard shrink", [](const Tensor& x) { return where(abs(x) > 0.5, x, 0); }},
    {"straight-through sign",
     [](const Tensor& x) {
       return with_vjp([](const Tensor& x) { return sign(x); },
                       [](const Tensor& x) { return (abs(x) < 1).to(x.dtype()); }, x);
     }},
    {"square, vjp twice too large",
     [](const Tensor& x) {
       return with_vjp(
           squared, [](const Tensor& x) { return 4 * x; }, x);
     }},
    {"square, vjp wrong above 1",
     [](const Tensor& x) {
       return with_vjp(
           squared, [](const Tensor& x) { return where(x > 1, 3 * x, 2 * x); }, x);
     }},
    {"square, vjp detached",
     [](const Tensor& x) {
       return with_vjp(
           squared, [](const Tensor& x) { return 2 * x.detach(); }, x);
     }},
    {"detached", [](const Tensor& x) { return sin(x.detach()); }},
};

const char* name_of(lab::Trouble t) {
  static const char* const names[] = {"not_finite", "gradient_not_finite", "wrong_gradient", "no_gradient",
                                      "jump",       "cancellation",        "minimum"};
  return names[static_cast<int>(t)];
}
template <class Report>
void check_troubles(const Report& r, const Json& troubles) {
  std::set<std::string> found;
  for (const lab::Warning& w : r.warnings) {
    found.insert(name_of(w.trouble));
    CHECK(w.where.low <= w.where.high);
    CHECK_FALSE(w.text.empty());
  }
  CHECK(found == troubles.get<std::set<std::string>>());
}
void check_places(const std::vector<lab::Break>& breaks, const Json& places) {
  if (places.is_null()) return;
  REQUIRE(breaks.size() == places.size());
  for (std::size_t i = 0; i < breaks.size(); ++i) CHECK(std::abs(breaks[i].at - places[i].get<double>()) < 1e-9);
}
void check_near(double v, double expected, double tolerance) {
  if (std::isinf(expected)) CHECK(v == expected);
  else CHECK(std::abs(v - expected) <= tolerance);
}

void check_activation(const lab::ActivationReport& r) {
  INFO(r.name);
  INFO([&] {
    std::ostringstream text;
    text << r;
    return text.str();
  }());
  const Json& row = expected("activations").at(r.name);
  check_troubles(r, row["troubles"]);
  check_places(r.kinks, row["kinks"]);
  check_places(r.jumps, row["jumps"]);
  const std::string direction = r.increasing ? "increasing" : r.decreasing ? "decreasing" : "neither";
  CHECK(direction == row["direction"].get<std::string>());
  const char* const parities[] = {"none", "odd", "even"};
  CHECK(parities[static_cast<int>(r.parity)] == row["parity"].get<std::string>());
  CHECK(r.straight_through == (r.name == "straight-through sign"));
  if (row.contains("far")) CHECK(std::vector<std::string>{r.far_left, r.far_right} == row["far"]);
  if (row.contains("zeros")) {
    REQUIRE(r.zeros.size() == row["zeros"].size());
    for (std::size_t i = 0; i < r.zeros.size(); ++i) {
      check_near(r.zeros[i].low, number(row["zeros"][i][0]), 1e-9);
      check_near(r.zeros[i].high, number(row["zeros"][i][1]), 1e-9);
    }
  }
  if (!row["range"].is_null()) {
    check_near(r.range.low, number(row["range"][0]), 2e-6);
    check_near(r.range.high, number(row["range"][1]), 2e-6);
  }
  if (row.contains("gain")) {
    const lab::NormalStatistics& n = r.normal;
    for (const auto& figure : {std::pair("mean", n.mean),
                               {"variance", n.variance},
                               {"mean_slope", n.mean_slope},
                               {"saturated", n.saturated},
                               {"odd", n.odd},
                               {"gain", n.gain},
                               {"chi1", n.chi1}}) {
      INFO(figure.first);
      const double wanted = row[figure.first].get<double>();
      CHECK(std::abs(figure.second - wanted) <= 1e-8 * (1 + std::abs(wanted)));
    }
  }
}

// A cost, with its options and how its pull at 10 is to be divided.
struct Cost {
  const char* name;
  Tensor (*f)(const Tensor& prediction, const Tensor& target);
  lab::CostOptions options = {};
};
const Cost costs[] = {
    {"mse of tensors", [](const Tensor& y, const Tensor& t) { return nn::mse_loss(y, t); }},
    {"sum of squares", [](const Tensor& y, const Tensor& t) { return sum(square(y - t)); }},
    {"mean absolute", [](const Tensor& y, const Tensor& t) { return abs(y - t); }},
    {"huber", [](const Tensor& y, const Tensor& t) { return nn::huber_loss(y, t, 1, Reduction::none); }},
    {"log cosh", [](const Tensor& y, const Tensor& t) { return nn::log_cosh_loss(y, t, Reduction::none); }},
    {"log cosh, naive", [](const Tensor& y, const Tensor& t) { return log(cosh(y - t)); }},
    {"quantile", [](const Tensor& y, const Tensor& t) { return nn::quantile_loss(y, t, 0.9, Reduction::none); }},
    {"cross-entropy of probabilities",
     [](const Tensor& y, const Tensor& t) { return nn::binary_cross_entropy(y, t, Reduction::none); }},
    {"cross-entropy of probabilities, naive",
     [](const Tensor& y, const Tensor& t) { return -(t * log(y) + (1 - t) * log(1 - y)); }},
    {"cross-entropy of logits",
     [](const Tensor& y, const Tensor& t) { return nn::binary_cross_entropy_with_logits(y, t); }},
    {"cross-entropy of logits, naive", [](const Tensor& y, const Tensor& t) { return log(1 + exp(y)) - t * y; }},
    {"focal", [](const Tensor& y, const Tensor& t) { return nn::focal_loss(y, t, 0.25, 2, Reduction::none); }},
    {"cross-entropy of classes", [](const Tensor& y, const Tensor& t) { return nn::cross_entropy(y, t); },
     lab::CostOptions().classes(3)},
    {"cross-entropy of classes, naive",
     [](const Tensor& y, const Tensor& t) { return mean(log(sum(exp(y), 1)) - sum(y * one_hot(t, 3, y.dtype()), 1)); },
     lab::CostOptions().classes(3)},
    {"smoothed cross-entropy of classes",
     [](const Tensor& y, const Tensor& t) { return nn::cross_entropy(y, one_hot(t, 3, y.dtype()) * 0.9 + 0.1 / 3); },
     lab::CostOptions().classes(3)},
    {"dice", [](const Tensor& y, const Tensor& t) { return nn::dice_loss(y, t); }},
    {"soft margin", [](const Tensor& y, const Tensor& t) { return nn::soft_margin_loss(y, t); }},
    {"relative entropy", [](const Tensor& y, const Tensor& t) { return t * (log(t) - log(y)) - t + y; }},
    {"hinge", [](const Tensor& y, const Tensor& t) { return relu(1 - t * y); }},
    {"squared hinge", [](const Tensor& y, const Tensor& t) { return square(relu(1 - t * y)); }},
    {"poisson", [](const Tensor& y, const Tensor& t) { return exp(y) - t * y; }},
    {"cauchy", [](const Tensor& y, const Tensor& t) { return log1p(square(y - t)); }},
    {"least at 0.9 t", [](const Tensor& y, const Tensor& t) { return square(y - 0.9 * t); }},
    {"two minima", [](const Tensor& y, const Tensor& t) { return square(square(y) - 1 - 0 * t); }},
    {"a second minimum", [](const Tensor& y, const Tensor& t) { return square(y - t) + 4 * square(sin(2 * (y - t))); }},
    {"equal minima", [](const Tensor& y, const Tensor& t) { return 1 - cos(y - t); }},
    {"mse, vjp half as large",
     [](const Tensor& y, const Tensor& t) {
       return with_vjp(
           squared, [](const Tensor& d) { return 1 * d; }, y - t);
     }},
    {"step", [](const Tensor& y, const Tensor& t) { return (abs(y - t) > 0.3).to(y.dtype()); }},
};

void check_cost(const lab::CostReport& r) {
  INFO(r.name);
  INFO([&] {
    std::ostringstream text;
    text << r;
    return text.str();
  }());
  const Json& row = expected("costs").at(r.name);
  check_troubles(r, row["troubles"]);
  const char* const links[] = {"none", "identity", "labels", "logits", "log", "margin", "classes"};
  CHECK(links[static_cast<int>(r.link)] == row["link"].get<std::string>());
  if (!row["convex"].is_null()) CHECK(r.convex == row["convex"].get<bool>());
  if (r.link != lab::Link::none) check_places(r.kinks, row["kinks"]);
  if (!row["pull"].is_null()) {
    REQUIRE(r.pull_10);
    CHECK(std::abs(*r.pull_10 / *r.pull_1 - row["pull"].get<double>()) < 1e-6);
  }
  if (!row["after_sigmoid"].is_null()) {
    REQUIRE(r.after_sigmoid);
    CHECK(std::abs(*r.after_sigmoid - row["after_sigmoid"].get<double>()) < 1e-9);
  }
}

}  // namespace

TEST_CASE("check finds what is to be found of activations, and nothing wrong with what is right") {
  auto options = [](const char* name) { return lab::ActivationOptions().name(name).predict(false); };
  std::size_t rows = 0;
  auto look = [&](const lab::ActivationReport& r) { check_activation(r), ++rows; };
  for (const auto& [name, f] : activations) look(lab::check(f, options(name)));
  look(lab::check([](const Tensor& x) { return sqrt(x); }, options("square root of positive").range(0.01, 100)));
  look(lab::check(relu, options("relu")));
  look(lab::check(nn::PReLU(), options("prelu")));
  look(lab::check([](auto x) { return x * sigmoid(x); }, options("swish")));
  look(lab::check([](auto x) { return where(x > 0.3, x + 1, x); }, options("discontinuous")));
  CHECK(rows == expected("activations").size());
}

TEST_CASE("check finds what is to be found of costs, and nothing wrong with what is right") {
  std::size_t rows = 0;
  auto look = [&](const lab::CostReport& r) { check_cost(r), ++rows; };
  for (auto [name, f, options] : costs) look(lab::check(f, options.name(name)));
  const auto mse = lab::check([](auto y, auto t) { return square(y - t); }, lab::CostOptions().name("mse"));
  CHECK(mse.formula == "(y - t)^2");
  look(mse);
  CHECK(rows == expected("costs").size());
}

TEST_CASE("check names the place of a wrong gradient, with both figures") {
  const Tensor x = ones({1});
  auto wrong = [](const Tensor& x) {
    return with_vjp(
        squared, [](const Tensor& x) { return where(x > 1, 3 * x, 2 * x); }, x);
  };
  const auto r = lab::check(wrong, lab::ActivationOptions().predict(false));
  REQUIRE(r.warnings.size() == 1);
  CHECK(r.warnings[0].trouble == lab::Trouble::wrong_gradient);
  CHECK(std::abs(r.warnings[0].where.low - 1) < 0.1);
  CHECK(r.warnings[0].where.high > 90);
  CHECK(says(message([&] { r.expect(lab::sound); }), "check: f is not as claimed, sound: the gradient is wrong on [",
             r.site.line));
}
