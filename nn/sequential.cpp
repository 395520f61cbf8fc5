#include "sequential.hpp"

namespace xtape::nn {

Tensor Sequential::Element::operator()(const Tensor& x, Site site) const {
  const Scope scope(site);
  return call_(x);
}

Tensor Sequential::forward(const Tensor& x) const {
  Tensor y = x;
  for (const Element& e : *elements_) y = e.call_(y);
  return y;
}

std::size_t Sequential::position(const std::string& name, Site site) const {
  for (std::size_t i = 0; i < size(); ++i)
    if (std::to_string(i) == name) return i;
  fail("Sequential", "there is no element " + name + " among " + std::to_string(size()), site);
}

}  // namespace xtape::nn
