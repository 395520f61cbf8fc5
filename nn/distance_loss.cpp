#include "distance_loss.hpp"

#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/join.hpp>
#include <autograd/ops/linalg.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/statistics.hpp>

#include "cost.hpp"

namespace xtape::nn {

Tensor cosine_embedding_loss(const Arg& a, const Arg& b, const Arg& target, double margin, Reduction reduction) {
  const char* cost = "cosine_embedding_loss";
  check_pair(cost, a, b, "a", "b");
  const Shape& shape = a.array->shape;
  if (shape.rank() == 0) fail(cost, "expected (..., d), got a scalar", a.site);
  const Shape batch(shape.begin(), shape.end() - 1);
  if (!target.array || target.array->shape != batch)
    fail(cost,
         "the inputs are " + to_string(shape) + ", the target " +
             (target.array ? to_string(target.array->shape) : "no tensor") + ", expected " + to_string(batch),
         a.site);
  check_signs(cost, target);
  check_option(cost, margin >= -1 && margin <= 1, "margin", margin, "a cosine in [-1, 1]", a.site);
  Scope scope(a.site);
  // Divided first: the product of two lengths may overflow.
  auto direction = [](const Tensor& x) { return x / hypot(norm(x, 2, -1, true), 1e-6); };
  auto f = [margin](auto c, auto t) { return where(t == 1, 1 - c, relu(c - margin)); };
  return pointwise_cost(reduction, f, sum(direction(a.tensor()) * direction(b.tensor()), -1), target);
}

namespace {
Tensor triplet_cost(const char* cost, const Arg& anchor, const Arg& positive, const Arg& negative,
                    const std::function<Tensor(const Tensor&, const Tensor&)>& distance, double margin, bool swap,
                    Reduction reduction) {
  check_pair(cost, anchor, positive, "the anchor", "the positive");
  check_pair(cost, anchor, negative, "the anchor", "the negative");
  check_option(cost, margin > 0, "margin", margin, "more than 0", anchor.site);
  if (!distance) fail(cost, "the distance is an empty function", anchor.site);
  const Tensor a = anchor.tensor(), p = positive.tensor(), n = negative.tensor();
  const Tensor near = distance(a, p), far = distance(a, n);
  check_pair(cost, Arg(near, anchor.site), Arg(far, anchor.site), "d(anchor, positive)", "d(anchor, negative)");
  auto plainly = [margin](auto near, auto far) { return relu(margin + near - far); };
  auto swapping = [margin](auto near, auto far, auto other) { return relu(margin + near - min(far, other)); };
  return swap ? pointwise_cost(reduction, swapping, near, far, distance(p, n))
              : pointwise_cost(reduction, plainly, near, far);
}
}  // namespace

Tensor triplet_margin_loss(const Arg& anchor, const Arg& positive, const Arg& negative,
                           const TripletMarginOptions& options) {
  const char* cost = "triplet_margin_loss";
  check_option(cost, options.p_ > 0, "p", options.p_, "more than 0", anchor.site);
  if (anchor.array && anchor.array->shape.rank() == 0) fail(cost, "expected (..., d), got a scalar", anchor.site);
  Scope scope(anchor.site);
  auto distance = [&](const Tensor& a, const Tensor& b) { return norm(a - b + options.eps_, options.p_, -1); };
  return triplet_cost(cost, anchor, positive, negative, distance, options.margin_, options.swap_, options.reduction_);
}

Tensor triplet_margin_with_distance_loss(const Arg& anchor, const Arg& positive, const Arg& negative,
                                         const std::function<Tensor(const Tensor&, const Tensor&)>& distance,
                                         double margin, bool swap, Reduction reduction) {
  Scope scope(anchor.site);
  return triplet_cost("triplet_margin_with_distance_loss", anchor, positive, negative, distance, margin, swap,
                      reduction);
}

namespace {
void check_contrast(const Arg& query, const Arg& key, double temperature) {
  check_pair("info_nce", query, key, "the query", "the key");
  const Shape& shape = query.array->shape;
  if (shape.rank() != 2) fail("info_nce", "expected a query (batch, d), got " + to_string(shape), query.site);
  check_option("info_nce", temperature > 0, "temperature", temperature, "more than 0", query.site);
}
Tensor direction(const Arg& x) { return x / clamp(norm(x, 2, -1, true), 1e-12); }
}  // namespace

Tensor info_nce(const Arg& query, const Arg& key, double temperature, Reduction reduction) {
  check_contrast(query, key, temperature);
  Scope scope(query.site);
  const Tensor logits = matmul(direction(query), direction(key), false, true) / temperature;
  return cross_entropy(logits, arange(logits.shape()[0]), CrossEntropyOptions().reduction(reduction));
}

Tensor info_nce(const Arg& query, const Arg& key, const Arg& negatives, double temperature, Reduction reduction) {
  check_contrast(query, key, temperature);
  const Shape& shape = query.array->shape;
  if (!negatives.array || negatives.array->shape.rank() != 2 || negatives.array->shape[1] != shape[1])
    fail("info_nce",
         "the negatives are " + (negatives.array ? to_string(negatives.array->shape) : "no tensor") +
             ", expected (n, " + std::to_string(shape[1]) + ")",
         query.site);
  Scope scope(query.site);
  const Tensor q = direction(query);
  const Tensor own = sum(q * direction(key), -1, true), other = matmul(q, direction(negatives), false, true);
  return cross_entropy(concat({own, other}, 1) / temperature, zeros({shape[0]}, int64),
                       CrossEntropyOptions().reduction(reduction));
}

}  // namespace xtape::nn
