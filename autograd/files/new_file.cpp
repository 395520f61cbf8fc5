#include "new_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

namespace xtape {
using namespace detail;

namespace {

namespace fs = std::filesystem;

// Where the links that `path` names lead; the last may lead to nothing yet.
std::string target_of(fs::path path) {
  std::error_code failed;
  for (int links = 0; links < 40 && fs::is_symlink(fs::symlink_status(path, failed)); ++links) {
    const fs::path next = fs::read_symlink(path, failed);
    if (failed) break;
    path = path.parent_path() / next;
  }
  return path.string();
}

// Whether an open file has this name still.
bool has_name(int fd, const std::string& name) {
  struct stat open, named;
  return fstat(fd, &open) == 0 && lstat(name.c_str(), &named) == 0 && open.st_dev == named.st_dev &&
         open.st_ino == named.st_ino;
}

// Takes away what a process that is no more left under this name: nobody has locked it.
bool remove_abandoned(const std::string& name) {
  const int fd = open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return false;
  const bool removed = flock(fd, LOCK_EX | LOCK_NB) == 0 && has_name(fd, name) && unlink(name.c_str()) == 0;
  close(fd);
  return removed;
}

}  // namespace

int detail::write_all(int fd, const void* data, std::size_t size) {
  auto* from = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t n = ::write(fd, from, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    from += n, size -= static_cast<std::size_t>(n);
  }
  return 0;
}

NewFile::NewFile(const char* op, std::string path, Site site) : op_(op), path_(std::move(path)), site_(site) {
  if (path_.find('\0') != std::string::npos)
    fail(op_, "cannot write " + std::string(path_.c_str()) + ": the name of the file goes on after a NUL", site_);
  target_ = target_of(path_);
  struct stat old;
  if (stat(path_.c_str(), &old) != 0) {
    if (errno != ENOENT) fail_to_write(errno);
    create(0666);
  } else if (!S_ISREG(old.st_mode)) {
    name_ = target_;
    fd_ = open(name_.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd_ < 0) fail_to_write(errno);
  } else {
    if (access(path_.c_str(), W_OK) != 0) fail_to_write(errno);
    create(0600);
    const bool same_group =
        fchown(fd_, old.st_uid, old.st_gid) == 0 || fchown(fd_, static_cast<uid_t>(-1), old.st_gid) == 0;
    fchmod(fd_, old.st_mode & (same_group ? 0777 : 0707));
  }
}

NewFile::~NewFile() {
  if (name_ != target_) unlink(name_.c_str());
  close(fd_);
}

// The lock tells others that the file is being written; it ends with the process, however that ends.
void NewFile::create(mode_t mode) {
  const std::string stem = (fs::path(target_).parent_path() / ".xtape.").string();
  for (int i = 0;;) {
    name_ = stem + std::to_string(i);
    fd_ = open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd_ >= 0) {
      const bool taken = flock(fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
      if (!taken && has_name(fd_, name_)) return;
      close(fd_);  // for abandoned, between two lines of this: who took it so removes it
    } else if (errno != EEXIST) {
      fail_to_write(errno);
    } else if (!remove_abandoned(name_)) {
      ++i;
    }
  }
}

int NewFile::append(const void* data, std::size_t size) { return detail::write_all(fd_, data, size); }

void NewFile::write(const void* data, std::size_t size) {
  if (const int error = append(data, size)) fail_to_write(error);
}

void NewFile::keep() {
  if (name_ == target_) return;
  if (fsync(fd_) != 0 || std::rename(name_.c_str(), target_.c_str()) != 0) fail_to_write(errno);
  name_ = target_;
}

void NewFile::fail_to_write(int error) const {
  fail(op_, "cannot write " + path_ + ": " + std::strerror(error) + ", expected a writable directory with enough space",
       site_);
}

}  // namespace xtape
