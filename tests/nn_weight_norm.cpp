// Weight normalisation; the numbers come from its formula (parity/nn_weight_norm.py).
#include <nn/weight_norm.hpp>

#include "nn_support.hpp"
#include "nn_table.hpp"

using namespace xtape;
using nn_table::row;

namespace {

const nn_table::Table table = {
    row("WeightNorm", nn::weight_norm(nn::Linear(3, 2))),
    row("WeightNorm of a convolution", nn::weight_norm(nn::Conv2d(2, 3, 2, ConvOptions().padding(1), false))),
    row("WeightNorm of another axis", nn::weight_norm(nn::ConvTranspose1d(2, 3, 2, ConvOptions().stride(2)), 1)),
};

}  // namespace

XTAPE_CHECK_LAYERS("nn_weight_norm", table)

TEST_CASE("WeightNorm has PyTorch's parameters and starts as the layer that it takes over") {
  using Names = std::vector<std::string>;
  const nn::Conv2d conv(2, 3, 2);
  const Tensor x = uniform({2, 2, 4, 4}), y = conv(x);
  const nn::WeightNorm<nn::Conv2d> normed = nn::weight_norm(conv);
  CHECK(names_of(normed.named_parameters()) == Names{"bias", "weight_g", "weight_v"});
  CHECK(shapes_of(normed.named_parameters()) == std::vector<Shape>{{3}, {3, 1, 1, 1}, {3, 2, 2, 2}});
  CHECK(normed.weight_v.is(conv.weight));
  CHECK(allclose(normed(x), y, 1e-5, 1e-6));
  CHECK(shapes_of(nn::weight_norm(nn::Linear(3, 2, false), 1).named_parameters()) ==
        std::vector<Shape>{{1, 3}, {2, 3}});

  const nn::Sequential net{normed, nn::relu};
  CHECK(names_of(net.named_parameters()) == Names{"0.bias", "0.weight_g", "0.weight_v"});
}

TEST_CASE("WeightNorm takes the direction of weight_v only, and a clone has parameters of its own") {
  nn::WeightNorm<nn::Linear> normed = nn::weight_norm(nn::Linear(3, 2));
  const Tensor x = uniform({4, 3}), y = normed(x);
  normed.weight_v.assign(normed.weight_v * 5);
  CHECK(allclose(normed(x), y, 1e-5, 1e-6));
  nn::WeightNorm<nn::Linear> twin = normed.clone();
  twin.weight_g.assign(zeros({2, 1}));
  twin.bias->assign(ones({2}));
  CHECK(allclose(twin(x), ones({4, 2})));
  CHECK(allclose(normed(x), y, 1e-5, 1e-6));
}

TEST_CASE("WeightNorm refuses what does not fit") {
  check_misuses({
      {[] { nn::weight_norm(nn::Linear(3, 2), 2); }, "WeightNorm: a weight (2, 3) has no axis 2"},
      {[] { nn::weight_norm(nn::Conv1d(3, 2, 1), -1); }, "WeightNorm: a weight (2, 3, 1) has no axis -1"},
      {[] {
         nn::weight_norm(nn::Linear(3, 2))(ones({2, 4}));
       },
       "linear: "},
  });
}
