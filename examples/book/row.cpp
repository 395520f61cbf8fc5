#include "row.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <stdexcept>

#include <autograd/ops.hpp>
#include <datasets/data_loader.hpp>

#include "bench.hpp"
#include "chapters.hpp"
#include "networks.hpp"

using namespace xtape;

namespace {

std::string range(double low, double high, double least, double most) {
  if (high >= most) return "at least " + number(low);
  if (low <= least) return "at most " + number(high);
  return number(low) + " to " + number(high);
}

}  // namespace

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", v);
  return text;
}

std::string Settings::description() const {
  if (!make) return network;
  const char* cost = program == Program::network    ? ", quadratic cost, eta "
                     : program == Program::network2 ? ", cross-entropy, eta "
                                                    : ", log-likelihood, eta ";
  std::string text = network + cost + number(eta);
  if (lambda != 0) text += ", lambda " + number(lambda);
  if (synthetic) text += ", " + std::to_string(images) + " synthetic digits";
  else if (expanded) text += ", 250,000 images";
  else if (images) text += ", the first " + std::to_string(images) + " images";
  if (one_cycle) text += ", in one cycle";
  if (halve_after)
    text += ", eta halved after " + std::to_string(halve_after) + " epochs without progress";
  return text + ", " + (halve_after ? "at most " : "") + std::to_string(epochs) + " epochs";
}

bool Band::holds(const std::vector<double>& values) const {
  const auto inside = [&](double v) { return v >= low && v <= high; };
  const auto n = static_cast<double>(values.size());
  switch (of) {
    case mean: return inside(std::accumulate(values.begin(), values.end(), 0.) / n);
    case best: return inside(*std::max_element(values.begin(), values.end()));
    case each: return std::all_of(values.begin(), values.end(), inside);
    case share:
      return inside(20 / n *
                    static_cast<double>(std::count_if(values.begin(), values.end(),
                                                      [&](double v) { return v >= reaches; })));
  }
  return false;
}

std::string Band::text(const char* unit) const {
  switch (of) {
    case mean: return "mean " + range(low, high, 0, 100) + unit;
    case best: return "best " + range(low, high, 0, 100) + unit;
    case each: return low == high ? number(low) + unit : "each " + range(low, high, 0, 100) + unit;
    case share:
      return number(low) + " to " + number(high) + " of 20 at least " + number(reaches) + unit;
  }
  return "";
}

Row::Row(std::string name, std::string what, Measure measure)
    : name(std::move(name)), measure(std::move(measure)) {
  settings.network = std::move(what);
}

Row& Row::mean(std::string figure, Value value, std::optional<double> book, double low, double high,
               const char* unit) {
  const auto rounded = [](double v) { return std::round(1000 * v) / 1000; };
  figures.push_back(
      {std::move(figure), value, book, {Band::mean, rounded(low), rounded(high)}, unit});
  return *this;
}
Row& Row::about(const char* figure, Value value, double book, double margin, const char* unit) {
  return mean(figure, value, book, book - margin, book + margin, unit);
}
Row& Row::best(const char* figure, Value value, double book, double margin) {
  figures.push_back({figure, value, book, {Band::best, book - margin, book + margin}, " %"});
  return *this;
}
Row& Row::each(const char* figure, Value value, std::optional<double> book, double low,
               double high) {
  figures.push_back({figure, value, book, {Band::each, low, high}, " %"});
  return *this;
}
Row& Row::share(const char* figure, Value value, std::optional<double> book, double reaches,
                double low, double high) {
  figures.push_back({figure, value, book, {Band::share, low, high, reaches}, " %"});
  return *this;
}

double peak(const Outcome& o) { return *std::max_element(o.accuracy.begin(), o.accuracy.end()); }
double first(const Outcome& o) { return o.accuracy.front(); }
double last(const Outcome& o) { return o.accuracy.back(); }
double test_at_best(const Outcome& o) { return o.test; }
double training_accuracy(const Outcome& o) { return accuracy(o.net, *o.images); }
double training_cost(const Outcome& o) {
  const Settings& s = *o.settings;
  double total = 0, squares = 0;
  for (const auto [x, labels] : datasets::in_order(*o.images))
    total += static_cast<double>(labels.size()) * cost(s.program, o.net(x), labels).item();
  for (const Parameter& p : o.net.parameters())
    if (p.shape().rank() > 1) squares += sum(square(p.tensor())).item();
  return (total + s.lambda / 2 * squares) / static_cast<double>(o.images->count);
}

const std::vector<Row>& rows() {
  static const std::vector<Row> all = [] {
    std::vector<Row> rows;
    for (auto chapter : {chapter1, chapter3, chapter5, chapter6, three_blue_one_brown, quick})
      for (Row& row : chapter()) rows.push_back(std::move(row));
    return rows;
  }();
  return all;
}

const Row& row(const std::string& name) {
  for (const Row& row : rows())
    if (row.name == name) return row;
  throw std::runtime_error("there is no row '" + name + "'; 'book list' shows them");
}
