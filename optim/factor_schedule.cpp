#include "factor_schedule.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "named_options.hpp"

namespace xtape::optim {
namespace {

// lr = lr_0 factor(t, total).
template <class F>
Schedule::Function scaled(F factor) {
  return [factor](std::int64_t t, std::int64_t total, const Rates& initial) {
    return Rates{initial.lr * factor(t, total), std::nullopt};
  };
}

// How much of `length`, or else of the whole training, is over at step t.
double share(std::int64_t t, std::optional<std::int64_t> length, std::int64_t total) {
  return static_cast<double>(t) / static_cast<double>(length.value_or(total));
}

}  // namespace

Constant::Constant(double factor, std::optional<std::int64_t> total_iters, Site site)
    : Schedule(NamedOptions("Constant", site).from_0("factor", factor).length("total_iters", total_iters),
               scaled([=](std::int64_t t, std::int64_t) { return total_iters && t >= *total_iters ? 1 : factor; })) {}

Step::Step(std::int64_t step_size, double gamma, Site site)
    : Schedule(NamedOptions("Step", site).count("step_size", step_size, 1).positive("gamma", gamma),
               scaled([=](std::int64_t t, std::int64_t) { return std::pow(gamma, t / step_size); })) {}

MultiStep::MultiStep(std::vector<std::int64_t> milestones, double gamma, Site site)
    : Schedule(NamedOptions("MultiStep", site).ascending("milestones", milestones).positive("gamma", gamma),
               scaled([milestones, gamma](std::int64_t t, std::int64_t) {
                 return std::pow(gamma, std::upper_bound(milestones.begin(), milestones.end(), t) - milestones.begin());
               })) {}

Exponential::Exponential(double gamma, Site site)
    : Schedule(NamedOptions("Exponential", site).positive("gamma", gamma),
               scaled([=](std::int64_t t, std::int64_t) { return std::pow(gamma, t); })) {}

Polynomial::Polynomial(std::optional<std::int64_t> total_iters, double power, Site site)
    : Schedule(
          NamedOptions("Polynomial", site).length("total_iters", total_iters).positive("power", power),
          scaled([=](std::int64_t t, std::int64_t total) { return std::pow(1 - share(t, total_iters, total), power); }),
          total_iters.value_or(0), total_iters ? 0 : 1) {}

Linear::Linear(double start_factor, double end_factor, std::optional<std::int64_t> total_iters, Site site)
    : Schedule(NamedOptions("Linear", site)
                   .from_0("start_factor", start_factor)
                   .from_0("end_factor", end_factor)
                   .length("total_iters", total_iters),
               scaled([=](std::int64_t t, std::int64_t total) {
                 return start_factor + (end_factor - start_factor) * std::min(share(t, total_iters, total), 1.);
               }),
               0, total_iters ? 0 : 1) {}

Lambda::Lambda(std::function<double(std::int64_t t)> lr_lambda, Site site)
    : Schedule(NamedOptions("Lambda", site).expect(static_cast<bool>(lr_lambda), "there is no function"),
               scaled([lr_lambda](std::int64_t t, std::int64_t) { return lr_lambda(t); })) {}

}  // namespace xtape::optim
