// Private: a function of numbers, behind a function of tensors.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "../tensor.hpp"

namespace xtape::lab {

using Values = std::vector<double>;
/// A function of numbers, of many at once.
using Numbers = std::function<Values(const Values&)>;

/// A function and its derivatives by the tape at some points.
struct Jet {
  Values value, slope, curvature;
};

/// What a function of tensors does with each number. It is handed columns (n, 1).
class ScalarFunction {
 public:
  using Function = std::function<Tensor(const Tensor&)>;
  /// What f gives for a column: a number for each, or one for all.
  enum class Result { each, sum, mean };

  explicit ScalarFunction(Function f, Result result = Result::each) : f_(std::move(f)), result_(result) {}

  /// In that dtype; what is not asked for, by `order`, stays empty. A derivative that the tape has not is 0.
  Jet jet(const Values& x, Dtype dtype = float64, int order = 2) const;
  Values value(const Values& x) const { return jet(x, float64, 0).value; }
  Values slope(const Values& x, Dtype dtype = float64) const { return derivatives(x, dtype, 1).slope; }
  Values curvature(const Values& x) const { return derivatives(x, float64, 2).curvature; }
  /// Derivative of that order, 0 to 2.
  Numbers derivative(int order) const;

  /// Whether a gradient reaches the input at all.
  bool is_recorded() const;
  /// Why there is no second derivative; empty where there is one.
  std::string second_refused() const;
  /// float32, or float64 where the function refuses it.
  Dtype narrowest() const;
  /// Whether each point costs a call of its own.
  bool is_slow() const { return result_ != Result::each; }

 private:
  Values values_one_by_one(const Values& x, Dtype dtype) const;
  // A jet that has values where they cost nothing.
  Jet derivatives(const Values& x, Dtype dtype, int order) const;

  Function f_;
  Result result_;
};

}  // namespace xtape::lab
