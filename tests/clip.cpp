// Gradients are cut back by their norm and by their values; the right values are computed by hand.
#include "support.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <xtape.hpp>

using namespace xtape;
using doctest::Approx;
using doctest::Contains;

TEST_CASE("gradients are scaled to a norm, or left as they are") {
  const Tensor a = tensor({3., -4.}, float64), b = tensor({12.}, float64);  // of norm 13
  struct Case {
    double p, norm;
  };
  for (const Case& c : {Case{2, 13}, Case{1, 19}, Case{INFINITY, 12}, Case{3, std::cbrt(27. + 64. + 1728.)}}) {
    const double p = c.p, norm = c.norm;
    CAPTURE(p);
    Tensors g{a, Tensor(), b};
    CHECK(optim::clip_grad_norm(g, 6.5, p) == Approx(norm).epsilon(1e-14));
    CHECK(allclose(g[0], a * (6.5 / norm), 1e-14, 0));
    CHECK(!g[1].defined());
    CHECK(allclose(g[2], b * (6.5 / norm), 1e-14, 0));
    Tensors small{a, b};
    optim::clip_grad_norm(small, norm * 1.001, p);
    CHECK(same_bits(small[0], a));
  }
  Tensors zero{zeros({2}), zeros({0})};
  CHECK(optim::clip_grad_norm(zero, 1) == 0);
  // No square of these is a float32.
  Tensors huge{full({4}, 1e30)}, tiny{full({4}, 1e-30)};
  CHECK(optim::clip_grad_norm(huge, 1) == Approx(2e30));
  CHECK(allclose(huge[0], full({4}, 0.5), 1e-6, 0));
  CHECK(optim::clip_grad_norm(tiny, 1e-35) == Approx(2e-30));
  CHECK(allclose(tiny[0], full({4}, 5e-36), 1e-6, 0));
}

TEST_CASE("gradients of parameters are cut where backward has left them") {
  Parameter w(tensor({1., 2., -3.}, float64)), alone(ones({1}));
  auto backward = [&] {
    w.zero_grad();
    sum(square(w) * 0.5).backward();
  };
  backward();
  CHECK(optim::clip_grad_norm({w, alone}, 1) == Approx(std::sqrt(14.)));
  CHECK(allclose(w.grad(), w * (1 / std::sqrt(14.)), 1e-14, 0));
  backward();
  optim::clip_grad_value({w, alone}, 1.5);
  CHECK(same_bits(w.grad(), tensor({1., 1.5, -1.5}, float64)));
  CHECK(!alone.grad().defined());
  optim::SGD opt({w}, 1);
  opt.step();
  CHECK(same_bits(w.tensor(), tensor({0., 0.5, -1.5}, float64)));
}

TEST_CASE("what cannot be clipped is refused") {
  Tensors g{tensor({1., INFINITY})}, nan{full({1}, NAN), ones({1})}, good{ones({1})};
  CHECK_THROWS_WITH_AS(optim::clip_grad_norm(g, 1), Contains("the norm of the gradients is inf"), Error);
  CHECK_THROWS_WITH_AS(optim::clip_grad_norm(nan, 1), Contains("the norm of the gradients is nan"), Error);
  CHECK_THROWS_WITH_AS(optim::clip_grad_norm(good, 0), Contains("max_norm is 0.000000, expected more than 0"), Error);
  CHECK_THROWS_WITH_AS(optim::clip_grad_norm(good, 1, -1), Contains("p is -1.000000, expected more than 0"), Error);
  CHECK_THROWS_WITH_AS(optim::clip_grad_value(good, NAN), Contains("max_value is nan"), Error);
  CHECK(same_bits(good[0], ones({1})));
}
