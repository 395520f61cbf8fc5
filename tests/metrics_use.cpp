// Metrics as a program uses them: their spellings, a user's own, and what is refused.
#include <cmath>
#include <limits>
#include <utility>

#include "support.hpp"

using namespace xtape;
using optim::Average;
using optim::Better;
using optim::ClassOptions;
using optim::Metric;

namespace {

// As a training takes them.
std::string named(const Metric& metric) { return metric.name(); }
std::string named(std::initializer_list<Metric> metrics) {
  std::string all;
  for (const Metric& metric : metrics) all += (all.empty() ? "" : " ") + metric.name();
  return all;
}
std::string listed(const std::vector<Metric>& metrics) { return std::to_string(metrics.size()); }

Metric halves() {
  return Metric("halves", [](const Tensor& y, const Tensor&) { return y / 2; });
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

const Tensor scores = tensor({{0.25, 0.5, 0.25}, {0.75, 0., 0.25}, {0., 0., 1.}, {0.5, 0.5, 0.}});
const Tensor labels = tensor({1, 0, 1, 2});

}  // namespace

TEST_CASE("a metric is given by its name, alone and in lists") {
  CHECK(named(optim::accuracy) == "accuracy");
  CHECK(named({optim::accuracy}) == "accuracy");
  CHECK(named({optim::accuracy, optim::top_k(5), optim::f_beta(1)}) == "accuracy top_5 f1");
  CHECK(named({optim::precision, optim::recall, optim::auroc, optim::average_precision, optim::calibration_error,
               optim::perplexity, optim::mse, optim::mae, optim::r2}) ==
        "precision recall auroc average_precision calibration_error perplexity mse mae r2");
  CHECK(named(halves) == "halves");
  CHECK(listed({optim::accuracy, optim::mse}) == "2");
  const Metric m = optim::accuracy;
  CHECK(named(m) == "accuracy");
  CHECK(optim::precision(Average::macro).name() == "macro_precision");
  CHECK(optim::recall(Average::weighted).name() == "weighted_recall");
  CHECK(optim::f_beta(0.5, Average::micro).name() == "micro_f0.5");
  CHECK(m.named("test_accuracy").name() == "test_accuracy");
  CHECK(optim::top_k(5, ClassOptions().ignore_index(255)).description() == "top_k(k=5, ignore_index=255)");
  CHECK(optim::accuracy(ClassOptions().logits().multilabel().threshold(0.5)).description() ==
        "accuracy(logits, multilabel, threshold=0.5)");
  CHECK(optim::calibration_error().description() == "calibration_error(bins=15)");
  for (const Metric& better : std::vector<Metric>{optim::accuracy, optim::top_k(2), optim::precision, optim::recall,
                                                  optim::f_beta(1), optim::auroc, optim::average_precision, optim::r2})
    CHECK(better.larger_is_better());
  for (const Metric& worse :
       std::vector<Metric>{optim::calibration_error, optim::perplexity, optim::mse, optim::mae, halves})
    CHECK(!worse.larger_is_better());
}

TEST_CASE("a metric is a value") {
  Metric a = optim::accuracy;
  a.update(scores, labels);
  Metric b = a;
  b.update(scores, tensor({1, 0, 2, 0}));
  CHECK(a.value() == 0.5);
  CHECK(b.value() == 0.75);
  a = b;
  b.reset();
  CHECK(a.value() == 0.75);
  b = std::move(a);
  CHECK(b.value() == 0.75);
  b.merge(b);
  CHECK(b.state_dict().at("count").item() == 16);
  Metric ranking = optim::auroc;
  ranking.update(tensor({0.25, 0.5, 1.}), tensor({0, 1, 0}));
  ranking.merge(ranking);
  CHECK(ranking.value() == 0.5);
  CHECK(ranking.state_dict().at("scores").shape() == Shape{6, 1});
}

TEST_CASE("a metric of one's own is the mean of its numbers") {
  const Tensor y = tensor({{1., 2.}, {3., 4.}, {5., 6.}}), t = zeros({3, 2});
  Metric mae("mae", [](const Tensor& y, const Tensor& t) { return abs(y - t); });
  mae.update(y[0], t[0]);
  mae.update(slice(y, 0, Slice(1, 3)), slice(t, 0, Slice(1, 3)));
  mae.update(slice(y, 0, Slice(3, 3)), slice(t, 0, Slice(3, 3)));
  CHECK(mae.value() == 3.5);
  CHECK(mae.description() == "mae");
  Metric hits(
      "hits", [](const Tensor& y, const Tensor& t) { return argmax(y, 1) == t; }, Better::larger);
  hits.update(scores, labels);
  CHECK(hits.value() == 0.5);
  CHECK(hits.larger_is_better());
  // Nothing is recorded, whatever the outputs come from.
  const Tensor w = ones({3, 2}).requires_grad();
  Metric flows("flows", [](const Tensor& y, const Tensor&) {
    CHECK(!y.is_recorded());
    return y;
  });
  flows.update(w * 2, t);
  CHECK(flows.value() == 2);
}

TEST_CASE("ends of what metrics take") {
  const double inf = std::numeric_limits<double>::infinity();
  // An infinite score is the largest or the smallest; an impossible label costs infinitely much.
  CHECK(optim::accuracy(tensor({{-inf, 0.}, {0., inf}}), tensor({1, 1})) == 1);
  CHECK(optim::auroc(tensor({-inf, 0., inf}), tensor({0, 0, 1})) == 1);
  CHECK(optim::perplexity(tensor({{0., -inf}}), tensor({1})) == inf);
  CHECK(optim::perplexity(tensor({{-1e30, 0., 0.}}), tensor({1})) == doctest::Approx(2).epsilon(1e-15));
  CHECK(optim::mse(tensor({inf, 0.}), tensor({0., 0.})) == inf);
  // Logits are decided for as their probabilities are.
  const Tensor logits = tensor({-1e-30, 1e-30, 2.}), bits = tensor({false, true, true});
  CHECK(optim::accuracy(logits, bits, ClassOptions().logits()) == 1);
  CHECK(optim::accuracy(logits, bits, ClassOptions().logits().threshold(0.875)) == doctest::Approx(2. / 3));
  CHECK(optim::accuracy(logits, tensor({0, 1, 0}), ClassOptions().logits().threshold(1)) == doctest::Approx(2. / 3));
  CHECK(optim::auroc(tensor({40., 50.}), tensor({0, 1}), ClassOptions().logits()) == 1);  // whose sigmoids are both 1
  CHECK(optim::calibration_error(zeros({2}), tensor({0, 1}), 1, ClassOptions().logits()) == 0);
  // Of equal scores the class is the first one, and the last is the first of the best.
  CHECK(optim::accuracy(zeros({1, 3}), tensor({0})) == 1);
  CHECK(optim::top_k(zeros({1, 3}), tensor({2}), 1) == 1);
  CHECK(optim::top_k(zeros({1, 3}), tensor({0}), 2) == 0);
  // Another label counts for nothing, and so does a batch without samples.
  Metric pixels = optim::accuracy(ClassOptions().ignore_index(255));
  pixels.update(reshape(scores, {1, 3, 2, 2}), tensor({{{0, 255}, {1, 0}}}).to(uint8));
  pixels.update(ones({0, 3, 2, 2}), zeros({0, 2, 2}, uint8));
  CHECK(pixels.state_dict().at("count").item() == 3);
  for (const Metric& m : std::vector<Metric>{optim::precision, optim::auroc, optim::calibration_error}) {
    Metric empty = m;
    empty.update(ones({0, 3}), zeros({0}, int64));
    empty.update(ones({2, 3}), tensor({-100, -100}));
    CHECK(begins(message([&] { empty.value(); }), m.name() + ": there is no value before the first sample"));
  }
  // Millions of equal numbers far from 0 have no variance.
  Metric r2 = optim::r2;
  for (int i = 0; i < 3; ++i) r2.update(full({7}, 0.1, float64), full({7}, 1e6 + 0.1, float64));
  CHECK(r2.value() == 0);
  CHECK(optim::r2(tensor({0., 1e150}, float64) * 0.5, tensor({0., 0.5e150}, float64)) == 1);
}

TEST_CASE("what metrics refuse, and what they say") {
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  const Tensor none, p = tensor({0.25, 0.75}), rows = ones({2, 3});
  struct Bad {
    std::function<void()> call;
    const char* says;
  };
  const std::vector<Bad> all = {
      {[&] { optim::accuracy(none, labels); }, "accuracy: the output is undefined, the target int64(4,)"},
      {[&] { optim::mse(p, none); }, "mse: the output is float32(2,), the target undefined"},
      {[&] { optim::accuracy(labels, labels); },
       "accuracy: the output is int64(4,), expected scores, float32 or float64"},
      {[&] { optim::accuracy(ones({}), labels); },
       "accuracy: the output is float32(), expected scores (batch, classes, ...), or (batch,) for two classes"},
      {[&] {
         optim::auroc(ones({2, 0}), tensor({0, 0}));
       },
       "auroc: the output is float32(2, 0), expected scores"},
      {[&] {
         optim::accuracy(tensor({{0., nan}}), tensor({0}));
       },
       "accuracy: the output at (0, 1) is nan, expected a number"},
      {[&] {
         optim::auroc(tensor({0., nan}), tensor({0, 1}));
       },
       "auroc: the output at (1,) is nan"},
      {[&] { optim::accuracy(rows, labels); },
       "accuracy: the output is float32(2, 3), the target int64(4,); expected labels (2,) or rows (2, 3)"},
      {[&] { optim::accuracy(p, labels); },
       "accuracy: the output is float32(2,), the target int64(4,); expected labels (2,)"},
      {[&] {
         optim::accuracy(ones({2, 3, 5}), ones({2, 3}, int64));
       },
       "expected labels (2, 5) or rows (2, 3, 5)"},
      {[&] {
         optim::accuracy(rows, tensor({0., 1.}));
       },
       "accuracy: the output is float32(2, 3), the target float32(2,); expected labels int64 or uint8: write "
       "labels.to(int64)"},
      {[&] {
         optim::accuracy(rows, tensor({0, 3}));
       },
       "accuracy: the label at (1,) is 3, expected a class in [0, 3)"},
      {[&] {
         optim::perplexity(rows, tensor({-1, 0}));
       },
       "perplexity: the label at (0,) is -1, expected a class in"},
      {[&] {
         optim::recall(p, tensor({0, 2}));
       },
       "recall: the label at (1,) is 2, expected 0 or 1"},
      {[&] {
         optim::recall(p, tensor({0., 0.5}));
       },
       "recall: the label at (1,) is 0.5, expected 0 or 1"},
      {[&] {
         optim::accuracy(rows, tensor({{0, 1, 1}, {0, 0, 1}}));
       },
       "accuracy: the target of the sample at (0,) is as large at class 1 as at class 2, expected one class a sample; "
       "of any number of classes write ClassOptions().multilabel()"},
      {[&] {
         optim::accuracy(rows, tensor({{0., 1., 0.}, {0., nan, 1.}}));
       },
       "accuracy: the target at (1, 1) is nan, expected a number"},
      {[&] {
         optim::accuracy(tensor({0.5, 1.75}), tensor({0, 1}));
       },
       "accuracy: the output at (1,) is 1.75, expected a probability in [0, 1]; of logits write "
       "ClassOptions().logits()"},
      {[&] { optim::accuracy(2 * rows, rows, ClassOptions().multilabel()); },
       "accuracy: the output at (0, 0) is 2, expected a probability in [0, 1]; of logits"},
      {[&] { optim::accuracy(p, p, ClassOptions().multilabel()); },
       "accuracy: the output is float32(2,), expected scores (batch, labels, ...)"},
      {[&] {
         optim::accuracy(rows, tensor({0, 1}), ClassOptions().multilabel());
       },
       "accuracy: the output is float32(2, 3), the target int64(2,); expected 0 and 1 of the output's shape"},
      {[&] { optim::auroc(rows, 0.5 * rows, ClassOptions().multilabel()); },
       "auroc: the target at (0, 0) is 0.5, expected 0 or 1"},
      {[&] {
         optim::calibration_error(-rows, tensor({0, 1}));
       },
       "calibration_error: the output at (0, 0) is -1, expected a probability in [0, 1]; of logits"},
      {[&] {
         optim::perplexity(p, tensor({0, 1}));
       },
       "perplexity: the output is float32(2,), expected logits of several classes"},
      {[&] {
         optim::perplexity(tensor({{0., inf}}), tensor({0}));
       },
       "perplexity: the output at (0, 1) is inf, expected a finite logit as the largest of a sample"},
      {[&] {
         optim::auroc(tensor({{-inf, -inf}}), tensor({0}), ClassOptions().logits());
       },
       "auroc: the output at (0, 0) is -inf, expected a finite logit as the largest of a sample"},
      {[&] {
         optim::top_k(rows, tensor({0, 1}), 4);
       },
       "top_4: the output is float32(2, 3), expected scores of at least 4 classes"},
      {[&] {
         optim::top_k(p, tensor({0, 1}), 1);
       },
       "top_1: the output is float32(2,), expected scores of at least 1 classes"},
      {[&] { optim::top_k(0); }, "top_k: k is 0, expected at least 1"},
      {[&] { optim::f_beta(-1); }, "f_beta: beta is -1, expected a finite number of at least 0"},
      {[&] { optim::f_beta(nan); }, "f_beta: beta is nan"},
      {[&] { optim::ConfusionMatrix().f_beta(inf); }, "f_beta: beta is inf"},
      {[&] { optim::calibration_error(0); }, "calibration_error: bins is 0, expected at least 1"},
      {[&] { optim::accuracy(ClassOptions().threshold(1.5)); },
       "accuracy: threshold is 1.5, expected a probability in [0, 1]"},
      {[&] { optim::auroc(ClassOptions().threshold(0.5)); }, "auroc: a threshold changes nothing here"},
      {[&] { optim::ConfusionMatrix(ClassOptions().multilabel()); },
       "confusion_matrix: it is of one class a sample, not multilabel"},
      {[&] {
         optim::auroc(p, tensor({1, 1}));
       },
       "auroc: all samples are of one class"},
      {[&] { optim::mse(labels, labels); }, "mse: the output is int64(4,), expected float32 or float64"},
      {[&] {
         optim::mse(p, ones({2, 1}));
       },
       "mse: the output is float32(2,), the target float32(2, 1); expected one shape (batch, ...)"},
      {[&] {
         optim::mae(tensor({0., nan}), p);
       },
       "mae: the output at (1,) is nan, expected a number"},
      {[&] {
         optim::mae(p, tensor({nan, 0.}));
       },
       "mae: the target at (0,) is nan, expected a number"},
      {[&] {
         optim::mae(tensor({inf, 0.}), tensor({inf, 0.}));
       },
       "mae: the number at (0,) is nan"},
      {[&] {
         optim::r2(tensor({inf, 0.}), p);
       },
       "r2: the output at (0,) is inf, expected a number whose square is finite"},
      {[&] { optim::r2(ones({1}), ones({1})); },
       "r2: there is one sample, and it has no variance; expected at least 2"},
      {[&] { Metric("", [](const Tensor& y, const Tensor&) { return y; }); }, "Metric: the name is empty"},
      {[&] { Metric("x", nullptr); }, "Metric: 'x' has no function"},
      {[&] { static_cast<void>(Metric(optim::accuracy).named("")); }, "Metric: the name is empty"},
      {[&] { Metric(optim::accuracy).value(); },
       "accuracy: there is no value before the first sample: update() with a batch comes first"},
      {[&] { Metric(optim::accuracy).merge(optim::mse); }, "accuracy: this is accuracy, what is to be merged mse"},
      {[&] { optim::top_k(1).merge(optim::top_k(5)); }, "top_1: this is top_k(k=1), what is to be merged top_k(k=5)"},
      {[&] { Metric("x", [](const Tensor& y, const Tensor&) { return mean(y); }).update(rows, rows); },
       "x: the function gives float32() for the output float32(2, 3) and the target float32(2, 3); expected a number "
       "for each sample"},
      {[&] {
         Metric("x", [](const Tensor& y, const Tensor& t) { return y - t; }).update(ones({4, 1}), ones({4}));
       },
       "x: the function gives float32(4, 4) for the output float32(4, 1) and the target float32(4,), more numbers than "
       "they have: is one of them stretched beside the other?"},
      {[&] { Metric("x", [](const Tensor&, const Tensor&) { return Tensor(); }).update(rows, rows); },
       "x: the function gives undefined"},
      {[&] { Metric("x", [](const Tensor& y, const Tensor&) { return log(-y); }).update(rows, rows); },
       "x: the number at (0, 0) is nan"},
  };
  for (const Bad& bad : all) {
    const std::string said = message(bad.call);
    CHECK_MESSAGE(has(said, bad.says), said);
    CHECK_MESSAGE(has(said, "metrics_use.cpp:"), said);
  }
}

TEST_CASE("a batch or a state that does not fit changes nothing") {
  Metric m = optim::precision;
  m.update(scores, labels);
  const optim::StateDict good = m.state_dict();
  auto refused = [&](const std::function<void()>& f, const std::vector<const char*>& parts) {
    const std::string said = message(f);
    for (const char* part : parts) CHECK_MESSAGE(has(said, part), said);
    for (const auto& [name, value] : m.state_dict()) CHECK(same_bits(value, good.at(name)));
  };
  refused([&] { m.update(scores, tensor({0, 0, 0, 3})); }, {"precision: the label at (3,) is 3"});
  refused(
      [&] {
        m.update(ones({1, 2}), tensor({0}));
      },
      {"precision: the output is float32(1, 2), of 2 columns; there were 3 before"});
  Metric other = optim::precision;
  other.update(ones({1, 2}), tensor({0}));
  refused([&] { m.merge(other); }, {"precision: there are 3 columns here and 2 in what is to be merged"});
  optim::StateDict bad = good;
  bad.erase("hits");
  bad["more"] = ones({1});
  bad["actual"] = zeros({3});
  bad["count"] = tensor(-1);
  refused([&] { m.load_state_dict(bad); },
          {"precision: the values of load_state_dict do not fit", "; 'hits' is missing", "; 'more' is unexpected",
           "; 'actual' is int64(3,), its value float32(3,)", "; 'count' holds -1, expected counts of at least 0"});
  bad = good;
  bad["hits"] = zeros({4}, int64);
  bad["decided"] = Tensor();
  refused([&] { m.load_state_dict(bad); },
          {"'hits' is int64(3,), its value int64(4,)", "'decided' is int64(3,), its value undefined"});
  m.load_state_dict(good);

  auto wrong = [](Metric m, const char* name, const Tensor& value) {
    optim::StateDict state = m.state_dict();
    state[name] = value;
    return message([&] { m.load_state_dict(state); });
  };
  Metric mse = optim::mse, ranks = optim::auroc;
  mse.update(ones({2}), ones({2}));
  ranks.update(ones({2}), tensor({0, 1}));
  Tensor sum = mse.state_dict().at("sum");
  CHECK(has(wrong(mse, "sum", full(sum.shape(), 4, int64)), "'sum' holds 4 for infinities, expected 0 to 3"));
  CHECK(has(wrong(mse, "sum", zeros({3}, int64)), "'sum' is int64(35,), its value int64(3,)"));
  CHECK(has(wrong(ranks, "scores", full({2, 1}, std::nan(""), float64)), "'scores' holds nan, expected numbers"));
  CHECK(has(wrong(ranks, "marks", full({2, 1}, 2, uint8)), "'marks' holds 2, expected 0 or 1"));
  CHECK(has(wrong(ranks, "marks", ones({3, 1}, uint8)), "'marks' is uint8(2, 1), its value uint8(3, 1)"));
  CHECK(has(wrong(ranks, "marks", ones({2, 2}, uint8)), "'marks' is uint8(2, 1), its value uint8(2, 2)"));
}
