// Private: random numbers that are a function of a key, whatever else draws.
#pragma once
#include <cstdint>

// In generator.cpp.
namespace xtape {

/// While it lives, this thread draws from the streams of `seed` from number `next` on where it would draw from the
/// default generator, which goes on afterwards, and in other threads meanwhile, where it was. They nest as scopes do.
class KeyedRandomness {
 public:
  KeyedRandomness(std::uint64_t seed, std::uint64_t next);
  ~KeyedRandomness();
  KeyedRandomness(const KeyedRandomness&) = delete;
  KeyedRandomness& operator=(const KeyedRandomness&) = delete;

 private:
  std::uint64_t outer_seed_, outer_next_;
  bool outer_;
};

}  // namespace xtape
