// TableFile: rows of numbers and texts as JSON lines or CSV.
#pragma once
#include <optim/appended_file.hpp>
#include <optim/value.hpp>
#include <string>
#include <vector>

namespace xtape::optim {

/// A file that grows by a row a time; each is there for readers at once, whole or not at all, and stays if the process
/// is killed:
///
///   optim::TableFile table("run.csv");
///   table.write({{"epoch", 1}, {"cost", 0.31}, {"accuracy", 0.92}});
///
/// Under a name that ends in ".jsonl" a row is a line with a JSON object (UTF-8; NaN and infinity are null). Under one
/// that ends in ".csv" it is a record as RFC 4180 quotes it, ended by a line feed, under a head with the names of the
/// first row; a name that a later row lacks is an empty field, NaN and infinity are "nan", "inf" and "-inf". Real
/// numbers have as many digits as give the same bits again.
class TableFile {
 public:
  /// Makes the file, or goes on with one that is there after its first `keep` rows, for a run that goes on from where
  /// it had written so many: what follows them is taken away. Throws for another ending of the name, where the file has
  /// fewer rows, where another run has it, and where it cannot be written.
  explicit TableFile(std::string path, std::int64_t keep = 0, Site site = Site::here());

  const std::string& path() const { return file_.path(); }
  /// How many rows it has.
  std::int64_t rows() const { return rows_; }
  /// Throws when the row is empty or has a name twice, in CSV when it has a name that the first row had not, and when
  /// the file cannot be written; it stays as it is then.
  void write(const Row& row, Site site = Site::here());

 private:
  bool csv_;
  AppendedFile file_;
  std::int64_t rows_ = 0;
  std::vector<std::string> columns_;  // of CSV, once there is a row
};

}  // namespace xtape::optim
