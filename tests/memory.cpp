// Who shares memory with whom: optimisers and old values, threads and tapes, and that nothing stays behind.
#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <functional>
#include <string>
#include <thread>
#include <vector>
#include <xtape.hpp>

using namespace xtape;

namespace {

using Values = std::vector<double>;
Values values(const Tensor& x) { return x.to_vector<double>(); }

// One step by 1 down the gradient 1: every element falls by 1.
void step_down(Parameter& p) { optim::SGD({p}, 1).step({ones(p.shape(), p.dtype())}); }

nn::Sequential network() { return nn::Sequential{nn::Linear(20, 30), nn::sigmoid, nn::Linear(30, 5)}; }

}  // namespace

TEST_CASE("an optimiser writes in place when nobody else holds the value") {
  Parameter p(full({100}, 3) + 0);
  const float* address = p.tensor().data<float>();
  for (int i = 0; i < 3; ++i) {
    const Tensor loss = sum(p * p);  // gone before the step: its tape must not count any more
    grad(loss, p);
    step_down(p);
    CHECK(p.tensor().data<float>() == address);
  }
  CHECK(values(p.tensor()) == Values(100, 0));
}

TEST_CASE("an optimiser leaves every value alone that somebody still holds") {
  struct Holder {
    const char* what;
    std::function<std::function<Tensor()>(Parameter&)> hold;  // gives what to look at after the step
    Values expected;
  };
  auto keep = [](Tensor x) { return [x] { return x; }; };
  const Holder holders[] = {
      {"a tensor of it", [=](Parameter& p) { return keep(p.tensor()); }, {3, 4}},
      {"a detached one", [=](Parameter& p) { return keep(p.tensor().detach()); }, {3, 4}},
      {"a reshaped view",
       [=](Parameter& p) {
         return keep(reshape(p.tensor().detach(), {2, 1}));
       },
       {3, 4}},
      {"a slice of a view",
       [=](Parameter& p) {
         return keep(reshape(p.tensor().detach(), {2, 1})[1]);
       },
       {4}},
      {"another Parameter", [=](Parameter& p) { return [q = Parameter(p.tensor())] { return q.tensor(); }; }, {3, 4}},
      {"a tape that reads it", [](Parameter& p) { return [&p, y = sum(p * p)] { return grad(y, p); }; }, {6, 8}},
      {"a tape that reads a view of it",
       [](Parameter& p) {
         return [&p, y = sum(square(reshape(p, {1, 2})))] { return grad(y, p); };
       },
       {6, 8}},
      {"the gradient of a product",
       [](Parameter& p) {
         const Tensor x = tensor({1., 1.}).requires_grad();
         return [x, y = sum(x * p)] { return grad(y, x); };
       },
       {3, 4}}};
  for (const Holder& holder : holders) {
    CAPTURE(std::string(holder.what));
    Parameter p(tensor({3., 4.}));
    const auto look = holder.hold(p);
    step_down(p);
    step_down(p);
    CHECK(values(p.tensor()) == Values{1, 2});
    CHECK(values(look()) == holder.expected);
  }
}

TEST_CASE("a Parameter that was made of a tensor does not change it") {
  const Tensor x = tensor({1., 2.});
  Parameter p(x), q(reshape(x, {2, 1}));
  step_down(p);
  step_down(q);
  CHECK(values(x) == Values{1, 2});
  CHECK(values(p.tensor()) == Values{0, 1});
  p.assign(x);
  CHECK(values(p.tensor()) == Values{1, 2});
  step_down(p);
  CHECK(values(x) == Values{1, 2});
  // A gradient that is still held is no Parameter's to change, either.
  sum(p * x).backward();
  const Tensor g = p.grad();
  sum(p * x).backward();
  CHECK(values(g) == Values{1, 2});
}

TEST_CASE("two leaves that get the same gradient do not share its fate") {
  Parameter p(ones({2})), q(ones({2}));
  for (int i = 0; i < 2; ++i) (sum(p + q) + sum(p * 2)).backward();
  CHECK(values(p.grad()) == Values{6, 6});
  CHECK(values(q.grad()) == Values{2, 2});
}

TEST_CASE("nothing stays behind after training or errors") {
  manual_seed(1);
  const Tensor x = normal({16, 20});
  const Tensor classes = tensor(std::vector<std::int64_t>{0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0});
  auto train = [&] {
    const nn::Sequential net = network();
    optim::Adam opt(net.parameters());
    for (int i = 0; i < 3; ++i) {
      opt.zero_grad();
      nn::cross_entropy(net(x), classes).backward();
      opt.step();
      opt.step(grad(nn::mse_loss(net(x), ones({16, 5})), opt.parameters()));
      const Tensor g = sum(square(grad(sum(square(net(x))), opt.parameters(), create_graph)[0]));
      grad(g, opt.parameters(), allow_unused);
      CHECK_THROWS_AS(net(ones({3, 4})), Error);        // inside the first layer
      CHECK_THROWS_AS(sum(net(x) + ones({7})), Error);  // with a tape that is half made
      CHECK_THROWS_AS(nn::cross_entropy(net(x), classes + 2), Error);
      CHECK_THROWS_AS(grad(sum(net(x)), Parameter(ones({2}))), Error);
      const Tensor once = sum(exp(net(x)));
      once.backward();
      CHECK_THROWS_AS(once.backward(), Error);
      CHECK_THROWS_AS(opt.step({ones({1})}), Error);
    }
  };
  train();  // whatever stays for good has its first time here
  const MemoryStats before = memory_stats();
  train();
  std::thread(train).join();
  const MemoryStats after = memory_stats();
  CHECK(after.live_nodes == before.live_nodes);
  CHECK(after.live_bytes == before.live_bytes);
}

TEST_CASE("a graph that one thread begins and another goes on with is differentiated rightly") {
  const Tensor x = full({}, 0.5, float64).requires_grad();
  Tensor y = x;
  for (int i = 0; i < 50; ++i) y = y * 1.01 + x;  // positions well ahead of a new thread's
  Tensor gradient;
  std::thread([&, begun = y] {
    Tensor z = sigmoid(x) * begun;
    for (int i = 0; i < 5; ++i) z = z * z + begun;
    y = z;
  }).join();
  const Tensor result = y * x + y;
  std::thread([&] { gradient = grad(result, x); }).join();

  auto whole = [](const Tensor& x) {
    Tensor y = x;
    for (int i = 0; i < 50; ++i) y = y * 1.01 + x;
    Tensor z = sigmoid(x) * y;
    for (int i = 0; i < 5; ++i) z = z * z + y;
    return z * x + z;
  };
  CHECK(gradient.item() == grad(whole(x), x).item());
}

TEST_CASE("threads that differentiate at once do not disturb each other") {
  set_num_threads(2);
  manual_seed(2);
  const nn::Sequential net = network();
  const std::vector<Parameter> parameters = net.parameters();
  const Tensor x = normal({64, 20});
  auto flat = [](const Tensors& gradients) {
    std::vector<float> all;
    for (const Tensor& g : gradients)
      for (float v : g.to_vector<float>()) all.push_back(v);
    return all;
  };
  const Tensor shared = sum(square(net(x)));
  const std::vector<float> expected = flat(grad(sum(square(net(x))), parameters));
  auto many = [&](const std::function<std::vector<float>()>& work) {
    std::vector<std::thread> threads;
    std::vector<int> right(4);
    for (int& count : right)
      threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i) count += work() == expected;
      });
    for (std::thread& t : threads) t.join();
    return right;
  };
  const std::vector<int> all(4, 200);
  SUBCASE("on graphs of their own over the same Parameters") {
    CHECK(many([&] { return flat(grad(sum(square(net(x))), parameters)); }) == all);
  }
  SUBCASE("on one graph that is retained") {
    CHECK(many([&] { return flat(grad(shared, parameters, retain_graph)); }) == all);
  }
  SUBCASE("on one graph and with a recorded gradient") {
    CHECK(many([&] { return flat(grad(shared, parameters, create_graph)); }) == all);
  }
  CHECK(flat(grad(shared, parameters)) == expected);
  set_num_threads(1);
}

TEST_CASE("threads add gradients up in the same Parameters") {
  const nn::Sequential net{nn::Linear(3, 4), nn::Linear(4, 2)};
  for (Parameter p : net.parameters()) p.assign(full(p.shape(), 2));
  const Tensor x = ones({5, 3});
  const Parameter lone(full({3}, 2));
  const Tensor leaf = full({3}, 2).requires_grad();
  std::atomic<int> torn{0};
  auto add_up = [&](int times) {
    for (int i = 0; i < times; ++i) {
      (sum(net(x)) + sum(lone * leaf)).backward();
      if (std::fmod(lone.grad().to_vector<float>()[0], 2.f) != 0) ++torn;
    }
  };
  add_up(1);
  std::vector<Values> expected;  // of one time; whole numbers, so that sums are exact
  for (const Parameter& p : net.parameters()) expected.push_back(values(p.grad() * 400));
  for (Parameter p : net.parameters()) p.zero_grad();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back(add_up, 100);
  for (std::thread& t : threads) t.join();
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(values(net.parameters()[i].grad()) == expected[i]);
  CHECK(torn == 0);
  CHECK(values(lone.grad()) == Values(3, 802));
  CHECK(values(leaf.grad()) == Values(3, 802));
}

TEST_CASE("two threads leave the same bits as one that does both") {
  manual_seed(3);
  const nn::Sequential net = network();
  const Tensor a = normal({7, 20}), b = normal({9, 20});
  auto gradients = [&] {
    std::vector<Values> all;
    for (Parameter p : net.parameters()) {
      all.push_back(values(p.grad()));
      p.zero_grad();
    }
    return all;
  };
  auto on = [&](const Tensor& x) { sum(square(net(x))).backward(); };
  on(a);
  on(b);
  const std::vector<Values> expected = gradients();
  for (int i = 0; i < 50; ++i) {
    std::thread first(on, a), second(on, b);
    first.join();
    second.join();
    REQUIRE(gradients() == expected);
  }
}

TEST_CASE("threads that would release what the other still reads are told so") {
  manual_seed(4);
  const nn::Sequential net = network();
  const Tensor x = normal({8, 20});
  const std::vector<Parameter> parameters = net.parameters();
  const Values expected = values(grad(sum(square(net(x))), parameters)[0]);
  int right = 0, told = 0;
  for (int i = 0; i < 200; ++i) {
    const Tensor y = sum(square(net(x)));
    std::atomic<int> right_now{0}, told_now{0}, ready{0};
    auto differentiate = [&] {
      for (++ready; ready < 2;) std::this_thread::yield();
      try {
        right_now += values(grad(y, parameters)[0]) == expected;
      } catch (const Error& e) {
        told_now += std::string(e.what()).find("retain_graph") != std::string::npos;
      }
    };
    std::thread first(differentiate), second(differentiate);
    first.join();
    second.join();
    right += right_now, told += told_now;
  }
  CHECK(right + told == 400);
  CHECK(right <= 200);
}

TEST_CASE("a gradient is whole whenever it is read, and may be forgotten at any time") {
  const Parameter p(full({1000}, 1));
  std::thread writer([&] {
    for (int i = 0; i < 300; ++i) sum(p * 1).backward();
  });
  std::thread forgetter([&] {
    for (int i = 0; i < 300; ++i) Parameter(p).zero_grad();
  });
  for (int i = 0; i < 300; ++i)
    if (const Tensor g = p.grad(); g.defined()) {
      const Values v = values(g);
      REQUIRE(v == Values(1000, v[0]));
    }
  writer.join();
  forgetter.join();
}

TEST_CASE("memory that one thread takes and another gives back is counted once") {
  const MemoryStats before = memory_stats();
  for (int i = 0; i < 3; ++i) {
    Tensor made;
    std::thread([&] { made = exp(full({10'000}, 1).requires_grad()); }).join();
    CHECK(memory_stats().live_bytes - before.live_bytes >= 40'000);
    std::thread([moved = std::move(made)] { CHECK(moved.size() == 10'000); }).join();
  }
  const MemoryStats after = memory_stats();
  CHECK(after.live_bytes == before.live_bytes);
  CHECK(after.live_nodes == before.live_nodes);
}

TEST_CASE("a leaf that forgets a recorded gradient ends with its graph") {
  const MemoryStats before = memory_stats();
  {
    const Tensor x = full({3}, 2).requires_grad();
    sum(x * x).backward(create_graph);
    CHECK(allclose(x.grad(), full({3}, 4)));
    x.zero_grad();
    CHECK_FALSE(x.grad().defined());
  }
  CHECK(memory_stats().live_nodes == before.live_nodes);
  CHECK(memory_stats().live_bytes == before.live_bytes);
}
