#include "module.hpp"

#include <cxxabi.h>

#include <cstdlib>

namespace xtape::nn {

struct ModuleBase::State {
  const std::type_info* type;
  bool registered = false;
  std::vector<std::pair<std::string, Parameter>> parameters;
  std::vector<std::pair<std::string, std::shared_ptr<State>>> children;

  // "Linear" for xtape::nn::Linear.
  std::string type_name() const {
    std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(type->name(), nullptr, nullptr, nullptr),
                                                std::free);
    std::string name = text ? text.get() : type->name();
    std::size_t end = name.find('<'), colon = name.rfind(':', end);
    return colon == std::string::npos ? name : name.substr(colon + 1);
  }

  void check_name(const std::string& name) const {
    bool taken = false;
    for (auto& [other, p] : parameters) taken |= other == name;
    for (auto& [other, c] : children) taken |= other == name;
    if (taken) fail(type_name(), "the name '" + name + "' is taken");
    if (name.empty() || name.find('.') != std::string::npos)
      fail(type_name(), "the name '" + name + "' of a member must not be empty or have a dot");
  }

  // Calls f(path, parameter) for all of them.
  template <class F>
  void each_parameter(const std::string& prefix, F&& f) const {
    for (auto& [name, p] : parameters) f(prefix + name, p);
    for (auto& [name, child] : children) child->each_parameter(prefix + name + ".", f);
  }

  static std::shared_ptr<State> copy(Cloning& cloning, const std::shared_ptr<State>& from) {
    return std::static_pointer_cast<State>(cloning.copy_of(from.get(), [&] {
      auto to = std::make_shared<State>(State{from->type, from->registered, from->parameters, {}});
      for (auto& [name, child] : from->children) to->children.emplace_back(name, copy(cloning, child));
      return to;
    }));
  }

  // The path of the module that is running, as "Mlp.hidden (Linear)".
  static std::string describe(const Scope* innermost) {
    std::vector<const State*> chain;
    for (const Scope* s = innermost; s; s = s->outer())
      if (s->module()) chain.push_back(static_cast<const State*>(s->module()));
    if (chain.empty()) return "";
    std::string path = chain.back()->type_name();
    for (std::size_t i = chain.size() - 1; i-- > 0;) {
      std::string name = chain[i]->type_name();
      for (auto& [child_name, child] : chain[i + 1]->children)
        if (child.get() == chain[i]) name = child_name;
      path += "." + name;
    }
    return chain.size() == 1 ? path : path + " (" + chain.front()->type_name() + ")";
  }
  static const bool installed;
};
const bool ModuleBase::State::installed = (set_describe_scopes(&State::describe), true);

ModuleBase::ModuleBase(const std::type_info& type) : state_(std::make_shared<State>(State{&type, false, {}, {}})) {}

ModuleBase::ModuleBase(const ModuleBase& other) : state_(other.state_) {
  if (Cloning* cloning = Cloning::current()) state_ = State::copy(*cloning, other.state_);
}

Parameter ModuleBase::parameter(const std::string& name, const Tensor& value) {
  Parameter p(value);
  p.set_name(name);
  return parameter(name, p);
}

Parameter ModuleBase::parameter(const std::string& name, const Parameter& parameter) {
  state_->check_name(name);
  state_->parameters.emplace_back(name, parameter);
  return parameter;
}

void ModuleBase::add_child(const std::string& name, const ModuleBase& module) {
  state_->check_name(name);
  module.state_->registered = true;
  state_->children.emplace_back(name, module.state_);
  // A tied parameter keeps its first path: one that does not end in the name so far is another one's.
  module.state_->each_parameter(name + ".", [](const std::string& path, Parameter p) {
    const std::string tail = "." + p.name();
    if (path.size() > tail.size() && path.compare(path.size() - tail.size(), tail.size(), tail) == 0) p.set_name(path);
  });
}

const void* ModuleBase::enter(Site site) const {
  const Scope* s = Scope::current();
  while (s && !s->module()) s = s->outer();
  if (s && !state_->registered) {
    const std::string type = state_->type_name();
    fail(type,
         "called inside " + static_cast<const State*>(s->module())->type_name() +
             ", which does not know it, so its parameters would not be trained; where the member is declared, "
             "write: " +
             type + " name = child(\"name\", " + type + "(...));",
         site);
  }
  return state_.get();
}

std::vector<std::pair<std::string, Parameter>> ModuleBase::named_parameters() const {
  std::vector<std::pair<std::string, Parameter>> all;
  state_->each_parameter("", [&](const std::string& path, const Parameter& p) {
    for (auto& [name, other] : all)
      if (other.is(p)) return;
    all.emplace_back(path, p);
  });
  return all;
}

std::vector<Parameter> ModuleBase::parameters() const {
  std::vector<Parameter> all;
  for (auto& [name, p] : named_parameters()) all.push_back(p);
  return all;
}

}  // namespace xtape::nn
