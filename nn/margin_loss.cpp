#include "margin_loss.hpp"

#include <autograd/ops/creation.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/gather.hpp>
#include <autograd/ops/index.hpp>
#include <autograd/ops/loss.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/scan.hpp>
#include <autograd/ops/scatter.hpp>
#include <autograd/ops/shape.hpp>

#include "cost.hpp"

namespace xtape::nn {

Tensor hinge_embedding_loss(const Arg& x, const Arg& target, double margin, Reduction reduction) {
  check_pair("hinge_embedding_loss", x, target);
  check_signs("hinge_embedding_loss", target);
  Scope scope(x.site);
  auto f = [margin](auto x, auto t) { return where(t == 1, x, relu(margin - x)); };
  return pointwise_cost(reduction, f, x, target);
}

Tensor margin_ranking_loss(const Arg& a, const Arg& b, const Arg& target, double margin, Reduction reduction) {
  check_pair("margin_ranking_loss", a, b, "a", "b");
  check_pair("margin_ranking_loss", a, target, "a", "the target");
  check_signs("margin_ranking_loss", target);
  Scope scope(a.site);
  auto f = [margin](auto a, auto b, auto t) { return relu(margin - t * (a - b)); };
  return pointwise_cost(reduction, f, a, b, target);
}

Tensor soft_margin_loss(const Arg& x, const Arg& target, Reduction reduction) {
  check_pair("soft_margin_loss", x, target);
  check_signs("soft_margin_loss", target);
  Scope scope(x.site);
  return pointwise_cost(
      // Not -t x, which has an infinite x meet the 0 that t does not change with it.
      reduction, [](auto x, auto t) { return softplus(where(t > 0, -x, x)); }, x, target);
}

namespace {
// Scores (batch, classes) or (classes,); throws for others.
const Shape& check_scores(const char* cost, const Arg& x) {
  const bool fits =
      x.array && is_floating(x.array->dtype) && (x.array->shape.rank() == 1 || x.array->shape.rank() == 2);
  if (!fits || x.array->shape[x.array->shape.rank() - 1] == 0)
    fail(cost, "expected floating scores (batch, classes) or (classes,), got " + described(x), x.site);
  return x.array->shape;
}
}  // namespace

Tensor multi_margin_loss(const Arg& x, const Arg& labels, const MultiMarginOptions& options) {
  const char* cost = "multi_margin_loss";
  const Shape& shape = check_scores(cost, x);
  const std::int64_t classes = shape[shape.rank() - 1];
  check_labels(cost, labels, Shape(shape.begin(), shape.end() - 1), classes);
  check_option(cost, options.p_ == 1 || options.p_ == 2, "p", options.p_, "1 or 2", x.site);
  if (options.weight_.defined() && options.weight_.shape() != Shape{classes})
    fail(cost, "the weight is " + to_string(options.weight_.shape()) + ", expected " + to_string(Shape{classes}),
         x.site);
  Scope scope(x.site);
  const Tensor label = unsqueeze(labels.tensor().to(int64), -1);
  auto f = [margin = options.margin_, power = options.p_](auto x, auto of_label, auto is_label) {
    const auto missing = relu(margin - of_label + x);
    return where(is_label == 1, 0, where(power == 1, missing, missing * missing));
  };
  const Tensor is_label = one_hot(labels, classes, x.array->dtype);
  Tensor losses = mean(pointwise(f, x, gather(x, -1, label), is_label), -1);
  if (options.weight_.defined()) losses = losses * index(options.weight_, 0, labels.tensor().to(int64));
  return reduced(losses, options.reduction_);
}

Tensor multilabel_margin_loss(const Arg& x, const Arg& labels, Reduction reduction) {
  const char* cost = "multilabel_margin_loss";
  const Shape& shape = check_scores(cost, x);
  const std::int64_t classes = shape[shape.rank() - 1];
  if (!labels.array || labels.array->shape != shape || labels.array->dtype != int64)
    fail(cost,
         "the labels are " + described(labels) + ", expected int64" + to_string(shape) +
             ": the classes of each row, then -1",
         labels.site);
  const std::string range = "a class in [0, " + std::to_string(classes) + "), or a negative number at the end";
  check_values(
      cost, "label", labels, [=](double v) { return v < static_cast<double>(classes); }, range.c_str());
  Scope scope(x.site);
  const Tensor counts = (cumsum(labels < 0, -1) == 0).to(x.array->dtype);
  const Tensor label = labels.tensor() * counts.to(int64);
  const Tensor others = (scatter_add(zeros_like(counts), -1, label, counts) == 0).to(x.array->dtype);
  // Labels go down, classes across.
  auto f = [](auto of_label, auto x, auto counts, auto others) {
    return where(counts * others == 0, 0, relu(1 - of_label + x));
  };
  const Tensor losses =
      pointwise(f, unsqueeze(gather(x, -1, label), -1), unsqueeze(x, -2), unsqueeze(counts, -1), unsqueeze(others, -2));
  return reduced(sum(losses, {-2, -1}) / static_cast<double>(classes), reduction);
}

Tensor multilabel_soft_margin_loss(const Arg& logits, const Arg& target, Reduction reduction, const Arg& weight) {
  const char* cost = "multilabel_soft_margin_loss";
  check_pair(cost, logits, target);
  const Shape& shape = logits.array->shape;
  if (shape.rank() == 0) fail(cost, "expected (..., classes), got a scalar", logits.site);
  const Shape classes{shape[shape.rank() - 1]};
  if (is_given(weight) && (!weight.array || weight.array->shape != classes))
    fail(cost,
         "the weight is " + (weight.array ? to_string(weight.array->shape) : "a number") + ", expected " +
             to_string(classes),
         logits.site);
  Scope scope(logits.site);
  const Tensor losses = binary_cross_entropy_with_logits(logits, target, Reduction::none);
  return reduced(mean(is_given(weight) ? losses * weight.tensor() : losses, -1), reduction);
}

}  // namespace xtape::nn
