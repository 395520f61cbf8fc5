// Reading files that may or may not be compressed.
#pragma once
#include <cstddef>
#include <memory>
#include <string>

struct gzFile_s;

namespace xtape::datasets {

/// The unpacked bytes of a gzip file, or the bytes of any other file as they are, from beginning to end.
class GzReader {
 public:
  /// Throws when there is no file at `path` or it cannot be opened.
  explicit GzReader(const std::string& path);

  /// Reads the next `size` bytes to `to` and returns their number, less than `size` only at the end of the file.
  /// Throws when the file cannot be read, is damaged or ends too early.
  std::size_t read(void* to, std::size_t size);

 private:
  struct Close {
    void operator()(gzFile_s* file) const;
  };
  std::string path_;
  std::unique_ptr<gzFile_s, Close> file_;
};

}  // namespace xtape::datasets
