// NewFile: a file that stands under its name whole or not at all.
#pragma once
#include <cstddef>
#include <string>

#include "error.hpp"

namespace xtape {

/// A file that is written beside `path` and takes that name when it is complete: whoever is killed meanwhile leaves the
/// old file, and so does whoever drops this. Throws in the name of `op` where it cannot be written.
class NewFile {
 public:
  NewFile(const char* op, std::string path, Site site = {});
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  /// The name that it has until `keep`.
  const std::string& name() const { return name_; }
  /// Appends; returns 0, or the error's number.
  int append(const void* data, std::size_t size);
  /// Appends or throws.
  void write(const void* data, std::size_t size);
  /// Gives it its name, after its content has reached the disk.
  void keep();
  /// Throws what the error with this number means.
  [[noreturn]] void fail_to_write(int error) const;

 private:
  const char* op_;
  std::string path_, name_;
  Site site_;
  int fd_ = -1;
  bool kept_ = false;
};

}  // namespace xtape
