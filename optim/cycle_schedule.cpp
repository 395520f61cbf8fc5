#include "cycle_schedule.hpp"

#include <cmath>

#include "named_options.hpp"

namespace xtape::optim {
namespace {

// From `from` at s = 0 to `to` at s = 1 along half a cosine.
double half_cosine(double from, double to, double s) { return to + (from - to) / 2 * (1 + std::cos(M_PI * s)); }

}  // namespace

Cosine::Cosine(std::optional<std::int64_t> T_max, double eta_min, Site site)
    : Schedule(
          NamedOptions("Cosine", site).length("T_max", T_max).from_0("eta_min", eta_min),
          [=](std::int64_t t, std::int64_t total, const Rates& initial) {
            const auto length = static_cast<double>(T_max.value_or(total));
            return Rates{half_cosine(initial.lr, eta_min, static_cast<double>(t) / length), std::nullopt};
          },
          T_max.value_or(0), T_max ? 0 : 1) {}

CosineWarmRestarts::CosineWarmRestarts(std::int64_t T_0, std::int64_t T_mult, double eta_min, Site site)
    : Schedule(NamedOptions("CosineWarmRestarts", site)
                   .count("T_0", T_0, 1)
                   .count("T_mult", T_mult, 1)
                   .from_0("eta_min", eta_min),
               [=](std::int64_t t, std::int64_t, const Rates& initial) {
                 auto since = static_cast<double>(T_mult > 1 ? t : t % T_0), length = static_cast<double>(T_0);
                 for (; since >= length; length *= static_cast<double>(T_mult)) since -= length;
                 return Rates{half_cosine(initial.lr, eta_min, since / length), std::nullopt};
               }) {}

OneCycle::OneCycle(OneCycleOptions o, Site site)
    : Schedule(
          NamedOptions("OneCycle", site)
              .positive("max_lr", o.max_lr_)
              .length("total_steps", o.total_steps_)
              .number("pct_start", o.pct_start_, o.pct_start_ >= 0 && o.pct_start_ <= (o.three_phase_ ? 0.5 : 1),
                      o.three_phase_ ? "a number in [0, 0.5] with three phases" : "a number in [0, 1]")
              .positive("div_factor", o.div_factor_)
              .positive("final_div_factor", o.final_div_factor_)
              .below_1("base_momentum", o.base_momentum_)
              .number("max_momentum", o.max_momentum_, o.max_momentum_ >= o.base_momentum_ && o.max_momentum_ < 1,
                      "a number in [base_momentum, 1)")
              .note("anneal_strategy", o.anneal_ == Anneal::cos ? "cos" : "linear")
              .note("cycle_momentum", o.cycle_momentum_ ? "true" : "false")
              .note("three_phase", o.three_phase_ ? "true" : "false"),
          [o](std::int64_t t, std::int64_t total, const Rates& initial) {
            const auto steps = static_cast<double>(o.total_steps_.value_or(total)), at = static_cast<double>(t);
            const double first = o.max_lr_ / o.div_factor_, last = first / o.final_div_factor_;
            const double top = o.pct_start_ * steps - 1, down = 2 * o.pct_start_ * steps - 2, end = steps - 1;
            // The phase from step `since` to `until`, in which the rate goes from `lr` and momentum from `m`.
            auto phase = [&](double since, double until, double lr, double to_lr, double m, double to_m) {
              const double s = until > since ? (at - since) / (until - since) : 1;
              auto between = [&](double a, double b) {
                return o.anneal_ == Anneal::cos ? half_cosine(a, b, s) : a + (b - a) * s;
              };
              Rates rates{between(lr, to_lr), std::nullopt};
              if (o.cycle_momentum_ && initial.momentum) rates.momentum = between(m, to_m);
              return rates;
            };
            const double low = o.base_momentum_, high = o.max_momentum_;
            if (at <= top) return phase(0, top, first, o.max_lr_, high, low);
            if (!o.three_phase_) return phase(top, end, o.max_lr_, last, low, high);
            if (at <= down) return phase(top, down, o.max_lr_, first, low, high);
            return phase(down, end, first, last, high, high);
          },
          o.total_steps_.value_or(0), o.total_steps_ ? 0 : 1) {}

Cyclic::Cyclic(CyclicOptions o, Site site)
    : Schedule(NamedOptions("Cyclic", site)
                   .from_0("base_lr", o.base_lr_)
                   .number("max_lr", o.max_lr_, o.max_lr_ >= o.base_lr_ && std::isfinite(o.max_lr_),
                           "a finite number of at least base_lr")
                   .count("step_size_up", o.step_size_up_, 1)
                   .length("step_size_down", o.step_size_down_)
                   .note("mode", o.mode_ == CyclicMode::triangular    ? "triangular"
                                 : o.mode_ == CyclicMode::triangular2 ? "triangular2"
                                                                      : "exp_range")
                   .number("gamma", o.gamma_, o.gamma_ > 0 && o.gamma_ <= 1, "a number in (0, 1]")
                   .below_1("base_momentum", o.base_momentum_)
                   .number("max_momentum", o.max_momentum_, o.max_momentum_ >= o.base_momentum_ && o.max_momentum_ < 1,
                           "a number in [base_momentum, 1)")
                   .note("cycle_momentum", o.cycle_momentum_ ? "true" : "false"),
               [o](std::int64_t t, std::int64_t, const Rates& initial) {
                 const std::int64_t up = o.step_size_up_, down = o.step_size_down_.value_or(up);
                 const std::int64_t cycle = t / (up + down), at = t % (up + down);
                 double height = at <= up ? static_cast<double>(at) / static_cast<double>(up)
                                          : static_cast<double>(up + down - at) / static_cast<double>(down);
                 if (o.mode_ == CyclicMode::triangular2) height *= std::exp2(-static_cast<double>(cycle));
                 if (o.mode_ == CyclicMode::exp_range) height *= std::pow(o.gamma_, t);
                 Rates rates{o.base_lr_ + (o.max_lr_ - o.base_lr_) * height, std::nullopt};
                 if (o.cycle_momentum_ && initial.momentum)
                   rates.momentum = o.max_momentum_ - (o.max_momentum_ - o.base_momentum_) * height;
                 return rates;
               }) {}

}  // namespace xtape::optim
