// One example without a batch: the same numbers as in a batch of its own, through everything that takes one.
#include <functional>

#include "support.hpp"
#include "xtape.hpp"

using namespace xtape;

namespace {

using Function = std::function<Tensor(const Tensor&)>;
struct Case {
  const char* name;
  Shape shape;  // without a batch
  Function f;
};

template <class M>
Function of(const M& module) {
  return [module](const Tensor& x) { return module(x); };
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = [] {
    manual_seed(3);
    const Tensor w1 = normal({4, 3, 2}), w2 = normal({4, 3, 2, 2}), w3 = normal({4, 3, 2, 2, 2}), b = normal({4});
    const Tensor t1 = normal({3, 4, 2}), t2 = normal({3, 4, 2, 2}), t3 = normal({3, 4, 2, 2, 2});
    const nn::InstanceNormOptions affine = nn::InstanceNormOptions().affine(true);
    return std::vector<Case>{
        {"conv", {3, 5}, [=](auto& x) { return conv(x, w1, b); }},
        {"conv1d", {3, 5}, [=](auto& x) { return conv1d(x, w1); }},
        {"conv2d", {3, 5, 4}, [=](auto& x) { return conv2d(x, w2, b); }},
        {"conv3d", {3, 3, 4, 2}, [=](auto& x) { return conv3d(x, w3, b); }},
        {"conv_transpose", {3, 5, 2}, [=](auto& x) { return conv_transpose(x, t2, b); }},
        {"conv_transpose1d", {3, 5}, [=](auto& x) { return conv_transpose1d(x, t1); }},
        {"conv_transpose2d", {3, 5, 4}, [=](auto& x) { return conv_transpose2d(x, t2, b); }},
        {"conv_transpose3d", {3, 3, 4, 2}, [=](auto& x) { return conv_transpose3d(x, t3, b); }},
        {"im2col",
         {3, 5, 4},
         [](auto& x) {
           return im2col(x, {2, 2});
         }},
        {"col2im",
         {12, 12},
         [](auto& x) {
           return col2im(x, {5, 4}, 2);
         }},
        {"max_pool1d", {3, 5}, [](auto& x) { return max_pool1d(x, 2); }},
        {"max_pool2d", {3, 5, 4}, [](auto& x) { return max_pool2d(x, 2); }},
        {"max_pool3d", {3, 3, 4, 2}, [](auto& x) { return max_pool3d(x, 2); }},
        {"max_pool2d_with_indices", {3, 5, 4}, [](auto& x) { return max_pool2d_with_indices(x, 2).values; }},
        {"avg_pool1d", {3, 5}, [](auto& x) { return avg_pool1d(x, 2); }},
        {"avg_pool2d", {3, 5, 4}, [](auto& x) { return avg_pool2d(x, 2); }},
        {"avg_pool3d", {3, 3, 4, 2}, [](auto& x) { return avg_pool3d(x, 2); }},
        {"adaptive_max_pool1d", {3, 5}, [](auto& x) { return adaptive_max_pool1d(x, 2); }},
        {"adaptive_max_pool2d", {3, 5, 4}, [](auto& x) { return adaptive_max_pool2d(x, 2); }},
        {"adaptive_max_pool3d", {3, 3, 4, 2}, [](auto& x) { return adaptive_max_pool3d(x, 2); }},
        {"adaptive_avg_pool1d", {3, 5}, [](auto& x) { return adaptive_avg_pool1d(x, 2); }},
        {"adaptive_avg_pool2d", {3, 5, 4}, [](auto& x) { return adaptive_avg_pool2d(x, 2); }},
        {"adaptive_avg_pool3d", {3, 3, 4, 2}, [](auto& x) { return adaptive_avg_pool3d(x, 2); }},
        {"max_unpool1d", {3, 5}, [](auto& x) { return max_unpool1d(x, zeros(x.shape(), int64) + arange(5), 2); }},
        {"max_unpool2d", {3, 1, 4}, [](auto& x) { return max_unpool2d(x, zeros(x.shape(), int64) + arange(4), 2); }},
        {"Conv1d", {3, 5}, of(nn::Conv1d(3, 2, 3, ConvOptions().padding(1), true, PadMode::circular))},
        {"Conv2d", {3, 5, 4}, of(nn::Conv2d(3, 6, 3, ConvOptions().padding(1).groups(3)))},
        {"Conv3d", {3, 3, 4, 2}, of(nn::Conv3d(3, 2, 2))},
        {"ConvTranspose1d", {3, 5}, of(nn::ConvTranspose1d(3, 2, 3))},
        {"ConvTranspose2d", {3, 5, 4}, of(nn::ConvTranspose2d(3, 2, 2, 2))},
        {"ConvTranspose3d", {3, 3, 4, 2}, of(nn::ConvTranspose3d(3, 2, 2))},
        {"LPPool1d", {3, 5}, of(nn::LPPool1d(2, 2))},
        {"LPPool2d", {3, 5, 4}, of(nn::LPPool2d(2, 2))},
        {"InstanceNorm1d", {3, 5}, of(nn::InstanceNorm1d(3))},
        {"InstanceNorm2d", {3, 5, 4}, of(nn::InstanceNorm2d(3, affine))},
        {"InstanceNorm3d", {3, 3, 4, 2}, of(nn::InstanceNorm3d(3))},
        {"Unfold", {3, 5, 4}, of(nn::Unfold({2, 2}))},
        {"Fold", {12, 12}, of(nn::Fold({5, 4}, 2))},
        {"Softmax2d", {3, 5, 4}, nn::Softmax2d()},
    };
  }();
  return all;
}

bool same(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() && a.to_vector<double>() == b.to_vector<double>();
}

// The value and the gradient of the sum of squares.
Tensors both(const Function& f, const Tensor& x) {
  const Tensor leaf = x.requires_grad(), y = f(leaf);
  return {y.detach(), grad(sum(square(y)), leaf)};
}

}  // namespace

TEST_CASE("one example without a batch gives the bits of a batch of one, and of its place in a larger one") {
  manual_seed(4);
  for (const Case& c : cases()) {
    CAPTURE(c.name);
    Shape pair{2};
    for (const std::int64_t n : c.shape) pair.push_back(n);
    const Tensor x = normal(pair);
    const Tensors alone = both(c.f, x[1]), batch = both(c.f, x), one = both(c.f, unsqueeze(x[1], 0));
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(same(alone[i], one[i][0]));
      CHECK(allclose(alone[i], batch[i][1]));
    }
    CHECK(same(no_grad([&] { return c.f(x[1]); }), alone[0]));
    const Tensors kept = both([&](const Tensor& x) { return checkpoint(c.f, x); }, x[1]);
    CHECK(same(kept[0], alone[0]));
    CHECK(same(kept[1], alone[1]));
    Replay replay = record([&](const Tensors& in) { return c.f(in[0]); }, {x[0]});
    CHECK(same(replay({x[1]})[0], alone[0]));
  }
}

TEST_CASE("with a batch of none everything gives a batch of none") {
  for (const Case& c : cases()) {
    CAPTURE(c.name);
    Shape none{0};
    for (const std::int64_t n : c.shape) none.push_back(n);
    const Tensors all = both(c.f, zeros(none));
    CHECK(all[0].shape()[0] == 0);
    CHECK(all[1].shape() == none);
  }
}

TEST_CASE("an undefined bias is no bias") {
  manual_seed(5);
  const Tensor none, x = normal({2, 3, 5, 4}), w = normal({4, 3, 2, 2}), t = normal({3, 4, 2, 2});
  CHECK(same(linear(x, normal({2, 4}) * 0 + 1, none), linear(x, ones({2, 4}))));
  CHECK(same(conv(x, w, none), conv(x, w)));
  CHECK(same(conv2d(x, w, none, 2, 1), conv2d(x, w, ConvOptions().stride(2).padding(1))));
  CHECK(same(conv2d(x[0], w, none), conv2d(x, w)[0]));
  CHECK(same(conv_transpose2d(x, t, none), conv_transpose2d(x, t)));
  CHECK(same(conv_transpose(x, t, none, 2), conv_transpose(x, t, ConvOptions().stride(2))));
  const Tensor x1 = normal({2, 3, 5}), w1 = normal({4, 3, 2}), t1 = normal({3, 4, 2});
  CHECK(same(conv1d(x1, w1, none), conv1d(x1, w1)));
  CHECK(same(conv_transpose1d(x1, t1, none), conv_transpose1d(x1, t1)));
  const Tensor x3 = normal({2, 3, 2, 3, 2}), w3 = normal({4, 3, 2, 2, 2}), t3 = normal({3, 4, 1, 2, 1});
  CHECK(same(conv3d(x3, w3, none), conv3d(x3, w3)));
  CHECK(same(conv_transpose3d(x3, t3, none), conv_transpose3d(x3, t3)));
  const Tensor g = normal({4}), c = normal({3});
  CHECK(same(layer_norm(x, {4}, g, none), layer_norm(x, {4}, g)));
  CHECK(allclose(layer_norm(x, {4}, none, g), layer_norm(x, {4}) + g));
  CHECK(same(rms_norm(x, {4}, none), rms_norm(x, {4})));
  CHECK(same(group_norm(x, 1, c, none), group_norm(x, 1, c)));
  CHECK(same(instance_norm(x, none, none), instance_norm(x)));
  CHECK(same(batch_norm(x, none, none, c, none).y, batch_norm(x, none, none, c).y));
}
