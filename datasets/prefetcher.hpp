// Private: a thread that makes batches ahead of who takes them.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "batch.hpp"

namespace xtape::datasets {

/// Gives the batches `make(0)` … `make(count - 1)`, of which a thread of its own makes up to `ahead` before they are
/// asked for; that thread uses no other. What it throws is thrown where that batch is asked for. Where the system
/// gives no thread, a batch is made when it is asked for. For one thread; a forked child has another.
class Prefetcher {
 public:
  Prefetcher(std::function<Batch(std::int64_t i)> make, std::int64_t count, std::int64_t ahead);
  ~Prefetcher();
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  /// Batch i, at best the one after the last or that again; any other begins anew from there.
  Batch get(std::int64_t i);

 private:
  struct Work;
  void start(std::int64_t i);
  void stop();

  std::function<Batch(std::int64_t i)> make_;
  std::int64_t count_, ahead_;
  std::shared_ptr<Work> work_;
  std::thread thread_;
  int process_ = 0;  // whose thread it is
  std::int64_t next_ = -1;
  std::optional<Batch> last_;  // batch next_ - 1
};

}  // namespace xtape::datasets
