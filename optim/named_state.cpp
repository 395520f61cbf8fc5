#include "named_state.hpp"

#include <autograd/files/described.hpp>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace xtape::optim {
using namespace xtape::detail;

std::vector<Parameter> each_once(const char* op, std::vector<Parameter> parameters, Site site) {
  std::unordered_set<const Leaf*> known;
  std::vector<Parameter> each;
  for (Parameter& p : parameters)
    if (known.insert(p.leaf()).second) each.push_back(std::move(p));
  if (each.empty()) fail(op, "there are no parameters; does the model declare its layers with child()?", site);
  return each;
}

std::vector<std::string> names_of(const std::vector<Parameter>& parameters) {
  std::unordered_map<std::string, int> count;
  for (const Parameter& p : parameters) ++count[p.name()];
  std::vector<std::string> names;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::string& name = parameters[i].name();
    names.push_back(name.empty() || count[name] > 1 ? std::to_string(i) : name);
  }
  return names;
}

Tensor StateTaker::operator()(const std::string& name, Dtype dtype, const Shape& shape) {
  const auto found = rest_.find(name);
  if (found == rest_.end()) {
    note("'" + name + "' is missing");
    return Tensor();
  }
  const Tensor value = std::move(found->second);
  rest_.erase(found);
  if (value.defined() && value.dtype() == dtype && value.shape() == shape) return value.detach();
  note("'" + name + "' is " + to_string(dtype) + to_string(shape) + ", its value " + described(value));
  return Tensor();
}

double StateTaker::number(const std::string& name, double now) {
  const Tensor value = (*this)(name, float64, {});
  return value.defined() ? value.item() : now;
}

std::int64_t StateTaker::count(const std::string& name, std::int64_t now) {
  const Tensor value = (*this)(name, int64, {});
  if (!value.defined()) return now;
  const auto n = value.item<std::int64_t>();
  if (n < 0) note("'" + name + "' is " + std::to_string(n) + ", expected at least 0");
  return n;
}

void StateTaker::done(const char* op, Site site) {
  for (const auto& [name, value] : rest_) note("'" + name + "' is unexpected");
  if (!wrong_.empty()) fail(op, "the values of load_state_dict do not fit" + wrong_, site);
}

}  // namespace xtape::optim
