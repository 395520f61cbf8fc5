// The bridge to xtensor.
#include <doctest/doctest.h>
#include <autograd/xtensor.hpp>

#include <xtape.hpp>
#if __has_include(<xtensor/core/xmath.hpp>)
#include <xtensor/core/xmath.hpp>
#else
#include <xtensor/xmath.hpp>
#endif

using namespace xtape;

TEST_CASE("a tensor is made of an xtensor expression") {
  const xt::xarray<double> a = {{1, 2, 3}, {4, 5, 6}};
  const Tensor x = tensor(2 * xt::transpose(a));
  CHECK(x.dtype() == float64);
  CHECK(x.shape() == Shape{3, 2});
  CHECK(x.to_vector<double>() == std::vector<double>{2, 8, 4, 10, 6, 12});
}

TEST_CASE("xtensor sees a tensor without a copy and keeps it alive") {
  auto view = as_xarray<float>(tensor({{1., 2.}, {3., 4.}}));
  CHECK((*view)(1, 0) == 3);
  CHECK(xt::sum(*view)() == 10);
  const Tensor x = ones({5});
  CHECK(as_xarray<float>(x)->data() == x.data<float>());
  CHECK_THROWS_AS(as_xarray<double>(x), Error);
}

TEST_CASE("an optimiser does not write under a view") {
  Parameter p(ones({3}));
  const auto view = as_xarray<float>(p.tensor());
  optim::SGD opt({p}, 1);
  opt.step({ones({3})});
  CHECK((*view)(0) == 1);
  CHECK(p.tensor().to_vector<float>()[0] == 0);
}
