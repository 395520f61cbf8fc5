// Attention with several heads.
#pragma once
#include <nn/linear.hpp>

namespace xtape::nn {

/// Where queries may look, as `AttentionMask().key_mask(real).causal()`; everywhere by default. True means *may look*,
/// as in scaled_dot_product_attention: the other way round than in PyTorch's MultiheadAttention.
class AttentionMask {
 public:
  /// (l, s), or (batch, heads, l, s) where a size of 1 stands for all: boolean, true where a query may look at a key,
  /// or floating, to be added to the scores.
  AttentionMask& mask(const Tensor& v) { return mask_ = v, *this; }
  /// (batch, s): boolean, true for the keys that may be looked at (false for padding), or floating, to be added to the
  /// scores. (PyTorch: `key_padding_mask`, which is true for padding.)
  AttentionMask& key_mask(const Tensor& v) { return key_mask_ = v, *this; }
  /// Whether query i looks at keys 0 … i only.
  AttentionMask& causal(bool v = true) { return causal_ = v, *this; }

 private:
  friend class MultiheadAttention;
  Tensor mask_, key_mask_;
  bool causal_ = false;
};

/// What may be set of MultiheadAttention, as `MultiheadAttentionOptions().dropout(0.1).batch_first(true)`, or just the
/// dropout: `MultiheadAttention(64, 8, 0.1)`.
class MultiheadAttentionOptions {
 public:
  MultiheadAttentionOptions() = default;
  template <class T, class = std::enable_if_t<std::is_floating_point_v<T>>>
  MultiheadAttentionOptions(T dropout) : dropout_(dropout) {}
  /// The probability with which a weight of attention becomes 0 in training; 0 by default.
  MultiheadAttentionOptions& dropout(double v) { return dropout_ = v, *this; }
  /// Whether there are biases; true by default.
  MultiheadAttentionOptions& bias(bool v) { return bias_ = v, *this; }
  /// Whether inputs are (batch, time, size) and not (time, batch, size); false by default.
  MultiheadAttentionOptions& batch_first(bool v) { return batch_first_ = v, *this; }
  /// The size of a key; `embed` by default.
  MultiheadAttentionOptions& kdim(std::int64_t v) { return kdim_ = v, *this; }
  /// The size of a value; `embed` by default.
  MultiheadAttentionOptions& vdim(std::int64_t v) { return vdim_ = v, *this; }

 private:
  friend class MultiheadAttention;
  double dropout_ = 0;
  bool bias_ = true, batch_first_ = false;
  std::optional<std::int64_t> kdim_, vdim_;
};

/// head_i = softmax((q Wq_i^T) (k Wk_i^T)^T / sqrt(embed / heads) + mask) (v Wv_i^T), and all heads, joined, go through
/// `out_proj`: queries (l, batch, embed), keys (s, batch, kdim) and values (s, batch, vdim) -> (l, batch, embed), or
/// (batch, time, size) under `batch_first`, or each without its batch. `attention(x)` and `attention(x, mask)` are
/// self-attention, `attention(q, k, v)` and `attention(q, k, v, mask)` the general case; a query that may look nowhere
/// gets the bias of `out_proj`. `in_proj_weight` (3 embed, embed) has the rows of Wq, Wk and Wv one after the other;
/// where kdim or vdim is not embed there are `q_proj_weight`, `k_proj_weight` and `v_proj_weight` (embed, size)
/// instead. They start by `init::xavier_uniform`, `in_proj_bias` (3 embed) and the bias of `out_proj` as zeros, the
/// weight of `out_proj` as Linear's, as in PyTorch. Throws when a size is below 1, `heads` does not divide `embed` or
/// the dropout is not in [0, 1]; at the call when inputs or masks do not fit. Source: Vaswani et al., "Attention is all
/// you need", NeurIPS 2017.
class MultiheadAttention : public Module<MultiheadAttention> {
 public:
  MultiheadAttention(std::int64_t embed, std::int64_t heads, const MultiheadAttentionOptions& options = {},
                     Site site = Site::here());
  Tensor forward(const Tensor& x, const AttentionMask& mask = {}) const { return forward(x, x, x, mask); }
  Tensor forward(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionMask& mask = {}) const;
  /// How much each query looks at each key, before dropout, which `forward` does not keep: (batch, heads, l, s).
  Tensor weights(const Arg& q, const Arg& k, const AttentionMask& mask = {}) const;

  std::optional<Parameter> in_proj_weight, q_proj_weight, k_proj_weight, v_proj_weight, in_proj_bias;
  Linear out_proj;

 private:
  std::optional<Parameter> projection(bool wanted, const char* name, std::int64_t rows, std::int64_t columns,
                                      Site site);
  void check(const char* what, const Tensor& x, std::int64_t size) const;
  void check_pair(const Tensor& q, const Tensor& k) const;
  Tensor heads_of(const Tensor& x, int part) const;
  Tensor seen(const Tensor& x, const AttentionMask& masks) const;
  Tensor mask_of(const AttentionMask& mask, const Tensor& q, const Tensor& k) const;

  std::int64_t embed_, heads_;
  MultiheadAttentionOptions options_;
};

}  // namespace xtape::nn
