// Where the blocks of arrays and nodes come from. Each thread keeps the blocks it frees, by size class,
// because asking the system costs more than most operations, and pages handed back are paid for again.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

namespace xtape::detail::pool {

struct FreeBlock {
  FreeBlock* next;
};

// 16 classes in steps of 64 bytes up to 1 KiB, then four to each power of two.
constexpr int class_count = 16 + 4 * 40;
constexpr int class_of(std::size_t bytes) {
  if (bytes <= 1024) return bytes == 0 ? 0 : static_cast<int>((bytes + 63) / 64) - 1;
  int e = 63 - __builtin_clzll(bytes - 1);
  return 16 + (e - 10) * 4 + static_cast<int>(((bytes - 1) >> (e - 2)) & 3);
}
constexpr std::size_t bytes_of(int size_class) {
  if (size_class < 16) return (static_cast<std::size_t>(size_class) + 1) * 64;
  return static_cast<std::size_t>((size_class - 16) % 4 + 5) << ((size_class - 16) / 4 + 8);
}

struct Counter {  // written by one thread, read by any
  std::atomic<std::int64_t> value{0};
  void add(std::int64_t d) { value.store(value.load(std::memory_order_relaxed) + d, std::memory_order_relaxed); }
};

struct ThreadPool {
  FreeBlock* free[class_count] = {};
  std::size_t cached = 0;
  // Bytes it may keep; 0 before the first use, after the thread's end, under a checker, and while another thread asks
  // for what it keeps.
  std::atomic<std::size_t> limit{0};
  Counter live_nodes, live_bytes, system_allocations;
  ThreadPool* next = nullptr;  // of those that are enrolled
};
// Of no TLS model in particular: the linker makes it cheap in a program, and a library may be loaded at run time.
extern __thread ThreadPool local;

void* take_from_system(int size_class);
void give_slowly(void* block);

/// A block of at least `bytes_of(size_class)` bytes, aligned to 64; throws std::bad_alloc.
inline void* take(int size_class) {
  ThreadPool& pool = local;
  pool.live_bytes.add(static_cast<std::int64_t>(bytes_of(size_class)));
  if (FreeBlock* block = pool.free[size_class]) {
    pool.free[size_class] = block->next;
    pool.cached -= bytes_of(size_class);
    return block;
  }
  return take_from_system(size_class);
}

inline void give(void* block, int size_class) {
  ThreadPool& pool = local;
  pool.live_bytes.add(-static_cast<std::int64_t>(bytes_of(size_class)));
  if (pool.cached + bytes_of(size_class) > pool.limit.load(std::memory_order_relaxed)) return give_slowly(block);
  pool.cached += bytes_of(size_class);
  pool.free[size_class] = new (block) FreeBlock{pool.free[size_class]};
}

}  // namespace xtape::detail::pool
