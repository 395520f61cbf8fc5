#include "parallel.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/memory.hpp"
#include "core/own_thread.hpp"

namespace xtape {
using namespace detail;

namespace {

struct Job {
  // Claims tiles until none is left. `tile` is touched only for a claimed one, so a helper that comes late does no
  // harm.
  void work() {
    for (std::int64_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) {
      try {
        tile.call(tile.function, i);
      } catch (...) {
        std::lock_guard lock(mutex);
        if (!error) error = std::current_exception();
      }
      done.fetch_add(1, std::memory_order_release);
    }
  }

  RefCount refs;
  std::int64_t count = 0;
  Tile tile = {};
  std::atomic<std::int64_t> next{0}, done{0};
  std::mutex mutex;
  std::exception_ptr error;
};
void destroy(Job* job) { delete job; }

thread_local bool inside_tile = false;

// The number of threads at first. Read when an operation first asks, so that what is refused has a caller to tell.
int wished_threads() {
  const char* wish = std::getenv("XTAPE_NUM_THREADS");
  if (!wish) return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const char* end = wish + std::strlen(wish);
  int n = 0;
  if (const auto [stop, error] = std::from_chars(wish, end, n); error != std::errc() || stop != end || n < 1)
    fail("XTAPE_NUM_THREADS", std::string("is '") + wish + "', expected a number of at least 1");
  return n;
}

class HelperPool;
HelperPool& pool();

class HelperPool {
 public:
  HelperPool() : threads_(wished_threads()) {
    memory_stats();  // its lock, which a tile may take, is to be taken after ours before a fork
    pthread_atfork([] { pool().before_fork(); }, [] { pool().after_fork(); }, [] { pool().in_child(); });
  }
  ~HelperPool() { stop(); }

  int threads() const { return threads_; }
  void resize(int n) {
    std::lock_guard busy(busy_);
    stop();
    threads_ = n;
  }

  bool run(std::int64_t count, Tile tile) {
    std::unique_lock busy(busy_, std::try_to_lock);
    if (!busy) return false;
    start();
    const Ref<Job> job = free_job();
    job->count = count;
    job->tile = tile;
    job->next = job->done = 0;
    {
      std::lock_guard lock(mutex_);
      job_ = job;
      ++number_;
    }
    wake_.notify_all();
    inside_tile = true;
    job->work();
    inside_tile = false;
    while (job->done.load(std::memory_order_acquire) < count) std::this_thread::yield();
    {
      std::lock_guard lock(mutex_);
      job_ = {};
    }
    if (job->error) std::rethrow_exception(std::exchange(job->error, nullptr));
    return true;
  }

 private:
  // Where the system gives no more threads, those that it gave do; asking again would cost each operation.
  void start() {
    try {
      while (static_cast<int>(helpers_.size()) < threads_ - 1) helpers_.emplace_back([this] { help(); });
    } catch (const std::exception&) {
      threads_ = static_cast<int>(helpers_.size()) + 1;
    }
    while (static_cast<int>(jobs_.size()) < threads_) jobs_.push_back(Ref<Job>::adopt(new Job));
  }
  // A helper that came late may still look at an earlier job, but at one only, so one more than there are helpers do.
  const Ref<Job>& free_job() {
    return *std::find_if(jobs_.begin(), jobs_.end(), [](const Ref<Job>& job) { return job->refs.unique(); });
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
  // A fork waits for the job that another thread runs. In the child there is this thread alone: what the helpers were
  // and held is as good as never made.
  void before_fork() {
    if (!inside_tile) busy_.lock();
  }
  void after_fork() {
    if (!inside_tile) busy_.unlock();
  }
  void in_child() {
    for (std::thread& t : helpers_) new (&t) std::thread;
    helpers_.clear();
    jobs_.clear();
    job_ = {};
    new (&mutex_) std::mutex;
    new (&wake_) std::condition_variable;
    after_fork();
  }
  void help() {
    inside_tile = true;
    std::uint64_t last = 0;
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [&] { return stopping_ || (job_ && number_ != last); });
      if (stopping_) return;
      last = number_;
      Ref<Job> job = job_;
      lock.unlock();
      job->work();
      job = {};
      lock.lock();
    }
  }

  std::mutex busy_;   // held by the thread whose job the pool runs
  std::mutex mutex_;  // guards job_, number_ and stopping_
  std::condition_variable wake_;
  Ref<Job> job_;
  std::uint64_t number_ = 0;  // of the jobs so far
  std::vector<Ref<Job>> jobs_;
  bool stopping_ = false;
  std::atomic<int> threads_;
  std::vector<std::thread> helpers_;
};

HelperPool& pool() {
  static HelperPool p;
  return p;
}

}  // namespace

void set_num_threads(int n, Site site) {
  if (n < 1) fail("set_num_threads", "the number of threads must be at least 1, not " + std::to_string(n), site);
  pool().resize(n);
}
int num_threads() { return pool().threads(); }

OwnThreadOnly::OwnThreadOnly() : before_(std::exchange(inside_tile, true)) {}
OwnThreadOnly::~OwnThreadOnly() { inside_tile = before_; }

void detail::run_tiles(std::int64_t count, Tile tile) {
  if (!inside_tile && pool().threads() > 1 && pool().run(count, tile)) return;
  for (std::int64_t i = 0; i < count; ++i) tile.call(tile.function, i);
}

}  // namespace xtape
