#include "attention.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "../kernels/gemm.hpp"
#include "../kernels/softmax.hpp"
#include "detail/apply.hpp"
#include "detail/attention_weights.hpp"
#include "detail/matrix_part.hpp"
#include "elementwise.hpp"
#include "linalg.hpp"
#include "reduction.hpp"
#include "shape.hpp"
#include "softmax.hpp"

namespace xtape {
using namespace detail;

namespace {

// One attention: q (heads, l, e), k (heads, s, e), v (heads, s, n), where the heads have the shape `batch`. The scores
// are made a block of queries at a time, for the gradient once more.
struct Attention {
  Shape batch;
  std::int64_t l, s, e, n;
  bool causal;
  double scale;

  std::int64_t heads() const { return batch.size(); }
  std::int64_t block() const { return std::clamp<std::int64_t>(2 * kernel::tile_size / (s + 1), 16, 128); }
  double flops() const {
    return 2. * static_cast<double>(heads()) * static_cast<double>(l) * static_cast<double>(s) *
           static_cast<double>(e + n);
  }
  std::string attributes() const { return attribute_list("causal", causal, "scale", scale); }

  // Where the mask (..., l, s) of a head begins, and its steps from one query and one key to the next.
  struct MaskSteps {
    std::int64_t first, query, key;
  };
  MaskSteps mask_steps(const Shape& mask, std::int64_t head) const {
    MaskSteps steps{0, 0, 0};
    std::int64_t step = 1;
    for (int i = 1; i <= mask.rank(); ++i) {
      const std::int64_t size = mask[mask.rank() - i];
      if (i <= 2) {
        if (size != 1) (i == 1 ? steps.key : steps.query) = step;
      } else {
        const std::int64_t along = batch[batch.rank() - (i - 2)];
        if (size != 1) steps.first += head % along * step;
        head /= along;
      }
      step *= size;
    }
    return steps;
  }

  // Where query i of a head may not look, scores become -inf; else they are scaled, and the mask is added.
  template <class T>
  void mask_row(T* scores, std::int64_t width, std::int64_t i, std::int64_t head, const Array* mask) const {
    constexpr T nowhere = -std::numeric_limits<T>::infinity();
    kernel::map(
        width, [a = kernel::Real<T>(scale)](auto v) { return v * a; }, scores, scores);
    if (mask) {
      const MaskSteps steps = mask_steps(mask->shape, head);
      const std::int64_t at = steps.first + i * steps.query;
      if (mask->dtype == boolean) {
        for (std::int64_t j = 0; j < width; ++j)
          if (!mask->at<bool>()[at + j * steps.key]) scores[j] = nowhere;
      } else {
        // Not a sum with -inf: what is not looked at may be inf or NaN.
        for (std::int64_t j = 0; j < width; ++j) {
          const T added = mask->at<T>()[at + j * steps.key];
          scores[j] = added == nowhere ? nowhere : scores[j] + added;
        }
      }
    }
    for (std::int64_t j = i + 1; j < width && causal; ++j) scores[j] = nowhere;
  }

  // The weights p (rows, width) that queries begin … begin + rows - 1 of a head give to the first `width` keys.
  template <class T>
  void weigh(std::int64_t head, std::int64_t begin, std::int64_t rows, std::int64_t width, const T* q, const T* k,
             const Array* mask, T* p) const {
    gemm<T>(false, true, rows, width, e, q, k, T(0), p);
    for (std::int64_t i = 0; i < rows; ++i) {
      T* row = p + i * width;
      mask_row(row, width, begin + i, head, mask);
      const T total = kernel::powers(width, row, row);
      if (total == 0) continue;  // no key may be looked at
      kernel::map(
          width, [share = 1 / kernel::wrap(total)](auto v) { return v * share; }, row, row);
    }
  }

  // y = p x, where p (rows, width) are weights of keys, or their gradients, and the x (width, columns) belong to keys:
  // one of weight 0 does not count, even where its x is infinite or NaN.
  template <class T>
  struct Weighted {
    Weighted(std::int64_t keys, std::int64_t columns, const T* x) : columns(columns), x(x) {
      auto spoilt = [](std::int64_t n, const T* x) {
        return kernel::fold_blocks(
                   n, kernel::Sum<T>(), [](auto v) { return v - v; }, x) != 0;
      };
      if (!spoilt(keys * columns, x)) return;
      usual.assign(x, x + keys * columns);
      for (std::int64_t j = 0; j < keys; ++j)
        if (spoilt(columns, x + j * columns)) {
          others.push_back(j);
          std::fill_n(usual.data() + j * columns, columns, T(0));
        }
    }
    void operator()(std::int64_t rows, std::int64_t width, const T* p, T* y) const {
      gemm<T>(false, false, rows, columns, width, p, others.empty() ? x : usual.data(), T(0), y);
      for (std::int64_t j : others)
        for (std::int64_t i = 0; i < rows && j < width; ++i)
          for (std::int64_t c = 0; c < columns && p[i * width + j] != 0; ++c)
            y[i * columns + c] += p[i * width + j] * x[j * columns + c];
    }
    std::int64_t columns;
    const T* x;
    std::vector<T> usual;              // with zeros in place of
    std::vector<std::int64_t> others;  // the keys with what is not finite
  };

  // f(begin, rows, width) for each block of queries, with as many keys as they may look at.
  template <class F>
  void for_blocks(F f) const {
    for (std::int64_t begin = 0; begin < l; begin += block()) {
      const std::int64_t rows = std::min(block(), l - begin);
      f(begin, rows, causal ? std::min(s, begin + rows) : s);
    }
  }

  Ref<Array> forward(const Array& q, const Array& k, const Array& v, const Array* mask) const {
    Shape shape = batch;
    shape.push_back(l), shape.push_back(n);
    Ref<Array> y = make_array(q.dtype, shape);
    visit_floating(q.dtype, [&](auto t) {
      using T = decltype(t);
      if (s == 0) return void(std::fill_n(y->at<T>(), y->size, T(0)));
      parallel_for(heads(), [&](std::int64_t h) {
        std::vector<T> p(static_cast<std::size_t>(block() * s));
        const Weighted<T> mean(s, n, v.at<T>() + h * s * n);
        for_blocks([&](std::int64_t begin, std::int64_t rows, std::int64_t width) {
          weigh(h, begin, rows, width, q.at<T>() + (h * l + begin) * e, k.at<T>() + h * s * e, mask, p.data());
          mean(rows, width, p.data(), y->at<T>() + (h * l + begin) * n);
        });
      });
    });
    return y;
  }

  // The gradients of q, k and v in one vector.
  Ref<Array> gradients(const Array& g, const Array& q, const Array& k, const Array& v, const Array* mask) const {
    Ref<Array> y = make_array(q.dtype, Shape{q.size + k.size + v.size});
    visit_floating(q.dtype, [&](auto t) {
      using T = decltype(t);
      T *dq = y->at<T>(), *dk = dq + q.size, *dv = dk + k.size;
      std::fill_n(dq, y->size, T(0));
      if (s == 0) return;
      parallel_for(heads(), [&](std::int64_t h) {
        std::vector<T> p(static_cast<std::size_t>(block() * s)), d(p.size());
        const T *kh = k.at<T>() + h * s * e, *vh = v.at<T>() + h * s * n;
        const Weighted<T> keys(s, e, kh);
        for_blocks([&](std::int64_t begin, std::int64_t rows, std::int64_t width) {
          const T *qb = q.at<T>() + (h * l + begin) * e, *gb = g.at<T>() + (h * l + begin) * n;
          weigh(h, begin, rows, width, qb, kh, mask, p.data());
          gemm<T>(true, false, width, n, rows, p.data(), gb, T(1), dv + h * s * n);
          gemm<T>(false, true, rows, width, n, gb, vh, T(0), d.data());
          for (std::int64_t i = 0; i < rows; ++i) {
            T *pi = p.data() + i * width, *di = d.data() + i * width;
            const kernel::Real<T> mean =
                kernel::fold_blocks(
                    width, kernel::Sum<T>(), [](auto p, auto d) { return where(p == 0, decltype(p)(0), p * d); }, pi,
                    di)
                    .v;
            kernel::map(
                width,
                [mean, a = kernel::Real<T>(scale)](auto p, auto d) {
                  return where(p == 0, decltype(p)(0), p * (d - mean) * a);
                },
                di, pi, di);
          }
          keys(rows, width, d.data(), dq + (h * l + begin) * e);
          gemm<T>(true, false, width, e, rows, d.data(), qb, T(1), dk + h * s * e);
        });
      });
    });
    return y;
  }
};

// The same in operations that can be differentiated again.
struct Composed {
  std::int64_t l, s;
  Tensor mask;
  bool causal;
  double scale;

  // Where each query may look, broadcasting to (..., l, s); undefined where that is everywhere.
  Tensor allowed() const {
    Tensor where;
    if (mask.defined()) where = mask.dtype() == boolean ? mask : mask.detach() > -kernel::infinity<double>;
    if (!causal) return where;
    const Tensor earlier = reshape(arange(s), Shape{1, s}) <= reshape(arange(l), Shape{l, 1});
    return where.defined() ? xtape::where(earlier, where, false) != 0 : earlier;
  }
  // What belongs to keys, with zeros for those that no query may look at: 0 times an infinity is none.
  Tensor looked_at(const Tensor& x) const {
    const Tensor look = allowed();
    if (!look.defined()) return x;
    const Tensor rows = look.rank() < 2 ? reshape(look, Shape{1, look.size()}) : look;
    return where(transpose(any(rows, -2, true)), x, 0);
  }
  Tensor weights(const Tensor& q, const Tensor& k) const { return weights(matmul(q, looked_at(k), false, true)); }
  Tensor weights(const Tensor& products) const {
    const Tensor look = allowed();
    const Tensor scores = scale == 1 ? products : products * scale;
    if (!look.defined()) return softmax(scores);
    const Tensor added = mask.defined() && mask.dtype() != boolean ? scores + where(look, mask, 0) : scores;
    // Finite, so that a query that may look nowhere has no NaN.
    const double lowest = added.dtype() == float32 ? -3e38 : -1e308;
    return softmax(where(look, added, lowest)) * look.to(added.dtype());
  }
  Tensors gradients(const Tensor& g, const Tensor& q, const Tensor& k, const Tensor& v) const {
    const Tensor p = weights(q, k), d = matmul(g, looked_at(v), false, true);
    const Tensor of_mask = p * (d - sum(p * d, -1, true)), ds = of_mask * scale;
    return {matmul(ds, looked_at(k)), matmul(ds, q, true, false), matmul(p, g, true, false), of_mask};
  }
};

// Inputs: q, k, v, and the mask, if there is one.
struct AttentionNode final : ListOperation {
  AttentionNode(Site site, std::size_t n, const Attention& attention)
      : ListOperation("scaled_dot_product_attention", site, n), attention(attention) {}

  Ref<Array> run(const Array* const* x) const override {
    return attention.forward(*x[0], *x[1], *x[2], input_count > 3 ? x[3] : nullptr);
  }
  Ref<Operation> twin() const override { return make_node<AttentionNode>(site, input_count, attention); }
  bool reads(std::uint32_t, std::uint32_t value) const override { return value < input_count; }
  std::string attributes() const override { return attention.attributes(); }
  double flops(const Array* const*, const Array&) const override { return attention.flops(); }

  void backward(const Tensor& g, Engine& engine) override {
    const Tensor q = saved(0, engine), k = saved(1, engine), v = saved(2, engine);
    const Tensor mask = input_count > 3 ? saved(3, engine) : Tensor();
    const bool composed = is_recording() || (mask.defined() && engine.wants(inputs[3].get()));
    const Tensors d =
        composed ? Composed{attention.l, attention.s, mask, attention.causal, attention.scale}.gradients(g, q, k, v)
                 : fused(g, q, k, v, mask);
    for (std::uint32_t i = 0; i < input_count; ++i)
      if (engine.wants(inputs[i].get())) engine.accumulate(*this, i, d[i]);
  }

  Tensors fused(const Tensor& g, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask) const {
    const char* op = "attention_gradient";
    auto forward = [a = attention](auto& g, auto& q, auto& k, auto& v, auto&... mask) {
      const Array* masks[] = {&mask..., nullptr};
      return a.gradients(g, q, k, v, masks[0]);
    };
    const Tensor all = mask.defined() ? compute(op, forward, g, q, k, v, mask) : compute(op, forward, g, q, k, v);
    Tensors parts;
    std::int64_t at = 0;
    for (const Tensor* x : {&q, &k, &v}) {
      parts.push_back(part_of(all, at, x->shape()));
      at += x->size();
    }
    return parts;
  }

  const Attention attention;
};

}  // namespace

Tensor detail::attention_weights(const Tensor& q, const Tensor& k, const Tensor& mask, bool causal, double scale) {
  return Composed{q.size(-2), k.size(-2), mask, causal, scale}.weights(matmul(q, k, false, true));
}

Tensor scaled_dot_product_attention(const Arg& q, const Arg& k, const Arg& v, const Arg& mask, bool causal,
                                    std::optional<double> scale) {
  const char* op = "scaled_dot_product_attention";
  for (const Arg* x : {&q, &k, &v}) check_defined(op, *x);
  const Site site = q.site;
  const Shape &a = q.array->shape, &b = k.array->shape, &c = v.array->shape;
  auto all = [&] { return describe(*q.array) + ", " + describe(*k.array) + " and " + describe(*v.array); };
  if (a.rank() < 2 || b.rank() < 2 || c.rank() < 2 || a[a.rank() - 1] != b[b.rank() - 1] ||
      b[b.rank() - 2] != c[c.rank() - 2])
    fail(op, "queries, keys and values " + all() + " do not fit: expected (..., l, e), (..., s, e) and (..., s, n)",
         site);
  const Dtype dtype = q.array->dtype;
  if (!is_floating(dtype) || k.array->dtype != dtype || v.array->dtype != dtype)
    fail(op, "queries, keys and values must all be float32 or all float64, not " + all(), site);

  Attention attention{
      broadcast_shape(op, broadcast_shape(op, without_last(a, 2), without_last(b, 2), site), without_last(c, 2), site),
      a[a.rank() - 2],
      b[b.rank() - 2],
      a[a.rank() - 1],
      c[c.rank() - 1],
      causal,
      scale.value_or(1 / std::sqrt(static_cast<double>(a[a.rank() - 1])))};
  if (mask.is_scalar) fail(op, "the mask is a number, expected a tensor", site);
  if (mask.array) {
    const Array& m = *mask.array;
    const Shape scores = with_axes(attention.batch, {attention.l, attention.s});
    if (m.dtype != boolean && m.dtype != dtype)
      fail(op, "the mask is " + describe(m) + ", expected boolean or " + to_string(dtype), site);
    if (m.shape.rank() > scores.rank() || broadcast_shape(op, m.shape, scores, site) != scores)
      fail(op, "the mask " + describe(m) + " does not stretch to the scores' " + to_string(scores), site);
  }

  Scope scope(site);
  const Shape& batch = attention.batch;
  Tensors x;
  for (const Arg* arg : {&q, &k, &v}) {
    const Tensor t = arg->tensor();
    x.push_back(without_last(t.shape(), 2) == batch ? t : broadcast_to(t, with_axes(batch, {t.size(-2), t.size(-1)})));
  }
  std::vector<Arg> args;
  for (const Tensor& t : x) args.emplace_back(t, site);
  if (mask.array) args.push_back(mask);
  return execute_list(make_node<AttentionNode>(user_site(site), args.size(), attention), args);
}

}  // namespace xtape
