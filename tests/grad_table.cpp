#include "grad_table.hpp"

#include <cmath>
#include <iostream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "compare.hpp"
#include "support.hpp"

namespace grad_table {
namespace {

using compare::difference;
using compare::gradients;

RandomGenerator& generator() {
  static RandomGenerator g(7);
  return g;
}

Tensors leaves(const Tensors& inputs, Dtype dtype) {
  Tensors x;
  for (const Tensor& t : inputs) x.push_back(is_floating(t.dtype()) ? t.to(dtype).requires_grad() : t);
  return x;
}

GradcheckOptions options(const Row& row) {
  GradcheckOptions o;
  o.order = row.bounds.order;
  o.tolerance = row.bounds.tolerance;
  return o;
}

bool passes(const Row& row, const Tensors& inputs) {
  try {
    gradcheck(row.f, inputs, options(row));
    return true;
  } catch (const Error&) {
    return false;
  }
}

// The same function of inputs that reach it as views: the second slice of a tensor twice as large, and transposed.
Row through_views(const Row& row) {
  Function f = [f = row.f](const Tensors& x) {
    Tensors views;
    for (const Tensor& t : x) views.push_back(t.rank() >= 3 ? transpose(t[1]) : t[1]);
    return f(views);
  };
  Tensors inputs;
  for (const Tensor& t : row.cases[0]) {
    std::vector<double> twice(static_cast<std::size_t>(t.size()), 0.75);
    const Tensor straight = t.rank() >= 2 ? transpose(t) : t;
    for (double v : straight.to_vector<double>()) twice.push_back(v);
    Shape shape{2};
    for (std::int64_t n : straight.shape()) shape.push_back(n);
    inputs.push_back(tensor(twice, shape));
  }
  return {row.op, f, {inputs}, row.bounds};
}

// The same function with gradients that are wrong by one thousandth.
Row wrong(const Row& row) {
  Function f = [f = row.f](const Tensors& x) {
    Tensors hooked;
    for (const Tensor& t : x)
      hooked.push_back(is_floating(t.dtype()) ? hook(t, [](const Tensor& g) { return g * 1.001; }) : t);
    return f(hooked);
  };
  return {row.op, f, row.cases, row.bounds};
}

}  // namespace

Tensor real(const Shape& shape, double low, double high) { return uniform(shape, low, high, float64, generator()); }
Tensor plain(const Shape& shape) { return real(shape); }
Tensor positive(const Shape& shape) { return real(shape, 0.5, 3); }
Tensor unit(const Shape& shape) { return real(shape, -0.9, 0.9); }
Tensor nonzero(const Shape& shape) {
  const Tensor x = real(shape);
  return where(x < 0, x - 0.3, x + 0.3);
}
Tensor distinct(const Shape& shape) {
  const Tensor order = permutation(shape.size(), generator()).to(float64);
  return reshape((order - 0.5 * static_cast<double>(shape.size())) * 0.1, shape);
}

std::vector<Tensors> one(Draw draw) {
  std::vector<Tensors> cases;
  for (const Shape& s :
       {Shape{3, 4}, Shape{}, Shape{1}, Shape{0}, Shape{11}, Shape{2, 0, 3}, Shape{2, 3, 1, 2}, Shape{2, 1, 2, 1, 3}})
    cases.push_back({draw(s)});
  return cases;
}

std::vector<Tensors> two(Draw a, Draw b) {
  const std::vector<std::pair<Shape, Shape>> shapes = {
      {{3, 4}, {3, 4}},    {{}, {}},         {{3, 4}, {4}},          {{4}, {3, 4}},
      {{3, 4}, {3, 1}},    {{3, 1}, {1, 4}}, {{3, 4}, {}},           {{1}, {2, 3}},
      {{2, 3, 4}, {3, 1}}, {{0, 3}, {1, 3}}, {{2, 1, 3}, {1, 4, 1}}, {{2, 1, 2}, {1, 2, 1, 1, 2}}};
  std::vector<Tensors> cases;
  for (auto& [p, q] : shapes) cases.push_back({a(p), b(q)});
  return cases;
}

void check_gradients(const Table& table) {
  for (const Row& row : table) {
    const std::string op = row.op;
    CAPTURE(op);
    REQUIRE(!row.cases.empty());
    std::vector<std::int64_t> alive(row.cases[0].size());
    for (const Tensors& inputs : row.cases) {
      CAPTURE(inputs[0].shape());
      REQUIRE(inputs.size() == alive.size());
      CHECK_NOTHROW(gradcheck(row.f, inputs, options(row)));
      const Tensors x = leaves(inputs, float64);
      const Tensor y = row.f(x);
      const Tensors g = gradients(sum(y * real(y.shape(), 0.5, 1.5)), x, grad_defaults);
      for (std::size_t i = 0; i < g.size(); ++i) alive[i] += sum(g[i] != 0).item<std::int64_t>();
    }
    for (std::int64_t n : alive) CHECK((row.bounds.zero ? n == 0 : n >= 10));
    CHECK_NOTHROW(gradcheck(through_views(row).f, through_views(row).cases[0], options(row)));
    if (row.bounds.zero) continue;

    bool seen = false;
    for (const Tensors& inputs : row.cases)
      if ((seen = !passes(wrong(row), inputs))) break;
    CHECK_MESSAGE(seen, "a gradient wrong by 1/1000 passes");
  }
}

void check_variants(const Table& table) {
  for (const Row& row : table) {
    const std::string op = row.op;
    CAPTURE(op);
    for (const Tensors& inputs : row.cases) {
      auto of = [&](Dtype dtype, GradFlags flags) {
        const Tensors x = leaves(inputs, dtype);
        return gradients(sum(square(row.f(x))), x, flags);
      };
      const Tensors fused = of(float64, grad_defaults), recorded = of(float64, create_graph),
                    narrow = of(float32, grad_defaults);
      for (std::size_t i = 0; i < fused.size(); ++i) {
        CHECK(difference(fused[i], recorded[i], 1e-11) == "");
        CHECK(narrow[i].dtype() == float32);
        CHECK(difference(narrow[i].to(float64), fused[i], row.bounds.narrow) == "");
      }
    }
  }
}

void check_programs(const Table& table) {
  for (const Row& row : table) {
    const std::string op = row.op;
    CAPTURE(op);
    const Tensors& inputs = row.cases[0];
    auto derive = [&](const Function& f, const Tensors& in) {
      manual_seed(1);
      const Tensors x = leaves(in, float64);
      Tensors results{f(x)};
      for (const Tensor& g : gradients(sum(square(results[0])), x, grad_defaults)) results.push_back(g);
      return results;
    };
    const Tensors expected = derive(row.f, inputs);
    auto check = [&](const Tensors& found) {
      for (std::size_t i = 0; i < found.size(); ++i) CHECK(same_bits(found[i], expected[i]));
    };
    manual_seed(1);
    check({row.f(inputs)});
    manual_seed(1);
    check({no_grad([&] { return row.f(leaves(inputs, float64)); })});
    check(derive([&](const Tensors& x) { return checkpoint(row.f, x); }, inputs));
    Tensors others;
    for (const Tensor& t : inputs) others.push_back(is_floating(t.dtype()) ? t * 0.95 : t);
    check(record([&](const Tensors& x) { return derive(row.f, x); }, others)(inputs));
  }
}

namespace {

using Json = nlohmann::json;

void check_row(const Row& row, const Json& entry, Dtype dtype, double bound) {
  CAPTURE(dtype);
  Tensors inputs;
  for (const Json& j : entry["inputs"]) inputs.push_back(compare::unpacked(j));
  const Tensors x = leaves(inputs, dtype);
  compare::check_entry(entry, row.f(x), x, bound, row.bounds.order);
}

void check_part(const Table& table, const Json& entries) {
  for (const auto& item : entries.items()) {
    const std::string& name = item.key();
    CAPTURE(name);
    const Row* row = nullptr;
    for (const Row& r : table)
      if (r.op == name) row = &r;
    REQUIRE_MESSAGE(row, "the file has a row that the table has not");
    check_row(*row, item.value(), float64, row->bounds.parity);
    check_row(*row, item.value(), float32, row->bounds.parity_narrow);
  }
}

}  // namespace

namespace {
std::vector<Subject>& entered() {
  static std::vector<Subject> all;
  return all;
}
}  // namespace

Listed::Listed(const char* subject, const Table& table, const Table& values_only) {
  entered().push_back({subject, &table, values_only});
}
const std::vector<Subject>& subjects() { return entered(); }

TEST_CASE("list of the tables" * doctest::skip()) {
  CHECK_FALSE(subjects().empty());
  for (const Subject& s : subjects()) {
    for (const Row& row : *s.table)
      std::cout << "row: " << s.name << (row.bounds.zero ? " zero " : " order ") << row.bounds.order << " " << row.op
                << "\n";
    for (const Row& row : s.values_only) std::cout << "row: " << s.name << " values 0 " << row.op << "\n";
  }
}

void check_parity(const char* subject, const Table& table, const Table& values_only) {
  const Json all = compare::parity_file(subject);
  check_part(table, all["rows"]);
  check_part(values_only, all["values_only"]);
  CHECK(!all["rows"].empty());
}

}  // namespace grad_table
