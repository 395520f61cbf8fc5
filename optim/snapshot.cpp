#include "snapshot.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <autograd/files/checksum.hpp>
#include <autograd/safetensors.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

namespace xtape::optim {
namespace {

namespace fs = std::filesystem;

std::string checksum_of(const Snapshot& snapshot) {
  std::uint32_t sum = 0;
  for (const auto& [name, value] : snapshot.tensors) sum = checksum(value, checksum(name, sum));
  for (const auto& [name, text] : snapshot.notes)
    if (name != "checksum") sum = checksum(text, checksum(name, sum));
  return std::to_string(sum);
}

// Locks the file of this name, which is made where it is not there; -1 where another has locked it, -2 where it cannot
// be made.
int lock(const std::string& name) {
  for (;;) {
    const int fd = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) return -2;
    struct stat open, named;
    const bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
    // Who had it may have taken the name away between both lines.
    const bool there = fstat(fd, &open) == 0 && stat(name.c_str(), &named) == 0 && open.st_ino == named.st_ino;
    if (locked && there) return fd;
    close(fd);
    if (!locked) return -1;
  }
}

bool exists(const std::string& name) {
  std::error_code failed;
  return fs::exists(name, failed);
}

}  // namespace

const Tensor& saved(const StateDict& values, const std::string& name) {
  const auto found = values.find(name);
  if (found == values.end()) fail("Snapshot", "it lacks '" + name + "'; is it of another version?");
  return found->second;
}

SnapshotFiles::SnapshotFiles(std::string path, std::int64_t keep, Site site)
    : path_(std::move(path)), keep_(keep), site_(site) {
  if (keep < 1) fail("save_to", "keep is " + std::to_string(keep) + ", expected at least 1", site);
  std::error_code failed;
  if (path_.empty() || path_.find('\0') != path_.npos || fs::is_directory(path_, failed))
    fail("save_to", "'" + std::string(path_.c_str()) + "' is no name of a file", site);
  lock_ = lock(path_ + ".lock");
  if (lock_ == -1)
    fail("save_to", path_ + " belongs to another training that is running; give this one another file", site);
  if (lock_ < 0)
    fail("save_to",
         "cannot write " + path_ + ": " + std::strerror(errno) + ", expected a writable directory with enough space",
         site);
}

SnapshotFiles::~SnapshotFiles() {
  unlink((path_ + ".lock").c_str());
  close(lock_);
}

std::string SnapshotFiles::name(std::int64_t age) const {
  return age < 0 ? path_ + ".new" : age == 0 ? path_ : path_ + "." + std::to_string(age);
}

void SnapshotFiles::write(Snapshot snapshot) const {
  snapshot.notes["checksum"] = checksum_of(snapshot);
  save_safetensors(name(-1), snapshot.tensors, snapshot.notes, site_);
  // Whoever is killed from here on leaves a whole one as path.new.
  std::int64_t oldest = 0;
  while (oldest < keep_ - 1 && exists(name(oldest))) ++oldest;
  for (; oldest > 0; --oldest) std::rename(name(oldest - 1).c_str(), name(oldest).c_str());
  if (std::rename(name(-1).c_str(), path_.c_str()) != 0)
    fail("save_to", "cannot write " + path_ + ": " + std::strerror(errno), site_);
}

Snapshot SnapshotFiles::read(std::string& damaged) const {
  bool some = false;
  std::int64_t missing = 0;
  for (std::int64_t age = -1; age <= 0 || missing < 2; ++age) {  // who was killed while renaming leaves a gap
    if (!exists(name(age))) {
      ++missing;
      continue;
    }
    some = true, missing = 0;
    try {
      Snapshot snapshot{load_safetensors(name(age), site_), load_safetensors_metadata(name(age), site_)};
      const auto sum = snapshot.notes.find("checksum");
      if (sum == snapshot.notes.end()) fail("save_to", name(age) + " is no saved training", site_);
      if (sum->second != checksum_of(snapshot)) fail("save_to", name(age) + ": its checksum is wrong", site_);
      return snapshot;
    } catch (const Error& error) {
      damaged += (damaged.empty() ? "" : "\n") + std::string(error.what());
      // Out of the way, so that it does not take the place of a whole one when the next is written.
      if (age <= 0) std::rename(name(age).c_str(), (path_ + ".damaged").c_str());
    }
  }
  if (some) fail("save_to", "no saved training that is whole is left of " + path_ + ": " + damaged, site_);
  return {};
}

}  // namespace xtape::optim
