#include "ranking_metric.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "class_batch.hpp"
#include "metric_kind.hpp"

namespace xtape::optim {
using namespace xtape::detail;

namespace {

// How many samples have one score, and how many of them are of the class.
struct Group {
  std::int64_t all, hits;
};

// Those of a column, the largest score first.
std::vector<Group> ranked(const Gathered& g, std::int64_t column) {
  std::vector<std::pair<double, std::int64_t>> samples;  // score, mark
  for (std::size_t k = 0; k < g.scores.size(); ++k) {
    const auto* score = g.scores[k].data<double>();
    const auto* mark = g.marks[k].data<std::uint8_t>();
    for (std::int64_t i = column; i < g.scores[k].size(); i += g.columns) samples.emplace_back(score[i], mark[i]);
  }
  std::sort(samples.begin(), samples.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<Group> groups;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (i == 0 || samples[i].first != samples[i - 1].first) groups.push_back({0, 0});
    groups.back().all += 1, groups.back().hits += samples[i].second;
  }
  return groups;
}

Group total(const std::vector<Group>& groups) {
  Group y{0, 0};
  for (const Group& g : groups) y.all += g.all, y.hits += g.hits;
  return y;
}

std::optional<double> area(const std::vector<Group>& groups) {
  const auto [all, positive] = total(groups);
  const std::int64_t negative = all - positive;
  if (positive == 0 || negative == 0) return {};
  // Twice the number of pairs in the right order.
  std::int64_t wins = 0, below = negative;
  for (const Group& g : groups) {
    below -= g.all - g.hits;
    wins += g.hits * (2 * below + (g.all - g.hits));
  }
  return static_cast<double>(wins) / (2 * static_cast<double>(positive) * static_cast<double>(negative));
}

std::optional<double> mean_precision(const std::vector<Group>& groups) {
  const std::int64_t positive = total(groups).hits;
  if (positive == 0) return 0;
  ExactSum sum;
  Group above{0, 0};
  for (const Group& g : groups) {
    above.all += g.all, above.hits += g.hits;
    sum.add(static_cast<double>(g.hits) * static_cast<double>(above.hits) / static_cast<double>(above.all));
  }
  return sum.value() / static_cast<double>(positive);
}

// The mean of what each column gives, if anything.
Metric ranking(const char* name, const ClassOptions& options, Site site,
               std::optional<double> (*of_column)(const std::vector<Group>&)) {
  ClassBatch::check(name, ClassBatch::rank, options, site);
  MetricKind kind{name, ClassBatch::describe(name, "", options), Better::larger, {}, {}, {}};
  kind.initial.keeps_scores = true;
  kind.update = [=](Gathered& g, const Tensor& output, const Tensor& target) {
    const ClassBatch batch(name, ClassBatch::rank, output, target, options);
    const std::int64_t columns = batch.columns();
    std::vector<double> scores;
    std::vector<std::uint8_t> marks;
    for (std::int64_t i = 0; i < batch.samples(); ++i) {
      if (batch.is_ignored(i)) continue;
      // A sigmoid would change no order, only make some scores equal.
      const bool as_they_are = columns == 1 || batch.is_multilabel();
      const std::vector<double> row = as_they_are ? batch.scores(i) : batch.probabilities(i);
      scores.insert(scores.end(), row.begin(), row.end());
      for (std::int64_t c = 0; c < columns; ++c) marks.push_back(batch.is_of(i, c));
    }
    g.meet(name, output, columns);
    const auto samples = static_cast<std::int64_t>(scores.size()) / columns;
    g.scores.push_back(tensor(scores, {samples, columns}));
    g.marks.push_back(tensor(marks, {samples, columns}));
  };
  kind.value = [=](const Gathered& g) {
    double sum = 0, columns = 0;
    for (std::int64_t c = 0; c < g.columns; ++c)
      if (const std::optional<double> y = of_column(ranked(g, c))) sum += *y, columns += 1;
    if (columns == 0)
      fail(name, "all samples are of one class, or of every class: there are none to rank them against");
    return sum / columns;
  };
  return make_metric(std::move(kind));
}

}  // namespace

Metric auroc() { return auroc(ClassOptions()); }
Metric auroc(const ClassOptions& options, Site site) { return ranking("auroc", options, site, area); }
double auroc(const Tensor& output, const Tensor& target, const ClassOptions& options, Site site) {
  return value_of(auroc(options, site), output, target, site);
}

Metric average_precision() { return average_precision(ClassOptions()); }
Metric average_precision(const ClassOptions& options, Site site) {
  return ranking("average_precision", options, site, mean_precision);
}
double average_precision(const Tensor& output, const Tensor& target, const ClassOptions& options, Site site) {
  return value_of(average_precision(options, site), output, target, site);
}

}  // namespace xtape::optim
