#include <ostream>
#include <vector>
#include <xtensor/xadapt.hpp>
#include <xtensor/xio.hpp>

#include "tensor.hpp"

namespace xtape {

std::ostream& operator<<(std::ostream& out, const Tensor& x) {
  if (!x.defined()) return out << "undefined tensor";
  const std::vector<std::size_t> shape(x.shape().begin(), x.shape().end());
  visit_dtype(x.dtype(), [&](auto t) {
    using T = decltype(t);
    using Shown = std::conditional_t<std::is_same_v<T, std::uint8_t>, int, T>;  // a number, not a character
    xt::xarray<Shown> values = xt::adapt(x.data<T>(), static_cast<std::size_t>(x.size()), xt::no_ownership(), shape);
    out << values;
  });
  return out << "\n" << x.dtype() << x.shape();
}

}  // namespace xtape
