// Costs; the numbers are PyTorch's, or their sources' formulas (parity/nn_loss.py).
#include <nn/loss.hpp>

#include "nn_table.hpp"

using namespace xtape;
using nn_table::function;

namespace {

using In = const Tensors&;
constexpr Reduction none = Reduction::none, average = Reduction::mean, total = Reduction::sum;

CrossEntropyOptions some_options(In x) {
  return CrossEntropyOptions()
      .weight(tensor({1., 2., 0.5}, x[0].dtype()))
      .ignore_index(1)
      .label_smoothing(0.25)
      .reduction(total);
}
Tensor manhattan(const Tensor& a, const Tensor& b) { return sum(abs(a - b), -1); }

const nn_table::Table table = {
    function("l1_loss", [](In x) { return nn::l1_loss(x[0], x[1]); }),
    function("l1_loss sum", [](In x) { return nn::l1_loss(x[0], x[1], total); }),
    function("l1_loss none", [](In x) { return nn::l1_loss(x[0], x[1], none); }),
    function("l1_loss weight", [](In x) { return nn::l1_loss(x[0], x[1], average, x[2]); }),
    function("mse_loss", [](In x) { return nn::mse_loss(x[0], x[1]); }),
    function("mse_loss none", [](In x) { return nn::mse_loss(x[0], x[1], none); }),
    function("mse_loss integers", [](In x) { return nn::mse_loss(x[0], x[1], total); }),
    function("mse_loss weight", [](In x) { return nn::mse_loss(x[0], x[1], average, x[2]); }),
    function("mse_loss weight none", [](In x) { return nn::mse_loss(x[0], x[1], none, x[2]); }),
    function("quadratic_cost", [](In x) { return nn::quadratic_cost(x[0], x[1]); }),
    function("quadratic_cost images", [](In x) { return nn::quadratic_cost(x[0], x[1]); }),
    function("huber_loss", [](In x) { return nn::huber_loss(x[0], x[1]); }),
    function("huber_loss delta", [](In x) { return nn::huber_loss(x[0], x[1], 0.5, total); }),
    function("huber_loss weight", [](In x) { return nn::huber_loss(x[0], x[1], 1.5, average, x[2]); }),
    function("smooth_l1_loss", [](In x) { return nn::smooth_l1_loss(x[0], x[1]); }),
    function("smooth_l1_loss beta", [](In x) { return nn::smooth_l1_loss(x[0], x[1], 0.5, none); }),
    function("smooth_l1_loss zero", [](In x) { return nn::smooth_l1_loss(x[0], x[1], 0, total); }),
    function("log_cosh_loss", [](In x) { return nn::log_cosh_loss(x[0], x[1]); }),
    function("log_cosh_loss wide", [](In x) { return nn::log_cosh_loss(x[0], x[1], none); }),
    function("log_cosh_loss weight", [](In x) { return nn::log_cosh_loss(x[0], x[1], total, x[2]); }),
    function("quantile_loss", [](In x) { return nn::quantile_loss(x[0], x[1], 0.5); }),
    function("quantile_loss none", [](In x) { return nn::quantile_loss(x[0], x[1], 0.9, none); }),
    function("quantile_loss weight", [](In x) { return nn::quantile_loss(x[0], x[1], 0.25, average, x[2]); }),
    function("poisson_nll_loss", [](In x) { return nn::poisson_nll_loss(x[0], x[1]); }),
    function("poisson_nll_loss full",
             [](In x) { return nn::poisson_nll_loss(x[0], x[1], nn::PoissonNllOptions().full(true).reduction(none)); }),
    function("poisson_nll_loss rate",
             [](In x) {
               const auto options = nn::PoissonNllOptions().log_input(false).full(true).eps(0.125).reduction(total);
               return nn::poisson_nll_loss(x[0], x[1], options);
             }),
    function("gaussian_nll_loss", [](In x) { return nn::gaussian_nll_loss(x[0], x[1], x[2]); }),
    function("gaussian_nll_loss full", [](In x) { return nn::gaussian_nll_loss(x[0], x[1], x[2], true, 0.01, total); }),
    function("gaussian_nll_loss rows", [](In x) { return nn::gaussian_nll_loss(x[0], x[1], x[2], false, 1e-6, none); }),
    function("cross_entropy", [](In x) { return nn::cross_entropy(x[0], x[1]); }),
    function("cross_entropy options", [](In x) { return nn::cross_entropy(x[0], x[1], some_options(x)); }),
    function("cross_entropy probabilities", [](In x) { return nn::cross_entropy(x[0], x[1]); }),
    function("nll_loss", [](In x) { return nn::nll_loss(x[0], x[1]); }),
    function("nll_loss none", [](In x) { return nn::nll_loss(x[0], x[1], CrossEntropyOptions().reduction(none)); }),
    function("binary_cross_entropy", [](In x) { return nn::binary_cross_entropy(x[0], x[1]); }),
    function("binary_cross_entropy none", [](In x) { return nn::binary_cross_entropy(x[0], x[1], none); }),
    function("binary_cross_entropy weight",
             [](In x) { return nn::binary_cross_entropy(x[0], x[1], Reduction::mean, x[2]); }),
    function("binary_cross_entropy_with_logits", [](In x) { return nn::binary_cross_entropy_with_logits(x[0], x[1]); }),
    function("binary_cross_entropy_with_logits weights",
             [](In x) { return nn::binary_cross_entropy_with_logits(x[0], x[1], total, x[2], x[3]); }),
    function("kl_div", [](In x) { return nn::kl_div(x[0], x[1]); }),
    function("kl_div sum", [](In x) { return nn::kl_div(x[0], x[1], false, total); }),
    function("kl_div logarithm", [](In x) { return nn::kl_div(x[0], x[1], true, none); }),
    function("focal_loss", [](In x) { return nn::focal_loss(x[0], x[1]); }),
    function("focal_loss labels", [](In x) { return nn::focal_loss(x[0], x[1], 0.75, 1.5, none); }),
    function("focal_loss without balance", [](In x) { return nn::focal_loss(x[0], x[1], -1, 3, total); }),
    function("dice_loss", [](In x) { return nn::dice_loss(x[0], x[1]); }),
    function("dice_loss masks", [](In x) { return nn::dice_loss(x[0], x[1], 0.25, none); }),
    function("tversky_loss", [](In x) { return nn::tversky_loss(x[0], x[1]); }),
    function("tversky_loss masks", [](In x) { return nn::tversky_loss(x[0], x[1], 0.3, 0.7, 0.5, total); }),
    function("hinge_embedding_loss", [](In x) { return nn::hinge_embedding_loss(x[0], x[1]); }),
    function("hinge_embedding_loss margin", [](In x) { return nn::hinge_embedding_loss(x[0], x[1], 0.3, none); }),
    function("margin_ranking_loss", [](In x) { return nn::margin_ranking_loss(x[0], x[1], x[2]); }),
    function("margin_ranking_loss margin", [](In x) { return nn::margin_ranking_loss(x[0], x[1], x[2], 0.7, total); }),
    function("soft_margin_loss", [](In x) { return nn::soft_margin_loss(x[0], x[1]); }),
    function("soft_margin_loss none", [](In x) { return nn::soft_margin_loss(x[0], x[1], none); }),
    function("multi_margin_loss", [](In x) { return nn::multi_margin_loss(x[0], x[1]); }),
    function("multi_margin_loss square",
             [](In x) {
               return nn::multi_margin_loss(x[0], x[1], nn::MultiMarginOptions().p(2).margin(0.7).reduction(none));
             }),
    function("multi_margin_loss weight",
             [](In x) { return nn::multi_margin_loss(x[0], x[1], nn::MultiMarginOptions().p(2).weight(x[2])); }),
    function("multi_margin_loss vector", [](In x) { return nn::multi_margin_loss(x[0], x[1]); }),
    function("multilabel_margin_loss", [](In x) { return nn::multilabel_margin_loss(x[0], x[1]); }),
    function("multilabel_margin_loss none", [](In x) { return nn::multilabel_margin_loss(x[0], x[1], none); }),
    function("multilabel_margin_loss vector", [](In x) { return nn::multilabel_margin_loss(x[0], x[1]); }),
    function("multilabel_soft_margin_loss", [](In x) { return nn::multilabel_soft_margin_loss(x[0], x[1]); }),
    function("multilabel_soft_margin_loss weight",
             [](In x) { return nn::multilabel_soft_margin_loss(x[0], x[1], none, x[2]); }),
    function("cosine_embedding_loss", [](In x) { return nn::cosine_embedding_loss(x[0], x[1], x[2]); }),
    function("cosine_embedding_loss margin",
             [](In x) { return nn::cosine_embedding_loss(x[0], x[1], x[2], -0.5, none); }),
    function("cosine_embedding_loss vectors", [](In x) { return nn::cosine_embedding_loss(x[0], x[1], x[2]); }),
    function("triplet_margin_loss", [](In x) { return nn::triplet_margin_loss(x[0], x[1], x[2]); }),
    function("triplet_margin_loss swap",
             [](In x) {
               const auto options = nn::TripletMarginOptions().margin(3).p(3).swap(true).reduction(none);
               return nn::triplet_margin_loss(x[0], x[1], x[2], options);
             }),
    function("triplet_margin_loss manhattan",
             [](In x) {
               const auto options = nn::TripletMarginOptions().margin(2).p(1).eps(0.125).reduction(total);
               return nn::triplet_margin_loss(x[0], x[1], x[2], options);
             }),
    function("triplet_margin_with_distance_loss",
             [](In x) { return nn::triplet_margin_with_distance_loss(x[0], x[1], x[2], manhattan); }),
    function("triplet_margin_with_distance_loss swap",
             [](In x) { return nn::triplet_margin_with_distance_loss(x[0], x[1], x[2], manhattan, 4, true, none); }),
    function("info_nce", [](In x) { return nn::info_nce(x[0], x[1]); }),
    function("info_nce none", [](In x) { return nn::info_nce(x[0], x[1], 0.5, none); }),
    function("info_nce negatives", [](In x) { return nn::info_nce(x[0], x[1], x[2], 0.25); }),
};

}  // namespace

XTAPE_CHECK_LAYERS("nn_loss", table)
