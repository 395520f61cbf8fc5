// How exact the elementary functions are, for whatever instruction set the kernels run on (XTAPE_ISA chooses).
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>
#include <xtape.hpp>

using namespace xtape;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
const double not_a_number = std::nan("");

struct Function {
  const char* name;
  Tensor (*ours)(const Arg&);
  long double (*exact)(long double);
  // The arguments to try: from `low` to `high` in both signs, in equal ratios; where the result is neither subnormal
  // nor so near a zero of the function that the formula must lose digits.
  bool negative;
  double low, high32, high64;
};

long double logistic(long double x) { return 1 / (1 + std::exp(-x)); }
const Function functions[] = {
    {"exp", exp, std::exp, true, 1e-20, 87, 708},         {"log", log, std::log, false, 1e-37, 1e38, 1e300},
    {"tanh", tanh, std::tanh, true, 1e-20, 100, 1000},    {"sigmoid", sigmoid, logistic, true, 1e-20, 87, 708},
    {"sqrt", sqrt, std::sqrt, false, 1e-37, 1e38, 1e300},
};

template <class T>
std::vector<T> arguments(const Function& f) {
  const double high = sizeof(T) == 4 ? f.high32 : f.high64;
  std::vector<T> x;
  for (int i = 0; i <= 20'000; ++i) {
    x.push_back(static_cast<T>(std::min(high, f.low * std::pow(high / f.low, i / 20'000.))));
    x.push_back(static_cast<T>(high * (i + 1) / 20'001));
    if (!f.negative) x.push_back(static_cast<T>(0.5 + i / 20'000.));  // around 1, where log is small
  }
  if (f.negative)
    for (std::size_t i = x.size(); i-- > 0;) x.push_back(-x[i]);
  return x;
}

// The largest error in units of the last place of the exact result.
template <class T>
double worst_ulps(const Function& f) {
  const std::vector<T> x = arguments<T>(f), y = f.ours(tensor(x)).template to_vector<T>();
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const long double exact = f.exact(x[i]);
    int exponent;
    std::frexp(static_cast<T>(exact), &exponent);
    const long double ulp = std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits);
    const auto error = static_cast<double>(std::abs(y[i] - exact) / ulp);
    worst = error <= worst ? worst : error;  // and NaN
  }
  return worst;
}

template <class T>
std::vector<T> apply(Tensor (*f)(const Arg&), const std::vector<double>& x) {
  return f(tensor(x).to(dtype_of<T>)).template to_vector<T>();
}

}  // namespace

TEST_CASE("elementary functions are within about two units in the last place") {
  for (const Function& f : functions) {
    CAPTURE(std::string(f.name));
    CHECK(worst_ulps<float>(f) <= 2.1);
    CHECK(worst_ulps<double>(f) <= 2.1);
  }
}

TEST_CASE_TEMPLATE("elementary functions meet infinity and zero and NaN as std does", T, float, double) {
  struct Row {
    Tensor (*f)(const Arg&);
    double x, y;
  };
  const double tiny = std::numeric_limits<T>::denorm_min(), huge = std::numeric_limits<T>::max();
  const double over = sizeof(T) == 4 ? 88.73 : 709.79, under = sizeof(T) == 4 ? -104 : -745.2;
  const Row rows[] = {{exp, 0, 1},
                      {exp, -0., 1},
                      {exp, inf, inf},
                      {exp, -inf, 0},
                      {exp, not_a_number, not_a_number},
                      {exp, over, inf},
                      {exp, huge, inf},
                      {exp, under, 0},
                      {exp, -huge, 0},
                      {exp, tiny, 1},
                      {log, 0, -inf},
                      {log, -0., -inf},
                      {log, 1, 0},
                      {log, -1, not_a_number},
                      {log, -tiny, not_a_number},
                      {log, inf, inf},
                      {log, -inf, not_a_number},
                      {log, not_a_number, not_a_number},
                      {tanh, 0, 0},
                      {tanh, inf, 1},
                      {tanh, -inf, -1},
                      {tanh, not_a_number, not_a_number},
                      {tanh, tiny, tiny},
                      {tanh, huge, 1},
                      {sigmoid, 0, 0.5},
                      {sigmoid, inf, 1},
                      {sigmoid, -inf, 0},
                      {sigmoid, -huge, 0},
                      {sigmoid, not_a_number, not_a_number},
                      {sqrt, 0, 0},
                      {sqrt, -1, not_a_number},
                      {sqrt, inf, inf},
                      {sqrt, not_a_number, not_a_number},
                      {relu, not_a_number, not_a_number},
                      {relu, -0., 0},
                      {relu, -tiny, 0},
                      {relu, tiny, tiny},
                      {relu, inf, inf},
                      {relu, -inf, 0},
                      {square, not_a_number, not_a_number},
                      {square, huge, inf}};
  for (const Row& row : rows) {
    // Alone, and in the middle of a vector, where other code runs.
    for (const T y : {apply<T>(row.f, {row.x})[0], apply<T>(row.f, std::vector<double>(37, row.x))[8]}) {
      CAPTURE(&row - rows);
      CAPTURE(row.x);
      CAPTURE(y);
      CHECK((std::isnan(row.y) ? std::isnan(y) : y == static_cast<T>(row.y)));
    }
  }
}

TEST_CASE_TEMPLATE("subnormal numbers are neither flushed nor mistaken", T, float, double) {
  const double least = std::numeric_limits<T>::min();
  std::vector<double> x;
  for (int i = 1; i <= 20; ++i) x.push_back(std::ldexp(least, -i) * 1.375);
  const std::vector<T> logs = apply<T>(log, x), roots = apply<T>(sqrt, x), same = apply<T>(tanh, x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const T exact = static_cast<T>(x[i]);
    CHECK(logs[i] == doctest::Approx(std::log(exact)).epsilon(4 * std::numeric_limits<T>::epsilon()));
    CHECK(roots[i] == std::sqrt(exact));
    CHECK(same[i] == exact);
  }
  // e^x below the least normal number: right to half a unit of what is left of the last place, and no more lost.
  for (int i = 1; i <= 20; ++i) {
    const double at = std::log(least) - 0.693 * i;
    const T y = apply<T>(exp, {at})[0];
    CHECK(y > 0);
    CHECK(std::abs(y - std::exp(static_cast<T>(at))) <= 4 * std::numeric_limits<T>::denorm_min() + 4e-7 * y);
  }
}

TEST_CASE("a function gives the same bits in every place of a vector") {
  // Full vectors and what is left over at their end run different code.
  for (const Function& f : functions)
    for (Dtype dtype : {float32, float64}) {
      CAPTURE(std::string(f.name));
      const Tensor x = full({131}, 0.7321, dtype);
      const std::vector<double> y = f.ours(x).to_vector<double>();
      CHECK(std::count(y.begin(), y.end(), y[0]) == 131);
    }
}

TEST_CASE("softmax and its relatives do not overflow") {
  const Tensor x = tensor({{1e30, 0., -1e30}, {-1e4, -1e4, -1e4}, {inf, 1., 2.}, {-inf, 0., -inf}});
  CHECK(allclose(softmax(x[0]), tensor({1., 0., 0.})));
  CHECK(allclose(softmax(x[1]), full({3}, 1. / 3)));
  CHECK(allclose(softmax(x[3]), tensor({0., 1., 0.})));
  CHECK(allclose(logsumexp(x), tensor({1e30, -1e4 + std::log(3.), inf, 0.})));
  CHECK(logsumexp(full({4}, -inf)).item() == -inf);
  CHECK(std::isnan(logsumexp(tensor({not_a_number, inf})).item()));
  CHECK(allclose(log_softmax(x[1]), full({3}, -std::log(3.))));
}
