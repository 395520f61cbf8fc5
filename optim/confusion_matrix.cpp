#include "confusion_matrix.hpp"

#include <vector>

#include "class_batch.hpp"
#include "class_share.hpp"
#include "metric_kind.hpp"

namespace xtape::optim {
namespace {

const char* const op = "confusion_matrix";

// A metric for all but its value: the share of samples that are decided rightly.
Metric counting(const ClassOptions& options, Site site) {
  ClassBatch::check(op, ClassBatch::decide_one, options, site);
  MetricKind kind{op, ClassBatch::describe(op, "", options), Better::larger, {}, {}, {}};
  kind.initial.counts["matrix"] = Shape{0, 0};
  kind.update = [options](Gathered& g, const Tensor& output, const Tensor& target) {
    const ClassBatch batch(op, ClassBatch::decide_one, output, target, options);
    g.meet(op, output, batch.classes());
    for (std::int64_t i = 0; i < batch.samples(); ++i)
      if (!batch.is_ignored(i)) ++g.counts["matrix"][batch.label(i) * batch.classes() + batch.decision(i)];
  };
  return make_metric(std::move(kind));
}

Tensor shares(const Tensor& matrix, ClassShare share) {
  const std::int64_t classes = matrix.size(0);
  const auto* n = matrix.data<std::int64_t>();
  std::vector<double> y;
  for (std::int64_t c = 0; c < classes; ++c) {
    ClassCount count{n[c * classes + c]};
    for (std::int64_t other = 0; other < classes; ++other) {
      count.decided += n[other * classes + c];
      count.actual += n[c * classes + other];
    }
    y.push_back(share(count));
  }
  return tensor(y);
}

}  // namespace

ConfusionMatrix::ConfusionMatrix(const ClassOptions& options, Site site) : counts_(counting(options, site)) {}

Tensor ConfusionMatrix::matrix() const { return state_dict().at("matrix"); }
Tensor ConfusionMatrix::precision() const { return shares(matrix(), {1, 0}); }
Tensor ConfusionMatrix::recall() const { return shares(matrix(), {0, 1}); }
Tensor ConfusionMatrix::f_beta(double beta, Site site) const { return shares(matrix(), f_beta_share(beta, site)); }

Tensor confusion_matrix(const Tensor& output, const Tensor& target, const ClassOptions& options, Site site) {
  ConfusionMatrix y(options, site);
  y.update(output, target, site);
  return y.matrix();
}

}  // namespace xtape::optim
