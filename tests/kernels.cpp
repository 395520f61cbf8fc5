// Kernels against naive loops, in the shapes where strides, tiles and threads go wrong.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>
#include <xtape.hpp>

using namespace xtape;

namespace {

using Values = std::vector<double>;
using Index = std::vector<std::int64_t>;

Tensor draw(const Shape& shape, Dtype dtype = float64) {
  static RandomGenerator generator(21);
  return uniform(shape, -2, 2, dtype, generator);
}
// Small whole numbers, whose sums and products are exact in every dtype.
Tensor whole(const Shape& shape, Dtype dtype = float64) { return (draw(shape) * 4).to(int64).to(dtype); }

// Every index of a shape, in row-major order.
std::vector<Index> indices(const Shape& shape) {
  std::vector<Index> all{Index()};
  for (std::int64_t n : shape) {
    std::vector<Index> longer;
    for (const Index& index : all)
      for (std::int64_t i = 0; i < n; ++i) {
        longer.push_back(index);
        longer.back().push_back(i);
      }
    all = std::move(longer);
  }
  return all;
}
// The element at `index`, of which a shorter or stretched shape has less: what broadcasting means.
std::size_t at(const Shape& shape, const Index& index) {
  std::int64_t offset = 0;
  const std::size_t skip = index.size() - static_cast<std::size_t>(shape.rank());
  for (int i = 0; i < shape.rank(); ++i)
    offset = offset * shape[i] + (shape[i] == 1 ? 0 : index[skip + static_cast<std::size_t>(i)]);
  return static_cast<std::size_t>(offset);
}
// The axes that are bits of `mask`.
std::vector<int> axes_of(unsigned mask) {
  std::vector<int> axes;
  for (int i = 0; i < 4; ++i)
    if (mask >> i & 1) axes.push_back(i);
  return axes;
}
Shape without(Shape shape, unsigned mask, bool keepdims) {
  Shape rest;
  for (int i = 0; i < shape.rank(); ++i)
    if (!(mask >> i & 1) || keepdims) rest.push_back(mask >> i & 1 ? 1 : shape[i]);
  return rest;
}

const Shape rank4[] = {{2, 3, 4, 5}, {1, 3, 1, 5},  {4, 1, 3, 1},   {1, 1, 1, 1},
                       {2, 0, 3, 2}, {3, 2, 1, 40}, {20, 17, 1, 18}};

}  // namespace

TEST_CASE("broadcast operations agree with a loop over the indices") {
  const std::pair<Shape, Shape> pairs[] = {{{}, {}},
                                           {{}, {3}},
                                           {{1}, {3}},
                                           {{3}, {2, 3}},
                                           {{2, 1}, {2, 3}},
                                           {{2, 1}, {1, 3}},
                                           {{1, 1}, {2, 3}},
                                           {{2, 3, 4}, {4}},
                                           {{2, 3, 4}, {3, 1}},
                                           {{2, 3, 4}, {2, 1, 1}},
                                           {{2, 3, 4}, {2, 1, 4}},
                                           {{2, 1, 4}, {3, 1}},
                                           {{1, 3, 1, 5}, {2, 1, 4, 1}},
                                           {{2, 1, 3, 1, 2}, {1, 4, 1, 5, 2}},
                                           {{0}, {1}},
                                           {{2, 0}, {2, 1}},
                                           {{1, 0}, {3, 1}},
                                           {{5, 600}, {5, 1}},  // longer than the buffer that stretches
                                           {{600}, {3, 600}},
                                           {{1, 1300}, {3, 1}},
                                           {{70, 1, 33}, {1, 40, 33}},  // several tiles
                                           {{90, 50, 1}, {90, 50, 17}},
                                           {{2, 1, 3, 1, 2, 1, 3, 1}, {1, 2, 1, 3, 1, 2, 1, 3}}};
  for (const auto& pair : pairs)
    for (const auto& shapes : {pair, std::make_pair(pair.second, pair.first)}) {
      const Shape &p = shapes.first, &q = shapes.second;
      CAPTURE(p);
      CAPTURE(q);
      const Tensor a = draw(p), b = draw(q), difference = a - b, less = a < b, either = where(a < b, a, b);
      const Values x = a.to_vector<double>(), y = b.to_vector<double>();
      Values d, minimum;
      std::vector<bool> l;
      for (const Index& index : indices(difference.shape())) {
        const double u = x[at(p, index)], v = y[at(q, index)];
        d.push_back(u - v);
        l.push_back(u < v);
        minimum.push_back(std::min(u, v));
      }
      CHECK(difference.to_vector<double>() == d);
      CHECK(less.to_vector<bool>() == l);
      CHECK(either.to_vector<double>() == minimum);
      // Its gradient is the reverse: how often each element was used.
      const Tensor leaf = a.requires_grad(), g = grad(sum(leaf - b), leaf);
      const double times = p == q || a.size() == 0 ? 1. : static_cast<double>(d.size()) / static_cast<double>(a.size());
      CHECK(g.to_vector<double>() == Values(x.size(), times));
      CHECK(broadcast_to(a, difference.shape()).to_vector<double>() == (a + 0 * b).to_vector<double>());
    }
  for (const auto& [p, q] : {std::pair<Shape, Shape>{{2}, {3}}, {{2, 3}, {2}}, {{0}, {2}}, {{2, 1, 3}, {2, 2}}})
    CHECK_THROWS_AS(draw(p) + draw(q), Error);
}

TEST_CASE("sums over every set of axes agree with a loop and with means") {
  for (const Shape& shape : rank4)
    for (unsigned mask = 0; mask < 16; ++mask)
      for (Dtype dtype : {float64, float32, int64}) {
        CAPTURE(shape);
        CAPTURE(mask);
        const Tensor x = whole(shape, dtype);
        const Values elements = x.to_vector<double>();
        const Shape kept = without(shape, mask, true);
        Values sums(static_cast<std::size_t>(kept.size()));
        std::size_t k = 0;
        for (const Index& index : indices(shape)) sums[at(kept, index)] += elements[k++];
        CHECK(sum(x, axes_of(mask), true).shape() == kept);
        CHECK(sum(x, axes_of(mask)).shape() == without(shape, mask, false));
        CHECK(sum(x, axes_of(mask), true).to_vector<double>() == sums);
        CHECK(sum(x, axes_of(mask)).dtype() == dtype);
        CHECK(sum_to(x, kept).to_vector<double>() == sums);
        if (x.size() == 0) continue;
        const double count = static_cast<double>(x.size()) / static_cast<double>(sums.size());
        CHECK(allclose(mean(x, axes_of(mask), true) * count, sum(x, axes_of(mask), true), 1e-5, 1e-4));
      }
  CHECK(sum(tensor({true, true, false})).item<int>() == 2);
  CHECK(sum(full({1000}, 200, uint8)).item<int>() == 200'000);
  CHECK(sum(draw({2, 3, 4}), {-1, 0}).shape() == Shape{3});
}

TEST_CASE("large sums do not lose what is small") {
  const Tensor x = full({10'000'019}, 0.1);  // added one by one in float32 they would make 1,087,937
  CHECK(sum(x).item() == doctest::Approx(1'000'001.9).epsilon(1e-6));
  CHECK(mean(x).item() == doctest::Approx(0.1).epsilon(1e-6));
}

TEST_CASE("argmax takes the first of equals and NaN before all") {
  const double nan = std::nan(""), infinity = HUGE_VAL;
  CHECK(argmax(tensor({1., 3., 3., 2.})).item<int>() == 1);
  CHECK(argmax(tensor({1., nan, infinity, nan})).item<int>() == 1);
  CHECK(argmax(tensor({-infinity, -infinity})).item<int>() == 0);
  CHECK(argmax(tensor({false, true, true})).item<int>() == 1);
  CHECK(argmax(tensor({5, 9, 7}, uint8)).item<int>() == 1);
  const Tensor x = whole({2, 3, 4});
  const Values v = x.to_vector<double>();
  for (int axis = -3; axis < 3; ++axis) {
    const unsigned mask = 1u << (axis < 0 ? axis + 3 : axis);
    const Shape kept = without(x.shape(), mask, true);
    std::vector<std::int64_t> best(static_cast<std::size_t>(kept.size()));
    Values most(best.size(), -infinity);
    std::size_t k = 0;
    for (const Index& index : indices(x.shape())) {
      const std::size_t to = at(kept, index);
      if (v[k] > most[to]) most[to] = v[k], best[to] = index[static_cast<std::size_t>(axis < 0 ? axis + 3 : axis)];
      ++k;
    }
    CHECK(argmax(x, axis).to_vector<std::int64_t>() == best);
    CHECK(argmax(x, axis).shape() == without(x.shape(), mask, false));
  }
}

TEST_CASE("every order of four axes") {
  for (const Shape& shape : rank4)
    for (Dtype dtype : {float64, float32, int64}) {
      const Tensor shaped = reshape(arange(shape.size(), dtype), shape);
      const Values v = shaped.to_vector<double>();
      std::vector<int> axes{0, 1, 2, 3};
      do {
        CAPTURE(shape);
        CAPTURE(axes[0] * 1000 + axes[1] * 100 + axes[2] * 10 + axes[3]);
        const Tensor y = permute(shaped, axes);
        Values expected;
        for (const Index& index : indices(y.shape())) {
          Index from(4);
          for (std::size_t i = 0; i < 4; ++i) from[static_cast<std::size_t>(axes[i])] = index[i];
          expected.push_back(v[at(shape, from)]);
        }
        CHECK(y.to_vector<double>() == expected);
      } while (std::next_permutation(axes.begin(), axes.end()));
    }
  CHECK(transpose(tensor({{1, 2, 3}, {4, 5, 6}})).to_vector<double>() == Values{1, 4, 2, 5, 3, 6});
  CHECK(transpose(tensor({{true, false}, {true, true}})).to_vector<bool>() ==
        std::vector<bool>{true, true, false, true});
  CHECK(transpose(draw({2, 3, 4}), 0).shape() == Shape{4, 3, 2});
}

TEST_CASE("matrix products agree with a loop whatever is transposed") {
  const std::int64_t sizes[][3] = {{1, 1, 1},    {2, 3, 4},       {5, 1, 7},    {1, 9, 1},     {17, 33, 5},
                                   {0, 3, 2},    {3, 0, 2},       {3, 2, 0},    {0, 0, 0},     {64, 64, 64},
                                   {31, 200, 3}, {150, 120, 140}, {1, 784, 30}, {200, 90, 400}};
  for (const auto& size : sizes)
    for (Dtype dtype : {float32, float64})
      for (int flags = 0; flags < 4; ++flags) {
        const std::int64_t m = size[0], k = size[1], n = size[2];
        CAPTURE(m * 1'000'000 + k * 1000 + n);
        CAPTURE(flags);
        const bool ta = flags & 1, tb = flags & 2;
        const Tensor a = whole(ta ? Shape{k, m} : Shape{m, k}, dtype), b = whole(tb ? Shape{n, k} : Shape{k, n}, dtype);
        const Values x = a.to_vector<double>(), y = b.to_vector<double>();
        Values z;
        for (std::int64_t i = 0; i < m; ++i)
          for (std::int64_t j = 0; j < n; ++j) {
            double s = 0;
            for (std::int64_t l = 0; l < k; ++l)
              s += x[static_cast<std::size_t>(ta ? l * m + i : i * k + l)] *
                   y[static_cast<std::size_t>(tb ? j * k + l : l * n + j)];
            z.push_back(s);
          }
        const Tensor product = matmul(a, b, ta, tb);
        CHECK(product.shape() == Shape{m, n});
        CHECK(product.to_vector<double>() == z);
        if (ta || !tb) continue;
        const Tensor bias = whole({n}, dtype);
        CHECK(linear(a, b, bias).to_vector<double>() == (product + bias).to_vector<double>());
      }
  const Tensor a = whole({3, 4}), u = whole({4}), v = whole({3});
  CHECK(matmul(a, u).to_vector<double>() == sum(a * u, 1).to_vector<double>());
  CHECK(matmul(v, a).to_vector<double>() == sum(reshape(v, {3, 1}) * a, 0).to_vector<double>());
  CHECK(matmul(u, u).shape() == Shape{});
  CHECK(matmul(u, u).item() == sum(u * u).item());
  CHECK(linear(whole({2, 3, 4}), a, v).shape() == Shape{2, 3, 3});
}

TEST_CASE("results are the same bits for any number of threads") {
  manual_seed(4);
  const Tensor batch = normal({128, 784}), weight = normal({512, 784}), a = normal({600, 700}), b = normal({700, 800});
  const Tensor big = normal({300'001}), rows = normal({700, 450}), row = normal({450}), other = normal({700, 1});
  const Tensor labels = tensor(std::vector<std::int64_t>(128, 3));
  const nn::Sequential net{nn::Linear(784, 512), nn::sigmoid, nn::Linear(512, 10)};
  struct Row {
    const char* what;
    std::function<Tensors()> f;
  };
  const Row all[] = {
      {"the first layer of a plain network", [&] { return Tensors{matmul(batch, weight, false, true)}; }},
      {"a product of two large matrices",
       [&] {
         return Tensors{matmul(a, b), matmul(b, a, true, true)};
       }},
      {"elementwise",
       [&] {
         return Tensors{big * 2 + exp(big), sigmoid(big), tanh(big) / big};
       }},
      {"broadcast",
       [&] {
         return Tensors{rows * row + other, where(rows > row, other, row)};
       }},
      {"sums",
       [&] {
         return Tensors{sum(big), sum(rows), sum(rows, 0), sum(rows, 1), mean(rows, {0, 1})};
       }},
      {"softmax",
       [&] {
         return Tensors{softmax(rows), log_softmax(rows, 0), logsumexp(rows)};
       }},
      {"a training step", [&] { return grad(nn::cross_entropy(net(batch), labels), net.parameters()); }},
      {"a training step with a graph",
       [&] { return grad(nn::cross_entropy(net(batch), labels), net.parameters(), create_graph); }}};
  for (const Row& line : all) {
    CAPTURE(std::string(line.what));
    auto run = [&](int threads) {
      set_num_threads(threads);
      std::vector<std::vector<float>> values;
      for (const Tensor& t : line.f()) values.push_back(t.to_vector<float>());
      return values;
    };
    const auto one = run(1);
    for (int threads : {1, 2, 4})
      for (int again = 0; again < 3; ++again) CHECK(run(threads) == one);
  }
  set_num_threads(1);
}

TEST_CASE("a loop over tiles calls each once and passes errors on") {
  for (int threads : {1, 3}) {
    set_num_threads(threads);
    std::vector<int> calls(1000);
    parallel_for(1000, [&](std::int64_t i) {
      parallel_for(2, [&](std::int64_t) {});  // inside a tile it is a plain loop
      ++calls[static_cast<std::size_t>(i)];
    });
    CHECK(calls == std::vector<int>(1000, 1));
    parallel_for(0, [](std::int64_t) { FAIL("there is no tile"); });
    CHECK_THROWS_AS(parallel_for(100,
                                 [](std::int64_t i) {
                                   if (i == 57) throw Error("tile 57");
                                 }),
                    Error);
    parallel_for(1000, [&](std::int64_t i) { --calls[static_cast<std::size_t>(i)]; });
    CHECK(calls == std::vector<int>(1000, 0));
  }
  CHECK_THROWS_AS(set_num_threads(0), Error);
  CHECK(num_threads() == 3);
  set_num_threads(1);
}
