#include "module.hpp"

#include <cxxabi.h>

#include <autograd/watch.hpp>
#include <cstdlib>

namespace xtape::nn {

template <class T>
using Named = std::vector<std::pair<std::string, T>>;

struct ModuleBase::State {
  explicit State(const std::type_info* type) : type(type) {}

  const std::type_info* type;
  bool registered = false, training = true;
  Named<Parameter> parameters;
  Named<Buffer> buffers;
  Named<std::shared_ptr<State>> children;

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
    for (auto& [other, b] : buffers) taken |= other == name;
    for (auto& [other, c] : children) taken |= other == name;
    if (taken) fail(type_name(), "the name '" + name + "' is taken");
    if (name.empty() || name.find('.') != std::string::npos)
      fail(type_name(), "the name '" + name + "' of a member must not be empty or have a dot");
  }

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

  static std::shared_ptr<State> copy(Cloning& cloning, const std::shared_ptr<State>& from) {
    return std::static_pointer_cast<State>(cloning.copy_of(from.get(), [&] {
      auto to = std::make_shared<State>(*from);
      for (auto& [name, child] : to->children) child = copy(cloning, child);
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

ModuleBase::ModuleBase(const std::type_info& type) : state_(std::make_shared<State>(&type)) {}

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

Buffer ModuleBase::buffer(const std::string& name, const Tensor& value) {
  state_->check_name(name);
  Buffer b(value);
  b.set_name(name);
  state_->buffers.emplace_back(name, b);
  return b;
}

void ModuleBase::add_child(const std::string& name, const ModuleBase& module) {
  state_->check_name(name);
  module.state_->registered = true;
  state_->children.emplace_back(name, module.state_);
  // A tied parameter keeps its first path: one that does not end in the name so far is another one's.
  auto rename = [](const std::string& path, auto cell) {
    const std::string tail = "." + cell.name();
    if (path.size() > tail.size() && path.compare(path.size() - tail.size(), tail.size(), tail) == 0)
      cell.set_name(path);
  };
  module.state_->each(&State::parameters, name + ".", rename);
  module.state_->each(&State::buffers, name + ".", rename);
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

namespace {
template <class T>
std::vector<T> without_names(const Named<T>& named) {
  std::vector<T> all;
  for (auto& [name, cell] : named) all.push_back(cell);
  return all;
}

void convert(Leaf& leaf, Dtype dtype) {
  if (mode & watched) tell_watchers([&](Watcher& w) { w.assigned(leaf, {}); });
  leaf.value = Tensor(leaf.value).to(dtype).array_ref();
  leaf.dtype = dtype;
  if (leaf.grad.defined()) leaf.grad = leaf.grad.to(dtype);
}
}  // namespace

Named<Parameter> ModuleBase::named_parameters() const { return state_->each_once(&State::parameters); }
Named<Buffer> ModuleBase::named_buffers() const { return state_->each_once(&State::buffers); }
std::vector<Parameter> ModuleBase::parameters() const { return without_names(named_parameters()); }
std::vector<Buffer> ModuleBase::buffers() const { return without_names(named_buffers()); }

void ModuleBase::train(bool on) { state_->train(on); }
bool ModuleBase::is_training() const { return state_->training; }

void ModuleBase::to(Dtype dtype, Site site) {
  if (!is_floating(dtype))
    fail(state_->type_name(), std::string("parameters are float32 or float64, not ") + to_string(dtype), site);
  for (const Parameter& p : parameters()) convert(*p.leaf(), dtype);
  for (const Buffer& b : buffers())
    if (is_floating(b.dtype())) convert(*b.leaf(), dtype);
}

}  // namespace xtape::nn
