// Pooling layers; the numbers are PyTorch's (parity/nn_pooling.py). MaxPool and AvgPool without options are in
// nn_layers.cpp.
#include <cmath>

#include "nn_support.hpp"
#include "nn_table.hpp"

using namespace xtape;
using nn_table::row;

namespace {

const nn_table::Table table = {
    row("MaxPool1d options", nn::MaxPool1d(MaxPoolOptions(3).stride(2).padding(1))),
    row("MaxPool2d options", nn::MaxPool2d(MaxPoolOptions({2, 3}).stride(1).dilation({1, 2}))),
    row("MaxPool3d options", nn::MaxPool3d(MaxPoolOptions(2).ceil_mode(true))),
    row("AvgPool1d options", nn::AvgPool1d(AvgPoolOptions(3).stride(2).padding(1).count_include_pad(false))),
    row("AvgPool2d options", nn::AvgPool2d(AvgPoolOptions({2, 3}).stride({1, 2}).divisor_override(5))),
    row("AvgPool3d options", nn::AvgPool3d(AvgPoolOptions(2).padding(1))),
    row("AdaptiveAvgPool1d", nn::AdaptiveAvgPool1d(3)),
    row("AdaptiveAvgPool1d longer", nn::AdaptiveAvgPool1d(5)),
    row("AdaptiveAvgPool2d", nn::AdaptiveAvgPool2d({2, 3})),
    row("AdaptiveAvgPool2d one", nn::AdaptiveAvgPool2d(1)),
    row("AdaptiveAvgPool3d", nn::AdaptiveAvgPool3d({1, 2, 3})),
    row("AdaptiveAvgPool3d two", nn::AdaptiveAvgPool3d(2)),
    row("AdaptiveMaxPool1d", nn::AdaptiveMaxPool1d(3)),
    row("AdaptiveMaxPool1d longer", nn::AdaptiveMaxPool1d(5)),
    row("AdaptiveMaxPool2d", nn::AdaptiveMaxPool2d({2, 3})),
    row("AdaptiveMaxPool2d one", nn::AdaptiveMaxPool2d(1)),
    row("AdaptiveMaxPool3d", nn::AdaptiveMaxPool3d({1, 2, 3})),
    row("AdaptiveMaxPool3d two", nn::AdaptiveMaxPool3d(2)),
    row("LPPool1d", nn::LPPool1d(2, 3)),
    row("LPPool1d power", nn::LPPool1d(1.5, AvgPoolOptions(2).stride(1))),
    row("LPPool2d", nn::LPPool2d(2, 2)),
    row("LPPool2d options", nn::LPPool2d(3, AvgPoolOptions({2, 3}).stride({1, 2}))),
    row("GlobalAvgPool", nn::GlobalAvgPool()),
    row("GlobalAvgPool volumes", nn::GlobalAvgPool()),
};

}  // namespace

XTAPE_CHECK_LAYERS("nn_pooling", table)

TEST_CASE("LPPool has gradient 0 where a window is 0 and sums what a last window has inside") {
  const Tensor x = tensor({{{0., 0., 3., 4., 2.}}}).requires_grad();
  const Tensor y = nn::LPPool1d(2, AvgPoolOptions(2).ceil_mode(true))(x);
  CHECK(allclose(y, tensor({{{0., 5., 2.}}})));
  CHECK(allclose(grad(sum(y), {x})[0], tensor({{{0., 0., 0.6, 0.8, 1.}}})));
}

TEST_CASE("pooling layers refuse what does not fit") {
  const Tensor x = ones({2, 3, 5, 5});
  check_misuses({
      {[] { nn::LPPool1d(0, 2); }, "LPPool1d: p is 0.000000, expected a positive finite number"},
      {[] { nn::LPPool2d(INFINITY, 2); }, "LPPool2d: p is inf, expected a positive finite number"},
      {[&] { nn::LPPool1d(2, 2)(x); }, "avg_pool1d: expected (batch, channels, length), got"},
      {[&] { nn::LPPool2d(2, 6)(x); }, "avg_pool2d: a window of kernel_size"},
      {[] {
         nn::GlobalAvgPool()(ones({2, 3}));
       },
       "GlobalAvgPool: expected (batch, channels, spatial...), got (2, 3)"},
      {[&] { nn::AdaptiveAvgPool1d(2)(x); }, "adaptive_avg_pool1d: expected (batch, channels, length), got"},
      {[&] { nn::AdaptiveMaxPool2d(-1)(x); }, "adaptive_max_pool2d: output_size"},
      {[&] {
         nn::AdaptiveMaxPool2d({1, 2, 3})(x);
       },
       "adaptive_max_pool2d: output_size"},
  });
}
