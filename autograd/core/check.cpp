#include "check.hpp"

namespace xtape::detail {

std::string describe(const Array& x) { return to_string(x.dtype) + to_string(x.shape); }

int check_axis(const char* op, int axis, const Shape& shape, Site site) {
  const int rank = shape.rank();
  if (axis < -rank || axis >= rank)
    fail(op, "there is no axis " + std::to_string(axis) + " in shape " + to_string(shape), site);
  return axis < 0 ? axis + rank : axis;
}

}  // namespace xtape::detail
