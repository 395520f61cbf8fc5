#include "input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace xtape::detail {

InputFile::InputFile(const FilePlace& place) : place_(place) {
  fd_ = open(place.what.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) place.refuse(std::string("it cannot be read; is it there? (") + std::strerror(errno) + ")");
  struct stat about;
  if (fstat(fd_, &about) == 0 && S_ISREG(about.st_mode)) size_ = about.st_size;
}

InputFile::~InputFile() { close(fd_); }

std::size_t InputFile::read(char* to, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(fd_, to + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) place_.refuse(std::string("it cannot be read: ") + std::strerror(errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Tensor read_tensor(const ElementType& type, const Shape& shape, const Read& read, const FilePlace& place) {
  Ref<Array> array;
  try {
    array = make_array(type.dtype, shape);
  } catch (const Error& error) {
    place.refuse(error.what());
  }
  const bool direct = type.kind == ElementType::copied && type.dtype != boolean;
  const std::int64_t stretch = 1 << 16, step = size_of(type.dtype);
  std::string bytes(direct ? 0 : static_cast<std::size_t>(std::min(array->size, stretch) * type.size), '\0');
  const auto fill = [&](char* to, std::int64_t n) {
    if (read(to, static_cast<std::size_t>(n * type.size)) < static_cast<std::size_t>(n * type.size))
      place.refuse("it ends early");
  };
  if (direct) fill(array->at<char>(), array->size);
  else
    for (std::int64_t i = 0; i < array->size; i += stretch) {
      const std::int64_t n = std::min(stretch, array->size - i);
      fill(bytes.data(), n);
      cast_elements(type, bytes.data(), n, array->at<char>() + i * step);
    }
  return Tensor(std::move(array));
}

}  // namespace xtape::detail
