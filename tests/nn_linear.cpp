// Fully connected layers; the numbers are PyTorch's (parity/nn_linear.py).
#include "nn_support.hpp"
#include "nn_table.hpp"

using namespace xtape;
using nn_table::row;

namespace {

Tensor of_two(const nn::Bilinear& m, const Tensors& x) { return m(x[0], x[1]); }

const nn_table::Table table = {
    row("Linear", nn::Linear(3, 2)),
    row("Linear without bias", nn::Linear(3, 2, false)),
    row("Linear of a vector", nn::Linear(3, 1)),
    row("Bilinear", nn::Bilinear(3, 2, 4), of_two),
    row("Bilinear without bias", nn::Bilinear(2, 3, 2, false), of_two),
};

}  // namespace

XTAPE_CHECK_LAYERS("nn_linear", table)

TEST_CASE("fully connected layers have PyTorch's parameters and start as its do") {
  using Names = std::vector<std::string>;
  manual_seed(3);
  const nn::Linear linear(3, 2, false);
  CHECK(names_of(linear.named_parameters()) == Names{"weight"});
  CHECK_FALSE(linear.bias);
  CHECK(names_of(nn::Linear(3, 2).named_parameters()) == Names{"weight", "bias"});
  const nn::Bilinear bilinear(25, 40, 30);
  CHECK(names_of(bilinear.named_parameters()) == Names{"weight", "bias"});
  CHECK(shapes_of(bilinear.named_parameters()) == std::vector<Shape>{{30, 25, 40}, {30}});
  CHECK(names_of(nn::Bilinear(1, 1, 1, false).named_parameters()) == Names{"weight"});
  for (const Parameter& p : bilinear.parameters()) {
    const double largest = max(abs(p)).item();
    CHECK(largest <= 1 / 5.);
    CHECK(largest > 0.17);
  }
}

TEST_CASE("fully connected layers refuse sizes that do not fit") {
  check_misuses({
      {[] { nn::Linear(0, 3); }, "Linear: sizes must be at least 1, got in = 0, out = 3"},
      {[] { nn::Linear(3, -1, false); }, "Linear: sizes must be at least 1, got in = 3, out = -1"},
      {[] {
         nn::Linear(3, 2, false)(ones({2, 4}));
       },
       "linear: "},
      {[] { nn::Bilinear(1, 0, 2); }, "Bilinear: sizes must be at least 1, got in_a = 1, in_b = 0, out = 2"},
      {[] {
         nn::Bilinear(3, 2, 4)(ones({5, 3}), ones({5, 3}));
       },
       "Bilinear: expected (..., 3) and (..., 2), got (5, 3) and (5, 3) [in Bilinear, at "},
      {[] {
         nn::Bilinear(3, 2, 4)(ones({1, 3}), ones({5, 2}));
       },
       "Bilinear: expected (..., 3) and (..., 2), got (1, 3) and (5, 2)"},
      {[] {
         nn::Bilinear(3, 2, 4)(ones({3}), ones({1, 2}));
       },
       "Bilinear: expected (..., 3) and (..., 2), got (3,) and (1, 2)"},
      {[] { nn::Bilinear(1, 1, 1)(ones({}), ones({})); }, "Bilinear: expected (..., 1) and (..., 1), got () and ()"},
  });
}
