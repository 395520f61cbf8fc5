// Private: what one call of a cost function does, read off its operations.
#pragma once
#include <autograd/core/watch.hpp>
#include <functional>
#include <map>
#include <optim/model.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace xtape::lab {

/// An operation that ran. It is found again in another call of the cost by its key: what it is, where it is, and which
/// of those it is.
struct Call {
  std::string op, key;
  std::string layer;  // "0", the path of its module; empty where it is of none
  Site site;
  Tensor value;
  std::vector<int> inputs;              // the calls that made its arguments; -1: none of these
  std::vector<Tensor> arguments;        // values alone
  std::vector<std::string> parameters;  // the names of those among its arguments
  bool in_module = false, of_parameter = false, of_target = false;
};

/// Counts the operations of one call of a cost by what they are and where.
class Keys {
 public:
  std::string next(const xtape::detail::Operation& operation);

 private:
  std::map<std::string, int> counts_;
};

/// Hears of the operations until it ends, or is gone.
class View {
 public:
  explicit View(const Tensors& batch);
  View(const View&) = delete;
  View& operator=(const View&) = delete;
  void end() { ear_.reset(); }

  const std::vector<Call>& calls() const { return calls_; }
  const Call& operator[](int i) const { return calls_[static_cast<std::size_t>(i)]; }
  /// What the model gives: the last call of a module, or the last one before the target comes in; -1 where there is
  /// neither.
  int output() const;
  /// The last call before the target comes in.
  int before_target() const;
  /// The call that made it, through what only brings numbers into another shape.
  int through_shapes(int call) const;
  /// The activation that makes the output; -1 where there is none.
  int last_activation() const;
  /// The activations of hidden layers.
  std::vector<int> hidden_activations() const;
  /// A layer with weights whose input is another's output, with nothing between that is not linear; (first, second).
  std::vector<std::pair<int, int>> linear_pairs() const;
  /// Whether it is a layer with weights, such as linear or conv2d.
  bool learns(int call) const;
  /// Whether a layer with weights takes its output.
  bool feeds_layer(int call) const;
  /// The call as a tensor of the tape.
  Tensor recorded(int call) const;

 private:
  struct Ear : xtape::detail::Watcher {
    explicit Ear(View& view) : view(view) {}
    void executed(xtape::detail::Execution& e) override { view.add(e); }
    void taken(xtape::detail::Leaf& cell, const xtape::detail::Ref<xtape::detail::Array>& value) override {
      view.parameters_[value.get()] = cell.name;
      view.held_.push_back(value);
    }
    View& view;
  };
  void add(xtape::detail::Execution& e);

  std::vector<Call> calls_;
  std::vector<xtape::detail::Ref<xtape::detail::Node>> nodes_;
  std::unordered_map<const void*, int> makers_;                 // of arrays
  std::unordered_map<const void*, std::string> parameters_;     // arrays of parameters
  std::vector<xtape::detail::Ref<xtape::detail::Array>> held_;  // so that no other array has their address
  const void* target_ = nullptr;
  Keys keys_;
  std::optional<Ear> ear_;
};

/// While it lives, operations of these keys are replaced by functions of them and their arguments.
class Substitution : public xtape::detail::Watcher {
 public:
  using Other = std::function<Tensor(const xtape::detail::Operation&, const Tensors& arguments)>;
  explicit Substitution(const std::map<std::string, Other>& others) : others_(others) {}

 private:
  Tensor instead(const xtape::detail::Operation& operation, const Arg* const* args) override;

  const std::map<std::string, Other>& others_;
  Keys keys_;
  bool busy_ = false;
};

/// Whether an operation of this name is an activation; what its values can be, from `low` to `high`.
struct Range {
  double low, high;
};
bool is_activation(const std::string& op);
std::optional<Range> range_of(const std::string& op);

}  // namespace xtape::lab
