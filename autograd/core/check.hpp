// Private: what nearly all operations check of their arguments.
#pragma once
#include <string>

#include "../tensor.hpp"

namespace xtape::detail {

// Throws unless the argument is a defined tensor.
inline void check_defined(const char* op, const Arg& x) {
  if (!x.array) fail(op, x.is_scalar ? "expected a tensor, not a number" : "the tensor is undefined", x.site);
}
// "float32(2, 3)"
std::string describe(const Array& x);

// An axis counted from 0; throws unless -rank <= axis < rank.
int check_axis(const char* op, int axis, const Shape& shape, Site site);

}  // namespace xtape::detail
