// Named tensors, which models give and take and files hold.
#pragma once
#include <autograd/tensor.hpp>
#include <map>
#include <string>
#include <vector>

namespace xtape::nn {

/// Tensors by name, as "hidden.weight".
using StateDict = std::map<std::string, Tensor>;

/// What `load_state_dict` found no use or no value for.
struct LoadReport {
  std::vector<std::string> missing;     ///< names of the module that the values lack
  std::vector<std::string> unexpected;  ///< names of the values that the module lacks
};

}  // namespace xtape::nn
