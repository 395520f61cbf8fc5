#include "curves_svg.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "../files/new_file.hpp"
#include "text.hpp"

namespace xtape::lab {

namespace {

constexpr double width = 560, height = 360, left = 56, top = 64, right = 20, bottom = 40;
const char* const colours[] = {"#1d4ed8", "#ea580c", "#15803d", "#9333ea", "#b91c1c", "#0e7490"};
const char* const dashes[] = {"", " stroke-dasharray=\"8 4\"", " stroke-dasharray=\"2 4\""};

struct Range {
  double low, high;
};

std::string pixel(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", v);
  return text;
}

std::string escaped(const std::string& text) {
  std::string s;
  for (char c : text) s += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return s;
}

std::string words(double x, double y, const std::string& anchor, const std::string& text, const char* more = "") {
  return "<text x=\"" + pixel(x) + "\" y=\"" + pixel(y) + "\" text-anchor=\"" + anchor + "\"" + more + ">" +
         escaped(text) + "</text>\n";
}

// What is drawn, without the few values that would make a line of the rest.
Range extent(const std::vector<Line>& lines, std::vector<double> Line::*axis, double cut) {
  std::vector<double> all;
  for (const Line& line : lines)
    for (double v : line.*axis)
      if (std::isfinite(v)) all.push_back(v);
  if (all.empty()) return {-1, 1};
  std::sort(all.begin(), all.end());
  const auto skipped = static_cast<std::size_t>(cut * static_cast<double>(all.size()));
  Range r{all.front(), all.back()};
  const Range most{all[skipped], all[all.size() - 1 - skipped]};
  const double spread = std::max(most.high - most.low, 1e-9);
  r.low = std::max(r.low, most.low - spread / 2), r.high = std::min(r.high, most.high + spread / 2);
  if (r.high - r.low < 1e-9) r.low -= 1, r.high += 1;
  return r;
}

// About five round numbers in a range.
std::vector<double> ticks(const Range& r) {
  const double rough = (r.high - r.low) / 5, power = std::pow(10, std::floor(std::log10(rough))), digit = rough / power;
  const double step = power * (digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10);
  std::vector<double> all;
  for (double i = std::ceil(r.low / step - 1e-9); i * step <= r.high + 1e-9 * step; ++i) all.push_back(i * step + 0.);
  return all;
}

}  // namespace

void write_curves(const std::string& path, const std::string& title, const std::vector<Line>& lines, Site site) {
  const Range x = extent(lines, &Line::x, 0);
  Range y = extent(lines, &Line::y, 0.02);
  const double margin = 0.05 * (y.high - y.low);
  y.low -= margin, y.high += margin;
  auto at_x = [&](double v) { return left + (v - x.low) / (x.high - x.low) * width; };
  auto at_y = [&](double v) { return top + (y.high - v) / (y.high - y.low) * height; };

  std::string s = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + pixel(left + width + right) + " " +
                  pixel(top + height + bottom) + "\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#111827\">\n" +
                  "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n" +
                  words(left + width / 2, 24, "middle", title, " font-size=\"16\" font-weight=\"bold\"");
  auto grid = [&](const std::string& path, bool axis) {
    s += "<path d=\"" + path + "\" stroke=\"" + (axis ? "#9ca3af" : "#e5e7eb") + "\"/>\n";
  };
  for (double t : ticks(x)) {
    grid("M" + pixel(at_x(t)) + " " + pixel(top) + "v" + pixel(height), t == 0);
    s += words(at_x(t), top + height + 20, "middle", figure(t));
  }
  for (double t : ticks(y)) {
    grid("M" + pixel(left) + " " + pixel(at_y(t)) + "h" + pixel(width), t == 0);
    s += words(left - 8, at_y(t) + 4, "end", figure(t));
  }
  s += "<clipPath id=\"frame\"><rect x=\"" + pixel(left) + "\" y=\"" + pixel(top) + "\" width=\"" + pixel(width) +
       "\" height=\"" + pixel(height) +
       "\"/></clipPath>\n<g clip-path=\"url(#frame)\" fill=\"none\" stroke-width=\"2\">\n";
  double legend = left;
  std::string names;
  for (std::size_t k = 0; k < lines.size(); ++k) {
    const std::string style =
        std::string(" stroke=\"") + colours[k % std::size(colours)] + "\"" + dashes[k % 3] + "/>\n";
    std::string d;
    bool pen_down = false;
    for (std::size_t i = 0; i < lines[k].x.size(); ++i) {
      const double v = lines[k].y[i];
      if (std::isfinite(v))
        d += (pen_down ? "L" : "M") + pixel(at_x(lines[k].x[i])) + " " +
             pixel(std::clamp(at_y(v), -10 * height, 10 * height));
      pen_down = std::isfinite(v);
    }
    s += "<path d=\"" + d + "\"" + style;
    names += "<path fill=\"none\" stroke-width=\"2\" d=\"M" + pixel(legend) + " 48h28\"" + style +
             words(legend + 34, 52, "start", lines[k].name);
    legend += 60 + 8.0 * static_cast<double>(lines[k].name.size());
  }
  s += "</g>\n" + names + "<rect x=\"" + pixel(left) + "\" y=\"" + pixel(top) + "\" width=\"" + pixel(width) +
       "\" height=\"" + pixel(height) + "\" fill=\"none\" stroke=\"#6b7280\"/>\n</svg>\n";
  NewFile file("svg", path, site);
  file.write(s);
  file.keep();
}

}  // namespace xtape::lab
