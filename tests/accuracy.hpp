// How far values and derivatives are from exact ones, which accuracy/make.py computed and accuracy/SUBJECT.txt holds.
#pragma once
#include <array>
#include <functional>
#include <set>
#include <string>
#include <vector>
#include <xtape.hpp>

namespace accuracy {

using namespace xtape;
using Function = std::function<Tensor(const Tensors&)>;

/// A number as accuracy/cells.py writes it: the exact one is `sign (value + rest)` units of the last place.
struct Cell {
  enum Kind { unasked, not_a_number, infinite, finite } kind = unasked;
  double value = 0;  ///< rounded toward 0, or an infinity
  double rest = 0;   ///< what is lacking, away from 0
  double unit = 1;   ///< what errors are measured in
};
/// Reads one.
Cell cell(const std::string& text, Dtype dtype);
/// How far y is from it, in its units; 0 where nothing is asked.
double error(double y, const Cell& exact);

/// The exact results of one function in one dtype: per point the arguments, and then value and derivatives.
struct Known {
  std::string name, libtorch;
  Dtype dtype;
  std::vector<std::vector<double>> arguments;  ///< of each argument
  std::vector<std::vector<Cell>> results;  ///< value; first derivatives; second derivatives, of d2/dada, d2/dadb …
};
std::vector<Known> known(const std::string& subject);

/// The largest errors of value, first and second derivatives, in units, and the arguments where they are.
struct Errors {
  std::array<double, 3> most{};
  std::array<std::string, 3> at;
};

/// The gradients of a scalar y, zeros where it does not depend on one.
Tensors derivative(const Tensor& y, const Tensors& of, GradFlags flags);
/// With the digits that tell floats apart.
std::string shown(double v);

/// What is printed for scripts/accuracy.
void print_row(const std::string& subject, const Known& row, const Errors& e);

/// Where a bound is not held, which one is instead, and why.
struct Exception {
  const char* name;
  Dtype dtype;
  int order;
  double bound;
  const char* reason;
};
/// At most one row in twenty has any.
extern const std::vector<Exception> exceptions;
/// Checks errors against bounds of value, first and second derivatives, or against the exceptions.
void check(const Known& row, const Errors& e, const std::array<double, 3>& bounds);

/// What has no row, and why.
struct Unmeasured {
  std::string name;
  const char* reason;
};
/// Checks that each of the functions in those sections of a page of docs for which `asks` holds of its line, at least
/// so many, is among the rows' first words or among what needs none.
void check_measured(const std::vector<std::string>& rows, const std::vector<Unmeasured>& unmeasured,
                    const std::string& page, const std::set<std::string>& sections,
                    const std::function<bool(const std::string&)>& asks, int at_least);
/// Whether the page of operations says that derivatives are checked.
bool is_differentiable(const std::string& line);

}  // namespace accuracy
