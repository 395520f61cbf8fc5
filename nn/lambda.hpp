// Lambda: a function as a module.
#pragma once
#include <nn/module.hpp>

namespace xtape::nn {

/// f(x) for any callable `Tensor -> Tensor`, as `Lambda([](const Tensor& x) { return x * 2; })`: a function with a
/// place in a model's tree, for its summary and hooks. `Sequential` makes one of each function it is given.
class Lambda : public Module<Lambda> {
 public:
  template <class F, class = std::enable_if_t<std::is_invocable_r_v<Tensor, const F&, const Tensor&> &&
                                              !std::is_base_of_v<ModuleBase, F>>>
  explicit Lambda(F f) : f_(std::move(f)) {
    if constexpr (std::is_class_v<F>) name_after(typeid(F));
  }
  Tensor forward(const Tensor& x) const { return f_(x); }
  /// The function, if it is an F, such as a LeakyReLU or `Tensor (*)(const Arg&)`; else null.
  template <class F>
  const F* target() const {
    return f_.template target<F>();
  }

 private:
  void name_after(const std::type_info& type);
  std::function<Tensor(const Tensor&)> f_;
};

}  // namespace xtape::nn
