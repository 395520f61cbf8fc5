// What all optimisers share: parameters and their groups, the loop over them, and state that is saved by name.
#pragma once
#include <autograd/parameter.hpp>
#include <autograd/state_dict.hpp>
#include <cstdint>
#include <functional>
#include <optim/options.hpp>
#include <optim/swapped_values.hpp>
#include <string>
#include <utility>
#include <vector>

namespace xtape::optim {

using xtape::StateDict;

/// Changes parameters by their gradients. Three ways to use one:
///
///   opt.zero_grad(); loss.backward(); opt.step();
///   opt.step(grad(loss, opt.parameters()));
///   opt.step([&] { return cost(model(x), target); });
///
/// A parameter is changed in place when nobody else holds its value, else it gets a new one; a frozen one stays as it
/// is. One that is given twice, such as a tied one in the lists of two modules, is held once and takes one step. Where
/// `Module::to` has changed a parameter's dtype, its state is converted at the next step, which throws when a module
/// was given another parameter or layer in the place of one held here: make the optimiser anew then.
///
/// A new optimiser is a class derived from this one, whose constructor names its options and state, and whose `update`
/// is the formula of one step of one tensor; optim/rmsprop.cpp is short. Saving, groups, schedules and averages follow.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(Optimizer&&) = default;
  Optimizer& operator=(Optimizer&&) = default;

  /// "Adam".
  const char* name() const { return name_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }
  /// The options by name, with their values at the beginning.
  const std::vector<std::pair<std::string, double>>& options() const { return options_; }

  /// What tells it from others: its name, options and groups, "SGD(lr 0.1, weight_decay 0, momentum 0.9)".
  std::string description() const;

  /// Whether it goes up the gradient.
  bool maximizes() const { return maximize_; }
  double lr() const { return lr_; }
  /// Changes the learning rate, and in proportion those of groups. Throws unless it is finite and not negative.
  void set_lr(double lr, Site site = Site::here());
  /// Whether it has a momentum that schedules can move: that of SGD, or Adam's beta1.
  bool has_momentum() const { return has_momentum_; }
  double momentum() const { return momentum_; }
  /// Throws unless it has one, and the value is in [0, 1).
  void set_momentum(double momentum, Site site = Site::here());

  /// Which parameters a group has: by their name, where `*` stands for any letters and `?` for one.
  class Selection {
   public:
    Selection(const char* pattern) : Selection(std::string(pattern)) {}
    Selection(std::string pattern);
    template <class F, class = std::enable_if_t<std::is_invocable_r_v<bool, F, const Parameter&>>>
    Selection(F has) : has_(std::move(has)), words_("this predicate") {}
    bool operator()(const Parameter& p) const { return has_(p); }
    const std::string& words() const { return words_; }

   private:
    std::function<bool(const Parameter&)> has_;
    std::string words_;
  };
  /// Gives the selected parameters options of their own: `opt.group("*.bias", GroupOptions().weight_decay(0))`, or
  /// `opt.group([](const Parameter& p) { return p.shape().rank() < 2; }, …)`. Throws when none is selected, and when
  /// one is in a group already.
  Optimizer& group(const Selection& selection, const GroupOptions& options, Site site = Site::here());

  /// Forgets what `backward` has added up.
  void zero_grad();
  /// One step along the gradients that `backward` has added up; a parameter without one stays as it is.
  void step(Site site = Site::here());
  /// One step along `gradients`, in the order of `parameters()`; an undefined one leaves its parameter as it is.
  /// Throws when number, shapes or dtypes do not fit.
  virtual void step(const Tensors& gradients, Site site = Site::here());
  /// One step on the loss that `closure` computes, which is returned. The closure may call `backward` on it, as
  /// PyTorch's do, and need not. Optimisers that search along a line call it several times.
  virtual Tensor step(const std::function<Tensor()>& closure, Site site = Site::here());
  /// What a step is taken by: the gradients of a loss, or a closure of the loss, or of residuals, which is called
  /// several times.
  enum class By : std::uint8_t { gradients, loss, residuals };
  virtual By steps_by() const { return By::gradients; }

  /// While it lives, the parameters have the values to judge and to save the model by: for most optimisers those that
  /// they have anyway. `{ auto scope = opt.averaged(); save(model); }`
  [[nodiscard]] SwappedValues averaged(Site site = Site::here());

  /// What the next steps depend on beside parameters and options: "lr", and for each parameter "hidden.weight.step",
  /// how many it has taken, and its running means, "hidden.weight.exp_avg". A parameter without a name, or whose name
  /// another one has too, is called by its place in `parameters()`, "0". Made again with the same options and given
  /// these values, an optimiser goes on to the same bits.
  StateDict state_dict() const;
  /// Takes such values, the learning rate among them. Throws when a name is missing or unexpected or a tensor of
  /// another shape or dtype, all of them in one message, and changes nothing then.
  void load_state_dict(const StateDict& values, Site site = Site::here());
  /// Forgets momenta, running means and counts: the next step is as the first.
  void reset();

 protected:
  /// A tensor of the state, by its name in `state_dict`, and what it is at the beginning.
  struct Cell {
    std::string name;
    Tensor initial;
    bool fixed_dtype = false;  // else it is converted where the parameter is
  };
  /// The cells of one parameter's state.
  using Cells = std::function<std::vector<Cell>(const Parameter&)>;
  /// Zeros as large as the parameter, of these names.
  static Cells zeros_like(std::vector<std::string> names);

  /// Each parameter has its `cells`; the optimiser as a whole has `shared`.
  Optimizer(const char* name, std::vector<Parameter> parameters, const CommonOptions& options, const Cells& cells,
            Site site, std::vector<Cell> shared = {});
  /// Makes an option known by its name; throws unless it is as expected.
  void option(const char* name, double value, bool ok, const char* expected, Site site);
  /// An option that may have any value.
  void option(const char* name, double value) { options_.emplace_back(name, value); }
  /// An option that must be finite and at least 0, or a number in [0, 1).
  void option_from_0(const char* name, double value, Site site);
  void option_below_1(const char* name, double value, Site site);
  /// The rate and the decay that a parameter has unless it comes into a group.
  void begin_with(std::size_t parameter, double lr, double weight_decay, Site site);
  /// Has `group` refuse a rate: all parameters move along one line.
  void one_rate() { one_rate_ = true; }
  /// The decay rates of two running means, each a number in [0, 1), whose first is the momentum that schedules move.
  void has_betas(double beta1, double beta2, Site site);
  /// Has schedules move this momentum, which `momentum()` gives from now on.
  void has_momentum(double initial) { has_momentum_ = true, momentum_ = initial; }

  /// The step of one tensor: `p` is to be changed by its gradient `g`, and so are the cells of its state. `t` counts
  /// its steps from 1; rate and decay are those of its group.
  struct Update {
    Parameter& p;
    Tensor g;
    std::vector<Parameter>& cells;
    std::int64_t t;
    double lr, weight_decay;
  };
  /// Before the first tensor of a step: what needs all gradients at once.
  virtual void prepare(std::vector<Update>&) {}
  virtual void update(Update& u) const = 0;
  /// What `averaged` shows in the place of the parameters' values, in their order; none to leave them.
  virtual Tensors averaged_values() const { return {}; }

  /// The loss that the closure computes, and its gradients: those that it called `backward` for, else those of the
  /// loss.
  std::pair<Tensor, Tensors> evaluate(const std::function<Tensor()>& closure, Site site);
  /// Throws unless it has one number.
  void check_loss(const Tensor& loss, Site site) const;

  /// A cell of the optimiser as a whole, by its place in `shared`, and the cells of a parameter, by its own.
  Parameter& shared(std::size_t i) { return shared_[i]; }
  const Parameter& shared(std::size_t i) const { return shared_[i]; }
  const std::vector<Parameter>& cells(std::size_t parameter) const { return states_[parameter].cells; }
  std::vector<Parameter>& cells(std::size_t parameter) { return states_[parameter].cells; }
  /// How many steps it has taken.
  std::int64_t steps_of(std::size_t parameter) const { return states_[parameter].steps; }
  /// For steps of a closure: each parameter that is not frozen has taken one more.
  void count_step();
  /// The rate of this parameter's group.
  double lr_of(std::size_t parameter) const { return lr_ * states_[parameter].lr_share; }
  double weight_decay_of(std::size_t parameter) const { return states_[parameter].weight_decay; }
  /// Throws when the parameters are not those any more that the optimiser was made of, or show other values for now.
  void check_held(Site site) const;

 private:
  struct State {
    std::vector<Cell> at_first;
    std::vector<Parameter> cells;
    std::int64_t steps = 0;
    double lr_share = 1, weight_decay = 0;
    bool grouped = false;
    xtape::detail::Ref<xtape::detail::Leaf>
        held;  // what the parameter was at the beginning, and how often it had been replaced
    std::uint32_t replaced = 0;
  };
  void check_gradients(const Tensors& gradients, Site site) const;
  const char* name_;
  std::vector<std::pair<std::string, double>> options_;
  std::string groups_;  // as `description` has them
  std::vector<Parameter> parameters_;
  std::vector<State> states_;
  std::vector<Cell> shared_at_first_;
  std::vector<Parameter> shared_;
  double lr_, momentum_ = 0;
  bool maximize_, has_momentum_ = false, one_rate_ = false;
};

}  // namespace xtape::optim
