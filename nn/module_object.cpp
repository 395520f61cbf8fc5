// Modules inside modules: who has whom, where their objects lie, and what assigning to a member does.
#include <algorithm>

#include "module_state.hpp"

namespace xtape::nn {

using Lock = std::lock_guard<std::mutex>;

std::mutex& ModuleBase::State::structure() {
  static std::mutex* const mutex = new std::mutex;  // a module may outlive all that is static
  return *mutex;
}

ModuleBase::State::~State() {
  const Lock lock(structure());
  for (auto& [name, child] : children) child->remove_parent(this);
  auto leave = [this](auto& cells) {
    for (auto& [name, cell] : cells)
      if (cell.binding()->owner == this) cell.binding()->owner = nullptr;
  };
  leave(parameters);
  leave(buffers);
}

void ModuleBase::State::add_parent(State* p) {
  parents.push_back(p);
  parent = parents.front();
}

void ModuleBase::State::remove_parent(State* p) {
  parents.erase(std::find(parents.begin(), parents.end(), p));
  parent = parents.empty() ? nullptr : parents.front();
}

bool ModuleBase::State::is_within(const State* other) const {
  if (this == other) return true;
  return std::any_of(parents.begin(), parents.end(), [&](const State* p) { return p->is_within(other); });
}

bool ModuleBase::State::is_within(const Scope* innermost) const {
  const Lock lock(structure());
  for (const Scope* s = innermost; s; s = s->outer())
    if (s->module() && is_within(static_cast<const State*>(s->module()))) return true;
  return false;
}

bool ModuleBase::State::is_frozen() const {
  bool any = false, all = true;
  each(&State::parameters, "", [&](const std::string&, const Parameter& p) { any = true, all &= p.is_frozen(); });
  return any && all;
}

std::string ModuleBase::State::prefix() const {
  if (parents.empty()) return "";
  const State& p = *parents.front();
  for (auto& [name, child] : p.children)
    if (child.get() == this) return p.prefix() + name + ".";
  return "";
}

void ModuleBase::State::name_cells(const std::string& prefix) const {
  // A path that does not end in the cell's name so far is another one's.
  auto rename = [](const std::string& path, auto cell) {
    const std::string tail = "." + cell.name();
    if (path.size() > tail.size() && path.compare(path.size() - tail.size(), tail.size(), tail) == 0)
      cell.set_name(path);
  };
  each(&State::parameters, prefix, rename);
  each(&State::buffers, prefix, rename);
}

void ModuleBase::State::add_child(const std::string& name, const std::shared_ptr<State>& child) {
  if (is_within(child.get()))
    fail(type_name(),
         "'" + name + "' would be a part of itself: it is this " + child->type_name() + ", or has it among its parts");
  child->add_parent(this);
  children.emplace_back(name, child);
  child->name_cells(prefix() + name + ".");
}

void ModuleBase::State::replace_child(std::size_t i, const std::shared_ptr<State>& module, Site site) {
  auto& [name, child] = children[i];
  if (is_within(module.get()))
    fail(type_name(),
         "'" + name + "' would be a part of itself: the new one is this " + module->type_name() +
             ", or has it among its parts",
         site);
  auto replaced = [](const std::string&, const auto& cell) { ++cell.leaf()->replaced; };
  child->each(&State::parameters, "", replaced);
  child->each(&State::buffers, "", replaced);
  child->remove_parent(this);
  module->add_parent(this);
  child = module;
  module->name_cells(prefix() + name + ".");
}

std::pair<ModuleBase::State*, ModuleBase::State::Object> ModuleBase::State::around(const ModuleObject* object) const {
  std::pair<State*, Object> innermost{nullptr, {}};
  for (State* p : parents)
    for (const Object& o : p->objects)
      if (o.module != object && o.contains(object) && (!innermost.first || innermost.second.contains(o.module)))
        innermost = {p, o};
  return innermost;
}

std::string ModuleBase::State::member_path(const void* handle, const xtape::detail::Binding& binding) {
  const Lock lock(structure());
  const auto* state = static_cast<const State*>(binding.owner);
  if (!state ||
      std::none_of(state->objects.begin(), state->objects.end(), [&](const Object& o) { return o.contains(handle); }))
    return "";
  for (auto& [name, p] : state->parameters)
    if (p.binding().get() == &binding) return state->prefix() + name;
  for (auto& [name, b] : state->buffers)
    if (b.binding().get() == &binding) return state->prefix() + name;
  return "";
}

void ModuleBase::add_child(const std::string& name, const ModuleBase& module) {
  State& s = state();
  module.state();
  s.check_name(name);
  const Lock lock(State::structure());
  s.add_child(name, module.state_);
}

void ModuleBase::replace_child(const std::string& name, const ModuleBase& module, Site site) {
  State& s = state(site);
  module.state(site);
  for (std::size_t i = 0; i < s.children.size(); ++i) {
    if (s.children[i].first != name) continue;
    const std::shared_ptr<State> before = s.children[i].second;  // it outlives the lock
    const Lock lock(State::structure());
    return s.replace_child(i, module.state_, site);
  }
  fail(s.type_name(), "there is no '" + name + "' to replace", site);
}

ModuleObject::ModuleObject() : ModuleBase(typeid(ModuleObject)) {
  const Lock lock(State::structure());
  state_->objects.push_back({this, State::Object::place(this), State::Object::place(this)});
}

ModuleObject::ModuleObject(const ModuleObject& other) : ModuleBase(other) {
  if (!state_) return;
  const Lock lock(State::structure());
  state_->objects.push_back({this, State::Object::place(this), State::Object::place(this)});
}

ModuleObject::ModuleObject(ModuleObject&& other) noexcept : ModuleBase(std::move(other)) {
  if (!state_) return;
  const Lock lock(State::structure());
  for (State::Object& o : state_->objects)
    if (o.module == &other) o = {this, State::Object::place(this), State::Object::place(this)};
}

ModuleObject::~ModuleObject() { leave(); }

void ModuleObject::leave() noexcept {
  if (!state_) return;
  {
    const Lock lock(State::structure());
    auto& all = state_->objects;
    all.erase(std::remove_if(all.begin(), all.end(), [&](const State::Object& o) { return o.module == this; }),
              all.end());
  }
  state_.reset();
}

void ModuleObject::occupy(std::size_t size) noexcept {
  if (!state_) return;
  const Lock lock(State::structure());
  for (State::Object& o : state_->objects)
    if (o.module == this) o.end = std::max(o.end, o.begin + size);
}

void ModuleObject::assign_state(const ModuleObject& other, void (*assign)(ModuleObject& to, const ModuleObject& from)) {
  if (state_ == other.state_) return;
  other.state();
  const std::shared_ptr<State> before = state_;
  std::vector<ModuleObject*> copies;  // of this member, in copies of the module around it
  if (before) {
    const Lock lock(State::structure());
    const auto found = before->around(this);
    State* const parent = found.first;
    const State::Object around = found.second;
    if (parent) {
      auto& children = parent->children;
      auto is_this = [&](const auto& child) { return child.second == before; };
      const auto child = std::find_if(children.begin(), children.end(), is_this);
      const auto members = std::count_if(before->objects.begin(), before->objects.end(), [&](const State::Object& o) {
        return before->around(o.module).second.module == around.module;
      });
      if (members > 1 || std::count_if(children.begin(), children.end(), is_this) > 1)
        fail(parent->type_name(), "'" + child->first +
                                      "' has several names here, so that assigning to one cannot tell which is meant; "
                                      "declare each with a module of its own, or clone()");
      for (const State::Object& o : parent->objects)
        for (const State::Object& m : before->objects)
          if (m.module != this && m.begin - o.begin == State::Object::place(this) - around.begin)
            copies.push_back(m.module);
      parent->replace_child(static_cast<std::size_t>(child - children.begin()), other.state_, {});
    }
  }
  for (ModuleObject* copy : copies) assign(*copy, other);
  leave();
  state_ = other.state_;
  const Lock lock(State::structure());
  state_->objects.push_back({this, State::Object::place(this), State::Object::place(this)});
}

void ModuleObject::fail_derived(const std::type_info& type, Site site) const {
  const std::string derived = State(&type).type_name(), base = state(site).type_name();
  fail(derived,
       "it is derived from " + base + ", whose own forward would be called; derive it as struct " + derived +
           " : nn::Module<" + derived + ", " + base + ">",
       site);
}

}  // namespace xtape::nn
