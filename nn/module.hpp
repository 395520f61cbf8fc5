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
#include <functional>
#include <iosfwd>
#include <memory>
#include <nn/buffer.hpp>
#include <nn/state_dict.hpp>
#include <nn/tensors_in.hpp>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace xtape::nn {

class ModuleBase;

/// What a hook of a module is called with, after its `forward`: the module, the tensors it was given, and those it
/// gives, which the hook may replace.
using ForwardHook = std::function<void(const ModuleBase& module, const Tensors& inputs, Tensors& outputs)>;

/// A hook that was registered; dropping this leaves it there.
class HookHandle {
 public:
  /// Takes the hook away; nothing happens when it, or its module, is gone already.
  void remove();

 private:
  friend class ModuleBase;
  std::weak_ptr<void> state_;
  std::uint64_t id_ = 0;
};

/// What every module has, whatever it computes. It is a handle: `ModuleBase part = net.body;` is net's body, not a
/// copy.
class ModuleBase {
 public:
  /// The name of its type, "Linear".
  std::string type_name() const;

  /// Every parameter of the module and of its children once, in the order of declaration.
  std::vector<Parameter> parameters() const;
  /// The same with their paths, as "hidden.weight"; a parameter that has several names comes under the first.
  std::vector<std::pair<std::string, Parameter>> named_parameters() const;
  /// Every buffer of the module and of its children once, in the order of declaration.
  std::vector<Buffer> buffers() const;
  /// The same with their paths, as "norm.running_mean".
  std::vector<std::pair<std::string, Buffer>> named_buffers() const;
  /// Its children, in the order of declaration, with the names they have here.
  std::vector<std::pair<std::string, ModuleBase>> named_children() const;
  /// The module itself under "", its children, theirs, and so on, each once, with their paths.
  std::vector<std::pair<std::string, ModuleBase>> named_modules() const;

  /// The values of all parameters and buffers by path; a tied parameter comes under each of its names. The values stay
  /// what they are now, whatever happens to the module.
  StateDict state_dict() const;
  /// Gives parameters and buffers the values of their names: all of them, or none when it throws. Throws when a shape
  /// or dtype differs, when the names of one tied parameter have different values and, if `strict`, when a name is
  /// missing or unexpected; one message lists all that is wrong.
  LoadReport load_state_dict(const StateDict& values, bool strict = true, Site site = Site::here());

  /// Makes all its parameters constants, as Parameter::freeze does.
  void freeze(bool on = true);
  /// The same as `freeze(false)`.
  void unfreeze() { freeze(false); }
  /// Calls `hook` after each `forward`, in the order of registration. (PyTorch: `register_forward_hook`.)
  HookHandle register_forward_hook(ForwardHook hook);

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

  /// Whether both are the same module: handles of one state.
  bool is(const ModuleBase& other) const { return state_ == other.state_; }
  /// What Scope::module() gives while the module runs.
  const void* id() const { return state_.get(); }

  ModuleBase(const ModuleBase& other);
  ModuleBase(ModuleBase&&) noexcept = default;
  ModuleBase& operator=(const ModuleBase&) = default;
  ModuleBase& operator=(ModuleBase&&) noexcept = default;
  ~ModuleBase() = default;

 protected:
  struct State;
  explicit ModuleBase(const std::type_info& type);

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

  /// Has the module pass for one of another type, in errors and lists.
  void set_type(const std::type_info& type);

  /// The state, for the scope of a call, and whether hooks wait for its end. Throws when a module is called inside
  /// another one that does not know it.
  struct Entered {
    const void* state;
    bool hooked;
  };
  Entered enter(Site site) const;
  void run_hooks(const Tensors& inputs, Tensors& outputs) const;

 private:
  explicit ModuleBase(std::shared_ptr<State> state) : state_(std::move(state)) {}
  friend class HookHandle;
  void add_child(const std::string& name, const ModuleBase& module);
  std::shared_ptr<State> state_;
};

/// The base of a module `Derived`, which declares its parts with `child`, `parameter` and `buffer` and defines
/// `forward(inputs...) const`. Calling the module opens its scope, so that errors name its path and the caller's line.
template <class Derived>
class Module : public ModuleBase {
 public:
  /// Up to eight inputs, each overload with the caller's line behind them.
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
  template <class A, class B, class C, class D, class E>
  auto operator()(A&& a, B&& b, C&& c, D&& d, E&& e, Site site = Site::here()) const {
    return call(site, std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), std::forward<D>(d),
                std::forward<E>(e));
  }
  template <class A, class B, class C, class D, class E, class F>
  auto operator()(A&& a, B&& b, C&& c, D&& d, E&& e, F&& f, Site site = Site::here()) const {
    return call(site, std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), std::forward<D>(d),
                std::forward<E>(e), std::forward<F>(f));
  }
  template <class A, class B, class C, class D, class E, class F, class G>
  auto operator()(A&& a, B&& b, C&& c, D&& d, E&& e, F&& f, G&& g, Site site = Site::here()) const {
    return call(site, std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), std::forward<D>(d),
                std::forward<E>(e), std::forward<F>(f), std::forward<G>(g));
  }
  template <class A, class B, class C, class D, class E, class F, class G, class H>
  auto operator()(A&& a, B&& b, C&& c, D&& d, E&& e, F&& f, G&& g, H&& h, Site site = Site::here()) const {
    return call(site, std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), std::forward<D>(d),
                std::forward<E>(e), std::forward<F>(f), std::forward<G>(g), std::forward<H>(h));
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
    const Entered entered = enter(site);
    Scope scope(site, entered.state);
    const auto& self = *static_cast<const Derived*>(this);
    if (!entered.hooked) return self.forward(std::forward<Args>(args)...);
    Tensors inputs, outputs;
    (each_tensor(args, [&](const Tensor& x) { inputs.push_back(x); }), ...);
    auto result = self.forward(std::forward<Args>(args)...);
    each_tensor(result, [&](const Tensor& y) { outputs.push_back(y); });
    run_hooks(inputs, outputs);
    std::size_t next = 0;
    each_tensor(result, [&](Tensor& y) { y = outputs[next++]; });
    return result;
  }
};

/// The module as a tree: types, names, and the shapes of parameters and buffers.
std::ostream& operator<<(std::ostream& out, const ModuleBase& module);

}  // namespace xtape::nn
