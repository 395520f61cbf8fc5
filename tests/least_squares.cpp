// Optimisers that search: LBFGS on Rosenbrock's valleys, Levenberg-Marquardt on NIST's nonlinear regressions, Newton-CG
// at a saddle, and what all of them do when the closure is not as they want it.
#include "optimisers_table.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

using namespace xtape;
using doctest::Contains;
using Json = nlohmann::json;

namespace {

using Model = std::function<Tensor(const Tensor& b, const Tensors& x)>;

constexpr double pi = 3.141592653589793238462643383279;
Tensor bell(const Tensor& x, const Tensor& middle, const Tensor& width) { return exp(-square((x - middle) / width)); }
Tensor decays(const Tensor& b, const Tensors& x) {
  return b[0] * exp(-b[1] * x[0]) + b[2] * exp(-b[3] * x[0]) + b[4] * exp(-b[5] * x[0]);
}
Tensor bells(const Tensor& b, const Tensors& x) {
  return b[0] * exp(-b[1] * x[0]) + b[2] * bell(x[0], b[3], b[4]) + b[5] * bell(x[0], b[6], b[7]);
}
Tensor cubics(const Tensor& b, const Tensors& v) {
  const Tensor& x = v[0];
  return (b[0] + x * (b[1] + x * (b[2] + x * b[3]))) / (1 + x * (b[4] + x * (b[5] + x * b[6])));
}
Tensor chwirut(const Tensor& b, const Tensors& x) { return exp(-b[0] * x[0]) / (b[1] + b[2] * x[0]); }
Tensor saturation(const Tensor& b, const Tensors& x) { return b[0] * (1 - exp(-b[1] * x[0])); }
Tensor wave(const Tensor& x, const Tensor& a, const Tensor& b, const Tensor& period) {
  const Tensor t = 2 * pi * x / period;
  return a * cos(t) + b * sin(t);
}

const std::map<std::string, Model> models{
    {"Bennett5", [](auto& b, auto& x) { return b[0] * pow(b[1] + x[0], -1 / b[2]); }},
    {"BoxBOD", saturation},
    {"Chwirut1", chwirut},
    {"Chwirut2", chwirut},
    {"DanWood", [](auto& b, auto& x) { return b[0] * pow(x[0], b[1]); }},
    {"ENSO",
     [](auto& b, auto& x) {
       return b[0] + wave(x[0], b[1], b[2], tensor(12., float64)) + wave(x[0], b[4], b[5], b[3]) +
              wave(x[0], b[7], b[8], b[6]);
     }},
    {"Eckerle4", [](auto& b, auto& x) { return b[0] / b[1] * exp(-0.5 * square((x[0] - b[2]) / b[1])); }},
    {"Gauss1", bells},
    {"Gauss2", bells},
    {"Gauss3", bells},
    {"Hahn1", cubics},
    {"Kirby2",
     [](auto& b, auto& x) { return (b[0] + x[0] * (b[1] + x[0] * b[2])) / (1 + x[0] * (b[3] + x[0] * b[4])); }},
    {"Lanczos1", decays},
    {"Lanczos2", decays},
    {"Lanczos3", decays},
    {"MGH09", [](auto& b, auto& x) { return b[0] * x[0] * (x[0] + b[1]) / (x[0] * (x[0] + b[2]) + b[3]); }},
    {"MGH10", [](auto& b, auto& x) { return b[0] * exp(b[1] / (x[0] + b[2])); }},
    {"MGH17", [](auto& b, auto& x) { return b[0] + b[1] * exp(-x[0] * b[3]) + b[2] * exp(-x[0] * b[4]); }},
    {"Misra1a", saturation},
    {"Misra1b", [](auto& b, auto& x) { return b[0] * (1 - 1 / square(1 + b[1] * x[0] / 2)); }},
    {"Misra1c", [](auto& b, auto& x) { return b[0] * (1 - 1 / sqrt(1 + 2 * b[1] * x[0])); }},
    {"Misra1d", [](auto& b, auto& x) { return b[0] * b[1] * x[0] / (1 + b[1] * x[0]); }},
    {"Nelson", [](auto& b, auto& x) { return b[0] - b[1] * x[0] * exp(-b[2] * x[1]); }},  // of log y
    {"Rat42", [](auto& b, auto& x) { return b[0] / (1 + exp(b[1] - b[2] * x[0])); }},
    {"Rat43", [](auto& b, auto& x) { return b[0] / pow(1 + exp(b[1] - b[2] * x[0]), 1 / b[3]); }},
    {"Roszman1", [](auto& b, auto& x) { return b[0] - b[1] * x[0] - atan(b[2] / (x[0] - b[3])) / pi; }},
    {"Thurber", cubics},
};

// Moré, Garbow and Hillstrom's no. 21; of two numbers, Rosenbrock's function.
Tensor rosenbrock(const Parameter& x) {
  const Tensor pairs = reshape(x, {-1, 2}), a = slice(pairs, {Slice(), 0}), b = slice(pairs, {Slice(), 1});
  return sum(100 * square(b - square(a)) + square(1 - a));
}

}  // namespace

TEST_CASE("LBFGS passes Rosenbrock's valleys in at most 40 iterations") {
  for (const std::int64_t n : {2, 100}) {
    CAPTURE(n);
    std::vector<double> start;
    for (std::int64_t i = 0; i < n; ++i) start.push_back(i % 2 ? 1 : -1.2);
    Parameter x(tensor(start));
    optim::LBFGS opt({x}, optim::LBFGSOptions().history_size(20).max_iter(40).max_eval(1000).tolerance_change(1e-12));
    CHECK(opt.step([&] { return rosenbrock(x); }).item() == doctest::Approx(24.2 * static_cast<double>(n) / 2));
    CHECK(opt.iterations() <= 40);
    CHECK(rosenbrock(x).item() < 1e-10);
  }
}

TEST_CASE("Levenberg-Marquardt fits NIST's nonlinear regressions from both starting points to 8 digits") {
  std::ifstream stream(XTAPE_TEST_DIR "/optimisers/nist.json");
  REQUIRE(stream);
  const Json problems = Json::parse(stream);
  CHECK(problems.size() == 27);
  for (const auto& item : problems.items()) {
    const std::string name = item.key();
    const Json& p = item.value();
    Tensors x;
    for (const auto& column : p["x"]) x.push_back(tensor(column.get<std::vector<double>>()));
    Tensor y = tensor(p["y"].get<std::vector<double>>());
    if (name == "Nelson") y = log(y);
    const std::vector<double> certified = p["certified"];
    for (const std::vector<double> start : p["starts"]) {
      CAPTURE(name);
      CAPTURE(start[0]);
      Parameter b(tensor(start));
      optim::LevenbergMarquardt opt({b});
      int steps = 0;
      for (Tensor before; steps < 2000 && !(steps > 0 && same_bits(before, b.tensor())); ++steps) {
        before = b.tensor().detach();
        opt.step([&] { return models.at(name)(b, x) - y; });
      }
      CHECK(steps < 2000);
      const std::vector<double> found = b.tensor().to_vector<double>();
      double worst = 0;
      for (std::size_t i = 0; i < found.size(); ++i)
        worst = std::max(worst, std::abs(found[i] - certified[i]) / std::abs(certified[i]));
      CHECK(worst < 1e-8);
    }
  }
}

TEST_CASE("Levenberg-Marquardt takes more residuals than LAPACK takes rows") {
  const Tensor x = uniform({20'000, 3}, -1, 1, float64), y = uniform({20'000}, -1, 1, float64);
  Parameter p(ones({3}, float64));
  optim::LevenbergMarquardt opt({p});
  for (int i = 0; i < 8; ++i) opt.step([&] { return matmul(x, p) - y; });
  CHECK(allclose(p, solve(matmul(x, x, true), matmul(y, x)), 1e-9, 1e-12));
}

TEST_CASE("Newton-CG leaves a saddle and then converges quadratically") {
  // Least at (±1, 0); a saddle at 0, from which x = 1e-3 is on the ridge's side.
  Parameter p(tensor({1e-3, 0.5}, float64));
  optim::NewtonCG opt({p});
  auto cost = [&] {
    const Tensor x = p, a = x[0], b = x[1];
    return square(square(a) - 1) + square(b) + 0.1 * square(a * b);
  };
  int steps = 0;
  while (opt.step(cost).item() > 1e-14 && steps < 20) ++steps;
  CHECK(steps < 12);
  CHECK(allclose(p, tensor({1., 0.}, float64), 0, 1e-6));
  CHECK_THROWS_WITH_AS(opt.step([&] {
    const Tensor y = cost();
    y.backward();
    return y;
  }),
                       Contains("NewtonCG: the closure has called backward()"), Error);
  // Of a linear cost the Hessian is 0: it goes down.
  Parameter q(tensor({1.}, float64));
  optim::NewtonCG down({q}, optim::NewtonCGOptions(0.5));
  down.step([&] { return sum(2 * q); });
  CHECK(q.tensor().item() < 1);
}

TEST_CASE("optimisers that search stay where the closure gives no number, and leave a wall behind them") {
  for (const auto& row : optimisers_table::rows()) {
    if (row.takes_gradients()) continue;
    CAPTURE(row.name);
    Parameter p(tensor({2.}, float64));
    const auto opt = row.make({p});
    opt->step([&] { return p * std::nan(""); });
    CHECK(p.tensor().item() == 2);
    // log has no value behind 0, where a whole first step would go.
    Parameter q(tensor({0.5}, float64));
    const auto beside = row.make({q});
    if (row.name == "LBFGS fixed") continue;  // it goes lr, wherever that leads
    for (int i = 0; i < 100; ++i) beside->step([&] { return q - log(q) + 10 * square(q - 0.1); });
    CHECK(std::isfinite(q.tensor().item()));
    CHECK(q.tensor().item() > 0);
  }
}

TEST_CASE("where the closure throws, parameters are as before and the optimiser begins anew") {
  for (const auto& row : optimisers_table::rows()) {
    if (row.takes_gradients()) continue;
    CAPTURE(row.name);
    Parameter a(optimisers_table::grid({3})), b(optimisers_table::grid({3}));
    const auto opt = row.make({a}), fresh = row.make({b});
    auto cost = [&](const Parameter& p) { return square(p - 2) + 1; };
    auto total = [&](const Parameter& p) {
      return optimisers_table::step(row, p.is(a) ? *opt : *fresh, [&] { return cost(p); });
    };
    for (int i = 0; i < 3; ++i) total(a);
    const Tensor before = a.tensor().detach();
    for (const int last : {0, 1}) {  // in the first call, and in a later one
      int calls = 0;
      CHECK_THROWS_AS(optimisers_table::step(row, *opt,
                                             [&] {
                                               if (calls++ == last) throw std::runtime_error("no more data");
                                               return cost(a);
                                             }),
                      std::runtime_error);
      CHECK(same_bits(a.tensor(), before));
    }
    b.assign(before);
    for (int i = 0; i < 2; ++i) total(a), total(b);
    CHECK(same_bits(a.tensor(), b.tensor()));
  }
}

TEST_CASE("optimisers that search refuse what they cannot use") {
  Parameter p(ones({2}));
  const auto two = [&] { return p * 2; };
  optim::LBFGS lbfgs({p});
  optim::NewtonCG newton({p});
  optim::LevenbergMarquardt lm({p});
  CHECK_THROWS_WITH_AS(lbfgs.step(two), Contains("LBFGS: the closure gives float32(2,), expected a loss of one"),
                       Error);
  CHECK_THROWS_WITH_AS(newton.step(two), Contains("NewtonCG: the closure gives float32(2,), expected"), Error);
  CHECK_THROWS_WITH_AS(lm.step([] { return Tensor(); }), Contains("gives undefined, expected floating residuals"),
                       Error);
  CHECK_THROWS_WITH_AS(lm.step([] {
    return tensor({1, 2});
  }),
                       Contains("LevenbergMarquardt: the closure gives int64(2,)"), Error);
  CHECK_THROWS_WITH_AS(lbfgs.group("*", optim::GroupOptions().lr(1)),
                       Contains("LBFGS: all parameters move along one line: a group has no learning rate"), Error);
}
