// What a forward function says of itself to who reads the tape. It may have members `std::string attributes() const`
// and `double flops() const`; for a lambda, `attributed` adds the first.
#pragma once
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "shape.hpp"

namespace xtape::detail {

inline std::string attribute_text(bool v) { return v ? "true" : "false"; }
inline std::string attribute_text(const Shape& v) { return to_string(v); }
inline std::string attribute_text(const char* v) { return v; }
std::string attribute_text(double v);
template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
std::string attribute_text(T v) {
  return std::to_string(v);
}
template <class T>
std::string attribute_text(const std::vector<T>& v) {
  std::string s = "(";
  for (std::size_t i = 0; i < v.size(); ++i) s += (i ? ", " : "") + attribute_text(v[i]);
  return s + (v.size() == 1 ? ",)" : ")");
}
inline std::string attribute_list() { return {}; }
template <class T, class... Rest>
std::string attribute_list(const char* name, const T& value, const Rest&... rest) {
  std::string s = std::string(name) + "=" + attribute_text(value), more = attribute_list(rest...);
  return more.empty() ? s : s + ", " + more;
}

/// A forward function and its attributes for who reads the tape: `attributed(f, "axis", axis)`.
template <class F, class... V>
struct Attributed : F {
  std::tuple<V...> named;
  std::string attributes() const {
    return std::apply([](const auto&... part) { return attribute_list(part...); }, named);
  }
};
template <class F, class... V>
Attributed<F, V...> attributed(F f, V... named) {
  return {std::move(f), {std::move(named)...}};
}
template <class F, class = void>
inline constexpr bool has_attributes = false;
template <class F>
inline constexpr bool has_attributes<F, std::void_t<decltype(std::declval<const F&>().attributes())>> = true;
template <class F, class = void>
inline constexpr bool has_flops = false;
template <class F>
inline constexpr bool has_flops<F, std::void_t<decltype(std::declval<const F&>().flops())>> = true;

}  // namespace xtape::detail
