// What users may call their own things, and what they may call by its short name, when they use both namespaces.
#include <xtape.hpp>

using namespace xtape;
using namespace xtape::nn;

// Names of the library's own machinery are free.
int output = 1, mode = 2, rule = 3, watched = 4, no_gradient = 5;

struct Generator : nn::Module<Generator> {
  Linear fc = child("fc", Linear(2, 3));
  Tensor forward(const Tensor& x) const { return tanh(fc(x)); }
};

#include <doctest/doctest.h>

TEST_CASE("a user's names do not clash with the library's under both namespaces") {
  CHECK(output + mode + rule + watched + no_gradient == 15);
  CHECK(Generator()(ones({1, 2})).shape() == Shape{1, 3});
}

TEST_CASE("what both namespaces have is one thing") {
  const Tensor x = tensor({{-1., 2.}, {0.5, 1.}});
  const Parameter p(x);
  auto same = [](const Tensor& a, const Tensor& b) { return a.to_vector<float>() == b.to_vector<float>(); };
  CHECK(same(softmax(x), xtape::softmax(x)));
  CHECK(same(nn::softmax(x, 0), softmax(p, 0)));
  CHECK(same(log_softmax(x, 0), xtape::log_softmax(x, 0)));
  CHECK(same(softmin(x), nn::softmin(x, -1)));
  CHECK(same(gelu(x, Gelu::tanh), nn::gelu(x, Gelu::tanh)));
  CHECK(same(softplus(x, 2, 10), nn::softplus(x, 2, 10)));
  CHECK(same(softplus(x), pointwise([](auto x) { return softplus(x); }, x)));
  for (const Tensor& y : {log_sigmoid(x), relu(x), sigmoid(x), silu(x), softsign(x), tanh(x)})
    CHECK(y.shape() == x.shape());
  CHECK(dropout(x, 0.).defined());
  CHECK(cross_entropy(x, tensor({0, 1})).item() > 0);
  CHECK(mse_loss(x, p).item() == 0);
  // As elements too.
  const Sequential net{softmax, nn::log_softmax, softmin, gelu, softplus, relu, Softmax(0), GELU()};
  CHECK(net(x).shape() == x.shape());
  CHECK(net[0].type_name() == "Softmax");
}
