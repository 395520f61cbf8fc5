// Reference counts, and the counters that show whether anything leaks.
#pragma once
#include <atomic>
#include <cstdint>
#include <type_traits>
#include <utility>

// The counters are in pool.cpp.
namespace xtape {

/// What the library holds and has asked the system for, over all threads.
struct MemoryStats {
  std::int64_t live_nodes;          ///< nodes of tapes that are alive
  std::int64_t live_bytes;          ///< bytes of arrays and nodes that are alive
  std::int64_t system_allocations;  ///< blocks ever taken from the system
};
/// The counters at this moment; exact when no other thread is working.
MemoryStats memory_stats();
/// Gives freed blocks, which each thread keeps for its next operations (up to 1 GiB), back to the system: this thread's
/// at once, another's when it next frees one. It happens by itself before an operation fails for want of memory.
/// (PyTorch: `torch.cuda.empty_cache()`.)
void empty_cache();

namespace detail {

/// An atomic reference count, for objects that `Ref` holds.
class RefCount {
 public:
  void increment() { n_.fetch_add(1, std::memory_order_relaxed); }
  /// True when the caller was the last owner. The load spares the last owner a locked instruction.
  bool decrement() { return unique() || n_.fetch_sub(1, std::memory_order_acq_rel) == 1; }
  bool unique() const { return n_.load(std::memory_order_acquire) == 1; }

 private:
  std::atomic<std::uint32_t> n_{1};
};

/// A counted pointer to a T that has a member `RefCount refs` and a function `void destroy(T*)`.
template <class T>
class Ref {
 public:
  Ref() = default;
  /// Shares what `p` points to, or holds nothing.
  static Ref share(T* p) {
    if (p) p->refs.increment();
    return adopt(p);
  }
  /// Takes over the count that a new object starts with.
  static Ref adopt(T* p) {
    Ref r;
    r.p_ = p;
    return r;
  }
  Ref(const Ref& other) : p_(other.p_) {
    if (p_) p_->refs.increment();
  }
  Ref(Ref&& other) noexcept : p_(std::exchange(other.p_, nullptr)) {}
  /// From a reference to something derived, without counting.
  template <class U, class = std::enable_if_t<std::is_convertible_v<U*, T*>>>
  Ref(Ref<U>&& other) noexcept : p_(other.forget()) {}
  // Two operators: clang 14 does not destroy the argument of a by-value one in `ref = {}`.
  Ref& operator=(const Ref& other) { return *this = Ref(other); }
  Ref& operator=(Ref&& other) noexcept {
    Ref(std::move(other)).swap(*this);
    return *this;
  }
  ~Ref() {
    if (p_ && p_->refs.decrement()) destroy(p_);
  }
  void swap(Ref& other) noexcept { std::swap(p_, other.p_); }
  /// Gives the pointer away without counting.
  T* forget() { return std::exchange(p_, nullptr); }
  T* get() const { return p_; }
  T* operator->() const { return p_; }
  T& operator*() const { return *p_; }
  explicit operator bool() const { return p_ != nullptr; }

 private:
  T* p_ = nullptr;
};

}  // namespace detail

}  // namespace xtape
