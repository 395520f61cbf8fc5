#include "comparison_rows.hpp"

#include <cmath>
#include <cstdio>
#include <optim/figure.hpp>

namespace xtape::lab {
namespace {

std::string format(const char* how, double value) {
  if (!std::isfinite(value)) return "–";
  char text[330];  // the largest double has 309 digits before the point
  std::snprintf(text, sizeof text, how, value);
  return text;
}
// Shares are in percent, here without the sign.
std::string figure_text(const Comparison& table, double value, bool sign = false) {
  if (optim::is_share(table.figure)) return format(sign ? "%+.2f" : "%.2f", 100 * value);
  return format(sign ? "%+.4g" : "%.4g", value);
}
std::string p_text(double p) { return p < 0.0001 ? "<1e-4" : format("%.4f", p); }

const std::string& reference_of(const Comparison& table) {
  return table.baseline.empty() ? table.variants.front().name : table.baseline;
}

}  // namespace

std::optional<Comparison::Difference> to_reference(const Comparison& table, const Comparison::Variant& variant) {
  const std::string& reference = reference_of(table);
  if (variant.name == reference || variant.seeds.empty()) return std::nullopt;
  return table.difference(variant.name, reference);
}

std::string heading_of(const Comparison& table) {
  std::size_t epochs = 0;
  for (const auto& v : table.variants)
    for (const auto& curve : v.curves) epochs = std::max(epochs, curve.size());
  std::string text = table.figure;
  if (epochs > 1)
    text += (table.of_best ? " of the best of " : " of the last of ") + std::to_string(epochs) + " epochs";
  if (optim::is_share(table.figure)) text += " in %";
  return text + (table.larger_is_better ? ", the largest first" : ", the smallest first");
}

std::vector<std::string> columns_of(const Comparison& table) {
  std::vector<std::string> columns{
      "variant", "seeds", "mean", "sd", "95 % interval", table.baseline.empty() ? "to best" : "to base",
      "effect",  "p",     ""};
  if (table.stuck_at) columns.push_back("stuck");
  return columns;
}

std::vector<std::vector<std::string>> rows_of(const Comparison& table) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& v : table.variants) {
    std::vector<std::string> row{
        v.name, std::to_string(v.seeds.size()), figure_text(table, v.mean), figure_text(table, v.stddev),
        std::isfinite(v.low) ? figure_text(table, v.low) + " to " + figure_text(table, v.high) : "–"};
    if (const auto d = to_reference(table, v)) {
      const bool better = (d->mean > 0) == table.larger_is_better;
      for (const std::string& text :
           {figure_text(table, d->mean, true), format("%+.1f", d->effect), p_text(d->p_of_all)})
        row.push_back(text);
      row.push_back(!d->is_clear() ? "unclear" : better ? "better" : "worse");
    } else {
      row.insert(row.end(), {"", "", "", v.seeds.empty() ? "failed" : table.baseline.empty() ? "best" : "baseline"});
    }
    if (table.stuck_at) row.push_back(v.stuck ? format("%.0f %%", 100 * *v.stuck) : "–");
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string explanation_of(const Comparison& table) {
  const std::size_t pairs = table.differences.size();
  std::string text = "p: paired t-test of each seed's figures, Holm's over " + std::to_string(pairs) +
                     (pairs == 1 ? " pair" : " pairs");
  if (table.looks.size() > 1) {
    text += " and the looks after ";
    for (std::size_t i = 0; i < table.looks.size(); ++i)
      text += (i == 0 ? "" : i + 1 == table.looks.size() ? " and " : ", ") + std::to_string(table.looks[i]);
    text += " seeds";
  }
  text += "; clear at most 0.05. effect: the difference in standard deviations of a seed.";
  if (table.stuck_at)
    text += " stuck: " + table.figure + (table.larger_is_better ? " of at most " : " of at least ") +
            optim::rounded(table.figure, *table.stuck_at) + ".";
  return text;
}

std::string times_of(const Comparison& table) {
  std::string text = "CPU seconds of a training:";
  double all = 0;
  for (const auto& v : table.variants) {
    if (v.seeds.empty()) continue;
    text += (all > 0 ? ", " : " ") + v.name + " " + format("%.2g", v.seconds);
    all += v.seconds * static_cast<double>(v.seeds.size());
  }
  return text + "; " + format("%.4g", all) + " in all";
}

}  // namespace xtape::lab
