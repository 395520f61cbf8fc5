// Costs at extreme numbers, at kinks and in replays, and their misuses.
#include <cmath>
#include <limits>
#include <nn/loss.hpp>

#include "nn_support.hpp"

using namespace xtape;

namespace {
constexpr Reduction average = Reduction::mean, total = Reduction::sum;
}  // namespace

TEST_CASE("costs of extreme numbers are right and their gradients finite") {
  using F = std::function<Tensor(const Tensor&, const Tensor&)>;
  struct Extreme {
    const char* name;
    F cost;
    double x, target, value, slope;
  };
  const double far = 1e4, log2 = std::log(2.);
  const auto with_logits = [](auto& x, auto& t) { return nn::binary_cross_entropy_with_logits(x, t); };
  const auto bce = [](auto& x, auto& t) { return nn::binary_cross_entropy(x, t); };
  const auto focal = [](auto& x, auto& t) { return nn::focal_loss(x, t, -1, 0.5); };
  const auto soft = [](auto& x, auto& t) { return nn::soft_margin_loss(x, t); };
  const auto multilabel = [](auto& x, auto& t) { return nn::multilabel_soft_margin_loss(x, t); };
  const auto log_cosh = [](auto& x, auto& t) { return nn::log_cosh_loss(x, t); };
  const auto kl = [](auto& x, auto& t) { return nn::kl_div(x, t); };
  const auto kl_log = [](auto& x, auto& t) { return nn::kl_div(x, t, true, average); };
  const auto rate = [](auto& x, auto& t) {
    return nn::poisson_nll_loss(x, t, nn::PoissonNllOptions().log_input(false));
  };
  const double minus_infinity = -std::numeric_limits<double>::infinity();
  const Extreme rows[] = {
      {"logits right", with_logits, far, 1, 0, 0},
      {"logits wrong", with_logits, far, 0, far, 1},
      {"logits right below", with_logits, -far, 0, 0, 0},
      {"logits wrong below", with_logits, -far, 1, far, -1},
      {"probability right", bce, 1, 1, 0, -1},
      {"probability right below", bce, 0, 0, 0, 1},
      {"probability wrong", bce, 0, 1, 100, 0},
      {"probability wrong above", bce, 1, 0, 100, 0},
      {"focal right", focal, far, 1, 0, 0},
      {"focal wrong", focal, far, 0, far, 1},
      {"focal wrong below", focal, -far, 1, far, -1},
      {"soft margin right", soft, far, 1, 0, 0},
      {"soft margin wrong", soft, far, -1, far, 1},
      {"multilabel right", multilabel, -far, 0, 0, 0},
      {"multilabel wrong", multilabel, -far, 1, far, -1},
      {"log cosh", log_cosh, far, 0, far - log2, 1},
      {"log cosh below", log_cosh, 0, far, far - log2, -1},
      {"log cosh equal", log_cosh, 0, 0, 0, 0},
      {"log cosh near", log_cosh, 1e-4, 0, 5e-9, 1e-4},
      {"impossible target", kl, -far, 0, 0, 0},
      {"impossible both", kl, minus_infinity, 0, 0, 0},
      {"impossible logarithm", kl_log, -far, minus_infinity, 0, 0},
      {"rate of nothing", rate, 0, 0, 0, 1},
  };
  for (const Extreme& row : rows)
    for (Dtype dtype : {float32, float64}) {
      CAPTURE(row.name);
      CAPTURE(dtype);
      const Tensor x = full({1, 1}, row.x, dtype).requires_grad(), t = full({1, 1}, row.target, dtype);
      const Tensor y = row.cost(x, t);
      CHECK(y.item() == doctest::Approx(row.value).epsilon(1e-5));
      CHECK(grad(y, {x}, retain_graph)[0].item() == doctest::Approx(row.slope).epsilon(1e-5));
      const Tensor again = grad(grad(y, {x}, create_graph)[0] * 1, {x}, allow_unused)[0];
      CHECK((!again.defined() || std::isfinite(again.item())));
    }
  const Tensor x = tensor({{1e4, -1e4, 0.}}, float64).requires_grad();
  const Tensor y = nn::cross_entropy(x, tensor({1}));
  CHECK(y.item() == 2e4);
  CHECK(grad(y, {x})[0].to_vector<double>() == std::vector<double>{1, -1, 0});
  CHECK(nn::log_cosh_loss(tensor({1e-6}, float64), zeros({1}, float64)).item() == doctest::Approx(5e-13).epsilon(1e-9));
}

TEST_CASE("kinks and equal representations have finite gradients") {
  const Tensor x = ones({2, 3}).requires_grad(), same = ones({2, 3}), zero = zeros({2, 3}).requires_grad();
  auto slope = [](const Tensor& y, const Tensor& x) { return grad(y, {x})[0].to_vector<float>(); };
  const std::vector<float> nothing(6, 0);
  CHECK(slope(nn::l1_loss(x, same), x) == nothing);
  CHECK(slope(nn::huber_loss(x, same), x) == nothing);
  CHECK(slope(nn::smooth_l1_loss(x, same, 0), x) == nothing);
  CHECK(slope(nn::quantile_loss(x, same, 0.5), x) == nothing);
  for (float v : slope(nn::info_nce(zero, same), zero)) CHECK(std::isfinite(v));
  CHECK(slope(nn::cosine_embedding_loss(zero, zero.detach(), tensor({1, -1})), zero) == nothing);
  const auto triplet = slope(nn::triplet_margin_loss(x, same, same), x);
  for (float v : triplet) CHECK(v == 0);
  // The bound of a variance lets the gradient pass, as PyTorch's does.
  const Tensor var = zeros({1}).requires_grad();
  CHECK(slope(nn::gaussian_nll_loss(ones({1}), ones({1}), var, false, 0.5), var) == std::vector<float>{1});
}

TEST_CASE("costs with special settings are other costs") {
  const Tensor y = tensor({{0.25, -1.}, {0.5, 2.}}, float64), t = tensor({{1., 0.}, {0.75, 1.}}, float64);
  const Tensor p = sigmoid(y);
  CHECK(allclose(nn::smooth_l1_loss(y, t, 0), nn::l1_loss(y, t)));
  CHECK(allclose(nn::huber_loss(y, t, 0.5), 0.5 * nn::smooth_l1_loss(y, t, 0.5)));
  CHECK(allclose(nn::huber_loss(y, t, 100), nn::mse_loss(y, t) / 2));
  CHECK(allclose(nn::quantile_loss(y, t, 0.5), nn::l1_loss(y, t) / 2));
  CHECK(allclose(nn::focal_loss(y, t, -1, 0), nn::binary_cross_entropy_with_logits(y, t)));
  CHECK(allclose(nn::binary_cross_entropy(p, t), nn::binary_cross_entropy_with_logits(y, t)));
  CHECK(allclose(nn::tversky_loss(p, t, 0.5, 0.5, 0.25), nn::dice_loss(p, t, 0.5)));
  CHECK(allclose(nn::mse_loss(y, t, average, full({2, 2}, 3, float64)), nn::mse_loss(y, t)));
  const Tensor mask = tensor({{true, false}, {false, true}});
  CHECK(allclose(nn::mse_loss(y, t, average, mask), nn::mse_loss(masked_select(y, mask), masked_select(t, mask))));
  CHECK(allclose(nn::l1_loss(y, t, total, mask.to(int64)),
                 nn::l1_loss(masked_select(y, mask), masked_select(t, mask), total)));
  CHECK(allclose(nn::cross_entropy(y, softmax(t)) - nn::cross_entropy(t, softmax(t)),
                 nn::kl_div(log_softmax(y), softmax(t), false, total) / 2));
}

TEST_CASE("targets may be integers and booleans, and dtypes meet in the wider one") {
  const Tensor y = tensor({0.25, 0.5}), bits = tensor({true, false});
  CHECK(allclose(nn::mse_loss(y, bits), nn::mse_loss(y, tensor({1., 0.}))));
  CHECK(allclose(nn::binary_cross_entropy(y, bits.to(uint8)), nn::binary_cross_entropy(y, tensor({1., 0.}))));
  CHECK(nn::mse_loss(y, bits.to(int64)).dtype() == float32);
  CHECK(nn::mse_loss(y, bits.to(float64)).dtype() == float64);
  const Tensor rows = tensor({{0.5, 0.25}});
  CHECK(allclose(nn::dice_loss(rows, tensor({{true, false}})), nn::dice_loss(rows, tensor({{1., 0.}}))));
  CHECK(allclose(nn::multi_margin_loss(rows, tensor({1}).to(uint8)), nn::multi_margin_loss(rows, tensor({1}))));
}

TEST_CASE("a cost is a function of two tensors and is replayed") {
  const std::function<Tensor(const Tensor&, const Tensor&)> costs[] = {
      [](auto& y, auto& t) { return nn::huber_loss(y, t, 0.5); },
      [](auto& y, auto& t) { return nn::binary_cross_entropy(sigmoid(y), sigmoid(t)); },
      [](auto& y, auto& t) { return nn::info_nce(y, t); },
      [](auto& y, auto& t) { return nn::soft_margin_loss(y, sign(t)); },
      [](auto& y, auto& t) { return nn::multilabel_margin_loss(y, argsort(t, 1)); },
      [](auto& y, auto& t) { return nn::gaussian_nll_loss(y, t, exp(t)); },
  };
  const Tensor a = tensor({{0.5, -1.}, {2., 0.25}}), b = tensor({{1., -0.5}, {-2., 1.5}});
  for (const auto& cost : costs) {
    Replay step = record([&](const Tensors& in) { return cost(in[0], in[1]); }, {a, b});
    CHECK(step({b, a})[0].item() == cost(b, a).item());
    CHECK(step({a, b})[0].item() == cost(a, b).item());
  }
}

TEST_CASE("costs stretch nothing and say what to write instead") {
  const Tensor n = ones({3}), column = ones({3, 1}), m = ones({3, 4});
  const Tensor labels = tensor({0, 1, 2}), signs = tensor({1, -1, 1}), image = ones({2, 3, 4});
  check_misuses({
      {[&] { nn::mse_loss(column, n); },
       "mse_loss: the prediction is (3, 1), the target (3,); they must have one shape: write flatten(prediction) or "
       "reshape(target, {3, 1}) [at "},
      {[&] { nn::l1_loss(n, column); },
       "l1_loss: the prediction is (3,), the target (3, 1); they must have one shape: write flatten(target) [at "},
      {[&] {
         nn::huber_loss(m, ones({4, 3}));
       },
       "huber_loss: the prediction is (3, 4), the target (4, 3); they must have one shape: write reshape(target, "
       "{3, 4}) [at "},
      {[&] { nn::quadratic_cost(m, n); },
       "quadratic_cost: the prediction is (3, 4), the target (3,); they must have one shape: of labels write "
       "one_hot(labels, classes) [at "},
      {[&] {
         nn::smooth_l1_loss(image, ones({2, 4}));
       },
       "smooth_l1_loss: the prediction is (2, 3, 4), the target (2, 4); they must have one shape: of labels write "
       "one_hot"},
      {[&] { nn::log_cosh_loss(m, ones({4})); },
       "log_cosh_loss: the prediction is (3, 4), the target (4,); they must have one shape, nothing is stretched "
       "unasked: broadcast_to(target, {3, 4}) [at "},
      {[&] { nn::kl_div(ones({4}), m); },
       "kl_div: the prediction is (4,), the target (3, 4); they must have one shape, nothing is stretched unasked: "
       "broadcast_to(prediction, {3, 4}) [at "},
      {[&] { nn::poisson_nll_loss(m, ones({5})); },
       "poisson_nll_loss: the prediction is (3, 4), the target (5,); they must have one shape [at "},
      {[&] { nn::quantile_loss(Tensor(), m, 0.5); },
       "quantile_loss: the prediction is no tensor, the target float32(3, 4); both must be tensors [at "},
      {[&] { nn::mse_loss(m, 0.5); },
       "mse_loss: the prediction is float32(3, 4), the target a number; both must be tensors [at "},
      {[&] { nn::mse_loss(labels, labels); },
       "mse_loss: the prediction is int64(3,), expected float32 or float64 [at "},
      {[&] { nn::mse_loss(m, m, average, n); },
       "mse_loss: the prediction is (3, 4), the weight (3,); they must have one shape"},
      {[&] { nn::binary_cross_entropy(column, n); }, "binary_cross_entropy: the prediction is (3, 1), the target (3,)"},
      {[&] { nn::binary_cross_entropy(n, n, Reduction::mean, column); },
       "binary_cross_entropy: the prediction is (3,), the weight (3, 1); they must have one shape: write "
       "flatten(weight)"},
      {[&] { nn::binary_cross_entropy_with_logits(column, n); }, "binary_cross_entropy_with_logits: "},
      {[&] { nn::focal_loss(column, n); }, "focal_loss: the prediction is (3, 1), the target (3,)"},
      {[&] { nn::dice_loss(m, n); }, "dice_loss: the prediction is (3, 4), the target (3,)"},
      {[&] { nn::tversky_loss(m, n); }, "tversky_loss: the prediction is (3, 4), the target (3,)"},
      {[&] { nn::gaussian_nll_loss(m, m, n); },
       "gaussian_nll_loss: the prediction is (3, 4), the variance (3,); they must have one shape"},
      {[&] { nn::hinge_embedding_loss(column, signs); },
       "hinge_embedding_loss: the prediction is (3, 1), the target (3,)"},
      {[&] { nn::soft_margin_loss(column, signs); }, "soft_margin_loss: the prediction is (3, 1), the target (3,)"},
      {[&] { nn::margin_ranking_loss(n, column, signs); },
       "margin_ranking_loss: a is (3,), b (3, 1); they must have one shape: write flatten(b)"},
      {[&] { nn::margin_ranking_loss(column, column, signs); }, "margin_ranking_loss: a is (3, 1), the target (3,)"},
      {[&] { nn::multilabel_soft_margin_loss(m, labels); },
       "multilabel_soft_margin_loss: the prediction is (3, 4), the target (3,)"},
      {[&] { nn::triplet_margin_loss(m, m, n); }, "triplet_margin_loss: the anchor is (3, 4), the negative (3,)"},
      {[&] { nn::triplet_margin_loss(m, n, m); }, "triplet_margin_loss: the anchor is (3, 4), the positive (3,)"},
      {[&] { nn::cosine_embedding_loss(m, n, signs); }, "cosine_embedding_loss: a is (3, 4), b (3,)"},
      {[&] {
         nn::cosine_embedding_loss(m, m, tensor({{1}, {1}, {1}}));
       },
       "cosine_embedding_loss: the inputs are (3, 4), the target (3, 1), expected (3,) [at "},
      {[&] { nn::info_nce(m, n); }, "info_nce: the query is (3, 4), the key (3,); they must have one shape"},
  });
}

TEST_CASE("costs refuse settings and values that they cannot mean") {
  const Tensor n = full({3}, 0.5), m = full({2, 3}, 0.5), bits = tensor({0, 1, 1}), signs = tensor({1, -1, 1});
  const Tensor logits = tensor({0.5, -2., 3.}), labels = tensor({0, 2});
  auto no_distance = std::function<Tensor(const Tensor&, const Tensor&)>();
  check_misuses({
      {[&] { nn::huber_loss(n, n, 0); }, "huber_loss: delta is 0.000000, expected more than 0 [at "},
      {[&] { nn::smooth_l1_loss(n, n, -1); }, "smooth_l1_loss: beta is -1.000000, expected at least 0 [at "},
      {[&] { nn::quantile_loss(n, n, 1); }, "quantile_loss: q is 1.000000, expected a share between 0 and 1 [at "},
      {[&] { nn::quantile_loss(n, n, std::nan("")); }, "quantile_loss: q is nan, expected a share"},
      {[&] { nn::quadratic_cost(ones({}), ones({})); }, "quadratic_cost: expected a batch, got a scalar [at "},
      {[&] { nn::poisson_nll_loss(n, n, nn::PoissonNllOptions().eps(-1)); },
       "poisson_nll_loss: eps is -1.000000, expected at least 0"},
      {[&] { nn::gaussian_nll_loss(n, n, n, false, 0); }, "gaussian_nll_loss: eps is 0.000000, expected more than 0"},
      {[&] { nn::gaussian_nll_loss(n, n, logits); },
       "gaussian_nll_loss: the variance at (1,) is -2.000000, expected at least 0; write softplus(v) or exp(v)"},
      {[&] { nn::gaussian_nll_loss(n, n, Tensor()); },
       "gaussian_nll_loss: the prediction is float32(3,), the variance no tensor; both must be tensors"},
      {[&] { nn::binary_cross_entropy(logits, n); },
       "binary_cross_entropy: the prediction at (1,) is -2.000000, expected a probability in [0, 1]; of logits take "
       "binary_cross_entropy_with_logits [at "},
      {[&] { nn::dice_loss(2 * m + 0.5, m); },
       "dice_loss: the prediction at (0, 0) is 1.500000, expected a probability in [0, 1]; of logits write "
       "sigmoid(logits)"},
      {[&] { nn::dice_loss(n, n); }, "dice_loss: expected (batch, ...) with an axis to sum over, got (3,)"},
      {[&] { nn::dice_loss(m, m, -1); }, "dice_loss: smooth is -1.000000, expected at least 0"},
      {[&] { nn::tversky_loss(m, m, -1); }, "tversky_loss: alpha is -1.000000, expected at least 0"},
      {[&] { nn::tversky_loss(m, m, 1, -1); }, "tversky_loss: beta is -1.000000, expected at least 0"},
      {[&] { nn::tversky_loss(m, m, 1, 1, -1); }, "tversky_loss: smooth is -1.000000, expected at least 0"},
      {[&] { nn::focal_loss(n, n, 2); }, "focal_loss: alpha is 2.000000, expected a share in [0, 1], or a negative"},
      {[&] { nn::focal_loss(n, n, 0.5, -1); }, "focal_loss: gamma is -1.000000, expected at least 0"},
      {[&] { nn::hinge_embedding_loss(n, bits); },
       "hinge_embedding_loss: the target at (0,) is 0, expected 1 or -1; of labels 0 and 1 write 2 * labels - 1 [at "},
      {[&] { nn::soft_margin_loss(n, n); }, "soft_margin_loss: the target at (0,) is 0.500000, expected 1 or -1"},
      {[&] { nn::margin_ranking_loss(n, n, bits); }, "margin_ranking_loss: the target at (0,) is 0, expected 1 or -1"},
      {[&] {
         nn::cosine_embedding_loss(m, m, tensor({1, 0}));
       },
       "cosine_embedding_loss: the target at (1,) is 0, expected 1 or -1"},
      {[&] {
         nn::cosine_embedding_loss(m, m, tensor({1, 1}), 2);
       },
       "cosine_embedding_loss: margin is 2.000000, expected a cosine in [-1, 1]"},
      {[&] { nn::cosine_embedding_loss(ones({}), ones({}), ones({})); },
       "cosine_embedding_loss: expected (..., d), got a scalar"},
      {[&] { nn::multi_margin_loss(m, m); },
       "multi_margin_loss: the labels are float32(2, 3), expected integers (2,) [at "},
      {[&] { nn::multi_margin_loss(m, ones({2})); },
       "multi_margin_loss: the labels are float32(2,), expected int64 or uint8: write labels.to(int64)"},
      {[&] {
         nn::multi_margin_loss(m, tensor({0, 3}));
       },
       "multi_margin_loss: the label at (1,) is 3, expected a class in [0, 3) [at "},
      {[&] { nn::multi_margin_loss(labels, labels); },
       "multi_margin_loss: expected floating scores (batch, classes) or (classes,), got int64(2,)"},
      {[&] { nn::multi_margin_loss(m, labels, nn::MultiMarginOptions().p(3)); },
       "multi_margin_loss: p is 3.000000, expected 1 or 2"},
      {[&] { nn::multi_margin_loss(m, labels, nn::MultiMarginOptions().weight(ones({2}))); },
       "multi_margin_loss: the weight is (2,), expected (3,)"},
      {[&] { nn::multilabel_margin_loss(m, labels); },
       "multilabel_margin_loss: the labels are int64(2,), expected int64(2, 3): the classes of each row, then -1"},
      {[&] { nn::multilabel_margin_loss(m, m); },
       "multilabel_margin_loss: the labels are float32(2, 3), expected int64(2, 3)"},
      {[&] {
         nn::multilabel_margin_loss(m, tensor({{0, 1, -1}, {3, -1, 0}}));
       },
       "multilabel_margin_loss: the label at (1, 0) is 3, expected a class in [0, 3), or a negative number at the "
       "end"},
      {[&] { nn::multilabel_soft_margin_loss(m, m, Reduction::mean, ones({2})); },
       "multilabel_soft_margin_loss: the weight is (2,), expected (3,)"},
      {[&] { nn::triplet_margin_loss(m, m, m, nn::TripletMarginOptions().margin(0)); },
       "triplet_margin_loss: margin is 0.000000, expected more than 0"},
      {[&] { nn::triplet_margin_loss(m, m, m, nn::TripletMarginOptions().p(0)); },
       "triplet_margin_loss: p is 0.000000, expected more than 0"},
      {[&] { nn::triplet_margin_with_distance_loss(m, m, m, no_distance); },
       "triplet_margin_with_distance_loss: the distance is an empty function"},
      {[&] { nn::info_nce(n, n); }, "info_nce: expected a query (batch, d), got (3,)"},
      {[&] { nn::info_nce(m, m, 0); }, "info_nce: temperature is 0.000000, expected more than 0"},
      {[&] { nn::info_nce(m, m, n, 0.5); }, "info_nce: the negatives are (3,), expected (n, 3)"},
      {[&] { nn::nll_loss(m, m); }, "nll_loss: log probabilities float32(2, 3) and labels float32(2, 3) do not fit"},
      {[&] { nn::cross_entropy(m, ones({2})); }, "cross_entropy: logits float32(2, 3) and labels float32(2,) do not"},
  });
}
