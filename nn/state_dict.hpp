// Named tensors, which models give and take and files hold.
#pragma once
#include <autograd/state_dict.hpp>
#include <string>
#include <vector>

namespace xtape::nn {

using xtape::StateDict;

/// What `load_state_dict` found no use or no value for, and what it converted.
struct LoadReport {
  std::vector<std::string> missing;     ///< names of the module that the values lack
  std::vector<std::string> unexpected;  ///< names of the values that the module lacks
  std::vector<std::string> converted;   ///< names whose values were of another floating dtype
};

}  // namespace xtape::nn
