#include "optimizer.hpp"

#include <autograd/ops/creation.hpp>
#include <cmath>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace xtape::optim {

Optimizer::Optimizer(const char* name, std::vector<Parameter> parameters, double lr, std::vector<const char*> cells,
                     Site site)
    : name_(name), cell_names_(std::move(cells)) {
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
    for (std::size_t k = 0; k < cell_names_.size(); ++k) states_[i].cells.emplace_back(zeros(p.shape(), p.dtype()));
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

std::vector<std::string> Optimizer::parameter_names() const {
  std::unordered_map<std::string, int> count;
  for (const Parameter& p : parameters_) ++count[p.name()];
  std::vector<std::string> names;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const std::string& name = parameters_[i].name();
    names.push_back(name.empty() || count[name] > 1 ? std::to_string(i) : name);
  }
  return names;
}

StateDict Optimizer::state_dict() const {
  StateDict values{{"lr", tensor(lr_, float64)}};
  const std::vector<std::string> names = parameter_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    values[names[i] + ".step"] = tensor(states_[i].steps);
    for (std::size_t k = 0; k < cell_names_.size(); ++k)
      values[names[i] + "." + cell_names_[k]] = states_[i].cells[k].tensor().detach().to(parameters_[i].dtype());
  }
  return values;
}

void Optimizer::load_state_dict(const StateDict& values, Site site) {
  check_held(site);
  std::string wrong;
  StateDict rest = values;
  // The value of that name, which is then no longer unexpected.
  auto take = [&](const std::string& name, Dtype dtype, const Shape& shape) {
    const auto found = rest.find(name);
    if (found == rest.end()) {
      wrong += "; '" + name + "' is missing";
      return Tensor();
    }
    const Tensor value = std::move(found->second);
    rest.erase(found);
    if (value.defined() && value.dtype() == dtype && value.shape() == shape) return value.detach();
    wrong += "; '" + name + "' is " + to_string(dtype) + to_string(shape) + ", its value " +
             (value.defined() ? to_string(value.dtype()) + to_string(value.shape()) : "undefined");
    return Tensor();
  };
  const Tensor lr = take("lr", float64, {});
  const std::vector<std::string> names = parameter_names();
  std::vector<Tensors> taken;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Parameter& p = parameters_[i];
    taken.push_back({take(names[i] + ".step", int64, {})});
    for (const char* cell : cell_names_) taken.back().push_back(take(names[i] + "." + cell, p.dtype(), p.shape()));
    const Tensor& steps = taken.back()[0];
    if (steps.defined() && steps.data<std::int64_t>()[0] < 0)
      wrong +=
          "; '" + names[i] + ".step' is " + std::to_string(steps.data<std::int64_t>()[0]) + ", expected at least 0";
  }
  for (const auto& [name, value] : rest) wrong += "; '" + name + "' is unexpected";
  if (!wrong.empty()) fail(name_, "the values of load_state_dict do not fit" + wrong, site);
  set_lr(lr.data<double>()[0], site);
  for (std::size_t i = 0; i < taken.size(); ++i) {
    states_[i].steps = taken[i][0].data<std::int64_t>()[0];
    for (std::size_t k = 0; k < cell_names_.size(); ++k) states_[i].cells[k] = Parameter(taken[i][k + 1]);
  }
}

}  // namespace xtape::optim
