#include "text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace xtape::lab {

namespace {
constexpr std::size_t columns = 100, label_width = 15;

// What is printed takes a column for each character, not for each byte.
std::size_t width(const std::string& s) {
  return static_cast<std::size_t>(std::count_if(s.begin(), s.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}
}  // namespace

std::string figure(double v) {
  if (std::isnan(v)) return "NaN";
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", v + 0.);
  return text;
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g %%", share < 1e-8 ? 0. : 100 * share);
  return text;
}

std::string row(const std::string& label, const std::string& text) {
  std::string s = "  " + label;
  s.append(label_width - std::min(label_width, width(label)), ' ');
  std::size_t column = width(s);
  bool begins = true;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = std::min(text.find(' ', i), text.size());
    const std::string word = text.substr(i, end - i);
    if (!begins && column + 1 + width(word) > columns) {
      s += "\n" + std::string(label_width + 2, ' ');
      column = label_width + 2, begins = true;
    }
    if (!begins) s += ' ', ++column;
    s += word, column += width(word), begins = false;
    i = end + 1;
  }
  return s + "\n";
}

std::string listed(const std::vector<std::string>& all, std::size_t most) {
  std::string s;
  const std::size_t shown = std::min(all.size(), most);
  for (std::size_t i = 0; i < shown; ++i) {
    const bool is_last = i + 1 == all.size();
    s += i == 0 ? all[i] : (is_last ? " and " : ", ") + all[i];
  }
  return shown < all.size() ? s + " and " + std::to_string(all.size() - shown) + " more" : s;
}

std::string verdict_of(const std::vector<Warning>& warnings) {
  if (warnings.empty()) return "Nothing is wrong with it.";
  const std::string count =
      warnings.size() == 1 ? "One thing is wrong" : std::to_string(warnings.size()) + " things are wrong";
  return count + " with it" + (warnings.size() == 1 ? ": " : ", the first: ") + warnings[0].text + ".";
}

std::string rows(const std::vector<Warning>& warnings) {
  std::string s;
  for (const Warning& w : warnings)
    s += row(s.empty() ? "warnings" : "", "! " + w.text + (w.remedy.empty() ? "" : ". Remedy: " + w.remedy));
  return s.empty() ? row("warnings", "none") : s;
}

std::string inside_rows(const std::string& formula, const std::vector<Hazard>& hazards, const std::string& refused,
                        bool float64_only) {
  std::string s = formula.empty() ? "" : row("formula", formula.substr(0, formula.find('\n')));
  if (float64_only) s += row("dtype", "float64 only: what float32 loses was not looked at");
  if (!refused.empty()) s += row("inside", "was not looked into: " + refused);
  std::string label = "inside";
  for (const Hazard& h : hazards) {
    std::string line = h.what + ", of " + to_string(h.operand);
    if (h.site.file) {
      const std::string file = h.site.file;
      line += ", at " + file.substr(file.rfind('/') + 1) + ":" + std::to_string(h.site.line);
    }
    s += row(std::exchange(label, ""), line + (h.input.empty() ? "" : ": " + h.input));
  }
  return s;
}

std::string span(const Interval& interval) {
  if (interval.low == interval.high) return figure(interval.low);
  return (std::isinf(interval.low) ? "(-inf" : "[" + figure(interval.low)) + ", " +
         (std::isinf(interval.high) ? "inf)" : figure(interval.high) + "]");
}

std::string place(const Interval& where) {
  return where.high - where.low < 1e-9 ? "at " + figure(where.low) : "on " + span(where);
}

}  // namespace xtape::lab
