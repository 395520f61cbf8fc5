#include "gathered.hpp"

#include <autograd/files/described.hpp>
#include <autograd/ops/join.hpp>
#include <cmath>
#include <cstring>
#include <optim/named_state.hpp>
#include <optim/value.hpp>

namespace xtape::optim {
namespace {

constexpr auto words = static_cast<std::int64_t>(ExactSum::Words().size());

Shape with_words(Shape shape) {
  shape.push_back(words);
  return shape;
}

Tensor joined(const Tensors& parts, std::int64_t columns, Dtype dtype) {
  return parts.empty() ? zeros({0, columns}, dtype) : concat(parts);
}

std::int64_t size_of_axis(const StateDict& values, const std::string& name, int axis) {
  const auto found = values.find(name);
  return found == values.end() || !found->second.defined() || found->second.rank() <= axis
             ? 0
             : found->second.shape()[axis];
}

}  // namespace

Shape Gathered::resolved(const Shape& shape) const {
  Shape s = shape;
  for (int i = 0; i < s.rank(); ++i)
    if (s[i] == 0) s[i] = columns;
  return s;
}

void Gathered::resize(std::int64_t n) {
  columns = n;
  for (auto& [name, table] : counts) table.values.resize(static_cast<std::size_t>(resolved(table.shape).size()));
  for (auto& [name, table] : sums) table.values.resize(static_cast<std::size_t>(resolved(table.shape).size()));
}

void Gathered::meet(const std::string& op, const Tensor& output, std::int64_t n) {
  if (columns != 0 && columns != n)
    fail(op, "the output is " + described(output) + ", of " + std::to_string(n) + " columns; there were " +
                 std::to_string(columns) + " before");
  if (columns == 0) resize(n);
}

void Gathered::merge(const std::string& op, const Gathered& other) {
  if (columns != 0 && other.columns != 0 && columns != other.columns)
    fail(op, "there are " + std::to_string(columns) + " columns here and " + std::to_string(other.columns) +
                 " in what is to be merged");
  if (columns == 0) resize(other.columns);
  for (auto& [name, table] : counts) {
    const auto& added = other.counts.at(name).values;
    for (std::size_t i = 0; i < added.size(); ++i) table.values[i] += added[i];
  }
  for (auto& [name, table] : sums) {
    const auto& added = other.sums.at(name).values;
    for (std::size_t i = 0; i < added.size(); ++i) table.values[i].add(added[i]);
  }
  const Tensors more_scores = other.scores, more_marks = other.marks;  // which may be these
  scores.insert(scores.end(), more_scores.begin(), more_scores.end());
  marks.insert(marks.end(), more_marks.begin(), more_marks.end());
}

StateDict Gathered::state_dict() const {
  StateDict values;
  for (const auto& [name, table] : counts) values[name] = tensor(table.values, resolved(table.shape));
  for (const auto& [name, table] : sums) {
    std::vector<std::int64_t> all;
    for (const ExactSum& sum : table.values) all.insert(all.end(), sum.words().begin(), sum.words().end());
    values[name] = tensor(all, with_words(resolved(table.shape)));
  }
  if (keeps_scores) {
    values["scores"] = joined(scores, columns, float64);
    values["marks"] = joined(marks, columns, uint8);
  }
  return values;
}

// What the first value says that depends on them.
std::int64_t Gathered::columns_of(const StateDict& values) const {
  for (const auto& [name, table] : counts)
    if (table.shape.rank() > 0 && table.shape[0] == 0) return size_of_axis(values, name, 0);
  for (const auto& [name, table] : sums)
    if (table.shape.rank() > 0 && table.shape[0] == 0) return size_of_axis(values, name, 0);
  return keeps_scores ? size_of_axis(values, "scores", 1) : 0;
}

Gathered Gathered::loaded(const std::string& op, const StateDict& values) const {
  StateTaker take(values);
  // Notes the first number that does not fit.
  auto check = [&](const std::string& name, const auto& numbers, auto fits, const char* expected) {
    for (const auto v : numbers)
      if (!fits(v)) return take.note("'" + name + "' holds " + to_string(static_cast<double>(v)) + expected);
  };
  Gathered y = *this;
  y.columns = columns_of(values);
  for (auto& [name, table] : y.counts) {
    const Tensor value = take(name, int64, y.resolved(table.shape));
    if (!value.defined()) continue;
    table.values = value.to_vector<std::int64_t>();
    check(
        name, table.values, [](std::int64_t n) { return n >= 0; }, ", expected counts of at least 0");
  }
  for (auto& [name, table] : y.sums) {
    const Tensor value = take(name, int64, with_words(y.resolved(table.shape)));
    if (!value.defined()) continue;
    std::vector<std::int64_t> seen;
    table.values.clear();
    for (std::int64_t i = 0; i < value.size(); i += words) {
      ExactSum::Words sum;
      std::memcpy(sum.data(), value.data<std::int64_t>() + i, sizeof sum);
      table.values.emplace_back(sum);
      seen.push_back(sum.back());
    }
    check(
        name, seen, [](std::int64_t n) { return n >= 0 && n <= 3; }, " for infinities, expected 0 to 3");
  }
  if (keeps_scores) {
    const Shape shape{size_of_axis(values, "scores", 0), y.columns};
    y.scores = {take("scores", float64, shape)}, y.marks = {take("marks", uint8, shape)};
    if (y.scores[0].defined() && y.marks[0].defined()) {
      check(
          "scores", y.scores[0].to_vector<double>(), [](double v) { return !std::isnan(v); }, ", expected numbers");
      check(
          "marks", y.marks[0].to_vector<int>(), [](int v) { return v < 2; }, ", expected 0 or 1");
    }
  }
  take.done(op.c_str(), {});
  return y;
}

}  // namespace xtape::optim
