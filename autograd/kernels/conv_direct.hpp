// Private: convolutions without unfolding images: panels of pixels or channels in registers, read from a padded copy of
// the image.
#pragma once
#include "conv_unfold.hpp"

namespace xtape {

/// The gradients of so many images' weights are added up in the elements' own precision, of more in double.
inline constexpr std::int64_t images_at_once = 64;

/// Whether the padded copy is not much larger than what there is to compute, as it would be with far reaching padding
/// or dilation.
bool is_direct(const Convolution& c);
/// y = x * weight + bias; a null bias is zero. `flipped` reads weight as (groups * in, out, k...) with its taps in
/// reverse order, which makes the adjoint in x of a convolution of stride 1 one of these.
template <class T>
void conv_direct(const Convolution& c, bool flipped, const T* x, const T* weight, const T* bias, T* y);
/// The gradient for weight: sums[tile] of (groups, in * k..., out) for each tile of images [tile step, (tile + 1)
/// step).
template <class T>
void conv_weight_direct(const Convolution& c, std::int64_t tiles, std::int64_t step, const T* g, const T* x, T* sums);

}  // namespace xtape
