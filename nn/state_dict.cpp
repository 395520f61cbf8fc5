// A module's state by name.
#include <set>

#include "module_state.hpp"

namespace xtape::nn {
namespace {

std::string text(const Tensor& t) { return to_string(t.dtype()) + to_string(t.shape()); }

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.array_ref().get() == b.array_ref().get() || a.to_vector<double>() == b.to_vector<double>();
}

std::string list(const char* what, const std::vector<std::string>& names) {
  std::string s;
  for (const std::string& name : names) s += (s.empty() ? std::string("; ") + what + ": '" : ", '") + name + "'";
  return s;
}

}  // namespace

StateDict ModuleBase::state_dict() const {
  StateDict values;
  auto note = [&](const std::string& path, const auto& cell) { values[path] = cell.tensor().detach(); };
  state_->each(&State::parameters, "", note);
  state_->each(&State::buffers, "", note);
  return values;
}

LoadReport ModuleBase::load_state_dict(const StateDict& values, bool strict, Site site) {
  LoadReport report;
  std::string wrong;
  std::set<std::string> known;
  std::map<const Leaf*, std::pair<std::string, Tensor>> given;  // by cell: the name that gave it a value, and the value
  auto check = [&](const std::string& path, const auto& cell) {
    known.insert(path);
    const auto found = values.find(path);
    if (found == values.end()) return report.missing.push_back(path);
    const Tensor& value = found->second;
    const std::string own = to_string(cell.dtype()) + to_string(cell.shape());
    if (!value.defined() || text(value) != own) {
      wrong += "; '" + path + "' is " + own + ", its value " + (value.defined() ? text(value) : "undefined");
      return;
    }
    const auto [tied, first] = given.try_emplace(cell.leaf(), path, value);
    if (!first && !same_bits(tied->second.second, value))
      wrong += "; '" + tied->second.first + "' and '" + path + "' are one parameter, their values differ";
  };
  state_->each(&State::parameters, "", check);
  state_->each(&State::buffers, "", check);
  for (auto& [name, value] : values)
    if (!known.count(name)) report.unexpected.push_back(name);
  if (strict) wrong += list("missing", report.missing) + list("unexpected", report.unexpected);
  if (!wrong.empty()) fail("load_state_dict", "the values do not fit " + type_name() + wrong, site);

  auto assign = [&](const std::string&, auto cell) {
    if (const auto found = given.find(cell.leaf()); found != given.end()) cell.assign(found->second.second.detach());
  };
  state_->each(&State::parameters, "", assign);
  state_->each(&State::buffers, "", assign);
  return report;
}

}  // namespace xtape::nn
