#include "accuracy.hpp"

#include <doctest/doctest.h>

#include <cctype>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <limits>
#include <sstream>

namespace accuracy {
namespace {

double from_bits(const std::string& text, Dtype dtype) {
  const std::uint64_t bits = std::stoull(text, nullptr, 16);
  if (dtype == float64) {
    double y;
    std::memcpy(&y, &bits, 8);
    return y;
  }
  const auto narrow = static_cast<std::uint32_t>(bits);
  float y;
  std::memcpy(&y, &narrow, 4);
  return y;
}

// The last place of a number as large as x.
double place_of(double x, Dtype dtype) {
  const int digits = dtype == float64 ? 53 : 24, least = dtype == float64 ? -1021 : -125;
  int exponent = least;
  if (x != 0) std::frexp(x, &exponent);
  return std::ldexp(1., std::max(exponent, least) - digits);
}

}  // namespace

Cell cell(const std::string& text, Dtype dtype) {
  Cell c;
  if (text == "-") return c;
  if (text == "nan") {
    c.kind = Cell::not_a_number;
    return c;
  }
  if (text == "inf" || text == "-inf") {
    c.kind = Cell::infinite;
    c.value = text == "inf" ? HUGE_VAL : -HUGE_VAL;
    // An infinity is as far as what follows the greatest number.
    c.unit = place_of(dtype == float64 ? std::numeric_limits<double>::max() : std::numeric_limits<float>::max(), dtype);
    return c;
  }
  const std::size_t width = dtype == float64 ? 16 : 8, at = text.find('@');
  c.kind = Cell::finite;
  c.value = from_bits(text.substr(0, width), dtype);
  const double place = place_of(c.value, dtype);
  c.rest = std::stoi(text.substr(width, 2), nullptr, 16) / 256. * place;
  c.unit = at == std::string::npos ? place : std::ldexp(1., std::stoi(text.substr(at + 1)));
  if (std::stoi(text.substr(0, 1), nullptr, 16) >= 8) c.rest = -c.rest;
  return c;
}

double error(double y, const Cell& exact) {
  if (exact.kind == Cell::unasked) return 0;
  if (exact.kind == Cell::not_a_number || std::isnan(y))
    return exact.kind == Cell::not_a_number && std::isnan(y) ? 0 : HUGE_VAL;
  if (exact.kind == Cell::infinite) return y == exact.value ? 0 : HUGE_VAL;
  // A quarter of everything, where the unit is large enough, so that what follows the greatest number has a place.
  const double part = exact.unit > 1e-200 ? 0.25 : 1;
  const double most = std::ldexp(part, exact.unit > 1e39 || exact.unit < 1e-60 ? 1024 : 128);
  const double got = std::isinf(y) ? std::copysign(most, y) : y * part;
  return std::abs(got - exact.value * part - exact.rest * part) / (exact.unit * part);
}

std::vector<Known> known(const std::string& subject) {
  std::ifstream file(XTAPE_TEST_DIR "/accuracy/" + subject + ".txt");
  REQUIRE(file);
  std::vector<Known> all;
  std::string word, name;
  std::size_t arguments = 0;
  while (file >> word) {
    if (word == "row") {
      file >> arguments;
      std::getline(file >> std::ws, name);
      continue;
    }
    Known k;
    k.name = name;
    k.dtype = word == "float64" ? float64 : float32;
    std::size_t count;
    file >> count >> word;
    std::getline(file >> std::ws, k.libtorch);
    const std::size_t columns = 1 + arguments + arguments * (arguments + 1) / 2;
    k.arguments.resize(arguments);
    k.results.resize(columns);
    for (std::size_t i = 0; i < count; ++i) {
      for (auto& column : k.arguments) {
        file >> word;
        column.push_back(from_bits(word, k.dtype));
      }
      for (auto& column : k.results) {
        file >> word;
        column.push_back(cell(word, k.dtype));
      }
    }
    all.push_back(k);
  }
  return all;
}

Tensors derivative(const Tensor& y, const Tensors& of, GradFlags flags) {
  Tensors g;
  if (y.is_recorded()) g = grad(y, of, flags | allow_unused);
  g.resize(of.size());
  for (std::size_t i = 0; i < g.size(); ++i)
    if (!g[i].defined()) g[i] = zeros(of[i].shape(), of[i].dtype());
  return g;
}
std::string shown(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", v);
  return text;
}

void print_row(const std::string& subject, const Known& row, const Errors& e) {
  std::cout << "row: " << subject << " | " << to_string(row.dtype) << " | " << row.name;
  for (double v : e.most) std::cout << " | " << v;
  std::cout << " | " << row.libtorch;
  for (const std::string& at : e.at) std::cout << " | " << at;
  std::cout << "\n";
}

void check(const Known& row, const Errors& e, const std::array<double, 3>& bounds) {
  for (int order = 0; order < 3; ++order) {
    const auto at = static_cast<std::size_t>(order);
    double bound = bounds[at];
    for (const Exception& x : exceptions)
      if (row.name == x.name && row.dtype == x.dtype && order == x.order) bound = x.bound;
    CAPTURE(row.name);
    CAPTURE(row.dtype);
    CAPTURE(order);
    CAPTURE(e.at[at]);
    CHECK(e.most[at] <= bound);
  }
}

void check_measured(const std::vector<std::string>& rows, const std::vector<Unmeasured>& unmeasured,
                    const std::string& page, const std::set<std::string>& sections,
                    const std::function<bool(const std::string&)>& asks, int at_least) {
  // LeakyReLU is leaky_relu.
  auto plain = [](const std::string& name) {
    std::string letters;
    for (const char c : name.substr(0, name.find(' ')))
      if (c != '_') letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return letters;
  };
  std::set<std::string> known;
  for (const std::string& row : rows) known.insert(plain(row));
  for (const Unmeasured& u : unmeasured) known.insert(plain(u.name));
  std::ifstream file(XTAPE_TEST_DIR "/../docs/" + page);
  REQUIRE(file);
  int found = 0;
  std::string section, line;
  while (std::getline(file, line)) {
    if (line.rfind("## ", 0) == 0) section = line.substr(3);
    if (line.rfind("| `", 0) != 0 || !sections.count(section) || !asks(line)) continue;
    const std::string name = line.substr(3, line.find_first_of("(`", 3) - 3);
    CAPTURE(name);
    CHECK(known.count(plain(name)) == 1);
    ++found;
  }
  CHECK(found >= at_least);
}
bool is_differentiable(const std::string& line) { return line.find("| 1, 2 |") != std::string::npos; }

}  // namespace accuracy

TEST_CASE("at most one row in twenty is an exception") {
  std::set<std::pair<std::string, xtape::Dtype>> excepted;
  for (const accuracy::Exception& x : accuracy::exceptions) excepted.insert({x.name, x.dtype});
  std::size_t rows = 0;
  for (const char* subject : {"elementwise", "reductions"}) {
    std::ifstream file(XTAPE_TEST_DIR "/accuracy/" + std::string(subject) + ".txt");
    REQUIRE(file);
    std::string line;
    while (std::getline(file, line)) rows += line.rfind("row ", 0) == 0 ? 2 : 0;  // of two dtypes each
  }
  CHECK(20 * excepted.size() <= rows);
}
