#include "transform.hpp"

#include <autograd/core/attributes.hpp>
#include <autograd/files/described.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/random.hpp>

namespace xtape::datasets {
using namespace xtape::detail;

namespace {

// `made` where the coin of a row, (n,), is 1, else `kept`.
Tensor chosen(const Tensor& coins, const Tensor& made, const Tensor& kept) {
  if (!made.defined() && !kept.defined()) return kept;
  if (!made.defined() || !kept.defined() || made.shape() != kept.shape() || made.dtype() != kept.dtype())
    fail("sometimes",
         "the transform made " + described(made) + " of " + described(kept) + ", expected the same shape and dtype");
  Shape rows{coins.size()};
  while (rows.rank() < made.rank()) rows.push_back(1);
  return where(reshape(coins, rows) != 0, made, kept);
}

}  // namespace

void Transform::refuse_empty(Site site) { fail("Transform", "the function is empty", site); }

Batch Transform::operator()(const Batch& batch, Site site) const {
  const Scope scope(site);
  if (!f_) fail("Transform", "it was moved to another one");
  Batch made = f_(batch);
  if (!made.input.defined()) fail("Transform", description_ + " made no input");
  if (made.target.defined() && made.target.rank() > 0 && made.input.rank() > 0 &&
      made.target.shape()[0] != made.input.shape()[0])
    fail("Transform", description_ + " made an input " + described(made.input) + " and a target " +
                          described(made.target) + ", expected as many rows");
  return made;
}

Tensor Transform::operator()(const Tensor& images, Site site) const {
  return (*this)(Batch{images, Tensor()}, site).input;
}

Transform compose(std::vector<Transform> transforms) {
  std::string description;
  for (const Transform& transform : transforms)
    description += (description.empty() ? "" : ", ") + transform.description();
  auto f = [transforms = std::move(transforms)](Batch batch) {
    for (const Transform& transform : transforms) batch = transform(batch);
    return batch;
  };
  return Transform(std::move(f), "compose(" + description + ")");
}

Transform sometimes(Transform transform, double p, Site site) {
  if (!(p >= 0 && p <= 1)) fail("sometimes", attribute_text(p) + " is no probability in [0, 1]", site);
  std::string description = "sometimes(" + transform.description() + ", " + attribute_list("p", p) + ")";
  auto f = [transform = std::move(transform), p](const Batch& batch) {
    if (p == 0) return batch;
    if (!batch.input.defined() || batch.input.rank() == 0)
      fail("sometimes", "the input is " + described(batch.input) + ", expected a row for each sample");
    const Tensor coins = bernoulli(Shape{batch.input.shape()[0]}, p);
    const Batch made = transform(batch);
    return Batch{chosen(coins, made.input, batch.input), chosen(coins, made.target, batch.target)};
  };
  return Transform(std::move(f), std::move(description));
}

}  // namespace xtape::datasets
