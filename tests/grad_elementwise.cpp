// Operations on each element.
#include <cmath>

#include "grad_table.hpp"

namespace {

using namespace grad_table;

constexpr double inf = std::numeric_limits<double>::infinity();
Bounds zero() {
  Bounds b;
  b.zero = true;
  return b;
}
Tensor above_one(const Shape& shape) { return real(shape, 1.2, 3); }
Tensor inside(const Shape& shape) { return real(shape, 0.1, 0.9); }
// Away from whole and half numbers, where rounding jumps.
Tensor between_steps(const Shape& shape) {
  return floor(real(shape, -3, 3)) + 0.1 + 0.3 * (real(shape, 0, 1)) + 0.5 * (real(shape, -1, 1) > 0).to(float64);
}
Tensor off_poles(const Shape& shape) { return real(shape, -0.8, -0.2) - (real(shape, 0, 1) > 0.5).to(float64); }

// The operands of what takes three, drawn once.
const std::vector<Tensors>& three() {
  static const std::vector<Tensors> cases = {{plain({3, 4}), plain({3, 4}), plain({3, 4})},
                                             {plain({3, 1}), plain({4}), plain({})},
                                             {plain({4}), plain({}), plain({3, 1})},
                                             {plain({0}), plain({1}), plain({})}};
  return cases;
}

const Tensor mask = tensor({{true, false, true, true}, {false, true, false, true}, {true, true, false, false}});

// clang-format off
const Table table = {
    {"neg", [](auto& x) { return square(-x[0]); }, one(plain)},
    {"abs", [](auto& x) { return x[0] * abs(x[0]); }, one(nonzero)},
    {"sqrt", [](auto& x) { return sqrt(x[0]); }, one(positive)},
    {"rsqrt", [](auto& x) { return rsqrt(x[0]); }, one(positive)},
    {"cbrt", [](auto& x) { return cbrt(x[0]); }, one(nonzero)},
    {"square", [](auto& x) { return square(x[0]); }, one(plain)},
    {"reciprocal", [](auto& x) { return reciprocal(x[0]); }, one(nonzero)},
    {"exp", [](auto& x) { return exp(x[0]); }, one(plain)},
    {"exp2", [](auto& x) { return exp2(x[0]); }, one(plain)},
    {"expm1", [](auto& x) { return expm1(x[0]); }, one(plain)},
    {"log", [](auto& x) { return log(x[0]); }, one(positive)},
    {"log2", [](auto& x) { return log2(x[0]); }, one(positive)},
    {"log10", [](auto& x) { return log10(x[0]); }, one(positive)},
    {"log1p", [](auto& x) { return log1p(x[0]); }, one(unit)},
    {"sin", [](auto& x) { return sin(x[0]); }, one(plain)},
    {"cos", [](auto& x) { return cos(x[0]); }, one(plain)},
    {"tan", [](auto& x) { return tan(x[0]); }, one(unit)},
    {"asin", [](auto& x) { return asin(x[0]); }, one(unit)},
    {"acos", [](auto& x) { return acos(x[0]); }, one(unit)},
    {"atan", [](auto& x) { return atan(x[0]); }, one(plain)},
    {"sinh", [](auto& x) { return sinh(x[0]); }, one(plain)},
    {"cosh", [](auto& x) { return cosh(x[0]); }, one(plain)},
    {"tanh", [](auto& x) { return tanh(x[0]); }, one(plain)},
    {"asinh", [](auto& x) { return asinh(x[0]); }, one(plain)},
    {"acosh", [](auto& x) { return acosh(x[0]); }, one(above_one)},
    {"atanh", [](auto& x) { return atanh(x[0]); }, one(unit)},
    {"erf", [](auto& x) { return erf(x[0]); }, one(plain)},
    {"erfc", [](auto& x) { return erfc(x[0]); }, one(plain)},
    {"erfinv", [](auto& x) { return erfinv(x[0]); }, one(unit)},
    {"lgamma", [](auto& x) { return lgamma(x[0]); }, one(positive)},
    {"lgamma below zero", [](auto& x) { return lgamma(x[0]); }, one(off_poles)},
    {"digamma", [](auto& x) { return digamma(x[0]); }, one(positive)},
    {"digamma below zero", [](auto& x) { return digamma(x[0]); }, one(off_poles)},
    {"polygamma", [](auto& x) { return polygamma(1, x[0]); }, one(positive)},
    {"polygamma of order 2", [](auto& x) { return polygamma(2, x[0]); }, one(positive)},
    {"polygamma of order 0", [](auto& x) { return polygamma(0, x[0]); }, one(positive)},
    {"sigmoid", [](auto& x) { return sigmoid(x[0]); }, one(plain)},
    {"logit", [](auto& x) { return logit(x[0]); }, one(inside)},
    {"logit held back", [](auto& x) { return logit(x[0], 0.25); }, {{tensor({0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.33, 0.44, 0.55, 0.66, 0.37}, float64)}}},
    {"log_sigmoid", [](auto& x) { return log_sigmoid(x[0]); }, one(plain)},
    {"relu", [](auto& x) { return square(relu(x[0])); }, one(nonzero)},
    {"softplus", [](auto& x) { return softplus(x[0]); }, one(plain)},
    {"softplus with beta and threshold", [](auto& x) { return square(softplus(x[0], 2, 1.5)); }, {{tensor({-2., -1., -0.3, 0., 0.2, 0.5, 0.6, 0.9, 1.3, 1.7, 2.}, float64)}}},
    {"softsign", [](auto& x) { return softsign(x[0]); }, one(nonzero)},
    {"silu", [](auto& x) { return silu(x[0]); }, one(plain)},
    {"gelu", [](auto& x) { return gelu(x[0]); }, one(plain)},
    {"gelu by tanh", [](auto& x) { return gelu(x[0], Gelu::tanh); }, one(plain)},
    {"frac", [](auto& x) { return square(frac(x[0])); }, one(between_steps)},
    {"clamp", [](auto& x) { return square(clamp(x[0], -1.01, 1.23)); }, one(plain)},
    {"clamp from below", [](auto& x) { return square(clamp(x[0], -1.01)); }, one(plain)},
    {"nan_to_num", [](auto& x) { return square(nan_to_num(x[0])); }, one(plain)},
    {"sign", [](auto& x) { return sign(x[0]); }, one(nonzero), zero()},
    {"floor", [](auto& x) { return floor(x[0]); }, one(between_steps), zero()},
    {"ceil", [](auto& x) { return ceil(x[0]); }, one(between_steps), zero()},
    {"round", [](auto& x) { return round(x[0]); }, one(between_steps), zero()},
    {"trunc", [](auto& x) { return trunc(x[0]); }, one(between_steps), zero()},

    {"add", [](auto& x) { return square(x[0] + x[1]); }, two(plain, plain)},
    {"add to itself", [](auto& x) { return square(x[0] + x[0]); }, one(plain)},
    {"sub", [](auto& x) { return square(x[0] - x[1]); }, two(plain, plain)},
    {"mul", [](auto& x) { return x[0] * x[1]; }, two(plain, plain)},
    {"mul by itself", [](auto& x) { return x[0] * x[0]; }, one(plain)},
    {"mul by a number", [](auto& x) { return square(3 * x[0] * 0.5); }, one(plain)},
    {"div", [](auto& x) { return x[0] / x[1]; }, two(plain, nonzero)},
    {"div of a number", [](auto& x) { return 2 / x[0]; }, one(nonzero)},
    {"div by itself and more", [](auto& x) { return x[0] / (x[0] * x[0] + 1); }, one(plain)},
    {"pow", [](auto& x) { return pow(x[0], x[1]); }, two(positive, plain)},
    {"pow by a number", [](auto& x) { return pow(x[0], 3); }, one(nonzero)},
    {"pow by two", [](auto& x) { return pow(x[0], 2); }, one(plain)},
    {"pow of a number", [](auto& x) { return pow(2.5, x[0]); }, one(plain)},
    {"maximum", [](auto& x) { return square(maximum(x[0], x[1])); }, two(plain, plain)},
    {"minimum", [](auto& x) { return square(minimum(x[0], x[1])); }, two(plain, plain)},
    {"atan2", [](auto& x) { return atan2(x[0], x[1]); }, two(nonzero, nonzero)},
    {"hypot", [](auto& x) { return hypot(x[0], x[1]); }, two(nonzero, nonzero)},
    {"fmod", [](auto& x) { return square(fmod(x[0], x[1])); }, two(between_steps, [](const Shape& s) { return ones(s, float64); })},
    {"remainder", [](auto& x) { return square(remainder(x[0], x[1])); }, two(between_steps, [](const Shape& s) { return ones(s, float64); })},
    {"xlogy", [](auto& x) { return xlogy(x[0], x[1]); }, two(nonzero, positive)},
    {"logaddexp", [](auto& x) { return logaddexp(x[0], x[1]); }, two(plain, plain)},
    {"copysign", [](auto& x) { return square(copysign(x[0], -1)) * x[0]; }, one(nonzero)},
    {"lerp", [](auto& x) { return lerp(x[0], x[1], x[2]); }, three()},
    {"addcmul", [](auto& x) { return x[0] * addcmul(x[0], x[1], x[2], 0.5); }, three()},
    {"addcdiv", [](auto& x) { return x[0] * addcdiv(x[0], x[1], x[2] + 3, 0.5); }, three()},
    {"where", [](auto& x) { return square(where(mask, x[0], x[1])); },
     {{real({3, 4}), real({3, 4})}, {real({4}), real({3, 1})}, {real({}), real({2, 3, 4})}}},
    {"where of itself", [](auto& x) { return where(x[0] > 0, x[0] * x[0], -x[0]); }, one(nonzero)},
    {"to", [](auto& x) { return square(x[0].to(float64).to(x[0].dtype())); }, one(plain)},
};

const Tensor whole = tensor({{-3, 0, 2}, {5, -7, 1}}), divisor = tensor({{2, 3, -3}, {-2, 3, 1}});
const Table values_only = {
    {"less", [](auto& x) { return x[0] < x[1]; }, {}},
    {"greater", [](auto& x) { return x[0] > x[1]; }, {}},
    {"less_equal", [](auto& x) { return x[0] <= x[1]; }, {}},
    {"greater_equal", [](auto& x) { return x[0] >= x[1]; }, {}},
    {"equal", [](auto& x) { return x[0] == x[1]; }, {}},
    {"not_equal", [](auto& x) { return x[0] != x[1]; }, {}},
    {"logical_and", [](auto& x) { return logical_and(x[0], x[1]); }, {}},
    {"logical_or", [](auto& x) { return logical_or(x[0], x[1]); }, {}},
    {"logical_xor", [](auto& x) { return logical_xor(x[0], x[1]); }, {}},
    {"logical_not", [](auto& x) { return logical_not(x[0]); }, {}},
    {"isnan", [](auto& x) { return isnan(x[0]); }, {}},
    {"isinf", [](auto& x) { return isinf(x[0]); }, {}},
    {"isfinite", [](auto& x) { return isfinite(x[0]); }, {}},
    {"isclose", [](auto& x) { return isclose(x[0], x[1]); }, {}},
    {"nan_to_num of such", [](auto& x) { return nan_to_num(x[0], 2, 3, -4); }, {}},
    {"fmod of integers", [](auto& x) { return fmod(x[0], x[1]); }, {}},
    {"remainder of integers", [](auto& x) { return remainder(x[0], x[1]); }, {}},
    {"abs of integers", [](auto& x) { return abs(x[0]); }, {}},
    {"sign of integers", [](auto& x) { return sign(x[0]); }, {}},
    {"clamp of integers", [](auto& x) { return clamp(x[0], -2, 3); }, {}},
    {"maximum of integers", [](auto& x) { return maximum(x[0], x[1]); }, {}},
};
// clang-format on

double derivative(const Function& f, double at) {
  const Tensor x = tensor({at}, float64).requires_grad();
  return grad(sum(f({x})), x).item();
}
std::pair<double, double> derivatives(const Function& f, double a, double b) {
  const Tensor x = tensor({a}, float64).requires_grad(), y = tensor({b}, float64).requires_grad();
  const Tensors g = grad(sum(f({x, y})), {x, y});
  return {g[0].item(), g[1].item()};
}

}  // namespace

XTAPE_CHECK_TABLE("elementwise", table, values_only)

TEST_CASE("derivatives of elementwise ops at special points are those of PyTorch") {
  CHECK(derivative([](auto& x) { return relu(x[0]); }, 0) == 0);
  CHECK(derivative([](auto& x) { return abs(x[0]); }, 0) == 0);
  CHECK(derivative([](auto& x) { return sqrt(x[0]); }, 0) == inf);
  CHECK(derivative([](auto& x) { return log(x[0]); }, 0) == inf);
  CHECK(derivative([](auto& x) { return sigmoid(x[0]); }, 1000) == 0);
  CHECK(derivative([](auto& x) { return sigmoid(x[0]); }, -1000) == 0);
  CHECK(derivative([](auto& x) { return tanh(x[0]); }, 1000) == 0);
  CHECK(derivative([](auto& x) { return silu(x[0]); }, -1000) == 0);
  CHECK(derivative([](auto& x) { return softplus(x[0]); }, -1000) == 0);
  CHECK(derivative([](auto& x) { return softplus(x[0]); }, 1000) == 1);
  CHECK(derivative([](auto& x) { return log_sigmoid(x[0]); }, -1000) == 1);
  CHECK(derivative([](auto& x) { return clamp(x[0], -1, 1); }, 1) == 1);
  CHECK(derivative([](auto& x) { return clamp(x[0], -1, 1); }, -1) == 1);
  CHECK(derivative([](auto& x) { return clamp(x[0], -1, 1); }, 1.5) == 0);
  CHECK(derivative([](auto& x) { return nan_to_num(x[0]); }, inf) == 0);
  CHECK(derivative([](auto& x) { return pow(x[0], 0); }, 0) == 0);
  CHECK(derivative([](auto& x) { return pow(x[0], 1); }, 0) == 1);
  CHECK(derivative([](auto& x) { return pow(x[0], 3); }, -2) == 12);
  CHECK(std::isnan(derivative([](auto& x) { return square(relu(x[0])); }, std::nan(""))));

  using Pair = std::pair<double, double>;
  CHECK(derivatives([](auto& x) { return maximum(x[0], x[1]); }, 2, 2) == Pair{0.5, 0.5});
  CHECK(derivatives([](auto& x) { return minimum(x[0], x[1]); }, 2, 2) == Pair{0.5, 0.5});
  CHECK(derivatives([](auto& x) { return atan2(x[0], x[1]); }, 0, 0) == Pair{0, 0});
  CHECK(derivatives([](auto& x) { return pow(x[0], x[1]); }, 0, 0) == Pair{0, 0});
  CHECK(derivatives([](auto& x) { return pow(x[0], x[1]); }, 0, 2) == Pair{0, 0});
  CHECK(derivatives([](auto& x) { return xlogy(x[0], x[1]); }, 0, 0).first == 0);
  CHECK(derivatives([](auto& x) { return copysign(x[0], x[1]); }, 0, -1) == Pair{0, 0});
  CHECK(derivatives([](auto& x) { return copysign(x[0], x[1]); }, 2, -1) == Pair{-1, 0});
  CHECK(derivatives([](auto& x) { return logaddexp(x[0], x[1]); }, 1000, -1000) == Pair{1, 0});
}

namespace {
// f and its first three derivatives at a point.
std::vector<double> orders(const Function& f, double at) {
  const Tensor x = tensor({at}, float64).requires_grad();
  Tensor y = f({x});
  std::vector<double> all{y.item()};
  for (int k = 0; k < 3; ++k) {
    y = y.is_recorded() ? grad(sum(y), x, create_graph) : zeros({1}, float64);
    all.push_back(y.item());
  }
  return all;
}
}  // namespace

TEST_CASE("derivatives at special points are finite to the third order where the function has them") {
  using V = std::vector<double>;
  CHECK(orders([](auto& x) { return pow(x[0], 2.); }, 0) == V{0, 0, 2, 0});
  CHECK(orders([](auto& x) { return pow(x[0], full({}, 2, float64)); }, 0) == V{0, 0, 2, 0});
  CHECK(orders([](auto& x) { return pow(x[0], full({}, 3, float64)); }, 0) == V{0, 0, 0, 6});
  CHECK(orders([](auto& x) { return pow(x[0], full({}, 1, float64)); }, 0) == V{0, 1, 0, 0});
  CHECK(orders([](auto& x) { return pow(x[0], full({}, 0, float64)); }, 0) == V{1, 0, 0, 0});
  CHECK(orders([](auto& x) { return pow(full({}, 0, float64), x[0]); }, 2) == V{0, 0, 0, 0});
  CHECK(orders([](auto& x) { return hypot(x[0], 0); }, 0) == V{0, 0, 0, 0});
  CHECK(orders([](auto& x) { return atan2(x[0], 0); }, 0) == V{0, 0, 0, 0});
  CHECK(orders([](auto& x) { return atan2(0, x[0]); }, 0) == V{0, 0, 0, 0});
  CHECK(orders([](auto& x) { return logit(x[0], 0.1); }, 0)[2] == 0);
  CHECK(orders([](auto& x) { return logit(x[0], 0.1); }, 1)[3] == 0);
  CHECK(orders([](auto& x) { return xlogy(full({}, 0, float64), x[0]); }, 0) == V{0, 0, 0, 0});
  for (double at : {inf, -inf}) {
    CHECK(orders([](auto& x) { return silu(x[0]); }, at) == V{at > 0 ? inf : 0, at > 0 ? 1. : 0, 0, 0});
    CHECK(orders([](auto& x) { return tanh(x[0]); }, at) == V{at > 0 ? 1. : -1., 0, 0, 0});
    CHECK(orders([](auto& x) { return sigmoid(x[0]); }, at) == V{at > 0 ? 1. : 0., 0, 0, 0});
    CHECK(orders([](auto& x) { return softsign(x[0]); }, at) == V{at > 0 ? 1. : -1., 0, 0, 0});
    for (Gelu form : {Gelu::erf, Gelu::tanh}) {
      CHECK(derivative([form](auto& x) { return gelu(x[0], form); }, at) == (at > 0));
      CHECK(gelu(tensor({at}), form).item() == (at > 0 ? inf : 0));
    }
    CHECK(nn::mish(tensor({at})).item() == (at > 0 ? inf : 0));
  }
}

TEST_CASE("derivatives are not computed from results that have been rounded") {
  auto narrow = [](const Function& f, float at) {
    const Tensor x = tensor(std::vector<float>{at}).requires_grad();
    return grad(sum(f({x})), x).item();
  };
  CHECK(narrow([](auto& x) { return tanh(x[0]); }, 20) == doctest::Approx(1.6993417e-17).epsilon(1e-6));
  CHECK(narrow([](auto& x) { return sigmoid(x[0]); }, 30) == doctest::Approx(9.3576230e-14).epsilon(1e-6));
  CHECK(narrow([](auto& x) { return expm1(x[0]); }, -30) == doctest::Approx(9.3576230e-14).epsilon(1e-6));
  CHECK(narrow([](auto& x) { return gelu(x[0], Gelu::tanh); }, 1e20f) == 1);
  CHECK(narrow([](auto& x) { return gelu(x[0], Gelu::tanh); }, -1e20f) == 0);
  CHECK(narrow([](auto& x) { return asinh(x[0]); }, 1e30f) == doctest::Approx(1e-30).epsilon(1e-6));
  using Pair = std::pair<double, double>;
  CHECK(derivatives([](auto& x) { return fmod(x[0], x[1]); }, 1, 0.1) == Pair{1, -9});
  CHECK(derivatives([](auto& x) { return fmod(x[0], x[1]); }, 6, 0.1) == Pair{1, -59});
  CHECK(derivatives([](auto& x) { return remainder(x[0], x[1]); }, 6, 0.1) == Pair{1, -59});
  CHECK(derivatives([](auto& x) { return xlogy(x[0], x[1]); }, 0, 0) == Pair{0, 0});
  CHECK(derivatives([](auto& x) { return hypot(x[0], x[1]); }, 0, 0) == Pair{0, 0});
  CHECK(derivatives([](auto& x) { return logaddexp(logaddexp(x[0], x[1]), 2); }, -inf, -inf) == Pair{0, 0});
  CHECK(lerp(full({}, inf), inf, 0.3).item() == inf);
  CHECK(lerp(full({}, -inf), -inf, 0.3).item() == -inf);
}

TEST_CASE("integers stay integers where the result is one and NaN is not lost") {
  CHECK(abs(whole).dtype() == int64);
  CHECK(addcmul(0.1, 0.1, full({}, 1, float64)).item() == 0.2);
  CHECK(addcmul(whole, whole, divisor, 0.5).dtype() == float32);
  CHECK(concat({tensor({true}), zeros({1}, uint8)}).dtype() == uint8);
  CHECK(clamp(whole, -0.5).to_vector<double>() == std::vector<double>{0, 0, 2, 5, 0, 1});
}

TEST_CASE("elementwise ops refuse what they cannot do") {
  CHECK_THROWS_WITH_AS(fmod(whole, 0), doctest::Contains("fmod: an integer is divided by 0, at element 0"), Error);
  CHECK_THROWS_WITH_AS(remainder(whole, tensor({1, 0, 1})), doctest::Contains("at element 1 of the divisor"), Error);
  CHECK_THROWS_WITH_AS(polygamma(-1, whole), doctest::Contains("polygamma: the order -1 is not in [0, 100]"), Error);
  CHECK_THROWS_WITH_AS(clamp(whole, std::nan("")), doctest::Contains("clamp: the bounds are nan and inf"), Error);
  CHECK_THROWS_WITH_AS(softplus(whole, 0), doctest::Contains("softplus: beta is 0"), Error);
  CHECK_THROWS_WITH_AS(logit(whole, 0.5), doctest::Contains("logit: eps is 0.5"), Error);
  CHECK_THROWS_WITH_AS(lerp(ones({2}), ones({3}), 1), doctest::Contains("lerp: shapes (2,) and (3,)"), Error);
  CHECK_THROWS_WITH_AS(where(whole, 1, 2), doctest::Contains("where: the condition must be boolean"), Error);
  CHECK_THROWS_WITH_AS(maximum(ones({2}), ones({3})), doctest::Contains("maximum: shapes (2,) and (3,)"), Error);
}
