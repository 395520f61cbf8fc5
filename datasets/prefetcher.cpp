#include "prefetcher.hpp"

#include <unistd.h>

#include <autograd/own_thread.hpp>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <system_error>
#include <utility>

namespace xtape::datasets {

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
        if (stopping) return;
        back.swap(spare);
      }
      back.clear();
      Made next;
      try {
        next.batch = make(i);
      } catch (...) {
        next.error = std::current_exception();
      }
      const std::lock_guard guard(lock);
      made.push_back(std::move(next));
      added.notify_one();
    }
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
      if (const Array& a = x->array(); !a.owner || a.owner->size * size_of(a.owner->dtype) == a.size * size_of(a.dtype))
        blocks.push_back(Tensor(make_array(a.dtype, a.shape)));
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
    work_->replace(made.batch);
    last_ = std::move(made.batch);
  }
  ++next_;
  return *last_;
}

}  // namespace xtape::datasets
