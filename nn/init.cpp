#include "init.hpp"

#include <autograd/random.hpp>
#include <cmath>

namespace xtape::nn::init {
namespace {
// A weight has an axis of outputs and at least one of inputs, a bias only outputs.
void nielsen(const ModuleBase& model, bool scaled) {
  for (Parameter p : model.parameters()) {
    const bool weight = p.shape().rank() > 1;
    const double in = weight ? static_cast<double>(p.size() / p.shape()[0]) : 1;
    p.assign(normal(p.shape(), 0, scaled ? 1 / std::sqrt(in) : 1, p.dtype()));
  }
}
}  // namespace

void nielsen_large(const ModuleBase& model) { nielsen(model, false); }
void nielsen_default(const ModuleBase& model) { nielsen(model, true); }

}  // namespace xtape::nn::init
