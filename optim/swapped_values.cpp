#include "swapped_values.hpp"

#include <atomic>
#include <mutex>
#include <unordered_set>
#include <utility>

namespace xtape::optim {
using namespace xtape::detail;

namespace {

std::mutex lock;
std::atomic<int> count{0};  // of `swapped`, so that nobody waits for the lock where there is none

std::unordered_set<const Leaf*>& swapped() {
  static auto& all = *new std::unordered_set<const Leaf*>;  // for scopes that end after the program's statics
  return all;
}

}  // namespace

bool SwappedValues::holds(const Parameter& p) {
  if (count.load(std::memory_order_acquire) == 0) return false;
  const std::lock_guard<std::mutex> guard(lock);
  return swapped().count(p.leaf()) != 0;
}

SwappedValues::SwappedValues(std::vector<Parameter> parameters, const Tensors& values, Site site) {
  if (parameters.size() != values.size())
    fail("SwappedValues",
         std::to_string(values.size()) + " values for " + std::to_string(parameters.size()) + " parameters", site);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Parameter& p = parameters[i];
    if (holds(p))
      fail("SwappedValues", "'" + p.name() + "' shows the value of another scope already; end that one first", site);
    if (!values[i].defined() || values[i].shape() != p.shape() || values[i].dtype() != p.dtype())
      fail("SwappedValues",
           "'" + p.name() + "' is " + to_string(p.dtype()) + to_string(p.shape()) + ", its value " +
               (values[i].defined() ? to_string(values[i].dtype()) + to_string(values[i].shape()) : "undefined"),
           site);
  }
  parameters_ = std::move(parameters);
  const std::lock_guard<std::mutex> guard(lock);
  for (std::size_t i = 0; i < values.size(); ++i) {
    own_.push_back(parameters_[i].tensor().detach());
    parameters_[i].assign(values[i], site);
    count += swapped().insert(parameters_[i].leaf()).second;
  }
}

SwappedValues::SwappedValues(SwappedValues&& other) noexcept
    : parameters_(std::exchange(other.parameters_, {})), own_(std::exchange(other.own_, {})) {}

SwappedValues::~SwappedValues() {
  const std::lock_guard<std::mutex> guard(lock);
  for (std::size_t i = own_.size(); i-- > 0;) {  // backwards: one that is there twice had its own value first
    Parameter& p = parameters_[i];
    count -= static_cast<int>(swapped().erase(p.leaf()));
    p.assign(own_[i].dtype() == p.dtype() ? own_[i] : own_[i].to(p.dtype()));  // Module::to may have come between
  }
}

}  // namespace xtape::optim
