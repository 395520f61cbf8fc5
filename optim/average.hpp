// Averages of the weights along a training, to judge and to save a model by.
#pragma once
#include <autograd/parameter.hpp>
#include <autograd/state_dict.hpp>
#include <optim/swapped_values.hpp>
#include <vector>

namespace xtape::optim {

/// What both averages share: `update()` after each step, `{ auto scope = average.show(); evaluate(model); }` to have
/// the model show them. Sums are kept in float64. Buffers, such as the statistics of a batch normalisation, are the
/// model's own: run some batches through it in training mode within the scope where it has such.
class WeightAverage {
 public:
  virtual ~WeightAverage() = default;
  /// Takes the parameters' values in.
  void update();
  /// How many were taken in.
  std::int64_t count() const { return count_; }
  /// While the result lives, the parameters show their averages. Throws before the first `update`.
  [[nodiscard]] SwappedValues show(Site site = Site::here()) const;
  /// Count and averages, by the parameters' names, or their places where those are not there or twice.
  StateDict state_dict() const;
  /// Throws when a name is missing, unexpected or of another shape, and changes nothing then.
  void load_state_dict(const StateDict& values, Site site = Site::here());

 protected:
  WeightAverage(const char* name, std::vector<Parameter> parameters, Site site);
  /// The share of a new value in the average, where `count` were taken in before.
  virtual double share(std::int64_t count) const = 0;

 private:
  const char* name_;
  std::vector<Parameter> parameters_;
  std::vector<Parameter> averages_;  // float64
  std::int64_t count_ = 0;
};

/// a <- decay a + (1 - decay) p, beginning with a = p at the first update. Source: Polyak and Juditsky, 1992.
class ExponentialMovingAverage : public WeightAverage {
 public:
  /// Throws unless decay is in [0, 1).
  ExponentialMovingAverage(std::vector<Parameter> parameters, double decay = 0.999, Site site = Site::here());

 protected:
  double share(std::int64_t count) const override { return count == 0 ? 1 : 1 - decay_; }

 private:
  double decay_;
};

/// a <- a + (p - a) / (n + 1): the mean of what was taken in. Source: Izmailov et al., UAI 2018.
class StochasticWeightAverage : public WeightAverage {
 public:
  explicit StochasticWeightAverage(std::vector<Parameter> parameters, Site site = Site::here());

 protected:
  double share(std::int64_t count) const override { return 1 / (static_cast<double>(count) + 1); }
};

}  // namespace xtape::optim
