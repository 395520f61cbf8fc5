// Programs inside programs, drawn at random: checkpoints, recordings, derivatives, frozen Parameters, cuts, hooks,
// custom operations and random draws within each other, against the same without checkpoints and recordings. Elements
// are small integers, so that sums are exact in any order and all is the same bits.
#include <doctest/doctest.h>

#include <cstdlib>
#include <optional>
#include <xtape.hpp>

#include "support.hpp"

using namespace xtape;

namespace {

enum Kind {
  add,
  subtract,
  multiply,
  rectify,
  larger,
  mirror,
  spread,
  weigh,
  scale,
  mix,
  cut,
  step,
  drop,
  draw,
  count,
  read,
  looked_at,
  simple_kinds,
  in_checkpoint = simple_kinds,
  in_record,
  in_no_grad,
  in_detach,
  in_frozen,
  in_leaf,
  in_custom,
  in_own_custom,
  in_hook,
  in_grad,
  in_vjp,
  in_jvp,
  in_hvp,
  in_jacobian,
  kinds
};

struct Instruction;
using Script = std::vector<Instruction>;
struct Instruction {
  Kind kind;
  std::size_t a, b;
  bool flag, at_leaf;
  Script body;
};

/// What a function may do where it stands.
struct Place {
  int depth;      // of functions that may still be put inside
  bool repeated;  // it is called again in its own time: nothing but values of its inputs
  bool recorded;  // it reads no values
};

Script script(RandomStream& random, int length, Place place) {
  Script list;
  while (static_cast<int>(list.size()) < length) {
    const bool simple = place.depth == 0 || random.integer(3) > 0;
    const auto kind =
        static_cast<Kind>(simple ? random.integer(simple_kinds) : simple_kinds + random.integer(kinds - simple_kinds));
    if (place.repeated && (kind == drop || kind == draw || kind == count || kind == in_frozen)) continue;
    if ((place.recorded || place.repeated) && kind == read) continue;
    Instruction i{kind,
                  static_cast<std::size_t>(random.integer(100)),
                  static_cast<std::size_t>(random.integer(100)),
                  random.integer(2) == 1,
                  place.recorded || random.integer(2) == 1,
                  {}};
    if (!simple) {
      Place inside = place;
      --inside.depth;
      inside.repeated |= kind == in_custom || kind == in_own_custom || kind == in_hook || kind == in_jacobian;
      inside.recorded |= kind == in_record;
      i.body = script(random, 2 + static_cast<int>(random.integer(3)), inside);
    }
    list.push_back(std::move(i));
  }
  return list;
}

constexpr std::int64_t n = 4;

Tensor integers(RandomStream& random, const Shape& shape) {
  std::vector<double> v;
  for (std::int64_t i = 0; i < shape.size(); ++i) v.push_back(static_cast<double>(random.integer(5)) - 2);
  return tensor(v, shape);
}

// What functions use besides their inputs.
struct World {
  explicit World(RandomStream random)
      : p(integers(random, {n})), q(integers(random, {n})), w(integers(random, {n, n})), seen(zeros({n}, float64)) {}
  Parameter p, q, w;
  nn::Buffer seen;
  bool plain = false;  // without checkpoints and recordings
};

// Brought back to small numbers, with the gradient of x.
Tensor small(const Tensor& x) { return x - (5 * round(x / 5)).detach(); }

struct Frozen {
  Frozen(Parameter p) : p(p), before(p.is_frozen()) { p.freeze(); }
  ~Frozen() { p.freeze(before); }
  Parameter p;
  bool before;
};

Tensor run(const Script& list, Tensors v, const World& world);

Tensor apply(const Instruction& i, const Tensor& a, const Tensor& b, const World& world) {
  auto f = [&](const Tensors& in) { return run(i.body, in, world); };
  auto of_a = [&](const Tensor& x) { return f({x, b}); };
  auto total = [&](const Tensor& x) { return sum(f({x, b})); };
  const GradFlags flags = i.flag ? create_graph : grad_defaults;
  switch (i.kind) {
    case add: return small(a + b);
    case subtract: return small(a - 2 * b);
    case multiply: return small(a * b);
    case rectify: return nn::relu(a) + 0 * b;
    case larger: return where(a > b, a, b);
    case mirror: return flip(a, {0});
    case spread: return small(a + sum(b));
    case weigh: return small(a * world.p);
    case scale: return small(a * (i.flag ? world.q : world.p) - world.q);
    case mix: return small(reshape(matmul(reshape(a, {1, n}), world.w), {n}));
    case cut: return small(a * b.detach());
    case step: return a + (sign(a) * 2 - a).detach();
    case drop: return dropout(a, 0.5);
    case draw: return small(a * bernoulli({n}, 0.5, float64));
    case count: return world.seen.assign(small(world.seen.tensor() + a.detach())), small(b * world.seen.tensor());
    case read: return sum(a).item() > 0 ? b : -b;
    case looked_at: return hook(a, [flag = i.flag](const Tensor& g) { return flag ? 2 * g : -g; });
    case in_checkpoint: return world.plain ? f({a, b}) : checkpoint(f, {a, b});
    case in_record: {
      if (world.plain) return no_grad([&] { return f({a, b}); }).detach();
      return record(f, i.flag ? Tensors{b, a} : Tensors{flip(a, {0}), ones({n}, float64)})({a, b})[0];
    }
    case in_no_grad: return small(a * no_grad([&] { return f({a, b}); }));
    case in_detach: return small(b * f({a, b}).detach());
    case in_frozen: {
      const Frozen frozen(i.flag ? world.p : world.w);
      return f({a, b});
    }
    case in_leaf: return small(a * f({b.requires_grad(), a}));
    case in_custom:
      return custom(f, [](const Tensor& g, const Tensors& x) { return Tensors{g * x[1], 2 * g}; }, {a, b});
    case in_own_custom: {
      auto vjp_of = [f = i.body, &world](const Tensor& g, const Tensors& x) {
        return vjp([&](const Tensors& in) { return run(f, in, world); }, x, g, create_graph).second;
      };
      return custom([f = i.body, &world](const Tensors& x) { return run(f, x, world); }, vjp_of, {a, b});
    }
    case in_hook: {
      // Linear, as a gradient may come in parts: through a value, and through what is repeated of it.
      auto f_of = [f = i.body, &world, x = Tensors{a.detach(), b.detach()}] { return run(f, x, world); };
      return hook(a, [f_of](const Tensor& g) { return g * f_of(); });
    }
    case in_grad: {
      const Recording on(true);
      const Tensor x = i.at_leaf || !a.is_recorded() ? a.requires_grad() : a, y = total(x);
      const Tensor g = y.is_recorded() ? grad(y, {x}, flags | retain_graph | allow_unused)[0] : Tensor();
      return g.defined() ? small(g * b) : b;
    }
    case in_vjp: return small(vjp(f, {a, b}, ones({n}, float64), flags).second[1]);
    case in_jvp: return small(jvp(of_a, a, b, flags).second);
    case in_hvp: return small(hvp(total, a, b, flags).second);
    case in_jacobian: return small(sum(jacobian(of_a, a, flags), 0));
    default: return a;
  }
}

Tensor run(const Script& list, Tensors v, const World& world) {
  for (const Instruction& i : list) v.push_back(apply(i, v[v.size() - 1 - i.a % 2], v[i.b % v.size()], world));
  return v.back();
}

// A function with its gradients and theirs, and what else it did.
struct Run {
  explicit Run(std::uint64_t seed) : random(seed), program(script(random, 5, {2, false, false})), world(random) {}

  // The value and what follows from it, zeros for what is not there.
  Tensors derive(const Tensors& in) const {
    const Tensors x{in[0].requires_grad(), in[1].requires_grad()};
    const Targets targets{x[0], x[1], world.p, world.q, world.w};
    const Tensor y = run(program, x, world);
    Tensors results{y};
    auto differentiate = [&](const Tensor& loss, GradFlags flags) {
      Tensors g(5);
      if (loss.is_recorded()) g = grad(loss, targets, flags | allow_unused);
      for (const Tensor& t : g) results.push_back(t.defined() ? t : zeros({n}, float64));
      return g;
    };
    const Tensor loss = sum(y * tensor({1., -2., 3., 1.}, float64));
    Tensor again = zeros({}, float64);
    for (const Tensor& g : differentiate(loss, create_graph))
      if (g.defined()) again += sum(small(g) * g);
    differentiate(again, retain_graph);
    differentiate(loss, grad_defaults);
    results.push_back(world.seen);
    return results;
  }
  Tensors derive_eagerly(const Tensors& in) {
    manual_seed(1);
    world.seen.assign(zeros({n}, float64));
    return derive(in);
  }

  RandomStream random;
  Script program;
  World world;
};

// How often each kind stands in a program.
void tally(const Script& list, std::vector<int>& counts) {
  for (const Instruction& i : list) {
    ++counts[i.kind];
    tally(i.body, counts);
  }
}
bool reads_values(const Script& list) {
  for (const Instruction& i : list)
    if (i.kind == read || reads_values(i.body)) return true;
  return false;
}

// The elements agree, exactly as long as they are integers that a double holds.
bool agree(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  double most = 0;
  for (double v : x) most = std::max(most, std::abs(v));
  if (most < 0x1p50) return x == y;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!(std::abs(x[i] - y[i]) <= 1e-12 * most)) return false;
  return true;
}

}  // namespace

TEST_CASE("programs inside programs are what they are one by one") {
  const char* first = std::getenv("XTAPE_FIRST_PROGRAM");
  const char* number = std::getenv("XTAPE_PROGRAMS");
  const std::uint64_t begin = first ? std::strtoull(first, nullptr, 10) : 1;
  const std::uint64_t end = begin + (number ? std::strtoull(number, nullptr, 10) : 1000);
  std::vector<int> counts(kinds);
  int alive = 0;
  for (std::uint64_t seed = begin; seed < end; ++seed) {
    CAPTURE(seed);
    Run it(seed);
    tally(it.program, counts);
    const Tensors x{integers(it.random, {n}), integers(it.random, {n})};
    it.world.plain = true;
    const Tensors expected = it.derive_eagerly(x);
    it.world.plain = false;
    const Tensors found = [&] {
      std::optional<AnomalyGuard> guard;
      std::optional<Profile> profile;
      if (seed % 3 == 1) guard.emplace();
      if (seed % 3 == 2) profile.emplace();
      return it.derive_eagerly(x);
    }();
    for (std::size_t k = 0; k < found.size(); ++k) {
      CAPTURE(k);
      CHECK(agree(found[k], expected[k]));
    }
    alive += sum(abs(found[1]) + abs(found[2])).item() > 0;
    if (reads_values(it.program)) continue;

    it.derive_eagerly(x);
    Replay replay =
        record([&](const Tensors& in) { return it.derive(in); }, {integers(it.random, {n}), integers(it.random, {n})});
    const Tensors more{integers(it.random, {n}), integers(it.random, {n})};
    manual_seed(1);
    it.world.seen.assign(zeros({n}, float64));
    const Tensors replayed = replay(more), eager = it.derive_eagerly(more);
    for (std::size_t k = 0; k < eager.size(); ++k) {
      CAPTURE(k);
      CHECK(same_bits(replayed[k], eager[k]));
    }
  }
  for (int k = 0; k < kinds; ++k) {
    CAPTURE(k);
    if (end - begin >= 1000) CHECK(counts[static_cast<std::size_t>(k)] >= 10);
  }
  CHECK(alive * 2 >= static_cast<int>(end - begin));
  manual_seed(0);
}
