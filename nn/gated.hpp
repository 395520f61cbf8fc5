// Gated linear units: they halve an axis into a and b, the first and the second half, and let b gate a, as PyTorch's
// GLU does.
#pragma once
#include <nn/activation_type.hpp>

namespace xtape::nn {

/// a sigmoid(b), with the halves a and b of `axis`: (..., 2n) -> (..., n). Throws when there is no such axis or its
/// size is odd. Source: Dauphin et al., ICML 2017.
struct GLU : detail::Activation<GLU> {
  int axis;
  constexpr GLU(int axis = -1) : axis(axis) {}
  Tensor forward(const Arg& x) const;
};
inline constexpr GLU glu;

/// a max(0, b), with the halves a and b of `axis`: (..., 2n) -> (..., n). Throws as GLU does. Source: Shazeer, "GLU
/// variants improve transformer", 2020.
struct ReGLU : detail::Activation<ReGLU> {
  int axis;
  constexpr ReGLU(int axis = -1) : axis(axis) {}
  Tensor forward(const Arg& x) const;
};
inline constexpr ReGLU reglu;

/// a gelu(b), with the halves a and b of `axis`: (..., 2n) -> (..., n). Throws as GLU does. Source: Shazeer, "GLU
/// variants improve transformer", 2020.
struct GEGLU : detail::Activation<GEGLU> {
  int axis;
  constexpr GEGLU(int axis = -1) : axis(axis) {}
  Tensor forward(const Arg& x) const;
};
inline constexpr GEGLU geglu;

/// a silu(b), with the halves a and b of `axis`: (..., 2n) -> (..., n). Throws as GLU does. Source: Shazeer, "GLU
/// variants improve transformer", 2020.
struct SwiGLU : detail::Activation<SwiGLU> {
  int axis;
  constexpr SwiGLU(int axis = -1) : axis(axis) {}
  Tensor forward(const Arg& x) const;
};
inline constexpr SwiGLU swiglu;

}  // namespace xtape::nn
