// Formulas that print themselves: what is printed, and that its values are those of pointwise's derivatives.
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "lab_formulas.hpp"
#include "support.hpp"

using namespace xtape;
using lab::Formula;
using lab_test::Case;

namespace {

#define XTAPE_ROW(...) lab_test::make(#__VA_ARGS__, [](auto x) { return __VA_ARGS__; })
std::vector<Case> cases() {
  return {
      XTAPE_ROW(x * sigmoid(x)),
      XTAPE_ROW(sigmoid(x)),
      XTAPE_ROW(tanh(x)),
      XTAPE_ROW(relu(x)),
      XTAPE_ROW(where(x > 0, x, 0.01 * x)),
      XTAPE_ROW(where(x > 0, x, exp(x) - 1)),
      XTAPE_ROW(x / (1 + abs(x))),
      XTAPE_ROW(1 / (1 + exp(-x))),
      XTAPE_ROW((exp(x) - exp(-x)) / (exp(x) + exp(-x))),
      XTAPE_ROW(log(1 + exp(x))),
      XTAPE_ROW(softplus(x)),
      XTAPE_ROW(x * tanh(softplus(x))),
      XTAPE_ROW(x * normal_cdf(x)),
      XTAPE_ROW(0.5 * x * (1 + erf(x / sqrt(2.0)))),
      XTAPE_ROW(exp(-x * x)),
      XTAPE_ROW(sqrt(1 + x * x) - 1),
      XTAPE_ROW(pow(x, 3) - 2 * x * x + x - 7),
      XTAPE_ROW(clamp(x, -1, 1)),
      XTAPE_ROW(max(x, 0.1 * x)),
      XTAPE_ROW(atan(x)),
      XTAPE_ROW(x * sigmoid(1.702 * x)),
      XTAPE_ROW(log(cosh(x))),
      XTAPE_ROW(-log(1 - sigmoid(x))),
      XTAPE_ROW(cbrt(x) + x / 3),
      XTAPE_ROW(abs(x) * x),
      XTAPE_ROW(sin(x) / x + cos(2 * x)),
      XTAPE_ROW(log_sigmoid(3 * x)),
      XTAPE_ROW(1 * x + 0 - (-(-x)) + x * 1),
      XTAPE_ROW(where(x > 0 && x < 2, square(x), where(!(x <= 2), 4 * x - 4, 0 * x))),
      XTAPE_ROW(pow(2, x) + pow(x * x + 1, x)),
      XTAPE_ROW(x * erf(log1p(exp(x)))),
      XTAPE_ROW(tanh(tanh(tanh(x * sigmoid(x) + x) * sigmoid(x) + x) + 1)),
  };
}

Formula formula_of(const Case& c) { return Formula(c.written, {}, Site::here()); }

// Every function of formulas at a place inside its domain: the list is the symbols' own.
#define XTAPE_ONE(f) lab_test::make(#f, [](auto x) { return f(x); }),
#define XTAPE_TWO(f) lab_test::make(#f, [](auto x) { return f(x, decltype(x)(0.75)) + f(decltype(x)(0.4), x); }),
std::vector<Case> functions() {
  return {XTAPE_FUNCTIONS_OF_ONE(XTAPE_ONE) lab_test::make("exp_square", [](auto x) { return exp_square(x, -0.5); }),
          lab_test::make("softplus of three", [](auto x) { return softplus(x, 2, 5); }),
          XTAPE_TWO(atan2) XTAPE_TWO(copysign) XTAPE_TWO(cosine) XTAPE_TWO(fmod) XTAPE_TWO(hypot) XTAPE_TWO(max)
              XTAPE_TWO(min) XTAPE_TWO(over_square_sum) XTAPE_TWO(pow) XTAPE_TWO(quotient) XTAPE_TWO(quotient_below)
                  XTAPE_TWO(remainder) XTAPE_TWO(share)};
}

// |a - b| in units of what rounding may do to expressions of this size.
bool close(double a, double b, double x, double scale = 1e-9) {
  if (std::isnan(a) && std::isnan(b)) return true;
  return a == b || std::abs(a - b) <= scale * (1 + std::abs(b) + std::abs(x));
}

}  // namespace

TEST_CASE("a formula prints itself and its derivatives simplified") {
  std::ifstream stream(XTAPE_TEST_DIR "/lab/formulas.json");
  const nlohmann::json expected = nlohmann::json::parse(stream);
  CHECK(expected.size() == cases().size());
  for (const Case& c : cases()) {
    INFO(c.source);
    const Formula f = formula_of(c), d = f.derivative(), dd = d.derivative();
    REQUIRE(expected.contains(c.source));
    const nlohmann::json& row = expected[c.source];
    CHECK(f.text() == row[0].get<std::string>());
    CHECK(d.text() == row[1].get<std::string>());
    CHECK(dd.text() == row[2].get<std::string>());
    CHECK(d.latex() == row[3].get<std::string>());
  }
}

TEST_CASE("printed derivatives have the values of pointwise's") {
  RandomStream random(3);
  for (const Case& c : cases()) {
    INFO(c.source);
    const Formula f = formula_of(c), d = f.derivative(), dd = d.derivative();
    int compared = 0;
    for (int k = 0; k < 60; ++k) {
      const double x = random.normal() * std::pow(10., random.integer(4) - 2);
      const std::vector<double> numbers = c.numbers(x), values{f(x), d(x), dd(x)};
      for (std::size_t i = 0; i < 3; ++i) {
        if (!std::isfinite(numbers[i]) || !std::isfinite(values[i]))
          continue;  // tests/lab_formula.py has wider numbers
        ++compared;
        INFO(x << " order " << i << ": " << values[i] << " and " << numbers[i]);
        CHECK(close(values[i], numbers[i], x));
      }
    }
    CHECK(compared > 120);
  }
}

TEST_CASE("formulas that are drawn have the values of pointwise's derivatives") {
  RandomStream random(5);
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const Case c = lab_test::make("drawn", lab_test::Drawn{seed});
    const Formula f = formula_of(c), d = f.derivative(), dd = d.derivative();
    INFO(seed << ": " << f.text());
    INFO(d.text());
    INFO(dd.text());
    for (int k = 0; k < 6; ++k) {
      const double x = 3 * random.normal();
      const std::vector<double> numbers = c.numbers(x), values{f(x), d(x), dd(x)};
      for (std::size_t i = 0; i < 3; ++i) {
        if (!std::isfinite(numbers[i])) continue;
        INFO(x << " order " << i << ": " << values[i] << " and " << numbers[i]);
        CHECK(close(values[i], numbers[i], x, 1e-8));
      }
    }
  }
}

TEST_CASE("every function of formulas has a symbol and a derivative") {
  std::ifstream stream(XTAPE_TEST_DIR "/../autograd/scalar/dual.hpp");
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  std::set<std::string> declared;
  for (const std::regex& r :
       {std::regex("\nXTAPE_(?:DUAL|STEEP|STEP|DUAL_OF_TWO)\\((\\w+)"),
        std::regex("XTAPE_INLINE (?:Dual<X, D>|Y|bool|Dual) (\\w+)\\((?:Dual|A|bool condition, A)")})
    for (std::sregex_iterator it(text.begin(), text.end(), r), end; it != end; ++it) declared.insert((*it)[1]);
  for (const char* helper : {"f", "is_zero", "value_of"}) declared.erase(helper);
  std::set<std::string> known{"where", "clamp", "isnan", "isinf", "isfinite"};
#define XTAPE_NAME(f) known.insert(#f);
  XTAPE_FUNCTIONS_OF_ONE(XTAPE_NAME)
  XTAPE_FUNCTIONS_OF_TWO(XTAPE_NAME)
  CHECK(declared.size() > 60);
  for (const std::string& name : declared) {
    INFO(name);
    CHECK(known.count(name) == 1);
  }
  for (const Case& c : functions()) {
    INFO(c.source);
    const bool above_one = c.source == "acosh" || c.source == "rsqrt_square_minus_one";
    const Formula f = formula_of(c), d = f.derivative(), dd = d.derivative();
    for (const double x : {0.3, 0.9, 0.55}) {
      const double at = above_one ? 1 + x : x;
      const std::vector<double> numbers = c.numbers(at);
      INFO(at << ": " << f(at) << ", " << d(at) << ", " << dd(at) << " and " << numbers[0] << ", " << numbers[1] << ", "
              << numbers[2]);
      CHECK(close(f(at), numbers[0], at));
      CHECK(close(d(at), numbers[1], at));
      CHECK(close(dd(at), numbers[2], at, 1e-8));
    }
  }
}

TEST_CASE("a formula of several arguments, by name, in a table") {
  const Formula f =
      lab::formula([](auto z, auto t) { return -t * log(sigmoid(z)) - (1 - t) * log(1 - sigmoid(z)); }, {"z", "t"});
  CHECK(f.derivative("z").text() == "sigmoid(z) - t");
  CHECK(f.derivative("z").derivative("t").text() == "-1");
  CHECK(f.derivative(1).text() == "log(1 - sigmoid(z)) - log(sigmoid(z))");
  CHECK(f.derivative(0).label() == "df/dz");
  CHECK(f.derivative(0).derivative(0).label() == "d2f/dz2");
  CHECK(f(0.5, 1.) == doctest::Approx(0.4740769841801067));
  std::ostringstream table;
  table << lab::formula([](auto x) { return x * sigmoid(x); });
  CHECK(table.str() ==
        "f(x)   = x * sigmoid(x)\n"
        "f'(x)  = sigmoid(x) * (1 + x * (1 - sigmoid(x)))\n"
        "f''(x) = sigmoid(x) * (1 - sigmoid(x)) * (2 + x - 2 * x * sigmoid(x))\n");
  CHECK(lab::to_latex(lab::formula([](auto x) { return tanh(x); })) ==
        "\\begin{align*}\nf(x) &= \\tanh(x) \\\\\nf'(x) &= 1 - \\tanh^{2}(x) \\\\\n"
        "f''(x) &= -2 \\, \\tanh(x) \\, (1 - \\tanh^{2}(x)) \\\\\n\\end{align*}\n");
}

TEST_CASE("branches of a formula are choices") {
  const auto f = [](auto x) {
    if (x > 1) return log(x);
    const bool low = x < -1;
    if (low) return -x;
    return x * x;
  };
  CHECK(lab::formula(f).text() == "where(x > 1, log(x), where(x < -1, -x, x^2))");
  CHECK(lab::formula(f).derivative().text() == "where(x > 1, 1 / x, where(x < -1, -1, 2 * x))");
  const auto endless = [](auto x) {
    while (x > 0) x = x - 1;
    return x;
  };
  const auto ask = [&] { lab::formula(endless); };
  CHECK(begins(message(ask), "formula: the formula branches on its arguments in more than 256 ways"));
}

TEST_CASE("shared parts keep deep derivatives short") {
  const auto deep = [](auto x) {
    auto y = x;
    for (int i = 0; i < 12; ++i) y = tanh(y * sigmoid(y) + x);
    return y;
  };
  const Formula f = lab::formula(deep);
  CHECK(f.text().size() < 1000);
  CHECK(f.derivative().text().size() < 3000);
  CHECK(f.derivative().derivative().text().size() < 12000);
}

TEST_CASE("what formula is asked wrongly") {
  const auto f = [](auto x, auto y) { return x * y; };
  const Formula g = lab::formula(f);
  const auto names = [&] { lab::formula(f, {"a"}); };
  const auto place = [&] { g.derivative(2); };
  const auto name = [&] { g.derivative("t"); };
  const auto number = [&] { g(1.); };
  CHECK(says(message(names), "formula: 1 names for a formula of 2 arguments", __LINE__ - 4));
  CHECK(says(message(place), "formula: there is no argument 2; the formula has 2", __LINE__ - 4));
  CHECK(says(message(name), "formula: there is no argument 't'; the arguments are x, y", __LINE__ - 4));
  CHECK(begins(message(number), "formula: 1 numbers for a formula of 2 arguments"));
}

TEST_CASE("the equations of networks, in the book's notation") {
  struct Book : nn::Module<Book> {
    nn::Linear hidden = child("hidden", nn::Linear(784, 30)), output = child("output", nn::Linear(30, 10));
    Tensor forward(const Tensor& x) const { return sigmoid(output(sigmoid(hidden(x)))); }
  };
  struct Residual : nn::Module<Residual> {
    nn::Linear a = child("a", nn::Linear(4, 4)), b = child("b", nn::Linear(4, 2));
    Tensor forward(const Tensor& x) const {
      const Tensor h = tanh(a(x));
      return b(h * h + h);
    }
  };
  struct Plain : nn::Module<Plain> {
    Parameter w = parameter("w", full({3, 2}, 0.1)), b = parameter("b", zeros({2}));
    Tensor forward(const Tensor& x) const { return sigmoid(matmul(x, w) + b); }
  };
  struct Pictures : nn::Module<Pictures> {
    nn::Conv2d conv = child("conv", nn::Conv2d(1, 2, 3));
    nn::Linear out = child("out", nn::Linear(18, 2));
    Tensor forward(const Tensor& x) const { return out(reshape(max_pool2d(relu(conv(x)), 2), {-1, 18})); }
  };
  const Tensor t = uniform({5, 2}), labels = tensor({0, 1, 1, 0, 1}), x = normal({5, 3}), ten = uniform({5, 10});
  const auto entropy = [&](const Tensor& a) { return nn::cross_entropy(a, labels); };
  const nn::Sequential swish{nn::Linear(3, 4), nn::LeakyReLU(), nn::Linear(4, 2),
                             [](const Tensor& z) { return pointwise([](auto z) { return z * sigmoid(z); }, z); }};
  const auto likelihood = [&](const Tensor& a) {
    const Tensor yes = -t * log(a), no = (1 - t) * log(1 - a);  // one after the other, with every compiler
    return mean(yes - no);
  };
  std::ostringstream out;
  out << lab::backpropagation(Book(), normal({5, 784}), [&](const Tensor& a) { return sum(square(a - ten)) / 2; })
      << "--\n"
      << lab::backpropagation(Book(), normal({5, 784})) << "--\n"
      << lab::backpropagation(Residual(), normal({5, 4}), entropy) << "--\n"
      << lab::backpropagation(Plain(), x, likelihood) << "--\n"
      << lab::backpropagation(Pictures(), normal({5, 1, 8, 8}), entropy) << "--\n"
      << lab::backpropagation(swish, x, [&](const Tensor& a) { return nn::mse_loss(a, t); }) << "--\n"
      << lab::backpropagation(Plain(), x, [&](const Tensor& a) { return sum(exp(t - a) / 2); }) << "--\n"
      << lab::to_latex(lab::backpropagation(Plain(), x, [&](const Tensor& a) { return mean(square(a - t)); }));
  std::ifstream stream(XTAPE_TEST_DIR "/lab/equations.txt");
  const std::string expected{std::istreambuf_iterator<char>(stream), {}};
  CHECK(out.str() == expected);
  const auto constant = [&] { lab::backpropagation([](const Tensor& x) { return x * 2; }, x); };
  CHECK(says(message(constant), "backpropagation: the result depends on no parameter that gradients flow to",
             __LINE__ - 2));
}

// What tests/lab_formula.py reads: a line of JSON for each formula and order, its text and the values of pointwise's
// derivatives at numbers from small to very large.
TEST_CASE("formulas for Python" * doctest::skip()) {
  std::vector<Case> all = cases();
  for (std::uint64_t seed = 0; seed < 60; ++seed)
    all.push_back(lab_test::make("drawn " + std::to_string(seed), lab_test::Drawn{seed}));
  RandomStream random(7);
  for (const Case& c : all) {
    std::vector<double> x;
    for (int k = 0; k < 24; ++k) x.push_back(random.normal() * std::pow(10., random.integer(7) - 2));
    Formula f = formula_of(c);
    for (std::size_t order = 0; order < 3; ++order) {
      nlohmann::json row{{"source", c.source}, {"order", order}, {"text", f.text()}, {"latex", f.latex()}, {"x", x}};
      for (const double at : x) row["y"].push_back(c.numbers(at)[order]);
      std::cout << "formula: " << row.dump() << "\n";
      f = f.derivative();
    }
  }
}
