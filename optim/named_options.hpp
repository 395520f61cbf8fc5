// Private: the options of a schedule or a reaction, checked and written down by name.
#pragma once
#include <autograd/core/error.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xtape::optim {

/// Takes options one by one, throws at the first that is not as expected, and becomes a description:
/// `NamedOptions("Step", site).count("step_size", 30, 1).positive("gamma", 0.1)` is "Step(step_size 30, gamma 0.1)".
class NamedOptions {
 public:
  NamedOptions(const char* name, Site site) : name_(name), site_(site) {}
  /// An option in words, which needs no check.
  NamedOptions& note(const std::string& name, const std::string& value);
  NamedOptions& number(const char* name, double value, bool ok, const char* expected);
  /// A finite number above 0, one of at least 0, and one in [0, 1).
  NamedOptions& positive(const char* name, double value);
  NamedOptions& from_0(const char* name, double value);
  NamedOptions& below_1(const char* name, double value);
  /// An integer that is at least `least`, and at most 2^53.
  NamedOptions& count(const char* name, std::int64_t value, std::int64_t least);
  /// A length of at least 1, which may be left out.
  NamedOptions& length(const char* name, std::optional<std::int64_t> value);
  /// Integers that ascend, from at least 1.
  NamedOptions& ascending(const char* name, const std::vector<std::int64_t>& values);
  /// Throws with this message unless all is well.
  NamedOptions& expect(bool ok, const std::string& message);
  operator std::string() const { return name_ + (options_.empty() ? "" : "(" + options_ + ")"); }

 private:
  std::string name_, options_;
  Site site_;
};

}  // namespace xtape::optim
