// What a training was like: numbers of each epoch, and curves over its steps.
#pragma once
#include <cstdint>
#include <iosfwd>
#include <optim/snapshot.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace xtape::optim {

/// A number of each step in at most 1024 points: when they are full, each two become their mean.
class Curve {
 public:
  void add(double value);
  /// (step, mean of the steps up to it), the last one with what there is.
  std::vector<std::pair<double, double>> points() const;
  /// The sums as (points,), and the steps of a point and those in the last as (2,).
  void save(const std::string& name, StateDict& to) const;
  void load(const std::string& name, const StateDict& from);

 private:
  std::vector<double> sums_;
  std::int64_t width_ = 1, filled_ = 0;  // steps of a point, and those that the last one has
};

/// The figures of one epoch by name, in the order in which they came: "loss", "validation_loss", "accuracy", "lr" …
class Epoch {
 public:
  explicit Epoch(std::int64_t number) : number_(number) {}
  /// From 1.
  std::int64_t number() const { return number_; }
  const std::vector<std::pair<std::string, double>>& values() const { return values_; }
  /// Throws when there is none of this name, and lists those that there are.
  double operator[](const std::string& name) const;
  std::optional<double> find(const std::string& name) const;
  void set(const std::string& name, double value);
  /// How long it took, validation included, and how many samples it learnt from; no part of `values`.
  double seconds = 0;
  std::int64_t samples = 0;
  /// Whether it was the best so far, where that is watched.
  bool best = false;

 private:
  std::int64_t number_;
  std::vector<std::pair<std::string, double>> values_;
};
/// "epoch 3  loss 0.0812  accuracy 97.65 %  2.1 s  24,310 samples/s  best".
std::ostream& operator<<(std::ostream& out, const Epoch& epoch);

/// All epochs of a training, and its curves.
struct History {
  std::vector<Epoch> epochs;
  Curve loss, lr;

  void save(Snapshot& to) const;
  void load(const Snapshot& from);
};

}  // namespace xtape::optim
