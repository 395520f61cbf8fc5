#include "value.hpp"

#include <charconv>
#include <cmath>

namespace xtape::optim {

std::string to_string(double number) {
  if (std::isnan(number)) return "nan";  // whatever its sign
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

std::string to_string(const Value& value) {
  switch (value.held.index()) {
    case 0: return std::get<0>(value.held) ? "true" : "false";
    case 1: return std::to_string(std::get<1>(value.held));
    case 2: return to_string(std::get<2>(value.held));
    default: return std::get<3>(value.held);
  }
}

bool is_number(const Value& value) { return value.held.index() == 1 || value.held.index() == 2; }

}  // namespace xtape::optim
