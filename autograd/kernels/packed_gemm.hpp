// Private: products of larger matrices, whose parts are copied into the order in which the processor reads them.
#pragma once
#include <cstdint>

namespace xtape {

/// Whether `packed_gemm` takes less time than BLAS for op(a) (m, k) times op(b) (k, n): with AVX-512 wherever OpenBLAS
/// has no kernels for small matrices, with AVX2 where OpenBLAS does not use it.
bool is_packed(std::int64_t m, std::int64_t n, std::int64_t k);

/// c = op(a) op(b) + beta c for row-major matrices whose rows are lda, ldb and ldc elements apart, in parallel. The
/// bits of an element of c depend on k alone, not on where in c it stands nor on the number of threads.
template <class T>
void packed_gemm(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const T* a, std::int64_t lda,
                 const T* b, std::int64_t ldb, T beta, T* c, std::int64_t ldc);

}  // namespace xtape
