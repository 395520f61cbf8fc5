// Tables of comma-separated values.
#pragma once
#include <optional>

#include "table.hpp"

namespace xtape::datasets {

/// What is in a file and what is wanted of it: `CsvOptions().label("species").drop({"id"})`.
class CsvOptions {
 public:
  /// Whether the first line names the columns; true by default.
  CsvOptions& header(bool v) { return header_ = v, *this; }
  /// What stands between cells: ',' by default.
  CsvOptions& separator(char v) { return separator_ = v, *this; }
  /// The column of the numbers to predict.
  CsvOptions& target(Column v) { return target_ = std::move(v), classes_ = false, *this; }
  /// The column of the classes, words or numbers, to tell apart. They are numbered in the order of the alphabet, or of
  /// their values where all are numbers.
  CsvOptions& label(Column v) { return target_ = std::move(v), classes_ = true, *this; }
  /// Columns to leave out.
  CsvOptions& drop(std::vector<Column> v) { return dropped_ = std::move(v), *this; }
  /// What an empty cell is; without it, such a cell is an error.
  CsvOptions& missing(double v) { return missing_ = v, *this; }
  /// float32, by default, or float64.
  CsvOptions& dtype(Dtype v) { return dtype_ = v, *this; }

 private:
  template <class T>
  friend class CsvReader;
  friend Table read_csv(const std::string&, const CsvOptions&, Site);
  bool header_ = true, classes_ = false;
  char separator_ = ',';
  std::optional<Column> target_;
  std::vector<Column> dropped_;
  std::optional<double> missing_;
  Dtype dtype_ = float32;
};

/// The numbers of a file, raw or gzipped, with cells in double quotes where need be; empty lines are passed over.
/// Throws where a line has another number of cells than the first, a cell is no number that the dtype holds ("nan" and
/// "inf" are), a quote is not closed or not alone, a cell is longer than a megabyte, a line has more than 100,000, and
/// when there is no such column, or no row. Source: RFC 4180.
Table read_csv(const std::string& path, const CsvOptions& options = {}, Site site = Site::here());

}  // namespace xtape::datasets
