// Private: a training once more, with something changed, while the true one stands still.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "learnt.hpp"
#include "linter.hpp"
#include "view.hpp"

namespace xtape::lab {

/// What a fork does in another way than the training.
struct Plan {
  double rate = 1;                                                                            // times the learning rate
  std::function<std::shared_ptr<optim::Optimizer>(const std::vector<Parameter>&)> optimizer;  // null: the same
  std::function<Tensor(const Tensor&)> input, target;                                         // null: as they are
  std::map<std::string, Substitution::Other> others;                                          // operations by their key
  std::function<std::optional<Tensor>(const Tensors& batch)> cost;  // in the place of the user's, after it was called
  std::function<Tensor()> output;                                   // in the place of what the model gives
  std::int64_t split = 1, merge = 1;                                // how many a batch becomes, or make one
  bool shuffled = false, redrawn = false, continued = false;
};

/// The model, its optimiser and the training's place in its data, which are as they were when this is gone.
class Forks {
 public:
  /// Forks begin with the weights and the optimiser's state of the training's beginning.
  Forks(Linter::State& run, const optim::StateDict& weights, const optim::StateDict& optimizer);
  ~Forks();
  Forks(const Forks&) = delete;
  Forks& operator=(const Forks&) = delete;

  /// Has a fork take so many steps; gives the share that it has learnt, as `measure` does, and minus infinity where the
  /// loss was not finite. None where it cannot be tried.
  std::optional<double> train(const Plan& plan, std::int64_t steps);
  /// The share that the model has learnt, of the validation's data where there are some, of 1024 samples at most.
  std::optional<double> measure(const Plan& plan) const;
  /// The first batches of the training, up to so many samples.
  Tensors samples(std::int64_t limit) const;
  /// Whether two epochs have the same batches, of which there is more than one.
  bool same_order() const;
  /// The cost of a batch, as the plan has it.
  optim::LossAndOutput cost(const Plan& plan, const Tensors& batch) const;
  /// The weights of the beginning, or those of now.
  void rewind(bool to_beginning);

  Linter::State& run() const { return run_; }

 private:
  void restore() const;
  void redraw() const;
  Linter::State& run_;
  const KeyedRandomness randomness_;  // who draws meanwhile does not move the generator that the program uses
  const optim::StateDict &weights_, &optimizer_;
  optim::StateDict weights_now_, optimizer_now_;
  double rate_;  // the training's, on average
};

}  // namespace xtape::lab
