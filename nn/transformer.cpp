#include "transformer.hpp"

#include <autograd/ops/elementwise.hpp>
#include <nn/init.hpp>

namespace xtape::nn {
namespace {

MultiheadAttention attention(std::int64_t d_model, std::int64_t heads, double dropout, bool batch_first, Site site) {
  return {d_model, heads, MultiheadAttentionOptions().dropout(dropout).batch_first(batch_first), site};
}

// x + part(x) with the norm before or after it.
template <class Part>
Tensor residual(const Tensor& x, const LayerNorm& norm, bool norm_first, const Part& part) {
  return norm_first ? x + part(norm(x)) : norm(x + part(x));
}

template <class Layer>
ModuleList<Layer> clones(const char* name, const Layer& layer, std::int64_t count, Site site) {
  if (count < 1) fail(name, "the number of layers must be at least 1, got " + std::to_string(count), site);
  ModuleList<Layer> all;
  for (std::int64_t i = 0; i < count; ++i) all.add(layer.clone());
  return all;
}

const std::function<Tensor(const Tensor&)>& checked(const std::function<Tensor(const Tensor&)>& activation, Site site) {
  if (!activation) fail("TransformerOptions", "there is no activation; give it a function Tensor -> Tensor", site);
  return activation;
}

}  // namespace

TransformerEncoderLayer::TransformerEncoderLayer(std::int64_t d_model, std::int64_t heads,
                                                 const TransformerOptions& options, Site site)
    : self_attn(child("self_attn", attention(d_model, heads, options.dropout_, options.batch_first_, site))),
      linear1(child("linear1", Linear(d_model, options.feedforward_, true, site))),
      dropout(child("dropout", Dropout(options.dropout_, site))),
      linear2(child("linear2", Linear(options.feedforward_, d_model, true, site))),
      norm1(child("norm1", LayerNorm(d_model, options.layer_norm_eps_, true, true, site))),
      norm2(child("norm2", LayerNorm(d_model, options.layer_norm_eps_, true, true, site))),
      dropout1(child("dropout1", Dropout(options.dropout_, site))),
      dropout2(child("dropout2", Dropout(options.dropout_, site))),
      activation_(checked(options.activation_, site)),
      norm_first_(options.norm_first_) {}

Tensor TransformerEncoderLayer::forward(const Tensor& x, const AttentionMask& mask) const {
  const Tensor seen = residual(x, norm1, norm_first_, [&](const Tensor& t) { return dropout1(self_attn(t, mask)); });
  return residual(seen, norm2, norm_first_,
                  [&](const Tensor& t) { return dropout2(linear2(dropout(activation_(linear1(t))))); });
}

TransformerDecoderLayer::TransformerDecoderLayer(std::int64_t d_model, std::int64_t heads,
                                                 const TransformerOptions& options, Site site)
    : self_attn(child("self_attn", attention(d_model, heads, options.dropout_, options.batch_first_, site))),
      multihead_attn(child("multihead_attn", attention(d_model, heads, options.dropout_, options.batch_first_, site))),
      linear1(child("linear1", Linear(d_model, options.feedforward_, true, site))),
      dropout(child("dropout", Dropout(options.dropout_, site))),
      linear2(child("linear2", Linear(options.feedforward_, d_model, true, site))),
      norm1(child("norm1", LayerNorm(d_model, options.layer_norm_eps_, true, true, site))),
      norm2(child("norm2", LayerNorm(d_model, options.layer_norm_eps_, true, true, site))),
      norm3(child("norm3", LayerNorm(d_model, options.layer_norm_eps_, true, true, site))),
      dropout1(child("dropout1", Dropout(options.dropout_, site))),
      dropout2(child("dropout2", Dropout(options.dropout_, site))),
      dropout3(child("dropout3", Dropout(options.dropout_, site))),
      activation_(checked(options.activation_, site)),
      norm_first_(options.norm_first_) {}

Tensor TransformerDecoderLayer::forward(const Tensor& x, const Tensor& memory, const AttentionMask& mask,
                                        const AttentionMask& memory_mask) const {
  const Tensor seen = residual(x, norm1, norm_first_, [&](const Tensor& t) { return dropout1(self_attn(t, mask)); });
  const Tensor told = residual(seen, norm2, norm_first_, [&](const Tensor& t) {
    return dropout2(multihead_attn(t, memory, memory, memory_mask));
  });
  return residual(told, norm3, norm_first_,
                  [&](const Tensor& t) { return dropout3(linear2(dropout(activation_(linear1(t))))); });
}

TransformerEncoder::TransformerEncoder(const TransformerEncoderLayer& layer, std::int64_t count,
                                       const std::optional<LayerNorm>& last, Site site)
    : layers(child("layers", clones("TransformerEncoder", layer, count, site))) {
  if (last) norm = child("norm", *last);
}

Tensor TransformerEncoder::forward(const Tensor& x, const AttentionMask& mask) const {
  Tensor y = x;
  for (const TransformerEncoderLayer& layer : layers) y = layer(y, mask);
  return norm ? (*norm)(y) : y;
}

TransformerDecoder::TransformerDecoder(const TransformerDecoderLayer& layer, std::int64_t count,
                                       const std::optional<LayerNorm>& last, Site site)
    : layers(child("layers", clones("TransformerDecoder", layer, count, site))) {
  if (last) norm = child("norm", *last);
}

Tensor TransformerDecoder::forward(const Tensor& x, const Tensor& memory, const AttentionMask& mask,
                                   const AttentionMask& memory_mask) const {
  Tensor y = x;
  for (const TransformerDecoderLayer& layer : layers) y = layer(y, memory, mask, memory_mask);
  return norm ? (*norm)(y) : y;
}

Transformer::Transformer(std::int64_t d_model, std::int64_t heads, std::int64_t encoder_layers,
                         std::int64_t decoder_layers, const TransformerOptions& options, Site site)
    : encoder(child("encoder", TransformerEncoder(TransformerEncoderLayer(d_model, heads, options, site),
                                                  encoder_layers, LayerNorm(d_model, options.layer_norm_eps_), site))),
      decoder(child("decoder", TransformerDecoder(TransformerDecoderLayer(d_model, heads, options, site),
                                                  decoder_layers, LayerNorm(d_model, options.layer_norm_eps_), site))) {
  for (const Parameter& p : parameters())
    if (p.shape().rank() > 1) init::xavier_uniform(p);
}

Tensor Transformer::forward(const Tensor& source, const Tensor& target, const TransformerMasks& masks) const {
  return decoder(target, encoder(source, masks.source_), masks.target_, masks.memory_);
}

}  // namespace xtape::nn
