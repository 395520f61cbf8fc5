// Parameters that show other values for a while: averages to judge and to save a model by.
#pragma once
#include <autograd/parameter.hpp>
#include <vector>

namespace xtape::optim {

/// While it lives, parameters have other values; then they have their own again. An optimiser that is to step
/// meanwhile throws: its step would be lost.
class [[nodiscard]] SwappedValues {
 public:
  /// Throws when a value does not fit its parameter, or when one shows another value already.
  SwappedValues(std::vector<Parameter> parameters, const Tensors& values, Site site = Site::here());
  SwappedValues(SwappedValues&& other) noexcept;
  SwappedValues& operator=(SwappedValues&&) = delete;
  ~SwappedValues();

  /// Whether there is none.
  bool empty() const { return parameters_.empty(); }
  /// Whether the parameter shows another value than its own at present.
  static bool holds(const Parameter& p);

 private:
  std::vector<Parameter> parameters_;
  Tensors own_;
};

}  // namespace xtape::optim
