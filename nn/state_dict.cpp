// A module's state by name.
#include <algorithm>
#include <set>

#include "module_state.hpp"

namespace xtape::nn {
using namespace detail;

namespace {

std::string text(const Tensor& t) { return to_string(t.dtype()) + to_string(t.shape()); }

// Whether the elements are the same; one NaN is as good as another.
bool same(const Tensor& a, const Tensor& b) {
  const Array &x = a.array(), &y = b.array();
  return x.data == y.data || visit_dtype(x.dtype, [&](auto t) {
           const auto *p = x.at<decltype(t)>(), *q = y.at<decltype(t)>();
           return std::equal(p, p + x.size, q, [](auto u, auto v) { return u == v || (u != u && v != v); });
         });
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
  const State& s = state();
  s.each(&State::parameters, "", note);
  s.each(&State::buffers, "", note);
  return values;
}

LoadReport ModuleBase::load_state_dict(const StateDict& values, bool strict, Site site) {
  const State& s = state(site);
  LoadReport report;
  std::string wrong;
  std::set<std::string> known;
  std::map<const Leaf*, std::pair<std::string, Tensor>> given;  // by cell: the name that gave it a value, and the value
  auto check = [&](const std::string& path, const auto& cell) {
    known.insert(path);
    const auto found = values.find(path);
    if (found == values.end()) return report.missing.push_back(path);
    Tensor value = found->second.detach();
    const bool fits = value.defined() && value.shape() == cell.shape();
    const bool converts =
        fits && value.dtype() != cell.dtype() && is_floating(value.dtype()) && is_floating(cell.dtype());
    if (!fits || (value.dtype() != cell.dtype() && (strict || !converts))) {
      wrong += "; '" + path + "' is " + to_string(cell.dtype()) + to_string(cell.shape()) + ", its value " +
               (value.defined() ? text(value) : "undefined") +
               (converts ? " (load_state_dict(values, false) would convert it)" : "");
      return;
    }
    if (converts) {
      report.converted.push_back(path);
      value = value.to(cell.dtype());
    }
    const auto [tied, first] = given.try_emplace(cell.leaf(), path, value);
    if (!first && !same(tied->second.second, value))
      wrong += "; '" + tied->second.first + "' and '" + path + "' are one parameter, their values differ";
  };
  s.each(&State::parameters, "", check);
  s.each(&State::buffers, "", check);
  for (auto& [name, value] : values)
    if (!known.count(name)) report.unexpected.push_back(name);
  if (strict) wrong += list("missing", report.missing) + list("unexpected", report.unexpected);
  if (!wrong.empty()) fail("load_state_dict", "the values do not fit " + type_name() + wrong, site);

  auto assign = [&](const std::string&, auto cell) {
    if (const auto found = given.find(cell.leaf()); found != given.end()) cell.assign(found->second.second);
  };
  s.each(&State::parameters, "", assign);
  s.each(&State::buffers, "", assign);
  return report;
}

}  // namespace xtape::nn
