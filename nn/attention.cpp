#include "attention.hpp"

#include <algorithm>
#include <autograd/files/described.hpp>
#include <autograd/ops/attention.hpp>
#include <autograd/ops/detail/attention_weights.hpp>
#include <autograd/ops/dropout.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/linalg.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/ops/slice.hpp>
#include <cmath>
#include <limits>
#include <nn/init.hpp>

namespace xtape::nn {
namespace {

constexpr const char* layer = "MultiheadAttention";

// Whether there is a value for each key.
bool same_places(const Tensor& k, const Tensor& v) {
  const Shape &a = k.shape(), &b = v.shape();
  return a.rank() == b.rank() && std::equal(a.begin(), a.end() - 1, b.begin());
}

// What both masks allow, boolean as long as both are.
Tensor both(const Tensor& a, const Tensor& b) {
  constexpr double nowhere = -std::numeric_limits<double>::infinity();
  if (!a.defined()) return b;
  if (!b.defined()) return a;
  if (a.dtype() == boolean) return b.dtype() == boolean ? a & b : where(a, b, nowhere);
  return b.dtype() == boolean ? where(b, a, nowhere) : a + b;
}

Tensor weights_of(const Tensor& q, const Tensor& k, const Tensor& mask, bool causal) {
  return detail::attention_weights(q / std::sqrt(static_cast<double>(q.size(-1))), k, mask, causal, 1);
}

}  // namespace

MultiheadAttention::MultiheadAttention(std::int64_t embed, std::int64_t heads, const MultiheadAttentionOptions& options,
                                       Site site)
    : in_proj_weight([&] {
        const std::int64_t kdim = options.kdim_.value_or(embed), vdim = options.vdim_.value_or(embed);
        if (embed < 1 || heads < 1 || kdim < 1 || vdim < 1)
          fail(layer,
               "sizes must be at least 1, got embed = " + std::to_string(embed) + ", heads = " + std::to_string(heads) +
                   ", kdim = " + std::to_string(kdim) + ", vdim = " + std::to_string(vdim),
               site);
        if (embed % heads != 0)
          fail(layer,
               "heads = " + std::to_string(heads) + " does not divide embed = " + std::to_string(embed) +
                   ", of which each head takes an equal part",
               site);
        if (!(options.dropout_ >= 0 && options.dropout_ <= 1))
          fail(layer, "dropout is " + std::to_string(options.dropout_) + ", expected a probability in [0, 1]", site);
        return projection(kdim == embed && vdim == embed, "in_proj_weight", Shape({3, embed}, site).size(), embed,
                          site);
      }()),
      q_proj_weight(projection(!in_proj_weight, "q_proj_weight", embed, embed, site)),
      k_proj_weight(projection(!in_proj_weight, "k_proj_weight", embed, options.kdim_.value_or(embed), site)),
      v_proj_weight(projection(!in_proj_weight, "v_proj_weight", embed, options.vdim_.value_or(embed), site)),
      in_proj_bias(options.bias_ ? std::make_optional(parameter("in_proj_bias", zeros({3 * embed}, float32, site)))
                                 : std::nullopt),
      out_proj(child("out_proj", Linear(embed, embed, options.bias_, site))),
      embed_(embed),
      heads_(heads),
      options_(options) {
  if (out_proj.bias) init::zeros(*out_proj.bias);
}

std::optional<Parameter> MultiheadAttention::projection(bool wanted, const char* name, std::int64_t rows,
                                                        std::int64_t columns, Site site) {
  if (!wanted) return {};
  const Parameter p = parameter(name, zeros(Shape({rows, columns}, site), float32, site));
  init::xavier_uniform(p);
  return p;
}

Tensor MultiheadAttention::forward(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionMask& mask) const {
  check_pair(q, k);
  check("values", v, options_.vdim_.value_or(embed_));
  if (!same_places(k, v))
    fail(layer, "there are keys " + described(k) + " and values " + described(v) + "; each key needs its value");

  const Tensor a = heads_of(q, 0), b = heads_of(seen(k, mask), 1), c = heads_of(seen(v, mask), 2);
  const Tensor m = mask_of(mask, a, b);
  const bool drops = options_.dropout_ > 0 && is_training();
  const Tensor y = drops ? matmul(dropout(weights_of(a, b, m, mask.causal_), options_.dropout_), c)
                         : scaled_dot_product_attention(a, b, c, m, mask.causal_);
  const std::vector<int> back = q.rank() == 2           ? std::vector<int>{1, 0, 2}
                                : options_.batch_first_ ? std::vector<int>{0, 2, 1, 3}
                                                        : std::vector<int>{2, 0, 1, 3};
  return out_proj(flatten(permute(y, back), -2));
}

Tensor MultiheadAttention::weights(const Arg& q, const Arg& k, const AttentionMask& mask) const {
  const Tensor queries = q.tensor(), keys = k.tensor();
  const Entered entered = enter(q.site);
  Scope scope(q.site, entered.state);
  check_pair(queries, keys);
  const Tensor a = heads_of(queries, 0), b = heads_of(seen(keys, mask), 1);
  return weights_of(a, b, mask_of(mask, a, b), mask.causal_);
}

void MultiheadAttention::check(const char* what, const Tensor& x, std::int64_t size) const {
  if ((x.rank() == 2 || x.rank() == 3) && x.size(-1) == size) return;
  const std::string n = std::to_string(size);
  fail(layer, std::string("expected ") + what + (options_.batch_first_ ? " (batch, time, " : " (time, batch, ") + n +
                  ") or (time, " + n + "), got " + described(x));
}

void MultiheadAttention::check_pair(const Tensor& q, const Tensor& k) const {
  check("queries", q, embed_);
  check("keys", k, options_.kdim_.value_or(embed_));
  const int batch = options_.batch_first_ ? 0 : 1;
  if (q.rank() != k.rank() || (q.rank() == 3 && q.size(batch) != k.size(batch)))
    fail(layer, "queries " + described(q) + " and keys " + described(k) + " differ in their batch, axis " +
                    std::to_string(batch));
}

// Keys or values without those that the key mask hides, which may be no numbers.
Tensor MultiheadAttention::seen(const Tensor& x, const AttentionMask& masks) const {
  const Tensor& keys = masks.key_mask_;
  const Shape& shape = x.shape();
  const int batch = options_.batch_first_ ? 0 : 1;
  const Shape expected = x.rank() == 3 ? Shape{shape[batch], shape[1 - batch]} : Shape{shape[0]};
  if (!keys.defined() || keys.shape() != expected) return x;  // mask_of refuses the latter
  const Tensor look = keys.dtype() == boolean ? keys : keys.detach() > -std::numeric_limits<double>::infinity();
  return where(unsqueeze(x.rank() == 3 && batch == 1 ? transpose(look) : look, -1), x, 0);
}

// (heads, time, embed / heads), after the batch where there is one, of the queries, keys or values (part 0, 1, 2).
Tensor MultiheadAttention::heads_of(const Tensor& x, int part) const {
  const Slice rows(part * embed_, (part + 1) * embed_);
  const std::optional<Parameter>* own[] = {&q_proj_weight, &k_proj_weight, &v_proj_weight};
  const Tensor w = in_proj_weight ? slice(*in_proj_weight, 0, rows) : (*own[part])->tensor();
  const Tensor y = in_proj_bias ? linear(x, w, slice(*in_proj_bias, 0, rows)) : linear(x, w);
  const std::vector<int> to = x.rank() == 2           ? std::vector<int>{1, 0, 2}
                              : options_.batch_first_ ? std::vector<int>{0, 2, 1, 3}
                                                      : std::vector<int>{1, 2, 0, 3};
  return permute(unflatten(y, -1, {heads_, embed_ / heads_}), to);
}

// One mask of those for queries and keys with heads, which broadcasts to the scores; undefined where all is allowed.
Tensor MultiheadAttention::mask_of(const AttentionMask& masks, const Tensor& q, const Tensor& k) const {
  const Tensor &mask = masks.mask_, &keys = masks.key_mask_;
  Shape scores = q.shape();
  const int last = scores.rank() - 1;
  scores[last] = k.size(-2);
  const Shape each{scores[last - 1], scores[last]};

  auto check_dtype = [&](const char* what, const Tensor& m) {
    if (m.dtype() != boolean && m.dtype() != q.dtype())
      fail(layer, std::string("the ") + what + " is " + described(m) + ", expected boolean or " + to_string(q.dtype()));
  };
  if (mask.defined()) {
    check_dtype("mask", mask);
    bool fits = mask.shape() == each || mask.rank() == scores.rank();
    for (int i = 0; fits && mask.rank() == scores.rank() && i <= last; ++i)
      fits = mask.shape()[i] == scores[i] || mask.shape()[i] == 1;
    if (!fits)
      fail(layer, "the mask is " + described(mask) + ", expected " + to_string(each) + " or " + to_string(scores) +
                      ", where a size may be 1 for all");
  }
  if (!keys.defined()) return mask;
  check_dtype("key mask", keys);
  const Shape expected = last == 3 ? Shape{scores[0], scores[last]} : Shape{scores[last]};
  if (keys.shape() != expected) fail(layer, "the key mask is " + described(keys) + ", expected " + to_string(expected));
  Shape stretched = scores;
  stretched[last - 1] = stretched[last - 2] = 1;
  return both(mask, reshape(keys, stretched));
}

}  // namespace xtape::nn
