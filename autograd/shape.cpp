#include "shape.hpp"

#include <ostream>

#include "error.hpp"

namespace xtape {

const char* to_string(Dtype dtype) {
  static constexpr const char* names[] = {"float32", "float64", "int64", "uint8", "boolean"};
  return names[static_cast<int>(dtype)];
}

Shape::Shape(const std::int64_t* begin, const std::int64_t* end) {
  std::int64_t n = 1;
  for (; begin != end; ++begin) {
    push_back(*begin);
    if (*begin > 0 && __builtin_mul_overflow(n, *begin, &n))
      fail("Shape", to_string(*this) + " would have more elements than can be counted");
  }
}

void Shape::push_back(std::int64_t size) {
  if (rank_ == max_rank) fail("Shape", "a tensor has at most " + std::to_string(max_rank) + " axes");
  if (size < 0) fail("Shape", "size " + std::to_string(size) + " of axis " + std::to_string(rank_) + " is negative");
  sizes_[rank_++] = size;
}

Shape unravel(std::int64_t i, const Shape& shape) {
  Shape at = shape;
  for (int axis = shape.rank(); axis-- > 0; i /= shape[axis]) at[axis] = i % shape[axis];
  return at;
}

std::string to_string(const Shape& shape) {
  std::string s = "(";
  for (int i = 0; i < shape.rank(); ++i) s += (i ? ", " : "") + std::to_string(shape[i]);
  return s + (shape.rank() == 1 ? ",)" : ")");
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << to_string(shape); }
std::ostream& operator<<(std::ostream& out, Dtype dtype) { return out << to_string(dtype); }

}  // namespace xtape
