// The functions that formulas compute with, run as kernels are, for whatever instruction set (XTAPE_ISA chooses):
// against the system's in long double, on special values, and by their relations.
#include <doctest/doctest.h>
#include <autograd/kernels/loops.hpp>
#include <autograd/scalar/special.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace xtape;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
const double not_a_number = std::nan("");

using kernel::Real;

template <class T, class F>
std::vector<T> run(F f, const std::vector<T>& x) {
  std::vector<T> y(x.size());
  kernel::map(static_cast<std::int64_t>(x.size()), f, y.data(), x.data());
  return y;
}
template <class T, class F>
std::vector<T> run(F f, const std::vector<T>& a, const std::vector<T>& b) {
  std::vector<T> y(a.size());
  kernel::map(static_cast<std::int64_t>(a.size()), f, y.data(), a.data(), b.data());
  return y;
}

// How far y is from the exact result in units of its last place; subnormal numbers have the unit of the least normal
// one.
template <class T>
double ulps(T y, long double exact) {
  const T rounded = static_cast<T>(exact);
  if (std::isnan(y) || std::isnan(rounded)) return std::isnan(y) && std::isnan(rounded) ? 0 : inf;
  if (std::isinf(y) || std::isinf(rounded)) return y == rounded ? 0 : inf;
  int exponent;
  std::frexp(rounded, &exponent);
  exponent = std::max(exponent, std::numeric_limits<T>::min_exponent);
  return static_cast<double>(std::abs(y - exact) / std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits));
}

// Arguments from `low` to `high` in equal ratios and in equal steps, and more of them in [-2, 2].
struct Domain {
  double low, high32, high64;
  bool negative = true;
};
template <class T>
std::vector<T> arguments(const Domain& d) {
  const double high = sizeof(T) == 4 ? d.high32 : d.high64;
  constexpr int n = 3000;
  std::vector<T> x;
  for (int i = 0; i <= n; ++i) {
    const double t = i / double{n};
    for (double v :
         {d.low * std::pow(high / d.low, t), d.low + (high - d.low) * t, d.low + (std::min(high, 2.) - d.low) * t}) {
      x.push_back(static_cast<T>(std::clamp(v, d.low, high)));
      if (d.negative) x.push_back(-x.back());
    }
  }
  return x;
}
template <class T, class F, class G>
void check_within(double bound, const char* name, F f, G exact, const Domain& domain) {
  const std::vector<T> x = arguments<T>(domain), y = run(f, x);
  double worst = 0;
  T at = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double error = ulps(y[i], exact(static_cast<long double>(x[i])));
    if (error > worst) worst = error, at = x[i];
  }
  CAPTURE(std::string(name));
  CAPTURE(sizeof(T));
  CAPTURE(at);
  CHECK(worst <= bound);
}
template <class F, class G>
void within(double bound, const char* name, F f, G exact, const Domain& domain) {
  check_within<float>(bound, name, f, exact, domain);
  check_within<double>(bound, name, f, exact, domain);
}

bool same(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? std::isnan(a) && std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
}
// f(x) is y to the sign of zero, alone and in the middle of a vector.
template <class T, class F>
void meets(const char* name, F f, const std::vector<std::array<double, 2>>& rows) {
  for (const auto& row : rows) {
    const T x = static_cast<T>(row[0]);
    for (const T got : {run(f, std::vector<T>{x})[0], run(f, std::vector<T>(37, x))[8]}) {
      CAPTURE(std::string(name));
      CAPTURE(x);
      CAPTURE(got);
      CHECK(same(got, static_cast<T>(row[1])));
    }
  }
}

// Every pair of these.
template <class T>
void pairs(std::vector<T>& a, std::vector<T>& b) {
  using L = std::numeric_limits<T>;
  std::vector<T> v{0,
                   T(0.3),
                   T(0.5),
                   1,
                   T(1.5),
                   2,
                   T(2.5),
                   3,
                   7,
                   1000,
                   T(1001),
                   1 / L::epsilon(),
                   2 / L::epsilon() - 1,
                   4 / L::epsilon(),
                   L::max(),
                   L::min(),
                   L::denorm_min(),
                   L::infinity()};
  for (std::size_t i = v.size(); i-- > 0;) v.push_back(-v[i]);
  v.push_back(L::quiet_NaN());
  for (T x : v)
    for (T y : v) a.push_back(x), b.push_back(y);
}
template <class T, class F, class G>
void agrees_on_pairs(double bound, const char* name, F f, G exact) {
  std::vector<T> a, b;
  pairs(a, b);
  const std::vector<T> y = run(f, a, b);
  for (std::size_t i = 0; i < a.size(); ++i) {
    CAPTURE(std::string(name));
    CAPTURE(a[i]);
    CAPTURE(b[i]);
    CAPTURE(y[i]);
    const T expected = exact(a[i], b[i]);
    CHECK(ulps(y[i], expected) <= bound);
    if (!std::isnan(expected)) CHECK(std::signbit(y[i]) == std::signbit(expected));
  }
}

// One object per function, so that its loops are compiled once.
#define FUNCTION(f) constexpr auto f##_of = [](auto v) { return f(v); }
FUNCTION(exp2);
FUNCTION(expm1);
FUNCTION(log1p);
FUNCTION(log2);
FUNCTION(log10);
FUNCTION(sqrt);
FUNCTION(rsqrt);
FUNCTION(cbrt);
FUNCTION(sin);
FUNCTION(cos);
FUNCTION(tan);
FUNCTION(asin);
FUNCTION(acos);
FUNCTION(atan);
FUNCTION(sinh);
FUNCTION(cosh);
FUNCTION(asinh);
FUNCTION(acosh);
FUNCTION(atanh);
FUNCTION(erf);
FUNCTION(erfc);
FUNCTION(silu);
FUNCTION(softplus);
FUNCTION(log_sigmoid);
FUNCTION(round);
FUNCTION(floor);
FUNCTION(ceil);
FUNCTION(trunc);
FUNCTION(frac);
FUNCTION(tanh);
FUNCTION(abs);
FUNCTION(sign);
FUNCTION(reciprocal);
#undef FUNCTION
// Large ones, not worth a copy in every loop.
template <class T>
__attribute__((noinline)) Real<T> inverse_of_erf(Real<T> x) {
  return erfinv(x);
}
template <class T>
__attribute__((noinline)) Real<T> gamma_derivative(int n, Real<T> x) {
  return polygamma(n, x);
}
constexpr auto erfinv_of = [](auto v) { return inverse_of_erf(v); };
constexpr auto digamma_of = [](auto v) { return gamma_derivative(0, v); };
constexpr auto trigamma_of = [](auto v) { return gamma_derivative(1, v); };
constexpr auto pow_of = [](auto a, auto b) { return pow(a, b); };
#define FUNCTION(f) #f, f##_of
#define EXACT(expression) [](long double v) -> long double { return expression; }

}  // namespace

TEST_CASE("scalar functions are within a few units in the last place") {
  within(2, FUNCTION(exp2), EXACT(std::exp2(v)), {1e-20, 127.9, 1023.9});
  within(4, FUNCTION(expm1), EXACT(std::expm1(v)), {1e-37, 88.7, 709.7});
  within(2, FUNCTION(log1p), EXACT(std::log1p(v)), {1e-37, 3e38, 1e308, false});
  within(2, "log1p(-x)", [](auto v) { return log1p(-v); }, EXACT(std::log1p(-v)), {1e-37, 0.9999999, 1 - 1e-15, false});
  within(2, FUNCTION(log2), EXACT(std::log2(v)), {1e-37, 3e38, 1e308, false});
  within(2, FUNCTION(log10), EXACT(std::log10(v)), {1e-37, 3e38, 1e308, false});
  within(0.5, FUNCTION(sqrt), EXACT(std::sqrt(v)), {1e-44, 3e38, 1e308, false});
  within(2, FUNCTION(rsqrt), EXACT(1 / std::sqrt(v)), {1e-44, 3e38, 1e308, false});
  within(0.7, FUNCTION(cbrt), EXACT(std::cbrt(v)), {1e-44, 3e38, 1e308});
  within(2.5, FUNCTION(sin), EXACT(std::sin(v)), {1e-37, 1e8, 1e9});
  within(2.5, FUNCTION(cos), EXACT(std::cos(v)), {1e-37, 1e8, 1e9});
  within(4, FUNCTION(tan), EXACT(std::tan(v)), {1e-37, 1e8, 1e9});
  within(2.5, FUNCTION(asin), EXACT(std::asin(v)), {1e-37, 1, 1});
  within(2, FUNCTION(acos), EXACT(std::acos(v)), {1e-37, 1, 1});
  within(2.5, FUNCTION(atan), EXACT(std::atan(v)), {1e-37, 3e38, 1e308});
  within(2, FUNCTION(sinh), EXACT(std::sinh(v)), {1e-37, 89.4, 710.4});
  within(2, FUNCTION(cosh), EXACT(std::cosh(v)), {1e-37, 89.4, 710.4});
  within(2.5, FUNCTION(asinh), EXACT(std::asinh(v)), {1e-37, 3e38, 1e308});
  within(2.5, FUNCTION(acosh), EXACT(std::acosh(v)), {1, 3e38, 1e308, false});
  within(2.5, FUNCTION(atanh), EXACT(std::atanh(v)), {1e-37, 1, 1});
  within(2, FUNCTION(erf), EXACT(std::erf(v)), {1e-37, 10, 30});
  within(5, FUNCTION(erfc), EXACT(std::erfc(v)), {1e-37, 10.05, 27.2});
  within(2.5, FUNCTION(silu), EXACT(v / (1 + std::exp(-v))), {1e-37, 87, 708});
  within(2, FUNCTION(softplus), EXACT(std::log1p(std::exp(v))), {1e-37, 87, 708});
  within(2, FUNCTION(log_sigmoid), EXACT(-std::log1p(std::exp(-v))), {1e-37, 87, 708});
  within(2, "softplus(x, 4, 20)", [](auto v) { return softplus(v, 4, 20); },
         EXACT(4 * v > 20 ? v : std::log1p(std::exp(4 * v)) / 4), {1e-37, 21, 175});
  within(0, FUNCTION(round), EXACT(std::nearbyint(v)), {0.01, 1e9, 1e18});
  within(0, FUNCTION(floor), EXACT(std::floor(v)), {0.01, 1e9, 1e18});
  within(0, FUNCTION(ceil), EXACT(std::ceil(v)), {0.01, 1e9, 1e18});
  within(0, FUNCTION(trunc), EXACT(std::trunc(v)), {0.01, 1e9, 1e18});
  within(0, FUNCTION(frac), EXACT(v - std::trunc(v)), {0.01, 1e9, 1e18});
  within(1, "x^3.75", [](auto v) { return pow(v, 3.75); }, EXACT(std::pow(v, 3.75L)), {1e-9, 1e10, 1e80, false});
  within(1, "3.5^x", [](auto v) { return pow(3.5, v); }, EXACT(std::pow(3.5L, v)), {1e-37, 69, 560});
  within(1.5, "hypot(x, x / 4)", [](auto v) { return hypot(v, v / 4); }, EXACT(std::hypot(v, v / 4)),
         {1e-35, 3e38, 1e308});
  within(2.5, "atan2(x, -0.75)", [](auto v) { return atan2(v, -0.75); }, EXACT(std::atan2(v, -0.75L)),
         {1e-37, 3e38, 1e308});
}

TEST_CASE_TEMPLATE("scalar functions meet infinity and zero and NaN as C does", T, float, double) {
  const double nan = not_a_number, tiny = std::numeric_limits<T>::denorm_min(), huge = std::numeric_limits<T>::max();
  const double pi = 3.14159265358979323846;
  // Odd and continuous: zeros, infinities, NaN and the least number pass.
  const std::vector<std::array<double, 2>> odd{{0, 0}, {-0., -0.}, {tiny, tiny}, {-tiny, -tiny}, {nan, nan}};
  meets<T>(FUNCTION(expm1), odd);
  meets<T>(FUNCTION(log1p), odd);
  meets<T>(FUNCTION(sin), odd);
  meets<T>(FUNCTION(tan), odd);
  meets<T>(FUNCTION(asin), odd);
  meets<T>(FUNCTION(atan), odd);
  meets<T>(FUNCTION(sinh), odd);
  meets<T>(FUNCTION(tanh), odd);
  meets<T>(FUNCTION(asinh), odd);
  meets<T>(FUNCTION(atanh), odd);
  meets<T>(FUNCTION(exp2),
           {{0, 1}, {inf, inf}, {-inf, 0}, {huge, inf}, {-huge, 0}, {nan, nan}, {10, 1024}, {-3, 0.125}});
  meets<T>(FUNCTION(expm1), {{inf, inf}, {-inf, -1}, {huge, inf}, {-huge, -1}});
  meets<T>(FUNCTION(log1p), {{inf, inf}, {-1, -inf}, {-2, nan}, {-inf, nan}});
  meets<T>(FUNCTION(log2), {{0, -inf}, {1, 0}, {inf, inf}, {-1, nan}, {nan, nan}, {1024, 10}, {0.125, -3}});
  meets<T>(FUNCTION(log10), {{0, -inf}, {1, 0}, {inf, inf}, {-1, nan}, {nan, nan}});
  meets<T>(FUNCTION(sqrt), {{0, 0}, {-0., -0.}, {inf, inf}, {-inf, nan}, {-tiny, nan}, {nan, nan}, {4, 2}});
  meets<T>(FUNCTION(rsqrt), {{0, inf}, {inf, 0}, {-1, nan}, {nan, nan}, {4, 0.5}});
  meets<T>(FUNCTION(cbrt), {{0, 0}, {-0., -0.}, {nan, nan}, {inf, inf}, {-inf, -inf}, {-27, -3}});
  meets<T>(FUNCTION(sin), {{inf, nan}, {-inf, nan}, {huge, nan}});
  meets<T>(FUNCTION(cos), {{0, 1}, {-0., 1}, {inf, nan}, {-inf, nan}, {huge, nan}, {nan, nan}});
  meets<T>(FUNCTION(tan), {{inf, nan}, {-inf, nan}});
  meets<T>(FUNCTION(asin), {{1, pi / 2}, {-1, -pi / 2}, {1.25, nan}, {-inf, nan}});
  meets<T>(FUNCTION(acos), {{1, 0}, {0, pi / 2}, {1.25, nan}, {-inf, nan}, {nan, nan}});
  meets<T>(FUNCTION(atan), {{inf, pi / 2}, {-inf, -pi / 2}, {huge, pi / 2}});
  meets<T>(FUNCTION(sinh), {{inf, inf}, {-inf, -inf}, {huge, inf}});
  meets<T>(FUNCTION(cosh), {{0, 1}, {inf, inf}, {-inf, inf}, {huge, inf}, {nan, nan}});
  meets<T>(FUNCTION(asinh), {{inf, inf}, {-inf, -inf}});
  meets<T>(FUNCTION(acosh), {{1, 0}, {inf, inf}, {0.5, nan}, {-5, nan}, {-inf, nan}, {nan, nan}});
  meets<T>(FUNCTION(atanh), {{1, inf}, {-1, -inf}, {1.5, nan}, {inf, nan}});
  meets<T>(FUNCTION(erf), {{0, 0}, {-0., -0.}, {inf, 1}, {-inf, -1}, {huge, 1}, {nan, nan}});
  meets<T>(FUNCTION(erfc), {{0, 1}, {inf, 0}, {-inf, 2}, {huge, 0}, {nan, nan}});
  meets<T>(FUNCTION(erfinv), {{0, 0}, {-0., -0.}, {1, inf}, {-1, -inf}, {1.5, nan}, {-inf, nan}, {nan, nan}});
  meets<T>(FUNCTION(log_sigmoid), {{inf, 0}, {-inf, -inf}, {-huge, -huge}, {nan, nan}});
  meets<T>(FUNCTION(softplus), {{inf, inf}, {-inf, 0}, {huge, huge}, {nan, nan}});
  meets<T>(FUNCTION(silu), {{inf, inf}, {0, 0}, {-huge, -0.}, {-inf, -0.}, {nan, nan}});
  meets<T>(FUNCTION(abs), {{-0., 0}, {-3, 3}, {-inf, inf}, {nan, nan}});
  meets<T>(FUNCTION(sign), {{-0., 0}, {0, 0}, {-3, -1}, {tiny, 1}, {inf, 1}, {nan, nan}});
  meets<T>(FUNCTION(round),
           {{0.5, 0}, {-0.5, -0.}, {1.5, 2}, {2.5, 2}, {-0., -0.}, {inf, inf}, {huge, huge}, {nan, nan}});
  meets<T>(FUNCTION(floor), {{-0.5, -1}, {-0., -0.}, {0.5, 0}, {inf, inf}, {-huge, -huge}, {nan, nan}});
  meets<T>(FUNCTION(ceil), {{-0.5, -0.}, {-0., -0.}, {0.5, 1}, {-inf, -inf}, {huge, huge}, {nan, nan}});
  meets<T>(FUNCTION(trunc), {{-0.5, -0.}, {-1.5, -1}, {inf, inf}, {nan, nan}});
  meets<T>(FUNCTION(frac), {{-1.5, -0.5}, {2.25, 0.25}, {huge, 0}, {inf, nan}, {nan, nan}});
  meets<T>(FUNCTION(reciprocal), {{0, inf}, {-0., -inf}, {-inf, -0.}, {4, 0.25}, {nan, nan}});
  meets<T>("clamp", [](auto v) { return clamp(v, -1, 2); }, {{-inf, -1}, {0.5, 0.5}, {3, 2}, {nan, nan}});
  meets<T>("isnan", [](auto v) { return decltype(v)(isnan(v)); }, {{nan, 1}, {inf, 0}, {0, 0}});
  meets<T>("isinf", [](auto v) { return decltype(v)(isinf(v)); }, {{nan, 0}, {inf, 1}, {-inf, 1}, {huge, 0}});
  meets<T>("isfinite", [](auto v) { return decltype(v)(isfinite(v)); }, {{nan, 0}, {inf, 0}, {-inf, 0}, {-huge, 1}});
}

TEST_CASE_TEMPLATE("functions of two numbers agree with C's on every pair of special ones", T, float, double) {
  agrees_on_pairs<T>(1, "pow", pow_of, [](T a, T b) { return std::pow(a, b); });
  agrees_on_pairs<T>(
      2, "atan2", [](auto a, auto b) { return atan2(a, b); }, [](T a, T b) { return std::atan2(a, b); });
  agrees_on_pairs<T>(
      1, "hypot", [](auto a, auto b) { return hypot(a, b); }, [](T a, T b) { return std::hypot(a, b); });
  agrees_on_pairs<T>(
      0, "fmod", [](auto a, auto b) { return fmod(a, b); }, [](T a, T b) { return std::fmod(a, b); });
  agrees_on_pairs<T>(
      0, "copysign", [](auto a, auto b) { return copysign(a, b); }, [](T a, T b) { return std::copysign(a, b); });
  // As PyTorch, not C: NaN wins, and a remainder has the divisor's sign.
  agrees_on_pairs<T>(
      0, "max", [](auto a, auto b) { return max(a, b); }, [](T a, T b) { return std::isnan(a) || a > b ? a : b; });
  agrees_on_pairs<T>(
      0, "min", [](auto a, auto b) { return min(a, b); }, [](T a, T b) { return std::isnan(a) || a < b ? a : b; });
  agrees_on_pairs<T>(
      0, "remainder", [](auto a, auto b) { return remainder(a, b); },
      [](T a, T b) {
        const T r = std::fmod(a, b);
        return r != 0 && (r < 0) != (b < 0) ? r + b : r;
      });
}

TEST_CASE("integers wrap around and never trap") {
  using I = std::int64_t;
  const I least = std::numeric_limits<I>::min(), most = std::numeric_limits<I>::max();
  auto apply2 = [](auto f, I a, I b) { return run(f, std::vector<I>{a}, std::vector<I>{b})[0]; };
  const auto divide = [](auto a, auto b) { return a / b; };
  const auto modulus = [](auto a, auto b) { return fmod(a, b); };
  const auto python = [](auto a, auto b) { return remainder(a, b); };
  CHECK(apply2([](auto a, auto b) { return a + b; }, most, 1) == least);
  CHECK(apply2([](auto a, auto b) { return a - b; }, least, 1) == most);
  CHECK(apply2([](auto a, auto b) { return a * b; }, most, 2) == -2);
  CHECK(apply2(divide, least, -1) == least);
  CHECK(apply2(divide, -7, 2) == -3);
  CHECK(apply2(modulus, least, -1) == 0);
  CHECK(apply2(modulus, -7, 3) == -1);
  CHECK(apply2(modulus, 7, -3) == 1);
  CHECK(apply2(python, least, -1) == 0);
  CHECK(apply2(python, -7, 3) == 2);
  CHECK(apply2(python, 7, -3) == -2);
  CHECK(apply2(python, 6, -3) == 0);
  CHECK(apply2([](auto a, auto b) { return max(a, b); }, -5, 3) == 3);
  CHECK(apply2([](auto a, auto b) { return min(a, b); }, -5, 3) == -5);
  const std::vector<I> x{least, -3, 0, 5, most};
  CHECK(run([](auto v) { return -v; }, x) == std::vector<I>{least, 3, 0, -5, -most});
  CHECK(run([](auto v) { return abs(v); }, x) == std::vector<I>{least, 3, 0, 5, most});
  CHECK(run([](auto v) { return sign(v); }, x) == std::vector<I>{-1, -1, 0, 1, 1});
  CHECK(run([](auto v) { return clamp(v, -2, 4); }, x) == std::vector<I>{-2, -2, 0, 4, 4});
  CHECK(run([](auto v) { return relu(v); }, x) == std::vector<I>{0, 0, 0, 5, most});
  CHECK(run([](auto v) { return floor(v) + 0 * ceil(v) + 0 * round(v) + 0 * trunc(v); }, x) == x);
  CHECK(run([](auto v) { return decltype(v)(isfinite(v) && !isinf(v) && !isnan(v)); }, x) == std::vector<I>(5, 1));
}

TEST_CASE("erfinv inverts erf, and gamma functions have their known values") {
  check_within<double>(3, "erf(erfinv(x))", [](auto v) { return erf(inverse_of_erf(v)); }, EXACT(v), {1e-300, 1, 1});
  check_within<float>(0.6, FUNCTION(erfinv), EXACT(inverse_of_erf(Real<double>(v)).v), {1e-30, 1, 1});
  struct Row {
    int n;
    double x, y;
  };
  auto near = [](double got, double y) { return std::abs(got - y) <= 1e-12 * std::abs(y); };
  const Row inverses[] = {{0, 0.5, 0.47693627620446987338},        {0, 0.9, 1.1630871536766741628},
                          {0, 0.99, 1.8213863677184494559},        {0, 0.999999, 3.4589107372754987775},
                          {0, 1e-5, 8.862269254759594528e-6},      {0, -0.25, -0.22531205501217810473},
                          {0, 1 - 0x1p-40, 5.0512540852493899671}, {0, 1 - 0x1p-53, 5.8635847487551679272}};
  for (const Row& r : inverses) CHECK(near(inverse_of_erf(Real<double>(r.x)).v, r.y));
  const Row gammas[] = {{0, 0.1, 2.2527126517342059599},  {0, 3.7, 1.4280723266653879219},
                        {0, -0.5, 1.2655121234846453965}, {0, -3.75, -1.3172679424463636739},
                        {0, 1e6, 12815504.56914761166},   {0, 171.5, 709.14316303092824227}};
  for (const Row& r : gammas) CHECK(near(lgamma(Real<double>(r.x)).v, r.y));
  CHECK(lgamma(Real<double>(-2)).v == inf);
  CHECK(std::isnan(lgamma(Real<double>(not_a_number)).v));
  const Row derivatives[] = {{0, 1, -0.57721566490153286061},
                             {0, 0.5, -1.9635100260214234794},
                             {0, 10, 2.2517525890667211076},
                             {0, 1e-3, -1000.5755719318103005},
                             {0, -0.5, 0.036489973978576520559},
                             {0, -1.5, 0.70315664064524318723},
                             {0, -7.25, 5.1899772149562878875},
                             {0, 123.5, 4.8121871094331430726},
                             {0, 1e10, 23.02585092989045684},
                             {1, 1, 1.6449340668482264365},
                             {1, 0.5, 4.9348022005446793094},
                             {1, -2.75, 19.433868949488464162},
                             {2, 1, -2.4041138063191885708},
                             {2, -0.3, 67.639081199883151529},
                             {3, 1, 6.4939394022668291491},
                             {3, -0.5, 193.40909103400243724},
                             {4, 25.5, -0.000015339560019448909248},
                             {7, -3.4, 7990964.6190241007723},
                             {10, 2.5, -156.22959659323299476},
                             {20, 0.125, -2.2439560350624250504e+37},
                             {20, -41.375, 2.1451539598769718457e+27},
                             {100, 3.5, -1.0450358166692752617e+103},
                             {1, 1e8, 1.0000000050000000167e-8}};
  for (const Row& r : derivatives) {
    CAPTURE(r.n);
    CAPTURE(r.x);
    CHECK(near(gamma_derivative(r.n, Real<double>(r.x)).v, r.y));
  }
  meets<double>(FUNCTION(digamma), {{0, -inf},
                                    {-0., inf},
                                    {-1, not_a_number},
                                    {-1e300, not_a_number},
                                    {inf, inf},
                                    {-inf, not_a_number},
                                    {not_a_number, not_a_number}});
  meets<double>("trigamma", trigamma_of,
                {{0, inf}, {-3, inf}, {inf, 0}, {-inf, not_a_number}, {not_a_number, not_a_number}});
  CHECK(std::isnan(gamma_derivative(-1, Real<double>(1)).v));
  // psi_n(x + 1) = psi_n(x) + (-1)^n n! x^-(n + 1), on both sides of 0.
  for (double x = -30.3; x < 30; x += 0.7) {
    double factorial = 1;
    for (int n = 0; n <= 6; ++n, factorial *= -n) {
      const double low = gamma_derivative(n, Real<double>(x)).v, step = factorial * std::pow(x, -n - 1);
      CAPTURE(n);
      CAPTURE(x);
      CHECK(std::abs(gamma_derivative(n, Real<double>(x + 1)).v - low - step) <=
            1e-12 * (std::abs(low) + std::abs(step)));
    }
  }
}

TEST_CASE_TEMPLATE("the sign of a power follows an odd exponent as far as there are any", T, float, double) {
  const T last = 2 / std::numeric_limits<T>::epsilon() - 1;  // the greatest odd number
  const std::vector<T> y = run(pow_of, std::vector<T>(4, -1), {last, last - 1, last + 1, -last});
  CHECK(y == std::vector<T>{-1, 1, 1, -1});
}
