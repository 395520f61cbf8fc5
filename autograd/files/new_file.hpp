// Private: a file that stands under its name whole or not at all.
#pragma once
#include <sys/types.h>

#include <cstddef>
#include <string>

#include "../core/error.hpp"

namespace xtape {
using namespace detail;

namespace detail {
/// Writes all bytes to an open file; returns 0, or the error's number, when some may have been written.
int write_all(int fd, const void* data, std::size_t size);
}  // namespace detail

/// A file that is written beside `path` and takes that name when it is complete: whoever is killed meanwhile leaves the
/// old file, and so does whoever drops this. It has the mode and, where that is allowed, the owner of the old file; a
/// symbolic link stays, and its target becomes the new file; a device or a pipe is written as it is. Throws in the name
/// of `op` where it cannot be written.
///
/// Until it is complete it is named ".xtape.N" in the same folder, where N counts those that are written at once. The
/// one of a process that was killed is taken away by the next that is written in that folder.
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
  void write(const std::string& bytes) { write(bytes.data(), bytes.size()); }
  /// Gives it its name, after its content has reached the disk.
  void keep();
  /// Throws what the error with this number means.
  [[noreturn]] void fail_to_write(int error) const;

 private:
  void create(mode_t mode);

  const char* op_;
  std::string path_, name_, target_;  // as it was asked for, as it is named now, and where the links of `path` lead
  Site site_;
  int fd_ = -1;
};

}  // namespace xtape
