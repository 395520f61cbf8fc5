#include "expect.hpp"

#include <autograd/core/error.hpp>
#include <cstdio>

namespace {

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", v);
  return text;
}

void expect(const std::string& figure, double value, bool met, const char* bound,
            std::optional<double> limit) {
  std::string rest = number(value);
  if (limit) rest += std::string(", expected at ") + bound + " " + number(*limit);
  if (limit && !met) throw xtape::Error(figure + " is " + rest);
  std::printf("%s: %s\n", figure.c_str(), rest.c_str());
}

}  // namespace

void expect_at_least(const std::string& figure, double value, std::optional<double> least) {
  expect(figure, value, value >= least, "least", least);
}

void expect_at_most(const std::string& figure, double value, std::optional<double> most) {
  expect(figure, value, value <= most, "most", most);
}
