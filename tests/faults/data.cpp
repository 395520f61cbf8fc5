#include "data.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <autograd/ops.hpp>
#include <datasets/mnist.hpp>

#include "generators.hpp"
#include "subject.hpp"

using namespace xtape;

namespace {

// A table of numbers by rows.
struct Table {
  std::vector<float> values;
  std::int64_t rows = 0;
  std::vector<std::int64_t> shape;  // of a row
  std::int64_t width() const { return static_cast<std::int64_t>(values.size()) / rows; }
  float* row(std::int64_t i) { return values.data() + i * width(); }
  Tensor tensor() const {
    std::vector<std::int64_t> all = {rows};
    all.insert(all.end(), shape.begin(), shape.end());
    return xtape::tensor(values, Shape(all));
  }
};

// Rows `from` … `to` - 1 of an order.
Table part(Table& table, const std::vector<std::int64_t>& order, std::int64_t from, std::int64_t to) {
  Table result{{}, to - from, table.shape};
  for (std::int64_t i = from; i < to; ++i) {
    const float* row = table.row(order[static_cast<std::size_t>(i)]);
    result.values.insert(result.values.end(), row, row + table.width());
  }
  return result;
}

std::vector<std::int64_t> shuffled(std::int64_t n, std::uint64_t seed) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  RandomStream random(seed);
  for (std::int64_t i = 0; i < n; ++i) order[static_cast<std::size_t>(i)] = i;
  for (std::int64_t i = n; i > 1; --i)
    std::swap(order[static_cast<std::size_t>(i - 1)], order[static_cast<std::size_t>(random.integer(i))]);
  return order;
}

using Pair = std::pair<Table, Table>;  // inputs and targets

// The first MNIST images to train or to test with: "mnist", "two_digits" those of 3 and 5, "odd_digits" labelled by
// whether they are odd.
Pair digits(const std::string& name, std::int64_t rows, bool test) {
  static const datasets::Mnist mnist = datasets::mnist();
  const datasets::Images& images = test ? mnist.test : mnist.train;
  Pair pair{Table{{}, rows, {1, 28, 28}}, Table{{}, rows, {1}}};
  for (std::int64_t i = 0, taken = 0; taken < rows; ++i) {
    if (i == images.count) throw std::runtime_error("there are too few digits");
    const std::uint8_t label = images.labels[static_cast<std::size_t>(i)];
    if (name == "two_digits" && label != 3 && label != 5) continue;
    const auto begin = images.pixels.begin() + i * 784;
    pair.first.values.insert(pair.first.values.end(), begin, begin + 784);
    pair.second.values.push_back(name == "mnist" ? label : name == "odd_digits" ? label % 2 : label == 5);
    ++taken;
  }
  return pair;
}

Pair irises() {
  std::ifstream file(XTAPE_FAULTS_DIR "/iris.csv");
  Pair pair{Table{{}, 150, {4}}, Table{{}, 150, {1}}};
  for (std::string line; std::getline(file, line);) {
    if (line[0] == '#') continue;
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');) pair.first.values.push_back(std::stof(cell));
    pair.second.values.push_back(pair.first.values.back());
    pair.first.values.pop_back();
  }
  if (pair.second.values.size() != 150) throw std::runtime_error("iris.csv: expected 150 irises");
  return pair;
}

Pair generated(const std::string& name, std::int64_t rows) {
  if (generators().count(name) == 0) throw std::runtime_error("there is no data '" + name + "'");
  const Generator& g = generators().at(name);
  Pair pair{Table{{}, rows, g.shape}, Table{{}, rows, {g.targets}}};
  pair.first.values.resize(static_cast<std::size_t>(rows * Shape(g.shape).size()));
  pair.second.values.resize(static_cast<std::size_t>(rows * g.targets));
  RandomStream random(7);
  for (std::int64_t i = 0; i < rows; ++i) g.row(random, i, rows, pair.first.row(i), pair.second.row(i));
  return pair;
}

// f(column, number) for each number, where the column's mean, standard deviation, least and largest number in `of` are
// known.
struct Column {
  double mean = 0, stddev = 0, least = 0, most = 0;
};
template <class F>
void each_column(const Table& of, std::vector<Table*> tables, F f) {
  const auto width = static_cast<std::size_t>(of.width());
  std::vector<Column> columns(width);
  for (std::size_t c = 0; c < width; ++c) {
    Column& column = columns[c];
    column.least = column.most = of.values[c];
    for (std::size_t i = c; i < of.values.size(); i += width) {
      const double v = of.values[i];
      column.mean += v / static_cast<double>(of.rows);
      column.least = std::min(column.least, v), column.most = std::max(column.most, v);
    }
    double squares = 0;
    for (std::size_t i = c; i < of.values.size(); i += width) squares += std::pow(of.values[i] - column.mean, 2);
    column.stddev = std::sqrt(squares / static_cast<double>(of.rows));
  }
  for (Table* table : tables)
    for (std::size_t i = 0; i < table->values.size(); ++i)
      table->values[i] = static_cast<float>(f(columns[i % width], static_cast<double>(table->values[i])));
}

double ratio(double a, double b) { return b == 0 ? 0 : a / b; }

// "x:std" and its like.
void rescale(const std::string& how, Table& train, Table& test) {
  const Table of = train;
  const auto each = [&](auto f) { each_column(of, {&train, &test}, f); };
  const double by = how[0] == '/' || how[0] == '*' ? number_of(how.substr(1)) : 0;
  if (how[0] == '/') each([&](const Column&, double v) { return v / by; });
  else if (how[0] == '*') each([&](const Column&, double v) { return v * by; });
  else if (how == ":std") each([](const Column& c, double v) { return ratio(v - c.mean, c.stddev); });
  else if (how == ":01") each([](const Column& c, double v) { return ratio(v - c.least, c.most - c.least); });
  else if (how == ":pm1") each([](const Column& c, double v) { return 2 * ratio(v - c.least, c.most - c.least) - 1; });
  else if (how == ":max") each([](const Column& c, double v) { return v / c.most; });
  else if (how == ":shift") each([](const Column& c, double v) { return (v - c.most) / c.most; });
  else if (how.compare(0, 6, ":floor") == 0) {
    const double n = number_of(how.substr(6));
    each_column(of, {&train}, [&](const Column&, double v) { return std::floor(v / n); });
  } else throw std::runtime_error("there is no change '" + how + "' of data");
}

// What is done to those to train with alone.
void spoil(const std::string& how, Pair& train) {
  auto& [x, t] = train;
  if (how == "misaligned") {  // inputs are shuffled, their targets are not
    x = part(x, shuffled(x.rows, 3), 0, x.rows);
  } else if (how ==
             "unbalanced") {  // of the first class all are kept, of each further one half as many as of that before
    std::vector<std::int64_t> kept;
    std::map<int, std::int64_t> seen;
    for (std::int64_t i = 0; i < x.rows; ++i) {
      const int label = static_cast<int>(t.row(i)[0]);
      if (seen[label]++ % (std::int64_t(1) << label) == 0) kept.push_back(i);
    }
    const auto n = static_cast<std::int64_t>(kept.size());
    x = part(x, kept, 0, n), t = part(t, kept, 0, n);
  } else {  // "distorted": noise of the inputs' own range, and a box of random place and half their size is erased
    const float most = *std::max_element(x.values.begin(), x.values.end());
    const std::int64_t h = x.shape[1], w = x.shape[2];
    RandomStream random(5);
    for (std::int64_t i = 0; i < x.rows; ++i) {
      const std::int64_t top = random.integer(h / 2), left = random.integer(w / 2);
      for (std::int64_t k = 0; k < h * w; ++k) {
        const std::int64_t r = k / w - top, c = k % w - left;
        float& v = x.row(i)[k];
        v += most * static_cast<float>(random.normal());
        if (r >= 0 && r < h / 2 && c >= 0 && c < w / 2) v = most * static_cast<float>(random.uniform());
      }
    }
  }
}

}  // namespace

Data make_data(const std::string& text) {
  const std::vector<std::string> words = words_of(text);
  const std::string& name = words.at(0);
  const auto slash = words.at(1).find('/');
  const auto rows = static_cast<std::int64_t>(number_of(words[1].substr(0, slash)));
  const auto tests = slash == std::string::npos ? 0 : static_cast<std::int64_t>(number_of(words[1].substr(slash + 1)));
  Pair train, test;
  if (name == "mnist" || name == "two_digits" || name == "odd_digits") {
    train = digits(name, rows, false), test = digits(name, tests, true);
  } else {
    Pair all = name == "iris" ? irises() : generated(name, rows + tests);
    const auto order = shuffled(rows + tests, 1);
    const std::int64_t from = tests == 0 ? 0 : rows;
    train = {part(all.first, order, 0, rows), part(all.second, order, 0, rows)};
    test = {part(all.first, order, from, rows + tests), part(all.second, order, from, rows + tests)};
  }
  const auto finish = [](const Pair& pair, const std::string& how) {
    const Tensor t = pair.second.tensor();
    if (how.empty()) return t;
    const Tensor labels = reshape(t, {-1}).to(int64);
    return how == "int" ? labels : one_hot(labels, static_cast<std::int64_t>(number_of(how.substr(6))));
  };
  std::string labels;
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "misaligned" || word == "unbalanced" || word == "distorted") spoil(word, train);
    else if (word == "y:int" || word.compare(0, 8, "y:onehot") == 0) labels = word.substr(2);
    else if (word[0] == 'x') rescale(word.substr(1), train.first, test.first);
    else if (word[0] == 'y') rescale(word.substr(1), train.second, test.second);
    else throw std::runtime_error("there is no change '" + word + "' of data");
  }
  return {train.first.tensor(), finish(train, labels), test.first.tensor(), finish(test, labels)};
}
