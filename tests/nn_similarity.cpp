// Layers that compare two tensors; the numbers are PyTorch's (parity/nn_similarity.py).
#include <nn/similarity.hpp>

#include "nn_support.hpp"
#include "nn_table.hpp"

using namespace xtape;
using nn_table::row;

namespace {

template <class M>
Tensor of_two(const M& m, const Tensors& x) {
  return m(x[0], x[1]);
}
const auto cosine = of_two<nn::CosineSimilarity>;
const auto distance = of_two<nn::PairwiseDistance>;

const nn_table::Table table = {
    row("CosineSimilarity", nn::CosineSimilarity(), cosine),
    row("CosineSimilarity of one with several", nn::CosineSimilarity(-1, 0.01), cosine),
    row("PairwiseDistance", nn::PairwiseDistance(), distance),
    row("PairwiseDistance of order 3", nn::PairwiseDistance(3, 0.01), distance),
    row("PairwiseDistance of order 1", nn::PairwiseDistance(1, 1e-6, true), distance),
    row("PairwiseDistance of vectors", nn::PairwiseDistance(), distance),
};

}  // namespace

XTAPE_CHECK_LAYERS("nn_similarity", table)

TEST_CASE("the similarity to a vector of zeros is 0, and its gradient finite") {
  const Tensor zero = zeros({1, 2}).requires_grad(), x = tensor({{3., 4.}}).requires_grad();
  const Tensor y = nn::CosineSimilarity(1, 0.5)(zero, x);
  CHECK(y.item() == 0);
  const Tensors g = grad(sum(y), {zero, x});
  CHECK(allclose(g[0], tensor({{2 * 0.6, 2 * 0.8}})));
  CHECK(allclose(g[1], tensor({{0., 0.}})));
  CHECK(nn::CosineSimilarity()(x, -2 * x).item() == doctest::Approx(-1));
  const Tensor same = nn::PairwiseDistance(2, 0)(x, x);
  CHECK(same.item() == 0);
  CHECK(allclose(grad(sum(same), {x})[0], zeros({1, 2})));
}

TEST_CASE("layers that compare refuse what does not fit") {
  const Tensor x = ones({2, 3});
  check_misuses({
      {[] { nn::CosineSimilarity(1, 0); }, "CosineSimilarity: eps is 0.000000, expected more than 0"},
      {[&] {
         nn::CosineSimilarity()(x, ones({2, 4}));
       },
       "CosineSimilarity: expected tensors of one rank and one size of axis 1, got (2, 3) and (2, 4)"},
      {[&] {
         nn::CosineSimilarity()(x, ones({1, 2, 3}));
       },
       "CosineSimilarity: expected tensors of one rank"},
      {[&] { nn::CosineSimilarity(2)(x, x); }, "size: "},
      {[] { nn::PairwiseDistance(-1); }, "PairwiseDistance: p is -1.000000, expected at least 0"},
      {[] { nn::PairwiseDistance(2, -1); }, "PairwiseDistance: eps is -1.000000, expected at least 0"},
      {[&] {
         nn::PairwiseDistance()(x, ones({1, 3}));
       },
       "PairwiseDistance: expected two tensors (..., n) of one shape, got (2, 3) and (1, 3)"},
  });
}
