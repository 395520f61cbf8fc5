// Private: files of tensors as they are read, from beginning to end.
#pragma once
#include <cstdint>
#include <functional>
#include <new>
#include <string>

#include "../core/error.hpp"
#include "element_cast.hpp"

namespace xtape::detail {

/// What is read or written, for errors: "op: what: why".
struct FilePlace {
  const char* op;
  std::string what;
  Site site;
  [[noreturn]] void refuse(const std::string& why) const { fail(op, what + ": " + why, site); }
};

/// What f(place) gives, which reads the file `place.what`. Where memory runs out, that is an error like any other.
template <class F>
auto reading(const FilePlace& place, F f) {
  if (place.what.find('\0') != place.what.npos)
    FilePlace{place.op, place.what.c_str(), place.site}.refuse("the name of the file goes on after a NUL");
  if (!is_little_endian()) place.refuse("the machine keeps the most significant byte first, which is not supported");
  try {
    return f(place);
  } catch (const std::bad_alloc&) {}
  place.refuse("there is not enough memory to read it");
}

/// Reads the next bytes, up to `size`, to `to`; gives their number, less than `size` only at the end.
using Read = std::function<std::size_t(char* to, std::size_t size)>;

/// The file `place.what`, open for reading; throws where it cannot be read. `place` must outlive it.
class InputFile {
 public:
  explicit InputFile(const FilePlace& place);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// The number of its bytes; -1 where that is not known, as of a pipe.
  std::int64_t size() const { return size_; }
  /// As Read does.
  std::size_t read(char* to, std::size_t size);

 private:
  const FilePlace& place_;
  int fd_;
  std::int64_t size_ = -1;
};

/// A tensor of the next bytes that `read` gives, least significant first, in hardly more memory than it takes itself.
Tensor read_tensor(const ElementType& type, const Shape& shape, const Read& read, const FilePlace& place);

}  // namespace xtape::detail
