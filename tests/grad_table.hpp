// The table of operations that the tests check, and the checks. A file tests/grad_SUBJECT.cpp holds the rows of its
// subject and runs all checks over them with XTAPE_CHECK_TABLE.
#pragma once
#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>
#include <xtape.hpp>

namespace grad_table {

using namespace xtape;
using Function = std::function<Tensor(const Tensors&)>;

/// What a row may ask for where the general bounds are not for it; say why beside the row.
struct Bounds {
  double tolerance = 1e-6;      ///< of gradcheck
  double narrow = 1e-4;         ///< between float32 and float64, relative to the largest element
  double parity = 1e-9;         ///< to the independent implementation in float64, relative to the largest element
  double parity_narrow = 2e-5;  ///< the same in float32
  int order = 2;                ///< of the derivatives that are checked
  bool zero = false;            ///< its gradient is zero wherever it has one (floor, sign): checked to be just that
};

/// One operation: its name is the first word of `op`; what follows tells several rows of one operation apart. `f` takes
/// the differentiable inputs; whatever else it needs it holds. Over all its cases each input needs at least ten
/// elements whose gradient is not zero. What is linear is squared, for a second order that says something.
struct Row {
  const char* op;
  Function f;
  std::vector<Tensors> cases;
  Bounds bounds = {};
};
using Table = std::vector<Row>;

/// Inputs in float64 that are drawn the same way in every run.
Tensor real(const Shape& shape, double low = -2, double high = 2);
Tensor plain(const Shape& shape);     ///< in [-2, 2)
Tensor positive(const Shape& shape);  ///< in [0.5, 3)
Tensor nonzero(const Shape& shape);   ///< in ±[0.3, 2.3), away from a kink or a pole at 0
Tensor unit(const Shape& shape);      ///< in (-0.9, 0.9)
/// Distinct values at least 0.1 apart, in random order: for what sorts or takes a maximum.
Tensor distinct(const Shape& shape);

using Draw = Tensor (*)(const Shape&);
/// The shapes that every unary op is checked on: rank 0 to 5, empty, of size 1.
std::vector<Tensors> one(Draw draw);
/// The pairs of shapes that every binary op is checked on: equal, broadcast either way, empty.
std::vector<Tensors> two(Draw a, Draw b);

/// First and second order against differences over all cases, and over each first case's inputs as they come out of a
/// transpose and a slice; and that a gradient wrong by 1/1000 would be seen.
void check_gradients(const Table& table);
/// Rules that run as one loop against the same rules recorded; float32 against float64.
void check_variants(const Table& table);
/// Values are the same bits whether they are recorded or not, and in a replay of other inputs and a checkpoint,
/// gradients as well.
void check_programs(const Table& table);
/// Values, gradients and second-order gradients against tests/parity/SUBJECT.json. `values_only` names functions
/// without a gradient that the file also has.
void check_parity(const char* subject, const Table& table, const Table& values_only);

/// Enters a subject's tables into the list that scripts/operations and scripts/checksums read.
struct Listed {
  Listed(const char* subject, const Table& table, const Table& values_only);
};
struct Subject {
  const char* name;
  const Table* table;
  Table values_only;  // a copy, for `{}` is one that does not stay
};
const std::vector<Subject>& subjects();

}  // namespace grad_table

/// Runs all checks over a subject's table.
#define XTAPE_CHECK_TABLE(subject, table, values_only)                                                                 \
  static const grad_table::Listed listed(subject, table, values_only);                                                 \
  TEST_CASE("gradients of " subject " agree with differences to second order") { grad_table::check_gradients(table); } \
  TEST_CASE("rules of " subject " agree fused and recorded and in float32") { grad_table::check_variants(table); }     \
  TEST_CASE("values and gradients of " subject " are the same bits recorded and replayed and in a checkpoint") {       \
    grad_table::check_programs(table);                                                                                 \
  }                                                                                                                    \
  TEST_CASE("values and gradients of " subject " agree with an independent implementation") {                          \
    grad_table::check_parity(subject, table, values_only);                                                             \
  }
