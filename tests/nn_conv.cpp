// Transposed convolutions and margins other than zeros; the numbers are PyTorch's (parity/nn_conv.py). Other rows of
// Conv1d, Conv2d and Conv3d are in nn_layers.cpp.
#include "nn_support.hpp"
#include "nn_table.hpp"

using namespace xtape;
using nn_table::row;

namespace {

const ConvOptions longer = ConvOptions().stride(2).padding(1).output_padding(1).groups(2).dilation(2);
const ConvOptions uneven =
    ConvOptions().stride({2, 1}).padding({0, 1}).output_padding({1, 0}).groups(2).dilation({1, 2});
const ConvOptions deep = ConvOptions().stride({1, 2, 2}).padding({1, 0, 0}).groups(2);

const ConvOptions wide = ConvOptions().padding(2), same = ConvOptions().same_padding().dilation({1, 2});

const nn_table::Table table = {
    row("Conv1d circular", nn::Conv1d(2, 3, 3, wide, true, PadMode::circular)),
    row("Conv1d reflect", nn::Conv1d(1, 2, 2, ConvOptions().stride(2).padding(1), false, PadMode::reflect)),
    row("Conv2d reflect",
        nn::Conv2d(1, 2, {2, 3}, ConvOptions().stride({2, 1}).padding({1, 2}), true, PadMode::reflect)),
    row("Conv2d replicate same", nn::Conv2d(1, 2, {2, 3}, same, true, PadMode::replicate)),
    row("Conv3d replicate", nn::Conv3d(1, 1, {1, 2, 2}, ConvOptions().padding({2, 1, 0}), true, PadMode::replicate)),
    row("Conv3d circular", nn::Conv3d(2, 2, 2, ConvOptions().padding(1).groups(2), false, PadMode::circular)),
    row("ConvTranspose1d", nn::ConvTranspose1d(2, 3, 3)),
    row("ConvTranspose1d options", nn::ConvTranspose1d(4, 2, 3, longer, false)),
    row("ConvTranspose2d", nn::ConvTranspose2d(2, 3, {2, 3})),
    row("ConvTranspose2d options", nn::ConvTranspose2d(4, 6, 2, uneven)),
    row("ConvTranspose3d", nn::ConvTranspose3d(1, 2, {1, 2, 2})),
    row("ConvTranspose3d options", nn::ConvTranspose3d(2, 2, 2, deep, false)),
};

}  // namespace

XTAPE_CHECK_LAYERS("nn_conv", table)

TEST_CASE("transposed convolutions have PyTorch's parameters and start as its do") {
  using Names = std::vector<std::string>;
  manual_seed(3);
  const nn::ConvTranspose2d wide(400, 32, 5, ConvOptions().groups(2));  // 16 * 25 numbers for each input channel
  CHECK(names_of(wide.named_parameters()) == Names{"weight", "bias"});
  CHECK(shapes_of(wide.named_parameters()) == std::vector<Shape>{{400, 16, 5, 5}, {32}});
  CHECK(names_of(nn::ConvTranspose1d(1, 1, 1, {}, false).named_parameters()) == Names{"weight"});
  for (const Parameter& p : wide.parameters()) {
    const double largest = max(abs(p)).item();
    CHECK(largest <= 1 / 20.);
    CHECK(largest > 0.045);
  }
}

TEST_CASE("a convolution with a margin other than zeros refuses what does not fit") {
  const Tensor x = ones({2, 3, 5, 5});
  check_misuses({
      {[] { nn::ConvTranspose2d(1, 1, 2, {}, true, PadMode::reflect); },
       "ConvTranspose2d: a transposed convolution has only zeros as its margin"},
      {[] {
         nn::Conv3d(1, 1, 3, ConvOptions().padding({1, 1}), true, PadMode::reflect);
       },
       "Conv3d: padding has 2 numbers, expected one, or 3"},
      {[] { nn::Conv1d(1, 1, 3, ConvOptions().stride(2).same_padding(), true, PadMode::circular); },
       "Conv1d: same_padding needs stride 1, got 2"},
      {[&] { nn::Conv2d(3, 1, 3, ConvOptions().padding(5), true, PadMode::reflect)(x); }, "pad: "},
      {[&] { nn::Conv1d(3, 1, 3, ConvOptions().padding(1), true, PadMode::circular)(x); },
       "conv1d: expected ([batch,] channels, length), got"},
  });
}

TEST_CASE("transposed convolutions refuse what does not fit") {
  const Tensor x = ones({2, 3, 5, 5});
  check_misuses({
      {[] { nn::ConvTranspose2d(0, 3, 2); }, "ConvTranspose2d: channels must be at least 1, got in = 0, out = 3"},
      {[] { nn::ConvTranspose1d(4, 6, 3, ConvOptions().groups(4)); },
       "ConvTranspose1d: groups = 4 does not divide in = 4 and out = 6"},
      {[] {
         nn::ConvTranspose3d(1, 1, {2, 2});
       },
       "ConvTranspose3d: the kernel size has 2 numbers, expected one, or 3"},
      {[] { nn::ConvTranspose2d(1, 1, 0); }, "ConvTranspose2d: the kernel size must be at least 1, got 0"},
      {[&] { nn::ConvTranspose2d(4, 1, 3)(x); }, "conv_transpose2d: x (2, 3, 5, 5) and weight (4, 1, 3, 3) do not fit"},
      {[&] { nn::ConvTranspose1d(3, 1, 3)(x); }, "conv_transpose1d: expected ([batch,] channels, length), got"},
      {[&] { nn::ConvTranspose2d(3, 1, 3, ConvOptions().output_padding(1))(x); },
       "conv_transpose2d: output_padding 1 must be smaller than stride 1 or dilation 1"},
  });
}
