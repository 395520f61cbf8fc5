// Arguments at the ends of their range: what overflows, vanishes, cancels or is masked on the way to a right value.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <xtape.hpp>

#include "support.hpp"

using namespace xtape;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity(), none = std::numeric_limits<double>::quiet_NaN();

template <class F>
Tensor gradient(const F& f, const Tensor& x) {
  const Tensor leaf = x.requires_grad();
  return grad(sum(f(leaf)), {leaf})[0];
}
// Of the gradient's squares, so that the rule's own derivative counts.
template <class F>
Tensor second(const F& f, const Tensor& x) {
  const Tensor leaf = x.requires_grad();
  const Tensor first = grad(sum(f(leaf)), {leaf}, create_graph)[0];
  return grad(sum(first * first) / 2, {leaf})[0];
}
// Relative to each element; infinities and NaN are equal to themselves.
void check(const Tensor& y, const std::vector<double>& expected, double bound = 1e-6) {
  const auto values = y.to(float64).to_vector<double>();
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    CAPTURE(i);
    CAPTURE(values[i]);
    CAPTURE(expected[i]);
    const bool same = values[i] == expected[i] || (values[i] != values[i] && expected[i] != expected[i]);
    CHECK((same || std::abs(values[i] - expected[i]) <= bound * std::abs(expected[i])));
  }
}

}  // namespace

TEST_CASE("gradients of logsumexp and logcumsumexp do not come from a rounded result") {
  for (double at : {0., 1e5, 1e8, -1e30}) {
    CAPTURE(at);
    check(gradient([](auto& x) { return logsumexp(x, {0}); }, full({2}, at)), {0.5, 0.5});
    check(gradient([](auto& x) { return logsumexp(x, {0}); }, full({2, 3}, at)), {0.5, 0.5, 0.5, 0.5, 0.5, 0.5});
    check(gradient([](auto& x) { return logcumsumexp(x, 0)[1]; }, full({2}, at)), {0.5, 0.5});
    // softmax(x) (g - sum softmax(x) g) for the gradient (1/2, 1/2) of x itself
    check(second([](auto& x) { return logcumsumexp(x, 0)[1] * tensor({2., 0.}); }, full({2}, at)), {0, 0});
  }
  check(gradient([](auto& x) { return logcumsumexp(x, 0)[2]; }, tensor({-inf, 0., 1.}, float64)),
        {0, 0.26894142136999512, 0.73105857863000488}, 1e-14);
  check(gradient([](auto& x) { return logsumexp(x, {0}); }, tensor({-inf, 0., 1.}, float64)),
        {0, 0.26894142136999512, 0.73105857863000488}, 1e-14);
  check(logcumsumexp(tensor({0., -40.}, float64), 0), {0, std::exp(-40.)}, 1e-14);
  check(logsumexp(tensor({0., -40.}, float64), {0}), {std::exp(-40.)}, 1e-14);
}

TEST_CASE("softmax is 1 where one element is all of the sum") {
  for (Dtype dtype : {float32, float64}) {
    const Tensor x = linspace(-300, 5000, 997, dtype), least = full({997}, -1e4).to(dtype);
    CHECK(all(softmax(reshape(x, {997, 1}), 1) == 1).item<bool>());
    CHECK(all(softmax(reshape(x, {1, 997}), 0) == 1).item<bool>());
    CHECK(all(softmax(stack({least, x}), 0) == stack({least * 0, x * 0 + 1})).item<bool>());
    CHECK(all(softmax(stack({x, least}, 1), 1) == stack({x * 0 + 1, least * 0}, 1)).item<bool>());
    const Tensor q = reshape(x, {997, 1, 1}), v = sin(q);
    CHECK(all(scaled_dot_product_attention(q, q, v) == v).item<bool>());
  }
}

TEST_CASE("equal infinities share the gradient of logsumexp") {
  for (const Shape& shape : {Shape{4}, Shape{4, 1}, Shape{2, 2}})
    for (double v : {inf, -inf})
      check(gradient([](auto& x) { return logsumexp(x, Axes::all()); }, full(shape, v)), {.25, .25, .25, .25});
  check(gradient([](auto& x) { return logsumexp(x, {0}); }, tensor({inf, 0.})), {1, 0});
  check(gradient([](auto& x) { return logcumsumexp(x, 0); }, tensor({-inf, -inf, 0.})), {1.5, 0.5, 1});
  check(gradient([](auto& x) { return logcumsumexp(x, 0); }, tensor({0., inf, 0.})), {1, 2, 0});
  check(gradient([](auto& x) { return logsumexp(x, {0}); }, tensor({none, 0.})), {none, none});
}

TEST_CASE("small losses have all their digits, and so do their gradients") {
  const double small = std::log1p(std::exp(-20.)), share = 1 / (1 + std::exp(20.));
  for (double t : {0., 1.}) {
    const Tensor x = tensor({t == 1 ? 20. : -20.}), target = tensor({t});
    auto cost = [&](const Tensor& x) { return binary_cross_entropy_with_logits(x, target); };
    check(cost(x), {small});
    check(gradient(cost, x), {t == 1 ? -share : share});
    auto weighted = [&](const Tensor& x) {
      return binary_cross_entropy_with_logits(x, target, Reduction::mean, tensor({1.}), tensor({3.}));
    };
    check(weighted(x), {t == 1 ? 3 * small : small});
    check(gradient(weighted, x), {t == 1 ? -3 * share : share});
  }
  const Tensor x = tensor({{20., 0.}});
  const Tensor targets[] = {tensor({0}), tensor({{1., 0.}})};
  for (const Tensor& t : targets) {
    auto cost = [&](const Tensor& x) { return cross_entropy(x, t); };
    check(cost(x), {small});
    check(gradient(cost, x), {-share, share});
    const Tensor leaf = x.requires_grad();
    check(grad(cost(leaf), {leaf}, create_graph)[0], {-share, share});
  }
  for (const bool columns : {false, true}) {
    const Tensor v = columns ? transpose(x) : x;
    const int axis = columns ? 0 : 1;
    check(log_softmax(v, axis), {-small, -20 - small});
    auto nll = [&](const Tensor& x) { return -select(log_softmax(x, axis), axis, 0); };
    check(gradient(nll, v), {-share, share});
  }
  check(cross_entropy(tensor({{3., 3., -50.}}), tensor({0})), {std::log(2.)});
  check(cross_entropy(tensor({{-inf, 0.}}), tensor({0})), {inf});
  CHECK(std::isnan(log_softmax(tensor({inf, 0.})).to_vector<double>()[1]));
}

TEST_CASE("what has no share of a cost costs nothing at infinite logits") {
  check(cross_entropy(tensor({{-inf, 0., 1.}}, float64), tensor({{0., 1., 0.}}, float64)), {1.3132616875182228}, 1e-15);
  const Tensor x = tensor({{-inf, inf}}), t = tensor({{0., 1.}});
  using Cost = std::function<Tensor(const Tensor&)>;
  const Cost costs[] = {
      [&](const Tensor& x) { return binary_cross_entropy_with_logits(x, t); },
      [&](const Tensor& x) { return binary_cross_entropy_with_logits(x, t, Reduction::mean, Tensor(), tensor({2.})); },
      [&](const Tensor& x) { return nn::multilabel_soft_margin_loss(x, t); },
      [&](const Tensor& x) { return nn::focal_loss(x, t); },
  };
  for (const Cost& cost : costs) {
    check(cost(x), {0});
    check(gradient(cost, x), {0, 0});
    check(cost(-x), {inf});
  }
  const Cost soft_margin = [&](const Tensor& x) { return nn::soft_margin_loss(x, 2 * t - 1); };
  check(soft_margin(x), {0});
  check(gradient(soft_margin, x), {0, 0});
  // Where the cost is infinite its slope is that of a line.
  check(gradient(soft_margin, -x), {0.5, -0.5});
  check(gradient(costs[0], -x), {0.5, -0.5});
  check(gradient(costs[2], -x), {0.5, -0.5});
  check(nn::multi_margin_loss(tensor({{inf, 0.}}), tensor({0})), {0});
  CHECK(std::isnan(binary_cross_entropy_with_logits(tensor({none}), tensor({0.})).item()));
  check(cross_entropy(tensor({{3e38, 0.}, {3e38, 0.}}), tensor({1, 1})), {3e38});
}

TEST_CASE("means of what has no finite sum") {
  check(mean(tensor({3e38, 3e38})), {3e38});
  check(mean(tensor({{3e38, -3e38}, {3e38, -3e38}}), {0}), {3e38, -3e38});
  check(mean(tensor({3e38, 3e38, -3e38, -3e38})), {0});
  check(mean(tensor({1.5e308, 1.5e308}, float64)), {1.5e308}, 1e-15);
  check(gradient([](auto& x) { return mean(x); }, tensor({3e38, 3e38})), {0.5, 0.5});
  check(mean(tensor({inf, 1.})), {inf});
  CHECK(std::isnan(mean(tensor({inf, -inf})).item()));
}

TEST_CASE("partial products may be out of range") {
  const Tensor x = tensor({1e-30, 1e-30, 1e30, 1e30});
  auto product = [](auto& x) { return prod(x); };
  check(prod(x), {1});
  check(prod(flip(x, {0})), {1});
  check(gradient(product, x), {1e30, 1e30, 1e-30, 1e-30});
  check(gradient(product, flip(x, {0})), {1e-30, 1e-30, 1e30, 1e30});
  const Tensor columns = broadcast_to(reshape(flip(x, {0}), {4, 1}), {4, 2});
  check(prod(columns, {0}), {1, 1});
  check(gradient([](auto& x) { return prod(x, {0}); }, columns), {1e-30, 1e-30, 1e-30, 1e-30, 1e30, 1e30, 1e30, 1e30});
  const Tensor wide = tensor({1e-200, 1e-200, 1e200, 1e200}, float64);
  check(prod(wide), {1}, 1e-14);
  check(prod(concat({wide, wide, wide, wide, wide, wide, wide, wide, wide, wide})), {1}, 1e-13);
  check(gradient(product, wide), {1e200, 1e200, 1e-200, 1e-200}, 1e-14);
  // Where a part is subnormal it has few digits.
  const Tensor rare =
      scatter(ones({192}, float64), 0, tensor({0, 64, 128}), tensor({1.1e-160, 3e-155, 7e300}, float64));
  check(prod(rare), {23.1e-15}, 1e-15);
  check(prod(broadcast_to(reshape(rare, {192, 1}), {192, 2}), {0}), {23.1e-15, 23.1e-15}, 1e-15);
  check(gradient([](auto& x) { return cumprod(x, 0)[3]; }, x), {1e30, 1e30, 1e-30, 1e-30});
  check(prod(tensor({0., 3e38, 3e38})), {0});
  check(prod(tensor({3e38, 3e38})), {inf});
  check(gradient(product, tensor({0., 2., 3.})), {6, 0, 0});
}

TEST_CASE("lengths of what has no finite square, or none but 0") {
  for (double scale : {1e30, 1., 1e-30}) {
    CAPTURE(scale);
    const Tensor x = tensor({3 * scale, 4 * scale}), c = reshape(x, {2, 1}) * ones({1, 3});
    auto length = [](auto& x) { return norm(x); };
    check(length(x), {5 * scale});
    check(gradient(length, x), {0.6, 0.8});
    check(norm(c, 2, {0}), {5 * scale, 5 * scale, 5 * scale});
    check(norm(x, 3), {std::cbrt(91.) * scale});
    check(gradient([](auto& x) { return norm(x, 3); }, x), {9 / std::pow(91., 2. / 3), 16 / std::pow(91., 2. / 3)},
          1e-5);
    check(norm(x, -2), {2.4 * scale});
    const Tensor y = tensor({scale, 2 * scale}), d = reshape(y, {2, 1}) * ones({1, 3});
    check(stddev(y), {0.70710678 * scale});
    check(gradient([](auto& x) { return stddev(x); }, y), {-0.70710678, 0.70710678});
    check(stddev(d, {0}), {0.70710678 * scale, 0.70710678 * scale, 0.70710678 * scale});
    const Tensor a = reshape(x, {1, 2}), b = zeros({1, 2});
    auto distance = [&](double p) { return [&b, p](auto& a) { return cdist(a, b, p); }; };
    check(distance(2)(a), {5 * scale});
    check(gradient(distance(2), a), {0.6, 0.8});
    check(distance(3)(a), {std::cbrt(91.) * scale});
    check(gradient(distance(3), a), {9 / std::pow(91., 2. / 3), 16 / std::pow(91., 2. / 3)}, 1e-5);
  }
  check(norm(tensor({1e300, 1e300}, float64)), {std::sqrt(2.) * 1e300}, 1e-15);
  check(norm(tensor({3., 2.}), 100), {3});
  check(gradient([](auto& x) { return norm(x, 100); }, tensor({3., 2.})), {1, std::pow(2. / 3, 99)}, 1e-4);
  check(var(tensor({1e-20, 3e-20}, float64)), {2e-40}, 1e-14);
  check(stddev(tensor({1e200, 3e200}, float64)), {std::sqrt(2.) * 1e200}, 1e-14);
  check(var(tensor({16777216., 16777218., 16777222.})), {28. / 3});
  nn::CosineSimilarity cosine;
  for (double s : {1e20, 1e-5, 1.}) check(cosine(tensor({{s, 0.}}), tensor({{s, s}})), {0.70710678});
  check(nn::cosine_embedding_loss(tensor({{1e20, 0.}}), tensor({{1e20, 1e20}}), tensor({1.})), {1 - 0.70710678}, 1e-6);
}

TEST_CASE("points close to each other and far from 0 keep their distance") {
  const Tensor a = full({30, 1}, 512695.), b = full({30, 1}, 512804.);
  check(cdist(a, b), std::vector<double>(900, 109), 0);
  check(gradient([&](auto& a) { return cdist(a, b) / 30; }, a), std::vector<double>(30, -1));
  manual_seed(1);
  const Tensor x = normal({40, 7});
  check(diagonal(cdist(x, x)), std::vector<double>(40, 0), 0);
}

TEST_CASE("LPPool of large and small elements, and of negative sums") {
  nn::LPPool1d cubes(3, 2), squares(2, 2);
  auto row = [](double a, double b) { return reshape(tensor({a, b}), {1, 1, 2}); };
  check(cubes(row(-1, -2)), {-std::cbrt(9.)});
  check(gradient([&](auto& x) { return cubes(x); }, row(-1, -2)), {std::pow(9., -2. / 3), 4 * std::pow(9., -2. / 3)});
  for (double s : {1e30, 1., 1e-30}) check(squares(row(3 * s, 4 * s)), {5 * s});
  check(squares(row(0, 0)), {0});
  check(gradient([&](auto& x) { return squares(x); }, row(0, 0)), {0, 0});
}

TEST_CASE("normalisation of what has no finite square") {
  const double root = std::sqrt(1.5);
  for (double s : {0x1p66, 0x1p100, 1.}) {
    CAPTURE(s);
    const Tensor x = tensor({s, 2 * s, 3 * s});
    check(layer_norm(x, {3}), {-root, 0, root}, 1e-4);
    check(rms_norm(x, {3}), {0.46291, 0.92582, 1.38873}, 1e-4);
    check(group_norm(reshape(x, {1, 1, 3}), 1), {-root, 0, root}, 1e-4);
    check(instance_norm(reshape(x, {1, 1, 3})), {-root, 0, root}, 1e-4);
    check(batch_norm(reshape(x, {3, 1}), Tensor(), Tensor(), Tensor(), Tensor(), true).y, {-root, 0, root}, 1e-4);
    // d/dx of the first element: (1 - 1/3 - h^2/3, ...) / std
    const double std = s * std::sqrt(2. / 3);
    auto first = [](const Tensor& y) { return slice(flatten(y), 0, Slice(0, 1)); };
    const std::vector<double> slope = {1 / 6. / std, -1 / 3. / std, 1 / 6. / std};
    check(gradient([&](auto& x) { return first(layer_norm(x, {3}, Tensor(), Tensor(), 0)); }, x), slope, 1e-4);
    check(gradient(
              [&](auto& x) {
                return first(batch_norm(reshape(x, {3, 1}), Tensor(), Tensor(), Tensor(), Tensor(), true, 0).y);
              },
              x),
          slope, 1e-4);
  }
  check(layer_norm(tensor({1e-30, 2e-30, 3e-30}), {3}, Tensor(), Tensor(), 0), {-root, 0, root});
  check(layer_norm(tensor({1e200, 2e200, 3e200}, float64), {3}), {-root, 0, root});
}

TEST_CASE("derivatives of lengths are 0 at 0, to order 3") {
  using F = std::function<Tensor(const Tensor&)>;
  const Tensor other = tensor({{0., 0.}, {1., 2.}}, float64);
  const F functions[] = {
      [](const Tensor& x) { return norm(x); },
      [](const Tensor& x) { return norm(x, 3); },
      [](const Tensor& x) { return norm(x, 1.5); },
      [](const Tensor& x) { return norm(x, 2, {1}); },
      [](const Tensor& x) { return stddev(x); },
      [](const Tensor& x) { return stddev(x, {1}); },
      [&](const Tensor& x) { return cdist(x, other); },
      [&](const Tensor& x) { return cdist(x, other, 3); },
      [&](const Tensor& x) { return nn::CosineSimilarity()(x, other); },
  };
  for (std::size_t i = 0; i < std::size(functions); ++i) {
    CAPTURE(i);
    const Tensor x = zeros({2, 2}, float64).requires_grad();
    Tensor y = sum(functions[i](x));
    for (int order = 1; order <= 3; ++order) {
      CAPTURE(order);
      const Tensor g = grad(y, {x}, create_graph | allow_unused)[0];
      if (!g.defined()) break;
      CHECK(all(isfinite(g)).to(float32).item() == 1);
      y = sum(g * tensor({{1., 2.}, {3., 5.}}, float64));
    }
  }
}

TEST_CASE("dropped elements are 0, whatever they were") {
  for (double v : {inf, none}) {
    manual_seed(3);
    const auto y = dropout(full({64}, v), 0.5).to_vector<double>();
    CHECK(std::count(y.begin(), y.end(), 0.) > 10);
    check(dropout(tensor({v}), 1), {0});
    nn::Dropout1d channels(0.5);
    const auto z = channels(full({1, 64, 1}, v)).to_vector<double>();
    CHECK(std::count(z.begin(), z.end(), 0.) > 10);
  }
}

TEST_CASE("between equal infinities lies infinity") {
  check(quantile(tensor({1., inf, inf}), 0.75), {inf});
  check(quantile(tensor({-inf, -inf, 0.}), 0.25), {-inf});
  check(quantile(tensor({-inf, 0.}), 0.25), {-inf});
  CHECK(std::isnan(quantile(tensor({-inf, inf}), 0.25).item()));
  check(lerp(tensor({inf}), tensor({inf}), 0.3), {inf});
  check(lerp(tensor({-3e38}), tensor({3e38}), 0.75), {1.5e38});
  check(lerp(tensor({inf, 1.}), tensor({1., -inf}), tensor({1., 0.})), {1, 1});
  const Tensor w = tensor({0.3}).requires_grad();
  check(grad(sum(lerp(tensor({inf}), tensor({inf}), w)), {w})[0], {0});
}

TEST_CASE("attention does not look at masked values") {
  const Tensor q = tensor({{1., 0.}}), k = tensor({{1., 0.}, {none, none}}), v = tensor({{1., 2.}, {none, inf}});
  const Tensor masks[] = {tensor({{true, false}}), tensor({{0., -inf}})};
  for (const Tensor& mask : masks)
    for (const bool graph : {false, true}) {
      const Tensor a = q.requires_grad(), b = k.requires_grad(), c = v.requires_grad();
      const Tensor y = scaled_dot_product_attention(a, b, c, mask);
      check(y, {1, 2});
      const GradFlags flags = graph ? create_graph : grad_defaults;
      const Tensors d = grad(sum(y), {a, b, c}, flags);
      check(d[0], {0, 0});
      check(d[1], {0, 0, 0, 0});
      check(d[2], {1, 1, 0, 0});
    }
  const Tensor three = concat({k, tensor({{0., 1.}})}, 0), values = concat({v, tensor({{3., 4.}})}, 0);
  check(scaled_dot_product_attention(zeros({3, 2}), three, values, Tensor(), true), {1, 2, none, none, none, none});
}

TEST_CASE("MultiheadAttention does not look at masked keys") {
  for (const bool batch_first : {false, true}) {
    nn::MultiheadAttention layer(4, 2, nn::MultiheadAttentionOptions().batch_first(batch_first));
    const Tensor x = normal({1, 3, 4}), bad = concat({x, full({1, 1, 4}, none)}, 1);
    auto laid = [&](const Tensor& t) { return batch_first ? t : transpose(t, 0, 1); };
    const Tensor mask = tensor({{true, true, true, false}});
    const Tensor y = layer(laid(x), laid(bad), laid(bad), nn::AttentionMask().key_mask(mask));
    CHECK(allclose(y, layer(laid(x), laid(x), laid(x)), 1e-5, 1e-6));
    sum(y).backward();
    for (const Parameter& p : layer.parameters()) CHECK(all(isfinite(p.grad())).to(float32).item() == 1);
  }
}

TEST_CASE("sums of many float32 have their digits") {
  const std::int64_t n = 1 << 20;
  const double value = 0.1f, bound = 4 * 20 * 0x1p-24;
  const Tensor x = full({n}, 0.1), column = reshape(x, {n, 1}), ones_n = ones({n});
  auto near = [&](const Tensor& y, double expected) {
    for (double v : y.to(float64).to_vector<double>()) CHECK(std::abs(v - expected) <= bound * std::abs(expected));
  };
  const Tensor places = zeros({n}, int64), pairs = broadcast_to(column, {n, 2});
  near(scatter_add(zeros({3}), 0, places, x) + tensor({0., 1., 1.}) * (n * value), n * value);
  near(slice(scatter_add(zeros({3, 2}), 0, broadcast_to(reshape(places, {n, 1}), {n, 2}), pairs), 0, Slice(0, 1)),
       n * value);
  near(slice(index_add(zeros({3, 2}), 0, places, pairs), 0, Slice(0, 1)), n * value);
  const Tensor weight = ones({3, 4}).requires_grad();
  near(grad(sum(embedding(places, weight) * 0.1), {weight})[0][0], n * value);
  const Tensor source = ones({3}).requires_grad();
  near(grad(sum(gather(source, 0, places) * 0.1), {source})[0][0], n * value);
  near(bincount(places, x), n * value);
  near(avg_pool1d(reshape(x, {1, 1, n}), n), value);
  near(adaptive_avg_pool1d(reshape(x, {1, 1, n}), 1), value);
  near(adaptive_avg_pool2d(reshape(x, {1, 1, n / 2, 2}), PerAxis{1, 2}), value);
  near(nn::LPPool1d(1, n)(reshape(x, {1, 1, n})), n * value);
  near(softmax(pairs, 0), 1. / n);
  near(log_softmax(pairs, 0), -std::log(n));
  near(logsumexp(pairs * 0, {0}), std::log(n));
  near(logcumsumexp(x * 0, 0)[n - 1], std::log(n));
  near(cumsum(x, 0)[n - 1], n * value);
  near(mv(transpose(pairs), ones_n), n * value);
  near(mv(reshape(x, {1, n}), ones_n), n * value);
  near(dot(x, ones_n), n * value);
  near(cdist(reshape(x, {1, n}), zeros({1, n})), value * std::sqrt(n));
  const Tensor point = zeros({1, 2}).requires_grad();
  near(grad(sum(cdist(point, broadcast_to(tensor({{3., 3.}}), {n, 2}))), {point})[0], -n * std::sqrt(0.5));
  for (const bool centered : {true, false}) {
    const Tensor rows = broadcast_to(tensor({{1., -1.}}), {n, 2}), w = ones({2}).requires_grad();
    const Tensor y = centered ? layer_norm(rows, {2}, w, zeros({2}), 0) : rms_norm(rows, {2}, w, 0);
    near(grad(sum(abs(y) * 0.1), {w})[0], n * value);
  }
  const Tensor filter = ones({1, 1, 1, 1}).requires_grad();
  near(grad(sum(conv2d(full({n / 16, 1, 4, 4}, 0.1), filter)), {filter})[0], n * value);
  const Tensor wide = ones({1, 1, 3, 3}).requires_grad();
  near(grad(sum(conv2d(full({n / 16, 1, 6, 6}, 0.1), wide)), {wide})[0], n * value);
  const Tensor ties = ones({(1 << 24) + (1 << 20), 2}).requires_grad();
  near(sum(grad(sum(amax(ties, {0})), {ties})[0], {0}), 1);
  check(histc(ones({(1 << 24) + 2}), 1, 0, 2), {(1 << 24) + 2}, 0);
  check(adaptive_avg_pool1d(ones({1, 1, 1 << 25}), 1), {1}, 0);
}

TEST_CASE("circular functions and their derivatives at angles of any size, in replays of small ones too") {
  struct Row {
    Tensor (*f)(const Arg&);
    double value, first, second;
  };
  const double x = 1e22, s = -0.8522008497671888, c = 0.5232147853951389;
  const Row rows[] = {{sin, s, c, -s}, {cos, c, -s, -c}, {tan, s / c, 1 / (c * c), 2 * s / (c * c * c)}};
  for (const Row& row : rows) {
    auto all = [f = row.f](const Tensors& in) {
      const Tensor x = in[0].requires_grad(), y = f(x), g = grad(sum(y), x, create_graph);
      return Tensors{y.detach(), grad(sum(f(x)), x), g.detach(), grad(sum(g), x)};
    };
    const Tensors far{tensor({x, 1.}, float64)}, near{tensor({0.5, 1.}, float64)};
    Replay replay = record(all, near);
    for (const Tensors& got : {all(far), replay(far)}) {
      const double expected[] = {row.value, row.first, row.first, row.second};
      for (std::size_t i = 0; i < 4; ++i) CHECK(got[i][0].item() == doctest::Approx(expected[i]).epsilon(1e-14));
      for (std::size_t i = 0; i < 4; ++i) CHECK(same_bits(got[i][1], all(near)[i][1]));
    }
  }
  CHECK(sin(tensor({1e20f})).item<float>() == static_cast<float>(std::sin(double{1e20f})));
  CHECK(std::isnan(cos(tensor({HUGE_VAL})).item()));
}
