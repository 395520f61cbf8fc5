// Private: the matrix product on raw memory, for operations that are made of products: by our own kernels (small_gemm,
// packed_gemm) where they are faster, else by OpenBLAS. That runs with one thread, and ours work on tiles that depend
// on the sizes alone, so results are the same bits for any number of threads.
#pragma once
#include <cstdint>

namespace xtape {

/// c = op(a) op(b) + beta c, all row-major and dense: op(a) is (m, k), op(b) is (k, n), c is (m, n). Where `ta` is set,
/// a is stored (k, m) and read transposed; likewise `tb` and (n, k). T is float or double. With beta 0, c may hold
/// anything before. Throws when a size does not fit an int.
template <class T>
void gemm(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const T* a, const T* b, T beta, T* c);

/// The same for each i < count on a + i a_stride, b + i b_stride and c + i m n, in parallel; an operand of stride 0 is
/// shared. Each product has the bits that `gemm` gives it.
template <class T>
void gemm_batched(std::int64_t count, bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const T* a,
                  std::int64_t a_stride, const T* b, std::int64_t b_stride, T beta, T* c);

/// The same with the offsets of the operands in lists: product i is the sum of `terms` products, whose operands begin
/// at offsets i terms, i terms + 1, and so on; they are added in that order.
template <class T>
void gemm_batched(std::int64_t count, std::int64_t terms, bool ta, bool tb, std::int64_t m, std::int64_t n,
                  std::int64_t k, const T* a, const std::int64_t* a_offsets, const T* b, const std::int64_t* b_offsets,
                  T beta, T* c);

/// y = op(a) x, where a is stored (rows, columns) and read transposed if `t`: several times as fast as `gemm`, but not
/// with its bits. Throws when a size does not fit an int.
template <class T>
void gemv(bool t, std::int64_t rows, std::int64_t columns, const T* a, const T* x, T* y);

/// The sum of x[i] y[i] for i < n.
template <class T>
T dot(std::int64_t n, const T* x, const T* y);

}  // namespace xtape
