// Operations with kernels of their own: costs, normalisation, attention, dropout.
#include <algorithm>
#include <autograd/ops/attention.hpp>
#include <autograd/ops/dropout.hpp>
#include <autograd/ops/loss.hpp>
#include <autograd/ops/normalization.hpp>
#include <cmath>
#include <limits>

#include "grad_table.hpp"
#include "support.hpp"

using namespace grad_table;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

using Shapes = std::vector<Shape>;
std::vector<Tensors> draws(const std::vector<Shapes>& cases, Draw draw = plain) {
  std::vector<Tensors> drawn;
  for (const Shapes& shapes : cases) {
    Tensors inputs;
    for (const Shape& s : shapes) inputs.push_back(draw(s));
    drawn.push_back(inputs);
  }
  return drawn;
}

// Labels for logits: 1, 4, 7, … modulo the number of classes.
Tensor labels(const Tensor& logits) {
  const Shape& from = logits.shape();
  const int axis = from.rank() == 1 ? 0 : 1;
  Shape shape;
  for (int i = 0; i < from.rank(); ++i)
    if (i != axis) shape.push_back(from[i]);
  std::vector<std::int64_t> v;
  for (std::int64_t i = 0; i < shape.size(); ++i) v.push_back((3 * i + 1) % from[axis]);
  return tensor(v, shape);
}
// 1/4, 2/4, … in float64.
Tensor quarters(std::int64_t n) { return (arange(n, float64) + 1) / 4; }
Tensor weights(const Tensor& logits) { return quarters(logits.size(logits.rank() == 1 ? 0 : 1)); }

Function of_labels(CrossEntropyOptions options, bool weighted = false, Dtype dtype = int64) {
  return [=](const Tensors& x) mutable {
    return cross_entropy(x[0], labels(x[0]).to(dtype), weighted ? options.weight(weights(x[0])) : options);
  };
}
Function of_probabilities(CrossEntropyOptions options, bool weighted = false) {
  return [=](const Tensors& x) mutable {
    return cross_entropy(x[0], x[1], weighted ? options.weight(weights(x[0])) : options);
  };
}
// Squared, so that the second order says something.
Function nll(CrossEntropyOptions options, bool weighted = false) {
  return [=](const Tensors& x) mutable {
    return square(nll_loss(x[0], labels(x[0]), weighted ? options.weight(weights(x[0])) : options));
  };
}

const CrossEntropyOptions plainly;
CrossEntropyOptions with(Reduction r) { return CrossEntropyOptions().reduction(r); }

const auto logits = [] { return draws({{{5, 4}}, {{1, 3}}, {{4}}, {{2, 3, 2, 2}}, {{3, 1}}, {{0, 3}}, {{12, 5}}}); };

// Not empty and not all ignored: of such the mean is not finite.
const auto some_logits = [] { return draws({{{5, 4}}, {{2, 4, 2, 2}}, {{3, 2}}, {{12, 5}}}); };

const Table costs = {
    {"cross_entropy", of_labels(plainly), some_logits()},
    {"cross_entropy sum", of_labels(with(Reduction::sum), false, uint8), logits()},
    {"cross_entropy none", of_labels(with(Reduction::none)), logits()},
    {"cross_entropy weight", of_labels(plainly, true), some_logits()},
    {"cross_entropy weight ignore", of_labels(CrossEntropyOptions().ignore_index(1), true), some_logits()},
    {"cross_entropy weight ignore none", of_labels(with(Reduction::none).ignore_index(0), true), logits()},
    {"cross_entropy smoothing", of_labels(CrossEntropyOptions().label_smoothing(0.25)), some_logits()},
    {"cross_entropy smoothing weight ignore",
     of_labels(CrossEntropyOptions().label_smoothing(0.25).ignore_index(1), true), some_logits()},
    {"cross_entropy smoothing none", of_labels(with(Reduction::none).label_smoothing(0.5)), logits()},
    {"cross_entropy probabilities", of_probabilities(plainly),
     draws({{{5, 4}, {5, 4}}, {{3}, {3}}, {{2, 3, 2}, {2, 3, 2}}})},
    {"cross_entropy probabilities sum", of_probabilities(with(Reduction::sum)),
     draws({{{5, 4}, {5, 4}}, {{0, 2}, {0, 2}}})},
    {"cross_entropy probabilities smoothing weight none",
     of_probabilities(with(Reduction::none).label_smoothing(0.25), true),
     draws({{{5, 4}, {5, 4}}, {{3}, {3}}, {{2, 3, 2}, {2, 3, 2}}})},
    {"nll_loss", nll(plainly), draws({{{12, 4}}, {{3}}, {{2, 3, 2}}})},
    {"nll_loss weight ignore", nll(CrossEntropyOptions().ignore_index(1), true), draws({{{12, 4}}, {{2, 4, 2}}})},
    {"nll_loss sum", nll(with(Reduction::sum)), draws({{{12, 4}}, {{0, 2}}})},
    {"nll_loss none", nll(with(Reduction::none)), draws({{{12, 4}}, {{3}}, {{2, 3, 2}}})},
    {"binary_cross_entropy_with_logits", [](auto& x) { return binary_cross_entropy_with_logits(x[0], x[1]); },
     draws({{{3, 4}, {3, 4}}, {{}, {}}, {{2, 1, 2}, {2, 1, 2}}})},
    {"binary_cross_entropy_with_logits weights",
     [](auto& x) { return binary_cross_entropy_with_logits(x[0], x[1], Reduction::sum, x[2], x[3]); },
     draws({{{3, 4}, {3, 4}, {4}, {3, 1}}, {{2, 11}, {2, 11}, {2, 1}, {11}}, {{10}, {10}, {10}, {}}})},
    {"binary_cross_entropy_with_logits none",
     [](auto& x) { return binary_cross_entropy_with_logits(x[0], x[1], Reduction::none, x[2]); },
     draws({{{3, 4}, {3, 4}, {3, 4}}, {{0}, {0}, {0}}})},
};

// What is normalised has hardly any slope left in its sum and its sum of squares.
Tensor bent(const Tensor& y) { return y + square(y); }

Tensor batch_normed(const Tensors& x, const Tensor& w = {}, const Tensor& b = {}) {
  return batch_norm(x[0], Tensor(), Tensor(), w, b, true).y;
}
Tensor batch_normed_running(const Tensors& x) {
  const Tensor mean = quarters(x[0].size(1)).to(x[0].dtype());
  return batch_norm(x[0], mean, mean + 1, x[1], x[2], false).y;
}

const Table normalization = {
    {"layer_norm", [](auto& x) { return bent(layer_norm(x[0], {x[0].size(-1)})); },
     draws({{{3, 5}}, {{4}}, {{2, 3, 1, 4}}, {{0, 3}}, {{2, 37}}})},
    {"layer_norm weight", [](auto& x) { return layer_norm(x[0], x[1].shape(), x[1]); },
     draws({{{3, 4}, {4}}, {{2, 4, 3}, {4, 3}}, {{5, 1}, {1}}})},
    {"layer_norm weight bias", [](auto& x) { return layer_norm(x[0], x[1].shape(), x[1], x[2], 0.1); },
     draws({{{3, 4}, {4}, {4}}, {{2, 4, 3}, {4, 3}, {4, 3}}, {{3}, {3}, {3}}, {{0, 2}, {2}, {2}}})},
    {"layer_norm bias", [](auto& x) { return square(layer_norm(x[0], x[1].shape(), Tensor(), x[1])); },
     draws({{{3, 4}, {4}}, {{2, 4, 3}, {4, 3}}})},
    {"rms_norm", [](auto& x) { return bent(rms_norm(x[0], {x[0].size(-1)})); }, draws({{{3, 5}}, {{4}}, {{2, 1, 9}}})},
    {"rms_norm weight", [](auto& x) { return rms_norm(x[0], x[1].shape(), x[1], 0.1); },
     draws({{{3, 4}, {4}}, {{2, 4, 3}, {4, 3}}})},
    {"group_norm", [](auto& x) { return bent(group_norm(x[0], 2)); }, draws({{{2, 4, 3}}, {{3, 6}}, {{2, 2, 3, 2}}})},
    {"group_norm weight bias", [](auto& x) { return bent(group_norm(x[0], 2, x[1], x[2], 0.1)); },
     draws({{{2, 4, 3}, {4}, {4}}, {{3, 6}, {6}, {6}}, {{1, 2, 3, 2}, {2}, {2}}, {{0, 4, 2}, {4}, {4}}})},
    {"instance_norm", [](auto& x) { return bent(instance_norm(x[0])); }, draws({{{2, 3, 4}}, {{1, 2, 3, 2}}})},
    {"instance_norm weight bias", [](auto& x) { return bent(instance_norm(x[0], x[1], x[2])); },
     draws({{{2, 5, 3}, {5}, {5}}, {{2, 6, 2, 3}, {6}, {6}}})},
    {"batch_norm", [](auto& x) { return bent(batch_normed(x)); },
     draws({{{5, 3}}, {{2, 3, 4}}, {{1, 2, 9}}, {{3, 2, 5, 2}}, {{2, 1, 2, 1, 3}}})},
    {"batch_norm weight", [](auto& x) { return bent(batch_normed(x, x[1])); },
     draws({{{5, 3}, {3}}, {{2, 8, 10}, {8}}})},
    {"batch_norm weight bias", [](auto& x) { return bent(batch_normed(x, x[1], x[2])); },
     draws({{{5, 3}, {3}, {3}}, {{2, 3, 2, 6}, {3}, {3}}, {{2, 6, 2}, {6}, {6}}})},
    {"batch_norm bias", [](auto& x) { return square(batch_normed(x, {}, x[1])); },
     draws({{{5, 3}, {3}}, {{2, 8, 9}, {8}}})},
    {"batch_norm running", [](auto& x) { return batch_normed_running(x); },
     draws({{{5, 3}, {3}, {3}}, {{2, 8, 3}, {8}, {8}}, {{0, 2}, {2}, {2}}})},
};

// What a query may look at: one key in three not, and the second query nothing at all.
Tensor boolean_mask(const Tensors& x) {
  const std::int64_t l = x[0].size(-2), s = x[1].size(-2);
  return tensor(
             [&] {
               std::vector<std::int64_t> v;
               for (std::int64_t i = 0; i < l * s; ++i) v.push_back(i % 3 != 1 && i / s != 1);
               return v;
             }(),
             Shape{l, s}) != 0;
}
Tensor attended(const Tensors& x) { return scaled_dot_product_attention(x[0], x[1], x[2]); }
Tensor attended_causal(const Tensors& x) {
  return scaled_dot_product_attention(x[0], x[1], x[2], Tensor(), true, 0.75);
}
Tensor attended_masked(const Tensors& x) { return scaled_dot_product_attention(x[0], x[1], x[2], boolean_mask(x)); }
Tensor attended_both(const Tensors& x) { return scaled_dot_product_attention(x[0], x[1], x[2], boolean_mask(x), true); }
Tensor attended_added(const Tensors& x) {
  const Tensor look = boolean_mask(x);
  const Tensor mask = where(look, reshape(quarters(look.size()), look.shape()).to(x[0].dtype()), -inf);
  return scaled_dot_product_attention(x[0], x[1], x[2], mask);
}
Tensor attended_learned(const Tensors& x) { return scaled_dot_product_attention(x[0], x[1], x[2], x[3]); }

const auto heads = [] {
  return draws({{{2, 3, 4}, {2, 5, 4}, {2, 5, 3}},
                {{4, 3}, {5, 3}, {5, 2}},
                {{2, 1, 3, 2}, {1, 3, 4, 2}, {3, 4, 2}},
                {{1, 1}, {1, 1}, {1, 1}},
                {{5, 2}, {3, 2}, {3, 1}},
                {{0, 3}, {4, 3}, {4, 2}},
                {{2, 3}, {0, 3}, {0, 2}}});
};

const Table attention = {
    {"scaled_dot_product_attention", attended, heads()},
    {"scaled_dot_product_attention causal", attended_causal, heads()},
    {"scaled_dot_product_attention mask", attended_masked, heads()},
    {"scaled_dot_product_attention mask causal", attended_both, heads()},
    {"scaled_dot_product_attention added", attended_added, heads()},
    {"scaled_dot_product_attention learned", attended_learned,
     draws({{{2, 3, 4}, {2, 5, 4}, {2, 5, 3}, {3, 5}}, {{2, 2, 3, 2}, {2, 2, 4, 2}, {2, 2, 4, 2}, {2, 1, 1, 4}}})},
};

Tensor dropped(const Tensors& x) {
  RandomGenerator g(3);
  return square(dropout(x[0], 0.4, true, g));
}
const Table dropping = {{"dropout", dropped, one(nonzero)}};

Table joined(std::initializer_list<Table> tables) {
  Table all;
  for (const Table& t : tables) all.insert(all.end(), t.begin(), t.end());
  return all;
}
const Table table = joined({costs, normalization, attention, dropping});

const Table values_only = {
    {"batch_norm mean", [](auto& x) { return batch_norm(x[0], Tensor(), Tensor()).mean; }, {}},
    {"batch_norm var", [](auto& x) { return batch_norm(x[0], Tensor(), Tensor()).var; }, {}},
};

}  // namespace

XTAPE_CHECK_TABLE("fused", table, values_only)

namespace {

// The value of f and its gradients for all inputs, in one list.
Tensors with_gradients(const Function& f, const Tensors& inputs, GradFlags flags = grad_defaults) {
  Tensors x;
  for (const Tensor& t : inputs) x.push_back(t.requires_grad());
  const Tensor y = f(x);
  RandomGenerator g(5);
  Tensors all = grad(sum(y * uniform(y.shape(), 0.5, 1.5, float64, g).to(y.dtype())), Targets(x), flags);
  all.insert(all.begin(), y.detach());
  return all;
}

double difference(const Tensor& a, const Tensor& b) {
  if (a.size() == 0) return 0;
  double largest = 0;
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(x[i] - y[i]));
  return largest;
}

Function mean_cost() { return of_labels(plainly); }

struct Large {
  std::string name;
  Function f;
  std::vector<Shape> shapes;
};
// Sizes beyond the blocks and tiles of the kernels.
const std::vector<Large> large = {
    {"cross_entropy", mean_cost(), {{70, 1000}}},
    {"cross_entropy of long rows", mean_cost(), {{3, 9001}}},
    {"cross_entropy of probabilities", of_probabilities(plainly), {{9, 4500}, {9, 4500}}},
    {"layer_norm of many rows", [](auto& x) { return layer_norm(x[0], {40}, x[1], x[2]); }, {{3001, 40}, {40}, {40}}},
    {"layer_norm of long rows",
     [](auto& x) { return layer_norm(x[0], {9001}, x[1], x[2]); },
     {{3, 9001}, {9001}, {9001}}},
    {"rms_norm", [](auto& x) { return rms_norm(x[0], {300}, x[1]); }, {{400, 300}, {300}}},
    {"group_norm of few", [](auto& x) { return group_norm(x[0], 3, x[1], x[2]); }, {{40, 6, 19, 21}, {6}, {6}}},
    {"group_norm of many", [](auto& x) { return group_norm(x[0], 20, x[1], x[2]); }, {{30, 40, 7, 9}, {40}, {40}}},
    {"batch_norm", [](auto& x) { return batch_normed(x, x[1], x[2]); }, {{7, 5, 71, 73}, {5}, {5}}},
    {"batch_norm of vectors", [](auto& x) { return batch_normed(x, x[1], x[2]); }, {{5003, 20}, {20}, {20}}},
    {"attention", attended, {{6, 90, 8}, {6, 1100, 8}, {6, 1100, 5}}},
    {"attention causal", attended_causal, {{2, 300, 8}, {2, 300, 8}, {2, 300, 5}}},
    {"attention masked", attended_both, {{2, 300, 8}, {2, 250, 8}, {2, 250, 5}}},
    {"dropout", dropped, {{70'001}}},
};

Tensors inputs_of(const Large& row) {
  Tensors x;
  for (const Shape& s : row.shapes) x.push_back(real(s));
  return x;
}

}  // namespace

TEST_CASE("fused kernels agree with compositions beyond their blocks") {
  for (const Large& row : large) {
    CAPTURE(row.name);
    const Tensors x = inputs_of(row);
    const Tensors fused = with_gradients(row.f, x), recorded = with_gradients(row.f, x, create_graph);
    for (std::size_t i = 1; i < fused.size(); ++i) {
      CAPTURE(i);
      const double scale = std::max(1e-3, difference(recorded[i], zeros(recorded[i].shape(), float64)));
      CHECK(difference(fused[i], recorded[i]) < 1e-12 * scale);
    }
    Tensors narrow;
    for (const Tensor& t : x) narrow.push_back(t.to(float32));
    const Tensors single = with_gradients(row.f, narrow);
    for (std::size_t i = 0; i < fused.size(); ++i) {
      CAPTURE(i);
      const double scale = difference(fused[i], zeros(fused[i].shape(), float64));
      CHECK(difference(single[i], fused[i]) < 1e-4 * scale);
    }
  }
}

TEST_CASE("fused kernels give the same bits on any number of threads") {
  for (const Large& row : large) {
    CAPTURE(row.name);
    Tensors x;
    for (const Tensor& t : inputs_of(row)) x.push_back(t.to(float32));
    check_same_bits([&] { return with_gradients(row.f, x); });
  }
}
