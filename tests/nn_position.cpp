// Positions in sequences; the numbers are those of the papers' formulas (parity/nn_position.py).
#include <cmath>
#include <nn/position.hpp>

#include "nn_support.hpp"
#include "nn_table.hpp"

using namespace xtape;
using nn::RotaryPairs;
using nn::RotaryPositions;
using nn::SinusoidalPositions;
using nn_table::function;
using nn_table::row;

namespace {

const nn_table::Table table = {
    row("SinusoidalPositions", SinusoidalPositions(6, 10)),
    row("SinusoidalPositions of odd size", SinusoidalPositions(5, 4, 50)),
    row("RotaryPositions", RotaryPositions(6)),
    row("RotaryPositions halves", RotaryPositions(4, 50, RotaryPairs::halves)),
    row("RotaryPositions further on", RotaryPositions(2), [](auto& m, const Tensors& x) { return m(x[0], 700); }),
    function("rotary", [](const Tensors& x) { return nn::rotary(x[0]); }),
    function("rotary halves further on", [](const Tensors& x) { return nn::rotary(x[0], 5, 20, RotaryPairs::halves); }),
};

}  // namespace

XTAPE_CHECK_LAYERS("nn_position", table)

TEST_CASE("the table of positions is a buffer, exact in float64") {
  const SinusoidalPositions positions(4);
  CHECK(names_of(positions.named_buffers()) == std::vector<std::string>{"table"});
  CHECK(positions.parameters().empty());
  CHECK(positions.table.shape() == Shape{5000, 4});
  const Tensor row = positions.table.tensor()[4999];
  CHECK(allclose(row, tensor({std::sin(4999.), std::cos(4999.), std::sin(49.99), std::cos(49.99)}, float64), 0, 1e-12));
  CHECK(positions(zeros({1, 2, 4})).dtype() == float32);
  CHECK(allclose(positions(zeros({1, 1, 4})), tensor({{{0., 1., 0., 1.}}})));
}

TEST_CASE("products of turned vectors depend on their distance only, and lengths stay") {
  const Tensor q = normal({1, 6}, 0, 1, float64), k = normal({1, 6}, 0, 1, float64);
  for (RotaryPairs pairs : {RotaryPairs::interleaved, RotaryPairs::halves}) {
    auto product = [&](std::int64_t at, std::int64_t from) {
      return sum(nn::rotary(q, at, 10000, pairs) * nn::rotary(k, from, 10000, pairs)).item();
    };
    CHECK(product(7, 3) == doctest::Approx(product(104, 100)));
    CHECK(product(7, 3) != doctest::Approx(product(3, 7)));
    CHECK(product(9, 9) == doctest::Approx(sum(q * k).item()));
  }
  const Tensor x = normal({2, 5, 6}), y = nn::rotary(x);
  CHECK(allclose(norm(y, 2, -1), norm(x, 2, -1)));
  CHECK(allclose(nn::rotary(slice(x, 1, Slice(2)), 2), slice(y, 1, Slice(2)), 1e-5, 1e-6));
}

TEST_CASE("positions refuse what does not fit") {
  const Tensor x = ones({2, 3, 4});
  check_misuses({
      {[] { SinusoidalPositions(0); },
       "SinusoidalPositions: sizes must be at least 1, got d_model = 0, max_length = 5000"},
      {[] { SinusoidalPositions(4, 0); }, "SinusoidalPositions: sizes must be at least 1, got d_model = 4, max_length"},
      {[] { SinusoidalPositions(4, 5, 0); }, "SinusoidalPositions: base is 0.000000, expected more than 0"},
      {[&] { SinusoidalPositions(5)(x); },
       "SinusoidalPositions: expected floating (..., time, 5), got float32(2, 3, 4)"},
      {[&] { SinusoidalPositions(4)(ones({4})); },
       "SinusoidalPositions: expected floating (..., time, 4), got float32(4,)"},
      {[&] { SinusoidalPositions(4)(x.to(int64)); },
       "SinusoidalPositions: expected floating (..., time, 4), got int64(2, 3, 4)"},
      {[&] { SinusoidalPositions(4, 2)(x); },
       "SinusoidalPositions: a sequence of 3 is longer than the table, max_length = 2"},
      {[] { RotaryPositions(3); }, "RotaryPositions: head_dim is 3, expected an even number, of pairs to turn"},
      {[] { RotaryPositions(0); }, "RotaryPositions: head_dim is 0, expected an even number"},
      {[] { RotaryPositions(4, -1); }, "RotaryPositions: base is -1.000000, expected more than 0"},
      {[&] { RotaryPositions(6)(x); }, "RotaryPositions: expected (..., time, 6), got float32(2, 3, 4)"},
      {[] {
         nn::rotary(ones({2, 3}));
       },
       "rotary: expected floating (..., time, d) with an even d, got float32(2, 3)"},
      {[] { nn::rotary(Tensor()); }, "rotary: expected floating (..., time, d) with an even d, got no tensor"},
      {[&] { nn::rotary(x.to(int64)); }, "rotary: expected floating (..., time, d) with an even d, got int64(2, 3, 4)"},
      {[&] { nn::rotary(x, 0, 0); }, "rotary: base is 0.000000, expected more than 0"},
  });
}
