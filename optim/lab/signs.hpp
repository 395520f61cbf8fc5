// Private: what often stands behind a training that fails, and is nothing where it learns.
#pragma once
#include "checks.hpp"

namespace xtape::lab {

/// The signs of a training that is known to fail, by what its last weights do with the first batch.
std::vector<Finding> signs_of(const Scene& scene);

}  // namespace xtape::lab
