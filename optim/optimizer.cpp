#include "optimizer.hpp"

#include <autograd/files/described.hpp>
#include <autograd/functional.hpp>
#include <autograd/ops/creation.hpp>
#include <autograd/ops/elementwise.hpp>
#include <cmath>
#include <optim/value.hpp>
#include <utility>

#include "named_state.hpp"

namespace xtape::optim {
using namespace xtape::detail;

namespace {

// Whether `name` is of the form of `pattern`, where * is any letters and ? one.
bool matches(const char* pattern, const char* name) {
  for (; *pattern != '*'; ++pattern, ++name) {
    if (!*name) return !*pattern;
    if (*pattern != '?' && *pattern != *name) return false;
  }
  for (;; ++name) {
    if (matches(pattern + 1, name)) return true;
    if (!*name) return false;
  }
}

// Has what a step of one tensor reads come into the cache while those before are at work.
template <class Update, class F>
void fetch(const Update& u, F address) {
  __builtin_prefetch(address(u.p));
  for (const Parameter& cell : u.cells) __builtin_prefetch(address(cell));
}

}  // namespace

Optimizer::Selection::Selection(std::string pattern)
    : has_([pattern](const Parameter& p) { return matches(pattern.c_str(), p.name().c_str()); }),
      words_("'" + pattern + "'") {}

Optimizer::Cells Optimizer::zeros_like(std::vector<std::string> names) {
  return [names = std::move(names)](const Parameter& p) {
    std::vector<Cell> cells;
    for (const std::string& name : names) cells.push_back({name, zeros(p.shape(), p.dtype())});
    return cells;
  };
}

Optimizer::Optimizer(const char* name, std::vector<Parameter> parameters, const CommonOptions& o, const Cells& cells,
                     Site site, std::vector<Cell> shared)
    : name_(name), shared_at_first_(std::move(shared)), lr_(0), maximize_(o.maximize_) {
  parameters_ = each_once(name_, std::move(parameters), site);
  option("the learning rate", o.lr_, std::isfinite(o.lr_) && o.lr_ >= 0, "a finite number of at least 0", site);
  lr_ = o.lr_;
  const double decay = o.weight_decay_.value_or(0);
  option_from_0("weight_decay", decay, site);
  for (const Parameter& p : parameters_) {
    State& s = states_.emplace_back();
    s.at_first = cells(p);
    s.weight_decay = decay;
    s.held = Ref<Leaf>::share(p.leaf());
    s.replaced = p.leaf()->replaced;
  }
  reset();
}

void Optimizer::reset() {
  for (State& s : states_) {
    s.cells.clear(), s.steps = 0;
    for (const Cell& cell : s.at_first) s.cells.emplace_back(cell.initial);
  }
  shared_.clear();
  for (const Cell& cell : shared_at_first_) shared_.emplace_back(cell.initial);
}

void Optimizer::option(const char* name, double value, bool ok, const char* expected, Site site) {
  if (!ok) fail(name_, std::string(name) + " is " + std::to_string(value) + ", expected " + expected, site);
  options_.emplace_back(name, value);
}
void Optimizer::option_from_0(const char* name, double value, Site site) {
  option(name, value, value >= 0 && value < 1e300, "a finite number of at least 0", site);
}
void Optimizer::option_below_1(const char* name, double value, Site site) {
  option(name, value, value >= 0 && value < 1, "a number in [0, 1)", site);
}

void Optimizer::has_betas(double beta1, double beta2, Site site) {
  option_below_1("beta1", beta1, site);
  option_below_1("beta2", beta2, site);
  has_momentum(beta1);
}

void Optimizer::begin_with(std::size_t parameter, double lr, double weight_decay, Site site) {
  State& s = states_[parameter];
  if (lr != lr_ && lr_ == 0)
    fail(name_, "a parameter's rate is kept in proportion to the optimiser's, which is 0", site);
  s.lr_share = lr == lr_ ? 1 : lr / lr_;
  s.weight_decay = weight_decay;
}

std::string Optimizer::description() const {
  std::string text = std::string(name_) + "(" + (maximize_ ? "maximize, " : "");
  for (const auto& [name, value] : options_)
    text += (text.back() == '(' || text.back() == ' ' ? "" : ", ") +
            (name == "the learning rate" ? std::string("lr") : name) + " " + to_string(value);
  return text + ")" + groups_;
}

void Optimizer::set_lr(double lr, Site site) {
  if (!(std::isfinite(lr) && lr >= 0))
    fail(name_, "the learning rate is " + std::to_string(lr) + ", expected a finite number of at least 0", site);
  lr_ = lr;
}

void Optimizer::set_momentum(double momentum, Site site) {
  if (!has_momentum_) fail(name_, "there is no momentum to set: it was made without", site);
  if (!(momentum >= 0 && momentum < 1))
    fail(name_, "momentum is " + std::to_string(momentum) + ", expected a number in [0, 1)", site);
  momentum_ = momentum;
}

Optimizer& Optimizer::group(const Selection& selection, const GroupOptions& o, Site site) {
  const auto lr = o.lr_.value_or(lr_), decay = o.weight_decay_.value_or(0);
  if (!(std::isfinite(lr) && lr >= 0))
    fail(name_, "the learning rate of a group is " + std::to_string(lr) + ", expected a finite number of at least 0",
         site);
  if (!(decay >= 0 && decay < 1e300))
    fail(name_, "weight_decay of a group is " + std::to_string(decay) + ", expected a finite number of at least 0",
         site);
  if (o.lr_ && one_rate_)
    fail(name_, "all parameters move along one line: a group has no learning rate of its own", site);
  if (o.lr_ && lr_ == 0) fail(name_, "a group's rate is kept in proportion to the optimiser's, which is 0", site);
  std::vector<std::size_t> selected;
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    if (selection(parameters_[i])) selected.push_back(i);
  const std::vector<std::string> names = names_of(parameters_);
  if (selected.empty()) {
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "'" : ", '") + name + "'";
    fail(name_, selection.words() + " selects no parameter; there are " + all, site);
  }
  for (const std::size_t i : selected)
    if (states_[i].grouped)
      fail(name_, selection.words() + " selects '" + names[i] + "', which is in a group already", site);
  for (const std::size_t i : selected) {
    State& s = states_[i];
    s.grouped = true;
    if (o.lr_) s.lr_share = *o.lr_ / lr_;
    if (o.weight_decay_) s.weight_decay = *o.weight_decay_;
    if (o.frozen_) parameters_[i].freeze(*o.frozen_);
  }
  groups_ += "; " + selection.words() + " of " + std::to_string(selected.size()) + ":";
  if (o.lr_) groups_ += " lr " + to_string(lr);
  if (o.weight_decay_) groups_ += " weight_decay " + to_string(decay);
  if (o.frozen_) groups_ += *o.frozen_ ? " frozen" : " not frozen";
  return *this;
}

void Optimizer::check_held(Site site) const {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Leaf* now = parameters_[i].leaf();
    if (now != states_[i].held.get() || now->replaced != states_[i].replaced)
      fail(name_,
           "a module was given another parameter in the place of '" + states_[i].held->name +
               "' after this optimiser was made; make it anew, of the model's parameters()",
           site);
    if (SwappedValues::holds(parameters_[i]))
      fail(name_,
           "'" + now->name +
               "' shows the value of an average for now, which a step would be lost with; end that scope first",
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

Tensor Optimizer::step(const std::function<Tensor()>& closure, Site site) {
  auto [loss, gradients] = evaluate(closure, site);
  step(gradients, site);
  return loss;
}

void Optimizer::check_loss(const Tensor& loss, Site site) const {
  if (!loss.defined() || loss.size() != 1)
    fail(name_, "the closure gives " + described(loss) + ", expected a loss of one number", site);
}

std::pair<Tensor, Tensors> Optimizer::evaluate(const std::function<Tensor()>& closure, Site site) {
  check_held(site);
  zero_grad();
  const Tensor loss = closure();
  check_loss(loss, site);
  Tensors gradients;
  bool called_backward = false;
  for (const Parameter& p : parameters_) {
    gradients.push_back(p.grad());
    called_backward |= gradients.back().defined();
  }
  if (!called_backward) gradients = grad(loss, parameters_, allow_unused, site);
  return {loss.detach(), gradients};
}

void Optimizer::check_gradients(const Tensors& gradients, Site site) const {
  if (gradients.size() != parameters_.size())
    fail(name_,
         std::to_string(gradients.size()) + " gradients for " + std::to_string(parameters_.size()) + " parameters",
         site);
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const Tensor& g = gradients[i];
    const Parameter& p = parameters_[i];
    if (g.defined() && (g.shape() != p.shape() || g.dtype() != p.dtype()))
      fail(name_,
           "gradient " + std::to_string(i) + " is " + described(g) + ", its parameter '" + p.name() + "' " +
               to_string(p.dtype()) + to_string(p.shape()),
           site);
  }
}

void Optimizer::step(const Tensors& gradients, Site site) {
  check_held(site);
  check_gradients(gradients, site);
  const NoGradGuard guard;
  std::vector<Update> updates;
  updates.reserve(gradients.size());
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    Parameter& p = parameters_[i];
    State& s = states_[i];
    if (!gradients[i].defined() || p.is_frozen() || p.size() == 0) continue;
    for (std::size_t k = 0; k < s.cells.size(); ++k)
      if (!s.at_first[k].fixed_dtype && s.cells[k].dtype() != p.dtype())
        s.cells[k] = Parameter(s.cells[k].tensor().detach().to(p.dtype()));
    updates.push_back({p, maximize_ ? -gradients[i] : gradients[i], s.cells, ++s.steps, lr_of(i), s.weight_decay});
  }
  prepare(updates);
  for (std::size_t i = 0; i < updates.size(); ++i) {
    if (i + 2 < updates.size()) fetch(updates[i + 2], [](const Parameter& p) { return p.leaf(); });
    if (i + 1 < updates.size()) fetch(updates[i + 1], [](const Parameter& p) { return p.leaf()->value.get(); });
    update(updates[i]);
  }
}

void Optimizer::count_step() {
  for (std::size_t i = 0; i < states_.size(); ++i) states_[i].steps += !parameters_[i].is_frozen();
}

SwappedValues Optimizer::averaged(Site site) {
  check_held(site);
  Tensors values = averaged_values();
  return values.empty() ? SwappedValues({}, {}, site) : SwappedValues(parameters_, values, site);
}

StateDict Optimizer::state_dict() const {
  StateDict values{{"lr", tensor(lr_, float64)}};
  if (has_momentum_) values["momentum"] = tensor(momentum_, float64);
  for (std::size_t k = 0; k < shared_.size(); ++k) values[shared_at_first_[k].name] = shared_[k].tensor().detach();
  const std::vector<std::string> names = names_of(parameters_);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const State& s = states_[i];
    values[names[i] + ".step"] = tensor(s.steps);
    for (std::size_t k = 0; k < s.cells.size(); ++k) {
      const Tensor value = s.cells[k].tensor().detach();
      values[names[i] + "." + s.at_first[k].name] =
          s.at_first[k].fixed_dtype ? value : value.to(parameters_[i].dtype());
    }
  }
  return values;
}

void Optimizer::load_state_dict(const StateDict& values, Site site) {
  check_held(site);
  StateTaker take(values);
  const double lr = take.number("lr", lr_), momentum = has_momentum_ ? take.number("momentum", momentum_) : 0;
  if (!(std::isfinite(lr) && lr >= 0)) take.note("the learning rate is " + std::to_string(lr));
  if (!(momentum >= 0 && momentum < 1)) take.note("the momentum is " + std::to_string(momentum));
  Tensors shared;
  for (const Cell& cell : shared_at_first_)
    shared.push_back(take(cell.name, cell.initial.dtype(), cell.initial.shape()));
  const std::vector<std::string> names = names_of(parameters_);
  std::vector<std::int64_t> steps;
  std::vector<Tensors> taken(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    steps.push_back(take.count(names[i] + ".step", 0));
    for (const Cell& cell : states_[i].at_first)
      taken[i].push_back(take(names[i] + "." + cell.name,
                              cell.fixed_dtype ? cell.initial.dtype() : parameters_[i].dtype(), cell.initial.shape()));
  }
  take.done(name_, site);
  lr_ = lr, momentum_ = momentum;
  for (std::size_t k = 0; k < shared.size(); ++k) shared_[k] = Parameter(shared[k]);
  for (std::size_t i = 0; i < taken.size(); ++i) {
    states_[i].steps = steps[i];
    for (std::size_t k = 0; k < taken[i].size(); ++k) states_[i].cells[k] = Parameter(taken[i][k]);
  }
}

}  // namespace xtape::optim
