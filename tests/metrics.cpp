// Metrics against scikit-learn (metrics/make.py), whole, in batches and merged.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optim/exact_sum.hpp>
#include <set>

#include "compare.hpp"
#include "support.hpp"

using namespace xtape;
using optim::Average;
using optim::ClassOptions;
using optim::Metric;
using Json = nlohmann::json;

namespace {

using Once = std::function<double(const Tensor&, const Tensor&)>;
struct Row {
  std::string name;  // the metric, the kind of batches, and its options
  Metric metric;
  Once once;
};

std::vector<Row> table() {
  using T = const Tensor&;
  const ClassOptions usual, logits = ClassOptions().logits(), labels = ClassOptions().multilabel();
  const ClassOptions quarter = ClassOptions().threshold(0.25);
  std::vector<Row> rows{
      {"accuracy multiclass", optim::accuracy, [](T y, T t) { return optim::accuracy(y, t); }},
      {"accuracy binary", optim::accuracy, [](T y, T t) { return optim::accuracy(y, t); }},
      {"accuracy binary threshold", optim::accuracy(quarter), [=](T y, T t) { return optim::accuracy(y, t, quarter); }},
      {"accuracy multilabel", optim::accuracy(labels), [=](T y, T t) { return optim::accuracy(y, t, labels); }},
      {"precision multiclass", optim::precision, [](T y, T t) { return optim::precision(y, t); }},
      {"precision binary", optim::precision, [](T y, T t) { return optim::precision(y, t); }},
      {"recall multiclass", optim::recall, [](T y, T t) { return optim::recall(y, t); }},
      {"recall binary", optim::recall, [](T y, T t) { return optim::recall(y, t); }},
      {"auroc multiclass", optim::auroc, [](T y, T t) { return optim::auroc(y, t); }},
      {"auroc binary", optim::auroc, [](T y, T t) { return optim::auroc(y, t); }},
      {"auroc multiclass logits", optim::auroc(logits), [=](T y, T t) { return optim::auroc(y, t, logits); }},
      {"auroc multilabel", optim::auroc(labels), [=](T y, T t) { return optim::auroc(y, t, labels); }},
      {"average_precision multiclass", optim::average_precision,
       [](T y, T t) { return optim::average_precision(y, t); }},
      {"average_precision binary", optim::average_precision, [](T y, T t) { return optim::average_precision(y, t); }},
      {"average_precision multiclass logits", optim::average_precision(logits),
       [=](T y, T t) { return optim::average_precision(y, t, logits); }},
      {"average_precision multilabel", optim::average_precision(labels),
       [=](T y, T t) { return optim::average_precision(y, t, labels); }},
      {"calibration_error multiclass", optim::calibration_error,
       [](T y, T t) { return optim::calibration_error(y, t); }},
      {"calibration_error binary 15", optim::calibration_error,
       [](T y, T t) { return optim::calibration_error(y, t); }},
      {"calibration_error binary 4", optim::calibration_error(4),
       [](T y, T t) { return optim::calibration_error(y, t, 4); }},
      {"calibration_error multiclass logits", optim::calibration_error(15, logits),
       [=](T y, T t) { return optim::calibration_error(y, t, 15, logits); }},
      {"perplexity multiclass", optim::perplexity, [](T y, T t) { return optim::perplexity(y, t); }},
      {"mse numbers", optim::mse, [](T y, T t) { return optim::mse(y, t); }},
      {"mae numbers", optim::mae, [](T y, T t) { return optim::mae(y, t); }},
      {"r2 numbers", optim::r2, [](T y, T t) { return optim::r2(y, t); }},
  };
  for (const int k : {1, 2, 3})
    rows.push_back(
        {"top_k multiclass " + std::to_string(k), optim::top_k(k), [=](T y, T t) { return optim::top_k(y, t, k); }});
  const std::pair<std::string, Average> averages[] = {
      {"", Average::usual}, {" macro", Average::macro}, {" micro", Average::micro}, {" weighted", Average::weighted}};
  for (const std::string kind : {"multiclass", "binary", "multilabel"})
    for (const auto& [name, average] : averages) {
      const ClassOptions o = kind == "multilabel" ? labels : usual;
      const Average a = average;
      if (kind == "multilabel" || a != Average::usual) {
        rows.push_back({"precision " + kind + name, optim::precision(a, o),
                        [=](T y, T t) { return optim::precision(y, t, a, o); }});
        rows.push_back(
            {"recall " + kind + name, optim::recall(a, o), [=](T y, T t) { return optim::recall(y, t, a, o); }});
      }
      for (const char* beta : {"0.5", "1", "2"}) {
        const double b = std::stod(beta);
        rows.push_back({"f_beta " + kind + name + " " + beta, optim::f_beta(b, a, o),
                        [=](T y, T t) { return optim::f_beta(y, t, b, a, o); }});
      }
    }
  return rows;
}

Tensor unpacked(Json j) {
  const bool narrow = j["dtype"] == "float32";
  if (narrow) j["dtype"] = "float64";
  const Tensor x = compare::unpacked(j);
  return narrow ? x.to(float32) : x;
}

const Json& file() {
  static const Json json = [] {
    std::ifstream in(XTAPE_TEST_DIR "/metrics/metrics.json");
    REQUIRE(in);
    return Json::parse(in);
  }();
  return json;
}

struct Batch {
  std::string name;
  Tensor output, target;
};
// Those of the kind that is the second word of a row's name.
std::vector<Batch> batches(const std::string& row) {
  const std::string kind = row.substr(row.find(' ') + 1);
  std::vector<Batch> y;
  for (const auto& [name, pair] : file()["batches"][kind.substr(0, kind.find(' '))].items())
    y.push_back({name, unpacked(pair[0]), unpacked(pair[1])});
  return y;
}

bool agrees(double got, double expected) {
  return std::abs(got - expected) <= 1e-12 * std::max(1., std::abs(expected));
}
bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }
bool same_state(const Metric& a, const Metric& b) {
  const optim::StateDict x = a.state_dict(), y = b.state_dict();
  return x.size() == y.size() && std::all_of(x.begin(), x.end(), [&](const auto& entry) {
           return ::same_bits(entry.second, y.at(entry.first));
         });
}

// Cut into batches of random sizes, some of them empty.
std::vector<Batch> cut(const Batch& whole, RandomStream& draw) {
  std::vector<Batch> parts;
  const std::int64_t n = whole.output.size(0);
  for (std::int64_t from = 0; from < n;) {
    const std::int64_t to = std::min(n, from + draw.integer(n / 3 + 2));
    parts.push_back({"", slice(whole.output, 0, Slice(from, to)), slice(whole.target, 0, Slice(from, to))});
    from = to;
  }
  return parts;
}

// f_beta in "f_beta binary 2".
std::string first_word(const std::string& text) { return text.substr(0, text.find(' ')); }

}  // namespace

TEST_CASE("metrics agree with scikit-learn") {
  std::set<std::string> names;
  for (const Row& row : table()) {
    CAPTURE(row.name);
    names.insert(row.name);
    for (const Batch& batch : batches(row.name)) {
      if (!file()["values"][row.name].contains(batch.name)) continue;
      CAPTURE(batch.name);
      const Json& expected = file()["values"][row.name][batch.name];
      Metric metric = row.metric;
      metric.update(batch.output, batch.target);
      if (expected.is_null()) {
        CHECK_THROWS_AS(metric.value(), Error);
        CHECK_THROWS_AS(row.once(batch.output, batch.target), Error);
      } else {
        CHECK(agrees(metric.value(), expected));
        CHECK(same_bits(row.once(batch.output, batch.target), metric.value()));
      }
    }
  }
  for (const auto& row : file()["values"].items())
    if (first_word(row.key()) != "confusion_matrix") CHECK_MESSAGE(names.count(row.key()), row.key());
}

TEST_CASE("metrics have the same bits in whatever batches samples come, merged from parts, and after being saved") {
  RandomStream draw(1);
  for (const Row& row : table()) {
    CAPTURE(row.name);
    for (const Batch& batch : batches(row.name)) {
      const Json& expected = file()["values"][row.name];
      if (!expected.contains(batch.name) || expected[batch.name].is_null()) continue;
      CAPTURE(batch.name);
      Metric whole = row.metric, streamed = row.metric, parts[] = {row.metric, row.metric, row.metric};
      whole.update(batch.output, batch.target);
      for (const Batch& part : cut(batch, draw)) {
        streamed.update(part.output, part.target);
        parts[draw.integer(3)].update(part.output, part.target);
        Metric again = row.metric;
        again.load_state_dict(streamed.state_dict());
        streamed = again;
      }
      parts[1].merge(parts[2]);
      parts[1].merge(parts[0]);
      CHECK(same_bits(streamed.value(), whole.value()));
      CHECK(same_state(streamed, whole));
      CHECK(same_bits(parts[1].value(), whole.value()));
      whole.reset();
      CHECK(same_state(whole, row.metric));
    }
  }
}

TEST_CASE("every metric has rows and a docstring") {
  std::set<std::string> tested, declared;
  for (const Row& row : table()) tested.insert(first_word(row.name));
  for (const auto& header : std::filesystem::directory_iterator(XTAPE_TEST_DIR "/../optim")) {
    if (header.path().extension() != ".hpp") continue;
    std::ifstream in(header.path());
    std::string line, before;
    for (; std::getline(in, line); before = line) {
      const std::size_t bracket = line.find('(');
      if (line.rfind("Metric ", 0) != 0 || bracket == line.npos) continue;
      const std::string name = line.substr(7, bracket - 7);
      if (name == "make_metric" || name == "mean_metric") continue;  // which make one of what they are given
      if (declared.insert(name).second) CHECK_MESSAGE(before.rfind("/// ", 0) == 0, name, " has no docstring");
    }
  }
  CHECK(declared.size() == 12);
  for (const std::string& name : declared) CHECK_MESSAGE(tested.count(name), name, " has no row");
}

TEST_CASE("the confusion matrix and what is said of each class agree with scikit-learn") {
  RandomStream draw(2);
  for (const std::string name : {"confusion_matrix multiclass", "confusion_matrix binary"}) {
    CAPTURE(name);
    for (const Batch& batch : batches(name)) {
      CAPTURE(batch.name);
      const Json& expected = file()["values"][name][batch.name];
      const Tensor matrix = optim::confusion_matrix(batch.output, batch.target);
      CHECK(matrix.dtype() == int64);
      CHECK(matrix.shape() == Shape{static_cast<std::int64_t>(expected.size()), matrix.size(0)});
      std::vector<std::int64_t> flat;
      for (const Json& line : expected)
        for (const Json& n : line) flat.push_back(n);
      CHECK(matrix.to_vector<std::int64_t>() == flat);
      optim::ConfusionMatrix streamed, rest;
      for (const Batch& part : cut(batch, draw)) (draw.integer(2) ? streamed : rest).update(part.output, part.target);
      streamed.merge(rest);
      optim::ConfusionMatrix loaded;
      loaded.load_state_dict(streamed.state_dict());
      CHECK(same_bits(loaded.matrix(), matrix));
      const Json& shares = file()["values"]["confusion_matrix shares"];
      if (!shares.contains(batch.name) || name == "confusion_matrix binary") continue;
      const Tensor parts[] = {loaded.precision(), loaded.recall(), loaded.f_beta(2)};
      for (std::size_t k = 0; k < 3; ++k) {
        const std::vector<double> got = parts[k].to_vector<double>(), right = shares[batch.name][k];
        REQUIRE(got.size() == right.size());
        for (std::size_t c = 0; c < got.size(); ++c) CHECK(agrees(got[c], right[c]));
      }
      loaded.reset();
      CHECK(loaded.matrix().shape() == Shape{0, 0});
    }
  }
}

TEST_CASE("exact sums round once, in whatever order") {
  RandomStream draw(3);
  for (const Json& entry : file()["sums"]) {
    std::vector<double> numbers = entry[0];
    CAPTURE(entry[1].dump());
    optim::ExactSum::Words first{};
    for (int round = 0; round < 10; ++round) {
      optim::ExactSum sums[2];
      for (const double x : numbers) sums[draw.integer(2)].add(x);
      sums[0].add(sums[1]);
      CHECK(same_bits(sums[0].value(), entry[1].get<double>()));
      if (round == 0) first = sums[0].words();
      CHECK(sums[0].words() == first);
      for (std::size_t i = numbers.size(); i > 1; --i)
        std::swap(numbers[i - 1], numbers[static_cast<std::size_t>(draw.integer(static_cast<std::int64_t>(i)))]);
    }
  }
  const double inf = std::numeric_limits<double>::infinity();
  optim::ExactSum sum;
  CHECK(same_bits(sum.value(), 0));
  for (int i = 0; i < 3; ++i) sum.add(1e308);
  CHECK(sum.value() == inf);
  for (int i = 0; i < 2; ++i) sum.add(-1e308);
  CHECK(sum.value() == 1e308);
  sum.add(-inf);
  CHECK(sum.value() == -inf);
  sum.add(inf);
  CHECK(std::isnan(sum.value()));
}
