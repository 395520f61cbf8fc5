// Private: what all handles of one module share.
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>

#include "module.hpp"

// What names a module is in module.cpp, what holds it together in module_object.cpp.
namespace xtape::nn {
using namespace detail;

template <class T>
using Named = std::vector<std::pair<std::string, T>>;

struct ModuleBase::State {
  // An object of the module, and where it lies.
  struct Object {
    ModuleObject* module;
    std::uintptr_t begin, end;
    bool contains(const void* p) const { return begin <= place(p) && place(p) < end; }
    static std::uintptr_t place(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }
  };

  explicit State(const std::type_info* type) : type(type) {}
  // The same parts, of nobody's yet; under Cloning copies of them.
  State(const State& other)
      : type(other.type),
        training(other.training),
        hooks(other.hooks),
        parameters(other.parameters),
        buffers(other.buffers) {}
  State& operator=(const State&) = delete;
  ~State();

  const std::type_info* type;
  bool training = true;
  std::vector<std::pair<std::uint64_t, ForwardHook>> hooks;
  Named<Parameter> parameters;
  Named<Buffer> buffers;
  Named<std::shared_ptr<State>> children;

  // Whose child it is, and where its objects are; changed under the lock of `structure`.
  std::vector<State*> parents;
  std::atomic<const State*> parent{nullptr};  // the first of them
  std::vector<Object> objects;
  static std::mutex& structure();

  void add_parent(State* p);
  void remove_parent(State* p);
  // Whether it is `other` or a part of it.
  bool is_within(const State* other) const;
  // Whether it is a part of one of the modules that run.
  bool is_within(const Scope* innermost) const;
  // Whether it has parameters, and none of them is trained.
  bool is_frozen() const;

  void add_child(const std::string& name, const std::shared_ptr<State>& child);
  // Puts `module` in the place of child i, whose parameters are then replaced ones.
  void replace_child(std::size_t i, const std::shared_ptr<State>& module, Site site);
  // The object around the member `object` of this one's objects, and the module that has it as its child; null if none.
  std::pair<State*, Object> around(const ModuleObject* object) const;
  static std::string member_path(const void* handle, const xtape::detail::Binding& binding);

  // The path from the outermost module to here, with a dot at its end; empty for the outermost.
  std::string prefix() const;
  // Has the cells know the paths under which they are found; a tied one keeps its first.
  void name_cells(const std::string& prefix) const;

  // "Linear" for xtape::nn::Linear.
  std::string type_name() const;
  void check_name(const std::string& name) const;

  // Calls f(path, cell) for all `cells`, which are parameters or buffers.
  template <class T, class F>
  void each(Named<T> State::*cells, const std::string& prefix, F&& f) const {
    for (auto& [name, cell] : this->*cells) f(prefix + name, cell);
    for (auto& [name, child] : children) child->each(cells, prefix + name + ".", f);
  }

  // Every cell once: one with several paths comes under the first.
  template <class T>
  Named<T> each_once(Named<T> State::*cells) const {
    Named<T> all;
    each(cells, "", [&](const std::string& path, const T& cell) {
      for (auto& [name, other] : all)
        if (other.is(cell)) return;
      all.emplace_back(path, cell);
    });
    return all;
  }

  void train(bool on) {
    training = on;
    for (auto& [name, child] : children) child->train(on);
  }

  static std::shared_ptr<State> copy(Cloning& cloning, const std::shared_ptr<State>& from);

  // The path from here to `module`; empty when it is not below.
  std::string path_to(const State* module) const;
  // The path of the module that is running, as "Mlp.hidden (Linear)".
  static std::string describe(const Scope* innermost);
  static const bool installed;
};

}  // namespace xtape::nn
