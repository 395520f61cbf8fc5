// What all optimisers share: the list of parameters, and the loop over them.
#pragma once
#include <autograd/parameter.hpp>
#include <map>
#include <string>
#include <vector>

namespace xtape::optim {

/// Tensors by name, as those of models: files hold both.
using StateDict = std::map<std::string, Tensor>;

/// Changes parameters by their gradients. Two ways to use one:
///
///   opt.zero_grad(); loss.backward(); opt.step();
///   opt.step(grad(loss, opt.parameters()));
///
/// A parameter is changed in place when nobody else holds its value, else it gets a new one; a frozen one stays as it
/// is. One that is given twice, such as a tied one in the lists of two modules, is held once and takes one step. Where
/// `Module::to` has changed a parameter's dtype, its state is converted at the next step, which throws when a module
/// was given another parameter or layer in the place of one held here: make the optimiser anew then.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  const std::vector<Parameter>& parameters() const { return parameters_; }
  double lr() const { return lr_; }
  /// Throws unless the rate is finite and not negative.
  void set_lr(double lr, Site site = Site::here());

  /// Forgets what `backward` has added up.
  void zero_grad();
  /// One step along the gradients that `backward` has added up; a parameter without one stays as it is.
  void step(Site site = Site::here());
  /// One step along `gradients`, in the order of `parameters()`; an undefined one leaves its parameter as it is.
  /// Throws when number, shapes or dtypes do not fit.
  void step(const Tensors& gradients, Site site = Site::here());

  /// What the next steps depend on beside parameters and options: "lr", and for each parameter "hidden.weight.step",
  /// how many it has taken, and its running means, "hidden.weight.exp_avg". A parameter without a name, or whose name
  /// another one has too, is called by its place in `parameters()`, "0". Made again with the same options and given
  /// these values, an optimiser goes on to the same bits.
  StateDict state_dict() const;
  /// Takes such values, the learning rate among them. Throws when a name is missing or unexpected or a tensor of
  /// another shape or dtype, all of them in one message, and changes nothing then.
  void load_state_dict(const StateDict& values, Site site = Site::here());

 protected:
  /// `cells` names the tensors of state that each parameter has; they start as zeros.
  Optimizer(const char* name, std::vector<Parameter> parameters, double lr, std::vector<const char*> cells,
            Site site = Site::here());
  /// Throws unless `ok`, naming the option, its value and what was expected.
  void check(bool ok, const char* option, double value, const char* expected, Site site) const;
  /// The step of one tensor: changes `p` by its gradient `g`, and the cells of its state. `t` counts its steps from 1.
  virtual void update(Parameter& p, const Tensor& g, std::vector<Parameter>& cells, std::int64_t t) const = 0;

 private:
  struct State {
    std::vector<Parameter> cells;
    std::int64_t steps = 0;
    Ref<Leaf> held;  // what the parameter was at the beginning, and how often it had been replaced
    std::uint32_t replaced = 0;
  };
  void check_held(Site site) const;
  std::vector<std::string> parameter_names() const;
  const char* name_;
  std::vector<const char*> cell_names_;
  std::vector<Parameter> parameters_;
  std::vector<State> states_;
  double lr_ = 0;
};

}  // namespace xtape::optim
