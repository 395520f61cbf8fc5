// Private: memory that a kernel needs while it runs, from the pool, so that it costs the system nothing.
#pragma once
#include <cstdint>
#include <type_traits>

#include "pool.hpp"

namespace xtape {
using namespace detail;

/// Room for n elements, not set; aligned to 64 bytes. Of none, nothing is taken. Throws std::bad_alloc.
template <class T>
class Scratch {
 public:
  static_assert(std::is_trivially_destructible_v<T>);
  explicit Scratch(std::int64_t n)
      : class_(pool::class_of(static_cast<std::size_t>(n) * sizeof(T))),
        data_(n ? static_cast<T*>(pool::take(class_)) : nullptr) {}
  ~Scratch() {
    if (data_) pool::give(data_, class_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  T* get() const { return data_; }
  T& operator[](std::int64_t i) const { return data_[i]; }

 private:
  int class_;
  T* data_;
};

}  // namespace xtape
