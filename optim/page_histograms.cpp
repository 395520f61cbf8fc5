#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "page.hpp"
#include "page_frame.hpp"

namespace xtape::optim {
namespace {

constexpr char script[] = R"js(
page.draw.histograms = (section, data) => {
  const ridges = section.querySelector(".ridges"), slider = section.querySelector("input");
  const now = section.querySelector("output"), height = 190, bottom = 20, peak = 52;
  const times = [...new Set(data.series.flatMap(s => s.x))].sort((a, b) => a - b);
  let at = times[times.length - 1];

  // The last histogram that is not later than x.
  const current = (xs, x) => Math.max(0, xs.findLastIndex(v => v <= x));

  const draws = data.series.map(s => {
    const made = tag => document.createElement(tag);
    const box = made("div"), name = made("h4"), chart = made("div"), readout = made("p"), last = s.x.length - 1;
    let paths = [], here = null;
    name.textContent = s.name;
    readout.className = "readout";
    chart.className = "chart";
    box.append(name, chart, readout);
    ridges.append(box);
    const base = i => last > 0 ? peak + (height - bottom - peak) * i / last : height - bottom;

    const show = () => {
      const i = current(s.x, at), h = s.of[i];
      const [mean, sd, min, max, bad] = [h.mean, h.sd, h.min, h.max, h.not_finite].map(page.number);
      readout.textContent = h.number ? `${mean} ± ${sd}, from ${min} to ${max}` : "nothing finite";
      if (h.not_finite) readout.textContent += `; ${bad} not finite`;
      here?.remove();
      here = paths[i]?.cloneNode() ?? null;
      if (!here) return;
      here.classList.add("here");
      paths[i].parentNode.append(here);
    };
    page.width(chart, width => {
      const svg = page.svg("svg", {width, height, role: "img", "aria-label": s.name});
      const bins = s.of[0].heights.length, to_x = v => (v - s.low) / (s.high - s.low) * width;
      const ticks = page.ticks(s.low, s.high, Math.max(3, width / 70));
      for (const t of ticks) {
        page.svg("line", {class: "grid", x1: to_x(t), x2: to_x(t), y1: 0, y2: height - bottom}, svg);
        const anchor = to_x(t) < 16 ? "start" : to_x(t) > width - 16 ? "end" : "middle";
        page.svg("text", {x: to_x(t), y: height - 4, "text-anchor": anchor}, svg, page.tick(t));
      }
      const group = page.svg("g", {}, svg);
      paths = s.of.map((h, i) => {
        const y = base(i);
        const age = last > 0 ? (i / last).toFixed(3) : 1;
        const to = (v, k) => `L${((k + 0.5) / bins * width).toFixed(1)} ${(y - v / 1000 * peak).toFixed(1)}`;
        const d = `M0 ${y}${h.heights.map(to).join("")}L${width} ${y}`;
        return page.svg("path", {class: "ridge", style: `--age:${age}`, d}, group);
      });
      chart.replaceChildren(svg);
      show();
    });
    const move = event => {
      const y = event.clientY - chart.getBoundingClientRect().top;
      let i = 0;
      while (i < last && base(i) < y) ++i;
      page.point(data.axis, s.x[i]);
    };
    chart.addEventListener("pointermove", move);
    chart.addEventListener("pointerdown", move);
    chart.addEventListener("pointerleave", () => page.point(data.axis, null));
    return show;
  });

  slider.max = times.length - 1;
  slider.addEventListener("input", () => page.point(data.axis, times[slider.value]));
  const moved = x => {
    at = x ?? times[times.length - 1];
    slider.value = current(times, at);
    now.textContent = `${data.axis} ${page.number(times[slider.value])}`;
    for (const show of draws) show();
  };
  page.follow(data.axis, moved);
  moved(null);
};
)js";

constexpr std::size_t most_times = 40, bins = 80;

struct Interval {
  double low, high;
};

// Where most of it lies: within four standard deviations of the mean, and not so far out that widths overflow.
Interval bulk(const Histogram& h) {
  const double spread = 4 * h.standard_deviation();
  return {std::max({h.min, h.mean() - spread, -1e300}), std::min({h.max, h.mean() + spread, 1e300})};
}

// How much of a histogram lies in each of `bins` intervals of the same width, the fullest being 1000.
std::vector<int> heights(const Histogram& h, Interval all) {
  std::vector<double> part(bins);
  const double width = (all.high - all.low) / bins;
  auto bin_of = [&](double v) {
    return static_cast<std::size_t>(std::clamp((v - all.low) / width, 0., static_cast<double>(bins - 1)));
  };
  for (std::size_t i = 0; i < h.counts.size(); ++i) {
    const double begin = h.edges[i], end = h.edges[i + 1];
    for (std::size_t k = bin_of(begin); k <= bin_of(end); ++k) {
      const double left = all.low + width * static_cast<double>(k);
      const double overlap = std::min(end, left + width) - std::max(begin, left);
      part[k] += begin == end ? h.counts[i] : h.counts[i] * std::max(0., overlap) / (end - begin);
    }
  }
  const double fullest = *std::max_element(part.begin(), part.end());
  std::vector<int> result;
  for (const double p : part) result.push_back(fullest > 0 ? static_cast<int>(std::lround(1000 * p / fullest)) : 0);
  return result;
}

// Whether its numbers are what a histogram's are.
bool is_whole(const Histogram& h) {
  for (const double x : {h.min, h.max, h.sum, h.sum_of_squares})
    if (std::isnan(x)) return false;
  for (const double count : h.counts)
    if (!(count >= 0 && std::isfinite(count))) return false;
  for (const double edge : h.edges)
    if (!std::isfinite(edge)) return false;
  return std::is_sorted(h.edges.begin(), h.edges.end()) && h.number >= 0 && h.not_finite >= 0;
}

nlohmann::json drawn(const HistogramSeries& series) {
  std::vector<std::size_t> kept;
  const std::size_t n = series.x.size(), few = std::min(n, most_times);
  for (std::size_t k = 1; k <= few; ++k) kept.push_back(n * k / few - 1);
  Interval all{HUGE_VAL, -HUGE_VAL};
  for (const std::size_t i : kept) {
    if (series.y[i].number == 0) continue;
    const Interval one = bulk(series.y[i]);
    all = {std::min(all.low, one.low), std::max(all.high, one.high)};
  }
  if (all.low > all.high) all = {0, 0};
  if (all.high - all.low <= 1e-9 * std::max(std::abs(all.low), std::abs(all.high))) {
    const double half = all.low == 0 ? 0.5 : std::abs(all.low) / 2;
    all = {all.low - half, all.high + half};
  }
  nlohmann::json x = nlohmann::json::array(), of = nlohmann::json::array();
  for (const std::size_t i : kept) {
    const Histogram& h = series.y[i];
    x.push_back(series.x[i]);
    of.push_back({{"heights", heights(h, all)},
                  {"mean", h.mean()},
                  {"sd", h.standard_deviation()},
                  {"min", h.min},
                  {"max", h.max},
                  {"number", h.number},
                  {"not_finite", h.not_finite}});
  }
  return {{"name", series.name}, {"low", all.low}, {"high", all.high}, {"x", std::move(x)}, {"of", std::move(of)}};
}

}  // namespace

Page& Page::histograms(const std::string& title, const std::vector<HistogramSeries>& series, const std::string& axis,
                       Site site) {
  if (series.empty()) fail("Page::histograms", "'" + title + "' has no series, expected at least one", site);
  nlohmann::json all = nlohmann::json::array();
  for (const HistogramSeries& s : series) {
    check_times("Page::histograms", s.name, s.x, s.y.size(), site);
    for (const Histogram& h : s.y)
      if (h.counts.empty() ? h.number > 0 : h.edges.size() != h.counts.size() + 1)
        fail("Page::histograms",
             "series '" + s.name + "' has a histogram of " + std::to_string(h.counts.size()) + " counts and " +
                 std::to_string(h.edges.size()) + " edges, expected one edge more than counts",
             site);
      else if (!is_whole(h))
        fail("Page::histograms",
             "series '" + s.name +
                 "' has a histogram whose edges are not finite and ascending, or whose counts are no "
                 "counts",
             site);
    all.push_back(drawn(s));
  }
  const nlohmann::json data = {{"axis", axis}, {"series", std::move(all)}};
  return draw({"histograms", script}, title,
              "<label class=\"time\"><input type=\"range\" min=\"0\" value=\"0\"><output></output></label>\n"
              "<div class=\"ridges\"></div>\n",
              in_script(data));
}

}  // namespace xtape::optim
