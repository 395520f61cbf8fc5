// Private: state that is given and taken by name.
#pragma once
#include <autograd/parameter.hpp>
#include <autograd/state_dict.hpp>
#include <string>
#include <vector>

namespace xtape::optim {

/// Each parameter once, in order, where some may be given twice. Throws in the name of `op` when there is none.
std::vector<Parameter> each_once(const char* op, std::vector<Parameter> parameters, Site site);

/// What each parameter is called in a state: its name, or its place where it has none or one that another has, too.
std::vector<std::string> names_of(const std::vector<Parameter>& parameters);

/// Takes values out of a state one by one, and notes all that is wrong, for one message.
class StateTaker {
 public:
  explicit StateTaker(const StateDict& values) : rest_(values) {}
  /// The value of that name; undefined, and noted, where it is missing or another dtype or shape.
  Tensor operator()(const std::string& name, Dtype dtype, const Shape& shape);
  /// Such a float64 or int64 number; what it is now, and noted, where it does not fit.
  double number(const std::string& name, double now);
  std::int64_t count(const std::string& name, std::int64_t now);
  /// Notes something else that is wrong.
  void note(const std::string& words) { wrong_ += "; " + words; }
  /// Throws in the name of `op` when anything is wrong, or was not taken.
  void done(const char* op, Site site);

 private:
  StateDict rest_;
  std::string wrong_;
};

}  // namespace xtape::optim
