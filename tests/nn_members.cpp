// Assigning to members of modules: ties, replaced layers, and what notices; who may call whom; modules moved away.
#include <algorithm>
#include <sstream>

#include "nn_support.hpp"

using namespace xtape;
using doctest::Contains;

namespace {

using Names = std::vector<std::string>;
Names paths(const nn::ModuleBase& m) {
  Names all;
  for (auto& [name, p] : m.named_parameters()) all.push_back(name);
  return all;
}
bool same(const Tensor& a, const Tensor& b) { return a.to_vector<double>() == b.to_vector<double>(); }

// A language model whose table and head are one matrix, as PyTorch ties them.
struct Tied : nn::Module<Tied> {
  nn::Embedding table = child("table", nn::Embedding(5, 3));
  nn::Linear head = child("head", nn::Linear(3, 5));
  Tied() { head.weight = table.weight; }
  Tensor forward(const Tensor& i) const { return head(table(i)); }
};
struct Body : nn::Module<Body> {
  nn::Linear fc = child("fc", nn::Linear(3, 3));
  Parameter scale = parameter("scale", ones({3}));
  nn::Buffer shift = buffer("shift", zeros({3}));
  Tensor forward(const Tensor& x) const { return fc(x) * scale + shift.tensor(); }
};
struct Model : nn::Module<Model> {
  Body body = child("body", Body());
  nn::Linear fc = child("fc", nn::Linear(3, 4));
  Tensor forward(const Tensor& x) const { return fc(body(x)); }
};

// What the module computes with is what it lists: another value in each parameter changes the result.
template <class M>
void check_agrees(const M& m, const Tensor& x) {
  for (Parameter p : m.parameters()) {
    CAPTURE(p.name());
    const Tensor before = m(x), value = p;
    p.assign(value + 1);
    CHECK_FALSE(same(m(x), before));
    p.assign(value);
    CHECK(same(m(x), before));
  }
}

}  // namespace

TEST_CASE("a parameter assigned to a member ties") {
  const Tied net;
  const Tensor i = tensor({1, 4, 2});
  CHECK(net.head.weight.is(net.table.weight));
  CHECK(paths(net) == Names{"table.weight", "head.bias"});
  CHECK(net.table.weight.name() == "table.weight");
  CHECK(same(net.state_dict().at("head.weight"), net.table.weight));
  check_agrees(net, i);
  // Both gradients, one step.
  const Tensor w = net.table.weight, in = w.detach().requires_grad(), out = w.detach().requires_grad();
  const Tensors g = grad(sum(square(linear(embedding(i, in), out, *net.head.bias))), {in, out});
  sum(square(net(i))).backward();
  CHECK(allclose(net.head.weight.grad(), g[0] + g[1], 1e-5, 1e-6));
  optim::SGD(net.parameters(), 1).step();
  CHECK(allclose(net.head.weight, w - (g[0] + g[1]), 1e-5, 1e-6));

  const Tied twin = net.clone();
  CHECK(twin.head.weight.is(twin.table.weight));
  CHECK_FALSE(twin.head.weight.is(net.head.weight));
  check_agrees(twin, i);
  Tied other;
  other.load_state_dict(net.state_dict());
  CHECK(same(other(i), net(i)));

  // A tie ends where another parameter is assigned to one of its names.
  other.head.weight = Parameter(ones({5, 3}));
  CHECK_FALSE(other.head.weight.is(other.table.weight));
  CHECK(paths(other) == Names{"table.weight", "head.weight", "head.bias"});
  CHECK(other.head.weight.name() == "head.weight");
  check_agrees(other, i);
}

TEST_CASE("what is assigned to a member is in all copies of the module and in what holds them") {
  const Tensor x = normal({2, 3});
  Model model;
  const Model alias = model;
  const nn::Sequential net{model, nn::relu};
  std::vector<Model> list{model};
  model.body.scale = Parameter(full({1}, 3));  // of another shape
  *model.fc.bias = Parameter(full({4}, 2));
  model.fc.bias = std::optional<Parameter>(*model.fc.bias);
  model.body.shift = nn::Buffer(ones({3}));
  const Tensor expected = linear((linear(x, model.body.fc.weight, *model.body.fc.bias) * 3 + 1), model.fc.weight) + 2;
  for (const Tensor& y : {model(x), alias(x), list[0](x)}) CHECK(allclose(y, expected, 1e-5, 1e-6));
  CHECK(allclose(net(x), relu(expected), 1e-5, 1e-6));
  CHECK(alias.body.scale.is(model.body.scale));
  CHECK(paths(alias) == Names{"body.scale", "body.fc.weight", "body.fc.bias", "fc.weight", "fc.bias"});
  CHECK(alias.state_dict().at("body.scale").shape() == Shape{1});
  CHECK(same(alias.state_dict().at("body.shift"), ones({3})));
  CHECK(model.body.scale.name() == "0.body.scale");
  check_agrees(alias, x);
  // Through a copy, and after moves.
  Model moved = std::move(list[0]);
  moved.body.scale = Parameter(full({1}, 5));
  CHECK(model.body.scale.tensor().item() == 5);
  list.clear();
  list.push_back(moved.clone());
  list.reserve(20);
  list[0].body.scale = Parameter(full({1}, 7));
  CHECK(list[0].state_dict().at("body.scale").item() == 7);
  CHECK(model.state_dict().at("body.scale").item() == 5);
  check_agrees(list[0], x);
}

TEST_CASE("variables and lists of parameters are no members") {
  Model a, b;
  Parameter p = a.fc.weight;
  p = b.fc.weight;
  CHECK(p.is(b.fc.weight));
  CHECK_FALSE(a.fc.weight.is(b.fc.weight));
  std::vector<Parameter> list{a.fc.weight, a.body.scale, b.fc.weight};
  list.erase(list.begin());
  CHECK(list[0].is(a.body.scale));
  std::reverse(list.begin(), list.end());
  list = b.parameters();
  CHECK(paths(a).size() == 5);
  CHECK_FALSE(a.body.scale.is(b.body.scale));
  check_agrees(a, normal({2, 3}));
  struct Own : nn::Module<Own> {
    explicit Own(const Parameter& q) : w(parameter("w", q)) {}
    Parameter w;
    Tensor forward(const Tensor& x) const { return x * w; }
  };
  Parameter q(ones({1}));
  Own own(q);
  q = Parameter(zeros({1}));
  CHECK(own(ones({1})).item() == 1);
  CHECK(own.state_dict().at("w").item() == 1);
}

TEST_CASE("a declared tie and one by assignment end alike") {
  struct Declared : nn::Module<Declared> {
    nn::Linear in = child("in", nn::Linear(3, 3));
    Parameter out = parameter("out", in.weight);
    Tensor forward(const Tensor& x) const { return matmul(in(x), out); }
  } net;
  CHECK(net.out.is(net.in.weight));
  net.in.weight = Parameter(ones({3, 3}));
  CHECK_FALSE(net.out.is(net.in.weight));
  check_agrees(net, normal({2, 3}));
  net.out = net.in.weight;
  CHECK(paths(net) == Names{"out", "in.bias"});
  check_agrees(net, normal({2, 3}));
}

TEST_CASE("wrapped layers use what is assigned to the wrapper") {
  const Tensor x = normal({2, 3});
  nn::WeightNorm<nn::Linear> normed = nn::weight_norm(nn::Linear(3, 2));
  *normed.bias = Parameter(full({2}, 9));
  normed.weight_v = Parameter(ones({2, 3}));
  normed.weight_g = Parameter(zeros({2, 1}));
  CHECK(allclose(normed(x), full({2, 2}, 9)));
  CHECK(same(normed.state_dict().at("bias"), full({2}, 9)));
  nn::SpectralNorm<nn::Linear> spectral = nn::spectral_norm(nn::Linear(3, 2));
  *spectral.bias = Parameter(full({2}, 9));
  spectral.weight_orig = Parameter(zeros({2, 3}) + 1e-30);
  spectral.eval();
  CHECK(spectral.clone().bias->tensor()[0].item() == 9);
  CHECK(same(spectral.state_dict().at("bias"), full({2}, 9)));
  CHECK(nn::spectral_norm(nn::Linear(3, 2)).clone()(x).shape() == Shape{2, 2});
}

TEST_CASE("a layer assigned to a member takes its place") {
  const Tensor x = normal({2, 3});
  Model model;
  const Model alias = model;
  const nn::Sequential net{model, nn::relu};
  nn::Linear before = model.fc;
  model.fc = nn::Linear(3, 7);
  for (const Model* m : {&std::as_const(model), &alias}) {
    CHECK((*m)(x).shape() == Shape{2, 7});
    CHECK(m->state_dict().at("fc.weight").shape() == Shape{7, 3});
    check_agrees(*m, x);
  }
  CHECK(net(x).shape() == Shape{2, 7});
  CHECK(net.state_dict().at("0.fc.bias").shape() == Shape{7});
  CHECK(model.fc.weight.name() == "0.fc.weight");
  CHECK(before(x).shape() == Shape{2, 4});  // stays what it was
  before = nn::Linear(3, 9);                // a variable, no member
  CHECK(model(x).shape() == Shape{2, 7});
  // Below, and with paths in errors.
  model.body.fc = nn::Linear(3, 2, false);
  CHECK_THROWS_WITH_AS(alias(x), Contains("[in Model.body"), Error);
  model.body.fc = nn::Linear(2, 3);
  CHECK_THROWS_WITH_AS(net(x), Contains("[in Sequential.0.body.fc (Linear)"), Error);
  Body body;
  body.scale = Parameter(full({3}, 2));
  model.body = std::move(body);
  CHECK(same(alias.state_dict().at("body.scale"), full({3}, 2)));
  check_agrees(net, abs(x) + 1);
  // A part of a clone is the clone's.
  Model twin = model.clone();
  twin.fc = nn::Linear(3, 1);
  CHECK(twin(x).shape() == Shape{2, 1});
  CHECK(model(x).shape() == Shape{2, 7});
  // The whole module, assigned to a variable, is another one; its parts are not torn apart.
  Model other;
  const Names names = paths(other);
  other = model;
  CHECK(other.is(model));
  CHECK(other(x).shape() == Shape{2, 7});
  CHECK(paths(twin) == names);
  twin = Model();
  CHECK(twin(x).shape() == Shape{2, 4});
  check_agrees(twin, x);

  struct Optional : nn::Module<Optional> {
    std::optional<nn::Linear> fc = child("fc", nn::Linear(3, 2));
    Tensor forward(const Tensor& x) const { return (*fc)(x); }
  } optional;
  optional.fc = nn::Linear(3, 5);
  check_agrees(optional, x);
  CHECK(optional.state_dict().at("fc.bias").shape() == Shape{5});
}

TEST_CASE("a layer with two names in one module is not assigned to by one") {
  struct Twice : nn::Module<Twice> {
    nn::Linear a = child("a", nn::Linear(3, 3)), b = child("b", a);
    Tensor forward(const Tensor& x) const { return b(a(x)); }
  } net;
  CHECK_THROWS_WITH_AS(net.a = nn::Linear(3, 3), Contains("Twice: 'a' has several names here"), Error);
  CHECK(paths(net) == Names{"a.weight", "a.bias"});
  check_agrees(net, normal({2, 3}));
}

TEST_CASE("an optimiser notices what was replaced") {
  Model model;
  optim::SGD opt(model.parameters(), 0.1);
  const Tensor x = normal({2, 3});
  sum(model(x)).backward();
  opt.step();
  SUBCASE("a layer") { model.fc = nn::Linear(3, 4); }
  SUBCASE("a parameter") { model.fc.weight = Parameter(ones({4, 3})); }
  SUBCASE("a tie") { model.body.fc.weight = Parameter(model.body.fc.weight.tensor().detach()); }
  CHECK_THROWS_WITH_AS(opt.step(), Contains("SGD: a module was given another parameter in the place of '"), Error);
  optim::SGD anew(model.parameters(), 0.1);
  const nn::StateDict before = model.state_dict();
  anew.step(grad(sum(square(model(x))), anew.parameters()));
  for (auto& [name, value] : model.state_dict())
    if (name != "body.shift") CHECK_FALSE(same(value, before.at(name)));
}

TEST_CASE("elements of containers are replaced by name") {
  const Tensor x = normal({2, 3});
  nn::Sequential net{nn::Linear(3, 3), nn::tanh, nn::Linear(3, 2)};
  const nn::Sequential alias = net, twin = net.clone();
  optim::SGD opt(net.parameters(), 0.1);
  net.replace("2", nn::Linear(3, 5)).replace(1, nn::relu);
  net.add(nn::Linear(5, 6));
  for (const nn::Sequential* s : {&std::as_const(net), &alias}) {
    CHECK((*s)(x).shape() == Shape{2, 6});
    CHECK(paths(*s) == Names{"0.weight", "0.bias", "2.weight", "2.bias", "3.weight", "3.bias"});
  }
  CHECK(twin(x).shape() == Shape{2, 2});
  CHECK_THROWS_AS(opt.step(), Error);
  CHECK(net[2].as<nn::Linear>().weight.shape() == Shape{5, 3});
  CHECK(net[2].as<nn::Linear>().weight.name() == "2.weight");
  net[2].as<nn::Linear>().weight = Parameter(zeros({5, 3}));
  CHECK(sum(abs(alias[2].as<nn::Linear>().weight)).item() == 0);
  net[0].freeze();
  Tensor y = x;
  std::size_t n = 0;
  for (const auto& layer : alias) y = layer(y), n += layer.parameters().size();
  CHECK(same(y, net(x)));
  CHECK(n == 6);
  CHECK_THROWS_WITH_AS(net[4], Contains("Sequential: there is no element 4 among 4"), Error);
  CHECK_THROWS_WITH_AS(net.replace("fc", nn::relu), Contains("Sequential: there is no element fc among 4"), Error);
  CHECK_THROWS_WITH_AS(net[1].as<nn::Linear>(), Contains("the element is a Lambda"), Error);
  CHECK_THROWS_WITH_AS(net[0](ones({1, 4})), Contains("nn_members.cpp:"), Error);

  nn::ModuleList<nn::Linear> list({nn::Linear(3, 3), nn::Linear(3, 3)});
  const nn::ModuleList<nn::Linear> same_list = list;
  list.replace(1, nn::Linear(3, 8)).add(nn::Linear(8, 1));
  CHECK(same_list.size() == 3);
  CHECK(same_list[1].weight.is(list[1].weight));
  CHECK(same_list.state_dict().at("1.weight").shape() == Shape{8, 3});
  CHECK(list[1].weight.name() == "1.weight");
  CHECK_THROWS_WITH_AS(list.replace(3, nn::Linear(1, 1)), Contains("ModuleList"), Error);
  nn::ModuleDict<nn::Linear> heads;
  const nn::ModuleDict<nn::Linear> same_heads = heads;
  heads.add("up", nn::Linear(2, 2)).replace("up", nn::Linear(2, 9));
  CHECK(same_heads["up"].weight.shape() == Shape{9, 2});
  CHECK_THROWS_WITH_AS(heads.replace("down", nn::Linear(1, 1)), Contains("there is no 'down' to replace"), Error);
  nn::ParameterList scales({ones({1})});
  const nn::ParameterList same_scales = scales;
  scales.add(ones({2}));
  CHECK(same_scales.size() == 2);
  CHECK_FALSE(same_scales.clone()[1].is(scales[1]));
}

TEST_CASE("a Sequential in a Sequential is its element") {
  const nn::Sequential inner{nn::Linear(3, 2)};
  CHECK(paths(nn::Sequential().add(inner)) == Names{"0.0.weight", "0.0.bias"});
  CHECK(paths(nn::Sequential{inner, inner.clone()}) == Names{"0.0.weight", "0.0.bias", "1.0.weight", "1.0.bias"});
  CHECK(paths(nn::Sequential(inner)) == Names{"0.weight", "0.bias"});  // a copy
#if !defined(__clang__) || __clang_major__ >= 18
  CHECK(paths(nn::Sequential{inner}) == Names{"0.0.weight", "0.0.bias"});
  CHECK(paths(nn::Sequential{nn::Sequential{nn::Sequential{nn::Linear(1, 1)}}}) == Names{"0.0.0.weight", "0.0.0.bias"});
#endif
}

TEST_CASE("no module is a part of itself") {
  nn::Sequential net{nn::Linear(3, 3)}, outer{net, nn::relu};
  CHECK_THROWS_WITH_AS(net.add(net), Contains("Sequential: '1' would be a part of itself"), Error);
  CHECK_THROWS_WITH_AS(net.add(outer), Contains("would be a part of itself"), Error);
  CHECK_THROWS_WITH_AS(net.replace(0, outer), Contains("would be a part of itself"), Error);
  CHECK_THROWS_WITH_AS(net.add(nn::Residual(outer)), Contains("would be a part of itself"), Error);
  CHECK(net.size() == 1);
  CHECK(paths(outer) == Names{"0.0.weight", "0.0.bias"});
  struct Holder : nn::Module<Holder> {
    nn::Sequential body = child("body", nn::Sequential());
    Tensor forward(const Tensor& x) const { return body(x); }
  } holder;
  CHECK_THROWS_WITH_AS(holder.body = nn::Sequential(nn::relu, holder), Contains("would be a part of itself"), Error);
  CHECK(holder(ones({2})).shape() == Shape{2});
}

TEST_CASE("a frozen module may be called inside one that does not own it") {
  struct Student : nn::Module<Student> {
    explicit Student(const nn::Sequential& teacher) : teacher(teacher) {}
    nn::Linear fc = child("fc", nn::Linear(3, 2));
    nn::Sequential teacher;
    Tensor forward(const Tensor& x) const { return nn::mse_loss(fc(x), teacher(x)); }
  };
  nn::Sequential teacher{nn::Linear(3, 4), nn::tanh, nn::Linear(4, 2)};
  const Student student(teacher);
  const Tensor x = normal({2, 3});
  CHECK_THROWS_WITH_AS(student(x), Contains("such as a teacher, freeze() it"), Error);
  teacher.freeze();
  CHECK(paths(student) == Names{"fc.weight", "fc.bias"});
  const Tensor leaf = x.requires_grad();
  CHECK(grad(student(leaf), leaf).shape() == x.shape());  // gradients flow through it
  teacher.parameters()[3].freeze(false);
  CHECK_THROWS_AS(student(x), Error);
  // A moving average of the student's weights, which is no part of it.
  nn::Linear average = student.fc.clone();
  average.freeze();
  average.weight.assign(0.9 * average.weight.tensor() + 0.1 * student.fc.weight.tensor());
  // Registered elsewhere is not registered here.
  struct Thief : nn::Module<Thief> {
    explicit Thief(const nn::Linear& fc) : fc(fc) {}
    nn::Linear fc;
    Tensor forward(const Tensor& x) const { return fc(x); }
  };
  CHECK_THROWS_WITH_AS(Thief(student.fc)(x), Contains("called inside Thief, which does not know it"), Error);
}

TEST_CASE("a module that extends another says so, or throws") {
  struct Plain : nn::Module<Plain> {
    explicit Plain(double factor = 2) : factor(factor) {}
    double factor;
    Parameter w = parameter("w", ones({1}));
    Tensor forward(const Tensor& x) const { return x * w * factor; }
  };
  struct Derived : Plain {
    Tensor forward(const Tensor& x) const { return x * 100; }
  };
  struct Extended : nn::Module<Extended, Plain> {
    Extended() : Module(3.) {}
    Parameter b = parameter("b", ones({1}));
    Tensor forward(const Tensor& x) const { return Plain::forward(x) + b; }
  };
  struct Wide : nn::Module<Wide, nn::Linear> {
    Wide() : Module(3, 4) {}
  };
  const Derived derived;
  CHECK_THROWS_WITH_AS(derived(ones({1})), Contains("derive it as struct Derived : nn::Module<Derived, Plain> [at "),
                       Error);
  CHECK_THROWS_AS(derived.clone(), Error);
  Extended extended;
  const Tensor x = ones({1});
  CHECK(extended(x).item() == 4);
  CHECK(extended.type_name() == "Extended");
  CHECK(paths(extended) == Names{"w", "b"});
  const Extended alias = extended, twin = extended.clone();
  extended.b = Parameter(full({1}, 5));
  extended.w = Parameter(full({1}, 2));
  CHECK(alias(x).item() == 11);
  CHECK(twin(x).item() == 4);
  struct Holder : nn::Module<Holder> {
    Extended part = child("part", Extended());
    Tensor forward(const Tensor& x) const { return part(x); }
  } holder;
  const Holder same_holder = holder;
  holder.part = extended;
  CHECK(same_holder(x).item() == 11);
  holder.part = Extended();
  CHECK(same_holder(x).item() == 4);
  CHECK(paths(holder) == Names{"part.w", "part.b"});
  check_agrees(same_holder, x);
  CHECK(Wide()(ones({2, 3})).shape() == Shape{2, 4});
  CHECK(nn::Sequential{Wide(), nn::relu}(ones({2, 3})).shape() == Shape{2, 4});
}

TEST_CASE("what was moved away says so") {
  const Tensor x = ones({2, 3});
  nn::Linear linear(3, 2);
  const nn::Linear taken = std::move(linear);
  const char* undefined = "the module is undefined: it was moved to another and never assigned";
  CHECK(begins(message([&] { linear(x); }), std::string("Module: ") + undefined));
  for (const auto& f : std::vector<std::function<void()>>{
           [&] { linear.parameters(); }, [&] { linear.state_dict(); }, [&] { linear.train(); },
           [&] { linear.freeze(); }, [&] { linear.to(float64); }, [&] { linear.named_modules(); },
           [&] { linear.type_name(); }, [&] { linear.is_training(); }, [&] { linear.load_state_dict({}); },
           [&] { linear.register_forward_hook([](const auto&, const Tensors&, Tensors&) {}); },
           [&] {
             nn::Sequential{linear, nn::relu};
           },
           [&] { nn::summary(linear, x); }, [&] { std::ostringstream() << linear; },
           [&] { nn::Linear(1, 1) = linear; }})
    CHECK(message(f).find(undefined) != std::string::npos);
  const nn::Linear copy = linear;  // undefined too
  CHECK_THROWS_AS(copy(x), Error);
  linear = nn::Linear(3, 4);
  CHECK(linear(x).shape() == Shape{2, 4});

  nn::Sequential net{nn::relu, nn::tanh};
  const nn::Sequential moved_net = std::move(net);
  CHECK_THROWS_AS(net(x), Error);
  CHECK_THROWS_AS(net.size(), Error);
  CHECK_THROWS_AS(net.add(nn::relu), Error);

  Parameter p(ones({3}));
  nn::Buffer b(ones({3}));
  const Parameter moved = std::move(p);
  const nn::Buffer moved_buffer = std::move(b);
  for (const auto& f : std::vector<std::function<void()>>{
           [&] { p.tensor(); }, [&] { x* p; }, [&] { p.shape(); }, [&] { p.grad(); }, [&] { p.name(); },
           [&] { p.assign(x); }, [&] { p.freeze(); }, [&] { p.mutable_data<float>(); }, [&] { p.is(moved); },
           [&] { optim::SGD({p}, 1); }, [&] { grad(sum(x * moved), p); }, [&] { b.tensor(); }, [&] { b.shape(); },
           [&] { b.assign(x); }, [&] { x + b.tensor(); }})
    CHECK(message(f).find("the parameter or buffer is undefined: it was moved to another") != std::string::npos);
  p = moved;
  CHECK((x * p).shape() == Shape{2, 3});

  Replay replay = record([](const Tensors& in) { return in[0] * 2; }, {x});
  const Replay moved_replay = std::move(replay);
  CHECK_THROWS_WITH_AS(replay({x}), Contains("the replay is undefined: it was moved to another"), Error);
  CHECK_THROWS_WITH_AS(std::ostringstream() << replay, Contains("the replay is undefined"), Error);
}
