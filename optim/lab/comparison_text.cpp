#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <optim/figure.hpp>
#include <optim/value.hpp>

#include "comparison_rows.hpp"

namespace xtape::lab {
namespace {

constexpr std::size_t screen = 100;

std::size_t width(const std::string& text) {  // of UTF-8
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}
std::string cut(const std::string& text, std::size_t most) {
  if (width(text) <= most) return text;
  std::size_t end = 0;
  for (std::size_t seen = 0; end < text.size(); ++end)
    if ((text[end] & 0xC0) != 0x80 && ++seen == most) break;
  return text.substr(0, end) + "…";
}

// Text in lines of at most `screen` columns, those after the first moved in.
void write_wrapped(std::ostream& out, const std::string& text) {
  std::string line;
  const auto end_line = [&] { out << line << "\n", line = "  "; };
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \n", begin), text.size());
    std::string word = text.substr(begin, end - begin);
    if (!word.empty() && width(line) + width(word) + 1 > screen && line.find_first_not_of(' ') != line.npos) end_line();
    while (width(word) + 3 > screen) {  // a path, say
      std::size_t part = screen - 3;
      while (part > 1 && (word[part] & 0xC0) == 0x80) --part;
      line += word.substr(0, part), word = word.substr(part), end_line();
    }
    line += (line.empty() || line.back() == ' ' || word.empty() ? "" : " ") + word;
    begin = end + 1;
  }
  end_line();
}

}  // namespace

std::string Comparison::csv() const {
  std::string text = "variant,seeds,mean,stddev,low,high,difference,effect,p,stuck,failed\n";
  for (const Variant& v : variants) {
    std::string name;
    for (const char c : v.name) name += c == '"' ? "\"\"" : std::string(1, c);
    text += '"' + name + "\"," + std::to_string(v.seeds.size());
    for (const double x : {v.mean, v.stddev, v.low, v.high}) text += "," + optim::to_string(x);
    const auto d = to_reference(*this, v);
    for (double Difference::*x : {&Difference::mean, &Difference::effect, &Difference::p_of_all})
      text += "," + (d ? optim::to_string((*d).*x) : "");
    text += "," + (v.stuck ? optim::to_string(*v.stuck) : "") + "," + std::to_string(v.failed.size()) + "\n";
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const Comparison& table) {
  const auto head = columns_of(table);
  const auto rows = rows_of(table);
  std::vector<std::size_t> widths;
  std::size_t others = 0;
  for (std::size_t k = 0; k < head.size(); ++k) {
    widths.push_back(width(head[k]));
    for (const auto& row : rows) widths[k] = std::max(widths[k], width(row[k]));
    if (k > 0) others += widths[k] + 2;
  }
  widths[0] = std::min(widths[0], screen - std::min(others, screen - 12));
  const auto write = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t k = 0; k < row.size(); ++k) {
      const std::string text = k == 0 ? cut(row[k], widths[k]) : row[k];
      const std::string space(widths[k] - width(text), ' ');
      line += k == 0 ? text + space : "  " + space + text;
    }
    out << line.substr(0, line.find_last_not_of(' ') + 1) << "\n";
  };
  write_wrapped(out, (table.title.empty() ? "" : table.title + ": ") + heading_of(table));
  write(head);
  for (const auto& row : rows) write(row);
  write_wrapped(out, explanation_of(table));
  for (const Comparison::Variant& v : table.variants)
    for (const auto& [seed, error] : v.failed)
      write_wrapped(out, v.name + ", seed " + std::to_string(seed) + ", failed: " + error);
  write_wrapped(out, times_of(table));
  return out;
}

}  // namespace xtape::lab
