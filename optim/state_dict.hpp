// Named tensors: what optimisers, schedules and metrics save and load.
#pragma once
#include <autograd/tensor.hpp>
#include <map>
#include <string>

namespace xtape::optim {

/// Tensors by name, as those of models: files hold both.
using StateDict = std::map<std::string, Tensor>;

}  // namespace xtape::optim
