// Optimisers meet what a training may do to them, drawn at random and together.
#include "optimisers_table.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace xtape;
using namespace optimisers_table;

namespace {

struct Draw {
  explicit Draw(std::uint64_t seed) : stream(seed) {}
  bool one_in(std::int64_t n) { return stream.integer(n) == 0; }
  RandomStream stream;
};

/// Parameters of all kinds, and what they are trained on.
struct World {
  World() : net(3, 3) {
    net.to(float64);
    net.weight.assign(grid({3, 3}, 1));
    net.bias->assign(grid({3}, 2));
    parameters = net.parameters();
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{0, 3}, Shape{2, 2, 2}}) parameters.emplace_back(grid(shape, 3));
  }
  /// Of the parameters that are live at this step.
  Tensor residuals(int step, const std::vector<bool>& live) const {
    Tensors all;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const Tensor p = parameters[i];
      const int shift = static_cast<int>(i) + 3 * step;
      const Tensor scale = 1 + grid(p.shape(), shift).to(p.dtype()) / 2,
                   target = grid(p.shape(), 5 + shift).to(p.dtype());
      if (live[i]) all.push_back(flatten(scale * p - target).to(float64));
    }
    return concat(all);
  }
  nn::Linear net;
  Parameters parameters;
};

/// Eight steps, in which parameters freeze and thaw, have no gradient, are in groups and change their dtype. If
/// `disturbed`, also what must not change a bit: another number of threads, parameters that are given twice, gradients
/// that are slices, and an optimiser that is made anew from its state.
Tensors trained(const Row& row, std::uint64_t seed, bool disturbed) {
  Draw draw(seed), other(seed + 1000);
  World world;
  const Parameters& p = world.parameters;
  const bool maximize = row.sees != Sees::residuals && draw.one_in(4), grouped = draw.one_in(2);
  auto make = [&] {
    Parameters given = p;
    if (disturbed && other.one_in(2)) given.push_back(p[1]), given.push_back(p[0]);
    auto opt = row.make(given, maximize);
    optim::GroupOptions of_group;
    of_group.weight_decay(0.125);
    if (row.takes_gradients()) of_group.lr(opt->lr() / 2);
    if (grouped) opt->group("bias", of_group);
    return opt;
  };
  auto opt = make();
  for (int i = 0; i < 8; ++i) {
    if (draw.one_in(3)) {
      Parameter q = p[static_cast<std::size_t>(draw.stream.integer(6))];
      q.freeze(!q.is_frozen());
    }
    if (draw.one_in(4)) opt->set_lr(opt->lr() * 0.75);
    if (draw.one_in(6)) world.net.to(float32);  // and not back: a state is saved as the parameters are now
    std::vector<bool> live;
    for (std::size_t k = 0; k < p.size(); ++k) live.push_back(!draw.one_in(4));
    live[1] = true;
    bool moves = false;  // else there is no tape
    for (std::size_t k = 0; k < p.size(); ++k) moves |= live[k] && !p[k].is_frozen() && p[k].size() > 0;
    if (disturbed) {
      set_num_threads(other.one_in(2) ? 2 : 1);
      if (other.one_in(2)) {
        const optim::StateDict state = opt->state_dict();
        opt = make();
        opt->load_state_dict(state);
      }
    }
    if (!moves) continue;
    const auto residuals = [&] { return world.residuals(i, live); };
    if (!row.takes_gradients() || !disturbed || other.one_in(2)) {
      step(row, *opt, residuals);
      continue;
    }
    Tensors gradients = grad(0.5 * sum(square(residuals())), opt->parameters(), allow_unused);
    for (Tensor& g : gradients)
      if (g.defined()) g = stack({zeros(g.shape(), g.dtype()), g})[1];
    opt->step(gradients);
  }
  set_num_threads(1);
  Tensors values;
  for (const Parameter& q : p) values.push_back(q.tensor());
  return values;
}

}  // namespace

TEST_CASE("what must not change a bit of an optimiser's steps does not") {
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      CAPTURE(seed);
      const Tensors plain = trained(row, seed, false), disturbed = trained(row, seed, true);
      for (std::size_t i = 0; i < plain.size(); ++i) {
        CHECK(same_bits(plain[i], disturbed[i]));
        for (const double v : plain[i].to_vector<double>()) CHECK(std::isfinite(v));
      }
    }
  }
}

TEST_CASE("upwards is downwards of the opposite") {
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    if (!row.takes_gradients()) continue;
    Parameter a(grid({3, 3})), b(grid({3, 3}));
    const auto up = row.make({a}, true), down = row.make({b});
    for (int i = 0; i < 4; ++i) {
      const Tensor g = grid({3, 3}, 5 * i);
      up->step({g}), down->step({-g});
    }
    CHECK(same_bits(a.tensor(), b.tensor()));
  }
}

TEST_CASE("a gradient that is not a number stays where it is, and nothing crashes") {
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    if (!row.takes_gradients()) continue;
    Parameter a(grid({3, 3})), b(grid({3, 3}));
    const auto opt = row.make({a, b});
    for (int i = 0; i < 3; ++i) {
      std::vector<double> g = grid({3, 3}, i).to_vector<double>();
      if (i > 0) g[4] = std::nan("");
      opt->step({tensor(g, Shape{3, 3}), grid({3, 3}, i)});
    }
    const std::vector<double> hit = a.tensor().to_vector<double>(), other = b.tensor().to_vector<double>();
    CHECK(std::isnan(hit[4]));
    for (std::size_t k = 0; k < 9; ++k) {
      if (row.sees == Sees::element && k != 4) CHECK(std::isfinite(hit[k]));
      if (row.sees != Sees::all) CHECK(std::isfinite(other[k]));
    }
  }
}
