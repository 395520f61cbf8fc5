// How exact the functions of each element are, and their first and second derivatives: see docs/accuracy.md.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "accuracy.hpp"

using namespace accuracy;

namespace {

struct Row {
  const char* name;
  Function f;
};
// clang-format off
const Row rows[] = {
    {"neg", [](auto& x) { return -x[0]; }},
    {"abs", [](auto& x) { return abs(x[0]); }},
    {"sqrt", [](auto& x) { return sqrt(x[0]); }},
    {"rsqrt", [](auto& x) { return rsqrt(x[0]); }},
    {"cbrt", [](auto& x) { return cbrt(x[0]); }},
    {"square", [](auto& x) { return square(x[0]); }},
    {"reciprocal", [](auto& x) { return reciprocal(x[0]); }},
    {"exp", [](auto& x) { return exp(x[0]); }},
    {"exp2", [](auto& x) { return exp2(x[0]); }},
    {"expm1", [](auto& x) { return expm1(x[0]); }},
    {"log", [](auto& x) { return log(x[0]); }},
    {"log2", [](auto& x) { return log2(x[0]); }},
    {"log10", [](auto& x) { return log10(x[0]); }},
    {"log1p", [](auto& x) { return log1p(x[0]); }},
    {"sin", [](auto& x) { return sin(x[0]); }},
    {"cos", [](auto& x) { return cos(x[0]); }},
    {"tan", [](auto& x) { return tan(x[0]); }},
    {"asin", [](auto& x) { return asin(x[0]); }},
    {"acos", [](auto& x) { return acos(x[0]); }},
    {"atan", [](auto& x) { return atan(x[0]); }},
    {"sinh", [](auto& x) { return sinh(x[0]); }},
    {"cosh", [](auto& x) { return cosh(x[0]); }},
    {"tanh", [](auto& x) { return tanh(x[0]); }},
    {"asinh", [](auto& x) { return asinh(x[0]); }},
    {"acosh", [](auto& x) { return acosh(x[0]); }},
    {"atanh", [](auto& x) { return atanh(x[0]); }},
    {"erf", [](auto& x) { return erf(x[0]); }},
    {"erfc", [](auto& x) { return erfc(x[0]); }},
    {"erfinv", [](auto& x) { return erfinv(x[0]); }},
    {"lgamma", [](auto& x) { return lgamma(x[0]); }},
    {"digamma", [](auto& x) { return digamma(x[0]); }},
    {"polygamma", [](auto& x) { return polygamma(1, x[0]); }},
    {"sigmoid", [](auto& x) { return sigmoid(x[0]); }},
    {"logit", [](auto& x) { return logit(x[0]); }},
    {"log_sigmoid", [](auto& x) { return log_sigmoid(x[0]); }},
    {"relu", [](auto& x) { return relu(x[0]); }},
    {"softplus", [](auto& x) { return softplus(x[0]); }},
    {"softsign", [](auto& x) { return softsign(x[0]); }},
    {"silu", [](auto& x) { return silu(x[0]); }},
    {"gelu", [](auto& x) { return gelu(x[0]); }},
    {"gelu by tanh", [](auto& x) { return gelu(x[0], Gelu::tanh); }},
    {"frac", [](auto& x) { return frac(x[0]); }},
    {"clamp", [](auto& x) { return clamp(x[0], -1, 2); }},
    {"nan_to_num", [](auto& x) { return nan_to_num(x[0]); }},
    {"elu", [](auto& x) { return nn::ELU{1}(x[0]); }},
    {"celu", [](auto& x) { return nn::CELU{0.5}(x[0]); }},
    {"selu", [](auto& x) { return nn::selu(x[0]); }},
    {"squareplus", [](auto& x) { return nn::Squareplus{4}(x[0]); }},
    {"mish", [](auto& x) { return nn::mish(x[0]); }},
    {"tanhshrink", [](auto& x) { return nn::tanhshrink(x[0]); }},
    {"gaussian", [](auto& x) { return nn::Gaussian{1}(x[0]); }},
    {"sine", [](auto& x) { return nn::Sine{2}(x[0]); }},
    {"leaky_relu", [](auto& x) { return nn::LeakyReLU{0.125}(x[0]); }},
    {"hardswish", [](auto& x) { return nn::hardswish(x[0]); }},
    {"hardsigmoid", [](auto& x) { return nn::hardsigmoid(x[0]); }},
    {"softshrink", [](auto& x) { return nn::Softshrink{0.5}(x[0]); }},
    {"hardshrink", [](auto& x) { return nn::Hardshrink{0.5}(x[0]); }},
    {"hardtanh", [](auto& x) { return nn::hardtanh(x[0]); }},
    {"relu6", [](auto& x) { return nn::relu6(x[0]); }},
    {"threshold", [](auto& x) { return nn::Threshold{0.5, -2}(x[0]); }},
    {"lecun_tanh", [](auto& x) { return nn::lecun_tanh(x[0]); }},
    {"add", [](auto& x) { return x[0] + x[1]; }},
    {"sub", [](auto& x) { return x[0] - x[1]; }},
    {"mul", [](auto& x) { return x[0] * x[1]; }},
    {"div", [](auto& x) { return x[0] / x[1]; }},
    {"lerp", [](auto& x) { return lerp(x[0], x[1], 0.25); }},
    {"pow", [](auto& x) { return pow(x[0], x[1]); }},
    {"maximum", [](auto& x) { return maximum(x[0], x[1]); }},
    {"minimum", [](auto& x) { return minimum(x[0], x[1]); }},
    {"atan2", [](auto& x) { return atan2(x[0], x[1]); }},
    {"hypot", [](auto& x) { return hypot(x[0], x[1]); }},
    {"fmod", [](auto& x) { return fmod(x[0], x[1]); }},
    {"remainder", [](auto& x) { return remainder(x[0], x[1]); }},
    {"xlogy", [](auto& x) { return xlogy(x[0], x[1]); }},
    {"logaddexp", [](auto& x) { return logaddexp(x[0], x[1]); }},
    {"copysign", [](auto& x) { return copysign(x[0], x[1]); }},
};
// clang-format on

// Values within 2 units of the last place, derivatives within 4 of the largest of their terms.
constexpr std::array<double, 3> bounds{2, 4, 4};

// The first and second derivatives as columns, first all d/dx_i, then d2/dx_i dx_k for k >= i.
Tensors columns(const Function& f, const Tensors& x, GradFlags flags) {
  Tensors all{f(x)};
  const Tensors first = derivative(sum(all[0]), x, flags);
  all.insert(all.end(), first.begin(), first.end());
  if (!(flags & create_graph)) return all;
  for (std::size_t i = 0; i < x.size(); ++i)
    for (const Tensor& s :
         derivative(sum(first[i]), Tensors(x.begin() + static_cast<std::ptrdiff_t>(i), x.end()), retain_graph))
      all.push_back(s);
  return all;
}

// Where a value is past the greatest number its derivatives may be, and where a first derivative is, the second ones.
bool past_the_greatest(const Known& exact, std::size_t n, std::size_t order, std::size_t i) {
  for (std::size_t c = 0; c < (order == 1 ? 1 : 1 + n); ++c)
    if (exact.results[c][i].kind == Cell::infinite) return true;
  return false;
}

Errors measure(const Row& row, const Known& exact) {
  Tensors x;
  for (const auto& column : exact.arguments) x.push_back(tensor(column).to(exact.dtype).requires_grad());
  Errors e;
  const std::size_t n = x.size();
  // The factors of a derivative that is hardly above the subnormal numbers may be subnormal: its unit is no less than
  // the last place of 2^10 times the least normal number.
  const double least = exact.dtype == float64 ? std::ldexp(1., -1064) : std::ldexp(1., -139);
  for (const GradFlags flags : {grad_defaults, create_graph}) {
    const Tensors got = columns(row.f, x, flags);
    for (std::size_t c = 0; c < got.size(); ++c) {
      const std::size_t order = c == 0 ? 0 : c <= n ? 1 : 2;
      const std::vector<double> y = got[c].to_vector<double>();
      for (std::size_t i = 0; i < y.size(); ++i) {
        if (order > 0 && past_the_greatest(exact, n, order, i) && !std::isfinite(y[i])) continue;
        Cell cell = exact.results[c][i];
        if (order > 0) cell.unit = std::max(cell.unit, least);
        const double error = accuracy::error(y[i], cell);
        if (!(error > e.most[order])) continue;
        e.most[order] = error;
        std::string at;
        for (const auto& column : exact.arguments) at += (at.empty() ? "" : ", ") + shown(column[i]);
        e.at[order] = at + ": " + shown(y[i]) + ", exact " + shown(exact.results[c][i].value);
      }
    }
  }
  return e;
}

void for_rows(const std::function<void(const Known&, const Errors&)>& f) {
  const std::vector<Known> all = known("elementwise");
  for (const Row& row : rows) {
    int found = 0;
    for (const Known& k : all)
      if (k.name == row.name) f(k, measure(row, k)), ++found;
    const std::string name = row.name;
    CAPTURE(name);
    CHECK(found == 2);
  }
}

}  // namespace

TEST_CASE("functions of each element and their derivatives are within their bounds") {
  for_rows([](const Known& k, const Errors& e) { check(k, e, bounds); });
}

TEST_CASE("every differentiable function of elements has its accuracy measured, or a reason why not") {
  std::vector<std::string> names;
  for (const Row& row : rows) names.push_back(row.name);
  const std::vector<Unmeasured> unmeasured = {
      {"where", "moves elements"},
      {"addcmul", "is add of mul, in one pass"},
      {"addcdiv", "is add of div, in one pass"},
      {"Maxout", "is amax"},
      {"softmax", "is among the reductions"},
      {"log_softmax", "is among the reductions"},
      {"softmin", "is among the reductions"},
      {"Softmax2d", "is softmax"},
  };
  check_measured(names, unmeasured, "operations.md",
                 {"activation", "elementwise", "exponential", "special", "trigonometric", "unary"}, is_differentiable,
                 50);
  check_measured(
      names, unmeasured, "layers.md", {"activation", "piecewise"}, [](auto&) { return true; }, 25);
}

TEST_CASE("accuracy of the functions of each element" * doctest::skip()) {
  for_rows([](const Known& k, const Errors& e) { print_row("elementwise", k, e); });
}
