// The tape and its engine: what is kept and released, who may be asked for gradients, and that nothing leaks.
#include <doctest/doctest.h>

#include <autograd/core/operation.hpp>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>
#include <xtape.hpp>

using namespace xtape;
using namespace xtape::detail;
using doctest::Contains;

namespace {

using Values = std::vector<double>;
Values values(const Tensor& x) { return x.to_vector<double>(); }

// A leaf of one float64 number, and one of n float32.
Tensor variable(double value) { return tensor(std::vector<double>{value}, Shape{}).requires_grad(); }
Tensor variables(std::int64_t n) { return full({n}, 0.5).requires_grad(); }

// While it lives, counts from where it began; `clean()` is what a leak test asks.
struct Watch {
  MemoryStats before = memory_stats();
  std::int64_t bytes() const { return memory_stats().live_bytes - before.live_bytes; }
  std::int64_t nodes() const { return memory_stats().live_nodes - before.live_nodes; }
  bool clean() const { return bytes() == 0 && nodes() == 0; }
};

}  // namespace

TEST_CASE("backward adds up in leaves and Parameters until it is told to forget") {
  const Tensor x = tensor({1., 2.}).requires_grad();
  Parameter p(tensor({3., 4.}));
  CHECK_FALSE(x.grad().defined());
  CHECK_FALSE(p.grad().defined());
  sum(x * p).backward();
  CHECK(values(x.grad()) == Values{3, 4});
  CHECK(values(p.grad()) == Values{1, 2});
  const Tensor first = p.grad();
  sum(x * p * 2).backward();
  CHECK(values(x.grad()) == Values{9, 12});
  CHECK(values(p.grad()) == Values{3, 6});
  CHECK(values(first) == Values{1, 2});
  p.zero_grad();
  CHECK_FALSE(p.grad().defined());
  sum(p * p).backward();
  CHECK(values(p.grad()) == Values{6, 8});
}

TEST_CASE("grad takes leaves and Parameters and intermediates in the order they are asked for") {
  const Tensor x = variable(3);
  const Parameter p(full({}, 2, float64));
  const Tensor h = x * p, y = h * h + x;
  const Tensors g = grad(y, {h, p, x, y, x});
  CHECK(g[0].item() == 12);  // 2 h
  CHECK(g[1].item() == 36);  // 2 h x
  CHECK(g[2].item() == 25);  // 2 h p + 1
  CHECK(g[3].item() == 1);
  CHECK(g[4].item() == 25);
  CHECK_FALSE(x.grad().defined());
  CHECK_FALSE(p.grad().defined());
  CHECK(grad(x * 5, x).item() == 5);
}

TEST_CASE("a target that does not count stops the work there and keeps what lies below") {
  const Tensor x = variable(2), h = exp(x);
  CHECK(grad(h * h, h).item() == doctest::Approx(2 * std::exp(2.)));
  CHECK(grad(h * 3, x).item() == doctest::Approx(3 * std::exp(2.)));  // exp's value was not read before
  CHECK(grad(h * 5, h).item() == 5);                                  // and is not needed now that it is gone
}

TEST_CASE("a target that is not reached is named by its path unless that is allowed") {
  struct Net : nn::Module<Net> {
    nn::Linear used = child("used", nn::Linear(2, 2)), idle = child("idle", nn::Linear(2, 2));
    Tensor forward(const Tensor& x) const { return used(x); }
  };
  const Net net;
  const Tensor y = sum(net(ones({1, 2}))), x = variables(2);
  CHECK_THROWS_WITH_AS(grad(y, net.parameters()), Contains("target 2, parameter 'idle.weight' of shape (2, 2)"), Error);
  const Tensors g = grad(sum(net(ones({1, 2}))), net.parameters(), allow_unused);
  CHECK(g[0].defined());
  CHECK(g[1].defined());
  CHECK_FALSE(g[2].defined());
  CHECK_FALSE(g[3].defined());
  CHECK_THROWS_WITH_AS(grad(sum(exp(x)), x * 2), Contains("target 0, 'mul' of "), Error);
  CHECK_THROWS_WITH_AS(grad(sum(exp(x)), ones({2})), Contains("target 0 is not on the tape"), Error);
}

TEST_CASE("seeds weigh the elements of a result that is no scalar") {
  const Tensor x = tensor({1., 2., 3.}).requires_grad();
  CHECK(values(grad(x * x, {x}, tensor({1., 0., -1.}))[0]) == Values{2, 0, -6});
  CHECK_THROWS_AS(grad(x * x, {x}, ones({2})), Error);
  CHECK_THROWS_AS(grad(x * x, {x}, ones({3}, float64)), Error);
}

TEST_CASE("what cannot be differentiated is refused") {
  CHECK_THROWS_WITH_AS((variables(2) * 2).backward(), Contains("has shape (2,), not one element"), Error);
  CHECK_THROWS_WITH_AS(ones({}).backward(), Contains("depends on nothing"), Error);
  CHECK_THROWS_WITH_AS(sum(variables(2).detach()).backward(), Contains("depends on nothing"), Error);
  CHECK_THROWS_WITH_AS(mean(argmax(variables(2)).to(float32)).backward(), Contains("depends on nothing"), Error);
  CHECK_THROWS_WITH_AS(tensor({1, 2}).requires_grad().size(), Contains("not int64"), Error);
  CHECK_THROWS_AS(Parameter(tensor({true})), Error);
  CHECK_THROWS_AS((variables(2) * 2).grad(), Error);
}

TEST_CASE("an input that is used twice and shared sub-expressions add up") {
  const Tensor x = variable(3);
  CHECK(grad(x + x, x).item() == 2);
  CHECK(grad(x * x, x).item() == 6);
  CHECK(grad(x - x, x).item() == 0);
  CHECK(grad(x / x, x).item() == 0);
  Tensor s = x * x;
  CHECK(grad(s * s + s, x).item() == 4 * 27 + 6);
  s = x * x;
  // A node that is met early by a short way must still wait for the long one.
  CHECK(grad(s * exp(s * 0) + s * s * s, x).item() == 6 + 6 * 243);
}

TEST_CASE("a chain of sixty diamonds takes sixty steps") {
  const Tensor x = variable(1);
  Tensor y = x;
  for (int i = 0; i < 60; ++i) y = y + y;  // 2^60 paths
  CHECK(y.item() == 0x1p60);
  CHECK(grad(y, x).item() == 0x1p60);
}

TEST_CASE("a chain of a million operations is differentiated and freed without recursion in linear memory") {
  const Watch watch;
  {
    const Tensor x = variable(1);
    auto chain = [&x](int n) {
      Tensor y = x;
      for (int i = 0; i < n; ++i) y = y + 1e-6;
      return y;
    };
    Tensor y = chain(1000);
    const std::int64_t thousand = watch.bytes();
    y = chain(1'000'000);
    CHECK(watch.nodes() == 1'000'001);
    CHECK(watch.bytes() < 1000 * thousand);
    CHECK(y.item() == doctest::Approx(2));
    CHECK(grad(y, x).item() == 1);
    y = chain(1'000'000);  // the old chain goes while the new one lives
    y.backward();
    CHECK(x.grad().item() == 1);
  }
  CHECK(watch.clean());
}

TEST_CASE("operations keep what their rules read and nothing else") {
  constexpr std::int64_t n = 1 << 18;
  const Watch first;
  const Tensor x = variables(n);
  const std::int64_t block = first.bytes();  // beside which numbers and nodes are nothing
  const Tensor w = variables(n);
  struct Row {
    const char* op;
    std::function<Tensor()> f;  // of temporaries, which live on only if the tape keeps them
    int blocks;
  };
  auto a = [&] { return x + 1; };
  auto b = [&] { return w + 1; };
  const Row rows[] = {{"add", [&] { return a() + b(); }, 0},
                      {"sub", [&] { return a() - b(); }, 0},
                      {"neg", [&] { return -a(); }, 0},
                      {"sum", [&] { return sum(a()); }, 0},
                      {"reshape",
                       [&] {
                         return reshape(a(), {2, -1});
                       },
                       0},
                      {"mul by a constant", [&] { return sum(a() * 2); }, 0},
                      {"exp", [&] { return sum(exp(a())); }, 1},
                      {"tanh", [&] { return sum(tanh(a())); }, 1},
                      {"relu", [&] { return sum(relu(a())); }, 1},
                      {"log", [&] { return sum(log(a())); }, 1},
                      {"mul", [&] { return sum(a() * b()); }, 2},
                      {"square", [&] { return sum(square(a())); }, 1},
                      {"mul by itself",
                       [&] {
                         const Tensor t = a();
                         return sum(t * t);
                       },
                       1},
                      {"mul by what needs no gradient", [&] { return sum(a() * b().detach()); }, 1}};
  for (const Row& row : rows) {
    CAPTURE(std::string(row.op));
    const Watch watch;
    Tensor y = row.f();
    const std::int64_t result = y.size() > 1 ? block : 0;
    CHECK((watch.bytes() - result + block / 2) / block == row.blocks);
    grad(y, {x}, ones(y.shape()));
    CHECK((watch.bytes() - result + block / 2) / block == 0);
    y = Tensor();
    CHECK(watch.clean());
  }
}

TEST_CASE("a second pass needs retain_graph in the first and the error says so") {
  const Tensor x = variable(1), e = exp(x), y = e + e + x;
  y.backward(retain_graph);
  grad(y, {x}, retain_graph);
  y.backward();
  CHECK(x.grad().item() == doctest::Approx(2 * (2 * std::exp(1.) + 1)));
  for (int i = 0; i < 2; ++i) {
    CHECK_THROWS_WITH_AS(y.backward(), Contains("'exp' of "), Error);
    CHECK_THROWS_WITH_AS(grad(y, x), Contains("retain_graph"), Error);
    CHECK_THROWS_WITH_AS(grad(y, x), Contains("where a state is carried over from it, detach() that"), Error);
  }
  CHECK(x.grad().item() == doctest::Approx(2 * (2 * std::exp(1.) + 1)));  // nothing came of the failed ones
  const Tensor linear = x + x;                                            // keeps nothing, so nothing can be missing
  CHECK(grad(linear, x).item() == 2);
  CHECK(grad(linear, x).item() == 2);
}

TEST_CASE("create_graph gives derivatives of every order") {
  const Tensor x = variable(0.7);
  Tensor y = sum(tanh(x) * x + exp(square(x)));
  const double t = std::tanh(0.7), e = std::exp(0.49), s = 1 - t * t;
  const double expected[] = {s * 0.7 + t + 2 * 0.7 * e, 2 * s - 2 * 0.7 * t * s + e * (2 + 4 * 0.49),
                             -6 * t * s + 0.7 * s * (4 * t * t - 2 * s) + e * (12 * 0.7 + 8 * 0.343)};
  for (double derivative : expected) {
    y = grad(y, x, create_graph);
    CHECK(y.item() == doctest::Approx(derivative).epsilon(1e-12));
  }
  // Through backward, and mixed: d2/dx dp of p x^3 at x = 2 is 12.
  Parameter p(full({}, 5, float64));
  const Tensor z = variable(2), g = grad(p * z * z * z, z, create_graph);
  CHECK(g.item() == 60);
  g.backward();
  CHECK(p.grad().item() == 12);
  CHECK(z.grad().item() == 60);
  CHECK_FALSE(grad(z * z, z).is_recorded());
}

TEST_CASE("grad inside a function that is itself differentiated") {
  auto slope = [](const Tensor& x) {  // d(x^3)/dx, from a leaf of its own
    const Tensor inner = x.requires_grad();
    return grad(inner * inner * inner, inner);
  };
  const Tensor x = variable(2);
  CHECK(grad(x * slope(x), x).item() == 12);  // a constant 12 inside
  // A gradient step that is differentiated through: x' = x - 0.1 d(x^4)/dx, y = x'^2.
  const Tensor step = x - 0.1 * grad(x * x * x * x, x, create_graph), y = step * step;
  CHECK(y.item() == doctest::Approx(1.44));
  CHECK(grad(y, x).item() == doctest::Approx(2 * -1.2 * (1 - 1.2 * 4)));
}

TEST_CASE("nothing is recorded under no_grad and detach cuts") {
  const Tensor x = variable(3);
  const Watch watch;
  {
    const NoGradGuard guard;
    CHECK_FALSE((x * x).is_recorded());
    {
      const Recording on(true);
      CHECK((x * x).is_recorded());
    }
    CHECK_FALSE(is_recording());
    bool elsewhere = false;
    std::thread([&] { elsewhere = is_recording(); }).join();
    CHECK(elsewhere);  // the guard belongs to its thread
  }
  CHECK_FALSE(no_grad([&] { return exp(x); }).is_recorded());
  CHECK_THROWS_AS(no_grad([&] { return x + ones({2}) + ones({3}); }), Error);
  CHECK(is_recording());
  CHECK((x * x).is_recorded());
  CHECK(grad(x * x.detach(), x).item() == 3);
  CHECK(x.detach().data<double>() == x.data<double>());
  CHECK(watch.clean());
}

TEST_CASE("gradients come summed to the shape of what was broadcast") {
  const Tensor a = full({3, 1}, 2).requires_grad(), b = full({4}, 3).requires_grad(), c = full({}, 5).requires_grad();
  const Tensors g = grad(sum(a * b * c), {a, b, c});
  CHECK(g[0].shape() == Shape{3, 1});
  CHECK(values(g[0]) == Values(3, 60));
  CHECK(values(g[1]) == Values(4, 30));
  CHECK(g[2].shape() == Shape{});
  CHECK(g[2].item() == 72);
  const Tensor mixed = grad(sum(a.to(float64) * full({2, 3, 4}, 1, float64)), a);
  CHECK(mixed.dtype() == float32);
  CHECK(values(mixed) == Values(3, 8));
}

TEST_CASE("a rule may drop the tensor that is being differentiated") {
  const Tensor x = variable(1);
  Tensor y;
  const Tensor h = exp(x);
  const Arg arg(h);
  y = execute(
      "drop", {&arg}, [](const Array& x) { return make_view(x, x.shape); },
      detail::rule<>([&y](const Tensor& g) { return y = Tensor(), g; }));
  CHECK(grad(y, x).item() == doctest::Approx(std::exp(1.)));
}

TEST_CASE("what was computed with a frozen Parameter stays without a gradient when it thaws") {
  const Tensor x = tensor({2., 3.});
  Parameter w(ones({2})), v(tensor({5., 7.}));
  v.set_name("v");
  auto frozen = [](Parameter& p, const std::function<Tensor()>& f) {
    p.freeze();
    Tensor y = f();
    p.freeze(false);
    return y;
  };
  // All of it is constant: the error names what was frozen.
  const Tensor constant = frozen(v, [&] { return sum(v * x); });
  CHECK_FALSE(constant.is_recorded());
  CHECK_THROWS_WITH_AS(
      constant.backward(),
      Contains("depends on nothing that gradients flow to: the tape was cut by parameter 'v' (frozen)"), Error);
  CHECK_FALSE(frozen(v, [&] { return exp(v * x) + 1; }).is_recorded());
  nn::Linear fc(2, 2);
  fc.freeze();
  const Tensor through = sum(fc(ones({1, 2})));
  fc.unfreeze();
  CHECK_THROWS_WITH_AS(through.backward(), Contains("depends on nothing that gradients flow to"), Error);
  CHECK_FALSE(fc.weight.grad().defined());

  // A part of it.
  const Tensor part = frozen(v, [&] { return sum(w * v * x); });
  CHECK_THROWS_WITH_AS(grad(part, {w, v}, retain_graph),
                       Contains("parameter 'v' of shape (2,); the tape was cut by "
                                "parameter 'v' (frozen)"),
                       Error);
  const Tensors g = grad(part, {w, v}, create_graph | allow_unused);
  CHECK(values(g[0]) == Values{10, 21});
  CHECK_FALSE(g[1].defined());
  CHECK_FALSE(g[0].is_recorded());  // v was a constant, and is one in what follows from it
  part.backward();
  CHECK(values(w.grad()) == Values{10, 21});
  CHECK_FALSE(v.grad().defined());
  const Tensor leaf = tensor({{1., 2.}}).requires_grad();
  fc.freeze();
  const Tensor passed = sum(square(fc(leaf)));
  fc.unfreeze();
  passed.backward();
  CHECK(leaf.grad().defined());
  CHECK_FALSE(fc.weight.grad().defined());

  // The other way round nothing reaches it as long as it is frozen.
  const Tensor y = sum(w * v * v);
  v.freeze();
  CHECK_FALSE(grad(y, v, retain_graph).defined());
  const Tensor of_w = grad(y, w, create_graph);
  v.freeze(false);
  CHECK(values(grad(y, v, retain_graph)) == Values{10, 14});
  CHECK_FALSE(of_w.is_recorded());
  v.freeze();
  w.zero_grad();
  y.backward();
  CHECK(values(w.grad()) == Values{25, 49});
  CHECK_FALSE(v.grad().defined());
  v.freeze(false);

  // A tape of anomaly mode has nodes for constants too.
  AnomalyGuard guard;
  const Tensor watched = frozen(v, [&] { return sum(exp(v * x) + w); });
  CHECK_FALSE(grad(watched, {w, v}, allow_unused)[1].defined());
}
