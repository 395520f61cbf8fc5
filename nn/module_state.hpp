// Private: what all handles of one module share.
#pragma once
#include "module.hpp"

namespace xtape::nn {

template <class T>
using Named = std::vector<std::pair<std::string, T>>;

struct ModuleBase::State {
  explicit State(const std::type_info* type) : type(type) {}

  const std::type_info* type;
  bool registered = false, training = true;
  std::vector<std::pair<std::uint64_t, ForwardHook>> hooks;
  Named<Parameter> parameters;
  Named<Buffer> buffers;
  Named<std::shared_ptr<State>> children;

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
