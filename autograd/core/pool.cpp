#include "pool.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <pthread.h>

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>

#include "memory.hpp"

namespace xtape {

namespace detail::pool {
__thread ThreadPool local;
namespace {

constexpr std::size_t cache_limit = std::size_t{1} << 30;

// Checkers see a use after free only when freed blocks go back to the system at once.
bool under_checker() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
  return true;
#endif
#endif
  const char* preload = std::getenv("LD_PRELOAD");
  return preload && std::strstr(preload, "vgpreload");  // valgrind
}

struct Registry {
  std::mutex mutex;
  ThreadPool* first = nullptr;    // of the threads that have used the pool
  MemoryStats ended = {0, 0, 0};  // of threads that are no more
  const std::size_t limit = under_checker() ? 0 : cache_limit;

  Registry();
  void remove(ThreadPool& p);
};
// Never destroyed, as threads may end after main, and not allocated, as it is entered from destructors.
Registry& registry() {
  alignas(Registry) static char place[sizeof(Registry)];
  static auto* r = new (place) Registry;
  return *r;
}

void add(MemoryStats& sum, const ThreadPool& p) {
  sum.live_nodes += p.live_nodes.value.load(std::memory_order_relaxed);
  sum.live_bytes += p.live_bytes.value.load(std::memory_order_relaxed);
  sum.system_allocations += p.system_allocations.value.load(std::memory_order_relaxed);
}

// A forked child has one thread: what the others counted stays counted.
Registry::Registry() {
  pthread_atfork([] { registry().mutex.lock(); }, [] { registry().mutex.unlock(); },
                 [] {
                   Registry& r = registry();
                   ThreadPool* own = nullptr;
                   for (ThreadPool* p = r.first; p; p = p->next)
                     if (p == &local) own = p;
                     else add(r.ended, *p);
                   r.first = own;
                   if (own) own->next = nullptr;
                   r.mutex.unlock();
                 });
}

void Registry::remove(ThreadPool& p) {
  add(ended, p);
  ThreadPool** at = &first;
  while (*at != &p) at = &(*at)->next;
  *at = p.next;
}

// Gives what this thread keeps back to the system.
void empty() {
  if (local.cached == 0) return;
  for (FreeBlock*& list : local.free)
    while (FreeBlock* block = list) {
      list = block->next;
      std::free(block);
    }
  local.cached = 0;
}

// Enters the thread into the registry at its first block and empties its pool at its end.
struct Enrolment {
  Enrolment() {
    Registry& r = registry();
    std::lock_guard lock(r.mutex);
    local.next = r.first;
    r.first = &local;
    local.limit = r.limit;
  }
  ~Enrolment() {
    Registry& r = registry();
    std::lock_guard lock(r.mutex);
    local.limit = 0;
    empty();
    r.remove(local);
    for (auto* c : {&local.live_nodes, &local.live_bytes, &local.system_allocations}) c->value = 0;
    ended = true;
  }
  static __thread bool ended;
};
__thread bool Enrolment::ended;
void enrol() { thread_local Enrolment enrolment; }

// Pages of 2 MiB where the system has them and gives them to who asks: a loop over large arrays takes up to a third
// less time, as there are fewer addresses to translate.
constexpr std::size_t huge_page = std::size_t{1} << 21;
void* allocate(std::size_t bytes) {
#if defined(MADV_HUGEPAGE)
  if (bytes >= huge_page) {
    void* block = nullptr;
    if (posix_memalign(&block, huge_page, bytes) != 0) return nullptr;
    madvise(block, bytes, MADV_HUGEPAGE);
    return block;
  }
#endif
  return std::aligned_alloc(64, bytes);
}

}  // namespace

void* take_from_system(int size_class) {
  enrol();
  local.system_allocations.add(1);
  void* block = allocate(bytes_of(size_class));
  if (!block) {
    empty_cache();
    block = allocate(bytes_of(size_class));
  }
  if (!block) {
    local.live_bytes.add(-static_cast<std::int64_t>(bytes_of(size_class)));
    throw std::bad_alloc();
  }
  return block;
}

void give_slowly(void* block) {
  enrol();  // a thread may free without ever having allocated
  std::free(block);
  if (local.limit != 0 || Enrolment::ended) return;
  empty();  // another thread asked for it
  local.limit = registry().limit;
}

}  // namespace detail::pool

using namespace detail;

void empty_cache() {
  pool::empty();
  auto& r = pool::registry();
  std::lock_guard lock(r.mutex);
  for (pool::ThreadPool* p = r.first; p; p = p->next)
    if (p != &pool::local) p->limit = 0;
}

MemoryStats memory_stats() {
  auto& r = pool::registry();
  std::lock_guard lock(r.mutex);
  MemoryStats sum = r.ended;
  for (const pool::ThreadPool* p = r.first; p; p = p->next) pool::add(sum, *p);
  return sum;
}

}  // namespace xtape
