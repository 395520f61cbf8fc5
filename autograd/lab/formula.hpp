// formula: a scalar formula that prints itself and its derivatives.
#pragma once
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "symbol.hpp"

namespace xtape::detail::symbolic {
class Algebra;
}

namespace xtape::lab {

/// An expression of up to 8 numbers, simplified; what `formula` gives, and its derivatives. One thread at a time.
class Formula {
 public:
  Formula(const detail::symbolic::Written& written, std::vector<std::string> names, Site site);

  /// The names of its arguments.
  const std::vector<std::string>& names() const { return names_; }
  /// "x * sigmoid(x)", in the words of C++ but for x^2; of a long one the parts that repeat are named, a line each
  /// behind it: "  a = 1 + exp(x)".
  std::string text() const { return written(false); }
  /// The same in LaTeX: "x \, \sigma\left( x \right)".
  std::string latex() const { return written(true); }
  /// What it is of the formula, "f''(x)" or "d2f/dx dy".
  std::string label() const { return label(false); }
  std::string latex_label() const { return label(true); }

  /// The derivative with respect to an argument, by its number or its name; at a kink that of one side. Throws when
  /// there is no such argument.
  Formula derivative(std::size_t argument = 0, Site site = Site::here()) const;
  Formula derivative(const std::string& name, Site site = Site::here()) const;

  /// The same of arguments with other names, as they are to be written.
  Formula renamed(std::vector<std::string> names, Site site = Site::here()) const;

  /// Its value, in float64: `f(0.5)`. Throws when the number of arguments is another.
  template <class... A>
  double operator()(A... x) const {
    return value({static_cast<double>(x)...});
  }
  double value(const std::vector<double>& x, Site site = Site::here()) const;

 private:
  std::string written(bool latex) const;
  std::string label(bool latex) const;
  std::shared_ptr<detail::symbolic::Algebra> algebra_;
  std::uint32_t place_ = 0, exact_ = 0;  // simplified, and as it was derived
  std::vector<std::string> names_;
  std::vector<std::size_t> along_;  // the arguments it was derived by
};

/// The formula of a pointwise lambda, found by running it on symbols:
///
///   std::cout << lab::formula([](auto x) { return x * sigmoid(x); });
///
/// prints f, f' and f''. The arguments are x, y and z, or x1, x2, … beyond three, unless names are given: `formula(f,
/// {"a", "t"})`. Throws when the names are not as many as the arguments, or the formula has more than 256 ways through
/// its branches.
template <class F>
Formula formula(const F& f, std::vector<std::string> names = {}, Site site = Site::here()) {
  return Formula(detail::symbolic::write("formula", f, site), std::move(names), site);
}

/// The formula and its first and second derivatives, a line each; of more than three arguments only the first ones.
std::ostream& operator<<(std::ostream& out, const Formula& f);
/// The same as LaTeX's `align*`.
std::string to_latex(const Formula& f);

}  // namespace xtape::lab
