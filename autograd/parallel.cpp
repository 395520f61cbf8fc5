#include "parallel.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "error.hpp"

namespace xtape {
namespace {

struct Job {
  Job(std::int64_t n, const std::function<void(std::int64_t)>& f) : count(n), tile(&f) {}

  // Claims tiles until none is left. `tile` is touched only for a claimed one, so a helper that comes late does no
  // harm.
  void work() {
    for (std::int64_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) {
      try {
        (*tile)(i);
      } catch (...) {
        std::lock_guard lock(mutex);
        if (!error) error = std::current_exception();
      }
      done.fetch_add(1, std::memory_order_release);
    }
  }

  const std::int64_t count;
  const std::function<void(std::int64_t)>* tile;
  std::atomic<std::int64_t> next{0}, done{0};
  std::mutex mutex;
  std::exception_ptr error;
};

thread_local bool inside_tile = false;

class Pool {
 public:
  Pool() {
    if (const char* wish = std::getenv("XTAPE_NUM_THREADS")) {
      threads_ = std::atoi(wish);
      if (threads_ < 1) fail("XTAPE_NUM_THREADS", std::string("is '") + wish + "', expected a number of at least 1");
    } else {
      threads_ = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    }
  }
  ~Pool() { stop(); }

  int threads() const { return threads_; }
  void resize(int n) {
    std::lock_guard busy(busy_);
    stop();
    threads_ = n;
  }

  bool run(std::int64_t count, const std::function<void(std::int64_t)>& tile) {
    std::unique_lock busy(busy_, std::try_to_lock);
    if (!busy) return false;
    start();
    auto job = std::make_shared<Job>(count, tile);
    {
      std::lock_guard lock(mutex_);
      job_ = job;
    }
    wake_.notify_all();
    inside_tile = true;
    job->work();
    inside_tile = false;
    while (job->done.load(std::memory_order_acquire) < count) std::this_thread::yield();
    {
      std::lock_guard lock(mutex_);
      job_.reset();
    }
    if (job->error) std::rethrow_exception(job->error);
    return true;
  }

 private:
  void start() {
    while (static_cast<int>(helpers_.size()) < threads_ - 1) helpers_.emplace_back([this] { help(); });
  }
  void stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& t : helpers_) t.join();
    helpers_.clear();
    stopping_ = false;
  }
  void help() {
    inside_tile = true;
    std::shared_ptr<Job> last;
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [&] { return stopping_ || (job_ && job_ != last); });
      if (stopping_) return;
      last = job_;
      lock.unlock();
      last->work();
      lock.lock();
    }
  }

  std::mutex busy_;   // held by the thread whose job the pool runs
  std::mutex mutex_;  // guards job_ and stopping_
  std::condition_variable wake_;
  std::shared_ptr<Job> job_;
  bool stopping_ = false;
  std::atomic<int> threads_;
  std::vector<std::thread> helpers_;
};

Pool& pool() {
  static Pool p;
  return p;
}

}  // namespace

void set_num_threads(int n) {
  if (n < 1) fail("set_num_threads", "the number of threads must be at least 1, not " + std::to_string(n));
  pool().resize(n);
}
int num_threads() { return pool().threads(); }

void run_tiles(std::int64_t count, const std::function<void(std::int64_t)>& tile) {
  if (!inside_tile && pool().threads() > 1 && pool().run(count, tile)) return;
  for (std::int64_t i = 0; i < count; ++i) tile(i);
}

}  // namespace xtape
