// Costs, normalisation, attention and dropout where a table of gradients does not reach: special points, what they
// keep, and what they say.
#include <doctest/doctest.h>
#include <autograd/ops/attention.hpp>
#include <autograd/ops/dropout.hpp>
#include <autograd/ops/loss.hpp>
#include <autograd/ops/normalization.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>
#include <xtape.hpp>

#include "support.hpp"

using namespace xtape;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

CrossEntropyOptions with(Reduction r) { return CrossEntropyOptions().reduction(r); }

double difference(const Tensor& a, const Tensor& b) {
  double largest = 0;
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(x[i] - y[i]));
  return largest;
}

}  // namespace

TEST_CASE("costs of classes at their ends") {
  for (Dtype dtype : {float32, float64}) {
    const Tensor x = tensor({{1000., 0., -1000.}, {-inf, 2., 1.}, {3., 3., 3.}}, dtype);
    const auto none = with(Reduction::none);
    auto loss = cross_entropy(x, tensor({0, 1, 2}), none).to_vector<double>();
    CHECK(loss[0] == 0);
    CHECK(loss[1] == doctest::Approx(std::log(1 + std::exp(-1.))).epsilon(1e-6));
    CHECK(loss[2] == doctest::Approx(std::log(3.)).epsilon(1e-6));
    loss = cross_entropy(x, tensor({2, 0, 1}), none).to_vector<double>();
    CHECK(loss[0] == 2000);
    CHECK(loss[1] == inf);
    // NaN stays in its row.
    const Tensor y = tensor({{1., std::nan("")}, {1., 1.}}, dtype).requires_grad();
    const Tensor rows = cross_entropy(y, tensor({0, 0}), none);
    CHECK(std::isnan(rows[0].item()));
    CHECK(rows[1].item() == doctest::Approx(std::log(2.)));
    const auto slope = grad(sum(rows), y).to_vector<double>();
    CHECK(std::isnan(slope[0]));
    CHECK(slope[2] == doctest::Approx(-0.5));
    // Nothing left: the mean is NaN, the gradients are zero.
    const Tensor z = ones({2, 3}, dtype).requires_grad();
    const auto ignoring = CrossEntropyOptions().ignore_index(1);
    const Tensor empty = cross_entropy(z, tensor({1, 1}), ignoring);
    CHECK(std::isnan(empty.item()));
    CHECK(grad(empty, z).to_vector<double>() == std::vector<double>(6));
    CHECK(nll_loss(z, tensor({1, 1}), CrossEntropyOptions().ignore_index(1).reduction(Reduction::sum)).item() == 0);
    CHECK(std::isnan(cross_entropy(ones({0, 3}, dtype), tensor({}, int64)).item()));
    CHECK(cross_entropy(ones({0, 3}, dtype), tensor({}, int64), with(Reduction::sum)).item() == 0);
  }
  // -100 is ignored unless something else is.
  const Tensor logits = tensor({{1., 2.}, {0., 3.}});
  CHECK(cross_entropy(logits, tensor({-100, 0})).item() == doctest::Approx(cross_entropy(logits[1], tensor(0)).item()));
}

TEST_CASE("the binary cost is exact far from 0") {
  for (Dtype dtype : {float32, float64}) {
    const Tensor x = tensor({1000., -1000., 1000., -1000., 0.}, dtype).requires_grad();
    const Tensor t = tensor({1., 0., 0., 1., 0.5}, dtype).requires_grad();
    const Tensor y = binary_cross_entropy_with_logits(x, t, Reduction::none);
    const auto loss = y.to_vector<double>();
    CHECK(loss[0] == 0);
    CHECK(loss[1] == 0);
    CHECK(loss[2] == 1000);
    CHECK(loss[3] == 1000);
    CHECK(loss[4] == doctest::Approx(std::log(2.)));
    const Tensors slopes = grad(sum(y), {x, t});
    CHECK(slopes[0].to_vector<double>() == std::vector<double>{0, 0, 1, -1, 0});
    CHECK(slopes[1].to_vector<double>() == std::vector<double>{-1000, 1000, -1000, 1000, 0});
    const Tensor twice = tensor({2.}, dtype);
    CHECK(binary_cross_entropy_with_logits(x, t, Reduction::sum, Tensor(), twice).item() ==
          doctest::Approx(3000 + 1.5 * std::log(2.)));
  }
}

TEST_CASE("normalisation loses nothing to a large mean") {
  RandomGenerator g(8);
  const Tensor spread = uniform({16, 50, 30}, -1, 1, float64, g);
  const Tensor x = (spread + 10'000).to(float32), wide = x.to(float64);
  const std::vector<std::function<Tensor(const Tensors&)>> norms = {
      [](auto& in) { return layer_norm(in[0], {30}); }, [](auto& in) { return group_norm(in[0], 10); },
      [](auto& in) { return instance_norm(in[0]); }, [](auto& in) { return batch_norm(in[0], Tensor(), Tensor()).y; }};
  // The mean is a float, of which the last bit is 1/1024; E[x^2] - E[x]^2 would be off by whole numbers.
  for (const auto& f : norms) CHECK(difference(f({x}), f({wide})) < 1e-2);
  const BatchNorm b = batch_norm(x, Tensor(), Tensor());
  CHECK(difference(b.var, batch_norm(wide, Tensor(), Tensor()).var) < 1e-6);
  // Equal elements: no variance, no NaN.
  const Tensor flat = full({2, 3, 4}, 7.f).requires_grad();
  const Tensor y = layer_norm(flat, {4});
  CHECK(y.to_vector<double>() == std::vector<double>(24));
  CHECK(grad(sum(y), flat).to_vector<double>() == std::vector<double>(24));
  CHECK(std::isnan(layer_norm(tensor({1., std::nan("")}), {2})[0].item()));
}

TEST_CASE("normalisation takes other dtypes and what batch_norm takes is constant") {
  CHECK(layer_norm(tensor({1, 2, 3}), {3}).dtype() == float32);
  CHECK(layer_norm(ones({3}), {3}, ones({3}, float64)).dtype() == float64);
  const Tensor x = ones({3, 2}).requires_grad();
  const BatchNorm b = batch_norm(x, Tensor(), Tensor());
  CHECK(!b.mean.is_recorded());
  CHECK(!b.var.is_recorded());
  CHECK(b.y.is_recorded());
  const Tensor mean = zeros({2}), var = ones({2});
  CHECK(batch_norm(x, mean, var, Tensor(), Tensor(), false, 0).y.to_vector<float>() == std::vector<float>(6, 1));
}

TEST_CASE("a query that may look nowhere gets zeros and sends no gradient") {
  for (GradFlags flags : {grad_defaults, create_graph}) {
    const Tensor q = normal({2, 3}).requires_grad(), k = normal({4, 3}).requires_grad(),
                 v = normal({4, 2}).requires_grad();
    const Tensor mask = tensor({{false, false, false, false}, {true, false, true, true}});
    const Tensor y = scaled_dot_product_attention(q, k, v, mask);
    CHECK(y[0].to_vector<double>() == std::vector<double>(2));
    const Tensors g = grad(sum(y), {q, k, v}, flags);
    CHECK(g[0][0].to_vector<double>() == std::vector<double>(3));
    CHECK(g[1][1].to_vector<double>() == std::vector<double>(3));
    CHECK(g[2][1].to_vector<double>() == std::vector<double>(2));
    CHECK(sum(g[2]).item() == doctest::Approx(2));
  }
  const Tensor nothing = scaled_dot_product_attention(ones({2, 3}), ones({0, 3}), ones({0, 4}));
  CHECK(nothing.to_vector<float>() == std::vector<float>(8));
  const Tensor bad = scaled_dot_product_attention(tensor({{std::nan("")}, {1.}}), ones({2, 1}), ones({2, 1}));
  CHECK(std::isnan(bad[0].item()));
  CHECK(bad[1].item() == 1);
}

TEST_CASE("what no query looks at does not count, whatever it holds") {
  const double nan = std::nan(""), infinity = HUGE_VAL;
  const Tensor q = normal({3, 4}, 0, 1, float64), k = normal({5, 4}, 0, 1, float64), v = normal({5, 2}, 0, 1, float64);
  const Tensor real = tensor({true, true, false, true, false}), column = reshape(real, {5, 1});
  const Tensor finite = where(real, zeros({5}, float64), -infinity);
  auto gradients = [](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, GradFlags flags) {
    const Tensor a = q.requires_grad(), b = k.requires_grad(), c = v.requires_grad();
    const Tensor y = scaled_dot_product_attention(a, b, c, mask);
    Tensors all = grad(sum(y * y), {a, b, c}, flags);
    all.push_back(y);
    return all;
  };
  for (const Tensor& mask : {real, broadcast_to(reshape(real, {1, 5}), {3, 5}), finite})
    for (double bad : {nan, infinity})
      for (GradFlags flags : {grad_defaults, create_graph}) {
        const Tensors clean = gradients(q, where(column, k, 0), where(column, v, 0), mask, flags);
        const Tensors spoilt = gradients(q, where(column, k, bad), where(column, v, bad), mask, flags);
        for (std::size_t i = 0; i < clean.size(); ++i) CHECK(allclose(clean[i], spoilt[i], 1e-12, 1e-14));
      }
  // Each query has its own keys.
  const Tensor own = tensor({{true, false}, {true, true}});
  const Tensor y = scaled_dot_product_attention(ones({2, 1}), ones({2, 1}), tensor({{1.}, {infinity}}), own);
  CHECK(y.to_vector<double>() == std::vector<double>{1, infinity});
  // A mask that is trained.
  const Tensor bias = tensor({0., -infinity}).requires_grad();
  const Tensor z = scaled_dot_product_attention(ones({1, 1}), tensor({{1.}, {nan}}), tensor({{2.}, {nan}}), bias);
  CHECK(z.item() == 2);
  CHECK(grad(sum(z), bias).to_vector<double>() == std::vector<double>{0, 0});
}

TEST_CASE("dropout of an infinity is 0 or an infinity") {
  const double infinity = HUGE_VAL;
  const Tensor x = full({64}, infinity).requires_grad(), y = dropout(x, 0.5);
  CHECK(all((y == 0) | (y == infinity)).item<bool>());
  CHECK(any(y == 0).item<bool>());
  CHECK(dropout(x, 1).to_vector<double>() == std::vector<double>(64, 0));
  const Tensor g = grad(sum(y), x);
  CHECK(all(where(y == 0, g == 0, g == 2) != 0).item<bool>());
}

TEST_CASE("attention keeps no matrix of scores") {
  const Tensor q = normal({4, 500, 8}).requires_grad(), k = normal({4, 500, 8}).requires_grad();
  const std::int64_t before = memory_stats().live_bytes;
  const Tensor y = scaled_dot_product_attention(q, k, k);
  CHECK(memory_stats().live_bytes - before < 4 * 500 * 500);
}

TEST_CASE("dropout keeps its share and its mean and drops the same for the gradient") {
  for (Dtype dtype : {float32, float64})
    for (double p : {0.1, 0.5, 0.9}) {
      RandomGenerator g(1);
      const std::int64_t n = 200'000;
      const Tensor x = ones({n}, dtype).requires_grad();
      const Tensor y = dropout(x, p, true, g);
      const double kept = sum(y != 0).item() / n;
      CHECK(std::abs(kept - (1 - p)) < 4 * std::sqrt(p * (1 - p) / n));
      const auto v = y.to_vector<double>();
      CHECK(*std::max_element(v.begin(), v.end()) == doctest::Approx(1 / (1 - p)).epsilon(1e-6));
      CHECK(grad(sum(y), x).to_vector<double>() == v);
      // Neighbours, and those that come from one block, are dropped independently.
      for (std::size_t step : {1u, 16u, 64u, 128u}) {
        double both = 0;
        for (std::size_t i = step; i < v.size(); ++i) both += (v[i] == 0) == (v[i - step] == 0);
        const double expected = p * p + (1 - p) * (1 - p);
        CHECK(std::abs(both / n - expected) < 5 * std::sqrt(expected * (1 - expected) / n) + 64. / n);
      }
      CHECK(dropout(x, p, true, g).to_vector<double>() != v);
      RandomGenerator again(1);
      CHECK(dropout(x, p, true, again).to_vector<double>() == v);
    }
  const Tensor x = tensor({1., -2., 3.}).requires_grad();
  CHECK(dropout(x, 0.5, false).data<float>() == x.data<float>());
  CHECK(dropout(x, 0).data<float>() == x.data<float>());
  CHECK(dropout(x, 1).to_vector<float>() == std::vector<float>(3));
  CHECK(grad(sum(dropout(x, 1)), x).to_vector<float>() == std::vector<float>(3));
  CHECK(dropout(tensor({std::nan("")}), 1).item() == 0);  // what is dropped is 0, whatever it was
  CHECK(dropout(ones({0, 2}), 0.5).size() == 0);
  CHECK(dropout(tensor({1, 2}), 0.5).dtype() == float32);
}

TEST_CASE("malformed calls of fused operations say what was met and where") {
  struct Call {
    std::function<void()> f;
    const char* says;
  };
  const Tensor x = ones({2, 3}), wide = ones({2, 3}, float64), k = tensor({0, 2}), image = ones({2, 4, 3}),
               w = ones({3});
  const CrossEntropyOptions smoothed = CrossEntropyOptions().label_smoothing(0.1);
  CHECK(message([&] { dropout(x, 2); }).find("fused.cpp:" + std::to_string(__LINE__)) != std::string::npos);
  const Call calls[] = {
      {[&] {
         cross_entropy(x, tensor({0, 3}));
       },
       "cross_entropy: label 3 at 1 is not in [0, 3)"},
      {[&] {
         cross_entropy(x, tensor({0, 3}), smoothed);
       },
       "cross_entropy: label 3 at 1 is not in [0, 3)"},
      {[&] {
         cross_entropy(x, tensor({-1, 0}));
       },
       "cross_entropy: label -1 at 0 is not in [0, 3)"},
      {[&] { cross_entropy(image, k); }, "cross_entropy: logits float32(2, 4, 3) and labels int64(2,) do not"},
      {[&] { cross_entropy(x, w); }, "cross_entropy: logits float32(2, 3) and labels float32(3,) do not fit"},
      {[&] { cross_entropy(x, k != 0); }, "labels boolean(2,) do not fit: expected (batch, classes)"},
      {[&] { cross_entropy(k, k); }, "cross_entropy: logits int64(2,) and labels int64(2,) do not fit"},
      {[&] { cross_entropy(ones({}), tensor(0)); }, "cross_entropy: logits float32() and labels int64()"},
      {[&] { cross_entropy(x, k, CrossEntropyOptions().label_smoothing(1.5)); }, "is a share in [0, 1], not 1.5"},
      {[&] { cross_entropy(x, k, CrossEntropyOptions().weight(k)); },
       "weights of classes are int64(2,), expected (3,)"},
      {[&] { cross_entropy(x, k, CrossEntropyOptions().weight(w.requires_grad())); }, "give them detach()ed"},
      {[&] {
         nll_loss(x, tensor({0, 3}));
       },
       "nll_loss: label 3 at 1 is not in [0, 3)"},
      {[&] { nll_loss(x, x); }, "nll_loss: log probabilities float32(2, 3) and labels float32(2, 3) do not fit"},
      {[&] { nll_loss(x, k, smoothed); }, "nll_loss: label smoothing is an option of cross_entropy only"},
      {[&] { binary_cross_entropy_with_logits(x, w); },
       "binary_cross_entropy_with_logits: logits float32(2, 3) and targets float32(3,)"},
      {[&] { binary_cross_entropy_with_logits(x, x, Reduction::mean, k); }, "shapes (2,) and (2, 3) do not broadcast"},
      {[&] { binary_cross_entropy_with_logits(w, w, Reduction::mean, x); }, "does not stretch to the logits' (3,)"},
      {[&] { layer_norm(x, {2}); }, "layer_norm: the last axes of an input (2, 3) are not (2,)"},
      {[&] {
         layer_norm(x, {1, 2, 3});
       },
       "layer_norm: the last axes of an input (2, 3) are not (1, 2, 3)"},
      {[&] { layer_norm(x, Shape{}); }, "layer_norm: the last axes of an input (2, 3) are not ()"},
      {[&] { layer_norm(x, {3}, k); }, "layer_norm: the weight is (2,), expected (3,) for an input (2, 3)"},
      {[&] { layer_norm(x, {3}, w, k); }, "layer_norm: the bias is (2,), expected (3,)"},
      {[&] { layer_norm(x, {3}, w, w, -1); }, "layer_norm: eps is -1.000000, expected at least 0"},
      {[&] { layer_norm(1, {3}); }, "layer_norm: expected a tensor, not a number"},
      {[&] { rms_norm(Tensor(), {3}); }, "rms_norm: the tensor is undefined"},
      {[&] { group_norm(image, 3); }, "group_norm: 4 channels do not divide into 3 groups"},
      {[&] { group_norm(image, 0); }, "group_norm: 4 channels do not divide into 0 groups"},
      {[&] { group_norm(w, 1); }, "group_norm: expected an input (batch, channels, ...), got (3,)"},
      {[&] { group_norm(image, 2, w); }, "group_norm: the weight is (3,), expected (4,)"},
      {[&] { instance_norm(x); }, "instance_norm: each channel of an input (2, 3) has only one element"},
      {[&] {
         batch_norm(ones({1, 3}), Tensor(), Tensor());
       },
       "batch_norm: each channel of an input (1, 3) has only one"},
      {[&] { batch_norm(x, Tensor(), w, w, w, false); }, "batch_norm: running statistics are undefined, expected (3,)"},
      {[&] { batch_norm(x, w, k, w, w, false); }, "batch_norm: running statistics are int64(2,), expected (3,)"},
      {[&] {
         scaled_dot_product_attention(x, ones({4, 2}), x);
       },
       "scaled_dot_product_attention: queries, keys and values float32(2, 3), float32(4, 2)"},
      {[&] { scaled_dot_product_attention(x, x, w); }, "do not fit: expected (..., l, e), (..., s, e) and (..., s, n)"},
      {[&] { scaled_dot_product_attention(x, x, wide); }, "must all be float32 or all float64"},
      {[&] {
         scaled_dot_product_attention(ones({2, 1, 1}), ones({3, 1, 1}), ones({1, 1}));
       },
       "shapes (2,) and (3,) do not broadcast"},
      {[&] { scaled_dot_product_attention(x, x, x, k); }, "the mask is int64(2,), expected boolean or float32"},
      {[&] {
         scaled_dot_product_attention(x, x, x, ones({1, 2, 2}));
       },
       "does not stretch to the scores' (2, 2)"},
      {[&] { scaled_dot_product_attention(x, x, x, 1); }, "the mask is a number"},
      {[&] { dropout(x, 1.5); }, "dropout: 1.500000 is no probability in [0, 1]"},
      {[&] { dropout(x, std::nan("")); }, "is no probability in [0, 1]"},
      {[&] { dropout(Tensor(), 0.5); }, "dropout: the tensor is undefined"},
  };
  for (const Call& call : calls) {
    const std::string text = message(call.f);
    CAPTURE(text);
    CHECK(text.find(call.says) != std::string::npos);
    CHECK(text.find("fused.cpp:") != std::string::npos);
  }
}
