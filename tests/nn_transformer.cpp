// Transformers; the numbers are PyTorch's (parity/nn_transformer.py).
#include <cmath>
#include <nn/transformer.hpp>

#include "nn_support.hpp"
#include "nn_table.hpp"

using namespace xtape;
using nn::AttentionMask;
using nn::Transformer;
using nn::TransformerDecoder;
using nn::TransformerDecoderLayer;
using nn::TransformerEncoder;
using nn::TransformerEncoderLayer;
using nn::TransformerMasks;
using nn::TransformerOptions;
using nn_table::row;

namespace {

TransformerOptions small() { return TransformerOptions().feedforward(6).dropout(0); }
TransformerOptions smooth() {
  return small().activation([](const Tensor& x) { return gelu(x); });
}
TransformerOptions batched() {
  return small().batch_first(true).activation([](const Tensor& x) { return tanh(x); });
}

const AttentionMask causal = AttentionMask().causal();

template <class M>
Tensor of_two(const M& m, const Tensors& x) {
  return m(x[0], x[1]);
}

const nn_table::Table table = {
    row("TransformerEncoderLayer", TransformerEncoderLayer(4, 2, small())),
    row("TransformerEncoderLayer norm first",
        TransformerEncoderLayer(4, 2, smooth().norm_first(true).layer_norm_eps(0.1))),
    row("TransformerEncoderLayer batch first with masks", TransformerEncoderLayer(4, 2, batched()),
        [](auto& m, const Tensors& x) { return m(x[0], AttentionMask().causal().key_mask(x[1])); }),
    row("TransformerDecoderLayer", TransformerDecoderLayer(4, 2, small()), of_two<TransformerDecoderLayer>),
    row("TransformerDecoderLayer norm first", TransformerDecoderLayer(4, 2, smooth().norm_first(true)),
        of_two<TransformerDecoderLayer>),
    row("TransformerDecoderLayer batch first with masks", TransformerDecoderLayer(4, 2, batched()),
        [](auto& m, const Tensors& x) { return m(x[0], x[1], causal, AttentionMask().key_mask(x[2])); }),
    row("TransformerEncoder", TransformerEncoder(TransformerEncoderLayer(4, 2, smooth()), 2),
        [](auto& m, const Tensors& x) { return m(x[0], causal); }),
    row("TransformerEncoder with norm",
        TransformerEncoder(TransformerEncoderLayer(4, 2, smooth().norm_first(true)), 1, nn::LayerNorm(4))),
    row("TransformerDecoder", TransformerDecoder(TransformerDecoderLayer(4, 2, smooth()), 2),
        [](auto& m, const Tensors& x) { return m(x[0], x[1], causal); }),
    row("TransformerDecoder with norm",
        TransformerDecoder(TransformerDecoderLayer(4, 2, smooth().norm_first(true)), 1, nn::LayerNorm(4)),
        [](auto& m, const Tensors& x) { return m(x[0], x[1], AttentionMask(), AttentionMask().key_mask(x[2])); }),
    row("Transformer", Transformer(4, 2, 1, 1, smooth()),
        [](auto& m, const Tensors& x) { return m(x[0], x[1], TransformerMasks().target(causal)); }),
    row("Transformer norm first with masks", Transformer(4, 2, 1, 1, smooth().norm_first(true).batch_first(true)),
        [](auto& m, const Tensors& x) {
          const AttentionMask keys = AttentionMask().key_mask(x[2]);
          return m(x[0], x[1], TransformerMasks().source(keys).target(causal).memory(keys));
        }),
};

std::vector<std::string> with_prefix(const std::string& prefix, const std::vector<std::string>& names) {
  std::vector<std::string> all;
  for (const std::string& name : names) all.push_back(prefix + name);
  return all;
}

}  // namespace

XTAPE_CHECK_LAYERS("nn_transformer", table)

TEST_CASE("parameters of transformers have PyTorch's names and shapes") {
  using Names = std::vector<std::string>;
  const Names encoder_layer{"self_attn.in_proj_weight",
                            "self_attn.in_proj_bias",
                            "self_attn.out_proj.weight",
                            "self_attn.out_proj.bias",
                            "linear1.weight",
                            "linear1.bias",
                            "linear2.weight",
                            "linear2.bias",
                            "norm1.weight",
                            "norm1.bias",
                            "norm2.weight",
                            "norm2.bias"};
  const TransformerEncoderLayer layer(4, 2, small());
  CHECK(names_of(layer.named_parameters()) == encoder_layer);
  CHECK(shapes_of(layer.named_parameters()) ==
        std::vector<Shape>{{12, 4}, {12}, {4, 4}, {4}, {6, 4}, {6}, {4, 6}, {4}, {4}, {4}, {4}, {4}});
  CHECK(TransformerEncoderLayer(4, 2).linear1.weight.shape() == Shape{2048, 4});

  const Transformer both(4, 2, 2, 1, small());
  Names names;
  for (const char* prefix : {"encoder.layers.0.", "encoder.layers.1."})
    for (const std::string& name : with_prefix(prefix, encoder_layer)) names.push_back(name);
  for (const char* name : {"encoder.norm.weight", "encoder.norm.bias"}) names.emplace_back(name);
  Names decoder_layer(encoder_layer.begin(), encoder_layer.begin() + 4);
  for (const char* name : {"multihead_attn.in_proj_weight", "multihead_attn.in_proj_bias",
                           "multihead_attn.out_proj.weight", "multihead_attn.out_proj.bias"})
    decoder_layer.emplace_back(name);
  decoder_layer.insert(decoder_layer.end(), encoder_layer.begin() + 4, encoder_layer.end());
  for (const char* name : {"norm3.weight", "norm3.bias"}) decoder_layer.emplace_back(name);
  for (const std::string& name : with_prefix("decoder.layers.0.", decoder_layer)) names.push_back(name);
  for (const char* name : {"decoder.norm.weight", "decoder.norm.bias"}) names.emplace_back(name);
  CHECK(names_of(both.named_parameters()) == names);

  const Transformer other(4, 2, 2, 1, small());
  both.clone().load_state_dict(other.state_dict());
}

TEST_CASE("an encoder has clones of its layer, a Transformer draws all matrices anew") {
  const TransformerEncoderLayer layer(4, 2, small());
  const TransformerEncoder encoder(layer, 2);
  const Tensor first = encoder.layers[0].linear1.weight, second = encoder.layers[1].linear1.weight;
  CHECK(allclose(first, layer.linear1.weight));
  CHECK(allclose(first, second));
  CHECK_FALSE(encoder.layers[0].linear1.weight.is(encoder.layers[1].linear1.weight));
  CHECK_FALSE(encoder.layers[0].linear1.weight.is(layer.linear1.weight));
  CHECK_FALSE(encoder.norm);

  const Transformer both(64, 4, 2, 1, TransformerOptions().feedforward(128));
  const Tensor a = both.encoder.layers[0].linear1.weight, b = both.encoder.layers[1].linear1.weight;
  CHECK_FALSE(allclose(a, b, 0.01, 0.01));
  const double bound = std::sqrt(6. / (64 + 128)), largest = max(abs(a)).item();
  CHECK(largest <= bound);
  CHECK(largest > 0.99 * bound);
  CHECK(max(abs(*both.encoder.layers[0].self_attn.in_proj_bias)).item() == 0);
}

TEST_CASE("dropout of a transformer is on in training only, and the causal mask keeps it from looking ahead") {
  const TransformerMasks masks = TransformerMasks().target(causal);
  Transformer both(8, 2, 1, 1, TransformerOptions().feedforward(16).dropout(0.5));
  const Tensor source = normal({3, 2, 8}), target = normal({4, 2, 8});
  CHECK_FALSE(allclose(both(source, target, masks), both(source, target, masks), 0.1, 0.1));
  both.eval();
  const Tensor y = both(source, target, masks);
  CHECK(allclose(both(source, target, masks), y));
  CHECK(y.shape() == Shape{4, 2, 8});

  const Tensor prefix = both(source, slice(target, 0, Slice(0, 2)), masks);
  CHECK(allclose(slice(y, 0, Slice(0, 2)), prefix, 1e-5, 1e-5));
  CHECK_FALSE(allclose(slice(both(source, target), 0, Slice(0, 2)), prefix, 0.01, 0.01));

  const Tensor d = grad(sum(square(slice(y, 0, Slice(0, 2)))), {both.encoder.layers[0].linear1.weight})[0];
  CHECK(max(abs(d)).item() > 0);
}

TEST_CASE("transformers refuse what does not fit") {
  const TransformerEncoderLayer layer(4, 2, small());
  const TransformerDecoderLayer decoder_layer(4, 2, small());
  const Transformer both(4, 2, 1, 1, small().norm_first(true));
  const Tensor x = ones({3, 2, 4});
  check_misuses({
      {[] { TransformerEncoderLayer(4, 3); }, "MultiheadAttention: heads = 3 does not divide embed = 4"},
      {[] { TransformerDecoderLayer(4, 2, small().feedforward(0)); },
       "Linear: sizes must be at least 1, got in = 4, out = 0"},
      {[] { TransformerEncoderLayer(4, 2, small().dropout(-1)); },
       "MultiheadAttention: dropout is -1.000000, expected"},
      {[] { TransformerEncoderLayer(4, 2, small().layer_norm_eps(-1)); }, "LayerNorm: eps is -1.000000"},
      {[] { TransformerEncoderLayer(4, 2, small().activation({})); },
       "TransformerOptions: there is no activation; give it a function Tensor -> Tensor"},
      {[&] { TransformerEncoder(layer, 0); }, "TransformerEncoder: the number of layers must be at least 1, got 0"},
      {[&] { TransformerDecoder(decoder_layer, -1); },
       "TransformerDecoder: the number of layers must be at least 1, got -1"},
      {[] { Transformer(4, 2, 0, 1); }, "TransformerEncoder: the number of layers must be at least 1, got 0"},
      {[&] {
         layer(ones({3, 2, 5}));
       },
       "MultiheadAttention: expected queries (time, batch, 4) or (time, 4), got float32(3, 2, 5)"},
      {[&] {
         both(x, ones({3, 2, 5}));
       },
       "layer_norm: the last axes of an input (3, 2, 5) are not (4,)"},
      {[&] {
         both(ones({3, 1, 4}), x);
       },
       "MultiheadAttention: queries float32(3, 2, 4) and keys float32(3, 1, 4) differ in their batch, axis 1"},
      {[&] {
         layer(x, AttentionMask().mask(ones({2, 3}) > 0));
       },
       "MultiheadAttention: the mask is boolean(2, 3), expected (3, 3) or (2, 2, 3, 3)"},
  });
}
