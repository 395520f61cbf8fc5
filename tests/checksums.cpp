// The checksums that scripts/checksums compares before and after a change: of values, of gradients as loops and
// recorded, and of second-order gradients of every row of the tables; and of trainings of ten steps. They are of one
// machine, so the suite does not run this.
#include <autograd/files/checksum.hpp>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "compare.hpp"
#include "grad_table.hpp"
#include "nn_table.hpp"
#include "optimisers_table.hpp"

namespace {

using namespace xtape;
using Json = nlohmann::json;
using grad_table::Row;

const Dtype dtypes[] = {float32, float64};

std::string checksum_of(const Tensors& all) {
  std::uint32_t c = 0;
  for (const Tensor& t : all) c = checksum(t, c);
  return hexadecimal(c);
}

void print(const std::string& name, Dtype dtype, const std::string& which, const std::string& checksums) {
  std::cout << "row: " << name << " | " << to_string(dtype) << " | " << which << " | " << checksums << std::endl;
}

/// Value, gradients, recorded gradients, second-order gradients. What is refused stays so.
std::string derivatives(const std::function<Tensor()>& y, const Tensors& leaves, int order) {
  std::string line;
  try {
    manual_seed(1);
    const Tensor value = y();
    line = checksum_of({value});
    if (!value.is_recorded() || order < 1) return line;
    line += " " + checksum_of(compare::gradients(compare::weighted(value, 0), leaves, grad_defaults));
    manual_seed(1);
    const Tensors g = compare::gradients(compare::weighted(y(), 0), leaves, create_graph);
    line += " " + checksum_of(g);
    if (order >= 2) line += " " + checksum_of(compare::gradients(compare::total(g), leaves, grad_defaults));
  } catch (const Error&) {
    line += " refused";
  }
  return line;
}

/// In [0, 1), the same on every machine and in whatever order it is asked.
double noise(std::uint64_t i) {
  i = (i ^ (i >> 30)) * 0xbf58476d1ce4e5b9;
  i = (i ^ (i >> 27)) * 0x94d049bb133111eb;
  return static_cast<double>((i ^ (i >> 31)) >> 11) * 0x1p-53;
}

/// A tensor whose elements are near those of another one: in the domain of the operation that takes it.
Tensor like(const Tensor& pool, const Shape& shape) {
  std::vector<double> v(static_cast<std::size_t>(shape.size()));
  const std::vector<double> of = pool.size() ? pool.to_vector<double>() : std::vector<double>{0.5, 0.75};
  for (std::size_t i = 0; i < v.size(); ++i) {
    const std::uint64_t key = (i + 1) * 0x9e3779b97f4a7c15;
    v[i] = of[i % of.size()] * (is_floating(pool.dtype()) ? 1 - 0.05 * noise(key) : 1);
  }
  return tensor(v, shape).to(pool.dtype());
}
Tensors like(const Tensors& pools, const std::vector<Shape>& shapes) {
  Tensors x;
  for (std::size_t i = 0; i < pools.size(); ++i) x.push_back(like(pools[i], shapes[i]));
  return x;
}
std::vector<Shape> shapes_of(const Tensors& x) {
  std::vector<Shape> shapes;
  for (const Tensor& t : x) shapes.push_back(t.shape());
  return shapes;
}

/// Operands of several tiles: of equal shapes, rows, columns, short ones, numbers, and with four axes.
std::vector<std::vector<Shape>> broadcasts(std::size_t operands) {
  if (operands == 1) return {{{211, 173}}, {{5, 7, 31, 37}}};
  if (operands == 2)
    return {{{211, 173}, {211, 173}},
            {{211, 173}, {173}},
            {{173}, {211, 173}},
            {{211, 173}, {211, 1}},
            {{211, 1}, {211, 173}},
            {{211, 1}, {173}},
            {{211, 173}, {}},
            {{4100, 8}, {4100, 1}},
            {{3000, 3, 4}, {3, 1}},
            {{5, 7, 31, 37}, {7, 1, 1}},
            {{5, 1, 1, 37}, {5, 7, 31, 37}},
            {{7, 31, 1}, {5, 1, 1, 37}}};
  return {{{211, 173}, {173}, {211, 1}}, {{5, 7, 31, 37}, {7, 1, 1}, {5, 1, 1, 37}}};
}

std::vector<Shape> times(const std::vector<Shape>& shapes, std::int64_t k) {
  std::vector<Shape> larger;
  for (const Shape& s : shapes) {
    larger.emplace_back();
    for (std::int64_t n : s) larger.back().push_back(n > 1 ? n * k : n);
  }
  return larger;
}

/// The inputs with all lengths times one number, such that the largest is of several tiles; none where the operation
/// refuses that, or the result would be too large.
std::optional<Tensors> enlarged(const Row& row, const Tensors& pools, const std::vector<Shape>& shapes) try {
  auto most = [&](std::int64_t k) {
    std::int64_t n = 0;
    for (const Shape& s : times(shapes, k)) n = std::max(n, s.size());
    return n;
  };
  auto results = [&](std::int64_t k) {
    manual_seed(1);
    return static_cast<double>(row.f(like(pools, times(shapes, k))).size());
  };
  std::int64_t k = 2;
  while (k < 1 << 16 && most(k) <= 1 << 15) ++k;
  const double one = results(1), axes = std::log2(results(2) / one);
  if (most(k) > 1 << 21 || !(one * std::pow(k, axes) <= 1 << 20)) return {};
  return like(pools, times(shapes, k));
} catch (const Error&) {
  return {};
}

std::string text(const std::vector<Shape>& shapes) {
  std::string all;
  for (const Shape& s : shapes) all += (all.empty() ? "" : " ") + to_string(s);
  return all;
}

void print_row(const std::string& subject, const Row& row, const Json* entry) {
  Tensors pools;
  if (entry)
    for (const Json& j : (*entry)["inputs"]) pools.push_back(compare::unpacked(j));
  else
    // What the tests draw depends on the order in which the program was linked.
    for (const Tensor& t : row.cases[0]) pools.push_back(is_floating(t.dtype()) ? zeros({0}, float64) : t);
  std::vector<Tensors> cases;
  if (entry) cases.push_back(pools);
  for (const Tensors& inputs : row.cases) cases.push_back(like(pools, shapes_of(inputs)));
  const std::size_t small = cases.size();
  if (subject == "elementwise" && !row.cases.empty())
    for (const auto& shapes : broadcasts(pools.size())) cases.push_back(like(pools, shapes));
  else
    for (std::size_t i = 0; i < std::min<std::size_t>(small, 2); ++i)
      if (auto larger = enlarged(row, pools, shapes_of(cases[i]))) cases.push_back(*larger);
  const int order = row.bounds.zero ? 1 : row.bounds.order;
  for (Dtype dtype : dtypes)
    for (const Tensors& inputs : cases) {
      Tensors x;
      for (const Tensor& t : inputs) x.push_back(is_floating(t.dtype()) ? t.to(dtype).requires_grad() : t);
      print(subject + ": " + row.op, dtype, text(shapes_of(x)), derivatives([&] { return row.f(x); }, x, order));
    }
}

TEST_CASE("checksums of the operations" * doctest::skip()) {
  for (const grad_table::Subject& subject : grad_table::subjects()) {
    const Json file = compare::parity_file(subject.name);
    for (const auto& [table, part] : {std::pair(subject.table, "rows"), std::pair(&subject.values_only, "values_only")})
      for (const Row& row : *table) {
        const auto found = file[part].find(row.op);
        const Json* entry = found == file[part].end() ? nullptr : &*found;
        if (entry || !row.cases.empty()) print_row(subject.name, row, entry);
      }
  }
}

TEST_CASE("checksums of the layers" * doctest::skip()) {
  for (Dtype dtype : dtypes)
    nn_table::visit_rows(dtype, [&](const auto& subject, const auto& name, const auto& y, const Tensors& leaves) {
      print(subject + ": " + name, dtype, text(shapes_of(leaves)), derivatives(y, leaves, 2));
    });
}

TEST_CASE("checksums of the optimisers" * doctest::skip()) {
  using optimisers_table::grid;
  for (const optimisers_table::Row& row : optimisers_table::rows())
    for (Dtype dtype : dtypes) {
      manual_seed(1);
      const Tensor x = grid({16, 12}).to(dtype), target = grid({16, 8}, 3).to(dtype);
      // The second is of several tiles, but where all derivatives of all residuals stand in one matrix.
      const Shape wide = row.sees == optimisers_table::Sees::residuals ? Shape{12, 10} : Shape{300, 200};
      const std::vector<Parameter> p{Parameter(grid({12, 8}, 1).to(dtype)), Parameter(grid(wide, 2).to(dtype)),
                                     Parameter(grid({8}, 5).to(dtype))};
      const auto opt = row.make(p);
      auto residuals = [&] {
        const Tensor outer = tanh(p[1].tensor());
        return concat({flatten(tanh(matmul(x, p[0].tensor()) + p[2].tensor()) - target), mean(outer, 1) + 0.25}, 0);
      };
      Tensors found;
      try {
        for (int i = 0; i < 10; ++i) found.push_back(optimisers_table::step(row, *opt, residuals));
      } catch (const Error&) {}
      for (const Parameter& q : p) found.push_back(q.tensor());
      print("optimisers: " + row.name, dtype, "10 steps", checksum_of(found));
    }
}

struct Letters : nn::Module<Letters> {
  nn::Embedding embedding = child("embedding", nn::Embedding(20, 32));
  nn::LSTM lstm = child("lstm", nn::LSTM(32, 48, nn::RecurrentOptions().batch_first()));
  nn::GRU gru = child("gru", nn::GRU(48, 32, nn::RecurrentOptions().batch_first()));
  nn::TransformerEncoderLayer encoder =
      child("encoder", nn::TransformerEncoderLayer(32, 4, nn::TransformerOptions().feedforward(64).batch_first(true)));
  nn::Linear output = child("output", nn::Linear(32, 20));
  Tensor forward(const Tensor& letters) const {
    return reshape(output(encoder(gru(lstm(embedding(letters)).output).output)), {-1, 20});
  }
};

template <class Net, class Optimizer>
void train(const char* name, Net net, Optimizer opt, const Tensor& x, const Tensor& labels) {
  Tensors found;
  for (int step = 0; step < 10; ++step) {
    const Tensor loss = nn::cross_entropy(net(x), labels);
    found.push_back(loss);
    opt.step(grad(loss, opt.parameters()));
  }
  for (const auto& [key, value] : net.state_dict()) found.push_back(value);
  print(std::string("trainings: ") + name, x.dtype() == int64 ? float32 : x.dtype(), "10 steps", checksum_of(found));
}

TEST_CASE("checksums of the trainings" * doctest::skip()) {
  for (Dtype dtype : dtypes) {
    manual_seed(1);
    const auto [pixels, labels] = datasets::whole(datasets::synthetic_digits(64, 1));
    const Tensor x = reshape(pixels, {-1, 784}).to(dtype), images = reshape(x, {-1, 1, 28, 28});
    auto swish = [](const Tensor& x) { return pointwise([](auto x) { return x * sigmoid(x); }, x); };
    nn::Sequential book{nn::Linear(784, 30), nn::sigmoid, nn::Linear(30, 10)};
    nn::Sequential mlp{nn::Linear(784, 256), nn::relu, nn::LayerNorm(256), nn::Dropout(0.2), nn::Linear(256, 10)};
    nn::Sequential own{nn::Linear(784, 128), swish, nn::Linear(128, 10)};
    nn::Sequential conv{nn::Conv2d(1, 8, 3), nn::BatchNorm2d(8),   nn::relu,
                        nn::MaxPool2d(2),    nn::Conv2d(8, 16, 3), nn::gelu,
                        nn::AvgPool2d(2),    nn::Flatten(),        nn::Linear(400, 10)};
    for (nn::Sequential* net : {&book, &mlp, &own, &conv}) net->to(dtype);
    train("book", book, optim::SGD(book.parameters(), 3.0), x, labels);
    train("mlp", mlp, optim::Adam(mlp.parameters()), x, labels);
    train("own activation", own, optim::AdamW(own.parameters()), x, labels);
    train("conv", conv, optim::SGD(conv.parameters(), optim::SGDOptions(0.05).momentum(0.9)), images, labels);
  }
  manual_seed(1);
  Letters net;
  const Tensor letters = randint(0, 20, {16, 12});
  train("letters", net, optim::Adam(net.parameters()), letters, flatten(flip(letters, 1)));
}

}  // namespace
