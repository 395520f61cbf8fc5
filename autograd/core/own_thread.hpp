// Private: operations that leave the other threads to others.
#pragma once

// In ../parallel.cpp.
namespace xtape {

/// While it lives, the operations of this thread run on it alone, as those of a thread that works beside a training,
/// whose operations are to have the other threads.
class OwnThreadOnly {
 public:
  OwnThreadOnly();
  ~OwnThreadOnly();
  OwnThreadOnly(const OwnThreadOnly&) = delete;
  OwnThreadOnly& operator=(const OwnThreadOnly&) = delete;

 private:
  bool before_;
};

}  // namespace xtape
