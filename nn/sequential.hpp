// Sequential: layers and functions, one after the other.
#pragma once
#include <nn/lambda.hpp>

namespace xtape::nn {

/// Calls its elements in order, each with the result of the one before: modules and any callable `Tensor -> Tensor`, as
/// `Sequential{Linear(784, 30), sigmoid, Linear(30, 10)}`: (...) -> what the last one gives, or x when there is none.
/// They are named by their position, "0", "1", "2"; a function becomes a Lambda.
class Sequential : public Module<Sequential> {
 public:
  Sequential() = default;
  template <class First, class... Rest,
            class = std::enable_if_t<sizeof...(Rest) != 0 || !std::is_same_v<std::decay_t<First>, Sequential>>>
  explicit Sequential(First first, Rest... rest) {
    add(std::move(first));
    (add(std::move(rest)), ...);
  }

  /// Adds an element at the end.
  template <class Layer>
  Sequential& add(Layer layer) {
    constexpr bool ok = std::is_invocable_r_v<Tensor, const Layer&, const Tensor&>;
    static_assert(ok,
                  "an element of nn::Sequential is a module or a function that takes a Tensor and returns a Tensor");
    if constexpr (ok) {
      const std::string name = std::to_string(layers_.size());
      if constexpr (std::is_base_of_v<ModuleBase, Layer>) layers_.emplace_back(child(name, std::move(layer)));
      else layers_.emplace_back(child(name, Lambda(std::move(layer))));
    }
    return *this;
  }

  std::size_t size() const { return layers_.size(); }
  Tensor forward(const Tensor& x) const;

 private:
  std::vector<std::function<Tensor(const Tensor&)>> layers_;
};

}  // namespace xtape::nn
