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

/// All that may help, by what it changes; layers are in repairs_layers.cpp.
class RepairList {
 public:
  explicit RepairList(const Scene& scene) : s_(scene) {}
  void rates(bool diverged), optimizers(), decay();
  void inputs(), targets();
  void heads(), hidden(), dropouts();
  void batches(), weights(), order(), more_epochs();
  std::vector<Repair> all;

 private:
  Repair& add(Fault kind, const char* group, std::string what);
  Repair& add_at(int call, Fault kind, const char* group, std::string what);
  const Scene& s_;
};

/// What may help this training, which ended or `diverged`; what cannot be is left away, such as Adam for Adam.
std::vector<Repair> repairs_of(const Scene& scene, bool diverged);

}  // namespace xtape::lab
