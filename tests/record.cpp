// record and checkpoint: a function as a program that runs again.
#include <doctest/doctest.h>

#include <atomic>
#include <autograd/record.hpp>
#include <cstdlib>
#include <cstring>
#include <new>
#include <sstream>
#include <xtape.hpp>

using namespace xtape;
using doctest::Contains;

static std::atomic<long> news{0};
// Every allocation of the program passes here. Out of line, or the compiler sees malloc paired with delete. Under a
// sanitizer or valgrind, which have their own functions, nothing is counted; there the pool is bypassed too.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
const bool counts = false;
#else
const char* const preload = std::getenv("LD_PRELOAD");
const bool counts = !preload || !std::strstr(preload, "vgpreload");
__attribute__((noinline)) void* operator new(std::size_t n) {
  ++news;
  if (void* p = std::malloc(n ? n : 1)) return p;
  throw std::bad_alloc();
}
__attribute__((noinline)) void operator delete(void* p) noexcept { std::free(p); }
__attribute__((noinline)) void operator delete(void* p, std::size_t) noexcept { std::free(p); }
#endif

namespace {

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         std::memcmp(a.array().data, b.array().data, static_cast<std::size_t>(a.size() * size_of(a.dtype()))) == 0;
}

struct Book : nn::Module<Book> {
  nn::Linear hidden = child("hidden", nn::Linear(784, 30));
  nn::Linear output = child("output", nn::Linear(30, 10));
  Tensor forward(const Tensor& x) const { return sigmoid(output(sigmoid(hidden(x)))); }
};

}  // namespace

TEST_CASE("a thousand replayed steps of the network of the book are the eager ones bit for bit and allocate nothing") {
  manual_seed(5);
  const Book eager, replayed = eager.clone();
  auto step = [](const Book& net, const Tensors& in) {
    const Tensor loss = nn::quadratic_cost(net(in[0]), one_hot(in[1], 10));
    Tensors results = grad(loss, net.parameters());
    results.push_back(loss);
    return results;
  };
  optim::SGD first(eager.parameters(), 3.0), second(replayed.parameters(), 3.0);
  Generator draws(9);
  Tensors images, labels;
  for (int i = 0; i < 20; ++i) {
    images.push_back(uniform({10, 784}, 0, 1, float32, draws));
    labels.push_back((uniform({10}, 0, 10, float32, draws)).to(int64));
  }
  Replay replay = record([&](const Tensors& in) { return step(replayed, in); }, {images[0], labels[0]});
  Tensors in(2), results;
  for (int i = 0; i < 1000; ++i) {
    in[0] = images[static_cast<std::size_t>(i) % 20], in[1] = labels[static_cast<std::size_t>(i * 7) % 20];
    const Tensors expected = step(eager, in);
    const std::int64_t blocks = memory_stats().system_allocations;
    const std::int64_t nodes = memory_stats().live_nodes;
    const long allocations = news;
    replay.run(in, results);
    if (counts && i > 1) {
      REQUIRE(memory_stats().system_allocations == blocks);
      REQUIRE(news == allocations);
    }
    REQUIRE(memory_stats().live_nodes == nodes);
    REQUIRE(results.size() == expected.size());
    for (std::size_t k = 0; k < results.size(); ++k) REQUIRE(same_bits(results[k], expected[k]));
    first.step(Tensors(expected.begin(), expected.end() - 1));
    second.step(Tensors(results.begin(), results.end() - 1));
  }
  for (std::size_t k = 0; k < 4; ++k) CHECK(same_bits(eager.parameters()[k], replayed.parameters()[k]));
}

TEST_CASE("a replay takes the values that parameters have now and leaves its recording without a trace") {
  Parameter p(tensor({2., 3.}));
  Replay f = record([&](const Tensors& in) { return in[0] * p; }, {tensor({1., 1.})});
  CHECK(f({tensor({5., 7.})})[0].to_vector<double>() == std::vector<double>{10, 21});
  p.assign(tensor({1., 10.}));
  CHECK(f({tensor({5., 7.})})[0].to_vector<double>() == std::vector<double>{5, 70});
  CHECK_FALSE(f({tensor({5., 7.})})[0].is_recorded());

  Replay counts = record(
      [&](const Tensors& in) {
        p.assign(p.tensor() + in[0]);
        return p.tensor() * 2;
      },
      {tensor({1., 1.})});
  CHECK(p.tensor().to_vector<double>() == std::vector<double>{1, 10});
  CHECK(counts({tensor({1., 1.})})[0].to_vector<double>() == std::vector<double>{4, 22});
  CHECK(counts({tensor({1., 1.})})[0].to_vector<double>() == std::vector<double>{6, 24});
  CHECK(p.tensor().to_vector<double>() == std::vector<double>{3, 12});

  // Two inputs that are one tensor in the example are two inputs all the same.
  const Tensor x = tensor({1.});
  Replay sub = record([](const Tensors& in) { return in[0] - in[1]; }, {x, x});
  CHECK(sub({tensor({5.}), tensor({3.})})[0].item() == 2);
}

TEST_CASE("what a replay could not repeat is refused where it is recorded and other inputs where it is called") {
  const Tensor x = tensor({1., 2.});
  CHECK_THROWS_WITH_AS(record([](const Tensors& in) { return in[0] * sum(in[0]).item(); }, {x}),
                       Contains("item: the function that is being recorded reads a value"), Error);
  CHECK_THROWS_WITH_AS(record([](const Tensors& in) { return in[0] * exp(in[0]).to_vector<double>()[0]; }, {x}),
                       Contains("reads a value"), Error);
  CHECK_THROWS_WITH_AS(record([](const Tensors& in) { return in[0] * in[0].data<float>()[0]; }, {x}),
                       Contains("reads a value"), Error);
  CHECK_THROWS_WITH_AS(record(
                           [](const Tensors& in) {
                             std::ostringstream out;
                             out << in[0];
                             return in[0];
                           },
                           {x}),
                       Contains("reads a value"), Error);
  Parameter p(x);
  CHECK_THROWS_WITH_AS(record(
                           [&](const Tensors& in) {
                             sum(in[0] * p).backward();
                             return in[0];
                           },
                           {x}),
                       Contains("return grad(loss, parameters)"), Error);
  CHECK_THROWS_WITH_AS(record(
                           [&](const Tensors& in) {
                             p.mutable_data<float>()[0] = 1;
                             return in[0];
                           },
                           {x}),
                       Contains("step the optimiser outside"), Error);
  // A constant may be read: it is the same each time.
  CHECK_NOTHROW(record([](const Tensors& in) { return in[0] * tensor({2.}).item(); }, {x}));
  CHECK_THROWS_WITH_AS(record([](const Tensors&) { return Tensor(); }, {x}), Contains("record: "), Error);

  Replay f = record([](const Tensors& in) { return square(in[0]); }, {x});
  CHECK_THROWS_WITH_AS(f({ones({3})}), Contains("replay: input 0 is float32(3,), recorded as float32(2,)"), Error);
  CHECK_THROWS_WITH_AS(f({x.to(float64)}), Contains("input 0 is float64(2,)"), Error);
  CHECK_THROWS_WITH_AS(f({x, x}), Contains("2 inputs, recorded with 1"), Error);
  CHECK_THROWS_WITH_AS(f({Tensor()}), Contains("input 0 is undefined"), Error);
  CHECK(f({x})[0].to_vector<double>() == std::vector<double>{1, 4});

  // Values are checked in each replay.
  Replay hot = record([](const Tensors& in) { return one_hot(in[0], 3); }, {tensor({1, 2})});
  CHECK_THROWS_WITH_AS(hot({tensor({1, 3})}), Contains("label 3 at 1 is not in [0, 3)"), Error);
  CHECK(hot({tensor({0, 0})})[0].to_vector<double>() == std::vector<double>{1, 0, 0, 1, 0, 0});
}

TEST_CASE("a recording holds second derivatives and prints what it does") {
  Replay f = record(
      [](const Tensors& in) {
        const Tensor x = in[0].requires_grad();
        const Tensor slope = grad(sum(x * x * x), x, create_graph);
        return Tensors{slope, grad(sum(slope), x)};
      },
      {tensor({1., 2.})});
  const Tensors r = f({tensor({2., -1.})});
  CHECK(r[0].to_vector<double>() == std::vector<double>{12, 3});
  CHECK(r[1].to_vector<double>() == std::vector<double>{12, -6});
  std::ostringstream out;
  out << f;
  CHECK(out.str().find("%1 = mul(%0, %0)  float32(2,)") == 0);
}

namespace {

struct Layer : nn::Module<Layer> {
  nn::Linear fc = child("fc", nn::Linear(32, 32));
  Tensor forward(const Tensor& x) const { return x + 0.1 * tanh(fc(x)); }
};
struct Tower : nn::Module<Tower> {
  std::vector<Layer> layers;
  Tower() {
    for (int i = 0; i < 64; ++i) layers.push_back(child("layer" + std::to_string(i), Layer()));
  }
  Tensor forward(const Tensor& x) const {
    Tensor y = x;
    for (const Layer& layer : layers) y = layer(y);
    return y;
  }
  Tensor in_segments(const Tensor& x) const {
    Tensor y = x;
    for (std::size_t i = 0; i < layers.size(); i += 8)
      y = checkpoint(
          [&](const Tensor& h) {
            Tensor z = h;
            for (std::size_t k = i; k < i + 8; ++k) z = layers[k](z);
            return z;
          },
          y);
    return y;
  }
};

}  // namespace

TEST_CASE("checkpoint keeps a quarter of the bytes and gives the same bits") {
  manual_seed(3);
  const Tower net;
  const Tensor x = uniform({128, 32}, -1, 1).requires_grad();
  auto kept = [&](const Tensor& y, std::int64_t before) {
    return memory_stats().live_bytes - before - (y.defined() ? 0 : 0);
  };
  std::int64_t before = memory_stats().live_bytes;
  const Tensor whole = mean(square(net(x)));
  const std::int64_t all = kept(whole, before);
  before = memory_stats().live_bytes;
  const Tensor parts = mean(square(net.in_segments(x)));
  const std::int64_t few = kept(parts, before);
  CHECK(few * 4 <= all);
  CHECK(same_bits(whole, parts));

  std::vector<Targets::Item> items{x};
  Tensors a = grad(whole, net.parameters(), retain_graph), b = grad(parts, net.parameters(), retain_graph);
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(same_bits(a[i], b[i]));
  CHECK(same_bits(grad(whole, x), grad(parts, x)));
}

TEST_CASE("checkpoint has every order of derivative for inputs and captured tensors alike") {
  const Tensor w = tensor({0.5, -1.2, 0.3}, float64);
  auto f = [](const Tensors& in) {
    const Tensor scale = in[1];
    const Tensor h = in[0] * in[0];  // depends on the other input of the checkpoint
    return checkpoint([&](const Tensors& x) { return tanh(x[0] * scale) * x[1]; }, {in[0], h});
  };
  CHECK_NOTHROW(gradcheck(f, {w, tensor({1.1, 0.7, -0.4}, float64)}));
  const Tensor x = w.requires_grad();
  const Tensor y = sum(checkpoint([](const Tensor& t) { return t * t * t * t; }, x));
  const Tensor first = grad(y, x, create_graph), second = grad(sum(first), x, create_graph),
               third = grad(sum(second), x);
  CHECK(allclose(first, 4 * w * w * w, 1e-12));
  CHECK(allclose(second, 12 * w * w, 1e-12));
  CHECK(allclose(third, 24 * w, 1e-12));

  // Nothing flows: nothing is kept.
  CHECK_FALSE(checkpoint([](const Tensor& t) { return exp(t); }, w).is_recorded());
  // A Parameter inside that is stepped in between: the backward pass uses the value of the forward pass.
  Parameter p(tensor({2.}, float64));
  const Tensor z = checkpoint([&](const Tensor& t) { return t * p; }, tensor({3.}, float64).requires_grad());
  p.mutable_data<double>()[0] = 100;
  CHECK(grad(sum(z), p).item() == 3);
}
