#include "page_frame.hpp"

#include <cmath>

#include "value.hpp"

namespace xtape::optim {

// page.draw[kind](section, data) draws a section. What sections share: page.svg makes an SVG element, page.number and
// page.tick write numbers, page.width(element, draw) draws now and when its width has changed, and page.point(axis, x)
// moves the cursor of all that called page.follow(axis, moved); x is null where there is none.
const char page_script[] = R"js(
"use strict";
const page = {
  draw: {},
  followers: [],

  svg(tag, attributes = {}, parent = null, text = null) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== null) element.textContent = text;
    if (parent) parent.append(element);
    return element;
  },

  // At most four digits; a minus as wide as a plus.
  number(v) {
    if (v === null) return "–";
    const size = Math.abs(v);
    let text;
    if (size > 0 && (size < 1e-3 || size >= 1e9)) text = v.toExponential(3).replace(/\.?0*e\+?/, "e");
    else if (Number.isInteger(v)) text = v.toLocaleString("en");
    else if (+v.toPrecision(4) === v) text = String(v);
    else text = size < 1000 ? v.toPrecision(4) : v.toLocaleString("en", {maximumFractionDigits: 1});
    return text.replaceAll("-", "−");
  },

  // As few digits as it takes.
  tick(v) {
    const size = Math.abs(v);
    let text = String(+v.toPrecision(6));
    if (size > 0 && size < 1e-4 || size >= 1e9) text = v.toExponential(5).replace(/\.?0*e\+?/, "e");
    else if (size >= 1e6) text = +(v / 1e6).toPrecision(6) + "M";
    else if (size >= 1e4) text = +(v / 1e3).toPrecision(6) + "k";
    return text.replaceAll("-", "−");
  },

  // About `count` round numbers from low to high.
  ticks(low, high, count, least = 0) {
    const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
    const step = Math.max(least, power * [1, 2, 5, 10].find(m => m * power >= rough * 0.999));
    const first = Math.ceil(low / step - 1e-9), all = [];
    for (let i = 0; i < 3 * count && (first + i) * step <= high + step * 1e-9; ++i) all.push((first + i) * step);
    return all;
  },

  // Powers of ten, and what is between where these are few.
  log_ticks(low, high, count) {
    const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high)), all = [];
    const every = Math.max(1, Math.round((last - first) / count));
    const parts = last - first <= 2 ? [1, 2, 5] : last - first <= 3 ? [1, 3] : [1];
    for (let k = first; k <= last; k += every)
      for (const m of parts) if (m * 10 ** k >= low * 0.999 && m * 10 ** k <= high * 1.001) all.push(m * 10 ** k);
    return all.length > 1 ? all : page.ticks(low, high, count);
  },

  // What is drawn must not change the size of the element.
  width(element, draw) {
    let last = 0;
    new ResizeObserver(() => {
      const now = Math.floor(element.clientWidth);
      if (now > 0 && now !== last) draw(last = now);
    }).observe(element);
  },

  follow(axis, moved) { page.followers.push({axis, moved}); },
  point(axis, x) { for (const f of page.followers) if (f.axis === axis) f.moved(x); },
};

{
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try { chosen = localStorage.getItem("theme"); } catch {}
  const show = () => { root.dataset.theme = chosen ?? (dark.matches ? "dark" : "light"); };
  show();
  dark.addEventListener("change", show);
  document.addEventListener("click", event => {
    if (!event.target.closest(".theme")) return;
    chosen = root.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("theme", chosen); } catch {}
    show();
  });
}
)js";

std::string escaped(const std::string& text) {
  std::string html;
  for (const char c : text) switch (c) {
      case '&': html += "&amp;"; break;
      case '<': html += "&lt;"; break;
      case '>': html += "&gt;"; break;
      case '"': html += "&quot;"; break;
      case '\'': html += "&#39;"; break;
      default: html += c;
    }
  return html;
}

std::string in_script(const std::string& json) {
  std::string safe;
  for (const char c : json)
    if (c == '<') safe += "\\u003c";
    else safe += c;
  return safe;
}

void check_times(const char* op, const std::string& name, const std::vector<double>& x, std::size_t values, Site site) {
  auto refuse = [&](const std::string& what) { fail(op, "series '" + name + "' " + what, site); };
  if (x.size() != values)
    refuse("has " + std::to_string(x.size()) + " x and " + std::to_string(values) + " y, expected as many of each");
  if (x.empty()) refuse("has no points, expected at least one");
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!(std::abs(x[i]) <= 1e300) || (i > 0 && x[i] < x[i - 1]))
      refuse("has " + to_string(x[i]) + " as x[" + std::to_string(i) +
             "], expected numbers from -1e300 to 1e300 that do not decrease");
}

}  // namespace xtape::optim
