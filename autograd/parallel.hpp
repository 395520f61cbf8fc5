// One small pool of threads. Work is cut into tiles by its shape alone, never by the number of threads, so results are
// the same bits for any number.
#pragma once
#include <cstdint>

#include "core/error.hpp"

namespace xtape {

/// How many threads operations may use, the caller's included; throws when n < 1. At first: the XTAPE_NUM_THREADS
/// environment variable, else the number of processors; anything but a number of at least 1 there is an error of the
/// first operation that asks. Where the system refuses to start as many, it becomes what there are.
void set_num_threads(int n, Site site = Site::here());
int num_threads();

namespace detail {
// A function of a tile's number, not owned: a std::function would allocate.
struct Tile {
  const void* function;
  void (*call)(const void* function, std::int64_t i);
};
// parallel_for for more than one tile.
void run_tiles(std::int64_t count, Tile tile);
}  // namespace detail

/// Calls tile(0) … tile(count - 1), each once, on this thread and on whatever helpers are free. Does not return before
/// all are done, and passes on the first exception. Inside a tile, or while another thread uses the pool, it is a loop.
template <class F>
void parallel_for(std::int64_t count, const F& tile) {
  if (count == 1) tile(0);
  else if (count > 1)
    detail::run_tiles(count, {&tile, [](const void* f, std::int64_t i) { (*static_cast<const F*>(f))(i); }});
}

}  // namespace xtape
