// Private: a file that is fetched piece by piece, over several attempts if need be.
#pragma once
#include <autograd/core/error.hpp>
#include <cstddef>
#include <cstdint>
#include <string>

namespace xtape::datasets {

/// The file "PATH.part", open at its end. One process at a time has it; the others wait. What has no bytes in the end
/// goes.
class PartFile {
 public:
  /// Throws in the name of `op` where it cannot be written.
  PartFile(const char* op, std::string path, Site site);
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  const std::string& name() const { return name_; }
  std::int64_t size() const;
  /// Appends; returns 0, or the error's number.
  int append(const void* data, std::size_t size);
  /// Forgets what is there.
  void clear();
  /// Gives it the name PATH, after its content has reached the disk.
  void keep();
  /// Throws what the error with this number means, and forgets what is there.
  [[noreturn]] void fail_to_write(int error);

 private:
  const char* op_;
  std::string path_, name_;
  Site site_;
  int fd_ = -1;
  bool kept_ = false;
};

}  // namespace xtape::datasets
