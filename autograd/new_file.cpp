#include "new_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace xtape {

NewFile::NewFile(const char* op, std::string path, Site site) : op_(op), path_(std::move(path)), site_(site) {
  const std::string stem = path_ + "." + std::to_string(getpid()) + ".";
  for (int i = 0; fd_ < 0; ++i) {
    name_ = stem + std::to_string(i);
    fd_ = open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd_ < 0 && errno != EEXIST) fail_to_write(errno);
  }
}

NewFile::~NewFile() {
  close(fd_);
  if (!kept_) unlink(name_.c_str());
}

int NewFile::append(const void* data, std::size_t size) {
  auto* from = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t n = ::write(fd_, from, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    from += n, size -= static_cast<std::size_t>(n);
  }
  return 0;
}

void NewFile::write(const void* data, std::size_t size) {
  if (const int error = append(data, size)) fail_to_write(error);
}

void NewFile::keep() {
  if (fsync(fd_) != 0 || std::rename(name_.c_str(), path_.c_str()) != 0) fail_to_write(errno);
  kept_ = true;
}

void NewFile::fail_to_write(int error) const {
  fail(op_, "cannot write " + path_ + ": " + std::strerror(error) + ", expected a writable directory with enough space",
       site_);
}

}  // namespace xtape
