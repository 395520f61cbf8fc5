// record: a function as a program that runs again.
#include <doctest/doctest.h>

#include <atomic>
#include <autograd/record.hpp>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <sstream>
#include <xtape.hpp>

#include "support.hpp"

using namespace xtape;
using doctest::Contains;

static std::atomic<long> news{0};
// Every allocation of the program passes here. Out of line, or the compiler sees malloc paired with delete. Under a
// sanitizer or valgrind, which have their own functions, nothing is counted; there the pool is bypassed too.
#if defined(XTAPE_SANITIZED)
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
  RandomGenerator draws(9);
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

TEST_CASE("a recorded checkpoint is that of the inputs of each replay") {
  Replay r = record([](const Tensors& in) { return checkpoint([](const Tensor& y) { return exp(y); }, in[0]); },
                    {tensor({1.}, float64)});
  CHECK(same_bits(r({tensor({2.}, float64)})[0], exp(tensor({2.}, float64))));

  manual_seed(3);
  const Book net;
  auto step = [&](const Tensors& in) {
    const Tensor h = checkpoint([&](const Tensor& x) { return dropout(net.hidden(x), 0.5); }, in[0]);
    const Tensor y = checkpoint([&](const Tensors& t) { return net.output(t[0]) * t[1]; }, {h, one_hot(in[1], 10)});
    Tensors results = grad(sum(square(y)), net.parameters());
    results.push_back(y);
    return results;
  };
  const Tensors a{uniform({4, 784}), tensor({1, 2, 3, 4})}, b{uniform({4, 784}), tensor({9, 0, 5, 5})};
  Replay replay = record(step, a);
  for (const Tensors& in : {b, a}) {
    manual_seed(7);
    const Tensors eager = step(in);
    manual_seed(7);
    const Tensors replayed = replay(in);
    for (std::size_t i = 0; i < eager.size(); ++i) CHECK(same_bits(eager[i], replayed[i]));
  }
  manual_seed(0);
}

TEST_CASE("cells and tensors that share memory while they are recorded part in the replays") {
  const Tensor start = tensor({1., 2.});
  Parameter p(start), q(start);
  const nn::Buffer b(start), c(start);
  const Tensor before = p.tensor().detach(), taken = p;
  auto f = [&](const Tensors& in) {
    return in[0] * (p + 10 * q + 100 * b.tensor() + 1000 * c.tensor() + 10000 * start + 100000 * before) +
           1000000 * taken;
  };
  Replay replay = record(f, {start});
  q.assign(tensor({3., 4.}));
  c.assign(tensor({5., 6.}));
  CHECK(same_bits(replay({ones({2})})[0], f({ones({2})})));
  p.assign(tensor({7., 8.}));
  CHECK(same_bits(replay({ones({2})})[0], f({ones({2})})));

  // The rules read the value of the Parameter, which a tensor outside still shares.
  auto decay = [&](const Tensors& in) { return grad(sum(square(p - before) * in[0]), p); };
  Replay pull = record(decay, {start});
  p.assign(tensor({0.5, 9.}));
  CHECK(same_bits(pull({start})[0], decay({start})));

  // Values alone, off the tape.
  Parameter with_nan(tensor({1., NAN, 3., 1.}));
  Replay few = record([&](const Tensors& in) { return nanmean(with_nan * in[0]) + nanmean(with_nan); }, {ones({4})});
  Replay distinct = record([&](const Tensors&) { return unique(p).values; }, {start});
  with_nan.assign(tensor({1., 2., NAN, 5.}));
  p.assign(tensor({4., 3.}));
  CHECK(few({ones({4})})[0].item() == doctest::Approx(16. / 3));
  CHECK(distinct({start})[0].to_vector<double>() == std::vector<double>{3, 4});
}

TEST_CASE("a replay within a recording is part of it and a recording within is not") {
  manual_seed(11);
  Parameter p(tensor({2., 3.}));
  const nn::Buffer count(zeros({2}));
  const Tensor x = tensor({1., 1.}), y = tensor({5., 7.});
  Replay inner = record(
      [&](const Tensors& in) {
        count.assign(count.tensor() + in[0]);
        return Tensors{in[0] * p * dropout(in[0], 0.5), count, p};
      },
      {x});
  auto f = [&](const Tensors& in) {
    Tensors results = inner({in[0] + 1});
    Replay own = record([&](const Tensors& t) { return t[0] * uniform({2}) + p * in[0]; }, {x});
    results.push_back(own({in[0]})[0] + own({in[0] * 2})[0]);
    return results;
  };
  Replay outer = record(f, {x});
  CHECK(count.tensor().to_vector<double>() == std::vector<double>{0, 0});
  p.assign(tensor({4., 1.}));
  const Tensors twice = outer({y});
  CHECK(count.tensor().to_vector<double>() == std::vector<double>{6, 8});
  const Tensors more = outer({x});
  CHECK(count.tensor().to_vector<double>() == std::vector<double>{8, 10});
  manual_seed(11);
  count.assign(zeros({2}));
  const Tensors first = f({y}), second = f({x});
  for (std::size_t i = 0; i < first.size(); ++i) {
    CHECK(same_bits(twice[i], first[i]));
    CHECK(same_bits(more[i], second[i]));
  }
  manual_seed(0);
}

TEST_CASE("a recorded custom operation may hand on its input") {
  auto larger = [](const Tensor& x) {
    return custom([](const Tensor& x) { return sum(x).item() > 0 ? x : -x; },
                  [](const Tensor& g, const Tensor&) { return g; }, x);
  };
  auto f = [&](const Tensors& in) { return larger(in[0]) + 10 * in[0]; };
  Replay replay = record(f, {tensor({1., 2.})});
  CHECK(same_bits(replay({tensor({-1., -2.})})[0], f({tensor({-1., -2.})})));
}
