// Private: what a metric gathers from its batches.
#pragma once
#include <autograd/state_dict.hpp>
#include <cstdint>
#include <map>
#include <optim/exact_sum.hpp>
#include <string>
#include <vector>

namespace xtape::optim {

/// Counts and exact sums, which merge by addition, and scores, which are kept. A size 0 of a shape stands for the
/// number of columns, which the first batch tells.
class Gathered {
 public:
  template <class T>
  struct Table {
    Table() = default;
    Table(const Shape& s) : shape(s), values(static_cast<std::size_t>(s.size())) {}
    T& operator[](std::int64_t i) { return values[static_cast<std::size_t>(i)]; }
    const T& operator[](std::int64_t i) const { return values[static_cast<std::size_t>(i)]; }
    Shape shape;
    std::vector<T> values;
  };
  std::map<std::string, Table<std::int64_t>> counts;
  std::map<std::string, Table<ExactSum>> sums;
  /// Of each batch, (samples, columns): float64, and uint8 that is 1 where a sample is of a column's class.
  Tensors scores, marks;
  bool keeps_scores = false;
  std::int64_t columns = 0;

  /// Takes note of how many columns a batch has. Throws when those before had another number.
  void meet(const std::string& op, const Tensor& output, std::int64_t columns);
  /// Throws when their columns differ.
  void merge(const std::string& op, const Gathered& other);
  StateDict state_dict() const;
  /// What such values say, for a metric that begins with this. Throws when they do not fit.
  Gathered loaded(const std::string& op, const StateDict& values) const;

 private:
  Shape resolved(const Shape& shape) const;
  std::int64_t columns_of(const StateDict& values) const;
  void resize(std::int64_t columns);
};

}  // namespace xtape::optim
