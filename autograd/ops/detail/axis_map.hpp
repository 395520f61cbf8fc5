// Private: linear maps that go along one spatial axis after the other. Means over windows and interpolation are such.
#pragma once
#include <memory>
#include <vector>

#include "../../kernels/window.hpp"
#include "../../tensor.hpp"

namespace xtape {

/// Result i is a weighted sum of neighbours, or of none: sum over t of weight[offset[i] + t] x[begin[i] + t] for
/// offset[i] + t < offset[i + 1].
struct AxisMap {
  std::int64_t from = 1;                       ///< the size of the axis it takes
  std::vector<std::int64_t> begin, offset{0};  ///< the number of results is the size of `begin`
  std::vector<double> weight;

  std::int64_t to() const { return static_cast<std::int64_t>(begin.size()); }
  std::int64_t count(std::int64_t i) const {
    return offset[static_cast<std::size_t>(i) + 1] - offset[static_cast<std::size_t>(i)];
  }
  /// Adds a result that reads `weights` from `first` on.
  void add(std::int64_t first, std::initializer_list<double> weights) { add(first, std::vector<double>(weights)); }
  void add(std::int64_t first, const std::vector<double>& weights);
  bool is_identity() const;
};

/// The map that changes nothing.
AxisMap identity_map(std::int64_t size);

/// The maps of the three spatial axes, applied to each channel of x (batch, channels, spatial...), or their adjoint.
using AxisMaps = std::vector<AxisMap>;
Tensor map_axes(const char* op, const char* adjoint_op, const Arg& x, std::string attributes,
                std::shared_ptr<const AxisMaps> maps);

}  // namespace xtape
