#include "prefetcher.hpp"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <autograd/core/own_thread.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <exception>
#include <mutex>
#include <system_error>
#include <utility>

namespace xtape::datasets {
using namespace xtape::detail;

namespace {

// A block of its own, as a like one comes back for it, and not what others hold or a part of more.
void own(Tensor& x) {
  if (!x.defined() || x.is_recorded()) return;
  const Array& a = x.array();
  if (!a.exclusive() || (a.owner && a.owner->size * size_of(a.owner->dtype) != a.size * size_of(a.dtype)))
    x = Tensor(copy_of(a));
}

// Batches that threads are making. A program that ends meanwhile, as by std::exit, waits for them, up to 5 s, as the
// data that they are made of may go next.
std::atomic<int> in_work{0};
std::atomic<bool> ending{false};
thread_local bool is_mine = false;  // one of them is this thread's
struct InWork {
  InWork() { ++in_work, is_mine = true; }
  ~InWork() { is_mine = false, --in_work; }
};
void await_at_exit() {
  static const bool once = [] {
    pthread_atfork(nullptr, nullptr, [] { in_work = 0; });
    return std::atexit([] {
             ending = true;
             for (int ms = 0; ms < 5000 && in_work > (is_mine ? 1 : 0); ++ms)
               std::this_thread::sleep_for(std::chrono::milliseconds(1));
           }) == 0;
  }();
  static_cast<void>(once);
}

}  // namespace

// What the two threads share.
struct Prefetcher::Work {
  struct Made {
    Batch batch;
    std::exception_ptr error;
  };

  void run(const std::function<Batch(std::int64_t)>& make, std::int64_t i, std::int64_t count, std::size_t ahead) {
    const OwnThreadOnly alone;
    for (; i < count; ++i) {
      Tensors back;
      {
        std::unique_lock guard(lock);
        taken.wait(guard, [&] { return stopping || made.size() < ahead; });
        if (stopping) break;
        back.swap(spare);
      }
      back.clear();
      Made next;
      {
        const InWork batch;
        if (ending) break;
        try {
          next.batch = make(i);
          own(next.batch.input), own(next.batch.target);
        } catch (...) {
          next.error = std::current_exception();
        }
      }
      const std::lock_guard guard(lock);
      made.push_back(std::move(next));
      added.notify_one();
    }
    // What is left goes with this thread, or the other one would keep it.
    std::unique_lock guard(lock);
    taken.wait(guard, [&] { return stopping; });
    made.clear(), spare.clear();
  }
  Made take() {
    std::unique_lock guard(lock);
    added.wait(guard, [&] { return !made.empty(); });
    Made first = std::move(made.front());
    made.pop_front();
    taken.notify_one();
    return first;
  }
  // A thread keeps the memory that it frees. What goes over to the one that takes comes back as blocks of that size, or
  // one would keep more and more of them, and the other ask the system for each.
  void replace(const Batch& batch) {
    Tensors blocks;
    for (const Tensor* x : {&batch.input, &batch.target})
      if (x->defined()) blocks.push_back(Tensor(make_array(x->dtype(), x->shape())));
    const std::lock_guard guard(lock);
    for (Tensor& block : blocks) spare.push_back(std::move(block));
  }

  std::mutex lock;
  std::condition_variable added, taken;
  std::deque<Made> made;
  Tensors spare;
  bool stopping = false;
};

Prefetcher::Prefetcher(std::function<Batch(std::int64_t i)> make, std::int64_t count, std::int64_t ahead)
    : make_(std::move(make)), count_(count), ahead_(ahead) {}
Prefetcher::~Prefetcher() { stop(); }

void Prefetcher::start(std::int64_t i) {
  stop();
  await_at_exit();
  next_ = i, process_ = getpid(), work_ = std::make_shared<Work>();
  try {
    thread_ = std::thread([work = work_, make = &make_, i, count = count_, ahead = static_cast<std::size_t>(ahead_)] {
      work->run(*make, i, count, ahead);
    });
  } catch (const std::system_error&) {
    work_.reset();
  }
}

void Prefetcher::stop() {
  if (process_ != getpid()) {  // the thread is the parent's, and what it held stays so
    new (&thread_) std::thread;
  } else if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();  // which ends the program
  } else if (thread_.joinable()) {
    {
      const std::lock_guard guard(work_->lock);
      work_->stopping = true;
    }
    work_->taken.notify_one();
    thread_.join();
  }
  work_.reset(), last_.reset(), next_ = -1;
}

Batch Prefetcher::get(std::int64_t i) {
  if (i == next_ - 1 && last_) return *last_;
  if (i != next_ || process_ != getpid()) start(i);
  last_.reset();  // its memory can be given back
  if (!work_) {
    last_ = make_(i);
  } else {
    Work::Made made = work_->take();
    if (made.error) {
      stop();
      std::rethrow_exception(made.error);
    }
    last_ = std::move(made.batch);
  }
  ++next_;
  if (work_) work_->replace(*last_);
  return *last_;
}

}  // namespace xtape::datasets
