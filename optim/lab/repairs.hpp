// Private: the changes that lint tries.
#pragma once
#include "checks.hpp"

namespace xtape::lab {

/// One change of a training. Of those of one group a fork has one at most.
struct Repair {
  Fault kind;
  std::string group, what, why, change;
  std::string layer;
  Site site;
  std::function<void(Plan&)> apply;
  double steps = 1;  // of a fork with it, times those of one without
};

/// What may help this training, which ended or `diverged`; what cannot be is left away, such as Adam for Adam.
std::vector<Repair> repairs_of(const Scene& scene, bool diverged);

}  // namespace xtape::lab
