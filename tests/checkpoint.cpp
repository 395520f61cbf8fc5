// checkpoint: a function that is repeated in the backward pass, whatever it does.
#include <doctest/doctest.h>

#include <sstream>
#include <xtape.hpp>

#include "support.hpp"

using namespace xtape;
using doctest::Contains;

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
  std::int64_t before = memory_stats().live_bytes;
  const Tensor whole = mean(square(net(x)));
  const std::int64_t all = memory_stats().live_bytes - before;
  before = memory_stats().live_bytes;
  const Tensor parts = mean(square(net.in_segments(x)));
  const std::int64_t few = memory_stats().live_bytes - before;
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

namespace {

using Values = std::vector<double>;
Values values(const Tensor& x) { return x.to_vector<double>(); }

// f with its gradients, whose bits are the same by itself and in a checkpoint, and with those of their squares, which
// are sums of so many terms that their order shows.
void check_as_without(const std::function<Tensor(const Tensors&)>& f, const Tensors& inputs,
                      const std::vector<Parameter>& parameters = {}) {
  auto run = [&](bool in_checkpoint) {
    manual_seed(4);
    Tensors x;
    for (const Tensor& t : inputs) x.push_back(is_floating(t.dtype()) ? t.requires_grad() : t);
    Tensors targets;
    for (const Tensor& t : x)
      if (t.is_recorded()) targets.push_back(t);
    for (const Parameter& p : parameters) targets.push_back(p.tensor());
    const Tensor y = in_checkpoint ? checkpoint(f, x) : f(x);
    Tensors results{y};
    const Tensor loss = sum(square(y));
    Tensor again = zeros({}, y.dtype());
    for (const Tensor& g : grad(loss, targets, create_graph | allow_unused)) {
      results.push_back(g);
      if (g.defined() && g.is_recorded()) again += sum(square(g));
    }
    for (const Tensor& g : grad(loss, targets, retain_graph | allow_unused)) results.push_back(g);
    const std::size_t first = results.size();
    if (again.is_recorded())
      for (const Tensor& g : grad(again, targets, allow_unused)) results.push_back(g);
    return std::pair(results, first);
  };
  const auto [plain, first] = run(false);
  const auto [repeated, second] = run(true);
  REQUIRE(plain.size() == repeated.size());
  for (std::size_t i = 0; i < plain.size(); ++i) {
    CAPTURE(i);
    REQUIRE(plain[i].defined() == repeated[i].defined());
    if (!plain[i].defined()) continue;
    if (i < first) CHECK(same_bits(plain[i], repeated[i]));
    else CHECK(allclose(plain[i], repeated[i], plain[i].dtype() == float64 ? 1e-13 : 1e-5, 1e-12));
  }
}

}  // namespace

TEST_CASE("what is cut inside a checkpoint is cut") {
  const Tensor x = tensor({3.}, float64).requires_grad();
  auto gradient = [&](const std::function<Tensor(const Tensor&)>& f) { return grad(sum(checkpoint(f, x)), x).item(); };
  CHECK(gradient([](const Tensor& x) { return x * (x * x).detach(); }) == 9);
  CHECK(gradient([](const Tensor& x) { return x + (round(x * 1.2) - x).detach(); }) == 1);  // straight through
  CHECK(gradient([](const Tensor& x) { return x * no_grad([&] { return x * x; }); }) == 9);
  CHECK(gradient([](const Tensor& x) { return x.detach() * x; }) == 3);
  CHECK(gradient([](const Tensor& x) { return x * x.requires_grad(); }) == 3);
  CHECK_FALSE(checkpoint([](const Tensor& x) { return (x * x).detach(); }, x).is_recorded());
  CHECK(grad(checkpoint([](const Tensor& t) { return t; }, x), x).item() == 1);
  // What f makes and hands out stands on the tape of its own.
  Tensor within;
  const Tensor y = checkpoint([&](const Tensor& x) { return (within = x * x) * x; }, x);
  CHECK(grad(within, x).item() == 6);
  CHECK(grad(y, x).item() == 27);
}

TEST_CASE("layers and costs that cut their tape are the same in a checkpoint") {
  const nn::Embedding table(5, 3, 2);
  check_as_without([&](const Tensors& in) { return table(in[0]); }, {tensor({{0, 2}, {4, 2}})}, table.parameters());
  const Tensor variance = tensor({1e-9, 0.5, 1e-8}, float64);
  check_as_without(
      [](const Tensors& in) {
        return nn::gaussian_nll_loss(in[0], tensor({1., 2., 3.}, float64), in[1]);
      },
      {tensor({0.5, 1., 4.}, float64), variance});
  for (bool training : {false, true}) {
    nn::SpectralNorm<nn::Linear> norm = nn::spectral_norm(nn::Linear(3, 2));
    norm.train(training);
    const Tensor u = norm.weight_u, v = norm.weight_v;
    check_as_without(
        [&](const Tensors& in) {
          norm.weight_u.assign(u);
          norm.weight_v.assign(v);
          return norm(in[0]);
        },
        {uniform({4, 3})}, norm.parameters());
  }
}

TEST_CASE("singular values and eigenvalues have their gradient in a checkpoint and the same bits everywhere") {
  const Tensor a = uniform({2, 4, 3}, -1, 1, float64), s = matmul(a, a, true);
  check_as_without([](const Tensors& in) { return svdvals(in[0]); }, {a});
  check_as_without([](const Tensors& in) { return eigvalsh(in[0]); }, {s});
  const Tensor leaf = a.requires_grad();
  CHECK(same_bits(svdvals(leaf), svdvals(a)));
  CHECK(same_bits(eigvalsh(matmul(leaf, leaf, true)), eigvalsh(s)));
}

TEST_CASE("grad inside a checkpoint") {
  const Tensor x = tensor({1.5, -2.}, float64);
  const Parameter w(tensor({0.5, 2.}, float64));
  check_as_without([](const Tensors& in) { return grad(sum(in[0] * in[0] * in[0]), in[0], create_graph) * in[0]; },
                   {x});
  check_as_without([](const Tensors& in) { return grad(sum(exp(in[0])), in[0], retain_graph) * in[0]; }, {x});
  // A gradient penalty: at the outputs, through a leaf within, with respect to Parameters.
  check_as_without(
      [&](const Tensors& in) {
        const Tensor at = in[0].requires_grad();
        return tanh(grad(sum(tanh(at * w)), at, create_graph)) + in[0] * w;
      },
      {x}, {w});
  check_as_without(
      [&](const Tensors& in) {
        return jvp([&](const Tensor& t) { return sin(t * w); }, in[0], in[0] * 2, create_graph).second;
      },
      {x}, {w});
  check_as_without(
      [&](const Tensors& in) {
        return hvp([&](const Tensor& t) { return sum(sin(t * w)); }, in[0], in[0], create_graph).second * w;
      },
      {x}, {w});
  // backward() adds up once, when f is called.
  const Tensor leaf = x.requires_grad();
  const Tensor y = checkpoint(
      [&](const Tensor& t) {
        sum(w * w).backward();
        return t * w;
      },
      leaf);
  CHECK(values(w.grad()) == Values{1, 4});
  CHECK(values(grad(sum(y), leaf)) == values(w));
  CHECK(values(w.grad()) == Values{1, 4});
}

TEST_CASE("frozen parameters and hooks and custom operations inside a checkpoint") {
  const Tensor x = tensor({1.5, -2.}, float64);
  Parameter w(tensor({0.5, 2.}, float64)), v(tensor({3., -1.}, float64));
  auto half_frozen = [&](const Tensors& in) {
    w.freeze();
    const Tensor y = sin(in[0] * w) * v;
    w.freeze(false);
    return y * w;
  };
  check_as_without(half_frozen, {x}, {w, v});
  check_as_without(
      [&](const Tensors& in) {
        const Tensor h = hook(in[0] * w, [](const Tensor& g) { return 3 * g; });
        return custom([](const Tensors& t) { return no_grad([&] { return t[0] * exp(t[1]); }); },
                      [](const Tensor& g, const Tensors& t) {
                        return Tensors{2 * g * exp(t[1]), g * exp(t[1]) * t[0]};
                      },
                      {h, h * v});
      },
      {x}, {w, v});
  // A hook is called in each backward pass, and keeps what it knows.
  int calls = 0;
  const Tensor leaf = x.requires_grad();
  const Tensor y = sum(checkpoint(
      [&](const Tensor& t) { return hook(t * t, [&calls, n = 0](const Tensor&) mutable { calls = ++n; }); }, leaf));
  CHECK(calls == 0);
  grad(y, leaf, retain_graph);
  grad(y, leaf, retain_graph);
  CHECK(calls == 2);
  // Frozen afterwards, and thawed.
  const Tensor z = sum(checkpoint([&](const Tensor& t) { return t * w; }, leaf));
  w.freeze();
  CHECK_FALSE(grad(z, w, retain_graph).defined());
  w.freeze(false);
  CHECK(values(grad(z, w)) == values(x));
  // A Parameter that gets a value inside is that value from there on, and a leaf.
  Parameter p(tensor({1., 1.}, float64));
  const Tensor q = checkpoint(
      [&](const Tensor& t) {
        const Tensor h = t * p;
        p.assign(h * 3);
        return h * p;
      },
      leaf);
  CHECK(values(q) == values(3 * x * x));
  CHECK(values(grad(sum(q), leaf, retain_graph)) == values(3 * x));
  CHECK(values(grad(sum(q), p)) == values(3 * x * x + x));
}

TEST_CASE("a checkpoint is repeated with what it drew and read and assigned the one time") {
  const Tensor x = uniform({40}, 1, 2, float64);
  check_as_without([](const Tensors& in) { return dropout(in[0] * in[0], 0.5) * normal({40}, 0, 1, float64); }, {x});
  check_as_without([](const Tensors& in) { return sum(in[0]).item() > 0 ? in[0] * max(in[0]).item() : -in[0]; }, {x});
  const nn::Buffer seen(zeros({}, float64));
  int calls = 0;
  const Tensor leaf = x.requires_grad();
  const Tensor y = checkpoint(
      [&](const Tensor& t) {
        ++calls;
        seen.assign(seen.tensor() + 1);
        return t * t * seen.tensor();
      },
      leaf);
  sum(y).backward();
  CHECK(values(leaf.grad()) == values(2 * x));
  CHECK(seen.tensor().item() == 1);
  CHECK(calls == 1);
}

TEST_CASE("checkpoints nest, and each level is repeated in its turn") {
  const Tensor x = uniform({1 << 12}, 0, 1, float64);
  auto inner = [](const Tensor& t) {
    Tensor y = t;
    for (int i = 0; i < 8; ++i) y = sin(y) * 1.1;
    return y;
  };
  auto outer = [&](const Tensor& t) {
    Tensor y = t;
    for (int i = 0; i < 8; ++i) y = checkpoint(inner, y);
    return y;
  };
  auto plain = [&](const Tensor& t) {
    Tensor y = t;
    for (int i = 0; i < 8; ++i) y = inner(y);
    return y;
  };
  check_as_without([&](const Tensors& in) { return outer(in[0]); }, {x});
  const Tensor leaf = x.requires_grad();
  const std::int64_t block = x.size() * 8, before = memory_stats().live_bytes;
  std::int64_t most = 0;
  const Tensor y = sum(checkpoint(
      [&](const Tensor& t) {
        return outer(hook(t, [&](const Tensor&) { most = memory_stats().live_bytes - before; }));
      },
      leaf));
  CHECK(memory_stats().live_bytes - before < 2 * block);
  CHECK(same_bits(grad(y, leaf), grad(sum(plain(leaf)), leaf)));
  // When the gradient comes back to the hook, no more than one of the segments and what they start from is alive.
  CHECK(most < 24 * block);
}

TEST_CASE("who watches a checkpoint sees its operations where they are") {
  const nn::Linear fc(3, 3);
  struct Net : nn::Module<Net> {
    nn::Linear fc = child("fc", nn::Linear(3, 3));
    Tensor forward(const Tensor& x) const { return fc(x); }
  } net;
  const Tensor x = uniform({2, 3}).requires_grad();
  {
    Profile profile;
    const Tensor y = sum(checkpoint(net, x));
    grad(y, x);
    double linear = 0;
    for (const auto& e : profile.events())
      if (std::string(e.op) == "linear" && !e.backward) linear += e.module.find("Net.fc") == 0;
    CHECK(linear == 2);
  }
  const int line = __LINE__ + 3;
  const std::string text = message([&] {
    AnomalyGuard guard;
    const Tensor y = checkpoint([](const Tensor& t) { return sqrt(t * 0); }, x);
    grad(sum(y), x);
  });
  CHECK(says(text, "anomaly: the gradient of 'sqrt' for its input 0 is ", line));
}
