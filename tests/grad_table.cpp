#include "grad_table.hpp"

#include <autograd/engine.hpp>
#include <cmath>
#include <fstream>
#include <iostream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

namespace grad_table {
namespace {

Generator& generator() {
  static Generator g(7);
  return g;
}

// What the Python side calls weights: multiples of 1/8 in [-6/8, 6/8].
Tensor weights(const Shape& shape, std::int64_t shift) {
  std::vector<double> w(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < w.size(); ++i)
    w[i] = static_cast<double>((7 * static_cast<std::int64_t>(i) + 3 + shift) % 13 - 6) / 8;
  return tensor(w, shape);
}

Tensors leaves(const Tensors& inputs, Dtype dtype) {
  Tensors x;
  for (const Tensor& t : inputs) x.push_back(is_floating(t.dtype()) ? t.to(dtype).requires_grad() : t);
  return x;
}

// The gradients of `total` for the floating inputs, zeros where it depends on none of an input's elements.
Tensors gradients(const Tensor& total, const Tensors& x, GradFlags flags) {
  Tensors targets;
  for (const Tensor& t : x)
    if (t.is_recorded()) targets.push_back(t);
  Tensors g(targets.size());
  if (total.is_recorded()) g = grad(total, targets, flags | allow_unused);
  for (std::size_t i = 0; i < g.size(); ++i)
    if (!g[i].defined()) g[i] = zeros(targets[i].shape(), targets[i].dtype());
  return g;
}

Tensor weighted(const Tensor& y, std::int64_t shift) { return sum(y * weights(y.shape(), shift).to(y.dtype())); }
Tensor total(const Tensors& parts) {
  Tensor sum = zeros({}, parts.empty() ? float64 : parts[0].dtype());
  for (std::size_t i = 0; i < parts.size(); ++i) sum += weighted(parts[i], 5 + static_cast<std::int64_t>(i));
  return sum;
}

// "" where they agree to `bound` of the largest element, else what differs.
std::string difference(const Tensor& a, const Tensor& b, double bound) {
  if (a.shape() != b.shape()) return "shape " + to_string(a.shape()) + ", not " + to_string(b.shape());
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  double largest = 0;
  for (double v : y)
    if (std::isfinite(v)) largest = std::max(largest, std::abs(v));
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool same = x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]));
    if (!same && !(std::abs(x[i] - y[i]) <= bound * largest))
      return "element " + std::to_string(i) + " is " + std::to_string(x[i]) + ", not " + std::to_string(y[i]) +
             ", off by " + std::to_string(std::abs(x[i] - y[i]) / largest / bound) + " times the bound";
  }
  return "";
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

    rule_gradient_scale = 1.001;
    bool seen = false;
    for (const Tensors& inputs : row.cases)
      if ((seen = !passes(row, inputs))) break;
    rule_gradient_scale = 1;
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

namespace {

using Json = nlohmann::json;

Tensor unpacked(const Json& j) {
  Shape shape;
  for (std::int64_t n : j["shape"]) shape.push_back(n);
  const std::string dtype = j["dtype"];
  if (dtype == "float64") {
    std::vector<double> v;
    for (const Json& e : j["values"]) v.push_back(e.is_string() ? std::stod(e.get<std::string>()) : e.get<double>());
    return tensor(v, shape);
  }
  std::vector<std::int64_t> v;
  for (const Json& e : j["values"]) v.push_back(e.is_boolean() ? e.get<bool>() : e.get<std::int64_t>());
  return tensor(v, shape).to(dtype == "boolean" ? boolean : int64);
}

void check_entry(const Row& row, const Json& entry, Dtype dtype, double bound) {
  CAPTURE(dtype);
  Tensors inputs;
  for (const Json& j : entry["inputs"]) inputs.push_back(unpacked(j));
  const Tensors x = leaves(inputs, dtype);
  const Tensor y = row.f(x), expected = unpacked(entry["value"]);
  CHECK(is_floating(y.dtype()) == is_floating(expected.dtype()));
  CHECK(difference(y.to(float64), expected.to(float64), bound) == "");
  if (!entry.contains("gradients")) return;
  const Tensors g = gradients(weighted(y, 0), x, create_graph);
  const Tensors second = gradients(total(g), x, grad_defaults);
  REQUIRE(g.size() == entry["gradients"].size());
  for (std::size_t i = 0; i < g.size(); ++i) {
    CAPTURE(i);
    const std::string first = difference(g[i].to(float64), unpacked(entry["gradients"][i]), bound);
    CHECK_MESSAGE(first == "", "the gradient: ", first);
    if (row.bounds.order < 2) continue;
    const std::string again = difference(second[i].to(float64), unpacked(entry["second"][i]), bound);
    CHECK_MESSAGE(again == "", "the second-order gradient: ", again);
  }
}

void check_part(const Table& table, const Json& entries) {
  for (const auto& item : entries.items()) {
    const std::string& name = item.key();
    CAPTURE(name);
    const Row* row = nullptr;
    for (const Row& r : table)
      if (r.op == name) row = &r;
    REQUIRE_MESSAGE(row, "the file has a row that the table has not");
    check_entry(*row, item.value(), float64, row->bounds.parity);
    check_entry(*row, item.value(), float32, row->bounds.parity_narrow);
  }
}

}  // namespace

namespace {
std::vector<std::string>& list() {
  static std::vector<std::string> lines;
  return lines;
}
}  // namespace

Listed::Listed(const char* subject, const Table& table, const Table& values_only) {
  for (const Row& row : table)
    list().push_back(std::string(subject) + (row.bounds.zero ? " zero " : " order ") +
                     std::to_string(row.bounds.order) + " " + row.op);
  for (const Row& row : values_only) list().push_back(std::string(subject) + " values 0 " + row.op);
}

TEST_CASE("list of the tables" * doctest::skip()) {
  for (const std::string& line : list()) std::cout << "row: " << line << "\n";
  CHECK_FALSE(list().empty());
}

void check_parity(const char* subject, const Table& table, const Table& values_only) {
  std::ifstream file(std::string(XTAPE_TEST_DIR "/parity/") + subject + ".json");
  REQUIRE(file);
  const Json all = Json::parse(file);
  check_part(table, all["rows"]);
  check_part(values_only, all["values_only"]);
  CHECK(!all["rows"].empty());
}

}  // namespace grad_table
