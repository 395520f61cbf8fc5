// Where the operations that draw get their random numbers from.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>

#include "error.hpp"

namespace xtape {

/// Hands out streams of one seed in order: each operation that draws takes the next one. Replays draw from the
/// generators of the recorded function, and seed those that it seeds, or has for itself, each time.
class RandomGenerator {
 public:
  explicit RandomGenerator(std::uint64_t seed = 0);
  ~RandomGenerator();
  RandomGenerator(const RandomGenerator&) = delete;
  RandomGenerator& operator=(const RandomGenerator&) = delete;

  std::uint64_t seed() const { return state_->seed; }
  /// The number of the next stream; never given twice.
  std::uint64_t next() { return state_->next++; }
  /// For who undoes what drew the last stream: it will be given again.
  void give_back() { --state_->next; }
  /// Starts again as a new generator of `seed`.
  void manual_seed(std::uint64_t seed);

  struct State {
    std::atomic<std::uint64_t> seed, next{0};
    std::atomic<bool> gone{false};  // its generator is, and only recordings draw from it
  };
  const std::shared_ptr<State>& state() const { return state_; }

 private:
  std::shared_ptr<State> state_;
};

/// The generator that every operation uses unless it is given another; its seed is 0 until `manual_seed`.
RandomGenerator& default_generator();
/// Seeds the default generator: what is drawn after it is the same in every run.
void manual_seed(std::uint64_t seed);

}  // namespace xtape
