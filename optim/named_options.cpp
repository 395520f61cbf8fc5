#include "named_options.hpp"

#include <cmath>

#include "value.hpp"

namespace xtape::optim {
namespace {

constexpr std::int64_t largest = std::int64_t{1} << 53;  // up to there, each integer is a double

}  // namespace

NamedOptions& NamedOptions::note(const std::string& name, const std::string& value) {
  options_ += (options_.empty() ? "" : ", ") + name + " " + value;
  return *this;
}

NamedOptions& NamedOptions::expect(bool ok, const std::string& message) {
  if (!ok) fail(name_, message, site_);
  return *this;
}

NamedOptions& NamedOptions::number(const char* name, double value, bool ok, const char* expected) {
  expect(ok, std::string(name) + " is " + to_string(value) + ", expected " + expected);
  return note(name, to_string(value));
}

NamedOptions& NamedOptions::positive(const char* name, double value) {
  return number(name, value, std::isfinite(value) && value > 0, "a finite number above 0");
}

NamedOptions& NamedOptions::from_0(const char* name, double value) {
  return number(name, value, std::isfinite(value) && value >= 0, "a finite number of at least 0");
}

NamedOptions& NamedOptions::below_1(const char* name, double value) {
  return number(name, value, value >= 0 && value < 1, "a number in [0, 1)");
}

NamedOptions& NamedOptions::count(const char* name, std::int64_t value, std::int64_t least) {
  expect(value >= least && value <= largest,
         std::string(name) + " is " + std::to_string(value) + ", expected " +
             (value < least ? "at least " + std::to_string(least) : "at most 2^53"));
  return note(name, std::to_string(value));
}

NamedOptions& NamedOptions::length(const char* name, std::optional<std::int64_t> value) {
  return value ? count(name, *value, 1) : *this;
}

NamedOptions& NamedOptions::ascending(const char* name, const std::vector<std::int64_t>& values) {
  std::string all;
  bool ok = true;
  std::int64_t last = 0;
  for (const std::int64_t v : values) {
    all += (all.empty() ? "" : ", ") + std::to_string(v);
    ok &= v > last && v <= largest;
    last = v;
  }
  expect(ok, std::string(name) + " are [" + all + "], expected ascending numbers of at least 1");
  return note(name, "[" + all + "]");
}

}  // namespace xtape::optim
