#include <ostream>
#if __has_include(<xtensor/io/xio.hpp>)
#include <xtensor/io/xio.hpp>
#else
#include <xtensor/xio.hpp>
#endif

#include "tensor.hpp"
#include "xtensor.hpp"

namespace xtape {
using namespace detail;

std::ostream& operator<<(std::ostream& out, const Tensor& x) {
  if (!x.defined()) return out << "undefined tensor";
  visit_dtype(x.dtype(), [&](auto t) {
    using T = decltype(t);
    using Shown = std::conditional_t<std::is_same_v<T, std::uint8_t>, int, T>;  // a number, not a character
    out << xt::xarray<Shown>(*as_xarray<T>(x));
  });
  return out << "\n" << x.dtype() << x.shape();
}

}  // namespace xtape
