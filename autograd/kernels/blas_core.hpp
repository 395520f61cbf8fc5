// Private: how well OpenBLAS knows this processor, by the kernels that it chose when it was loaded.
#pragma once

namespace xtape {

/// Whether it has kernels for small matrices, which copy nothing: those for AVX-512 have.
bool blas_has_small_kernels();

/// Whether its kernels use AVX2 at least. For a processor that is newer than itself, OpenBLAS may fall back to SSE3.
bool blas_has_avx2();

}  // namespace xtape
