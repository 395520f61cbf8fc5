#include "adaptive_softmax.hpp"

#include <autograd/core/attributes.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/gather.hpp>
#include <autograd/ops/join.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/scatter.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/ops/slice.hpp>
#include <autograd/ops/softmax.hpp>
#include <cmath>

namespace xtape::nn {
using namespace detail;

namespace {

constexpr const char* layer = "AdaptiveLogSoftmaxWithLoss";

std::vector<std::int64_t> cluster_ends(std::int64_t in, std::int64_t classes, const std::vector<std::int64_t>& cutoffs,
                                       double div_value, Site site) {
  if (in < 1 || classes < 1)
    fail(layer, "sizes must be at least 1, got in = " + std::to_string(in) + ", classes = " + std::to_string(classes),
         site);
  bool fits = !cutoffs.empty();
  for (std::size_t i = 0; i < cutoffs.size(); ++i)
    fits &= cutoffs[i] > (i == 0 ? 0 : cutoffs[i - 1]) && cutoffs[i] < classes;
  if (!fits)
    fail(
        layer,
        "the cutoffs must be ascending numbers in [1, " + std::to_string(classes) + "), got " + attribute_text(cutoffs),
        site);
  if (!(div_value > 0) || std::floor(static_cast<double>(in) / std::pow(div_value, cutoffs.size())) < 1)
    fail(layer,
         "div_value is " + std::to_string(div_value) + ", which leaves the last of " + std::to_string(cutoffs.size()) +
             " clusters nothing of in = " + std::to_string(in),
         site);
  std::vector<std::int64_t> ends = cutoffs;
  ends.push_back(classes);
  return ends;
}

}  // namespace

AdaptiveLogSoftmaxWithLoss::AdaptiveLogSoftmaxWithLoss(std::int64_t in, std::int64_t classes,
                                                       const std::vector<std::int64_t>& cutoffs, double div_value,
                                                       bool head_bias, Site site)
    : head([&] {
        const auto ends = cluster_ends(in, classes, cutoffs, div_value, site);
        return child("head", Linear(in, ends[0] + static_cast<std::int64_t>(cutoffs.size()), head_bias, site));
      }()),
      tail([&] {
        const auto ends = cluster_ends(in, classes, cutoffs, div_value, site);
        ModuleList<Sequential> clusters;
        for (std::size_t i = 1; i < ends.size(); ++i) {
          const auto rank = static_cast<std::int64_t>(static_cast<double>(in) / std::pow(div_value, i));
          clusters.add(Sequential{Linear(in, rank, false, site), Linear(rank, ends[i] - ends[i - 1], false, site)});
        }
        return child("tail", clusters);
      }()),
      in_(in),
      ends_(cluster_ends(in, classes, cutoffs, div_value, site)) {}

void AdaptiveLogSoftmaxWithLoss::check(const Tensor& x) const {
  if ((x.rank() != 1 && x.rank() != 2) || x.size(-1) != in_)
    fail(layer, "expected x (batch, " + std::to_string(in_) + ") or (" + std::to_string(in_) + ",), got " +
                    to_string(x.dtype()) + to_string(x.shape()));
}

AdaptiveLogSoftmax AdaptiveLogSoftmaxWithLoss::forward(const Tensor& x, const Tensor& target) const {
  check(x);
  const Shape batch(x.shape().begin(), x.shape().end() - 1);
  if ((target.dtype() != int64 && target.dtype() != uint8) || target.shape() != batch)
    fail(layer, "expected a target int64" + to_string(batch) + ", got " + to_string(target.dtype()) +
                    to_string(target.shape()));
  if (x.rank() == 1) {
    const AdaptiveLogSoftmax one = forward(unsqueeze(x, 0), unsqueeze(target, 0));
    return {squeeze(one.output, 0), one.loss};
  }
  const std::size_t clusters = ends_.size();
  std::vector<std::int64_t> at_head =
      target.to_vector<std::int64_t>();  // the number of the head that counts for each row
  std::vector<std::vector<std::int64_t>> rows(clusters), labels(clusters);
  for (std::size_t r = 0; r < at_head.size(); ++r) {
    const std::int64_t label = at_head[r];
    if (label < 0 || label >= ends_.back())
      fail(layer, "target " + std::to_string(label) + " at " + std::to_string(r) + " is not in [0, " +
                      std::to_string(ends_.back()) + ")");
    std::size_t i = 0;
    while (label >= ends_[i]) ++i;
    if (i == 0) continue;
    rows[i].push_back(static_cast<std::int64_t>(r));
    labels[i].push_back(label - ends_[i - 1]);
    at_head[r] = ends_[0] + static_cast<std::int64_t>(i) - 1;
  }
  auto picked = [](const Tensor& logits, const std::vector<std::int64_t>& labels) {
    return squeeze(gather(log_softmax(logits), 1, unsqueeze(tensor(labels), 1)), 1);
  };
  Tensor output = picked(head(x), at_head);
  for (std::size_t i = 1; i < clusters; ++i) {
    if (rows[i].empty()) continue;
    const Tensor where = tensor(rows[i]);
    output = index_add(output, 0, where, picked(tail[i - 1](index_select(x, 0, where)), labels[i]));
  }
  return {output, -mean(output)};
}

Tensor AdaptiveLogSoftmaxWithLoss::log_prob(const Arg& arg) const {
  const Entered entered = enter(arg.site);
  Scope scope(arg.site, entered.state);
  const Tensor x = arg.tensor();
  check(x);
  const Tensor first = log_softmax(head(x));
  Tensors parts{slice(first, -1, {0, ends_[0]})};
  for (std::size_t i = 1; i < ends_.size(); ++i) {
    const std::int64_t k = ends_[0] + static_cast<std::int64_t>(i) - 1;
    parts.push_back(slice(first, -1, {k, k + 1}) + log_softmax(tail[i - 1](x)));
  }
  return concat(parts, -1);
}

Tensor AdaptiveLogSoftmaxWithLoss::predict(const Arg& x) const { return argmax(log_prob(x), -1); }

}  // namespace xtape::nn
