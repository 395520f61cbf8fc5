// check: what is to be known of an activation or a cost before anything is trained with it.
#pragma once
#include "activation_report.hpp"
#include "check_target.hpp"
#include "cost_report.hpp"

namespace xtape::lab {

/// Examines an activation and says what it found: `std::cout << lab::check(f)`.
///
///   lab::check([](auto x) { return x * sigmoid(x); });           // a scalar formula, as `pointwise` takes it
///   lab::check([](const Tensor& x) { return x * sigmoid(x); });  // a function of tensors, of each element
///   lab::check(nn::PReLU());                                     // a module
///   lab::check(f).svg("f.svg");                                  // f, f' and f''
///   lab::check(f).expect(lab::increasing, lab::bounded(0, 1), lab::sound);  // a line of a test
///
/// It looks at a thousand points of [-100, 100], or of a range that is stated, and finds the places between them by
/// bisection; at the first and second derivative by the tape, beside differences; at float32 beside float64; and at
/// what inputs of N(0, 1) become. Facts are what a function is; a warning says that something is wrong. Nothing is
/// drawn at random, so that the same function gets the same report.
///
/// Throws where f does not treat each element by itself, or is not the same in every call.
template <class F, std::enable_if_t<detail::checked::is_activation<F>, int> = 0>
ActivationReport check(const F& f, const ActivationOptions& options = {}, Site site = Site::here()) {
  return detail::check_activation(detail::checked::activation(f, site), options, site);
}

/// Examines a cost, a function of (prediction, target), in the same way: where it is least, whether it is convex, how
/// hard an outlier pulls, and whether its gradient survives a saturated sigmoid before it.
///
///   lab::check([](auto y, auto t) { return log(cosh(y - t)); });
///   lab::check([](const Tensor& y, const Tensor& t) { return nn::mse_loss(y, t); }).expect(lab::convex, lab::sound);
///   lab::check([](const Tensor& z, const Tensor& label) { return nn::cross_entropy(z, label); },
///              lab::CostOptions().classes(3));
///
/// It may give one loss for each element, their mean or their sum.
template <class F, std::enable_if_t<detail::checked::is_cost<F>, int> = 0>
CostReport check(const F& f, const CostOptions& options = {}, Site site = Site::here()) {
  return detail::check_cost(detail::checked::cost(f, site), options, site);
}

/// What is neither does not compile.
template <class F, std::enable_if_t<!detail::checked::is_activation<F> && !detail::checked::is_cost<F>, int> = 0>
CostReport check(const F&) {
  static_assert(
      detail::checked::is_cost<F>,
      "check takes a function of one Tensor, or a cost of two; wrap what takes more: [](const Tensor& y, const "
      "Tensor& t) { return nn::mse_loss(y, t); }");
  return {};
}

}  // namespace xtape::lab
