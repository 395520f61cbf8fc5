// Sums of products over named axes.
#pragma once
#include <string>

#include "../tensor.hpp"
#include "reduction.hpp"

namespace xtape {

/// Einstein's sums, as NumPy's einsum writes them: `einsum("bij,bjk->bik", {a, b})`. A letter names an axis; a letter
/// that the result lacks is summed over; a letter twice in one operand takes the diagonal; "..." stands for further
/// axes, which broadcast, as axes of size 1 do. Without "->" the result has the axes of "..." and then, in alphabetical
/// order, the letters that occur once. Operands are joined in pairs, each time those of least work. Throws when the
/// equation does not parse or does not fit the operands.
Tensor einsum(const std::string& equation, const Tensors& operands, Site site = Site::here());

/// The sum of products over the last `axes` axes of a and the first of b.
Tensor tensordot(const Arg& a, const Arg& b, int axes = 2);
/// The sum of products over pairs of axes, `axes_a[i]` of a with `axes_b[i]` of b; the result has the other axes of a,
/// then those of b. Throws when their sizes differ.
Tensor tensordot(const Arg& a, const Arg& b, const Axes& axes_a, const Axes& axes_b);

}  // namespace xtape
