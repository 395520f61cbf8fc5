// Private: vectors of the compiler's, for loops that must stay in registers.
#pragma once
#include <cstdint>
#include <cstring>

#include "../kernel.hpp"

namespace xtape {

// 32 bytes fill the registers of AVX2; where AVX-512 has wider ones, twice as many of these serve as well.
template <class T>
struct VectorOf {
  typedef T type __attribute__((vector_size(32)));
};
template <class T>
using Vector = typename VectorOf<T>::type;
template <class T>
inline constexpr std::int64_t vector_size = 32 / sizeof(T);

// Memory is aligned to its elements only. clang forgets such an alignment of a vector type that depends on T.
template <class T>
XTAPE_INLINE void load(Vector<T>& v, const T* from) {
  std::memcpy(&v, from, sizeof v);
}
template <class T>
XTAPE_INLINE void store(T* to, const Vector<T>& v) {
  std::memcpy(to, &v, sizeof v);
}

}  // namespace xtape
