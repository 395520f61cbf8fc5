// The tensors in what a module's `forward` takes and gives, whatever its types are.
#pragma once
#include <autograd/parameter.hpp>
#include <tuple>
#include <type_traits>

namespace xtape::detail {

struct AnyMember {
  template <class T>
  operator T() const;
};
template <class T, class Enable, class... Members>
inline constexpr bool braces_take = false;
template <class T, class... Members>
inline constexpr bool braces_take<T, std::void_t<decltype(T{std::declval<Members>()...})>, Members...> = true;

template <class X, class Y, class F>
void each_tensor(std::pair<X, Y>& x, F&& f);
template <class... X, class F>
void each_tensor(std::tuple<X...>& x, F&& f);
/// Calls f(tensor) for each Tensor in x: x itself, the elements of Tensors, of a pair or a tuple, and the members of a
/// struct that has one to four and nothing else. What is of another type has none.
template <class X, class F>
void each_tensor(X& x, F&& f) {
  using T = std::remove_const_t<X>;
  using A = AnyMember;
  if constexpr (std::is_same_v<T, Tensor>) {
    f(x);
  } else if constexpr (std::is_same_v<T, Tensors>) {
    for (auto& t : x) f(t);
  } else if constexpr (std::is_aggregate_v<T> && std::is_class_v<T> && !braces_take<T, void, A, A, A, A, A>) {
    if constexpr (braces_take<T, void, A, A, A, A>) {
      auto& [a, b, c, d] = x;
      each_tensor(a, f), each_tensor(b, f), each_tensor(c, f), each_tensor(d, f);
    } else if constexpr (braces_take<T, void, A, A, A>) {
      auto& [a, b, c] = x;
      each_tensor(a, f), each_tensor(b, f), each_tensor(c, f);
    } else if constexpr (braces_take<T, void, A, A>) {
      auto& [a, b] = x;
      each_tensor(a, f), each_tensor(b, f);
    }
  }
}
template <class X, class Y, class F>
void each_tensor(std::pair<X, Y>& x, F&& f) {
  each_tensor(x.first, f), each_tensor(x.second, f);
}
template <class... X, class F>
void each_tensor(std::tuple<X...>& x, F&& f) {
  std::apply([&](auto&... part) { (each_tensor(part, f), ...); }, x);
}

}  // namespace xtape::detail
