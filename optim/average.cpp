#include "average.hpp"

#include <autograd/kernels/loops.hpp>
#include <autograd/ops/creation.hpp>
#include <utility>

#include "named_state.hpp"

namespace xtape::optim {
using namespace xtape::detail;

WeightAverage::WeightAverage(const char* name, std::vector<Parameter> parameters, Site site)
    : name_(name), parameters_(each_once(name, std::move(parameters), site)) {
  for (const Parameter& p : parameters_) averages_.emplace_back(zeros(p.shape(), float64));
}

void WeightAverage::update() {
  const double weight = share(count_++);
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Tensor value = parameters_[i].tensor().detach();
    double* average = averages_[i].mutable_data<double>();
    visit_floating(value.dtype(), [&](auto type) {
      using T = decltype(type);
      const T* x = value.data<T>();
      for (std::int64_t k = 0; k < value.size(); ++k) average[k] += weight * (static_cast<double>(x[k]) - average[k]);
    });
  }
}

SwappedValues WeightAverage::show(Site site) const {
  if (count_ == 0) fail(name_, "there is no average before the first update()", site);
  Tensors values;
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    values.push_back(averages_[i].tensor().detach().to(parameters_[i].dtype()));
  return SwappedValues(parameters_, values, site);
}

StateDict WeightAverage::state_dict() const {
  StateDict values{{"count", tensor(count_)}};
  const std::vector<std::string> names = names_of(parameters_);
  for (std::size_t i = 0; i < names.size(); ++i) values[names[i] + ".average"] = averages_[i].tensor().detach();
  return values;
}

void WeightAverage::load_state_dict(const StateDict& values, Site site) {
  StateTaker take(values);
  const Tensor count = take("count", int64, {});
  Tensors taken;
  const std::vector<std::string> names = names_of(parameters_);
  for (std::size_t i = 0; i < names.size(); ++i)
    taken.push_back(take(names[i] + ".average", float64, parameters_[i].shape()));
  take.done(name_, site);
  count_ = count.item<std::int64_t>();
  for (std::size_t i = 0; i < taken.size(); ++i) averages_[i] = Parameter(taken[i]);
}

ExponentialMovingAverage::ExponentialMovingAverage(std::vector<Parameter> parameters, double decay, Site site)
    : WeightAverage("ExponentialMovingAverage", std::move(parameters), site), decay_(decay) {
  if (!(decay >= 0 && decay < 1))
    fail("ExponentialMovingAverage", "decay is " + std::to_string(decay) + ", expected a number in [0, 1)", site);
}

StochasticWeightAverage::StochasticWeightAverage(std::vector<Parameter> parameters, Site site)
    : WeightAverage("StochasticWeightAverage", std::move(parameters), site) {}

}  // namespace xtape::optim
