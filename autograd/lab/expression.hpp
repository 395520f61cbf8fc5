// Private: what a formula computes as an expression that can be differentiated, simplified and printed.
#pragma once
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "symbol.hpp"

namespace xtape::detail::symbolic {

using Id = std::uint32_t;

/// Expressions in one form: a sum is flat, each of its terms is there once, with a number in front; so are a product
/// and its powers. Helpers such as `silu` are written out. Sums and products are Op::add and Op::mul of any number of
/// operands, of a product the number first; what is divided by is a power -1. Which order they were written in first is
/// kept for the reader.
class Algebra {
 public:
  Algebra();

  const Node& operator[](Id x) const { return graph_[x]; }
  /// Whether x is a number, and which.
  bool is_number(Id x) const { return graph_[x].op == Op::number; }
  bool is_number(Id x, double v) const { return is_number(x) && graph_[x].number == v; }
  double number_of(Id x) const { return graph_[x].number; }

  Id number(double v) { return graph_.add(Op::number, v == 0 ? 0 : v, {}); }
  Id argument(std::size_t i) { return graph_.add(Op::argument, static_cast<double>(i), {}); }
  Id sum(const std::vector<Id>& terms);
  Id product(const std::vector<Id>& factors);
  Id power_of(Id base, Id exponent);
  Id power(Id base, double exponent) { return power_of(base, number(exponent)); }
  Id opposite(Id sum);
  Id negated(Id x) { return product({number(-1), x}); }
  Id quotient(Id a, Id b) { return product({a, power(b, -1)}); }
  Id where(Id condition, Id a, Id b);
  /// op of the operands, whatever it is.
  Id call(Op op, const std::vector<Id>& x);

  /// The expression of a formula.
  Id of(const Written& formula);
  /// d f / d argument.
  Id derivative(Id f, std::size_t argument);
  /// The shortest of the forms that are tried: with common factors collected, multiplied out, as it is.
  Id simplified(Id x);
  /// How long it is to read, with shared parts counted as often as they are read.
  double length(Id x);
  /// Its value at arguments, in float64.
  double value(Id x, const std::vector<double>& arguments) const;

  /// A product as a number and powers of what is no product; a sum's terms are got by `terms`.
  struct Factors {
    double number = 1;
    std::vector<std::pair<Id, double>> powers;
  };
  Factors factors(Id x) const;
  Id product(const Factors& f);
  std::vector<Id> terms(Id x) const;
  /// All that x is made of, operands before what is made of them.
  std::vector<Id> below(Id x) const;

 private:
  Id intern(Op op, std::vector<Id> x);
  void multiply(Factors& into, std::vector<Id>& exponents, Id x, double power);
  bool is_negative(Id x) const;
  double content(Id sum) const;
  Id divided(Id term, double by);
  Id derivative_of(Id f, std::size_t argument);
  Id simplified_sum(Id x);
  Id collected(Id sum);
  Id grouped(Id sum);
  Id expanded(Id x);

  Graph graph_;
  std::map<std::pair<Op, std::vector<Id>>, Id> unordered_;  // sums and products by their sorted operands
  std::map<std::pair<Id, std::size_t>, Id> derivatives_;
  std::unordered_map<Id, Id> simplified_, opposites_;
  std::unordered_map<Id, double> lengths_;
};

/// How an expression is written.
struct Writing {
  const std::vector<std::string>& names;  // of the arguments
  bool latex = false;
  std::unordered_map<Id, std::string> named{};  // parts that are written by a name
};
std::string text_of(Algebra& algebra, Id x, const Writing& writing);

/// The value of an operation on numbers.
double value_of(Op op, const std::vector<double>& x);

}  // namespace xtape::detail::symbolic
