// Private: vectors of the compiler's, for loops that must stay in registers.
#pragma once
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "loops.hpp"

namespace xtape {

// Written once for the registers of every processor, 16 bytes, for the 32 of AVX2, and for the 64 of AVX-512. Wider
// ones than there are would not be split: GCC computes them in memory, element by element.
template <class T, int bytes>
struct VectorOf {
  typedef T type __attribute__((vector_size(bytes)));
};
template <class T, int bytes>
using Vector = typename VectorOf<T, bytes>::type;
template <class T, int bytes>
inline constexpr std::int64_t lanes = bytes / static_cast<int>(sizeof(T));

// Memory is aligned to its elements only. clang forgets such an alignment of a vector type that depends on T.
template <int bytes, class T>
XTAPE_INLINE void load(Vector<T, bytes>& v, const T* from) {
  std::memcpy(&v, from, sizeof v);
}
template <int bytes, class T>
XTAPE_INLINE void store(T* to, const Vector<T, bytes>& v) {
  std::memcpy(to, &v, sizeof v);
}

/// f(width), where `width.value` is the number of bytes in the widest registers there are.
template <class F>
void with_widest(const F& f) {
#if defined(__x86_64__) && !defined(XTAPE_SANITIZED)
  if (kernel::isa.level == kernel::Isa::avx512) return f(std::integral_constant<int, 64>());
  if (kernel::isa.level == kernel::Isa::avx2) return f(std::integral_constant<int, 32>());
#endif
  f(std::integral_constant<int, 16>());
}
/// body(a...), compiled for the instruction sets that have such registers.
template <int bytes, class Body, class... A>
void on_width(Body body, A... a) {
#if defined(__x86_64__) && !defined(XTAPE_SANITIZED)
  if constexpr (bytes == 64) return kernel::on_avx512(body, a...);
  if constexpr (bytes == 32) return kernel::on_avx2(body, a...);
#endif
  if constexpr (bytes == 16) kernel::on_baseline(body, a...);
}

}  // namespace xtape
