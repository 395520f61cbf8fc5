// Module: a function of tensors with parameters, named where its members are declared.
//
//   struct Mlp : nn::Module<Mlp> {
//     nn::Linear hidden = child("hidden", nn::Linear(784, 30));
//     nn::Linear output = child("output", nn::Linear(30, 10));
//     Tensor forward(const Tensor& x) const { return output(sigmoid(hidden(x))); }
//   };
//
// Copying a module aliases it, as assignment does in PyTorch: both have the same parameters, buffers and mode.
// `clone()` copies deeply. Assigning to a member puts another part in its place, in all copies: `model.output =
// nn::Linear(30, 2)` replaces a layer, `head.weight = table.weight` ties a parameter. A member in a container of one's
// own, such as a std::vector, is beyond that: ModuleList, ModuleDict, ParameterList and Sequential have `replace`.
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

// Of the classes, what a module does is in module.cpp, its parts and how it is copied and assigned in
// module_object.cpp, its state in state_dict.cpp and << in print.cpp.
namespace xtape::detail {

template <class Void, class M, class... Args>
inline constexpr bool has_forward = false;
template <class M, class... Args>
inline constexpr bool
    has_forward<std::void_t<decltype(std::declval<M&>().forward(std::declval<Args>()...))>, M, Args...> = true;

}  // namespace xtape::detail

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
  /// differs, when the names of one tied parameter have different values and, if `strict`, when a name is missing or
  /// unexpected or a dtype differs; one message lists all that is wrong. Unless `strict`, floating values are converted
  /// to the module's dtype, and the report says which; other dtypes must be the same.
  LoadReport load_state_dict(const StateDict& values, bool strict = true, Site site = Site::here());

  /// Makes all its parameters constants, as Parameter::freeze does.
  void freeze(bool on = true);
  /// The same as `freeze(false)`.
  void unfreeze() { freeze(false); }
  /// Forgets what `backward` has added up in all its parameters.
  void zero_grad();
  /// Calls `hook` after each `forward`, in the order of registration. (PyTorch: `register_forward_hook`.)
  HookHandle register_forward_hook(ForwardHook hook);

  /// Puts the module and all its children in training, where they start, or out of it: what dropout and batch
  /// normalisation do depends on it.
  void train(bool on = true);
  /// The same as `train(false)`.
  void eval() { train(false); }
  /// Whether it is in training, for its `forward`.
  bool is_training() const;

  /// Converts all parameters, with the gradients that they hold, and all floating buffers in place; an optimiser made
  /// before converts its state at the next step. Throws unless `dtype` is floating.
  void to(Dtype dtype, Site site = Site::here());

  /// Whether both are the same module: handles of one state.
  bool is(const ModuleBase& other) const { return state_ == other.state_; }
  /// What Scope::module() gives while the module runs.
  const void* id() const { return state_.get(); }

  ModuleBase(const ModuleBase& other);
  ModuleBase(ModuleBase&&) noexcept = default;
  ModuleBase& operator=(const ModuleBase&) = default;
  ModuleBase& operator=(ModuleBase&&) noexcept = default;
  virtual ~ModuleBase() = default;

 protected:
  struct State;
  explicit ModuleBase(const std::type_info& type);

  /// A new parameter of this module. Throws when the name is taken, empty or has a dot.
  Parameter parameter(const std::string& name, const Tensor& value);
  /// Makes `parameter` a parameter of this module too: tied to the module it came from.
  Parameter parameter(const std::string& name, const Parameter& parameter);
  /// Takes a parameter over from a module that this one wraps: what is assigned to either is used by both.
  Parameter adopt(const std::string& name, const Parameter& parameter);
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

  /// Puts `module` in the place of the child `name`, for containers. Throws when there is no such child.
  void replace_child(const std::string& name, const ModuleBase& module, Site site);

  /// Has the module pass for one of another type, in errors and lists.
  void set_type(const std::type_info& type);

  /// The state, for the scope of a call, and whether hooks wait for its end. Throws when a module is called inside
  /// another one that does not know it, unless it is a frozen one, such as a teacher.
  struct Entered {
    const void* state;
    bool hooked;
  };
  Entered enter(Site site) const;
  void run_hooks(const Tensors& inputs, Tensors& outputs) const;

 private:
  explicit ModuleBase(std::shared_ptr<State> state) : state_(std::move(state)) {}
  friend class HookHandle;
  friend class ModuleObject;
  State& state(Site site = {}) const;  // throws when it was moved away
  void add_child(const std::string& name, const ModuleBase& module);
  std::shared_ptr<State> state_;
};

/// A module that has its members, where ModuleBase is a handle. Its state knows where its objects are, so that a member
/// of one can be told from another variable.
class ModuleObject : public ModuleBase {
 protected:
  ModuleObject();
  ModuleObject(const ModuleObject& other);
  ModuleObject(ModuleObject&& other) noexcept;
  ModuleObject& operator=(const ModuleObject&) = delete;
  ~ModuleObject() override;

  /// Says that the object takes up at least `size` bytes.
  void occupy(std::size_t size) noexcept;
  /// Becomes a handle of other's module, in the place that this one has in a module around it, and in its place in the
  /// copies of that, which `assign` is called for.
  void assign_state(const ModuleObject& other, void (*assign)(ModuleObject& to, const ModuleObject& from));
  /// Is moved away.
  void leave() noexcept;
  /// Throws: the object is of a type derived from a module, and only the module's own `forward` would be called.
  [[noreturn]] void fail_derived(const std::type_info& type, Site site) const;
};

/// The base of a module `Derived`, which declares its parts with `child`, `parameter` and `buffer` and defines
/// `forward(inputs...) const`. Calling the module opens its scope, so that errors name its path and the caller's line.
/// A module that extends another, `Base`, is a `Module<Derived, Base>`, whose constructor takes Base's arguments:
/// `struct Wide : nn::Module<Wide, nn::Linear> { Wide() : Module(3, 400) {} };`
template <class Derived, class Base = ModuleObject>
class Module : public Base {
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
    if (typeid(*this) != typeid(Derived)) this->fail_derived(typeid(*this), {});
    detail::Cloning cloning;
    return Derived(static_cast<const Derived&>(*this));
  }

  Module(const Module& other) : Base(other) { this->occupy(sizeof(Derived)); }
  Module(Module&& other) noexcept : Base(std::move(other)) { this->occupy(sizeof(Derived)); }
  Module& operator=(const Module& other) {
    assign(other);
    if constexpr (!is_root) Base::operator=(other);
    return *this;
  }
  Module& operator=(Module&& other) {
    if (this == &other) return *this;
    assign(other);
    if constexpr (is_root) other.leave();
    else Base::operator=(std::move(other));
    return *this;
  }
  ~Module() override = default;

 protected:
  Module() { begin(); }
  template <class A, class... Rest, class = std::enable_if_t<!std::is_base_of_v<Module, std::decay_t<A>>>>
  explicit Module(A&& a, Rest&&... rest) : Base(std::forward<A>(a), std::forward<Rest>(rest)...) {
    begin();
  }

 private:
  static constexpr bool is_root = std::is_same_v<Base, ModuleObject>;
  static_assert(is_root || std::is_base_of_v<ModuleObject, Base>, "nn::Module<Derived, Base>: Base is a module");

  void begin() {
    this->set_type(typeid(Derived));
    this->occupy(sizeof(Derived));
  }
  void assign(const Module& other) {
    this->assign_state(other, [](ModuleObject& to, const ModuleObject& from) {
      static_cast<Derived&>(to) = static_cast<const Derived&>(from);
    });
    this->occupy(sizeof(Derived));
  }

  template <class... Args>
  auto call(Site site, Args&&... args) const {
    constexpr bool takes = detail::has_forward<void, const Derived, Args...>;
    static_assert(takes || !detail::has_forward<void, Derived, Args...>,
                  "a module's forward must be const: Tensor forward(const Tensor& x) const { ... }");
    static_assert(takes || detail::has_forward<void, Derived, Args...>,
                  "a module needs a public forward for what it is called with, such as "
                  "Tensor forward(const Tensor& x) const { ... }");
    if constexpr (takes) {
      const ModuleBase::Entered entered = this->enter(site);
      if (typeid(*this) != typeid(Derived)) this->fail_derived(typeid(*this), site);
      Scope scope(site, entered.state);
      const auto& self = *static_cast<const Derived*>(this);
      if (!entered.hooked) return self.forward(std::forward<Args>(args)...);
      Tensors inputs, outputs;
      (detail::each_tensor(args, [&](const Tensor& x) { inputs.push_back(x); }), ...);
      auto result = self.forward(std::forward<Args>(args)...);
      detail::each_tensor(result, [&](const Tensor& y) { outputs.push_back(y); });
      this->run_hooks(inputs, outputs);
      std::size_t next = 0;
      detail::each_tensor(result, [&](Tensor& y) { y = outputs[next++]; });
      return result;
    } else {
      return Tensor();
    }
  }
};

/// The module as a tree: types, names, and the shapes of parameters and buffers.
std::ostream& operator<<(std::ostream& out, const ModuleBase& module);

}  // namespace xtape::nn
