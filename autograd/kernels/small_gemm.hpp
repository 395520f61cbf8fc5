// Private: products of small matrices, which OpenBLAS would copy into its own order first.
#pragma once
#include <cstdint>

namespace xtape {

/// Whether `small_gemm` takes less time than BLAS for op(a) (m, k) times op(b) (k, n).
template <class T>
bool is_small(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k);

/// c = op(a) op(b) + beta c for row-major matrices whose rows are lda, ldb and ldc elements apart. At most one of them
/// is transposed. The bits of an element of c depend on k alone, not on where in c it stands.
template <class T>
void small_gemm(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const T* a, std::int64_t lda,
                const T* b, std::int64_t ldb, T beta, T* c, std::int64_t ldc);

}  // namespace xtape
