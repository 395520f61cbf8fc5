// Pooling layers; the numbers are PyTorch's (parity/nn_pooling.py). MaxPool and AvgPool without options are in
// nn_layers.cpp.
#include <cmath>

#include "nn_support.hpp"
#include "nn_table.hpp"

using namespace xtape;
using nn_table::row;

namespace {

const auto unpooled = [](const auto& m, const Tensors& x) { return m(x[0], x[1]); };
template <int axes>
const auto fractional = [](const auto& m, const Tensors& x) {
  return m(x[0], full({x[0].shape()[0], x[0].shape()[1], axes}, 0.375, x[0].dtype()));
};

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
    row("LPPool2d without batch", nn::LPPool2d(2, 2, 1)),
    row("MaxUnpool1d", nn::MaxUnpool1d(2), unpooled),
    row("MaxUnpool1d options", nn::MaxUnpool1d(3, 2, 1), unpooled),
    row("MaxUnpool2d", nn::MaxUnpool2d({2, 3}), unpooled),
    row("MaxUnpool2d without batch", nn::MaxUnpool2d(2, 2), unpooled),
    row("MaxUnpool2d size", nn::MaxUnpool2d(2),
        [](auto& m, auto& x) {
          return m(x[0], x[1], Shape{5, 5});
        }),
    row("MaxUnpool3d", nn::MaxUnpool3d(2), unpooled),
    row("FractionalMaxPool2d", nn::FractionalMaxPool2d(2, {3, 2}), fractional<2>),
    row("FractionalMaxPool2d ratio", nn::FractionalMaxPool2d(FractionalMaxPoolOptions({2, 3}).output_ratio(0.5)),
        fractional<2>),
    row("FractionalMaxPool3d", nn::FractionalMaxPool3d(2, 2), fractional<3>),
    row("FractionalMaxPool3d ratio", nn::FractionalMaxPool3d(FractionalMaxPoolOptions(2).output_ratio({0.5, 0.6, 0.7})),
        fractional<3>),
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

TEST_CASE("pooling layers give the indices that unpooling takes") {
  const Tensor x = reshape(permutation(2 * 3 * 4 * 5 * 6), {2, 3, 4, 5, 6}).to(float32) + 1;
  auto there_and_back = [](const auto& pool, const auto& unpool, const Tensor& x) {
    const auto [y, k] = pool.forward_with_indices(x);
    CHECK(allclose(y, pool(x)));
    const Tensor back = unpool(y, k, x.shape());
    CHECK(back.shape() == x.shape());
    CHECK(all((back == 0) | (back == x)).template item<bool>());
    CHECK(count_nonzero(back).template item<std::int64_t>() == y.size());
  };
  there_and_back(nn::MaxPool1d(2), nn::MaxUnpool1d(2), x[0][0][0]);
  there_and_back(nn::MaxPool1d(2), nn::MaxUnpool1d(2), x[0][0]);
  there_and_back(nn::MaxPool2d(2), nn::MaxUnpool2d(2), x[0]);
  there_and_back(nn::MaxPool2d(2, 2), nn::MaxUnpool2d(2, 2), x[0][0]);
  there_and_back(nn::MaxPool3d(2), nn::MaxUnpool3d(2), x);
  there_and_back(nn::MaxPool3d({1, 2, 3}), nn::MaxUnpool3d({1, 2, 3}), x[0]);
  there_and_back(nn::AdaptiveMaxPool1d(3), nn::MaxUnpool1d(2), x[0][0]);
  there_and_back(nn::AdaptiveMaxPool2d({1, 3}), nn::MaxUnpool2d({5, 2}), x[0]);
  there_and_back(nn::AdaptiveMaxPool3d({4, 1, 3}), nn::MaxUnpool3d({1, 5, 2}), x);
  const auto [y, k] = nn::FractionalMaxPool2d(2, 3).forward_with_indices(x[0]);
  CHECK(y.shape() == Shape{3, 4, 3, 3});
  CHECK(allclose(gather(flatten(x[0], 2), 2, flatten(k, 2)), flatten(y, 2)));
}

TEST_CASE("FractionalMaxPool draws its windows at each call and in each replay") {
  manual_seed(6);
  const nn::FractionalMaxPool2d pool(2, {6, 5});
  const Tensor x = normal({2, 3, 10, 9});
  CHECK(pool(x).to_vector<float>() != pool(x).to_vector<float>());
  Replay step = record([&](const Tensors& in) { return pool(in[0]); }, {x});
  const Tensor a = step({x})[0], b = step({x})[0];
  CHECK(a.to_vector<float>() != b.to_vector<float>());
  const Tensor leaf = x.requires_grad();
  auto gradient = [&](const std::function<Tensor(const Tensor&)>& f) {
    manual_seed(7);
    return grad(sum(square(f(leaf))), leaf).to_vector<float>();
  };
  CHECK(gradient([&](const Tensor& x) { return checkpoint([&](const Tensor& x) { return pool(x); }, x); }) ==
        gradient([&](const Tensor& x) { return pool(x); }));
}

TEST_CASE("pooling layers refuse what does not fit") {
  const Tensor x = ones({2, 3, 5, 5});
  check_misuses({
      {[] { nn::LPPool1d(0, 2); }, "LPPool1d: p is 0.000000, expected a positive finite number"},
      {[] { nn::LPPool2d(INFINITY, 2); }, "LPPool2d: p is inf, expected a positive finite number"},
      {[&] { nn::LPPool1d(2, 2)(x); }, "avg_pool1d: expected ([batch,] channels, length), got"},
      {[&] { nn::LPPool2d(2, 6)(x); }, "avg_pool2d: a window of kernel_size"},
      {[] {
         nn::GlobalAvgPool()(ones({2, 3}));
       },
       "GlobalAvgPool: expected (batch, channels, spatial...), got (2, 3)"},
      {[&] { nn::AdaptiveAvgPool1d(2)(x); }, "adaptive_avg_pool1d: expected ([batch,] channels, length), got"},
      {[&] { nn::AdaptiveMaxPool2d(-1)(x); }, "adaptive_max_pool2d: output_size"},
      {[&] {
         nn::AdaptiveMaxPool2d({1, 2, 3})(x);
       },
       "adaptive_max_pool2d: output_size"},
  });
}
