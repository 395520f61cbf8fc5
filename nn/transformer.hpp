// Transformers. Parameters have PyTorch's names, as "layers.0.self_attn.in_proj_weight".
#pragma once
#include <autograd/ops/activation.hpp>
#include <nn/attention.hpp>
#include <nn/containers.hpp>
#include <nn/dropout.hpp>
#include <nn/normalization.hpp>

namespace xtape::nn {

/// What may be set of transformers, as `TransformerOptions().feedforward(256).activation(gelu).batch_first(true)`, or
/// just the size between the two linear layers: `TransformerEncoderLayer(512, 8, 2048)`.
class TransformerOptions {
 public:
  TransformerOptions() = default;
  template <class T, class = std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>>>
  TransformerOptions(T feedforward) : feedforward_(feedforward) {}
  /// The size between the two linear layers; 2048 by default.
  TransformerOptions& feedforward(std::int64_t v) { return feedforward_ = v, *this; }
  /// The probability of all dropout; 0.1 by default.
  TransformerOptions& dropout(double v) { return dropout_ = v, *this; }
  /// What is between the two linear layers: any function of each element; `relu` by default.
  TransformerOptions& activation(std::function<Tensor(const Tensor&)> v) { return activation_ = std::move(v), *this; }
  /// Added to the variance by LayerNorm; 1e-5 by default.
  TransformerOptions& layer_norm_eps(double v) { return layer_norm_eps_ = v, *this; }
  /// Whether inputs are (batch, time, d_model) and not (time, batch, d_model); false by default.
  TransformerOptions& batch_first(bool v) { return batch_first_ = v, *this; }
  /// Whether what is normalised is the input of each part and not the sum that follows it; false by default.
  TransformerOptions& norm_first(bool v) { return norm_first_ = v, *this; }

 private:
  friend class TransformerEncoderLayer;
  friend class TransformerDecoderLayer;
  friend class Transformer;
  std::int64_t feedforward_ = 2048;
  double dropout_ = 0.1, layer_norm_eps_ = 1e-5;
  std::function<Tensor(const Tensor&)> activation_ = [](const Tensor& x) { return relu(x); };
  bool batch_first_ = false, norm_first_ = false;
};

/// x = norm1(x + self_attn(x)), y = norm2(x + linear2(f(linear1(x)))), with dropout after both parts and after the
/// activation f; under `norm_first` x = x + self_attn(norm1(x)), y = x + linear2(f(linear1(norm2(x)))):
/// (time, batch, d_model) -> the same. As `layer(x)` or `layer(x, mask)`, where the mask is that of
/// MultiheadAttention. Throws as MultiheadAttention, Linear, LayerNorm and Dropout do. Source: Vaswani et al.,
/// "Attention is all you need", NeurIPS 2017; for `norm_first` Xiong et al., "On layer normalization in the transformer
/// architecture", ICML 2020.
class TransformerEncoderLayer : public Module<TransformerEncoderLayer> {
 public:
  TransformerEncoderLayer(std::int64_t d_model, std::int64_t heads, const TransformerOptions& options = {},
                          Site site = Site::here());
  Tensor forward(const Tensor& x, const AttentionMask& mask = {}) const;

  MultiheadAttention self_attn;
  Linear linear1;
  Dropout dropout;
  Linear linear2;
  LayerNorm norm1, norm2;
  Dropout dropout1, dropout2;

 private:
  std::function<Tensor(const Tensor&)> activation_;
  bool norm_first_;
};

/// The same with attention to what an encoder made of another sequence (`memory`) between both parts: x =
/// norm1(x + self_attn(x)), x = norm2(x + multihead_attn(x, memory, memory)), y = norm3(x + linear2(f(linear1(x)))):
/// (time, batch, d_model), (memory time, batch, d_model) -> (time, batch, d_model). As `layer(x, memory)`,
/// `layer(x, memory, mask)` or `layer(x, memory, mask, memory_mask)`; `AttentionMask().causal()` keeps x from looking
/// ahead. Throws and source as TransformerEncoderLayer.
class TransformerDecoderLayer : public Module<TransformerDecoderLayer> {
 public:
  TransformerDecoderLayer(std::int64_t d_model, std::int64_t heads, const TransformerOptions& options = {},
                          Site site = Site::here());
  Tensor forward(const Tensor& x, const Tensor& memory, const AttentionMask& mask = {},
                 const AttentionMask& memory_mask = {}) const;

  MultiheadAttention self_attn, multihead_attn;
  Linear linear1;
  Dropout dropout;
  Linear linear2;
  LayerNorm norm1, norm2, norm3;
  Dropout dropout1, dropout2, dropout3;

 private:
  std::function<Tensor(const Tensor&)> activation_;
  bool norm_first_;
};

/// `count` layers one after the other, and then a norm if there is one, as
/// `TransformerEncoder(TransformerEncoderLayer(512, 8), 6, LayerNorm(512))`: (time, batch, d_model) -> the same. The
/// layers are clones of the one given, so that they start with the same numbers; `Transformer` draws them anew. Throws
/// when `count` is below 1. Source: Vaswani et al., NeurIPS 2017.
class TransformerEncoder : public Module<TransformerEncoder> {
 public:
  TransformerEncoder(const TransformerEncoderLayer& layer, std::int64_t count,
                     const std::optional<LayerNorm>& norm = {}, Site site = Site::here());
  Tensor forward(const Tensor& x, const AttentionMask& mask = {}) const;

  ModuleList<TransformerEncoderLayer> layers;
  std::optional<LayerNorm> norm;
};

/// The same of decoder layers, all of which look at the same memory: (time, batch, d_model),
/// (memory time, batch, d_model) -> (time, batch, d_model). Called as TransformerDecoderLayer. Throws and source as
/// TransformerEncoder.
class TransformerDecoder : public Module<TransformerDecoder> {
 public:
  TransformerDecoder(const TransformerDecoderLayer& layer, std::int64_t count,
                     const std::optional<LayerNorm>& norm = {}, Site site = Site::here());
  Tensor forward(const Tensor& x, const Tensor& memory, const AttentionMask& mask = {},
                 const AttentionMask& memory_mask = {}) const;

  ModuleList<TransformerDecoderLayer> layers;
  std::optional<LayerNorm> norm;
};

/// The masks of a Transformer, as `TransformerMasks().target(AttentionMask().causal())`.
class TransformerMasks {
 public:
  /// Where the source looks at itself.
  TransformerMasks& source(const AttentionMask& v) { return source_ = v, *this; }
  /// Where the target looks at itself.
  TransformerMasks& target(const AttentionMask& v) { return target_ = v, *this; }
  /// Where the target looks at the source.
  TransformerMasks& memory(const AttentionMask& v) { return memory_ = v, *this; }

 private:
  friend class Transformer;
  AttentionMask source_, target_, memory_;
};

/// decoder(target, encoder(source)), each with a LayerNorm at its end: (source time, batch, d_model),
/// (target time, batch, d_model) -> (target time, batch, d_model). As `transformer(source, target)` or
/// `transformer(source, target, masks)`; nothing keeps the target from looking ahead but a mask. All matrices start by
/// `init::xavier_uniform`, as PyTorch's do. Throws and source as TransformerEncoderLayer.
class Transformer : public Module<Transformer> {
 public:
  explicit Transformer(std::int64_t d_model = 512, std::int64_t heads = 8, std::int64_t encoder_layers = 6,
                       std::int64_t decoder_layers = 6, const TransformerOptions& options = {},
                       Site site = Site::here());
  Tensor forward(const Tensor& source, const Tensor& target, const TransformerMasks& masks = {}) const;

  TransformerEncoder encoder;
  TransformerDecoder decoder;
};

}  // namespace xtape::nn
