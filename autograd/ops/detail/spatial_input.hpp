// Private: checking what operations over spatial axes take, and giving a single example a batch.
#pragma once
#include <string>

#include "../../kernels/window.hpp"
#include "../shape.hpp"
#include "../spatial.hpp"
#include "apply.hpp"

namespace xtape {

/// f(x), where one example (channels, spatial...) of `rank` spatial axes goes as a batch of one. A rank of 0 is not
/// known, and x has a batch.
template <class F>
Tensor batched(const Arg& x, int rank, const F& f) {
  if (rank < 1 || !x.array || x.array->shape.rank() != rank + 1) return f(x);
  Scope scope(x.site);
  const Tensor batch = unsqueeze(x, 0);
  return squeeze(f(Arg(batch, x.site)), 0);
}

/// Throws unless x is a floating tensor of `rank` spatial axes (of 1 to 3 where `rank` is 0), batch and channels.
/// Integers become float32 where that is allowed, elsewhere they are refused.
void check_spatial(const char* op, const Arg& x, int rank);
/// Fills the three numbers of an option; throws unless there is one or one for each axis and all are in
/// [least, 2^31).
void set_option(const char* op, const char* name, const PerAxis& option, std::int64_t least, int rank, Spatial& to,
                Site site);
/// Fills the spatial sizes of a shape (batch, channels, spatial...); throws when one does not fit an int.
void set_sizes(const char* op, const Shape& shape, Spatial& to, Site site);
}  // namespace xtape
