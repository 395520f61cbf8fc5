// Tables in the format of LIBSVM, of which zeros are left out.
#pragma once
#include <optional>

#include "table.hpp"

namespace xtape::datasets {

/// What is in a file and what is wanted of it: `LibsvmOptions().labels().features(784)`.
class LibsvmOptions {
 public:
  /// The first number of a line is a class, and not a number to predict; numbered as `CsvOptions::label` says.
  LibsvmOptions& labels(bool v = true) { return labels_ = v, *this; }
  /// The number of columns, which a file of other samples may need more of; by default, the largest index.
  LibsvmOptions& features(std::int64_t v) { return features_ = v, *this; }
  /// Indices count from 0 instead of 1.
  LibsvmOptions& zero_based(bool v = true) { return zero_based_ = v, *this; }
  /// float32, by default, or float64.
  LibsvmOptions& dtype(Dtype v) { return dtype_ = v, *this; }

 private:
  template <class T>
  friend class LibsvmReader;
  friend Table read_libsvm(const std::string&, const LibsvmOptions&, Site);
  bool labels_ = false, zero_based_ = false;
  std::optional<std::int64_t> features_;
  Dtype dtype_ = float32;
};

/// The numbers of a file, raw or gzipped, in full: lines of "target index:value …" with ascending indices, and comments
/// from "#" on. Throws where a line is none such or an index is beyond `features`, when there is no row, and, without
/// `features`, where there would be more than a thousand zeros to a number. Source: the README of LIBSVM.
Table read_libsvm(const std::string& path, const LibsvmOptions& options = {}, Site site = Site::here());

}  // namespace xtape::datasets
