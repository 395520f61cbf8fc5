// Padding layers; the numbers are PyTorch's (parity/nn_padding.py).
#include "nn_support.hpp"
#include "nn_table.hpp"

using namespace xtape;
using nn_table::row;

namespace {

const nn_table::Table table = {
    row("ZeroPad2d", nn::ZeroPad2d(1)),
    row("ZeroPad2d sides", nn::ZeroPad2d({1, -1, 0, 2})),
    row("ConstantPad1d", nn::ConstantPad1d(2, 0.5)),
    row("ConstantPad1d sides", nn::ConstantPad1d({0, 3}, -1)),
    row("ConstantPad2d", nn::ConstantPad2d(1, 2)),
    row("ConstantPad2d sides", nn::ConstantPad2d({1, 0, -1, 2}, 2)),
    row("ConstantPad3d", nn::ConstantPad3d(1, 0.5)),
    row("ConstantPad3d sides", nn::ConstantPad3d({1, 0, 0, 2, 1, 1}, 0.5)),
    row("ReflectionPad1d", nn::ReflectionPad1d(3)),
    row("ReflectionPad1d sides", nn::ReflectionPad1d({0, 2})),
    row("ReflectionPad2d", nn::ReflectionPad2d(2)),
    row("ReflectionPad2d sides", nn::ReflectionPad2d({1, 3, 0, 2})),
    row("ReflectionPad3d", nn::ReflectionPad3d(1)),
    row("ReflectionPad3d sides", nn::ReflectionPad3d({1, 0, 2, 1, 0, 1})),
    row("ReplicationPad1d", nn::ReplicationPad1d(3)),
    row("ReplicationPad1d sides", nn::ReplicationPad1d({0, 2})),
    row("ReplicationPad2d", nn::ReplicationPad2d(2)),
    row("ReplicationPad2d sides", nn::ReplicationPad2d({1, 3, 0, 2})),
    row("ReplicationPad3d", nn::ReplicationPad3d(1)),
    row("ReplicationPad3d sides", nn::ReplicationPad3d({1, 0, 2, 1, 0, 1})),
    row("CircularPad1d", nn::CircularPad1d(3)),
    row("CircularPad1d sides", nn::CircularPad1d({0, 2})),
    row("CircularPad2d", nn::CircularPad2d(2)),
    row("CircularPad2d sides", nn::CircularPad2d({1, 3, 0, 2})),
    row("CircularPad3d", nn::CircularPad3d(1)),
    row("CircularPad3d sides", nn::CircularPad3d({1, 0, 2, 1, 0, 1})),
};

}  // namespace

XTAPE_CHECK_LAYERS("nn_padding", table)

TEST_CASE("padding layers refuse pads that do not fit") {
  const Tensor x = ones({1, 1, 3, 4});
  check_misuses({
      {[] {
         nn::ZeroPad2d({1, 2});
       },
       "ZeroPad2d: 2 pads, expected one, or 4"},
      {[] {
         nn::ConstantPad1d({1, 2, 3}, 0);
       },
       "ConstantPad1d: 3 pads, expected one, or 2"},
      {[] {
         nn::ReflectionPad3d({1, 2, 3, 4});
       },
       "ReflectionPad3d: 4 pads, expected one, or 6"},
      {[] { nn::ReflectionPad1d(-1); }, "ReflectionPad1d: pads must be at least 0, got -1"},
      {[] {
         nn::CircularPad2d({0, 0, 0, -2});
       },
       "CircularPad2d: pads must be at least 0, got -2"},
      {[&] { nn::ReflectionPad2d(3)(x); }, "pad: pads "},
      {[&] { nn::CircularPad2d(4)(x); }, "pad: pads "},
      {[&] { nn::ConstantPad2d(-2, 1)(x); }, "pad: pads "},
      {[] {
         nn::ReplicationPad3d(1)(ones({2, 2}));
       },
       "pad: pads "},
  });
}
