// The module system: freezing, hooks, state dicts, lists of modules, residuals, trees and summaries.
#include <cmath>
#include <sstream>

#include "nn_support.hpp"

using namespace xtape;
using doctest::Contains;

namespace {

struct Net : nn::Module<Net> {
  nn::Linear fc = child("fc", nn::Linear(3, 2));
  nn::Buffer count = buffer("count", zeros({}, int64));
  Tensor forward(const Tensor& x) const { return fc(x); }
};
// The second matrix is the first one.
struct Tied : nn::Module<Tied> {
  nn::Linear in = child("in", nn::Linear(3, 3));
  Parameter out = parameter("out", in.weight);
  Tensor forward(const Tensor& x) const { return matmul(in(x), out); }
};

std::string text(const nn::ModuleBase& m) {
  std::ostringstream out;
  out << m;
  return out.str();
}

std::vector<std::string> names_of(const nn::StateDict& values) {
  std::vector<std::string> all;
  for (auto& [name, t] : values) all.push_back(name);
  return all;
}

}  // namespace

TEST_CASE("a frozen parameter is a constant that optimisers leave alone") {
  const nn::Sequential net{nn::Linear(3, 2), nn::tanh, nn::Linear(2, 1)};
  nn::ModuleBase first = net.named_children()[0].second;
  first.freeze();
  const Tensor x = normal({4, 3});
  optim::SGD opt(net.parameters(), optim::SGDOptions(0.5).momentum(0.9));
  const nn::StateDict before = net.state_dict();
  sum(net(x)).backward();
  for (const Parameter& p : net.parameters()) CHECK(p.grad().defined() == (p.name()[0] == '2'));
  opt.step();
  const Tensors g = grad(sum(net(x)), opt.parameters());
  CHECK_FALSE(g[0].defined());
  CHECK_FALSE(g[1].defined());
  CHECK(g[2].shape() == Shape{1, 2});
  opt.step(g);
  for (auto& [name, value] : net.state_dict()) CHECK(allclose(value, before.at(name)) == (name[0] == '0'));
  CHECK(net.parameters()[0].is_frozen());
  CHECK(net.clone().parameters()[0].is_frozen());
  // What was recorded before the freezing gives no gradient either, and a leftover gradient moves nothing.
  first.unfreeze();
  const Tensor y = sum(net(x));
  y.backward(retain_graph);
  first.freeze();
  CHECK_FALSE(grad(y, net.parameters())[0].defined());
  const Tensor stays = net.parameters()[0].tensor();
  opt.step();
  CHECK(allclose(net.parameters()[0].tensor(), stays, 0, 0));
  net.parameters()[0].freeze(false);
  CHECK_FALSE(net.parameters()[0].is_frozen());
  CHECK_THROWS_WITH_AS(sum(nn::Linear(first.parameters()[0].shape()[1], 1)(x.detach()) * 0 + 1).to(int64).backward(),
                       Contains("depends on nothing"), Error);
}

TEST_CASE("forward hooks see inputs and outputs and may replace these") {
  struct Two : nn::Module<Two> {
    struct Result {
      Tensor sum, difference;
    };
    Result forward(const Tensor& a, const Tensor& b) const { return {a + b, a - b}; }
  };
  const Tensor a = tensor({1., 2.}), b = tensor({10., 20.});
  Two two;
  std::vector<std::string> seen;
  nn::HookHandle first = two.register_forward_hook([&](const nn::ModuleBase& m, const Tensors& in, Tensors& out) {
    seen.push_back(m.type_name() + std::to_string(in.size()) + std::to_string(out.size()));
    CHECK(allclose(in[1], b));
    out[1] = out[1] * 2;
  });
  nn::HookHandle second = two.register_forward_hook([&](const auto&, const Tensors&, Tensors& out) {
    seen.push_back(allclose(out[1], 2 * (a - b)) ? "twice" : "once");
  });
  const auto [sum, difference] = two(a, b);
  CHECK(allclose(sum, a + b));
  CHECK(allclose(difference, 2 * (a - b)));
  CHECK(seen == std::vector<std::string>{"Two22", "twice"});
  first.remove();
  first.remove();
  CHECK(allclose(two(a, b).difference, a - b));
  second.remove();
  CHECK(allclose(two(a, b).difference, a - b));
  CHECK(seen == std::vector<std::string>{"Two22", "twice", "once"});

  struct Others : nn::Module<Others> {
    std::pair<Tensor, int> forward(const Tensors& x) const { return {x[0], 7}; }
  };
  Others others;
  nn::HookHandle hook = others.register_forward_hook([&](const auto&, const Tensors& in, Tensors& out) {
    CHECK(in.size() == 2);
    CHECK(out.size() == 1);
    out[0] = b;
  });
  const auto [x, n] = others(Tensors{a, a});
  CHECK(allclose(x, b));
  CHECK(n == 7);
  others.register_forward_hook([](const auto&, const Tensors&, Tensors& out) { out.clear(); });
  CHECK_THROWS_WITH_AS(others(Tensors{a, a}), Contains("Others: a hook made 0 outputs of 1"), Error);
  {
    hook = Two().register_forward_hook([](const auto&, const Tensors&, Tensors&) {});
  }
  hook.remove();  // the module is gone
}

TEST_CASE("a state dict has every name, keeps its values and loads back") {
  Tied net;
  CHECK(names_of(net.state_dict()) == std::vector<std::string>{"in.bias", "in.weight", "out"});
  const nn::StateDict before = net.state_dict();
  const Tensor x = normal({2, 3}), y = net(x);
  optim::SGD opt(net.parameters(), 0.1);
  opt.step(grad(sum(net(x)), opt.parameters()));
  CHECK_FALSE(allclose(net(x), y));
  const nn::LoadReport report = net.load_state_dict(before);
  CHECK(report.missing.empty());
  CHECK(report.unexpected.empty());
  CHECK(allclose(net(x), y, 0, 0));
  CHECK(net.out.is(net.in.weight));
  opt.step(grad(sum(net(x)), opt.parameters()));  // and the loaded values belong to the dict
  CHECK(allclose(before.at("out"), before.at("in.weight"), 0, 0));
  Tied other;
  other.load_state_dict(before);
  CHECK(allclose(other(x), y, 0, 0));
  // Buffers too.
  Net with_buffer;
  nn::StateDict values = with_buffer.state_dict();
  CHECK(values.at("count").dtype() == int64);
  values["count"] = full({}, 5, int64);
  with_buffer.load_state_dict(values);
  CHECK(with_buffer.count.tensor().item() == 5);
}

TEST_CASE("load_state_dict lists all that is wrong and then changes nothing") {
  Net net;
  const nn::StateDict before = net.state_dict();
  nn::StateDict values = before;
  values["fc.weight"] = zeros({2, 4});
  values["count"] = zeros({});
  values.erase("fc.bias");
  values["fc.b"] = zeros({2});
  values["gain"] = zeros({2});
  const int line = __LINE__ + 1;
  const std::string said = message([&] { net.load_state_dict(values); });
  CHECK(
      says(said,
           "load_state_dict: the values do not fit Net; 'fc.weight' is float32(2, 3), its value float32(2, 4); 'count' "
           "is int64(), its value float32(); missing: 'fc.bias'; unexpected: 'fc.b', 'gain'",
           line));
  for (auto& [name, value] : net.state_dict()) CHECK(allclose(value.to(float32), before.at(name).to(float32), 0, 0));
  // Partial loading reports what strict loading refuses; what does not fit is refused all the same.
  CHECK_THROWS_WITH_AS(net.load_state_dict(values, false), Contains("its value float32(2, 4)"), Error);
  nn::StateDict part{{"fc.bias", full({2}, 3)}, {"head.bias", zeros({1})}};
  const nn::LoadReport report = net.load_state_dict(part, false);
  CHECK(report.missing == std::vector<std::string>{"fc.weight", "count"});
  CHECK(report.unexpected == std::vector<std::string>{"head.bias"});
  CHECK(allclose(*net.fc.bias, full({2}, 3)));
  CHECK_THROWS_WITH_AS(net.load_state_dict({{"fc.weight", Tensor()}}, false), Contains("its value undefined"), Error);
  Tied tied;
  nn::StateDict torn = tied.state_dict();
  torn["out"] = ones({3, 3});
  CHECK_THROWS_WITH_AS(tied.load_state_dict(torn),
                       Contains("'out' and 'in.weight' are one parameter, their values differ"), Error);
}

TEST_CASE("named_modules lists the tree, each module once") {
  const nn::Linear shared(2, 2);
  const nn::Sequential net{shared, nn::tanh, nn::Residual(nn::Sequential{shared, nn::relu})};
  std::vector<std::string> paths;
  for (auto& [path, m] : net.named_modules()) paths.push_back(path + ":" + m.type_name());
  CHECK(paths == std::vector<std::string>{":Sequential", "0:Linear", "1:Lambda", "2:Residual", "2.body:Sequential",
                                          "2.body.1:Lambda"});
  nn::ModuleBase body = net.named_modules()[3].second;  // a handle, not a copy
  body.eval();
  CHECK(net.is_training());
  CHECK_FALSE(net.named_children()[2].second.is_training());
  CHECK(net.named_children()[0].second.is(shared));
}

TEST_CASE("a model prints as a tree") {
  struct Model : nn::Module<Model> {
    Parameter scale = parameter("scale", ones({3}));
    nn::Sequential body =
        child("body", nn::Sequential{nn::Linear(3, 2), nn::softmax, [](const Tensor& x) { return x; }});
    nn::BatchNorm1d norm = child("norm", nn::BatchNorm1d(2));
  };
  CHECK(text(Model()) ==
        "Model(scale (3,)\n"
        "  (body): Sequential(\n"
        "    (0): Linear(weight (2, 3), bias (2,))\n"
        "    (1): Softmax()\n"
        "    (2): Lambda()\n"
        "  )\n"
        "  (norm): BatchNorm1d(weight (2,), bias (2,), running_mean (2,), running_var (2,), num_batches_tracked ())\n"
        ")");
  CHECK(text(nn::Sequential{}) == "Sequential()");
}

TEST_CASE("lists and dictionaries of modules and parameters know their parts") {
  struct Stack : nn::Module<Stack> {
    nn::ModuleList<nn::Linear> layers =
        child("layers", nn::ModuleList<nn::Linear>({nn::Linear(3, 3), nn::Linear(3, 3)}).add(nn::Linear(3, 2)));
    nn::ModuleDict<nn::Linear> heads =
        child("heads", nn::ModuleDict<nn::Linear>().add("up", nn::Linear(2, 4)).add("down", nn::Linear(2, 1)));
    nn::ParameterList scales = child("scales", nn::ParameterList({ones({3}), 2 * ones({3})}));
    Tensor forward(const Tensor& x, const std::string& head) const {
      Tensor y = x;
      for (const Parameter& s : scales) y = y * s;
      for (const nn::Linear& layer : layers) y = layer(y);
      return heads[head](y);
    }
  };
  const Stack net, twin = net.clone();
  const Tensor x = ones({1, 3});
  CHECK(names_of(net.named_parameters()) ==
        std::vector<std::string>{"layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias",
                                 "layers.2.weight", "layers.2.bias", "heads.up.weight", "heads.up.bias",
                                 "heads.down.weight", "heads.down.bias", "scales.0", "scales.1"});
  CHECK(net(x, "up").shape() == Shape{1, 4});
  CHECK(net(x, "down").shape() == Shape{1, 1});
  CHECK(allclose(net(x, "up"), twin(x, "up"), 0, 0));
  CHECK_FALSE(net.layers[1].weight.is(twin.layers[1].weight));
  CHECK(net.heads.contains("up"));
  CHECK(net.heads.size() + net.layers.size() + net.scales.size() == 7);
  // An error names the path through the list.
  CHECK_THROWS_WITH_AS(net(ones({1, 3}) + zeros({2, 1, 1, 3}) * zeros({4, 1}), "left"),
                       Contains("ModuleDict: there is no 'left' among 'up', 'down'"), Error);
  CHECK_THROWS_WITH_AS(net.layers[3], Contains("ModuleList: there is no element 3 among 3"), Error);
  CHECK_THROWS_WITH_AS(net.scales[2], Contains("ParameterList: there is no element 2 among 2"), Error);
  CHECK_THROWS_WITH_AS(nn::ModuleDict<nn::Linear>().add("a.b", nn::Linear(1, 1)), Contains("'a.b'"), Error);
  struct Wrong : nn::Module<Wrong> {
    nn::ModuleList<nn::Linear> layers = child("layers", nn::ModuleList<nn::Linear>({nn::Linear(3, 2)}));
    Tensor forward(const Tensor& x) const { return layers[0](x); }
  };
  CHECK_THROWS_WITH_AS(Wrong()(ones({1, 4})), Contains("[in Wrong.layers.0 (Linear)"), Error);
}

TEST_CASE("a residual adds what its body makes to x, or to the shortcut") {
  const Tensor x = normal({2, 3});
  const nn::Linear wide(3, 4), same(3, 3), bridge(3, 4);
  CHECK(allclose(nn::Residual(same)(x), same(x) + x));
  CHECK(allclose(nn::Residual(wide, bridge)(x), wide(x) + bridge(x)));
  CHECK(allclose(nn::Residual([](const Tensor& t) { return 2 * t; })(x), 3 * x));
  CHECK(names_of(nn::Residual(wide, bridge).named_parameters()) ==
        std::vector<std::string>{"body.0.weight", "body.0.bias", "shortcut.0.weight", "shortcut.0.bias"});
  const nn::Residual mismatched(wide);
  CHECK_THROWS_WITH_AS(mismatched(x), Contains("Residual: the body gives (2, 4), the shortcut (2, 3); give it"), Error);
}

TEST_CASE("Lambda makes a module of a function") {
  const nn::Lambda twice([](const Tensor& x) { return 2 * x; });
  CHECK(allclose(twice(ones({2})), full({2}, 2)));
  CHECK(twice.type_name() == "Lambda");
  CHECK(nn::Lambda(nn::softmax).type_name() == "Softmax");
  CHECK(nn::Lambda(nn::relu).type_name() == "Lambda");
}

TEST_CASE("a summary lists outputs, parameters, operations and memory") {
  nn::Sequential net{nn::Conv2d(1, 4, 3), nn::relu, nn::Flatten(), nn::Linear(4 * 6 * 6, 5), nn::Dropout(0.5)};
  net.named_children()[3].second.freeze();
  const nn::Summary s = nn::summary(net, {2, 1, 8, 8});
  REQUIRE(s.layers.size() == 6);
  CHECK(s.parameters == 40 + 725);
  CHECK(s.trainable == 40);
  CHECK(s.parameter_bytes == 4 * s.parameters);
  CHECK(s.inputs == std::vector<Shape>{{2, 1, 8, 8}});
  CHECK(s.layers[0].type == "Sequential");
  CHECK(s.layers[0].outputs == std::vector<Shape>{{2, 5}});
  CHECK(s.layers[0].parameters == 0);
  CHECK(s.layers[1].outputs == std::vector<Shape>{{2, 4, 6, 6}});
  CHECK(s.layers[1].parameters == 40);
  CHECK(s.layers[1].flops >= 2. * 2 * 4 * 36 * 9);
  CHECK(s.layers[4].path == "3");
  CHECK(s.layers[4].flops >= 2. * 2 * 144 * 5);
  CHECK(s.layers[0].flops == s.layers[1].flops + s.layers[2].flops + s.layers[3].flops + s.layers[4].flops);
  CHECK(s.layers[0].result_bytes >= 4 * (2 * 4 * 36 * 2 + 10));
  for (const nn::Summary::Layer& layer : s.layers) CHECK(layer.calls == 1);
  CHECK(net.is_training());  // as it was, and without hooks
  CHECK(net.named_children()[4].second.is_training());
  std::ostringstream out;
  out << s;
  CAPTURE(out.str());
  CHECK(begins(out.str(), "layer"));
  CHECK(out.str().find("\n  0: Conv2d   (2, 4, 6, 6)            40  5,184\n") != std::string::npos);
  CHECK(out.str().find("parameters 765 (40 trainable)") != std::string::npos);
  // Any inputs; a part that is not called says so; what throws leaves the model as it was.
  struct Two : nn::Module<Two> {
    nn::Embedding table = child("table", nn::Embedding(5, 3));
    nn::Linear idle = child("idle", nn::Linear(1, 1));
    Tensor forward(const Tensor& i, const Tensor& x) const { return table(i) * x; }
  };
  const Two two;
  const nn::Summary t = nn::summary(two, tensor({1, 2}), ones({3}));
  CHECK(t.layers[1].outputs == std::vector<Shape>{{2, 3}});
  CHECK(t.layers[2].outputs.empty());
  CHECK(t.layers[2].calls == 0);
  CHECK_THROWS_AS(nn::summary(two, tensor({7}), ones({3})), Error);
  CHECK(two.is_training());
  CHECK(two.table.is_training());
}

TEST_CASE("values of the other floating dtype are converted where loading is not strict, and the report says so") {
  Net net;
  nn::StateDict wide = net.state_dict();
  wide["fc.bias"] = tensor({0.1, 1e-3}, float64);
  CHECK_THROWS_WITH_AS(net.load_state_dict(wide),
                       Contains("'fc.bias' is float32(2,), its value float64(2,) (load_state_dict(values, false) would "
                                "convert it)"),
                       Error);
  const nn::LoadReport report = net.load_state_dict(wide, false);
  CHECK(report.converted == std::vector<std::string>{"fc.bias"});
  CHECK(report.missing.empty());
  CHECK(report.unexpected.empty());
  CHECK(net.fc.bias->tensor().to_vector<float>() == std::vector<float>{0.1f, 1e-3f});
  CHECK(net.load_state_dict(net.state_dict()).converted.empty());
  wide["count"] = zeros({});  // an integer is not made of a real number
  CHECK_THROWS_WITH_AS(net.load_state_dict(wide, false), Contains("'count' is int64(), its value float32()"), Error);
  Net other;
  other.to(float64);
  CHECK(other.load_state_dict(net.state_dict(), false).converted == std::vector<std::string>{"fc.weight", "fc.bias"});
  CHECK(other.fc.bias->tensor().to_vector<double>() == std::vector<double>{0.1f, 1e-3f});
}

TEST_CASE("a tied parameter that holds NaN loads") {
  Tied net, other;
  const double nan = std::nan("");
  net.in.weight.assign(tensor({{nan, 1., 2.}, {3., nan, -0.}, {1., 1., 1.}}));
  other.load_state_dict(net.state_dict());
  CHECK(std::isnan(other.out.tensor()[1][1].item()));
  CHECK(other.out.is(other.in.weight));
  nn::StateDict values = net.state_dict();
  values["out"] = tensor({{nan, 1., 2.}, {3., nan, 0.}, {1., 1., 1.}});  // 0 and -0 are equal
  other.load_state_dict(values);
  values["out"] = tensor({{nan, 1., 2.}, {3., 4., 0.}, {1., 1., 1.}});
  CHECK_THROWS_WITH_AS(other.load_state_dict(values), Contains("their values differ"), Error);
  // As it is read from a file, where the names are tensors of their own.
  values["out"] = values["in.weight"] + 0;
  other.load_state_dict(values);
}

TEST_CASE("zero_grad of a module forgets the gradients of all its parameters") {
  Tied net;
  sum(net(ones({2, 3}))).backward();
  for (const Parameter& p : net.parameters()) CHECK(p.grad().defined());
  net.zero_grad();
  for (const Parameter& p : net.parameters()) CHECK_FALSE(p.grad().defined());
}
