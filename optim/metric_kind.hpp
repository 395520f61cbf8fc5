// Private: what the metrics differ by.
#pragma once
#include <optim/gathered.hpp>
#include <optim/metric.hpp>
#include <optim/named_state.hpp>

// In metric.cpp.
namespace xtape::optim {
using namespace xtape::detail;

/// What a metric gathers and how its value comes of it. One of its counts is "count", the number of samples, unless it
/// keeps scores or has no value.
struct MetricKind {
  std::string name, description;
  Better better;
  Gathered initial;
  /// Throws before it changes anything, or not at all.
  std::function<void(Gathered& so_far, const Tensor& output, const Tensor& target)> update;
  /// Of at least one sample.
  std::function<double(const Gathered& all)> value;
};

Metric make_metric(MetricKind kind);
/// The mean of f's numbers, or `finish` of it.
Metric mean_metric(std::string name, std::string description, Better better, Metric::Function f,
                   double (*finish)(double) = nullptr);
/// The metric's value for one batch.
double value_of(Metric metric, const Tensor& output, const Tensor& target, Site site);

}  // namespace xtape::optim
