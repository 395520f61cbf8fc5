#include "shape.hpp"

#include <ostream>

namespace xtape {
using namespace detail;

const char* to_string(Dtype dtype) {
  static constexpr const char* names[] = {"float32", "float64", "int64", "uint8", "boolean"};
  return names[static_cast<int>(dtype)];
}

void detail::refuse_unsigned(std::uint64_t number, Site site) {
  fail("int64", std::to_string(number) + " is too large: integers are int64; write it as a double", site);
}

Shape::Shape(const std::int64_t* begin, const std::int64_t* end, Site site) {
  for (; begin != end; ++begin) push_back(*begin, site);
  check(site);
}

std::int64_t Shape::check(Site site) const {
  std::int64_t n = 1;
  bool empty = false;
  for (const std::int64_t d : *this) {
    if (d == 0) empty = true;
    else if (__builtin_mul_overflow(n, d, &n))
      fail("Shape", to_string(*this) + " would have more elements than can be counted", site);
  }
  return empty ? 0 : n;
}

void Shape::push_back(std::int64_t size, Site site) {
  if (rank_ == max_rank) fail("Shape", "a tensor has at most " + std::to_string(max_rank) + " axes", site);
  if (size < 0)
    fail("Shape", "size " + std::to_string(size) + " of axis " + std::to_string(rank_) + " is negative", site);
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
