// Symbol: what a scalar formula is run on to see what it computes: a graph of operations in place of a number.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../core/shape.hpp"
#include "../scalar/dual.hpp"

namespace xtape::detail::symbolic {

// The functions of <autograd/scalar/dual.hpp>, of one number and of two.
// clang-format off
#define XTAPE_FUNCTIONS_OF_ONE(X) \
  X(abs) X(acos) X(acosh) X(asin) X(asinh) X(atan) X(atanh) X(cbrt) X(cbrt_slope) X(ceil) X(cos) X(cosh) \
  X(erf) X(erfc) X(exp) X(exp2) X(expm1) X(floor) X(frac) X(log) X(log10) X(log1p) X(log2) X(log_sigmoid) \
  X(logistic_density) X(normal_cdf) X(reciprocal) X(reciprocal_one_minus_square) X(reciprocal_one_plus_square) \
  X(relu) X(round) X(rsqrt) X(rsqrt_one_minus_square) X(rsqrt_one_plus_square) X(rsqrt_square_minus_one) \
  X(sec_squared) X(sigmoid) X(sign) X(silu) X(sin) X(sinh) X(softplus) X(sqrt) X(square) X(tan) X(tanh) \
  X(tanhshrink) X(trunc)
// clang-format on
#define XTAPE_FUNCTIONS_OF_TWO(X) \
  X(atan2)                        \
  X(copysign)                     \
  X(cosine)                       \
  X(exp_square)                   \
  X(fmod) X(hypot) X(max) X(min) X(over_square_sum) X(pow) X(quotient) X(quotient_below) X(remainder) X(share)

enum class Op : std::uint8_t {
  number,
  argument,
  add,
  sub,
  mul,
  div,
  neg,
  less,
  greater,
  less_equal,
  greater_equal,
  equal,
  not_equal,
  logical_and,
  logical_or,
  logical_not,
  isnan,
  isinf,
  isfinite,
  where,
  clamp,
#define XTAPE_ENUMERATOR(f) f,
  XTAPE_FUNCTIONS_OF_ONE(XTAPE_ENUMERATOR) XTAPE_FUNCTIONS_OF_TWO(XTAPE_ENUMERATOR)
#undef XTAPE_ENUMERATOR
};
/// "log1p"; of an operator its sign.
const char* name_of(Op op);

/// An operation on others, which are known by their place in the graph.
struct Node {
  Op op;
  double number;  // its value, or which argument it is
  std::vector<std::uint32_t> of;
  Site site;  // the user's line
};

/// Each operation once: what is computed twice is one node.
class Graph {
 public:
  std::uint32_t add(Op op, double number, std::vector<std::uint32_t> of, Site site = {});
  const Node& operator[](std::uint32_t i) const { return nodes_[i]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(nodes_.size()); }

 private:
  std::deque<Node> nodes_;
  std::unordered_map<std::string, std::uint32_t> places_;
};

class Condition;

/// A value in the graph that the running formula writes, or a number.
class Symbol {
 public:
  /// What operations take: a Symbol or a number, and the line of the call.
  struct Operand {
    Operand(const Symbol& x, const char* file = __builtin_FILE(), int line = __builtin_LINE())
        : place(x.place), site{file, line} {}
    template <class S, class = std::enable_if_t<std::is_arithmetic_v<S>>>
    Operand(S number, const char* file = __builtin_FILE(), int line = __builtin_LINE())
        : place(place_of(static_cast<double>(number))), site{file, line} {}
    std::uint32_t place;
    Site site;
  };

  Symbol() : place(place_of(0)) {}
  template <class S, class = std::enable_if_t<std::is_arithmetic_v<S>>>
  Symbol(S number) : place(place_of(static_cast<double>(number))) {}
  static Symbol at(std::uint32_t place);
  /// op of the operands, at the first one's line.
  static Symbol of(Op op, std::initializer_list<Operand> operands);

  friend Symbol operator+(Operand a, Operand b) { return of(Op::add, {a, b}); }
  friend Symbol operator-(Operand a, Operand b) { return of(Op::sub, {a, b}); }
  friend Symbol operator*(Operand a, Operand b) { return of(Op::mul, {a, b}); }
  friend Symbol operator/(Operand a, Operand b) { return of(Op::div, {a, b}); }
  friend Symbol operator-(Operand a) { return of(Op::neg, {a}); }

  friend Condition operator<(Operand a, Operand b);
  friend Condition operator>(Operand a, Operand b);
  friend Condition operator<=(Operand a, Operand b);
  friend Condition operator>=(Operand a, Operand b);
  friend Condition operator==(Operand a, Operand b);
  friend Condition operator!=(Operand a, Operand b);
  friend Condition isnan(Operand x);
  friend Condition isinf(Operand x);
  friend Condition isfinite(Operand x);

  friend Symbol where(const Condition& condition, Operand a, Operand b);
  friend Symbol where(bool condition, Operand a, Operand b) { return at(condition ? a.place : b.place); }
  friend Symbol clamp(Operand x, Operand low, Operand high) { return of(Op::clamp, {x, low, high}); }
  friend Symbol softplus(Operand x, Operand beta, Operand threshold);
#define XTAPE_OF_ONE(f) \
  friend Symbol f(Operand x) { return of(Op::f, {x}); }
#define XTAPE_OF_TWO(f) \
  friend Symbol f(Operand a, Operand b) { return of(Op::f, {a, b}); }
  XTAPE_FUNCTIONS_OF_ONE(XTAPE_OF_ONE)
  XTAPE_FUNCTIONS_OF_TWO(XTAPE_OF_TWO)
#undef XTAPE_OF_ONE
#undef XTAPE_OF_TWO

  std::uint32_t place;

 private:
  static std::uint32_t place_of(double number);
};

/// A comparison. An `if` on one runs the formula once each way.
class Condition {
 public:
  Condition(bool known);
  explicit Condition(Symbol truth) : place(truth.place) {}
  operator bool() const;

  friend Condition operator&&(const Condition& a, const Condition& b);
  friend Condition operator||(const Condition& a, const Condition& b);
  friend Condition operator&(const Condition& a, const Condition& b) { return a && b; }
  friend Condition operator|(const Condition& a, const Condition& b) { return a || b; }
  friend Condition operator!(const Condition& a);

  std::uint32_t place;
};

/// The formula on numbers: its value and, behind it, its derivatives, by the rules of `pointwise` in dtype.
using Numbers = std::function<std::vector<double>(const std::vector<double>& x, Dtype dtype)>;

/// What a formula computes of its arguments.
struct Written {
  std::shared_ptr<Graph> graph;
  std::uint32_t result = 0;
  std::size_t arguments = 0;
  Numbers numbers{};
};
/// Runs f on symbols, once for each way through its branches. Throws when these are more than 256.
Written write(const char* op, std::size_t arguments, const std::function<Symbol(const std::vector<Symbol>&)>& f,
              Site site);

template <class F, std::size_t... I>
constexpr bool takes(std::index_sequence<I...>) {
  return std::is_invocable_v<const F&, std::enable_if_t<(I >= 0), Symbol>...>;
}
/// How many numbers the formula F takes, the least where there is a choice; 0 if it takes none up to 8.
template <class F, std::size_t N = 1>
constexpr std::size_t arity() {
  if constexpr (takes<F>(std::make_index_sequence<N>{})) return N;
  else if constexpr (N < 8) return arity<F, N + 1>();
  else return 0;
}
template <class T, class F, std::size_t... I>
std::vector<double> numbers_of(const F& f, const std::vector<double>& x, std::index_sequence<I...>) {
  using Number = kernel::Real<T>;
  const auto along = [&](std::size_t k) {
    return kernel::Dual<Number>(f(kernel::Dual<Number>(x[I], Number(static_cast<int>(I == k)))...));
  };
  return {static_cast<double>(along(0).v.v), static_cast<double>(along(I).d.v)...};
}
template <class F, std::size_t... I>
Written write(const char* op, const F& f, std::index_sequence<I...> places, Site site) {
  Written w = write(
      op, sizeof...(I), [&f](const std::vector<Symbol>& x) -> Symbol { return f(x[I]...); }, site);
  w.numbers = [f, places](const std::vector<double>& x, Dtype dtype) {
    return dtype == float32 ? numbers_of<float>(f, x, places) : numbers_of<double>(f, x, places);
  };
  return w;
}

template <class F, class = void>
inline constexpr bool is_generic = std::is_class_v<F>;
template <class F>
inline constexpr bool is_generic<F, std::void_t<decltype(&F::operator())>> = false;

template <class F>
Written write(const char* op, const F& f, Site site) {
  static_assert(is_generic<F>, "a formula must be generic, such as [](auto x) { return x * sigmoid(x); }");
  if constexpr (is_generic<F>) {
    static_assert(arity<F>() > 0, "a formula takes 1 to 8 numbers, [](auto x, auto y) for two");
    if constexpr (arity<F>() > 0) return write(op, f, std::make_index_sequence<arity<F>()>{}, site);
  }
  return {};
}

}  // namespace xtape::detail::symbolic
