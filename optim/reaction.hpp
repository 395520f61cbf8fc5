// Reactions: the learning rate shrinks when a figure does not get better any more.
#pragma once
#include <cstdint>
#include <memory>
#include <optim/optimizer.hpp>
#include <optional>
#include <string>

namespace xtape::optim {

/// Watches a figure, such as the loss of a validation after each epoch, and changes an optimiser's rate by what it
/// sees. It is used alone, `plateau.observe(loss, opt)` after each epoch, or given to a Run; those of
/// optim/reactions.hpp go on to the same bits from their state. Beside a Scheduler, what it changes is kept.
class Reaction {
 public:
  virtual ~Reaction() = default;
  /// Takes the next value in; returns whether it has changed the rate. A NaN is no improvement.
  virtual bool observe(double value, Optimizer& optimizer) = 0;
  /// Whether it wants the loss of each step, which becomes small, and not a figure of each epoch.
  virtual bool of_steps() const { return false; }
  /// Whether the figure is to become large, such as an accuracy, or small; not known unless it says so.
  virtual std::optional<bool> maximizes() const { return std::nullopt; }
  /// Whether nothing is to be hoped for any more: the training may end.
  virtual bool done() const { return false; }
  /// What tells it from others, "ReduceOnPlateau(factor 0.1, patience 10)".
  virtual std::string description() const = 0;
  /// What it remembers of the values that it has taken in.
  virtual StateDict state_dict() const = 0;
  /// Takes such a state. Throws when a value is missing, unexpected or of another shape, and changes nothing then.
  virtual void load_state_dict(const StateDict& values, Site site = Site::here()) = 0;
  /// A copy, for who keeps it.
  virtual std::shared_ptr<Reaction> clone() const = 0;
};

}  // namespace xtape::optim
