// Gradients of parts: they add up in one buffer, in the order in which they come, whatever looks on.
#include <algorithm>
#include <cstring>
#include <ctime>
#include <vector>

#include "support.hpp"

using namespace xtape;

namespace {

using Bits = std::vector<std::uint64_t>;
Bits bits(const Tensor& x) {
  Bits b;
  for (const double v : x.to_vector<double>()) std::memcpy(&b.emplace_back(), &v, sizeof v);
  return b;
}

// What is taken of x (6, 4), and the same by multiplication with matrices of zeros and ones.
struct Taking {
  const char* name;
  std::function<Tensor(const Tensor&)> take;
  std::vector<std::int64_t> elements;  // in the order of the result
};
const std::vector<Taking> takings{
    {"x[i]", [](const Tensor& x) { return x[1]; }, {4, 5, 6, 7}},
    {"x[-i]", [](const Tensor& x) { return x[-1]; }, {20, 21, 22, 23}},
    {"select", [](const Tensor& x) { return select(x, 1, 2); }, {2, 6, 10, 14, 18, 22}},
    {"a slice", [](const Tensor& x) { return slice(x, 0, Slice(1, 3)); }, {4, 5, 6, 7, 8, 9, 10, 11}},
    {"a slice with steps",
     [](const Tensor& x) { return slice(x, 0, Slice(5, 0, -2)); },
     {20, 21, 22, 23, 12, 13, 14, 15, 4, 5, 6, 7}},
    {"a corner",
     [](const Tensor& x) {
       return slice(x, {Slice(4, 6), 3});
     },
     {19, 23}},
    {"nothing", [](const Tensor& x) { return slice(x, 0, Slice(2, 2)); }, {}},
    {"few rows", [](const Tensor& x) { return index_select(x, 0, tensor({3})); }, {12, 13, 14, 15}},
    {"a row again and again",
     [](const Tensor& x) {
       return embedding(tensor({3, 1, 3}), x);
     },
     {12, 13, 14, 15, 4, 5, 6, 7, 12, 13, 14, 15}},
    {"columns", [](const Tensor& x) { return index_select(x, 1, tensor({0})); }, {0, 4, 8, 12, 16, 20}},
    {"no rows", [](const Tensor& x) { return index_select(x, 0, zeros({0}, int64)); }, {}},
};

// A sum over all takings, between other uses of x.
Tensor many_uses(const Tensor& x) {
  Tensor y = sum(x * x * 0.3);
  double weight = 1.1;
  for (const Taking& t : takings) {
    const Tensor part = t.take(x);
    y = y + sum(part * part * part * weight);
    if (weight > 1.5 && weight < 1.7) y = y + sum(x * weight);
    weight += 0.1;
  }
  return y;
}

// The seconds that the fastest of a few calls takes the processor.
double seconds(const std::function<void()>& f) {
  double least = 1e9;
  for (int i = 0; i < 3; ++i) {
    const std::clock_t begin = std::clock();
    f();
    least = std::min(least, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
  }
  return least;
}

}  // namespace

TEST_CASE("what is taken is taken, and its gradient is put back in its place") {
  const Tensor x = reshape(arange(24, float64), {6, 4}).requires_grad();
  for (const Taking& t : takings) {
    CAPTURE(std::string(t.name));
    const Tensor part = t.take(x);
    std::vector<double> expected, gradient(24);
    for (const std::int64_t i : t.elements) expected.push_back(static_cast<double>(i));
    CHECK(part.to_vector<double>() == expected);
    for (std::size_t k = 0; k < t.elements.size(); ++k)
      gradient[static_cast<std::size_t>(t.elements[k])] += static_cast<double>(k + 1);
    const Tensor seed = reshape(arange(part.size(), float64) + 1, part.shape());
    CHECK(grad(part, {x}, seed, retain_graph)[0].to_vector<double>() == gradient);
    // On top of another gradient, twice, and through an intermediate that is a target, too.
    const Tensor mid = x * 1;
    const Tensor y = sum(mid) + sum(t.take(mid) * seed) + sum(t.take(mid) * seed);
    for (const Tensor& g : grad(y, {x, mid})) {
      std::vector<double> both = gradient;
      for (double& v : both) v = 1 + 2 * v;
      CHECK(g.to_vector<double>() == both);
    }
  }
}

TEST_CASE("the sum of parts is the same bits however it is asked for") {
  manual_seed(5);
  for (const Dtype dtype : {float32, float64}) {
    const Tensor x = normal({6, 4}, 0, 1, dtype).requires_grad();
    const Bits expected = bits(grad(many_uses(x), x));
    CHECK(bits(grad(many_uses(x), x, create_graph)) == expected);
    {
      const AnomalyGuard guard;
      CHECK(bits(grad(many_uses(x), x)) == expected);
    }
    {
      const Profile profile;
      CHECK(bits(grad(many_uses(x), x)) == expected);
    }
    many_uses(x).backward();
    CHECK(bits(x.grad()) == expected);
    Tensor seen;
    const Tensor hooked = hook(x, [&](const Tensor& g) { seen = g; });
    grad(many_uses(hooked), x);
    CHECK(bits(seen) == expected);
    Replay replay = record(
        [](const Tensors& in) {
          const Tensor x = in[0].requires_grad();
          return grad(many_uses(x), x);
        },
        {x * 2});
    CHECK(bits(replay({x.detach()})[0]) == expected);
    check_same_bits([&] { return grad(many_uses(x), {x}); });
  }
}

TEST_CASE("positions of parts may differ when a gradient is replayed") {
  const Tensor weight = reshape(arange(40, float64), {20, 2});
  auto gradient = [](const Tensors& in) {
    const Tensor w = in[0].requires_grad();
    const Tensor a = embedding(in[1], w), b = embedding(in[2], w);
    return grad(sum(a * a) + sum(b), w);
  };
  const Tensor one = tensor({1}), two = tensor({7, 7});
  Replay replay = record(gradient, {weight, one, two});
  const Tensor three = tensor({19}), four = tensor({3, 19});
  CHECK(bits(replay({weight, three, four})[0]) == bits(gradient({weight, three, four})));
  CHECK(bits(replay({weight, one, two})[0]) == bits(gradient({weight, one, two})));
}

TEST_CASE("gradients of parts have gradients") {
  manual_seed(6);
  const Tensor x = normal({6, 4}, 0, 1, float64);
  CHECK_NOTHROW(gradcheck(many_uses, x));
}

TEST_CASE("T parts take no T additions of the whole") {
  const int threads = num_threads();
  set_num_threads(1);
  const auto parts_of = [](const Tensor& x) {
    Tensor y = zeros({64});
    const Tensors rows = unbind(x);
    for (std::int64_t t = 0; t < x.size(0); ++t)
      y = y + x[t] * rows[static_cast<std::size_t>(t)] + embedding(tensor({t}), x)[0];
    return sum(y);
  };
  const auto of = [&](std::int64_t n, GradFlags flags) {
    const Tensor x = ones({n, 64}).requires_grad();
    return seconds([&] {
      const Tensor g = grad(parts_of(x), x, flags);
      if (flags == create_graph) grad(sum(g * g), x);
    });
  };
  // Were each part a gradient of its own, there would be 15,000 additions of the whole, and as many of zeros to set.
  const Tensor whole = ones({5000, 64});
  const double addition = seconds([&] {
                            for (int i = 0; i < 50; ++i) whole + whole;
                          }) /
                          50;
  CHECK(of(5000, grad_defaults) < 5000 * addition);
  CHECK(of(5000, create_graph) < 15'000 * addition);
  set_num_threads(threads);
}
