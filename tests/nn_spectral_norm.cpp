// Spectral normalisation; the numbers are PyTorch's (parity/nn_spectral_norm.py).
#include <nn/spectral_norm.hpp>

#include "nn_support.hpp"
#include "nn_table.hpp"

using namespace xtape;
using nn_table::row;

namespace {

template <class Layer>
nn::SpectralNorm<Layer> started(nn::SpectralNorm<Layer> norm, bool training = false) {
  for (const nn::Buffer& b : norm.buffers()) {
    std::vector<float> v;
    for (std::int64_t i = 0; i < b.shape()[0]; ++i) v.push_back(static_cast<float>(i % 3 + 1) / 4);
    b.assign(tensor(v));
  }
  norm.train(training);
  return norm;
}

template <class Layer>
Tensor steps(const nn::SpectralNorm<Layer>& norm, const Tensors& x) {
  const Tensor a = norm(x[0]), b = norm(x[1]);
  return nn_table::joined({a, b, norm.weight_u, norm.weight_v});
}

// The singular vectors move with the weight, without a gradient.
const nn_table::Bounds moving{1e-9, 2e-5, 2, false};

const nn_table::Table table = {
    row("SpectralNorm", started(nn::spectral_norm(nn::Linear(3, 2)))),
    row("SpectralNorm of a convolution",
        started(nn::spectral_norm(nn::Conv2d(2, 3, 2, ConvOptions().padding(1), false)))),
    row("SpectralNorm of a transposed convolution",
        started(nn::spectral_norm(nn::ConvTranspose1d(2, 3, 2, ConvOptions().stride(2)), 1, 1e-12, 1))),
    row("SpectralNorm training", started(nn::spectral_norm(nn::Linear(3, 2)), true), steps<nn::Linear>, moving),
    row("SpectralNorm training of a convolution", started(nn::spectral_norm(nn::Conv1d(2, 3, 2), 3, 0.1), true),
        steps<nn::Conv1d>, moving),
};

}  // namespace

XTAPE_CHECK_LAYERS("nn_spectral_norm", table)

TEST_CASE("SpectralNorm has PyTorch's parameters and buffers") {
  using Names = std::vector<std::string>;
  const nn::Conv2d conv(2, 3, 2);
  const nn::SpectralNorm<nn::Conv2d> norm = nn::spectral_norm(conv);
  CHECK(names_of(norm.named_parameters()) == Names{"bias", "weight_orig"});
  CHECK(names_of(norm.named_buffers()) == Names{"weight_u", "weight_v"});
  CHECK(shapes_of(norm.named_buffers()) == std::vector<Shape>{{3}, {8}});
  CHECK(norm.weight_orig.is(conv.weight));
  const auto transposed = nn::spectral_norm(nn::ConvTranspose1d(2, 3, 4, {}, false), 1, 1e-12, 1);
  CHECK(names_of(transposed.named_parameters()) == Names{"weight_orig"});
  CHECK(shapes_of(transposed.named_buffers()) == std::vector<Shape>{{3}, {8}});
}

TEST_CASE("SpectralNorm divides by the largest singular value, and moves its vectors in training only") {
  manual_seed(2);
  nn::Linear linear(2, 2, false);
  linear.weight.assign(tensor({{3., 0.}, {0., -5.}}));
  nn::SpectralNorm<nn::Linear> norm = nn::spectral_norm(linear);
  const Tensor unit = tensor({{1., 0.}, {0., 1.}}), expected = tensor({{0.6, 0.}, {0., -1.}});
  CHECK(allclose(norm(unit), expected, 1e-4, 1e-3));
  for (int i = 0; i < 20; ++i) norm(unit);
  CHECK(allclose(norm(unit), expected, 1e-5, 1e-6));
  const Tensor u = norm.weight_u;
  norm.eval();
  norm(unit);
  CHECK(norm.weight_u.tensor().data<float>() == u.data<float>());

  nn::SpectralNorm<nn::Linear> twin = norm.clone();
  twin.train();
  twin.weight_orig.assign(tensor({{2., 0.}, {0., 0.}}));
  twin.weight_u.assign(tensor({1., 0.}));
  twin(unit);
  CHECK(allclose(twin(unit), tensor({{1., 0.}, {0., 0.}}), 1e-5, 1e-6));
  CHECK(allclose(norm(unit), expected, 1e-5, 1e-6));
}

TEST_CASE("a recorded step of SpectralNorm moves its vectors in each replay") {
  const nn::SpectralNorm<nn::Linear> norm = started(nn::spectral_norm(nn::Linear(3, 2)), true), eager = norm.clone();
  const Tensor x = uniform({4, 3});
  Replay step = record([&](const Tensors& in) { return norm(in[0]); }, {x});
  for (int i = 0; i < 3; ++i) {
    CHECK(step({x})[0].to_vector<float>() == eager(x).to_vector<float>());
    CHECK(norm.weight_u.tensor().to_vector<float>() == eager.weight_u.tensor().to_vector<float>());
  }
}

TEST_CASE("SpectralNorm refuses what does not fit") {
  check_misuses({
      {[] { nn::spectral_norm(nn::Linear(3, 2), 0); }, "SpectralNorm: n_power_iterations must be at least 1, got 0"},
      {[] { nn::spectral_norm(nn::Linear(3, 2), 1, -1); }, "SpectralNorm: eps is -1.000000, expected at least 0"},
      {[] { nn::spectral_norm(nn::Linear(3, 2), 1, 0, 2); }, "SpectralNorm: a weight (2, 3) has no axis 2"},
  });
}
