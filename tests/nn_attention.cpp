// Attention with several heads; the numbers are PyTorch's (parity/nn_attention.py).
#include <cmath>
#include <limits>
#include <nn/attention.hpp>

#include "nn_support.hpp"
#include "nn_table.hpp"

using namespace xtape;
using nn::AttentionMask;
using nn::MultiheadAttention;
using Options = nn::MultiheadAttentionOptions;
using nn_table::row;

namespace {

Tensor cross(const MultiheadAttention& m, const Tensors& x) { return m(x[0], x[1], x[2]); }
Tensor causal(const MultiheadAttention& m, const Tensors& x) { return m(x[0], AttentionMask().causal()); }
Tensor masked(const MultiheadAttention& m, const Tensors& x) { return m(x[0], AttentionMask().mask(x[1])); }
Tensor cross_masked(const MultiheadAttention& m, const Tensors& x) {
  return m(x[0], x[1], x[2], AttentionMask().mask(x[3]).key_mask(x[4]));
}
Tensor with_weights(const MultiheadAttention& m, const Tensors& x) {
  const AttentionMask mask = AttentionMask().mask(x[2]);
  return nn_table::joined({m(x[0], x[1], x[1], mask), m.weights(x[0], x[1], mask)});
}

const nn_table::Table table = {
    row("MultiheadAttention", MultiheadAttention(4, 2)),
    row("MultiheadAttention of one sequence", MultiheadAttention(4, 2)),
    row("MultiheadAttention causal without bias", MultiheadAttention(4, 2, Options().bias(false)), causal),
    row("MultiheadAttention cross", MultiheadAttention(4, 2), cross),
    row("MultiheadAttention batch first", MultiheadAttention(4, 2, Options().batch_first(true)), cross),
    row("MultiheadAttention other sizes", MultiheadAttention(4, 2, Options().kdim(3).vdim(5)), cross),
    row("MultiheadAttention mask and padding", MultiheadAttention(4, 2), cross_masked),
    row("MultiheadAttention floating mask", MultiheadAttention(4, 2), masked),
    row("MultiheadAttention floating mask and padding", MultiheadAttention(4, 2), cross_masked),
    row("MultiheadAttention floating padding", MultiheadAttention(4, 2), cross_masked),
    row("MultiheadAttention mask of heads", MultiheadAttention(4, 2), masked),
    row("MultiheadAttention weights", MultiheadAttention(4, 2), with_weights),
};

}  // namespace

XTAPE_CHECK_LAYERS("nn_attention", table)

TEST_CASE("parameters of attention have PyTorch's names and shapes and start as its do") {
  using Names = std::vector<std::string>;
  const MultiheadAttention packed(64, 4), own(4, 2, Options().kdim(3).vdim(5)), plain(4, 2, Options().bias(false));
  CHECK(names_of(packed.named_parameters()) ==
        Names{"in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"});
  CHECK(shapes_of(packed.named_parameters()) == std::vector<Shape>{{192, 64}, {192}, {64, 64}, {64}});
  CHECK(names_of(own.named_parameters()) ==
        Names{"q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"});
  CHECK(shapes_of(own.named_parameters()) == std::vector<Shape>{{4, 4}, {4, 3}, {4, 5}, {12}, {4, 4}, {4}});
  CHECK(names_of(plain.named_parameters()) == Names{"in_proj_weight", "out_proj.weight"});

  auto largest = [](const Tensor& t) { return max(abs(t)).item(); };
  const double xavier = std::sqrt(6. / (192 + 64)), uniform = 1 / 8.;
  CHECK(largest(*packed.in_proj_weight) <= xavier);
  CHECK(largest(*packed.in_proj_weight) > 0.99 * xavier);
  CHECK(largest(packed.out_proj.weight) <= uniform);
  CHECK(largest(packed.out_proj.weight) > 0.99 * uniform);
  CHECK(largest(*packed.in_proj_bias) == 0);
  CHECK(largest(*packed.out_proj.bias) == 0);
}

TEST_CASE("a mask of attention is true where a query may look") {
  const MultiheadAttention attention(4, 2, Options().batch_first(true));
  const Tensor x = normal({1, 3, 4});
  const Tensor look = tensor({{true, false, false}, {true, true, false}, {true, true, true}});
  const Tensor w = attention.weights(x, x, AttentionMask().mask(look));
  CHECK(w.shape() == Shape{1, 2, 3, 3});
  CHECK(allclose(where(look, 0., w), zeros(w.shape())));
  CHECK(allclose(sum(w, -1), ones({1, 2, 3})));
  CHECK(allclose(attention.weights(x, x, AttentionMask().causal()), w));
  CHECK(allclose(attention(x, AttentionMask().causal()), attention(x, AttentionMask().mask(look)), 1e-5, 1e-6));

  const Tensor first_two = attention(slice(x, 1, Slice(0, 2)));
  const Tensor padded = attention(x, AttentionMask().key_mask(tensor({{true, true, false}})));
  CHECK(allclose(slice(padded, 1, Slice(0, 2)), first_two, 1e-5, 1e-6));
}

TEST_CASE("a query that may look nowhere gets the bias of out_proj, and no NaN goes back") {
  const Tensor look = tensor({{true, true}, {false, false}}), x = normal({2, 1, 4}).requires_grad();
  for (double dropout : {0., 1e-9}) {  // the op, and in steps
    CAPTURE(dropout);
    MultiheadAttention attention(4, 2, Options().dropout(dropout));
    attention.out_proj.bias->assign(tensor({1., 2., 3., 4.}));
    const Tensor y = attention(x, AttentionMask().mask(look));
    CHECK(allclose(y[1], tensor({{1., 2., 3., 4.}})));
    CHECK_FALSE(allclose(y[0], y[1], 0.01, 0.01));
    const Tensor infinite = where(look, 0., -std::numeric_limits<double>::infinity()).to(float32);
    CHECK(allclose(attention(x, AttentionMask().mask(infinite)), y));
    CHECK(allclose(grad(sum(y), {x})[0], grad(sum(attention(x, AttentionMask().mask(infinite))), {x})[0]));
    CHECK(allclose(attention.weights(x, x, AttentionMask().mask(look))[0][0][1], zeros({2})));
  }
}

TEST_CASE("dropout of attention drops weights in training only") {
  MultiheadAttention attention(8, 2, Options().dropout(0.5)), none(8, 2, Options().dropout(1));
  const Tensor x = normal({5, 3, 8});
  manual_seed(1);
  const Tensor a = attention(x, AttentionMask().causal());
  CHECK_FALSE(allclose(attention(x, AttentionMask().causal()), a, 0.1, 0.1));
  manual_seed(1);
  CHECK(allclose(attention(x, AttentionMask().causal()), a));
  CHECK(allclose(none(x), broadcast_to(*none.out_proj.bias, {5, 3, 8})));

  // The mean of many is what there is without dropout.
  Tensor total = zeros({5, 3, 8});
  for (int i = 0; i < 2000; ++i) total += attention(x, AttentionMask().causal()).detach();
  attention.eval();
  const Tensor y = attention(x, AttentionMask().causal());
  CHECK(allclose(total / 2000, y, 0, 0.05));
  CHECK(allclose(attention(x, AttentionMask().causal()), y));
}

TEST_CASE("attention refuses what does not fit") {
  const Tensor x = ones({3, 2, 4});
  const MultiheadAttention attention(4, 2), other(4, 2, Options().kdim(3).batch_first(true));
  check_misuses({
      {[] { MultiheadAttention(4, 3); },
       "MultiheadAttention: heads = 3 does not divide embed = 4, of which each head takes an equal part"},
      {[] { MultiheadAttention(0, 1); },
       "MultiheadAttention: sizes must be at least 1, got embed = 0, heads = 1, kdim = 0, vdim = 0"},
      {[] { MultiheadAttention(4, 2, Options().kdim(0)); }, "MultiheadAttention: sizes must be at least 1, got embed"},
      {[] { MultiheadAttention(4, 2, Options().dropout(1.5)); },
       "MultiheadAttention: dropout is 1.500000, expected a probability in [0, 1]"},
      {[&] {
         attention(ones({3, 2, 5}));
       },
       "MultiheadAttention: expected queries (time, batch, 4) or (time, 4), got float32(3, 2, 5)"},
      {[&] { attention(ones({4})); }, "MultiheadAttention: expected queries (time, batch, 4) or (time, 4), got"},
      {[&] { other(x, x, x); },
       "MultiheadAttention: expected keys (batch, time, 3) or (time, 3), got float32(3, 2, 4)"},
      {[&] {
         attention(x, x, ones({3, 2, 3}));
       },
       "MultiheadAttention: expected values (time, batch, 4) or (time, 4), got float32(3, 2, 3)"},
      {[&] {
         attention(x, x, ones({5, 2, 4}));
       },
       "MultiheadAttention: there are keys float32(3, 2, 4) and values float32(5, 2, 4); each key needs its value"},
      {[&] {
         const Tensor k = ones({3, 1, 4});
         attention(x, k, k);
       },
       "MultiheadAttention: queries float32(3, 2, 4) and keys float32(3, 1, 4) differ in their batch, axis 1"},
      {[&] {
         attention.weights(x, ones({3, 4}));
       },
       "MultiheadAttention: queries float32(3, 2, 4) and keys float32(3, 4) differ in their batch, axis 1"},
      {[&] {
         attention(x, AttentionMask().mask(ones({2, 3, 3}) > 0));
       },
       "MultiheadAttention: the mask is boolean(2, 3, 3), expected (3, 3) or (2, 2, 3, 3), where a size may be 1"},
      {[&] {
         attention(x, AttentionMask().mask(ones({2, 2})));
       },
       "MultiheadAttention: the mask is float32(2, 2), expected (3, 3) or (2, 2, 3, 3), where a size may be 1"},
      {[&] {
         attention(x, AttentionMask().mask(ones({3, 3}, int64)));
       },
       "MultiheadAttention: the mask is int64(3, 3), expected boolean or float32"},
      {[&] {
         attention(x, AttentionMask().key_mask(ones({3, 2}) > 0));
       },
       "MultiheadAttention: the key mask is boolean(3, 2), expected (2, 3)"},
      {[&] {
         attention(x, AttentionMask().key_mask(ones({2, 3}, float64)));
       },
       "MultiheadAttention: the key mask is float64(2, 3), expected boolean or float32"},
  });
}
