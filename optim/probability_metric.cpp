#include "probability_metric.hpp"

#include <algorithm>
#include <autograd/files/described.hpp>
#include <cmath>

#include "class_batch.hpp"
#include "metric_kind.hpp"

namespace xtape::optim {
using namespace xtape::detail;

Metric calibration_error() { return calibration_error(15); }
Metric calibration_error(std::int64_t bins, const ClassOptions& options, Site site) {
  const char* name = "calibration_error";
  if (bins < 1) fail(name, "bins is " + std::to_string(bins) + ", expected at least 1", site);
  ClassBatch::check(name, ClassBatch::trust, options, site);
  MetricKind kind{name, ClassBatch::describe(name, "bins=" + std::to_string(bins), options), Better::smaller, {}, {},
                  {}};
  kind.initial.counts["count"] = kind.initial.counts["hits"] = Shape{bins};
  kind.initial.sums["confidence"] = Shape{bins};
  kind.update = [=](Gathered& g, const Tensor& output, const Tensor& target) {
    const ClassBatch batch(name, ClassBatch::trust, output, target, options);
    std::vector<double> confidences;
    for (std::int64_t i = 0; i < batch.samples(); ++i) {
      const std::vector<double> p = batch.probabilities(i);
      confidences.push_back(*std::max_element(p.begin(), p.end()));
    }
    for (std::int64_t i = 0; i < batch.samples(); ++i) {
      if (batch.is_ignored(i)) continue;
      const double p = confidences[static_cast<std::size_t>(i)];
      std::int64_t bin = 0;
      while (bin + 1 < bins && p > static_cast<double>(bin + 1) / static_cast<double>(bins)) ++bin;
      ++g.counts["count"][bin];
      g.counts["hits"][bin] += batch.is_binary() ? batch.label(i) == 1 : batch.decision(i) == batch.label(i);
      g.sums["confidence"][bin].add(p);
    }
  };
  kind.value = [=](const Gathered& g) {
    double missed = 0, samples = 0;
    for (std::int64_t b = 0; b < bins; ++b) {
      missed += std::abs(static_cast<double>(g.counts.at("hits")[b]) - g.sums.at("confidence")[b].value());
      samples += static_cast<double>(g.counts.at("count")[b]);
    }
    return missed / samples;
  };
  return make_metric(std::move(kind));
}
double calibration_error(const Tensor& output, const Tensor& target, std::int64_t bins, const ClassOptions& options,
                         Site site) {
  return value_of(calibration_error(bins, options, site), output, target, site);
}

Metric perplexity() { return perplexity(-100); }
Metric perplexity(std::int64_t ignore_index) {
  const char* name = "perplexity";
  const ClassOptions options = ClassOptions().ignore_index(ignore_index);
  return mean_metric(
      name, ClassBatch::describe(name, "", options), Better::smaller,
      [=](const Tensor& logits, const Tensor& labels) {
        const ClassBatch batch(name, ClassBatch::order, logits, labels, options);
        if (batch.is_binary())
          fail(name,
               "the output is " + described(logits) + ", expected logits of several classes, (batch, classes, ...)");
        return batch.each([&](std::int64_t i) { return batch.surprise(i); });
      },
      [](double mean) { return std::exp(mean); });
}
double perplexity(const Tensor& logits, const Tensor& labels, std::int64_t ignore_index, Site site) {
  return value_of(perplexity(ignore_index), logits, labels, site);
}

}  // namespace xtape::optim
