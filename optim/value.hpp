// Value: what stands in one cell of a table.
#pragma once
#include <autograd/core/shape.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace xtape::optim {

/// A truth value, an integer, a real number or a text. Throws for an unsigned integer that int64 does not hold.
struct Value {
  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
  Value(T number, Site site = Site::here()) {
    if constexpr (std::is_same_v<T, bool>) held = number;
    else if constexpr (std::is_integral_v<T>) held = xtape::detail::to_int64(number, site);
    else held = static_cast<double>(number);
  }
  Value(std::string text) : held(std::move(text)) {}
  Value(const char* text) : held(std::string(text)) {}

  std::variant<bool, std::int64_t, double, std::string> held;
};

/// Values by name, in their order.
using Row = std::vector<std::pair<std::string, Value>>;

/// A real number in the fewest digits that give the same bits when they are read again: "0.1", "1e-05", "nan", "-inf".
std::string to_string(double number);
/// A value as text: "true", "3", or a real number as above.
std::string to_string(const Value& value);
/// Whether it is an integer or a real number.
bool is_number(const Value& value);

}  // namespace xtape::optim
