// What holds of every optimiser: its reference's trajectory, the ways to step, threads, dtypes, state, and that it is
// in the table, with its formula and source in its docstring.
#include "declarations.hpp"
#include "optimisers_table.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <utility>

using namespace xtape;
using namespace optimisers_table;
using doctest::Contains;
using Json = nlohmann::json;

namespace {

Tensor read(const Json& j, Dtype dtype) {
  std::vector<std::int64_t> sizes = j.at("shape");
  Shape shape;
  for (const std::int64_t n : sizes) shape.push_back(n);
  return tensor(j.at("values").get<std::vector<double>>(), shape).to(dtype);
}

// The network of optimisers/make.py.
struct Network {
  Network(const Json& file, Dtype dtype)
      : images(read(file["images"], dtype)), targets(read(file["targets"], dtype)), words(read(file["words"], int64)) {
    for (const char* name :
         {"conv.weight", "conv.bias", "embed.weight", "hidden.weight", "hidden.bias", "output.weight", "output.bias"}) {
      parameters.emplace_back(read(file["parameters"][name], dtype));
      parameters.back().set_name(name);
    }
  }
  Tensor residuals(int batch) const {
    const Parameters& p = parameters;
    Tensor y = mean(tanh(conv2d(images[batch], p[0], p[1])), {2, 3}) + embedding(words[batch], p[2]);
    return linear(tanh(linear(y, p[3], p[4])), p[5], p[6]) - targets[batch];
  }
  std::vector<double> values() const {
    std::vector<double> all;
    for (const Parameter& p : parameters)
      for (const double v : p.tensor().to_vector<double>()) all.push_back(v);
    return all;
  }
  Tensor images, targets, words;
  Parameters parameters;
};

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = std::abs(a[i] - b[i]);
    largest = d <= largest ? largest : d;  // NaN stays
  }
  return largest;
}

// The weight after each of five steps on a small problem; by `backward` or by `grad`.
std::vector<double> path(const Make& make, Dtype dtype, bool by_backward) {
  Parameter w(grid({3, 2}, 3).to(dtype));
  const auto opt = make({w});
  std::vector<double> all;
  for (int i = 0; i < 5; ++i) {
    const Tensor loss = mean(square(matmul(grid({4, 3}).to(dtype), w) - 1));
    if (by_backward) {
      opt->zero_grad();
      loss.backward();
      opt->step();
    } else {
      opt->step(grad(loss, opt->parameters()));
    }
    for (double v : w.tensor().to_vector<double>()) all.push_back(v);
  }
  return all;
}

}  // namespace

TEST_CASE("optimisers follow their references for 50 steps") {
  std::ifstream stream(XTAPE_TEST_DIR "/optimisers/trajectories.json");
  REQUIRE(stream);
  const Json file = Json::parse(stream);
  std::set<std::string> left;
  for (const auto& [name, values] : file["rows"].items()) left.insert(name);
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    REQUIRE(left.erase(row.name) == 1);
    const Json& expected = file["rows"][row.name];
    const Network net(file, float64);
    const auto opt = row.make(net.parameters);
    std::vector<double> losses;
    for (int t = 1; t <= 50; ++t) {
      const int batch = row.takes_gradients() ? (t - 1) % 4 : 0;
      const auto cost = [&] {
        const Tensor r = net.residuals(batch);
        return row.sees == Sees::residuals ? r : mean(square(r));
      };
      losses.push_back(opt->step(cost).item());
      if (t == 2) CHECK(largest_difference(net.values(), expected["after 2"]) < 1e-12);
    }
    CHECK(largest_difference(losses, expected["losses"]) < 1e-9);
    CHECK(largest_difference(net.values(), expected["after 50"]) < 1e-9);
    if (!expected.contains("averaged")) continue;
    const auto scope = opt->averaged();
    CHECK(largest_difference(net.values(), expected["averaged"]) < 1e-9);
  }
  CHECK_MESSAGE(left.empty(), "without a row in the table: ", *left.begin());
}

TEST_CASE("in float32 optimisers begin as in float64") {
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    std::vector<double> results[2];
    for (const Dtype dtype : {float32, float64}) {
      Parameter w(grid({3, 3}, 3).to(dtype)), b(grid({3}, 1).to(dtype));
      const auto opt = row.make({w, b});
      for (int i = 0; i < 5; ++i)
        step(row, *opt, [&] { return matmul(grid({4, 3}, 5 * i).to(dtype), w) + b - grid({4, 3}, i).to(dtype); });
      for (const Parameter& p : {w, b})
        for (const double v : p.tensor().to_vector<double>()) results[dtype == float64].push_back(v);
    }
    CHECK(largest_difference(results[0], results[1]) < 1e-5);
  }
}

TEST_CASE("gradients whose squares float32 does not hold give the steps of float64") {
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    if (!row.takes_gradients() || row.keeps_products) continue;
    for (const double size : {1e-25, 1e21, 1e30}) {
      CAPTURE(size);
      std::vector<double> results[2];
      for (const Dtype dtype : {float32, float64}) {
        Parameter w(grid({4, 3}, 3).to(dtype));
        const auto opt = row.make({w});
        for (int i = 0; i < 4; ++i) opt->step({(size * grid({4, 3}, 2 * i).to(float64)).to(dtype)});
        results[dtype == float64] = w.tensor().to_vector<double>();
      }
      double largest = 1;
      for (const double v : results[1]) largest = std::max(largest, std::abs(v));
      CHECK(largest_difference(results[0], results[1]) < 1e-5 * largest);
    }
  }
}

TEST_CASE("both ways to take a step give the same bits") {
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    if (!row.takes_gradients()) {
      const auto opt = row.make({Parameter(ones({2}))});
      CHECK_THROWS_WITH_AS(opt->step(), Contains("step(closure)"), Error);
      CHECK_THROWS_WITH_AS(opt->step({ones({2})}), Contains("step(closure)"), Error);
      continue;
    }
    for (Dtype dtype : {float32, float64}) CHECK(path(row.make, dtype, true) == path(row.make, dtype, false));
  }
}

TEST_CASE("optimisers give the same bits with any number of threads") {
  const std::int64_t n = 40'003;  // two tiles, of which one is not whole
  std::string before;
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    const std::string name = row.name.substr(0, row.name.find(' '));
    if (std::exchange(before, name) == name) continue;  // one set of options of each
    auto train = [&](int threads) {
      set_num_threads(threads);
      Parameter w(full({n}, 0.5)), hidden(grid({160, 120}).to(float32)), last(grid({3, 2}).to(float32));
      const auto opt = row.make(row.takes_gradients() ? Parameters{w, hidden, last} : Parameters{last});
      for (int i = 0; i < 3; ++i) {
        if (row.takes_gradients())
          opt->step({full({n}, 0.1 * (i + 1)), grid({160, 120}, 5 * i).to(float32), grid({3, 2}, i).to(float32)});
        else step(row, *opt, [&] { return matmul(grid({9000, 3}).to(float32), last) - 1; });
      }
      return Tensors{w, hidden, last};
    };
    const Tensors one = train(1), three = train(3);
    for (std::size_t i = 0; i < one.size(); ++i) CHECK(same_bits(one[i], three[i]));
    // Vectors give each number what it would have alone.
    if (row.sees == Sees::element) CHECK(same_bits(one[0], full({n}, one[0][0].item())));
  }
  set_num_threads(1);
}

TEST_CASE("a parameter without a gradient stays as it is and so does its state") {
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    if (!row.takes_gradients()) continue;
    Parameter a(grid({3})), b(grid({3}));
    const auto both = row.make({a, b});
    const Tensor g = grid({3}, 1);
    both->step({g, g});
    const std::vector<double> held = b.tensor().to_vector<double>();
    both->step({g, Tensor()});
    CHECK(b.tensor().to_vector<double>() == held);
    both->step({Tensor(), g});
    const bool apart = row.sees != Sees::all;  // then each has taken two steps
    if (apart) CHECK(a.tensor().to_vector<double>() == b.tensor().to_vector<double>());
    const std::vector<double> before = a.tensor().to_vector<double>();
    both->zero_grad();
    both->step();
    CHECK(a.tensor().to_vector<double>() == before);
  }
}

TEST_CASE("without parameters there is no optimiser") {
  for (const Row& row : rows()) CHECK_THROWS_WITH_AS(row.make({}), Contains("there are no parameters"), Error);
}

TEST_CASE("gradients that do not fit change nothing") {
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    if (!row.takes_gradients()) continue;
    Parameter a(ones({2})), b(ones({3}));
    b.set_name("layer.bias");
    const auto opt = row.make({a, b});
    CHECK_THROWS_WITH_AS(opt->step({ones({2})}), Contains("1 gradients for 2 parameters"), Error);
    CHECK_THROWS_WITH_AS(opt->step({ones({2}), ones({2})}),
                         Contains("gradient 1 is float32(2,), its parameter 'layer.bias' float32(3,)"), Error);
    CHECK_THROWS_WITH_AS(opt->step({ones({2}), ones({3}, float64)}), Contains("float64(3,)"), Error);
    CHECK(a.tensor().to_vector<double>() == std::vector<double>(2, 1));
    CHECK(b.tensor().to_vector<double>() == std::vector<double>(3, 1));
  }
}

TEST_CASE("a parameter that is given twice takes one step") {
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    Parameter a(grid({3})), b(grid({3}));
    const auto twice = row.make({a, a, a}), once = row.make({b});
    CHECK(twice->parameters().size() == 1);
    step(row, *twice, [&] { return a * a; });
    step(row, *once, [&] { return b * b; });
    CHECK(a.tensor().to_vector<double>() == b.tensor().to_vector<double>());
  }
}

TEST_CASE("an optimiser goes on after its parameters have changed their dtype") {
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    auto weights = [&](Dtype first, Dtype then, int at) {
      nn::Linear net(3, 3, false);
      net.weight.assign(grid({3, 3}).to(float32));
      net.to(first);
      const auto opt = row.make(net.parameters());
      for (int i = 0; i < 4; ++i) {
        if (i == at) net.to(then);
        const Dtype now = net.weight.dtype();
        const int k = row.takes_gradients() ? i : 0;  // what searches wants the same data again
        step(row, *opt, [&] { return net(grid({4, 3}, 5 * k).to(now)) - grid({4, 3}, k).to(now); });
      }
      CHECK(net.weight.dtype() == then);
      return net.weight.tensor().to(float64);
    };
    const Tensor expected = weights(float64, float64, 0);
    for (int at = 0; at < 4; ++at) {  // before the first step and between steps, up and down: momentum goes on
      CHECK(allclose(weights(float32, float64, at), expected, 1e-4, 1e-5));
      CHECK(allclose(weights(float64, float32, at), expected, 1e-4, 1e-5));
    }
  }
}

TEST_CASE("an optimiser that is made again goes on from its state to the same bits") {
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    for (const Dtype dtype : {float32, float64}) {
      nn::Sequential net{nn::Linear(3, 4), nn::tanh, nn::Linear(4, 2)};
      net.to(dtype);
      const Tensor x = grid({5, 3}).to(dtype);
      auto train = [&](const nn::Sequential& net, optim::Optimizer& opt, int steps) {
        for (int i = 0; i < steps; ++i) step(row, opt, [&] { return net(x) - 1; });
      };
      const auto opt = row.make(net.parameters());
      train(net, *opt, 3);
      opt->set_lr(opt->lr() / 2);
      const optim::StateDict state = opt->state_dict();
      if (row.takes_gradients()) CHECK(state.at("0.weight.step").item() == 3);
      const nn::Sequential copy = net.clone();
      const auto again = row.make(copy.parameters());
      again->load_state_dict(state);
      CHECK(again->lr() == opt->lr());
      train(net, *opt, 4);  // the state is a value: these steps do not reach it
      train(copy, *again, 4);
      for (std::size_t i = 0; i < 4; ++i) CHECK(same_bits(net.parameters()[i].tensor(), copy.parameters()[i].tensor()));
      for (const auto& [name, value] : opt->state_dict()) CHECK(same_bits(value, again->state_dict().at(name)));
    }
  }
}

TEST_CASE("after reset the next step is as the first") {
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    Parameter a(grid({3, 2})), b(grid({3, 2}));
    const auto used = row.make({a}), fresh = row.make({b});
    for (int i = 0; i < 3; ++i) step(row, *used, [&] { return a + 1; });
    used->reset();
    a.assign(grid({3, 2}));
    for (int i = 0; i < 3; ++i) {
      step(row, *used, [&] { return a + grid({3, 2}, i); });
      step(row, *fresh, [&] { return b + grid({3, 2}, i); });
    }
    CHECK(same_bits(a.tensor(), b.tensor()));
  }
}

TEST_CASE("every optimiser is in the table and has its formula and source in its docstring") {
  std::set<std::string> tested;
  for (const Row& row : rows()) tested.insert(row.name.substr(0, row.name.find(' ')));
  const std::map<std::string, Declared> classes = derived_classes();
  const auto is_optimiser = [&](std::string name) {
    while (classes.count(name)) name = classes.at(name).base;
    return name == "Optimizer";
  };
  const auto is_base = [&](const std::string& name) {
    return std::any_of(classes.begin(), classes.end(), [&](const auto& c) { return c.second.base == name; });
  };
  int found = 0;
  for (const auto& entry : classes) {
    const std::string& name = entry.first;
    const Declared& c = entry.second;
    if (!is_optimiser(name) || (is_base(name) && !tested.count(name))) continue;
    ++found;
    CHECK_MESSAGE(tested.count(name) == 1, name, " has no row in the table");
    CHECK_MESSAGE(c.doc.find("Source:") != std::string::npos, name, " has no source");
    CHECK_MESSAGE(c.doc.find("<- ") != std::string::npos, name, " has no formula");
  }
  CHECK(found == static_cast<int>(tested.size()));
}
