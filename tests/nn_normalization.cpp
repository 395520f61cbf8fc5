// Options of normalisation layers; the numbers are PyTorch's (parity/nn_normalization.py). Other rows are in
// nn_layers.cpp.
#include <cmath>

#include "nn_support.hpp"
#include "nn_table.hpp"

using namespace xtape;
using nn::BatchNormOptions;
using nn::InstanceNormOptions;
using nn_table::row;

namespace {

// Two steps of training and one out of it, with what they left in the buffers.
template <class M>
Tensor steps(const M& module, const Tensors& x) {
  M norm = module;
  Tensors y = {norm(x[0]), norm(x[1])};
  norm.eval();
  y.push_back(norm(x[2]));
  y.push_back(norm.running_mean->tensor() + (norm.num_batches_tracked->tensor() - 2));
  y.push_back(*norm.running_var);
  return nn_table::joined(y);
}

template <class M>
Tensor both_modes(const M& module, const Tensors& x) {
  M norm = module;
  const Tensor y = norm(x[0]);
  norm.eval();
  return nn_table::joined({y, norm(x[0])});
}

// Statistics move without a gradient.
const nn_table::Bounds moving{1e-9, 2e-5, 2, false};

nn::InstanceNorm2d out_of_training() {
  nn::InstanceNorm2d norm(2, InstanceNormOptions().affine(true).track_running_stats(true));
  norm.eval();
  return norm;
}

const InstanceNormOptions tracking = InstanceNormOptions().track_running_stats(true);
const InstanceNormOptions affine = InstanceNormOptions().affine(true);

const nn_table::Table table = {
    row("BatchNorm1d without affine", nn::BatchNorm1d(3, BatchNormOptions().affine(false))),
    row("BatchNorm1d cumulative", nn::BatchNorm1d(2, BatchNormOptions().momentum({})), steps<nn::BatchNorm1d>, moving),
    row("BatchNorm2d without statistics", nn::BatchNorm2d(2, BatchNormOptions().track_running_stats(false)),
        both_modes<nn::BatchNorm2d>),
    row("InstanceNorm1d", nn::InstanceNorm1d(3)),
    row("InstanceNorm1d statistics", nn::InstanceNorm1d(2, InstanceNormOptions(tracking).affine(true)),
        steps<nn::InstanceNorm1d>, moving),
    row("InstanceNorm2d", nn::InstanceNorm2d(2, InstanceNormOptions().eps(0.1))),
    row("InstanceNorm2d affine", nn::InstanceNorm2d(2, affine), both_modes<nn::InstanceNorm2d>),
    row("InstanceNorm2d statistics", nn::InstanceNorm2d(2, InstanceNormOptions(tracking).momentum(0.3).eps(0.01)),
        steps<nn::InstanceNorm2d>, moving),
    row("InstanceNorm2d eval", out_of_training()),
    row("InstanceNorm3d", nn::InstanceNorm3d(2)),
    row("InstanceNorm3d affine", nn::InstanceNorm3d(1, affine)),
    row("LayerNorm without bias", nn::LayerNorm(3, 1e-5, true, false)),
    row("LayerNorm without affine", nn::LayerNorm({2, 3}, 1e-5, false)),
    row("GroupNorm without affine", nn::GroupNorm(2, 4, 0.01, false)),
    row("RMSNorm without affine", nn::RMSNorm(4, 0.1, false)),
    row("LocalResponseNorm", nn::LocalResponseNorm(3)),
    row("LocalResponseNorm of even size", nn::LocalResponseNorm(2, 0.5, 1.5, 2)),
    row("LocalResponseNorm of more channels than there are", nn::LocalResponseNorm(5, 1)),
};

}  // namespace

XTAPE_CHECK_LAYERS("nn_normalization", table)

TEST_CASE("normalisation has the parameters and buffers that its options ask for, with PyTorch's names") {
  using Names = std::vector<std::string>;
  const Names parameters{"weight", "bias"}, buffers{"running_mean", "running_var", "num_batches_tracked"};
  const nn::BatchNorm2d plain(3, BatchNormOptions().affine(false)),
      own(3, BatchNormOptions().track_running_stats(false));
  CHECK(plain.parameters().empty());
  CHECK_FALSE(plain.weight);
  CHECK(names_of(plain.named_buffers()) == buffers);
  CHECK(names_of(own.named_parameters()) == parameters);
  CHECK(own.buffers().empty());
  CHECK_FALSE(own.running_mean);

  const nn::InstanceNorm2d instance(3), full(3, InstanceNormOptions().affine(true).track_running_stats(true));
  CHECK(instance.parameters().empty());
  CHECK(instance.buffers().empty());
  CHECK(names_of(full.named_parameters()) == parameters);
  CHECK(shapes_of(full.named_parameters()) == std::vector<Shape>{{3}, {3}});
  CHECK(names_of(full.named_buffers()) == buffers);
  CHECK(shapes_of(full.named_buffers()) == std::vector<Shape>{{3}, {3}, {}});

  CHECK(nn::LayerNorm(3, 1e-5, false).parameters().empty());
  CHECK(nn::GroupNorm(1, 3, 1e-5, false).parameters().empty());
  CHECK(nn::RMSNorm(3, {}, false).parameters().empty());
}

TEST_CASE("running statistics without momentum are the means over all batches") {
  const nn::BatchNorm1d bn(1, BatchNormOptions().momentum({}));
  for (double m : {1., 2., 6.}) bn(tensor({{m - 1}, {m + 1}}));
  CHECK(allclose(bn.running_mean->tensor(), tensor({3.})));
  CHECK(allclose(bn.running_var->tensor(), tensor({2.})));

  // The count moves in a replay, too.
  const nn::BatchNorm1d recorded(1, BatchNormOptions().momentum({}));
  Replay step = record([&](const Tensors& in) { return recorded(in[0]); }, {tensor({{0.}, {2.}})});
  for (double m : {1., 2., 6.}) step({tensor({{m - 1}, {m + 1}})});
  CHECK(allclose(recorded.running_mean->tensor(), tensor({3.})));
  CHECK(recorded.num_batches_tracked->tensor().item() == 3);
}

TEST_CASE("InstanceNorm takes each example by itself and keeps the means of their statistics") {
  nn::InstanceNorm1d norm(1, InstanceNormOptions().momentum(0.5).track_running_stats(true));
  const Tensor x = tensor({{{0., 2.}}, {{10., 14.}}});
  CHECK(allclose(norm(x), tensor({{{-1., 1.}}, {{-1., 1.}}}), 1e-4));
  CHECK(allclose(norm.running_mean->tensor(), tensor({0.5 * (1 + 12) / 2})));
  CHECK(allclose(norm.running_var->tensor(), tensor({0.5 + 0.5 * (2 + 8) / 2})));
  norm.eval();
  const double deviation = std::sqrt(3 + 1e-5);
  CHECK(allclose(norm(tensor({{{3.25, 5.25}}})), tensor({{{0., 2 / deviation}}}), 1e-5, 1e-6));
  CHECK(norm.num_batches_tracked->tensor().item() == 1);
}

TEST_CASE("normalisation refuses what does not fit") {
  const Tensor x = ones({2, 3, 5, 5});
  check_misuses({
      {[] { nn::InstanceNorm1d(0); }, "InstanceNorm1d: channels must be at least 1, got 0"},
      {[] { nn::InstanceNorm2d(2, InstanceNormOptions().eps(-1)); },
       "InstanceNorm2d: eps is -1.000000, expected at least 0"},
      {[] { nn::InstanceNorm3d(2, InstanceNormOptions().momentum(1.5)); },
       "InstanceNorm3d: momentum is 1.500000, expected a number in [0, 1]"},
      {[&] { nn::InstanceNorm1d(3)(x); }, "InstanceNorm1d: expected ([batch,] 3, length), got float32(2, 3, 5, 5)"},
      {[&] {
         nn::InstanceNorm1d(3)(ones({2, 3}));
       },
       "InstanceNorm1d: expected ([batch,] 3, length), got float32(2, 3)"},
      {[&] { nn::InstanceNorm2d(4)(x); },
       "InstanceNorm2d: expected ([batch,] 4, height, width), got float32(2, 3, 5, 5)"},
      {[&] { nn::InstanceNorm3d(3)(x); }, "InstanceNorm3d: expected ([batch,] 3, depth, height, width), got"},
      {[&] {
         nn::InstanceNorm1d(3)(ones({2, 3, 1}));
       },
       "instance_norm: each channel of an input (2, 3, 1) has only"},
      {[&] { nn::LayerNorm(4, 1e-5, false)(x); }, "layer_norm: the last axes of an input (2, 3, 5, 5) are not (4,)"},
      {[&] { nn::GroupNorm(2, 4, 1e-5, false)(x); }, "GroupNorm: expected (batch, 4, ...), got float32(2, 3, 5, 5)"},
      {[] { nn::LocalResponseNorm(0); }, "LocalResponseNorm: size must be at least 1, got 0"},
      {[] {
         nn::LocalResponseNorm(2)(ones({2, 3}));
       },
       "LocalResponseNorm: expected (batch, channels, spatial...), got float32(2, 3)"},
  });
}
