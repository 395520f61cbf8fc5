// The cost of connectionist temporal classification; the numbers are PyTorch's, or the sum over all alignments, one by
// one (parity/nn_ctc.py).
#include <cmath>
#include <limits>

#include "nn_support.hpp"
#include "nn_table.hpp"

using namespace xtape;
using nn_table::function;

namespace {

using Lengths = std::vector<std::int64_t>;

nn_table::Function of_logits(Lengths inputs, Lengths targets, std::int64_t blank = 0,
                             Reduction reduction = Reduction::mean, bool zero_infinity = false) {
  return [=](const Tensors& x) {
    return nn::ctc_loss(log_softmax(x[0]), x[1], inputs, targets, blank, zero_infinity, reduction);
  };
}

// PyTorch has no second derivative of it.
const nn_table::Bounds once{1e-9, 2e-5, 1};

const nn_table::Table table = {
    function("ctc_loss", of_logits({7, 7, 7}, {3, 2, 1}), once),
    function("ctc_loss lengths", of_logits({7, 4, 1}, {3, 2, 1}, 0, Reduction::none), once),
    function("ctc_loss sum", of_logits({6, 7, 5}, {3, 2, 1}, 0, Reduction::sum), once),
    function("ctc_loss blank", of_logits({7, 6, 5}, {2, 2, 0}, 4), once),
    function("ctc_loss zero infinity", of_logits({3, 7, 7}, {3, 2, 1}, 0, Reduction::mean, true), once),
    function("ctc_loss one sequence", of_logits({6}, {3}), once),
    function("ctc_loss by paths", of_logits({3, 4, 4}, {2, 1, 0}, 0, Reduction::none)),
    function("ctc_loss by paths free",
             [](const Tensors& x) {
               return nn::ctc_loss(x[0], x[1], {4, 4}, {2, 2}, 1);
             }),
};

}  // namespace

XTAPE_CHECK_LAYERS("nn_ctc", table)

TEST_CASE("ctc_loss of a target with no alignment is infinite, or 0, and has no gradient") {
  const Tensor x = zeros({2, 1, 3}).requires_grad(), twice = tensor({{1, 1}});  // needs a blank between
  const Tensor cost = nn::ctc_loss(log_softmax(x), twice, {2}, {2});
  CHECK(cost.item() == std::numeric_limits<double>::infinity());
  CHECK(grad(cost, {x})[0].to_vector<float>() == std::vector<float>(6, 0));
  CHECK(nn::ctc_loss(log_softmax(x), twice, {2}, {2}, 0, true).item() == 0);
  CHECK(nn::ctc_loss(log_softmax(x), tensor({{1, 2}}), {2}, {2}, 0, false, Reduction::sum).item() ==
        doctest::Approx(2 * std::log(3.)));
}

TEST_CASE("ctc_loss bears probabilities of 0 and extreme logits") {
  for (Dtype dtype : {float32, float64}) {
    const Tensor x = tensor({{{0., -1e4, 1e4}}, {{1e4, 0., -1e4}}, {{-1e4, 1e4, 0.}}}, dtype).requires_grad();
    const Tensor cost = nn::ctc_loss(log_softmax(x), tensor({{2, 1}}), {3}, {2}, 0, false, Reduction::sum);
    CHECK(cost.item() == doctest::Approx(0));
    CHECK(all(isfinite(grad(cost, {x})[0])).item<bool>());
    const Tensor far = nn::ctc_loss(log_softmax(x), tensor({{1, 2}}), {3}, {2}, 0, false, Reduction::sum);
    CHECK(far.item() == doctest::Approx(3e4 - std::log(2.)));
    CHECK(all(isfinite(grad(far, {x})[0])).item<bool>());

    const double no = -std::numeric_limits<double>::infinity();
    const Tensor hard = tensor({{no, 0., no}, {0., no, no}, {no, 0., no}}, dtype).requires_grad();
    const Tensor sure = nn::ctc_loss(hard, tensor({1, 1}), {3}, {2});
    CHECK(sure.item() == 0);
    CHECK(allclose(grad(sure, {hard})[0] * 2, tensor({{0., -1., 0.}, {-1., 0., 0.}, {0., -1., 0.}}, dtype)));
    CHECK(nn::ctc_loss(hard, tensor({2}), {3}, {1}).item() == std::numeric_limits<double>::infinity());
  }
}

TEST_CASE("ctc_loss has third derivatives") {
  const Tensor x = tensor(
      {{{0.5, -1., 0.25}, {1., 0., 2.}}, {{1., 0.5, -0.5}, {0., 0.75, 0.}}, {{0., 1., 1.}, {2., 1., -1.}}}, float64);
  const Tensor k = tensor({{1, 2}, {2, 0}});
  auto f = [&](const Tensor& x) { return nn::ctc_loss(log_softmax(x), k, {3, 2}, {2, 1}); };
  GradcheckOptions options;
  options.order = 3;
  CHECK_NOTHROW(gradcheck([&](const Tensors& in) { return f(in[0]); }, {x}, options));
}

TEST_CASE("ctc_loss is replayed on other values and targets") {
  const Tensor x = zeros({4, 2, 3}), k = tensor({{1, 2}, {2, 1}}), other = tensor({{2, 2}, {1, 1}});
  auto f = [](const Tensors& in) { return nn::ctc_loss(log_softmax(in[0]), in[1], {4, 3}, {2, 1}); };
  Replay step = record(f, {x, k});
  const Tensor y = reshape(arange(24).to(float32), {4, 2, 3}) / 7;
  CHECK(step({y, other})[0].item<float>() == f({y, other}).item<float>());
  CHECK(step({y, k})[0].item<float>() == f({y, k}).item<float>());
  CHECK(f({y, k}).item() != f({y, other}).item());
  CHECK_THROWS_WITH_AS(step({y, tensor({{1, 0}, {2, 1}})}), doctest::Contains("the label at (0, 1) is 0"), Error);
}

TEST_CASE("ctc_loss refuses what does not fit") {
  const Tensor x = zeros({4, 2, 3}), k = tensor({{1, 2}, {2, 1}});
  check_misuses({
      {[&] {
         nn::ctc_loss(k, k, {4, 4}, {2, 2});
       },
       "ctc_loss: expected floating log probabilities (frames, batch, classes) or (frames, classes), got int64(2, 2)"},
      {[&] {
         nn::ctc_loss(zeros({0, 2, 3}), k, {4, 4}, {2, 2});
       },
       "ctc_loss: expected floating log probabilities"},
      {[&] {
         nn::ctc_loss(x, k.to(float32), {4, 4}, {2, 2});
       },
       "ctc_loss: the targets are float32(2, 2), expected int64 (2, longest) or (sum of lengths,)"},
      {[&] {
         nn::ctc_loss(x, tensor({{1, 2}}), {4, 4}, {2, 2});
       },
       "ctc_loss: the targets are int64(1, 2), expected int64 (2, longest)"},
      {[&] {
         nn::ctc_loss(zeros({4, 3}), k, {4}, {2});
       },
       "ctc_loss: the targets are int64(2, 2), expected int64 (longest,)"},
      {[&] {
         nn::ctc_loss(x, k, {4}, {2, 2});
       },
       "ctc_loss: 1 input lengths for a batch of 2, expected one for each"},
      {[&] {
         nn::ctc_loss(x, k, {4, 4}, {2, 2, 2});
       },
       "ctc_loss: 3 target lengths for a batch of 2, expected one for each"},
      {[&] {
         nn::ctc_loss(x, k, {4, 5}, {2, 2});
       },
       "ctc_loss: input length 5, expected 1 to 4"},
      {[&] {
         nn::ctc_loss(x, k, {0, 4}, {2, 2});
       },
       "ctc_loss: input length 0, expected 1 to 4"},
      {[&] {
         nn::ctc_loss(x, k, {4, 4}, {2, 3});
       },
       "ctc_loss: target length 3, expected 0 to 2"},
      {[&] {
         nn::ctc_loss(x, flatten(k), {4, 4}, {2, 1});
       },
       "ctc_loss: the target lengths add up to 3, the targets are (4,)"},
      {[&] {
         nn::ctc_loss(x, k, {4, 4}, {2, 2}, 3);
       },
       "ctc_loss: the blank is 3, expected a class in [0, 3) [at "},
      {[&] {
         nn::ctc_loss(x, k + 1, {4, 4}, {2, 2});
       },
       "ctc_loss: the label at (0, 1) is 3, expected a class in [0, 3) other than the blank, 0"},
      {[&] {
         nn::ctc_loss(x, k, {4, 4}, {2, 2}, 2);
       },
       "ctc_loss: the label at (0, 1) is 2, expected a class in [0, 3) other than the blank, 2"},
      {[] {
         nn::ctc_loss(zeros({4, 0, 3}), zeros({0, 2}, int64), {}, {});
       },
       "ctc_loss: the batch is empty"},
  });
}
