// Private: what lint does along a Run.
#pragma once
#include <optim/lab/lint.hpp>

#include "../run_state.hpp"

namespace xtape::lab {

/// Watches one Run. What it looks at is what the Run was at its beginning and is at its end; whatever it calls, the Run
/// is left as it was, to the bit.
class Linter {
 public:
  using State = optim::Run::State;

  /// The training begins: keeps its weights, and looks for what no training would mend.
  void begin(State& run);
  /// It has ended, or thrown `error`: looks for what is wrong, and tries what may help.
  void end(State& run, const std::string& error);
  /// What needs no trial, on the batch that comes next.
  static Findings look(optim::Run& run, Site site);

  Findings findings;

 private:
  void tell(State& run) const;
  optim::StateDict weights_, optimizer_;  // at the beginning
};

}  // namespace xtape::lab
