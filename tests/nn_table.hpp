// The table of layers, activations and costs that the tests check, and the checks. A file tests/SUBJECT.cpp holds the
// rows of its subject and runs all checks over them with XTAPE_CHECK_LAYERS; the numbers are those of
// parity/SUBJECT.json.
#pragma once
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>
#include <xtape.hpp>

namespace nn_table {

using namespace xtape;
using Function = std::function<Tensor(const Tensors&)>;

/// A module of its own, and what is computed with it from the inputs; a function has none.
struct Layer {
  std::shared_ptr<nn::ModuleBase> module;
  Function f;
};

/// What a row may ask for where the general bounds are not for it; say why beside the row.
struct Bounds {
  double parity = 1e-9;         ///< to the independent implementation in float64, relative to the largest element
  double parity_narrow = 2e-5;  ///< the same in float32
  int parity_order = 2;         ///< of the derivatives that the independent implementation has
  bool differences = true;      ///< whether gradcheck applies: not where buffers carry values past the tape
  bool replays = true;          ///< whether a recording takes it: not where it reads values
};

/// One configuration of a layer, activation or cost: the first word of its name is that in xtape::nn; what follows
/// tells several rows apart. The inputs come from the row of that name in parity/SUBJECT.json: first those of the
/// function, then the parameters' values in the order of `named_parameters()`. Buffers and mode are as `make` left
/// them, and the seed is the same, at every call.
struct Row {
  const char* name;
  std::function<Layer()> make;
  Bounds bounds = {};
};
using Table = std::vector<Row>;

/// `f(module, inputs)`, for a module with several inputs or outputs.
template <class M, class F>
Row row(const char* name, const M& module, F f, Bounds bounds = {}) {
  auto make = [=]() -> Layer {
    auto own = std::make_shared<M>(module.clone());
    return {own, [own, f](const Tensors& x) { return f(*own, x); }};
  };
  return {name, make, bounds};
}
/// `module(input)`.
template <class M>
Row row(const char* name, const M& module, Bounds bounds = {}) {
  return row(
      name, module, [](const M& m, const Tensors& x) { return m(x[0]); }, bounds);
}
/// A function of tensors without parameters.
inline Row function(const char* name, Function f, Bounds bounds = {}) {
  return {name, [f = std::move(f)]() -> Layer { return {nullptr, f}; }, bounds};
}
/// Outputs of a module as one: flattened and joined.
Tensor joined(const Tensors& outputs);

/// Value, gradients of inputs and parameters, and second-order gradients against the file, which has these rows and no
/// others; and against differences, by `gradcheck`. And the same bits without recording, in a replay of other inputs
/// and in a checkpoint.
void check_layers(const char* subject, const Table& table);

/// Calls `visit(subject, row's name, y, leaves)` for each row of all tables in a dtype: y() is its value at the inputs
/// of the file, the same at every call, and the leaves are these inputs and the parameters.
using Visit =
    std::function<void(const std::string&, const std::string&, const std::function<Tensor()>&, const Tensors&)>;
void visit_rows(Dtype dtype, const Visit& visit);

/// Enters a subject's table into the list that scripts/layers and scripts/checksums read.
struct Listed {
  Listed(const char* subject, const Table& table);
};

}  // namespace nn_table

/// Runs all checks over a subject's table.
#define XTAPE_CHECK_LAYERS(subject, table)                                                              \
  static const nn_table::Listed listed(subject, table);                                                 \
  TEST_CASE("gradients of " subject " agree with an independent implementation and with differences") { \
    nn_table::check_layers(subject, table);                                                             \
  }
