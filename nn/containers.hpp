// Lists and dictionaries of modules and parameters. They know their parts as members know theirs, and compute nothing:
// the module that has one calls the parts.
#pragma once
#include <nn/module.hpp>
#include <nn/shared.hpp>

namespace xtape::nn {

/// Modules of one type by position, named "0", "1": `ModuleList<Linear> layers = child("layers",
/// ModuleList<Linear>());`, `layers.add(Linear(8, 8))`, `for (const Linear& layer : layers) x = layer(x);`. For modules
/// of several types there are members and Sequential. `layers.replace(0, Linear(8, 8))` puts another in the place of
/// one. `layers[i]` and `replace` throw when there is no such element.
template <class M>
class ModuleList : public Module<ModuleList<M>> {
 public:
  ModuleList() = default;
  explicit ModuleList(const std::vector<M>& modules) {
    for (const M& m : modules) add(m);
  }
  /// Adds a module at the end. (PyTorch: `append`.)
  ModuleList& add(M module) {
    modules_->push_back(this->child(std::to_string(size()), std::move(module)));
    return *this;
  }
  ModuleList& replace(std::size_t i, M module, Site site = Site::here()) {
    this->replace_child(std::to_string(i), module, site);
    (*modules_)[i] = std::move(module);
    return *this;
  }
  std::size_t size() const { return modules_->size(); }
  const M& operator[](std::size_t i) const {
    if (i >= size())
      fail("ModuleList", "there is no element " + std::to_string(i) + " among " + std::to_string(size()));
    return (*modules_)[i];
  }
  auto begin() const { return std::as_const(*modules_).begin(); }
  auto end() const { return std::as_const(*modules_).end(); }

 private:
  detail::Shared<std::vector<M>> modules_;
};

/// Modules of one type by name, in the order in which they were added: `heads.add("digit", Linear(8, 10))`,
/// `heads["digit"](x)`, `for (auto& [name, head] : heads)`, `heads.replace("digit", Linear(8, 10))`. `heads[name]` and
/// `replace` throw for an unknown name, the first with a list of those there are; adding throws for a name that is
/// taken, empty or has a dot.
template <class M>
class ModuleDict : public Module<ModuleDict<M>> {
 public:
  ModuleDict& add(const std::string& name, M module) {
    modules_->emplace_back(name, this->child(name, std::move(module)));
    return *this;
  }
  ModuleDict& replace(const std::string& name, M module, Site site = Site::here()) {
    this->replace_child(name, module, site);
    *find(name) = std::move(module);
    return *this;
  }
  std::size_t size() const { return modules_->size(); }
  bool contains(const std::string& name) const { return find(name) != nullptr; }
  const M& operator[](const std::string& name) const {
    if (const M* m = find(name)) return *m;
    std::string names;
    for (auto& [known, m] : *modules_) names += (names.empty() ? "'" : ", '") + known + "'";
    fail("ModuleDict", "there is no '" + name + "' among " + (names.empty() ? "no modules" : names));
  }
  auto begin() const { return std::as_const(*modules_).begin(); }
  auto end() const { return std::as_const(*modules_).end(); }

 private:
  M* find(const std::string& name) const {
    for (auto& [known, m] : *modules_)
      if (known == name) return &m;
    return nullptr;
  }
  detail::Shared<std::vector<std::pair<std::string, M>>> modules_;
};

/// Parameters by position, named "0", "1": `ParameterList scales = child("scales", ParameterList());`,
/// `scales.add(ones({3}))`, `scales[0]`. `scales[i]` throws when there is no such element.
class ParameterList : public Module<ParameterList> {
 public:
  ParameterList() = default;
  explicit ParameterList(const Tensors& values) {
    for (const Tensor& v : values) add(v);
  }
  /// Adds a new parameter at the end. (PyTorch: `append`.)
  ParameterList& add(const Tensor& value) {
    list_->push_back(parameter(std::to_string(size()), value));
    return *this;
  }
  std::size_t size() const { return list_->size(); }
  const Parameter& operator[](std::size_t i) const {
    if (i >= size())
      fail("ParameterList", "there is no element " + std::to_string(i) + " among " + std::to_string(size()));
    return (*list_)[i];
  }
  auto begin() const { return std::as_const(*list_).begin(); }
  auto end() const { return std::as_const(*list_).end(); }

 private:
  detail::Shared<std::vector<Parameter>> list_;
};

}  // namespace xtape::nn
