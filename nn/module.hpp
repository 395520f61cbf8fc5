// Module: a function of tensors with parameters, named where its members are declared.
//
//   struct Mlp : nn::Module<Mlp> {
//     nn::Linear hidden = child("hidden", nn::Linear(784, 30));
//     nn::Linear output = child("output", nn::Linear(30, 10));
//     Tensor forward(const Tensor& x) const { return output(sigmoid(hidden(x))); }
//   };
//
// Copying a module aliases it, as assignment does in PyTorch: both have the same parameters, buffers and mode.
// `clone()` copies deeply.
#pragma once
#include <memory>
#include <nn/buffer.hpp>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace xtape::nn {

/// What every module has, whatever it computes.
class ModuleBase {
 public:
  /// Every parameter of the module and of its children once, in the order of declaration.
  std::vector<Parameter> parameters() const;
  /// The same with their paths, as "hidden.weight"; a parameter that has several names comes under the first.
  std::vector<std::pair<std::string, Parameter>> named_parameters() const;
  /// Every buffer of the module and of its children once, in the order of declaration.
  std::vector<Buffer> buffers() const;
  /// The same with their paths, as "norm.running_mean".
  std::vector<std::pair<std::string, Buffer>> named_buffers() const;

  /// Puts the module and all its children in training, where they start, or out of it: what dropout and batch
  /// normalisation do depends on it.
  void train(bool on = true);
  /// The same as `train(false)`.
  void eval() { train(false); }
  /// Whether it is in training, for its `forward`.
  bool is_training() const;

  /// Converts all parameters, with the gradients that they hold, and all floating buffers in place; optimisers are to
  /// be made afterwards. Throws unless `dtype` is floating.
  void to(Dtype dtype, Site site = Site::here());

 protected:
  struct State;
  explicit ModuleBase(const std::type_info& type);
  ModuleBase(const ModuleBase& other);
  ModuleBase(ModuleBase&&) noexcept = default;
  ModuleBase& operator=(const ModuleBase&) = default;
  ModuleBase& operator=(ModuleBase&&) noexcept = default;
  ~ModuleBase() = default;

  /// A new parameter of this module. Throws when the name is taken, empty or has a dot.
  Parameter parameter(const std::string& name, const Tensor& value);
  /// Makes `parameter` a parameter of this module too: tied to the module it came from.
  Parameter parameter(const std::string& name, const Parameter& parameter);
  /// A new buffer of this module: a tensor of its state that is not trained. Throws as `parameter` does.
  Buffer buffer(const std::string& name, const Tensor& value);
  /// Makes `module` a part of this one and returns it, for the member that is being declared.
  template <class M>
  M child(const std::string& name, M module) {
    static_assert(std::is_base_of_v<ModuleBase, M>,
                  "child(name, module) takes a module: a struct derived from nn::Module");
    if constexpr (std::is_base_of_v<ModuleBase, M>) add_child(name, module);
    return module;
  }

  /// The state, checked: throws when a module is called inside another one that does not know it.
  const void* enter(Site site) const;

 private:
  void add_child(const std::string& name, const ModuleBase& module);
  std::shared_ptr<State> state_;
};

/// The base of a module `Derived`, which declares its parts with `child`, `parameter` and `buffer` and defines
/// `forward(inputs...) const`. Calling the module opens its scope, so that errors name its path and the caller's line.
template <class Derived>
class Module : public ModuleBase {
 public:
  auto operator()(Site site = Site::here()) const { return call(site); }
  template <class A>
  auto operator()(A&& a, Site site = Site::here()) const {
    return call(site, std::forward<A>(a));
  }
  template <class A, class B>
  auto operator()(A&& a, B&& b, Site site = Site::here()) const {
    return call(site, std::forward<A>(a), std::forward<B>(b));
  }
  template <class A, class B, class C>
  auto operator()(A&& a, B&& b, C&& c, Site site = Site::here()) const {
    return call(site, std::forward<A>(a), std::forward<B>(b), std::forward<C>(c));
  }
  template <class A, class B, class C, class D>
  auto operator()(A&& a, B&& b, C&& c, D&& d, Site site = Site::here()) const {
    return call(site, std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), std::forward<D>(d));
  }

  /// A copy with parameters and buffers of its own, in the same mode; ties inside it stay ties.
  Derived clone() const {
    Cloning cloning;
    return Derived(static_cast<const Derived&>(*this));
  }

 protected:
  Module() : ModuleBase(typeid(Derived)) {}

 private:
  template <class... Args>
  auto call(Site site, Args&&... args) const {
    Scope scope(site, enter(site));
    return static_cast<const Derived*>(this)->forward(std::forward<Args>(args)...);
  }
};

}  // namespace xtape::nn
