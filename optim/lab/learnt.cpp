#include "learnt.hpp"

#include <algorithm>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/loss.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/ops/unary.hpp>
#include <cmath>
#include <map>
#include <vector>

namespace xtape::lab {
namespace {

// 0 and 1 alone.
bool is_binary(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return v == 0 || v == 1; });
}

// Each row has one 1.
bool is_one_hot(const std::vector<double>& values, std::size_t columns) {
  for (std::size_t i = 0; i < values.size(); i += columns) {
    double sum = 0;
    for (std::size_t j = 0; j < columns; ++j) sum += values[i + j];
    if (sum != 1) return false;
  }
  return true;
}

double share(double wrong, double wrong_of_constant) { return 1 - wrong / wrong_of_constant; }

std::optional<double> of_labels(const std::vector<double>& scores, const std::vector<std::int64_t>& labels) {
  const std::size_t n = labels.size(), classes = scores.size() / n;
  std::map<std::int64_t, std::size_t> counts;
  std::size_t right = 0, most = 0;
  for (std::size_t i = 0; i < n; ++i) {
    most = std::max(most, ++counts[labels[i]]);
    const auto row = scores.begin() + static_cast<std::ptrdiff_t>(i * classes);
    // Of equal scores, such as those of a model that gives nan, none is right.
    const auto best = std::max_element(row, row + static_cast<std::ptrdiff_t>(classes));
    right += best - row == labels[i] && std::count(row, row + static_cast<std::ptrdiff_t>(classes), *best) == 1;
  }
  if (most == n) return std::nullopt;
  return share(static_cast<double>(n - right), static_cast<double>(n - most));
}

// Scores and targets of 0 and 1 in columns; a score is a yes above 1/2 where it is a probability, above 0 where it is
// not: whichever is better.
std::optional<double> of_yes_or_no(const std::vector<double>& scores, const std::vector<double>& targets,
                                   std::size_t columns) {
  double fewest = 0, mistakes[2] = {0, 0};
  for (std::size_t j = 0; j < columns; ++j) {
    double ones = 0, n = 0;
    for (std::size_t i = j; i < targets.size(); i += columns) {
      ones += targets[i], n += 1;
      mistakes[0] += (scores[i] > 0.5) != (targets[i] == 1);
      mistakes[1] += (scores[i] > 0) != (targets[i] == 1);
    }
    fewest += std::min(ones, n - ones);
  }
  if (fewest == 0) return std::nullopt;
  return share(std::min(mistakes[0], mistakes[1]), fewest);
}

std::optional<double> of_numbers(const std::vector<double>& y, const std::vector<double>& t, std::size_t columns) {
  double errors = 0, variance = 0;
  const auto n = static_cast<double>(t.size() / columns);
  for (std::size_t j = 0; j < columns; ++j) {
    double mean = 0;
    for (std::size_t i = j; i < t.size(); i += columns) mean += t[i] / n;
    for (std::size_t i = j; i < t.size(); i += columns) {
      variance += (t[i] - mean) * (t[i] - mean);
      errors += (y[i] - t[i]) * (y[i] - t[i]);
    }
  }
  if (!(variance > 0)) return std::nullopt;
  return std::isfinite(errors) ? share(errors, variance) : -1e9;
}

}  // namespace

std::optional<Compared> compared(const Tensor& output, const Tensor& target) {
  if (!output.defined() || !target.defined() || !is_floating(output.dtype()) || output.rank() == 0) return std::nullopt;
  const Tensor y = output.detach(), t = target.detach();
  if (!is_floating(t.dtype()) && y.size() > t.size() && t.size() > 0 && y.size() % t.size() == 0) {
    const std::int64_t classes = y.size() / t.size();
    const Shape& s = y.shape();
    if (s[s.rank() - 1] == classes) return Compared{Task::classes, reshape(output, {t.size(), classes}), flatten(t)};
    return std::nullopt;
  }
  if (y.size() != t.size()) return std::nullopt;
  const bool columns = y.rank() > 1 && y.shape()[y.rank() - 1] > 1;
  const std::int64_t width = columns ? y.shape()[y.rank() - 1] : 1;
  const auto values = t.to_vector<double>();
  const Tensor same = reshape(is_floating(t.dtype()) ? t : t.to(y.dtype()), {t.size() / width, width});
  const Tensor out = reshape(output, {t.size() / width, width});
  if (!is_binary(values)) return Compared{Task::numbers, out, same};
  if (columns && is_one_hot(values, static_cast<std::size_t>(width))) return Compared{Task::one_hot, out, same};
  return Compared{Task::yes_or_no, out, same};
}

std::optional<double> learnt(const Compared& c) {
  const auto y = c.output.detach().to_vector<double>();
  const auto columns = static_cast<std::size_t>(c.output.shape()[1]);
  switch (c.task) {
    case Task::classes: return of_labels(y, c.target.to_vector<std::int64_t>());
    case Task::one_hot: return of_labels(y, argmax(c.target, 1).to_vector<std::int64_t>());
    case Task::yes_or_no: return of_yes_or_no(y, c.target.to_vector<double>(), columns);
    case Task::numbers: return of_numbers(y, c.target.to_vector<double>(), columns);
  }
  return std::nullopt;
}

Tensor fitting_cost(Task task, const Tensor& scores, const Tensor& target) {
  switch (task) {
    case Task::classes: return cross_entropy(scores, target);
    case Task::one_hot: return cross_entropy(scores, argmax(target, 1));
    case Task::yes_or_no: return binary_cross_entropy_with_logits(scores, target);
    case Task::numbers: break;
  }
  return mean(square(scores - target));
}

}  // namespace xtape::lab
