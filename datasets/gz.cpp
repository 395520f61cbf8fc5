#include "gz.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <autograd/error.hpp>

namespace xtape::datasets {

void GzReader::Close::operator()(gzFile_s* file) const { gzclose_r(file); }

GzReader::GzReader(const std::string& path) : path_(path) {
  if (path.find('\0') != std::string::npos)
    throw Error(path_.c_str() + std::string(": the name of the file goes on after a NUL"));
  file_.reset(gzopen(path.c_str(), "rb"));
  if (!file_) throw Error(path_ + ": cannot be opened: " + std::strerror(errno));
  gzbuffer(file_.get(), 1 << 17);
}

std::size_t GzReader::read(void* to, std::size_t size) {
  constexpr std::size_t most = 1 << 30;  // gzread counts in int
  std::size_t done = 0;
  while (done < size) {
    const int got = gzread(file_.get(), static_cast<char*>(to) + done, unsigned(std::min(size - done, most)));
    int code = Z_OK;
    const char* message = gzerror(file_.get(), &code);  // begins with the path
    if (code == Z_BUF_ERROR) throw Error(path_ + ": the compressed data ends too early, expected a complete gzip file");
    if (got < 0) throw Error(std::string(message) + ", expected a readable raw or gzip file");
    if (got == 0) break;
    done += std::size_t(got);
  }
  return done;
}

}  // namespace xtape::datasets
