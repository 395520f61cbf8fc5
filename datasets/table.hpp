// Tables of numbers, as the readers of text files give them.
#pragma once
#include <autograd/tensor.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace xtape::datasets {

/// Rows of a file, each a sample.
struct Table {
  /// (rows, columns).
  Tensor input;
  /// (rows, 1) numbers in the input's dtype, or (rows,) classes, int64; undefined where no column was asked for.
  Tensor target;
  /// The names of the input's columns, where the file has such.
  std::vector<std::string> columns;
  /// Of a target of classes, what the file calls them.
  std::vector<std::string> classes;
};

/// A column of a file: its name, or its number from 0 on, where negative from the end.
struct Column {
  Column(const char* name) : name(name) {}
  Column(std::string name) : name(std::move(name)) {}
  Column(int number) : number(number) {}
  std::string name;
  std::optional<int> number;
};

}  // namespace xtape::datasets
