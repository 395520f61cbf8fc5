#include "csv.hpp"

#include <algorithm>

#include "text_file.hpp"

namespace xtape::datasets {
using namespace xtape::detail;

using xtape::detail::FilePlace;

template <class T>
class CsvReader {
 public:
  CsvReader(const FilePlace& place, const CsvOptions& options) : place_(place), options_(options), text_(place) {}

  Table read() {
    Table table;
    std::vector<std::string> names;
    bool more = read_row();
    if (more && options_.header_) {
      for (std::size_t i = 0; i < size_; ++i) names.push_back(row_[i].text);
      choose(names);
      more = read_row();
    } else if (more) {
      choose(names);
    }
    if (!more) place_.refuse(options_.header_ ? "it has no row after the names of its columns" : "it has no row");
    for (std::int64_t n = 1; more; more = read_row(), ++n) {
      if (size_ != use_.size())
        text_.refuse(size_ > use_.size() ? row_[use_.size()].where : row_end_,
                     "the row has " + std::to_string(size_) + " cells, expected " + std::to_string(use_.size()) +
                         " as in line " + std::to_string(first_line_));
      for (std::size_t i = 0; i < size_; ++i) take(i);
      rows_ = n;
    }
    for (std::size_t i = 0; i < names.size(); ++i)
      if (use_[i] == Use::input) table.columns.push_back(names[i]);
    table.input = tensor(input_, Shape{rows_, static_cast<std::int64_t>(input_.size()) / rows_});
    if (options_.target_ && options_.classes_) table.target = labels_.take(table.classes);
    else if (options_.target_) table.target = tensor(target_, Shape{rows_, 1});
    return table;
  }

 private:
  enum class Use { input, target, label, nothing };
  struct Cell {
    std::string text;
    TextPosition where;
  };
  static constexpr std::size_t longest = 1 << 20, most_cells = 100'000;

  // The cells of the next line that is not empty; false at the end.
  bool read_row() {
    while (text_.peek() == '\n') text_.advance();
    if (text_.peek() == TextFile::end) return false;
    for (size_ = 0;; text_.advance()) {
      if (size_ == most_cells) text_.refuse(text_.position(), "the row has more than 100000 cells");
      if (size_ == row_.size()) row_.emplace_back();
      read_cell(row_[size_++]);
      row_end_ = text_.position();
      if (const int c = text_.peek(); c == '\n' || c == TextFile::end) return true;
    }
  }

  // Up to the separator or the end of the line, which stays.
  void read_cell(Cell& cell) {
    cell.text.clear();
    cell.where = text_.position();
    const bool quotes = text_.peek() == '"';
    if (quotes) text_.advance();
    for (;; text_.advance()) {
      const int c = text_.peek();
      const bool ends = c == TextFile::end || (!quotes && (c == '\n' || c == separator()));
      if (c == TextFile::end && quotes) text_.refuse(cell.where, "the quote that begins here is not closed");
      if (ends) return;
      if (c == '"') {
        if (!quotes) text_.refuse(text_.position(), "there is a quote within a cell that does not begin with one");
        text_.advance();
        if (const int next = text_.peek(); next == '\n' || next == TextFile::end || next == separator()) return;
        else if (next != '"')
          text_.refuse(text_.position(),
                       "the cell goes on after its closing quote, expected the next or the line's end");
      }
      if (cell.text.size() == longest) text_.refuse(cell.where, "the cell is longer than a megabyte");
      cell.text += static_cast<char>(c);
    }
  }

  int separator() const { return static_cast<unsigned char>(options_.separator_); }

  // What each column is for, after the first line.
  void choose(const std::vector<std::string>& names) {
    first_line_ = row_[0].where.line;
    use_.assign(size_, Use::input);
    for (const Column& column : options_.dropped_) use_[find(column, names)] = Use::nothing;
    if (options_.target_) use_[find(*options_.target_, names)] = options_.classes_ ? Use::label : Use::target;
    if (std::find(use_.begin(), use_.end(), Use::input) == use_.end()) place_.refuse("it has no column for the input");
  }

  std::size_t find(const Column& column, const std::vector<std::string>& names) const {
    const auto n = static_cast<int>(use_.size());
    if (column.number) {
      const int i = *column.number < 0 ? *column.number + n : *column.number;
      if (i < 0 || i >= n)
        place_.refuse("there is no column " + std::to_string(*column.number) + " of " + std::to_string(n));
      return static_cast<std::size_t>(i);
    }
    const auto found = std::find(names.begin(), names.end(), column.name);
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ", ") + quoted(name);
    if (found == names.end())
      place_.refuse("there is no column " + quoted(column.name) + ", expected " +
                    (names.empty() ? "a number, as the first line names none" : "one of " + all.substr(0, 1000)));
    if (std::count(names.begin(), names.end(), column.name) > 1)
      place_.refuse("there are two columns " + quoted(column.name) + ", expected a number");
    return static_cast<std::size_t>(found - names.begin());
  }

  void take(std::size_t i) {
    const Cell& cell = row_[i];
    if (use_[i] == Use::nothing) return;
    const bool empty = cell.text.find_first_not_of(" \t") == std::string::npos;
    if (use_[i] == Use::label) {
      if (empty) text_.refuse(cell.where, "the cell is empty, expected a class");
      return labels_.add(cell.text);
    }
    T number{};
    if (empty && options_.missing_) number = static_cast<T>(*options_.missing_);
    else if (empty) text_.refuse(cell.where, "the cell is empty, expected a number");
    else if (!parse_number(cell.text, number))
      text_.refuse(cell.where, "the cell is " + quoted(cell.text) + ", expected a number that " +
                                   to_string(options_.dtype_) + " holds");
    (use_[i] == Use::target ? target_ : input_).push_back(number);
  }

  const FilePlace& place_;
  const CsvOptions& options_;
  TextFile text_;
  std::vector<Cell> row_;  // of which `size_` are the present row's
  std::size_t size_ = 0;
  TextPosition row_end_;
  std::int64_t first_line_ = 1, rows_ = 0;
  std::vector<Use> use_;
  std::vector<T> input_, target_;
  ClassColumn labels_;
};

Table read_csv(const std::string& path, const CsvOptions& options, Site site) {
  const std::string not_separators = "\"\n\r";
  if (not_separators.find(options.separator_) != std::string::npos || options.separator_ == '\0')
    fail("read_csv", "the separator is a quote, a line's end or a NUL, expected another character", site);
  if (!is_floating(options.dtype_))
    fail("read_csv", std::string("the dtype is ") + to_string(options.dtype_) + ", expected float32 or float64", site);
  return xtape::detail::reading({"read_csv", path, site}, [&](const FilePlace& place) {
    return visit_floating(options.dtype_, [&](auto zero) { return CsvReader<decltype(zero)>(place, options).read(); });
  });
}

}  // namespace xtape::datasets
