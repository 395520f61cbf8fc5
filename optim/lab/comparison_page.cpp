#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optim/figure.hpp>
#include <optim/page_frame.hpp>

#include "comparison_rows.hpp"
#include "statistics.hpp"

namespace xtape::lab {
namespace {

// The mean of the seeds that have an epoch, with its 95 % interval.
optim::Series curve_of(const Comparison::Variant& v) {
  optim::Series s{v.name, {}, {}};
  for (std::size_t epoch = 0;; ++epoch) {
    std::vector<double> values;
    for (const auto& curve : v.curves)
      if (epoch < curve.size()) values.push_back(curve[epoch]);
    if (values.empty()) return s;
    const Sample sample(values);
    const auto n = static_cast<double>(sample.count);
    const double margin = sample.count < 2 ? 0 : student_t(0.05, n - 1) * sample.stddev / std::sqrt(n);
    s.x.push_back(static_cast<double>(epoch + 1)), s.y.push_back(sample.mean);
    s.low.push_back(sample.mean - margin), s.high.push_back(sample.mean + margin);
  }
}

// As a Page's table, with numbers that are text already.
std::string table_of(const Comparison& table) {
  const auto row_of = [](const std::string& cell, const std::vector<std::string>& row) {
    std::string html = "<tr>";
    for (std::size_t k = 0; k < row.size(); ++k)
      html += "<" + cell + (k > 0 ? " class=\"number\">" : ">") + optim::escaped(row[k]) + "</" + cell + ">";
    return html + "</tr>\n";
  };
  std::string html =
      "<div class=\"table scroll\"><table>\n<thead>" + row_of("th", columns_of(table)) + "</thead>\n<tbody>\n";
  for (const auto& row : rows_of(table)) html += row_of("td", row);
  return html + "</tbody>\n</table></div>\n";
}

// A line for each variant with a dot for each seed, beside the curves.
constexpr char dots[] = R"js(
const chart = section.querySelector(".chart"), top = 8, bottom = 26;
const row = Math.max(30, Math.min(70, 230 / data.variants.length));
const all = data.variants.flatMap(v => v.figures);
const low = Math.min(...all), high = Math.max(...all), span = high - low || Math.abs(high) || 1;
const height = top + row * data.variants.length + bottom;
const tick = v => data.percent ? page.tick(100 * v) + "\u00a0%" : page.tick(v);
section.style.gridColumn = "auto";
chart.style.height = height + "px";
page.width(chart, width => {
  const left = Math.min(width / 3, 20 + 6.2 * Math.max(...data.variants.map(v => v.name.length))), right = 24;
  const to_x = v => left + (v - low + 0.02 * span) / (1.04 * span) * (width - left - right);
  const svg = page.svg("svg", {width, height, role: "img", "aria-label": "the figure of each seed"});
  for (const t of page.ticks(low, low + span, Math.max(2, (width - left) / 90))) {
    page.svg("line", {class: "grid", x1: to_x(t), x2: to_x(t), y1: top, y2: height - bottom}, svg);
    page.svg("text", {x: to_x(t), y: height - 8, "text-anchor": "middle"}, svg, tick(t));
  }
  if (data.stuck !== null && data.stuck >= low && data.stuck <= high) {
    page.svg("line", {class: "mark", x1: to_x(data.stuck), x2: to_x(data.stuck), y1: 0, y2: height - bottom}, svg);
    page.svg("text", {class: "mark", x: to_x(data.stuck) - 5, y: 12, "text-anchor": "end"}, svg, "stuck");
  }
  data.variants.forEach((v, i) => {
    const y = top + row * (i + 0.5), colour = `var(--c${i % 8})`, most = Math.floor(left / 6.2);
    const name = v.name.length > most ? v.name.slice(0, most - 1) + "…" : v.name;
    const text = page.svg("text", {x: left - 10, y: y + 4, "text-anchor": "end"}, svg, name);
    page.svg("title", {}, text, v.name);
    v.figures.forEach((f, k) => {
      const seed = page.svg("circle", {class: "dot", cx: to_x(f), cy: y + 5 * Math.sin(7 * k), r: 4.5, fill: colour,
                                       opacity: 0.75}, svg);
      page.svg("title", {}, seed, `seed ${v.seeds[k]}: ${tick(f)}`);
    });
  });
  chart.replaceChildren(svg);
});
)js";

}  // namespace

optim::Page Comparison::page() const {
  const bool percent = optim::is_share(figure);
  optim::Page page(title.empty() ? "Comparison by " + figure : title, heading_of(*this));
  page.raw("Variants", table_of(*this));
  page.text("What it says", explanation_of(*this));
  std::vector<optim::Series> curves;
  nlohmann::json data = {{"percent", percent}, {"stuck", nullptr}, {"variants", nlohmann::json::array()}};
  if (stuck_at) data["stuck"] = *stuck_at;
  for (const Variant& v : variants) {
    if (v.seeds.empty()) continue;
    curves.push_back(curve_of(v));
    data["variants"].push_back({{"name", v.name}, {"seeds", v.seeds}, {"figures", v.figures}});
  }
  const bool epochs = std::any_of(curves.begin(), curves.end(), [](const auto& c) { return c.x.size() > 1; });
  if (epochs)
    page.curves("Mean " + figure + ", with its 95 % interval", curves, optim::CurvesOptions("epoch").percent(percent));
  page.raw("Each seed", "<div class=\"chart\"></div>\n", "const data = " + optim::in_script(data) + ";\n" + dots);
  std::string failures;
  for (const Variant& v : variants)
    for (const auto& [seed, error] : v.failed)
      failures += v.name + ", seed " + std::to_string(seed) + ": " + error + "\n\n";
  if (!failures.empty()) page.text("Failed", failures);
  page.text("Times", times_of(*this));
  return page;
}

}  // namespace xtape::lab
