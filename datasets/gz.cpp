#include "gz.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace xtape::datasets {

void GzReader::Close::operator()(gzFile_s* file) const { gzclose_r(file); }

GzReader::GzReader(xtape::detail::FilePlace place) : place_(std::move(place)) {
  const std::string& path = place_.what;
  if (path.find('\0') != std::string::npos)
    xtape::detail::FilePlace{place_.op, path.c_str(), place_.site}.refuse("the name of the file goes on after a NUL");
  file_.reset(gzopen(path.c_str(), "rb"));
  if (!file_) place_.refuse(std::string("it cannot be opened: ") + std::strerror(errno));
  gzbuffer(file_.get(), 1 << 17);
}

std::size_t GzReader::read(void* to, std::size_t size) {
  constexpr std::size_t most = 1 << 30;  // gzread counts in int
  std::size_t done = 0;
  while (done < size) {
    const int got = gzread(file_.get(), static_cast<char*>(to) + done, unsigned(std::min(size - done, most)));
    int code = Z_OK;
    std::string message = gzerror(file_.get(), &code);
    const std::string at = " after " + std::to_string(position_ + std::max(got, 0)) + " unpacked bytes";
    if (code == Z_BUF_ERROR)
      place_.refuse("the compressed data ends too early," + at + ", expected a complete gzip file");
    if (got < 0) {
      if (message.compare(0, place_.what.size() + 2, place_.what + ": ") == 0) message.erase(0, place_.what.size() + 2);
      place_.refuse(message + at + ", expected a readable raw or gzip file");
    }
    if (got == 0) break;
    done += std::size_t(got), position_ += got;
  }
  return done;
}

}  // namespace xtape::datasets
