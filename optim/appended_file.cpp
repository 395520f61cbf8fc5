#include "appended_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <autograd/files/new_file.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

namespace xtape::optim {

AppendedFile::AppendedFile(const char* op, std::string path, Site site) : op_(op), path_(std::move(path)) {
  if (path_.find('\0') != std::string::npos)
    fail(op_, "cannot open " + std::string(path_.c_str()) + ": the name of the file goes on after a NUL", site);
  fd_ = open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd_ < 0) refuse("open", site);
  struct stat now;
  const bool other = flock(fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  if (other || fstat(fd_, &now) != 0 || !S_ISREG(now.st_mode)) {
    close(fd_);
    fail(op_, path_ + (other ? " is being written by another run, expected a file of its own" : " is no file"), site);
  }
  size_ = now.st_size;
}

AppendedFile::AppendedFile(AppendedFile&& other) noexcept
    : op_(other.op_), path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

AppendedFile::~AppendedFile() {
  if (fd_ >= 0) close(fd_);
}

void AppendedFile::refuse(const char* what, Site site) const {
  fail(op_,
       std::string("cannot ") + what + " " + path_ + ": " + std::strerror(errno) +
           ", expected a writable directory with enough space",
       site);
}

std::string AppendedFile::content(Site site) const {
  std::string bytes(static_cast<std::size_t>(size_), '\0');
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n = pread(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) refuse("read", site);
    done += static_cast<std::size_t>(n);
  }
  return bytes;
}

void AppendedFile::truncate(std::int64_t size, Site site) {
  if (ftruncate(fd_, size) != 0) refuse("write", site);
  size_ = size;
}

void AppendedFile::append(const std::string& bytes, Site site) {
  if (const int error = xtape::detail::write_all(fd_, bytes.data(), bytes.size())) {
    if (ftruncate(fd_, size_) == 0) errno = error;  // a part of a piece would spoil all that follow
    refuse("write", site);
  }
  size_ += static_cast<std::int64_t>(bytes.size());
}

}  // namespace xtape::optim
