// lint: why a training does not learn, and what makes it learn.
#pragma once
#include <autograd/core/error.hpp>
#include <cstdint>
#include <iosfwd>
#include <optim/run.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// What one call of the cost does is in view.cpp, how much was learnt in learnt.cpp, what is exact in checks.cpp, what
// is a sign in signs.cpp, what is tried in repairs.cpp, how in fork.cpp, printing in findings.cpp; linter.cpp puts them
// together.
namespace xtape::lab {

/// What a finding is about, by what is to be changed.
enum class Fault : std::uint8_t {
  activation,      ///< the last layer's, a hidden one's, or none where one is missing
  loss,            ///< the cost function, or its reduction
  learning_rate,   ///< too high or too low
  epochs,          ///< too few
  optimizer,       ///< another kind of it
  preprocessing,   ///< the scale of inputs or targets
  batch,           ///< its size
  initialization,  ///< the scale of the weights, or all of them alike
  layer,           ///< one that is missing, or too many, or has a wrong property
  data,            ///< labels that do not belong to their inputs, one class only, always the same order
  loop,            ///< the user's loop: gradients not zeroed, parameters that are not trained
  evaluation       ///< what is computed out of training: not repeatable, with dropout or of other samples
};
/// "learning rate".
const char* to_string(Fault fault);

/// A change that was tried on a fork of the training: from the same weights, with the same seed. What was learnt is the
/// share of what a constant prediction leaves: of the samples that are not of the largest class, of the variance.
struct Trial {
  std::string change;    ///< "learning rate 0.1 instead of 0.01"
  double before, after;  ///< the share of the targets that training and fork have learnt, at most 1
  std::int64_t steps;    ///< of the fork
  bool learns;           ///< whether it leaves at most half of what the training has not learnt
};

/// One thing that is wrong.
struct Finding {
  Fault kind;
  std::string what;      ///< "softmax over one unit"
  std::string measured;  ///< "its output is 1 for all 32 inputs"
  std::string layer;     ///< the path of the module, "hidden" or "2"; empty where it is of none
  Site site;             ///< the user's line; its file is null where there is none
  std::string why, change;
  std::optional<Trial> trial;  ///< what came of the change; none where it was not tried
};

/// All that was found, the change that works best first. Empty where all is well.
class Findings {
 public:
  Findings() = default;
  explicit Findings(std::vector<Finding> all) : all_(std::move(all)) {}
  bool empty() const { return all_.empty(); }
  std::size_t size() const { return all_.size(); }
  const Finding& operator[](std::size_t i) const { return all_[i]; }
  std::vector<Finding>::const_iterator begin() const { return all_.begin(); }
  std::vector<Finding>::const_iterator end() const { return all_.end(); }
  /// Whether there is one of this kind.
  bool has(Fault kind) const;

  /// What it took: the checks, and the forks apart.
  double seconds = 0, trial_seconds = 0;
  std::int64_t trials = 0;

 private:
  std::vector<Finding> all_;
};
/// A paragraph for each; nothing where it is empty.
std::ostream& operator<<(std::ostream& out, const Findings& findings);

/// Of a Run whose `step` is called by hand: what is exact, and nothing that would need a trial.
Findings lint(optim::Run& run, Site site = Site::here());
/// What is wrong with a loop of one's own, asked between its steps; the arguments are those of a Run:
///
///   loss.backward(), opt.step();
///   std::cout << lab::lint(net, opt, {x, t}, cost);  // cost as in nn::mse_loss(net(x), t) of x and t
///
/// It calls the cost function on the batch, and takes steps that it takes back. A whole training is watched by
/// `run.lint()`, whose findings `fit` prints at its end and `run.findings()` gives, also after `fit` has thrown.
template <class F>
Findings lint(const optim::Model& model, optim::Optimizer& optimizer, const Tensors& batch, F cost,
              Site site = Site::here()) {
  optim::Run run(model, optimizer, std::vector<Tensors>{batch}, std::move(cost), site);
  return lint(run, site);
}

}  // namespace xtape::lab
