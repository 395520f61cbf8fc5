// lab::check, on functions of which it is known what is to be found: lab/check.json, which lab/make.py writes.
#include <algorithm>
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
    {"sinc", [](const Tensor& x) { return sin(x) / x; }},
    {"root beside where", [](const Tensor& x) { return where(x > 0, sqrt(x), 0); }},
    {"step", [](const Tensor& x) { return (x > 0).to(x.dtype()); }},
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
  look(lab::check([](auto x) { return floor(x); }, options("floor")));
  CHECK(rows == expected("activations").size());
}

TEST_CASE("check finds what is to be found of costs, and nothing wrong with what is right") {
  std::size_t rows = 0;
  auto look = [&](const lab::CostReport& r) { check_cost(r), ++rows; };
  for (auto [name, f, options] : costs) look(lab::check(f, options.name(name)));
  look(lab::check([](auto y, auto t) { return (y - t) * (y - t); }, lab::CostOptions().name("mse")));
  look(lab::check([](auto y, auto t) { return log(cosh(y - t)); }, lab::CostOptions().name("log cosh, naive")));
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

TEST_CASE("expect holds a function against what is claimed of it") {
  auto options = [](const char* name) { return lab::ActivationOptions().name(name).predict(false); };
  const auto sigmoid_ = lab::check(sigmoid, options("sigmoid"));
  sigmoid_.expect(lab::sound, lab::finite, lab::smooth, lab::differentiable, lab::continuous, lab::increasing,
                  lab::monotone, lab::bounded(0, 1), lab::chi1(0.15, 0.16), lab::gain(1.8, 1.9));
  const auto elu = lab::check([](const Tensor& x) { return nn::elu(x); }, options("elu"));
  elu.expect(lab::differentiable, lab::bounded(-1));
  REQUIRE(elu.bends.size() == 1);
  CHECK(elu.bends[0].at == 0);
  const auto abs_ = lab::check([](const Tensor& x) { return abs(x); }, options("abs"));
  abs_.expect(lab::continuous, lab::even, lab::bounded(0));
  const auto step = lab::check([](const Tensor& x) { return (x > 0).to(x.dtype()); }, options("step"));
  const auto log_ = lab::check([](const Tensor& x) { return log(x); }, options("log"));
  const auto mse = lab::check([](const Tensor& y, const Tensor& t) { return nn::mse_loss(y, t); });
  mse.expect(lab::sound, lab::finite, lab::continuous, lab::differentiable, lab::convex, lab::least_at_target);
  const auto cauchy = lab::check([](const Tensor& y, const Tensor& t) { return log1p(square(y - 0.9 * t)); });

  auto refused = [](const auto& report, lab::Claim claim) { return message([&] { report.expect(claim); }); };
  CHECK(begins(refused(elu, lab::smooth), "check: elu is not as claimed, smooth: f'' jumps at 0 (1 to 0)"));
  CHECK(begins(refused(abs_, lab::differentiable),
               "check: abs is not as claimed, differentiable: f' jumps at 0 (-1 to 1)"));
  CHECK(begins(refused(step, lab::continuous), "check: step is not as claimed, continuous: f jumps at 0 (0 to 1)"));
  CHECK(begins(refused(log_, lab::finite), "check: log is not as claimed, finite: f is NaN on [-100, "));
  CHECK(begins(refused(sigmoid_, lab::bounded(0, 0.9)),
               "check: sigmoid is not as claimed, bounded(0, 0.9): its range is [0, 1], least towards -inf, greatest "
               "towards inf"));
  CHECK(begins(refused(sigmoid_, lab::chi1(0.8, 1.2)),
               "check: sigmoid is not as claimed, chi1(0.8, 1.2): chi1 is 0.1528"));
  CHECK(begins(refused(sigmoid_, lab::gain(1, 1.5)),
               "check: sigmoid is not as claimed, gain(1, 1.5): the gain is 1.846"));
  for (const lab::Claim& claim : {lab::decreasing, lab::odd, lab::even})
    CHECK(
        begins(refused(sigmoid_, claim), "check: sigmoid is not as claimed, " + to_string(claim) + ": rises; neither"));
  CHECK(begins(refused(abs_, lab::monotone), "check: abs is not as claimed, monotone: not monotone; even"));
  CHECK(begins(refused(sigmoid_, lab::convex), "check: sigmoid is not as claimed, convex: that is a claim of a cost"));
  CHECK(begins(refused(mse, lab::odd), "check: cost is not as claimed, odd: that is a claim of an activation"));
  CHECK(begins(refused(cauchy, lab::convex), "check: cost is not as claimed, convex: not convex on [-99.61, "));
  CHECK(
      begins(refused(cauchy, lab::least_at_target),
             "check: cost is not as claimed, least_at_target: for target 2 it is least at 1.8 (0), not at the target"));
}

TEST_CASE("check refuses what it cannot look at, and says why") {
  auto refused = [](auto f, lab::ActivationOptions options = lab::ActivationOptions()) {
    return message([&] { lab::check(f, options.predict(false)); });
  };
  CHECK(begins(refused([](const Tensor& x) { return softmax(x, 0); }), "check: f gives "));
  CHECK(begins(refused([](const Tensor& x) { return dropout(x, 0.5); }), "check: f gave "));
  CHECK(begins(refused([](const Tensor& x) { return sum(x); }), "check: f makes () of ("));
  CHECK(begins(refused([](const Tensor& x) { return x > 0; }), "check: f gives boolean, expected numbers"));
  CHECK(begins(refused(relu, lab::ActivationOptions().range(2, 1)),
               "check: the range is [2, 1], expected finite low < high"));
  auto cost = [](auto f, const lab::CostOptions& options = {}) { return message([&] { lab::check(f, options); }); };
  auto mse = [](const Tensor& y, const Tensor& t) { return nn::mse_loss(y, t); };
  CHECK(begins(cost(mse, lab::CostOptions().classes(1)), "check: classes is 1, expected at least 2"));
  CHECK(begins(cost(mse, lab::CostOptions().range(0, 0)), "check: the range is [0, 0], expected"));
  CHECK(begins(cost([](const Tensor& y, const Tensor& t) { return y > t; }), "check: cost gives boolean"));
  CHECK(begins(cost([](const Tensor& y, const Tensor& t) { return square(sum(y - t)); }),
               "check: cost of 4 samples is "));
  CHECK(begins(cost([](const Tensor& y, const Tensor&) { return slice(y, 0, Slice(1)); }),
               "check: cost makes (3, 1) of"));
}

TEST_CASE("check predicts what a network makes of an activation: of relu as is known, of swish what it makes of silu") {
  const auto r = lab::check([](auto x) { return x * sigmoid(x); }, lab::ActivationOptions().name("mine"));
  REQUIRE(r.prediction);
  CHECK(r.formula == "x * sigmoid(x)");
  CHECK(r.prediction->nearest().name == "swish");
  CHECK(r.prediction->nearest().spectrum_off < 1e-9);
  std::ostringstream text;
  text << r;
  CHECK(text.str() == [&] {
    std::ostringstream again;
    again << lab::check([](auto x) { return x * sigmoid(x); }, lab::ActivationOptions().name("mine"));
    return again.str();
  }());
  for (std::size_t begin = 0, end; (end = text.str().find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string line = text.str().substr(begin, end - begin);
    CHECK(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }) <= 100);
  }
}

TEST_CASE("check's Fisher spectrum is that of the gradients by the parameters, one by one") {
  // The network of Prediction, whose scores sqrt(p_y) d log p_y / d parameters are taken from the tape.
  const double gain = std::sqrt(2.);
  const std::vector<std::int64_t> widths{16, 32, 32, 32, 4};
  RandomGenerator generator(1);
  const Tensor x = normal({32, 16}, 0, 1, float64, generator);
  Tensors parameters;
  for (std::size_t l = 0; l + 1 < widths.size(); ++l) {
    const double scale = (l == 0 ? 1 : gain) / std::sqrt(static_cast<double>(widths[l]));
    parameters.push_back(normal({widths[l + 1], widths[l]}, 0, scale, float64, generator).requires_grad());
    parameters.push_back(zeros({widths[l + 1]}, float64).requires_grad());
  }
  Tensor y = x;
  for (std::size_t l = 0; l < 4; ++l) y = linear(l > 0 ? relu(y) : y, parameters[2 * l], parameters[2 * l + 1]);
  const Tensor log_p = flatten(log_softmax(y, 1));
  Tensors scores;
  for (std::int64_t i = 0; i < log_p.size(); ++i) {
    Tensors parts;
    for (const Tensor& g : grad(log_p[i], parameters, retain_graph)) parts.push_back(flatten(g));
    scores.push_back(concat(parts, 0) * exp(log_p[i].detach() / 2));
  }
  const Tensor rows = stack(scores);
  std::vector<double> expected = eigvalsh(matmul(rows, rows, false, true) / 32).to_vector<double>();
  std::sort(expected.rbegin(), expected.rend());
  const auto r = lab::check(relu);
  REQUIRE(r.prediction);
  for (std::size_t i = 0; i < r.prediction->own.spectrum.size(); ++i)
    CHECK(std::abs(r.prediction->own.spectrum[i] - std::log10(expected[i])) < 1e-6);
}
