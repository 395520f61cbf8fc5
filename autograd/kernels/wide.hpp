// Private: what sums and products of many terms are carried in.
#pragma once
#include <type_traits>

namespace xtape {

/// Terms of float in double, others in their own type.
template <class T>
using Wide = std::conditional_t<std::is_same_v<T, float>, double, T>;

}  // namespace xtape
