// Sizes that are too large together are errors that name the line, and nothing is computed with what wraps around.
#include <doctest/doctest.h>

#include <limits>

#include "support.hpp"

using namespace xtape;

namespace {

constexpr std::int64_t half = std::int64_t{1} << 62, root = std::int64_t{1} << 32;

void check_too_large(const std::string& text, int line) {
  CAPTURE(text);
  const bool counted = text.find("would have more elements than can be counted") != std::string::npos;
  CHECK((counted || text.find("no memory for a ") != std::string::npos));
  CHECK(text.find("sizes.cpp:" + std::to_string(line) + "]") != std::string::npos);
}

}  // namespace

#define TOO_LARGE(...) check_too_large(message([&] { static_cast<void>(__VA_ARGS__); }), __LINE__)

TEST_CASE("shapes whose product overflows are refused however they are made") {
  Shape shape{half};
  shape.push_back(8);
  TOO_LARGE(Shape({half, 8}));
  TOO_LARGE(Shape({0, half, 8}));
  TOO_LARGE(Shape(std::vector<std::int64_t>{half, 8}));
  TOO_LARGE(shape.size());
  TOO_LARGE(zeros(shape));
  TOO_LARGE(uniform(shape));
  TOO_LARGE(zeros({half}, uint8));
  TOO_LARGE(eye(root, root));
  TOO_LARGE(arange(half));
  TOO_LARGE(arange(-half, half));
  TOO_LARGE(linspace(0, 1, half));
  TOO_LARGE(broadcast_to(ones({1, 1}), {root, root}));
  TOO_LARGE(expand(ones({1, 1}), {root, root}));
  TOO_LARGE(tile(ones({1, 1}), {root, root}));
  TOO_LARGE(one_hot(tensor({1, 2}), half));
  TOO_LARGE(pad(ones({2, 2}), {0, root, 0, root}));
  TOO_LARGE(broadcast_to(ones({1, 0, 1}), {half, 0, 8}));
}

TEST_CASE("layers whose sizes overflow are refused where they are made") {
  TOO_LARGE(nn::Linear(half, 8));
  TOO_LARGE(nn::Linear(1 << 30, 1 << 30));
  TOO_LARGE(nn::Bilinear(root, root, 8));
  TOO_LARGE(nn::Conv1d(half, 1, 8));
  TOO_LARGE(nn::Conv2d(1, 1, {root, root}));
  TOO_LARGE(nn::ConvTranspose3d(root, root, 1));
  TOO_LARGE(nn::Embedding(half, 8));
  TOO_LARGE(nn::EmbeddingBag(root, root));
  TOO_LARGE(nn::RNN(1, half));
  TOO_LARGE(nn::LSTM(1, half));
  TOO_LARGE(nn::GRU(1, half));
  TOO_LARGE(nn::LSTM(half, 1));
  TOO_LARGE(nn::RNNCell(1, half));
  TOO_LARGE(nn::LSTMCell(1, half));
  TOO_LARGE(nn::GRUCell(1, half));
  TOO_LARGE(nn::MultiheadAttention(half, 1));
  TOO_LARGE(nn::TransformerEncoderLayer(half, 1));
  TOO_LARGE(nn::TransformerEncoderLayer(8, 1, nn::TransformerOptions().feedforward(half)));
  TOO_LARGE(nn::TransformerDecoderLayer(half, 1));
  TOO_LARGE(nn::BatchNorm2d(half));
  TOO_LARGE(nn::InstanceNorm2d(half, nn::InstanceNormOptions().affine(true)));
  TOO_LARGE(nn::LayerNorm({half, 8}));
  TOO_LARGE(nn::RMSNorm({half, 8}));
  TOO_LARGE(nn::GroupNorm(1, half));
  TOO_LARGE(nn::PReLU(half));
  TOO_LARGE(nn::Swish(half));
  TOO_LARGE(nn::Snake(half));
  TOO_LARGE(nn::SinusoidalPositions(root, root));
  TOO_LARGE(nn::PixelShuffle{root});
  TOO_LARGE(nn::PixelShuffle(3037000500));
  TOO_LARGE(nn::PixelUnshuffle{root});
  const ConvOptions wide = ConvOptions().padding(half);
  const auto circular = [&] { return nn::Conv1d(1, 1, 1, wide, true, PadMode::circular); };
  CHECK(says(message([&] { circular(); }), "Conv1d: padding is 4611686018427387904, expected a number in [0, 2^31)",
             __LINE__ - 2));
}

TEST_CASE("the nearest neighbour is found in integers") {
  for (std::int64_t n = 1; n <= 120; ++n) {
    const Tensor x = reshape(arange(n, float32), {1, 1, n});
    for (std::int64_t m = 1; m <= 120; ++m) {
      std::vector<std::int64_t> expected;
      for (std::int64_t i = 0; i < m; ++i) expected.push_back(i * n / m);
      if (interpolate(x, InterpolateOptions().size(m)).to_vector<std::int64_t>() == expected) continue;
      FAIL_CHECK(n << " -> " << m);
    }
    std::vector<std::int64_t> expected;
    for (std::int64_t i = 0; i < 49 * n; ++i) expected.push_back(i / 49);
    CHECK(interpolate(x, InterpolateOptions().scale_factor(49)).to_vector<std::int64_t>() == expected);
  }
  const Tensor pair = tensor({{{0., 1.}}});
  CHECK(interpolate(pair, InterpolateOptions().size(82))[0][0][41].item() == 1);
  CHECK(interpolate(pair.to(float64), InterpolateOptions().size(82))[0][0][41].item() == 1);
}
