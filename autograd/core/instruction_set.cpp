#include "instruction_set.hpp"

#include <cstdlib>
#include <cstring>
#include <string>

#include "error.hpp"

namespace xtape::kernel {

Isa::Isa() : level(baseline) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) level = avx2;
  if (level == avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
    level = avx512;
#endif
  const char* wish = std::getenv("XTAPE_ISA");
  if (!wish) return;
  const Level limit = !std::strcmp(wish, "baseline") ? baseline : !std::strcmp(wish, "avx2") ? avx2 : avx512;
  if (limit == avx512 && std::strcmp(wish, "avx512")) refused = wish;
  if (limit < level) level = limit;
}

void Isa::refuse() const { fail("XTAPE_ISA", std::string("is '") + refused + "', expected baseline, avx2 or avx512"); }

// Before any other object of static storage that might compute something.
const Isa isa __attribute__((init_priority(101)));

}  // namespace xtape::kernel
