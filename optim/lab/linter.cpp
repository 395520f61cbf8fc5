#include "linter.hpp"

namespace xtape::lab {

void Linter::begin(State& run) {
  weights_ = run.model.state_dict();
  optimizer_ = run.optimizer->state_dict();
}
void Linter::end(State&, const std::string&) {}
Findings Linter::look(optim::Run&, Site) { return {}; }

Findings lint(optim::Run& run, Site site) { return Linter::look(run, site); }

}  // namespace xtape::lab
