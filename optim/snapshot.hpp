// Snapshots: what a training is saved as, so that it can go on from there.
#pragma once
#include <autograd/state_dict.hpp>
#include <cstdint>
#include <map>
#include <string>

namespace xtape::optim {

/// Tensors and texts of one moment of a training.
struct Snapshot {
  StateDict tensors;
  std::map<std::string, std::string> notes;
};

/// The value of that name; throws when there is none.
const Tensor& saved(const StateDict& values, const std::string& name);

/// The snapshots of one training: the newest is named `path`, those before it path.1, path.2 … They are safetensors
/// files with a checksum, which stand under their names whole or not at all. While this lives, no other training, of
/// this process or another, has them.
class SnapshotFiles {
 public:
  /// Keeps the last `keep`. Throws when `keep` is below 1, when the folder cannot be written, and when another training
  /// has these files.
  SnapshotFiles(std::string path, std::int64_t keep, Site site);
  ~SnapshotFiles();
  SnapshotFiles(const SnapshotFiles&) = delete;
  SnapshotFiles& operator=(const SnapshotFiles&) = delete;

  const std::string& path() const { return path_; }
  /// Throws when it cannot be written; the files are then as they were.
  void write(Snapshot snapshot) const;
  /// The newest that is whole. Each that is damaged is named in `damaged` with what is wrong. Empty tensors when there
  /// is none at all; throws when there are some, and all are damaged.
  Snapshot read(std::string& damaged) const;

 private:
  std::string name(std::int64_t age) const;
  std::string path_;
  std::int64_t keep_;
  Site site_;
  int lock_ = -1;
};

}  // namespace xtape::optim
