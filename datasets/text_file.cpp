#include "text_file.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <numeric>
#include <type_traits>

namespace xtape::datasets {

// Keeps one character in hand, so that "\r\n" is seen as one.
void TextFile::fill() {
  if (done_) return;
  const std::size_t left = size_ - at_;
  std::memmove(buffer_.data(), buffer_.data() + at_, left);
  at_ = 0, size_ = left + file_.read(buffer_.data() + left, buffer_.size() - left);
  done_ = size_ < buffer_.size();
  if (!begun_ && size_ >= 3 && buffer_.compare(0, 3, "\xEF\xBB\xBF") == 0) at_ = 3;
  begun_ = true;
}

void TextFile::refuse(TextPosition where, const std::string& why) const {
  file_.place().refuse("line " + std::to_string(where.line) + ", column " + std::to_string(where.column) + ": " + why);
}

std::string quoted(std::string_view cell) {
  constexpr std::size_t most = 40;
  std::string text;
  for (const char c : cell.substr(0, most)) text += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  return "'" + text + (cell.size() > most ? "…'" : "'");
}

template <class T>
bool parse_number(std::string_view cell, T& number) {
  constexpr const char* blanks = " \t";
  const std::size_t first = cell.find_first_not_of(blanks);
  if (first == cell.npos) return false;
  cell = cell.substr(first, cell.find_last_not_of(blanks) + 1 - first);
  if (cell[0] == '+' && cell.size() > 1 && cell[1] != '-') cell.remove_prefix(1);
  const char* end = cell.data() + cell.size();
  const auto [stop, error] = std::from_chars(cell.data(), end, number);
  if constexpr (std::is_floating_point_v<T>)
    if (long double tiny; error == std::errc::result_out_of_range && stop == end &&
                          std::from_chars(cell.data(), end, tiny).ec == std::errc() && std::abs(tiny) < 1)
      return number = static_cast<T>(tiny), true;
  return error == std::errc() && stop == end;
}
template bool parse_number(std::string_view, float&);
template bool parse_number(std::string_view, double&);
template bool parse_number(std::string_view, std::int64_t&);

void ClassColumn::add(const std::string& name) {
  const auto [entry, is_new] = found_.emplace(name, static_cast<std::int64_t>(names_.size()));
  if (is_new) names_.push_back(name);
  rows_.push_back(entry->second);
}

Tensor ClassColumn::take(std::vector<std::string>& names) const {
  std::vector<double> values(names_.size());
  bool numbers = true;
  for (std::size_t i = 0; i < names_.size(); ++i)
    numbers = numbers && parse_number(names_[i], values[i]) && !std::isnan(values[i]);
  const auto before = [&](std::int64_t i, std::int64_t j) {
    const auto a = static_cast<std::size_t>(i), b = static_cast<std::size_t>(j);
    return numbers ? values[a] < values[b] : names_[a] < names_[b];
  };
  std::vector<std::int64_t> order(names_.size()), number(names_.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), before);
  names.clear();
  for (std::size_t k = 0; k < order.size(); ++k) {
    if (k == 0 || before(order[k - 1], order[k])) names.push_back(names_[static_cast<std::size_t>(order[k])]);
    number[static_cast<std::size_t>(order[k])] = static_cast<std::int64_t>(names.size()) - 1;
  }
  std::vector<std::int64_t> rows(rows_.size());
  std::transform(rows_.begin(), rows_.end(), rows.begin(), [&](auto i) { return number[static_cast<std::size_t>(i)]; });
  return tensor(rows, Shape{static_cast<std::int64_t>(rows.size())});
}

}  // namespace xtape::datasets
