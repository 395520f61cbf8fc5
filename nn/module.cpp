#include <cxxabi.h>

#include <atomic>
#include <autograd/core/watch.hpp>
#include <cstdlib>

#include "module_state.hpp"

namespace xtape::nn {
using namespace detail;

std::string ModuleBase::State::type_name() const {
  std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(type->name(), nullptr, nullptr, nullptr), std::free);
  std::string name = text ? text.get() : type->name();
  std::size_t end = name.find('<'), colon = name.rfind(':', end);
  return colon == std::string::npos ? name : name.substr(colon + 1);
}

void ModuleBase::State::check_name(const std::string& name) const {
  bool taken = false;
  for (auto& [other, p] : parameters) taken |= other == name;
  for (auto& [other, b] : buffers) taken |= other == name;
  for (auto& [other, c] : children) taken |= other == name;
  if (taken) fail(type_name(), "the name '" + name + "' is taken");
  if (name.empty() || name.find('.') != std::string::npos)
    fail(type_name(), "the name '" + name + "' of a member must not be empty or have a dot");
}

std::shared_ptr<ModuleBase::State> ModuleBase::State::copy(Cloning& cloning, const std::shared_ptr<State>& from) {
  return std::static_pointer_cast<State>(cloning.copy_of(from.get(), [&] {
    auto to = std::make_shared<State>(*from);
    auto own = [&](auto& cells, const auto& originals) {
      for (std::size_t i = 0; i < cells.size(); ++i)
        if (originals[i].second.binding()->owner == from.get()) cells[i].second.binding()->owner = to.get();
    };
    own(to->parameters, from->parameters);
    own(to->buffers, from->buffers);
    for (auto& [name, child] : from->children) {
      to->children.emplace_back(name, copy(cloning, child));
      const std::lock_guard<std::mutex> lock(structure());
      to->children.back().second->add_parent(to.get());
    }
    return to;
  }));
}

std::string ModuleBase::State::path_to(const State* module) const {
  for (auto& [name, child] : children) {
    if (child.get() == module) return name;
    if (std::string below = child->path_to(module); !below.empty()) return name + "." + below;
  }
  return "";
}

std::string ModuleBase::State::describe(const Scope* innermost) {
  std::vector<const State*> chain;
  for (const Scope* s = innermost; s; s = s->outer())
    if (s->module()) chain.push_back(static_cast<const State*>(s->module()));
  if (chain.empty()) return "";
  std::string path = chain.back()->type_name();
  for (std::size_t i = chain.size() - 1; i-- > 0;) {
    const std::string name = chain[i + 1]->path_to(chain[i]);
    path += "." + (name.empty() ? chain[i]->type_name() : name);
  }
  return chain.size() == 1 ? path : path + " (" + chain.front()->type_name() + ")";
}

const bool ModuleBase::State::installed =
    (set_describe_scopes(&State::describe), xtape::detail::set_member_path(&State::member_path), true);

ModuleBase::ModuleBase(const std::type_info& type) : state_(std::make_shared<State>(&type)) {}

ModuleBase::ModuleBase(const ModuleBase& other) : state_(other.state_) {
  Cloning* cloning = Cloning::current();
  if (cloning && state_) state_ = State::copy(*cloning, other.state_);
}

ModuleBase::State& ModuleBase::state(Site site) const {
  if (!state_) fail("Module", "the module is undefined: it was moved to another and never assigned", site);
  return *state_;
}

Parameter ModuleBase::parameter(const std::string& name, const Tensor& value) {
  Parameter p(value);
  p.set_name(name);
  return parameter(name, p);
}

Parameter ModuleBase::parameter(const std::string& name, const Parameter& parameter) {
  // A name of its own: what is assigned to either is not assigned to the other.
  return adopt(name, parameter.binding() && parameter.binding()->owner ? parameter.unbound() : parameter);
}

Parameter ModuleBase::adopt(const std::string& name, const Parameter& parameter) {
  State& s = state();
  s.check_name(name);
  parameter.leaf();
  parameter.binding()->owner = &s;
  s.parameters.emplace_back(name, parameter);
  return parameter;
}

Buffer ModuleBase::buffer(const std::string& name, const Tensor& value) {
  State& s = state();
  s.check_name(name);
  Buffer b(value);
  b.set_name(name);
  b.binding()->owner = &s;
  s.buffers.emplace_back(name, b);
  return b;
}

ModuleBase::Entered ModuleBase::enter(Site site) const {
  const State& self = state(site);
  const Scope* s = Scope::current();
  while (s && !s->module()) s = s->outer();
  if (s && self.parent != s->module() && !self.is_within(s) && !self.is_frozen()) {
    const std::string type = self.type_name();
    fail(type,
         "called inside " + static_cast<const State*>(s->module())->type_name() +
             ", which does not know it, so its parameters would not be trained; where the member is declared, "
             "write: " +
             type + " name = child(\"name\", " + type +
             "(...)); where it is not to be trained, such as a teacher, freeze() it before",
         site);
  }
  return {state_.get(), !self.hooks.empty()};
}

HookHandle ModuleBase::register_forward_hook(ForwardHook hook) {
  static std::atomic<std::uint64_t> count{0};
  HookHandle handle;
  State& s = state();
  handle.state_ = state_;
  handle.id_ = ++count;
  s.hooks.emplace_back(handle.id_, std::move(hook));
  return handle;
}

void HookHandle::remove() {
  const auto state = std::static_pointer_cast<ModuleBase::State>(state_.lock());
  if (!state) return;
  auto& hooks = state->hooks;
  for (auto at = hooks.begin(); at != hooks.end(); ++at)
    if (at->first == id_) return static_cast<void>(hooks.erase(at));
}

void ModuleBase::run_hooks(const Tensors& inputs, Tensors& outputs) const {
  const std::size_t n = outputs.size();
  const auto hooks = state_->hooks;  // one may remove itself
  for (auto& [id, hook] : hooks) {
    hook(*this, inputs, outputs);
    if (outputs.size() != n)
      fail(type_name(), "a hook made " + std::to_string(outputs.size()) + " outputs of " + std::to_string(n) +
                            ", expected as many as there were");
  }
}

namespace {
template <class T>
std::vector<T> without_names(const Named<T>& named) {
  std::vector<T> all;
  for (auto& [name, cell] : named) all.push_back(cell);
  return all;
}

void convert(Leaf& leaf, Dtype dtype) {
  if (xtape::detail::mode & xtape::detail::watched) tell_watchers([&](Watcher& w) { w.assigned(leaf, {}); });
  leaf.value = Tensor(leaf.value).to(dtype).array_ref();
  leaf.dtype = dtype;
  if (leaf.grad.defined()) leaf.grad = leaf.grad.to(dtype);
}
}  // namespace

Named<Parameter> ModuleBase::named_parameters() const { return state().each_once(&State::parameters); }
Named<Buffer> ModuleBase::named_buffers() const { return state().each_once(&State::buffers); }
std::vector<Parameter> ModuleBase::parameters() const { return without_names(named_parameters()); }
std::vector<Buffer> ModuleBase::buffers() const { return without_names(named_buffers()); }

Named<ModuleBase> ModuleBase::named_children() const {
  Named<ModuleBase> all;
  for (auto& [name, child] : state().children) all.emplace_back(name, ModuleBase(child));
  return all;
}

Named<ModuleBase> ModuleBase::named_modules() const {
  Named<ModuleBase> all;
  std::function<void(const std::string&, const ModuleBase&)> visit = [&](const std::string& path, const ModuleBase& m) {
    for (auto& [name, other] : all)
      if (other.is(m)) return;
    all.emplace_back(path, m);
    for (auto& [name, child] : m.named_children()) visit(path.empty() ? name : path + "." + name, child);
  };
  visit("", *this);
  return all;
}

std::string ModuleBase::type_name() const { return state().type_name(); }
void ModuleBase::set_type(const std::type_info& type) { state().type = &type; }
void ModuleBase::freeze(bool on) {
  for (Parameter p : parameters()) p.freeze(on);
}

void ModuleBase::zero_grad() {
  for (Parameter p : parameters()) p.zero_grad();
}

void ModuleBase::train(bool on) { state().train(on); }
bool ModuleBase::is_training() const { return state().training; }

void ModuleBase::to(Dtype dtype, Site site) {
  const State& s = state(site);
  if (!is_floating(dtype))
    fail(s.type_name(), std::string("parameters are float32 or float64, not ") + to_string(dtype), site);
  for (const Parameter& p : parameters()) convert(*p.leaf(), dtype);
  for (const Buffer& b : buffers())
    if (is_floating(b.dtype())) convert(*b.leaf(), dtype);
}

}  // namespace xtape::nn
