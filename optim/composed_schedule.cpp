#include "composed_schedule.hpp"

#include <algorithm>
#include <utility>

#include "named_options.hpp"

namespace xtape::optim {
namespace {

std::string described(const std::vector<Schedule>& schedules) {
  std::string all;
  for (const Schedule& s : schedules) all += (all.empty() ? "" : ", ") + s.description();
  return "[" + all + "]";
}

// What is left of a total after so many steps, and a length with so many steps before it; 0 is none.
std::int64_t after(std::int64_t steps, std::int64_t total) { return std::max<std::int64_t>(total - steps, 0); }
std::int64_t with(std::int64_t steps, std::int64_t length) { return length > 0 ? steps + length : 0; }

Schedule one_by_one(const std::vector<Schedule>& schedules, const std::vector<std::int64_t>& milestones, Site site) {
  NamedOptions options("Sequential", site);
  options.expect(!schedules.empty() && milestones.size() + 1 == schedules.size(),
                 std::to_string(schedules.size()) + " schedules and " + std::to_string(milestones.size()) +
                     " milestones, expected at least one schedule and one milestone less");
  options.note("schedules", described(schedules)).ascending("milestones", milestones);
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < milestones.size(); begin = milestones[i++]) {
    const Schedule& s = schedules[i];
    const std::int64_t steps = milestones[i] - begin;
    options.expect(s.length() == 0 || s.length() >= steps, s.description() + " ends after " +
                                                               std::to_string(s.length()) + " steps, expected the " +
                                                               std::to_string(steps) + " to its milestone");
    options.expect(s.least_total() <= steps, s.description() + " needs at least " + std::to_string(s.least_total()) +
                                                 " steps, there are " + std::to_string(steps) + " to its milestone");
  }
  return Schedule(
      options,
      [=](std::int64_t t, std::int64_t total, const Rates& initial) {
        const auto next = std::upper_bound(milestones.begin(), milestones.end(), t);
        const std::int64_t begin = next == milestones.begin() ? 0 : *(next - 1);
        const auto i = static_cast<std::size_t>(next - milestones.begin());
        return schedules[i](t - begin, after(begin, next == milestones.end() ? total : *next), initial, site);
      },
      with(begin, schedules.back().length()), with(begin, schedules.back().least_total()));
}

Schedule all_at_once(const std::vector<Schedule>& schedules, Site site) {
  NamedOptions options("Chained", site);
  options.expect(!schedules.empty(), "there are no schedules, expected at least one");
  std::int64_t length = 0, least_total = 0;
  for (const Schedule& s : schedules) {
    if (s.length() > 0) length = length > 0 ? std::min(length, s.length()) : s.length();
    least_total = std::max(least_total, s.least_total());
  }
  return Schedule(
      options.note("schedules", described(schedules)),
      [=](std::int64_t t, std::int64_t total, const Rates& initial) {
        Rates rates{initial.lr, std::nullopt}, base = initial;
        for (const Schedule& s : schedules) {
          const Rates now = s(t, total, base, site);
          base.lr = rates.lr = now.lr;
          if (now.momentum) base.momentum = rates.momentum = now.momentum;
        }
        return rates;
      },
      length, least_total);
}

}  // namespace

WarmUp::WarmUp(std::int64_t steps, Schedule then, Site site)
    : Schedule(
          NamedOptions("WarmUp", site).count("steps", steps, 1).note("then", then.description()),
          [=](std::int64_t t, std::int64_t total, const Rates& initial) {
            Rates rates = then(std::max<std::int64_t>(t - steps, 0), after(steps, total), initial, site);
            if (t < steps) rates.lr *= static_cast<double>(t + 1) / static_cast<double>(steps);
            return rates;
          },
          with(steps, then.length()), with(steps, then.least_total())) {}

Sequential::Sequential(std::vector<Schedule> schedules, std::vector<std::int64_t> milestones, Site site)
    : Schedule(one_by_one(schedules, milestones, site)) {}

Chained::Chained(std::vector<Schedule> schedules, Site site) : Schedule(all_at_once(schedules, site)) {}

}  // namespace xtape::optim
