// Swish and tanh-GELU of float32 by hand, with intrinsics: what a fused formula is measured against.
#pragma once
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"  // in GCC's own immintrin.h
#endif
#include <immintrin.h>

#include <cstdint>

namespace hand {

// By hand, for one instruction set: V is a vector, SET its operations. Exponential and tanh are those of
// autograd/math.hpp.
#define HAND_LOOPS(SET, TARGET, WIDTH, V, VI, P, PI, FMA, BLEND)                                            \
  struct SET {                                                                                              \
    TARGET static V constant(float v) { return P(set1_ps)(v); }                                             \
    TARGET static V exp(V x) {                                                                              \
      const V round = constant(12582912.f);                                                                 \
      V z = FMA(x, constant(1.44269504088896341f), round);                                                  \
      z = FLOAT_##SET(PI(min_epi32)(BITS_##SET(z), PI(add_epi32)(BITS_##SET(round), PI(set1_epi32)(128)))); \
      const V n = P(sub_ps)(z, round);                                                                      \
      const V r = FMA(n, constant(2.12194440e-4f), FMA(n, constant(-0.693359375f), x));                     \
      V p = FMA(constant(1.381448237e-3f), r, constant(8.368745446e-3f));                                   \
      p = FMA(p, r, constant(4.166839272e-2f));                                                             \
      p = FMA(p, r, constant(1.666652113e-1f));                                                             \
      p = FMA(p, r, constant(4.999999404e-1f));                                                             \
      p = P(add_ps)(FMA(p, P(mul_ps)(r, r), r), constant(1));                                               \
      const VI k = PI(add_epi32)(PI(sub_epi32)(BITS_##SET(z), BITS_##SET(round)), PI(set1_epi32)(127));     \
      return P(mul_ps)(p, FLOAT_##SET(PI(slli_epi32)(k, 23)));                                              \
    }                                                                                                       \
    TARGET static V sigmoid(V x) {                                                                          \
      return P(div_ps)(constant(1), P(add_ps)(constant(1), exp(-P(min_ps)(constant(88), x))));              \
    }                                                                                                       \
    TARGET static V tanh(V x) {                                                                             \
      const VI sign = PI(and_##BLEND)(BITS_##SET(x), PI(set1_epi32)(static_cast<int>(0x80000000u)));        \
      const V s = FLOAT_##SET(PI(xor_##BLEND)(BITS_##SET(x), sign)), z = P(mul_ps)(x, x);                   \
      V p = FMA(constant(-5.70498872745e-3f), z, constant(2.06390887954e-2f));                              \
      p = FMA(p, z, constant(-5.37397155531e-2f));                                                          \
      p = FMA(p, z, constant(1.33314422036e-1f));                                                           \
      p = FMA(p, z, constant(-3.33332819422e-1f));                                                          \
      p = FMA(x, P(mul_ps)(p, z), x);                                                                       \
      const V e = P(add_ps)(exp(P(add_ps)(s, s)), constant(1));                                             \
      const V far = P(sub_ps)(constant(1), P(div_ps)(constant(2), e));                                      \
      return select_##SET(s, constant(0.625f), p, FLOAT_##SET(PI(or_##BLEND)(BITS_##SET(far), sign)));      \
    }                                                                                                       \
    TARGET static V swish(V x) { return P(mul_ps)(x, sigmoid(x)); }                                         \
    TARGET static V swish_slope(V x) {                                                                      \
      const V s = sigmoid(x);                                                                               \
      return FMA(P(mul_ps)(x, s), P(sub_ps)(constant(1), s), s);                                            \
    }                                                                                                       \
    TARGET static V gelu_tanh(V x) {                                                                        \
      const V u = FMA(P(mul_ps)(constant(0.044715f), x), P(mul_ps)(x, x), x);                               \
      return tanh(P(mul_ps)(constant(0.79788456f), u));                                                     \
    }                                                                                                       \
    TARGET static V gelu(V x) {                                                                             \
      const V h = P(mul_ps)(constant(0.5f), x);                                                             \
      return FMA(h, gelu_tanh(x), h);                                                                       \
    }                                                                                                       \
    TARGET static V gelu_slope(V x) {                                                                       \
      const V t = gelu_tanh(x), h = constant(0.5f);                                                         \
      const V u = FMA(P(mul_ps)(x, x), constant(3 * 0.044715f * 0.79788456f), constant(0.79788456f));       \
      const V d = P(mul_ps)(P(mul_ps)(h, x), P(sub_ps)(constant(1), P(mul_ps)(t, t)));                      \
      return FMA(d, u, FMA(h, t, h));                                                                       \
    }                                                                                                       \
    template <bool is_gelu>                                                                                 \
    TARGET static void forward(std::int64_t size, const float* x, float* y) {                               \
      for (std::int64_t i = 0; i < size; i += WIDTH) {                                                      \
        const V v = P(loadu_ps)(x + i);                                                                     \
        P(storeu_ps)(y + i, is_gelu ? gelu(v) : swish(v));                                                  \
      }                                                                                                     \
    }                                                                                                       \
    template <bool is_gelu>                                                                                 \
    TARGET static void backward(std::int64_t size, const float* g, const float* x, float* y) {              \
      for (std::int64_t i = 0; i < size; i += WIDTH) {                                                      \
        const V v = P(loadu_ps)(x + i);                                                                     \
        P(storeu_ps)(y + i, P(mul_ps)(P(loadu_ps)(g + i), is_gelu ? gelu_slope(v) : swish_slope(v)));       \
      }                                                                                                     \
    }                                                                                                       \
  };
#define AVX2_OPERATION(f) _mm256_##f
#define BITS_Avx2 _mm256_castps_si256
#define FLOAT_Avx2 _mm256_castsi256_ps
#define AVX2_TARGET __attribute__((target("avx2,fma")))
AVX2_TARGET inline __m256 select_Avx2(__m256 a, __m256 b, __m256 below, __m256 above) {
  return _mm256_blendv_ps(above, below, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}
HAND_LOOPS(Avx2, AVX2_TARGET, 8, __m256, __m256i, AVX2_OPERATION, AVX2_OPERATION, _mm256_fmadd_ps, si256)
#define AVX512_OPERATION(f) _mm512_##f
#define BITS_Avx512 _mm512_castps_si512
#define FLOAT_Avx512 _mm512_castsi512_ps
#define AVX512_TARGET __attribute__((target("avx512f,avx512dq,avx2,fma")))
AVX512_TARGET inline __m512 select_Avx512(__m512 a, __m512 b, __m512 below, __m512 above) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), above, below);
}
HAND_LOOPS(Avx512, AVX512_TARGET, 16, __m512, __m512i, AVX512_OPERATION, AVX512_OPERATION, _mm512_fmadd_ps, si512)

}  // namespace hand
