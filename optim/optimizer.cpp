#include "optimizer.hpp"

#include <cmath>
#include <unordered_set>

namespace xtape::optim {

Optimizer::Optimizer(const char* name, std::vector<Parameter> parameters, double lr, int cells, Site site)
    : name_(name) {
  std::unordered_set<const Leaf*> known;
  for (Parameter& p : parameters)
    if (known.insert(p.leaf()).second) parameters_.push_back(std::move(p));
  states_.resize(parameters_.size());
  if (parameters_.empty())
    fail(name_, "there are no parameters; does the model declare its layers with child()?", site);
  set_lr(lr, site);
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Parameter& p = parameters_[i];
    states_[i].held = Ref<Leaf>::share(p.leaf());
    states_[i].replaced = p.leaf()->replaced;
    for (int k = 0; k < cells; ++k) states_[i].cells.emplace_back(zeros(p.shape(), p.dtype()));
  }
}

void Optimizer::check(bool ok, const char* option, double value, const char* expected, Site site) const {
  if (!ok) fail(name_, std::string(option) + " is " + std::to_string(value) + ", expected " + expected, site);
}

void Optimizer::set_lr(double lr, Site site) {
  check(std::isfinite(lr) && lr >= 0, "the learning rate", lr, "a finite number of at least 0", site);
  lr_ = lr;
}

void Optimizer::check_held(Site site) const {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Leaf* now = parameters_[i].leaf();
    if (now != states_[i].held.get() || now->replaced != states_[i].replaced)
      fail(name_,
           "a module was given another parameter in the place of '" + states_[i].held->name +
               "' after this optimiser was made; make it anew, of the model's parameters()",
           site);
  }
}

void Optimizer::zero_grad() {
  for (Parameter& p : parameters_) p.zero_grad();
}

void Optimizer::step(Site site) {
  Tensors gradients;
  for (const Parameter& p : parameters_) gradients.push_back(p.grad());
  step(gradients, site);
}

void Optimizer::step(const Tensors& gradients, Site site) {
  check_held(site);
  if (gradients.size() != parameters_.size())
    fail(name_,
         std::to_string(gradients.size()) + " gradients for " + std::to_string(parameters_.size()) + " parameters",
         site);
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const Tensor& g = gradients[i];
    const Parameter& p = parameters_[i];
    if (g.defined() && (g.shape() != p.shape() || g.dtype() != p.dtype()))
      fail(name_,
           "gradient " + std::to_string(i) + " is " + to_string(g.dtype()) + to_string(g.shape()) +
               ", its parameter '" + p.name() + "' " + to_string(p.dtype()) + to_string(p.shape()),
           site);
  }
  for (std::size_t i = 0; i < gradients.size(); ++i)
    if (gradients[i].defined() && !parameters_[i].is_frozen()) {
      for (Parameter& cell : states_[i].cells)
        if (cell.dtype() != parameters_[i].dtype()) cell = Parameter(cell.tensor().detach().to(parameters_[i].dtype()));
      update(parameters_[i], gradients[i], states_[i].cells, ++states_[i].steps);
    }
}

}  // namespace xtape::optim
