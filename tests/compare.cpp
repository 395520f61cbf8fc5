#include "compare.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

namespace compare {

using Json = nlohmann::json;

namespace {
Tensor weights(const Shape& shape, std::int64_t shift) {
  std::vector<double> w(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < w.size(); ++i)
    w[i] = static_cast<double>((7 * static_cast<std::int64_t>(i) + 3 + shift) % 13 - 6) / 8;
  return tensor(w, shape);
}
}  // namespace

Tensors gradients(const Tensor& scalar, const Tensors& x, GradFlags flags) {
  Tensors targets;
  for (const Tensor& t : x)
    if (t.is_recorded()) targets.push_back(t);
  Tensors g(targets.size());
  if (scalar.is_recorded()) g = grad(scalar, targets, flags | allow_unused);
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

Json parity_file(const std::string& subject) {
  std::ifstream file(XTAPE_TEST_DIR "/parity/" + subject + ".json");
  REQUIRE(file);
  return Json::parse(file);
}

void check_entry(const Json& entry, const Tensor& y, const Tensors& x, double bound, int order) {
  const Tensor expected = unpacked(entry["value"]);
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
    if (order < 2) continue;
    const std::string again = difference(second[i].to(float64), unpacked(entry["second"][i]), bound);
    CHECK_MESSAGE(again == "", "the second-order gradient: ", again);
  }
}

}  // namespace compare
