#include "classification_metric.hpp"

#include <autograd/files/described.hpp>
#include <optim/value.hpp>

#include "class_batch.hpp"
#include "class_share.hpp"
#include "metric_kind.hpp"

namespace xtape::optim {
using namespace xtape::detail;

namespace {

// The classes' shares as one number.
double averaged(const Gathered& g, ClassShare share, Average average, bool multilabel) {
  double sum = 0, weights = 0;
  ClassCount total;
  for (std::int64_t c = 0; c < g.columns; ++c) {
    const ClassCount n{g.counts.at("hits")[c], g.counts.at("decided")[c], g.counts.at("actual")[c]};
    const bool seen = n.decided + n.actual > 0 || multilabel;
    const double weight = average == Average::weighted ? static_cast<double>(n.actual) : seen;
    sum += weight * share(n), weights += weight, total += n;
  }
  return average == Average::micro ? share(total) : weights == 0 ? 0 : sum / weights;
}

Metric share_metric(const std::string& base, ClassShare share, Average average, const ClassOptions& options, Site site,
                    const std::string& parameter = "") {
  const char* const prefix[] = {"", "macro_", "weighted_", "micro_"};
  const std::string name = prefix[static_cast<int>(average)] + base;
  ClassBatch::check(name, ClassBatch::decide, options, site);
  MetricKind kind{name, ClassBatch::describe(name, parameter, options), Better::larger, {}, {}, {}};
  kind.initial.counts["count"] = Shape{};
  for (const char* per_class : {"hits", "decided", "actual"}) kind.initial.counts[per_class] = Shape{0};
  kind.update = [=](Gathered& g, const Tensor& output, const Tensor& target) {
    const ClassBatch batch(name, ClassBatch::decide, output, target, options);
    const bool class_1_alone = batch.is_binary() && average == Average::usual;
    g.meet(name, output, class_1_alone ? 1 : batch.classes());
    auto &hits = g.counts["hits"], &decided = g.counts["decided"], &actual = g.counts["actual"];
    auto add = [&](std::int64_t c, bool said, bool is) { hits[c] += said && is, decided[c] += said, actual[c] += is; };
    for (std::int64_t i = 0; i < batch.samples(); ++i) {
      if (batch.is_ignored(i)) continue;
      ++g.counts["count"][0];
      if (batch.is_multilabel()) {
        for (std::int64_t c = 0; c < batch.columns(); ++c) add(c, batch.is_decided(i, c), batch.is_of(i, c));
        continue;
      }
      const std::int64_t decision = batch.decision(i), label = batch.label(i);
      if (class_1_alone) {
        add(0, decision == 1, label == 1);
      } else {
        add(decision, true, decision == label);
        if (decision != label) add(label, false, true);
      }
    }
  };
  kind.value = [=](const Gathered& g) { return averaged(g, share, average, ClassBatch::is_multilabel(options)); };
  return make_metric(std::move(kind));
}

bool is_right(const ClassBatch& batch, std::int64_t i) {
  if (!batch.is_multilabel()) return batch.decision(i) == batch.label(i);
  bool right = true;
  for (std::int64_t c = 0; c < batch.columns(); ++c) right &= batch.is_decided(i, c) == batch.is_of(i, c);
  return right;
}

// How many scores stand before the label's, by size and, of equal ones, from the last class.
std::int64_t place_of_label(const ClassBatch& batch, std::int64_t i) {
  const std::vector<double> scores = batch.scores(i);
  const std::int64_t label = batch.label(i);
  const double own = scores[static_cast<std::size_t>(label)];
  std::int64_t before = 0;
  for (std::int64_t c = 0; c < batch.columns(); ++c) {
    const double score = scores[static_cast<std::size_t>(c)];
    before += score > own || (score == own && c > label);
  }
  return before;
}

}  // namespace

Metric accuracy() { return accuracy(ClassOptions()); }
Metric accuracy(const ClassOptions& options, Site site) {
  ClassBatch::check("accuracy", ClassBatch::decide, options, site);
  return mean_metric("accuracy", ClassBatch::describe("accuracy", "", options), Better::larger,
                     [options](const Tensor& output, const Tensor& target) {
                       const ClassBatch batch("accuracy", ClassBatch::decide, output, target, options);
                       return batch.each([&](std::int64_t i) { return is_right(batch, i); });
                     });
}
double accuracy(const Tensor& output, const Tensor& target, const ClassOptions& options, Site site) {
  return value_of(accuracy(options, site), output, target, site);
}

Metric top_k(std::int64_t k, const ClassOptions& options, Site site) {
  if (k < 1) fail("top_k", "k is " + std::to_string(k) + ", expected at least 1", site);
  const std::string name = "top_" + std::to_string(k);
  ClassBatch::check(name, ClassBatch::order, options, site);
  return mean_metric(name, ClassBatch::describe("top_k", "k=" + std::to_string(k), options), Better::larger,
                     [=](const Tensor& output, const Tensor& target) {
                       const ClassBatch batch(name, ClassBatch::order, output, target, options);
                       if (batch.is_binary() || k > batch.classes())
                         fail(name, "the output is " + described(output) + ", expected scores of at least " +
                                        std::to_string(k) + " classes");
                       return batch.each([&](std::int64_t i) { return place_of_label(batch, i) < k; });
                     });
}
double top_k(const Tensor& output, const Tensor& target, std::int64_t k, const ClassOptions& options, Site site) {
  return value_of(top_k(k, options, site), output, target, site);
}

Metric precision() { return precision(Average::usual); }
Metric precision(Average average, const ClassOptions& options, Site site) {
  return share_metric("precision", {1, 0}, average, options, site);
}
double precision(const Tensor& output, const Tensor& target, Average average, const ClassOptions& options, Site site) {
  return value_of(precision(average, options, site), output, target, site);
}

Metric recall() { return recall(Average::usual); }
Metric recall(Average average, const ClassOptions& options, Site site) {
  return share_metric("recall", {0, 1}, average, options, site);
}
double recall(const Tensor& output, const Tensor& target, Average average, const ClassOptions& options, Site site) {
  return value_of(recall(average, options, site), output, target, site);
}

Metric f_beta(double beta, Average average, const ClassOptions& options, Site site) {
  const ClassShare share = f_beta_share(beta, site);
  return share_metric("f" + to_string(beta), share, average, options, site);
}
double f_beta(const Tensor& output, const Tensor& target, double beta, Average average, const ClassOptions& options,
              Site site) {
  return value_of(f_beta(beta, average, options, site), output, target, site);
}

}  // namespace xtape::optim
