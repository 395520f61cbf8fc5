// Layers that look up rows; the numbers are PyTorch's (parity/nn_embedding.py). Embedding without a padding is in
// nn_layers.cpp.
#include "nn_support.hpp"
#include "nn_table.hpp"

using namespace xtape;
using nn::BagMode;
using nn_table::row;

namespace {

Tensor offset(const nn::EmbeddingBag& bag, const Tensors& x) { return bag(x[0], x[1]); }
Tensor weighted(const nn::EmbeddingBag& bag, const Tensors& x) { return bag(x[0], Tensor(), x[1]); }
Tensor offset_weighted(const nn::EmbeddingBag& bag, const Tensors& x) { return bag(x[0], x[1], x[2]); }

// Where bags begin decides about shapes, so no recording takes it.
const nn_table::Bounds reading{1e-9, 2e-5, 2, true, false};
// The row of the padding is read and gets no gradient.
const nn_table::Bounds constant{1e-9, 2e-5, 2, false};

const nn_table::Table table = {
    row("Embedding padding", nn::Embedding(5, 3, 2), constant),
    row("Embedding padding from the end", nn::Embedding(5, 3, -1), constant),
    row("EmbeddingBag", nn::EmbeddingBag(5, 3)),
    row("EmbeddingBag offsets", nn::EmbeddingBag(5, 3), offset, reading),
    row("EmbeddingBag padding", nn::EmbeddingBag(5, 3, BagMode::mean, 4), offset, reading),
    row("EmbeddingBag sum", nn::EmbeddingBag(5, 3, BagMode::sum, -1)),
    row("EmbeddingBag sum weights", nn::EmbeddingBag(5, 3, BagMode::sum), weighted),
    row("EmbeddingBag sum offsets weights", nn::EmbeddingBag(5, 3, BagMode::sum, 4), offset_weighted, reading),
    row("EmbeddingBag max", nn::EmbeddingBag(5, 3, BagMode::max)),
    row("EmbeddingBag max offsets", nn::EmbeddingBag(5, 3, BagMode::max), offset, reading),
    row("EmbeddingBag max padding", nn::EmbeddingBag(5, 3, BagMode::max, 4), offset, reading),
};

}  // namespace

XTAPE_CHECK_LAYERS("nn_embedding", table)

TEST_CASE("embeddings start from N(0, 1), and the row of the padding from zeros") {
  using Names = std::vector<std::string>;
  manual_seed(3);
  for (const Parameter& w :
       {nn::Embedding(200, 100, -2).weight, nn::EmbeddingBag(200, 100, BagMode::sum, 198).weight}) {
    CHECK(w.shape() == Shape{200, 100});
    CHECK(allclose(w.tensor()[198], zeros({100})));
    CHECK(mean(square(w)).item() == doctest::Approx(1).epsilon(0.03));
    CHECK(count_nonzero(w).item() == 199 * 100);
  }
  CHECK(names_of(nn::EmbeddingBag(5, 3).named_parameters()) == Names{"weight"});
  CHECK(names_of(nn::Embedding(5, 3, 0).named_parameters()) == Names{"weight"});
}

TEST_CASE("bags of nothing give zeros, and may come at the end or be all there are") {
  for (BagMode mode : {BagMode::sum, BagMode::mean, BagMode::max}) {
    nn::EmbeddingBag bag(4, 2, mode, 3);
    bag.weight.assign(full({4, 2}, -2));
    const Tensor y = bag(tensor({1, 3, 3}), tensor({0, 1, 3, 3}));
    CHECK(allclose(y, tensor({{-2., -2.}, {0., 0.}, {0., 0.}, {0., 0.}})));
    CHECK(allclose(bag(zeros({0}, int64), tensor({0, 0})), zeros({2, 2})));
    CHECK(allclose(bag(zeros({2, 0}, int64)), zeros({2, 2})));
    sum(y).backward();
    CHECK(allclose(bag.weight.grad(), tensor({{0., 0.}, {1., 1.}, {0., 0.}, {0., 0.}})));
  }
}

TEST_CASE("a bag with offsets is not recorded, because its table depends on their values") {
  const nn::EmbeddingBag bag(5, 2);
  const Tensors flat{tensor({1, 2, 3}), tensor({0, 1})}, matrix{tensor({{1, 2}, {3, 3}})};
  CHECK_THROWS_AS(record([&](const Tensors& in) { return bag(in[0], in[1]); }, flat), Error);
  Replay step = record([&](const Tensors& in) { return bag(in[0]); }, matrix);
  const Tensor others = tensor({{0, 4}, {2, 1}});
  CHECK(step({others})[0].to_vector<float>() == bag(others).to_vector<float>());
}

TEST_CASE("embeddings refuse what does not fit") {
  const nn::EmbeddingBag mean(5, 2), sum(5, 2, BagMode::sum);
  const Tensor k = tensor({1, 2, 3});
  const std::string order =
      "EmbeddingBag: offsets must start at 0, not decrease and not exceed the number of indices, 3";
  check_misuses({
      {[] { nn::Embedding(5, 2, 5); }, "Embedding: padding_idx is 5, expected a row of 5"},
      {[] { nn::Embedding(5, 2, -6); }, "Embedding: padding_idx is -6, expected a row of 5"},
      {[] { nn::EmbeddingBag(5, 2, BagMode::sum, 5); }, "EmbeddingBag: padding_idx is 5, expected a row of 5"},
      {[] { nn::EmbeddingBag(0, 2); }, "EmbeddingBag: sizes must be at least 1, got num = 0, dim = 2"},
      {[&] { mean(k); }, "EmbeddingBag: expected indices (batch, n) without offsets, got (3,)"},
      {[&] {
         mean(ones({1, 3}, int64), tensor({0}));
       },
       "EmbeddingBag: expected indices (n,) with offsets, got (1, 3)"},
      {[&] { mean(k, tensor({0.})); }, "EmbeddingBag: expected offsets int64(batch,), got float32(1,)"},
      {[&] { mean(k, zeros({0}, int64)); }, "EmbeddingBag: expected offsets int64(batch,), got int64(0,)"},
      {[&] {
         mean(k, tensor({1, 2}));
       },
       order},
      {[&] {
         mean(k, tensor({0, 2, 1}));
       },
       order},
      {[&] {
         mean(k, tensor({0, 4}));
       },
       order},
      {[&] { mean(k, tensor({0}), ones({3})); }, "EmbeddingBag: weights come with BagMode::sum only"},
      {[&] { sum(k, tensor({0}), ones({2})); }, "EmbeddingBag: the weights are (2,), the indices (3,); they must have"},
      {[&] {
         sum(tensor({1, 5}), tensor({0}));
       },
       "embedding: "},
  });
}
