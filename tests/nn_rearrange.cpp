// Layers that put elements at other places or give images other sizes; the numbers are PyTorch's
// (parity/nn_rearrange.py).
#include <nn/identity.hpp>
#include <nn/rearrange.hpp>
#include <nn/upsample.hpp>

#include "nn_support.hpp"
#include "nn_table.hpp"

using namespace xtape;
using nn_table::row;

namespace {

const UnfoldOptions windows = UnfoldOptions({2, 3}).stride({1, 2}).padding({1, 0}).dilation({2, 1});
const InterpolateOptions linear = InterpolateOptions().mode(Interpolation::linear);

const nn_table::Table table = {
    row("Identity", nn::Identity()),
    row("Identity scalar", nn::Identity()),
    row("Unflatten", nn::Unflatten(1, {3, -1})),
    row("Unflatten last", nn::Unflatten(-1, {2, 1, 2})),
    row("Unfold", nn::Unfold(2)),
    row("Unfold options", nn::Unfold(windows)),
    row("Fold", nn::Fold({3, 4}, 2)),
    row("Fold options", nn::Fold({4, 5}, windows)),
    row("PixelShuffle", nn::PixelShuffle(2)),
    row("PixelShuffle of a volume", nn::PixelShuffle(3)),
    row("PixelUnshuffle", nn::PixelUnshuffle(2)),
    row("PixelUnshuffle of an image", nn::PixelUnshuffle(3)),
    row("ChannelShuffle", nn::ChannelShuffle(2)),
    row("ChannelShuffle sequences", nn::ChannelShuffle(3)),
    row("Upsample", nn::Upsample(InterpolateOptions().scale_factor(2))),
    row("Upsample images", nn::Upsample(InterpolateOptions().size({2, 5}))),
    row("Upsample linear", nn::Upsample(InterpolateOptions(linear).scale_factor(1.5))),
    row("Upsample bilinear", nn::Upsample(InterpolateOptions(linear).size({5, 4}))),
    row("Upsample align_corners",
        nn::Upsample(InterpolateOptions(linear).scale_factor(std::vector<double>{2, 3}).align_corners(true))),
    row("Upsample trilinear", nn::Upsample(InterpolateOptions(linear).scale_factor(2))),
};

}  // namespace

XTAPE_CHECK_LAYERS("nn_rearrange", table)

TEST_CASE("layers that rearrange are undone by their inverses") {
  const Tensor x = reshape(arange(48, float32), {1, 8, 2, 3});
  auto same = [&](const Tensor& y) {
    CHECK(y.shape() == x.shape());
    CHECK(y.to_vector<float>() == x.to_vector<float>());
  };
  same(nn::Sequential{nn::PixelShuffle(2), nn::PixelUnshuffle(2)}(x));
  same(nn::Sequential{nn::ChannelShuffle(2), nn::ChannelShuffle(4)}(x));
  same(nn::Sequential{nn::Flatten(), nn::Unflatten(1, {8, 2, 3})}(x));
  same(nn::Sequential{nn::Unfold(1), nn::Fold({2, 3}, 1)}(x));
  CHECK(nn::Identity()(x).data<float>() == x.data<float>());
  CHECK(nn::PixelShuffle(2)(ones({0, 4, 2, 3})).shape() == Shape{0, 1, 4, 6});
}

TEST_CASE("layers that rearrange refuse what does not fit") {
  const Tensor x = ones({2, 3, 5, 4});
  check_misuses({
      {[] { nn::PixelShuffle(0); }, "PixelShuffle: factor must be at least 1, got 0"},
      {[] { nn::PixelUnshuffle(-1); }, "PixelUnshuffle: factor must be at least 1, got -1"},
      {[] { nn::ChannelShuffle(0); }, "ChannelShuffle: groups must be at least 1, got 0"},
      {[&] { nn::PixelShuffle(2)(x); },
       "PixelShuffle: expected (..., channels, height, width) with channels divisible by 4, got (2, 3, 5, 4)"},
      {[&] {
         nn::PixelShuffle(1)(ones({2, 3}));
       },
       "PixelShuffle: expected (..., channels, height, width)"},
      {[&] { nn::PixelUnshuffle(2)(x); },
       "PixelUnshuffle: expected (..., channels, height, width) with height and width divisible by 2, got"},
      {[&] { nn::ChannelShuffle(2)(x); },
       "ChannelShuffle: expected (batch, channels, ...) with channels divisible by groups = 2, got (2, 3, 5, 4)"},
      {[&] {
         nn::Unflatten(1, {2, 2})(x);
       },
       "unflatten: "},
      {[&] { nn::Unfold(6)(x); }, "im2col: "},
      {[&] {
         nn::Fold({3, 3}, 2)(x);
       },
       "col2im: "},
      {[&] { nn::Upsample{InterpolateOptions()}(x); }, "interpolate: "},
      {[&] { nn::Upsample(InterpolateOptions().size(3).align_corners(true))(x); }, "interpolate: "},
  });
}
