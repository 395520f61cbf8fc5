#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "page.hpp"
#include "page_frame.hpp"

namespace xtape::optim {
namespace {

constexpr char script[] = R"js(
page.draw.curves = (section, data) => {
  const chart = section.querySelector(".chart"), legend = section.querySelector(".legend");
  const readout = document.createElement("span"), scale = document.createElement("button");
  const lines = data.series.map((s, i) => ({...s, shown: true, colour: `var(--c${i % 8})`, dash: i < 8 ? "" : "6 4"}));
  const all = [...new Set(lines.flatMap(l => [l.x, l.raw?.x ?? []].flat()))].sort((a, b) => a - b);
  const end = all[all.length - 1];
  const whole = all.every(Number.isInteger), height = 250, top = 14, bottom = 22, right = 10;
  const value = v => data.percent && v !== null ? (100 * v).toFixed(2) + "\u00a0%" : page.number(v);
  const tick = v => data.percent ? page.tick(100 * v) + "\u00a0%" : page.tick(v);
  let log = data.log, at = null, width = 0, to_x = null, to_y = null, cursor = null;

  const seen = v => v !== null && Math.abs(v) < 1e300 && (!log || v > 1e-300);

  // The position of the point nearest to x.
  const nearest = (xs, x) => {
    let low = 0, high = xs.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (xs[middle] <= x) low = middle; else high = middle;
    }
    return Math.abs(xs[high] - x) < Math.abs(x - xs[low]) ? high : low;
  };

  for (const line of lines) {
    const button = document.createElement("button"), swatch = document.createElement("i");
    swatch.style.background = line.colour;
    line.value = document.createElement("b");
    button.className = "line";
    button.append(swatch, line.name, line.value);
    button.setAttribute("aria-pressed", "true");
    button.addEventListener("click", () => {
      line.shown = !line.shown;
      button.setAttribute("aria-pressed", line.shown);
      draw();
    });
    legend.append(button);
  }
  readout.className = "at";
  scale.className = "scale";
  scale.textContent = "log";
  legend.append(readout, scale);

  const path = ({x, y}) => {
    let d = "", open = false;
    y.forEach((v, i) => {
      if (seen(v)) d += `${open ? "L" : "M"}${to_x(x[i]).toFixed(1)} ${to_y(v).toFixed(1)}${open ? "" : "h0"}`;
      open = seen(v);
    });
    return d;
  };

  const dot = (line, i, r, parent) => {
    const y = line.y[i];
    if (seen(y)) page.svg("circle", {class: "dot", cx: to_x(line.x[i]), cy: to_y(y), r, fill: line.colour}, parent);
  };

  // There and back, in pieces where a value is not seen.
  const band = ({x, low, high}) => {
    const point = (i, v) => `${to_x(x[i]).toFixed(1)} ${to_y(v).toFixed(1)}`;
    let d = "", there = [];
    for (let i = 0; i <= x.length; ++i) {
      if (i < x.length && seen(low[i]) && seen(high[i])) {
        there.push(i);
      } else if (there.length) {
        const back = [...there].reverse();
        d += `M${there.map(k => point(k, high[k])).join("L")}L${back.map(k => point(k, low[k])).join("L")}Z`;
        there = [];
      }
    }
    return d;
  };

  const draw = () => {
    const shown = lines.filter(l => l.shown);
    const ys = shown.flatMap(l => [l.y, l.raw?.y ?? [], l.low ?? [], l.high ?? []].flat().filter(seen));
    let low = ys.length ? ys.reduce((a, b) => Math.min(a, b)) : log ? 0.1 : 0;
    let high = ys.length ? ys.reduce((a, b) => Math.max(a, b)) : 1;
    if (high - low <= 1e-9 * Math.max(Math.abs(low), Math.abs(high)))
      [low, high] = log ? [low / 2, high * 2] : [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
    const f = log ? Math.log10 : v => v, margin = (f(high) - f(low)) * 0.04;
    const y0 = f(low) - margin, y1 = f(high) + margin;
    const y_ticks = log ? page.log_ticks(low, high, 5) : page.ticks(y0, y1, 5);
    const left = 10 + 6.5 * Math.max(...y_ticks.map(t => tick(t).length));
    const x0 = all[0], x1 = end > x0 ? end : x0 + 1;
    to_x = x => left + (x - x0) / (x1 - x0) * (width - left - right);
    to_y = y => height - bottom - (f(y) - y0) / (y1 - y0) * (height - top - bottom);

    const svg = page.svg("svg", {width, height, tabindex: 0, role: "img", "aria-label": data.title});
    for (const t of y_ticks) {
      page.svg("line", {class: "grid", x1: left, x2: width - right, y1: to_y(t), y2: to_y(t)}, svg);
      page.svg("text", {x: left - 8, y: to_y(t) + 4, "text-anchor": "end"}, svg, tick(t));
    }
    for (const t of page.ticks(x0, x1, Math.max(2, width / 90), whole ? 1 : 0))
      page.svg("text", {x: to_x(t), y: height - 4, "text-anchor": to_x(t) > width - 24 ? "end" : "middle"}, svg,
               page.tick(t));
    for (const [x, name] of data.marks) {
      if (x < x0 || x > x1) continue;
      const turned = to_x(x) > width - 80;
      page.svg("line", {class: "mark", x1: to_x(x), x2: to_x(x), y1: 4, y2: height - bottom}, svg);
      page.svg("text", {class: "mark", x: to_x(x) + (turned ? -5 : 5), y: 12, "text-anchor": turned ? "end" : "start"},
               svg, name);
    }
    for (const line of shown)
      if (line.low) page.svg("path", {class: "band", d: band(line), fill: line.colour}, svg);
    for (const line of shown) {
      if (line.raw) page.svg("path", {class: "raw", d: path(line.raw), stroke: line.colour}, svg);
      page.svg("path", {class: "line", d: path(line), stroke: line.colour, "stroke-dasharray": line.dash}, svg);
      if (line.x.length <= 25) line.y.forEach((y, i) => dot(line, i, 3.5, svg));
    }
    cursor = page.svg("g", {}, svg);
    chart.replaceChildren(svg);
    svg.addEventListener("keydown", event => {
      const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
      if (!step) return;
      event.preventDefault();
      const i = nearest(all, at ?? end) + (at === null ? 0 : step);
      page.point(data.axis, all[Math.max(0, Math.min(all.length - 1, i))]);
    });
    show();
  };

  const show = () => {
    const x = at === null ? end : all[nearest(all, at)];
    readout.textContent = `${data.axis} ${page.number(x)}`;
    const pointed = cursor !== null && at !== null;
    cursor?.replaceChildren();
    if (pointed)
      page.svg("line", {class: "cursor", x1: to_x(x), x2: to_x(x), y1: top - 6, y2: height - bottom}, cursor);
    for (const line of lines) {
      const i = nearest(line.x, x);
      line.value.textContent = value(line.y[i]);
      if (pointed && line.shown) dot(line, i, 5, cursor);
    }
  };

  scale.setAttribute("aria-pressed", log);
  scale.addEventListener("click", () => {
    log = !log;
    scale.setAttribute("aria-pressed", log);
    draw();
  });
  const move = event => {
    const x0 = to_x(all[0]), x1 = to_x(end), x = event.clientX - chart.getBoundingClientRect().left;
    page.point(data.axis, all[nearest(all, all[0] + (x - x0) / (x1 - x0 || 1) * (end - all[0]))]);
  };
  chart.addEventListener("pointermove", move);
  chart.addEventListener("pointerdown", move);
  chart.addEventListener("pointerleave", () => page.point(data.axis, null));
  page.follow(data.axis, x => { at = x; show(); });
  show();
  page.width(chart, w => { width = w; draw(); });
};
)js";

constexpr std::size_t most_points = 2000, most_means = 200;

// The means of stretches of the same number of points.
Series means(const Series& series) {
  Series mean{series.name, {}, {}};
  const std::size_t n = series.x.size(), stretches = std::min(n, most_means);
  for (std::size_t k = 0; k < stretches; ++k) {
    const std::size_t begin = n * k / stretches, end = n * (k + 1) / stretches;
    double x = 0, y = 0, finite = 0;
    for (std::size_t i = begin; i < end; ++i) {
      x += series.x[i] / static_cast<double>(end - begin);
      if (std::isfinite(series.y[i])) y += series.y[i], ++finite;
    }
    mean.x.push_back(x);
    mean.y.push_back(y / finite);
  }
  return mean;
}

// The points that are drawn: the first, the last, and the least and the greatest of each stretch between.
Series thinned(const Series& series) {
  const std::size_t n = series.x.size();
  if (n <= most_points) return series;
  Series few{series.name, {}, {}};
  auto take = [&](std::size_t i) {
    few.x.push_back(series.x[i]);
    few.y.push_back(series.y[i]);
    if (!series.low.empty()) few.low.push_back(series.low[i]), few.high.push_back(series.high[i]);
  };
  take(0);
  const std::size_t stretches = most_points / 2 - 1;
  for (std::size_t k = 0; k < stretches; ++k) {
    const std::size_t begin = 1 + (n - 2) * k / stretches, end = 1 + (n - 2) * (k + 1) / stretches;
    std::size_t least = begin, greatest = begin;
    for (std::size_t i = begin; i < end; ++i) {
      const double y = series.y[i];
      if (!std::isfinite(y)) continue;
      if (!std::isfinite(series.y[least]) || y < series.y[least]) least = i;
      if (!std::isfinite(series.y[greatest]) || y > series.y[greatest]) greatest = i;
    }
    take(std::min(least, greatest));
    if (least != greatest) take(std::max(least, greatest));
  }
  take(n - 1);
  return few;
}

}  // namespace

Page& Page::curves(const std::string& title, const std::vector<Series>& series, const CurvesOptions& options,
                   Site site) {
  if (series.empty()) fail("Page::curves", "'" + title + "' has no series, expected at least one", site);
  nlohmann::json lines = nlohmann::json::array(), marks = nlohmann::json::array();
  for (const Series& s : series) {
    check_times("Page::curves", s.name, s.x, s.y.size(), site);
    const bool band = !s.low.empty() || !s.high.empty();
    if (band && (s.low.size() != s.x.size() || s.high.size() != s.x.size()))
      fail("Page::curves",
           "series '" + s.name + "' has a band of " + std::to_string(s.low.size()) + " low and " +
               std::to_string(s.high.size()) + " high, expected one of each for the " + std::to_string(s.x.size()) +
               " points",
           site);
    const Series few = thinned(s), line = options.smooth_ ? means(s) : few;
    lines.push_back({{"name", s.name}, {"x", line.x}, {"y", line.y}});
    if (options.smooth_) lines.back()["raw"] = {{"x", few.x}, {"y", few.y}};
    else if (band) lines.back()["low"] = few.low, lines.back()["high"] = few.high;
  }
  for (const auto& [x, name] : options.marks_) {
    if (!std::isfinite(x))
      fail("Page::curves", "the mark '" + name + "' is at " + to_string(x) + ", expected a finite number", site);
    marks.push_back({x, name});
  }
  const nlohmann::json data = {{"title", title},
                               {"axis", options.axis_},
                               {"log", options.log_},
                               {"percent", options.percent_},
                               {"series", std::move(lines)},
                               {"marks", std::move(marks)}};
  return draw({"curves", script}, title, "<div class=\"legend\"></div>\n<div class=\"chart\"></div>\n",
              in_script(data));
}

}  // namespace xtape::optim
