// Private: reading files that may or may not be compressed.
#pragma once
#include <autograd/files/input_file.hpp>
#include <cstddef>
#include <memory>
#include <string>

struct gzFile_s;

namespace xtape::datasets {

/// The unpacked bytes of a gzip file, or the bytes of any other file as they are, from beginning to end.
class GzReader {
 public:
  /// Throws in the name of `place` when there is no file `place.what` or it cannot be opened.
  explicit GzReader(xtape::detail::FilePlace place);

  /// Reads the next `size` bytes to `to` and returns their number, less than `size` only at the end of the file.
  /// Throws when the file cannot be read, is damaged or ends too early.
  std::size_t read(void* to, std::size_t size);
  /// The number of bytes that were read.
  std::int64_t position() const { return position_; }
  const xtape::detail::FilePlace& place() const { return place_; }

 private:
  struct Close {
    void operator()(gzFile_s* file) const;
  };
  xtape::detail::FilePlace place_;
  std::unique_ptr<gzFile_s, Close> file_;
  std::int64_t position_ = 0;
};

}  // namespace xtape::datasets
