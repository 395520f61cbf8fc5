#include "metric.hpp"

#include <algorithm>
#include <autograd/files/described.hpp>
#include <autograd/tape.hpp>
#include <cmath>
#include <utility>

#include "metric_kind.hpp"

namespace xtape::optim {
using namespace xtape::detail;

namespace {

void check_name(const std::string& name, Site site) {
  if (name.empty()) fail("Metric", "the name is empty; it stands for the metric in tables and files", site);
}

// Throws where what a user's function gave would be a wrong mean.
void check_numbers(const std::string& name, const Tensor& y, const Tensor& output, const Tensor& target) {
  auto refuse = [&](const char* expected) {
    fail(name, "the function gives " + described(y) + " for the output " + described(output) + " and the target " +
                   described(target) + expected);
  };
  if (!y.defined()) refuse("; expected numbers");
  const std::int64_t samples = output.rank() == 0 ? 1 : output.shape()[0];
  if (y.rank() == 0 && samples != 1)
    refuse("; expected a number for each sample: one for all would count the same in a smaller batch");
  if (y.size() > std::max(output.size(), target.size()))
    refuse(", more numbers than they have: is one of them stretched beside the other?");
}

}  // namespace

Metric make_metric(MetricKind kind) { return Metric(std::make_shared<const MetricKind>(std::move(kind))); }

Metric mean_metric(std::string name, std::string description, Better better, Metric::Function f,
                   double (*finish)(double)) {
  MetricKind kind{name, std::move(description), better, {}, {}, {}};
  kind.initial.counts["count"] = Shape{};
  kind.initial.sums["sum"] = Shape{};
  kind.update = [name = std::move(name), f = std::move(f)](Gathered& g, const Tensor& output, const Tensor& target) {
    const Tensor y = f(output, target);
    ExactSum sum;
    visit_dtype(y.dtype(), [&](auto type) {
      const auto* v = y.data<decltype(type)>();
      for (std::int64_t i = 0; i < y.size(); ++i) {
        const auto number = static_cast<double>(v[i]);
        if (std::isnan(number)) fail(name, "the number at " + to_string(unravel(i, y.shape())) + " is nan");
        sum.add(number);
      }
    });
    g.sums["sum"][0].add(sum);
    g.counts["count"][0] += y.size();
  };
  kind.value = [finish](const Gathered& g) {
    const double mean = g.sums.at("sum")[0].value() / static_cast<double>(g.counts.at("count")[0]);
    return finish ? finish(mean) : mean;
  };
  return make_metric(std::move(kind));
}

double value_of(Metric metric, const Tensor& output, const Tensor& target, Site site) {
  metric.update(output, target, site);
  return metric.value(site);
}

Metric::Metric(Metric (*make)()) : Metric(make()) {}
Metric::Metric(std::shared_ptr<const MetricKind> kind)
    : name_(kind->name), kind_(std::move(kind)), gathered_(std::make_unique<Gathered>(kind_->initial)) {}
Metric::Metric(std::string name, Function f, Better better, Site site)
    : Metric([&] {
        check_name(name, site);
        if (!f) fail("Metric", "'" + name + "' has no function", site);
        return mean_metric(name, name, better, [name, f = std::move(f)](const Tensor& output, const Tensor& target) {
          const NoGradGuard guard;
          const Tensor y = f(output, target);
          check_numbers(name, y, output, target);
          return y;
        });
      }()) {}
Metric::Metric(const Metric& other)
    : name_(other.name_), kind_(other.kind_), gathered_(std::make_unique<Gathered>(*other.gathered_)) {}
Metric::Metric(Metric&& other) noexcept = default;
Metric& Metric::operator=(const Metric& other) { return *this = Metric(other); }
Metric& Metric::operator=(Metric&& other) noexcept = default;
Metric::~Metric() = default;

Metric Metric::named(std::string name, Site site) const {
  check_name(name, site);
  Metric y = *this;
  y.name_ = std::move(name);
  return y;
}

const std::string& Metric::description() const { return kind_->description; }
bool Metric::larger_is_better() const { return kind_->better == Better::larger; }

void Metric::update(const Tensor& output, const Tensor& target, Site site) {
  const Scope scope(site);
  if (!output.defined() || !target.defined())
    fail(name_, "the output is " + described(output) + ", the target " + described(target));
  kind_->update(*gathered_, output.detach(), target.detach());
}

double Metric::value(Site site) const {
  const Scope scope(site);
  const Gathered& g = *gathered_;
  bool empty = true;
  if (g.keeps_scores) {
    for (const Tensor& x : g.scores) empty &= x.size() == 0;
  } else {
    for (const std::int64_t n : g.counts.at("count").values) empty &= n == 0;
  }
  if (empty) fail(name_, "there is no value before the first sample: update() with a batch comes first");
  const double y = kind_->value(g);
  if (std::isnan(y)) fail(name_, "the value is nan: infinities of both signs are in its sum");
  return y;
}

void Metric::merge(const Metric& other, Site site) {
  const Scope scope(site);
  if (description() != other.description())
    fail(name_, "this is " + description() + ", what is to be merged " + other.description());
  gathered_->merge(name_, *other.gathered_);
}

void Metric::reset() { *gathered_ = kind_->initial; }
StateDict Metric::state_dict() const { return gathered_->state_dict(); }
void Metric::load_state_dict(const StateDict& values, Site site) {
  const Scope scope(site);
  *gathered_ = kind_->initial.loaded(name_, values);
}

}  // namespace xtape::optim
