// Private: how an operation that draws gets the key of its stream.
#pragma once
#include "../tensor.hpp"
#include "generator.hpp"

// In generator.cpp.
namespace xtape {

/// The seed and the number of the generator's next stream: () -> (2,), int64.
Tensor next_stream(RandomGenerator& generator, Site site);

}  // namespace xtape
