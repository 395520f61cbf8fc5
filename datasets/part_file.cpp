#include "part_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <autograd/files/new_file.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace xtape::datasets {

PartFile::PartFile(const char* op, std::string path, Site site)
    : op_(op), path_(std::move(path)), name_(path_ + ".part"), site_(site) {
  for (;;) {
    fd_ = open(name_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd_ < 0) fail_to_write(errno);
    while (flock(fd_, LOCK_EX) != 0 && errno == EINTR) {}
    // Who had it may have given it its name, or taken it away.
    struct stat open, named;
    if (fstat(fd_, &open) == 0 && stat(name_.c_str(), &named) == 0 && open.st_ino == named.st_ino) return;
    close(fd_);
  }
}

PartFile::~PartFile() {
  if (!kept_ && size() == 0) unlink(name_.c_str());
  close(fd_);
}

std::int64_t PartFile::size() const {
  struct stat about;
  return fstat(fd_, &about) == 0 ? about.st_size : 0;
}

int PartFile::append(const void* data, std::size_t size) { return xtape::detail::write_all(fd_, data, size); }

void PartFile::clear() {
  if (ftruncate(fd_, 0) != 0) fail(op_, "cannot empty " + name_ + ": " + std::strerror(errno), site_);
}

void PartFile::keep() {
  if (fsync(fd_) != 0 || std::rename(name_.c_str(), path_.c_str()) != 0) fail_to_write(errno);
  kept_ = true;
}

void PartFile::fail_to_write(int error) {
  if (fd_ >= 0) clear();
  fail(op_, "cannot write " + path_ + ": " + std::strerror(error) + ", expected a writable directory with enough space",
       site_);
}

}  // namespace xtape::datasets
