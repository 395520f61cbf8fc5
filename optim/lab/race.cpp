#include "race.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "statistics.hpp"

namespace xtape::lab {
namespace {

constexpr double level = 0.05;

}  // namespace

Race::Race(std::vector<Runner>& runners, const Comparison& table) : runners_(runners), table_(table) {
  for (std::size_t a = 0; a < runners.size(); ++a)
    for (std::size_t b = a + 1; b < runners.size(); ++b)
      if (table.baseline.empty() || runners[a].name == table.baseline || runners[b].name == table.baseline)
        pairs_.push_back({a, b});
}

std::vector<double> Race::differences(const Pair& pair) const {
  const auto &first = runners_[pair.first].figures, &second = runners_[pair.second].figures;
  std::vector<double> all;
  for (const auto& [seed, figure] : first)
    if (const auto other = second.find(seed); other != second.end()) all.push_back(figure - other->second);
  return all;
}

void Race::look(std::int64_t seeds) {
  std::vector<double> p;
  for (Pair& pair : pairs_) {
    if (runners_[pair.first].running && runners_[pair.second].running) {
      pair.least_p = std::min(pair.least_p, paired_p(differences(pair)) / share_of_look(seeds, table_.looks));
    }
    p.push_back(pair.least_p);
  }
  p = holm(p);
  for (std::size_t i = 0; i < p.size(); ++i) pairs_[i].p_of_all = p[i];
  for (const Pair& pair : pairs_) {
    if (pair.p_of_all > level) continue;
    const std::size_t worse =
        (Sample(differences(pair)).mean < 0) == table_.larger_is_better ? pair.first : pair.second;
    const std::size_t other = runners_[pair.first].name == table_.baseline ? pair.second : pair.first;
    runners_[table_.baseline.empty() ? worse : other].running = false;
  }
  for (Runner& runner : runners_)
    if (runner.figures.empty()) runner.running = false;  // all failed
}

bool Race::is_over() const {
  return std::count_if(runners_.begin(), runners_.end(), [](const Runner& r) { return r.running; }) < 2;
}

std::string Race::standing() const {
  const auto clear = std::count_if(pairs_.begin(), pairs_.end(), [](const Pair& p) { return p.p_of_all <= level; });
  return std::to_string(clear) + " of " + std::to_string(pairs_.size()) +
         (pairs_.size() == 1 ? " pair is" : " pairs are") + " told apart";
}

Comparison::Variant Race::variant(const Runner& runner) const {
  Comparison::Variant v{};
  v.name = runner.name;
  double stuck = 0;
  for (const auto& [seed, outcome] : runner.outcomes) {
    if (!outcome.error.empty()) {
      v.failed.emplace_back(seed, outcome.error);
      continue;
    }
    const double figure = runner.figures.at(seed);
    v.seeds.push_back(seed), v.curves.push_back(outcome.figures), v.figures.push_back(figure);
    v.seconds += outcome.seconds;
    if (table_.stuck_at) stuck += table_.larger_is_better ? figure <= *table_.stuck_at : figure >= *table_.stuck_at;
  }
  const Sample sample(v.figures);
  v.mean = sample.mean, v.stddev = sample.stddev;
  const double n = static_cast<double>(sample.count);
  const double margin = sample.count < 2 ? std::numeric_limits<double>::quiet_NaN()
                                         : student_t(level, n - 1) * sample.stddev / std::sqrt(n);
  v.low = v.mean - margin, v.high = v.mean + margin;
  v.seconds /= n;
  if (table_.stuck_at) v.stuck = stuck / n;
  return v;
}

Comparison::Difference Race::difference(const Pair& pair) const {
  const auto &first = runners_[pair.first].figures, &second = runners_[pair.second].figures;
  std::vector<double> x, y;
  for (const auto& [seed, figure] : first)
    if (const auto other = second.find(seed); other != second.end()) x.push_back(figure), y.push_back(other->second);
  const Sample a(x), b(y), d(differences(pair));
  return {runners_[pair.first].name,
          runners_[pair.second].name,
          d.count,
          d.mean,
          d.mean == 0 ? 0 : d.mean / std::sqrt((a.stddev * a.stddev + b.stddev * b.stddev) / 2),
          pair.least_p,
          pair.p_of_all};
}

Comparison Race::result() const {
  Comparison table = table_;
  for (const Runner& runner : runners_) table.variants.push_back(variant(runner));
  const auto better = [&](const Comparison::Variant& a, const Comparison::Variant& b) {
    if (a.seeds.empty() || b.seeds.empty()) return !a.seeds.empty() && b.seeds.empty();
    return table.larger_is_better ? a.mean > b.mean : a.mean < b.mean;
  };
  std::stable_sort(table.variants.begin(), table.variants.end(), better);
  if (table.baseline.empty()) {
    // The best is one from which no better one was told apart, also where fewer seeds flatter another.
    const auto leads = [&](const Comparison::Variant& v) {
      return std::any_of(runners_.begin(), runners_.end(),
                         [&](const Runner& r) { return r.running && r.name == v.name; });
    };
    const auto best = std::find_if(table.variants.begin(), table.variants.end(), leads);
    if (best != table.variants.end()) std::rotate(table.variants.begin(), best, best + 1);
  }
  for (const Pair& pair : pairs_) table.differences.push_back(difference(pair));
  return table;
}

}  // namespace xtape::lab
