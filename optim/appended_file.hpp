// A file that grows by whole pieces.
#pragma once
#include <autograd/core/error.hpp>
#include <cstdint>
#include <string>

namespace xtape::optim {

/// A file that is open for appending; what is appended is there for readers at once, whole or not at all, however the
/// process ends. While this lives, no other one has the file. All throw in the name of `op`, which tells the path.
class AppendedFile {
 public:
  /// Opens it or makes it; throws when that cannot be done and when another has it.
  AppendedFile(const char* op, std::string path, Site site);
  AppendedFile(AppendedFile&& other) noexcept;
  AppendedFile& operator=(AppendedFile&&) = delete;
  ~AppendedFile();

  const std::string& path() const { return path_; }
  /// All of it.
  std::string content(Site site) const;
  /// Keeps the first `size` bytes.
  void truncate(std::int64_t size, Site site);
  void append(const std::string& bytes, Site site);

 private:
  [[noreturn]] void refuse(const char* what, Site site) const;
  const char* op_;
  std::string path_;
  int fd_ = -1;
  std::int64_t size_ = 0;
};

}  // namespace xtape::optim
