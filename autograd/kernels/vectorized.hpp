// A loop compiled for each instruction set, of which the best one that the processor has is chosen at run time.
#pragma once
#include "../core/instruction_set.hpp"
#include "../scalar/real.hpp"

#if defined(XTAPE_SANITIZED)
#define XTAPE_INDEPENDENT
#elif defined(__clang__)
#define XTAPE_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define XTAPE_INDEPENDENT _Pragma("GCC ivdep")
#endif

// A function that takes in all that it calls. GCC does not vectorise such loops at -O2, which users' files may have.
#if defined(XTAPE_SANITIZED)
#define XTAPE_LOOPS __attribute__((noinline))
#elif defined(__clang__) || !defined(__OPTIMIZE__)
#define XTAPE_LOOPS __attribute__((flatten, noinline))
#else
#define XTAPE_LOOPS __attribute__((flatten, noinline, optimize("O3")))
#endif

namespace xtape::kernel {

// clang would warn of every loop that cannot be vectorised, such as a user's formula with a branch.
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpass-failed"
#endif
// Calls of `body` and of all that it calls become part of these functions, and so part of their instruction set.
template <class Body, class... A>
XTAPE_LOOPS auto on_baseline(Body body, A... a) {
  return body(a...);
}
#if defined(__x86_64__) && !defined(XTAPE_SANITIZED)
template <class Body, class... A>
XTAPE_LOOPS __attribute__((target("avx2,fma"))) auto on_avx2(Body body, A... a) {
  return body(a...);
}
#if defined(__clang__)
#define XTAPE_AVX512 __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma"), min_vector_width(512)))
#else
#define XTAPE_AVX512 __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma,prefer-vector-width=512")))
#endif
template <class Body, class... A>
XTAPE_LOOPS XTAPE_AVX512 auto on_avx512(Body body, A... a) {
  return body(a...);
}
#undef XTAPE_AVX512
#endif
#if defined(__clang__)
#pragma clang diagnostic pop
#endif

/// body(a...), compiled for each instruction set up to `most`, run in the best of them that is in use.
template <Isa::Level most = Isa::avx512, class Body, class... A>
auto vectorized(Body body, A... a) {
#if defined(__x86_64__) && !defined(XTAPE_SANITIZED)
  if constexpr (most >= Isa::avx512)
    if (isa.level == Isa::avx512) return on_avx512(body, a...);
  if constexpr (most >= Isa::avx2)
    if (isa.level >= Isa::avx2) return on_avx2(body, a...);
#endif
  return on_baseline(body, a...);
}

}  // namespace xtape::kernel
