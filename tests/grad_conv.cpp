// Convolutions, and the unfolding of images.
#include <cmath>
#include <limits>

#include "grad_table.hpp"
#include "support.hpp"

using namespace grad_table;

namespace {

// An operation of x and weight, or of x, weight and bias, with options.
template <class F>
Function of_two(F f, const ConvOptions& options) {
  return [=](const Tensors& in) { return f(in[0], in[1], options); };
}
template <class F>
Function of_three(F f, const ConvOptions& options) {
  return [=](const Tensors& in) { return f(in[0], in[1], in[2], options); };
}
const auto conv_plain = [](auto&... in) { return conv(in...); };
const auto conv_transpose_plain = [](auto&... in) { return conv_transpose(in...); };

std::vector<Tensors> draws(const std::vector<std::vector<Shape>>& shapes) {
  std::vector<Tensors> cases;
  for (const auto& list : shapes) {
    Tensors inputs;
    for (const Shape& s : list) inputs.push_back(plain(s));
    cases.push_back(inputs);
  }
  return cases;
}
template <class F>
Function squared(F f) {
  return [=](const Tensors& in) { return square(f(in[0])); };
}

const ConvOptions none;

const Table table = {
    {"conv", of_two(conv_plain, none),
     draws({{{2, 3, 5}, {4, 3, 2}},
            {{1, 2, 4, 5}, {3, 2, 3, 2}},
            {{2, 1, 3, 4, 3}, {2, 1, 2, 3, 1}},
            {{0, 2, 4}, {3, 2, 2}},
            {{2, 3, 1}, {1, 3, 1}},
            {{1, 0, 3}, {2, 0, 2}},
            {{1, 2, 3}, {0, 2, 2}}})},
    {"conv bias", of_three(conv_plain, none),
     draws({{{2, 3, 4, 5}, {4, 3, 2, 3}, {4}}, {{1, 2, 5}, {6, 2, 3}, {6}}, {{0, 1, 3}, {2, 1, 2}, {2}}})},
    {"conv stride padding", of_three(conv_plain, ConvOptions().stride({2, 1}).padding({1, 2})),
     draws({{{2, 2, 5, 3}, {5, 2, 3, 2}, {5}}, {{1, 3, 4, 4}, {5, 3, 2, 5}, {5}}})},
    {"conv dilation groups", of_three(conv_plain, ConvOptions().dilation({1, 2}).groups(2)),
     draws({{{2, 4, 4, 5}, {6, 2, 3, 2}, {6}}, {{1, 2, 3, 4}, {4, 1, 1, 2}, {4}}})},
    {"conv depthwise", of_two(conv_plain, ConvOptions().groups(3).stride(2).padding(1)),
     draws({{{2, 3, 5, 4}, {3, 1, 3, 3}}, {{1, 3, 7}, {6, 1, 2}}})},
    {"conv 1x1", of_two(conv_plain, none), draws({{{2, 3, 4, 2}, {5, 3, 1, 1}}, {{1, 2, 5}, {3, 2, 1}}})},
    {"conv same", of_two(conv_plain, ConvOptions().same_padding().dilation(2)),
     draws({{{2, 2, 5, 4}, {3, 2, 3, 2}}, {{1, 2, 3}, {2, 2, 4}}})},
    {"conv far padding", of_two(conv_plain, ConvOptions().padding(4).stride(3)), draws({{{2, 2, 4}, {3, 2, 2}}})},
    {"conv of itself", [](const Tensors& in) { return conv(in[0], in[0], ConvOptions().padding(1)); },
     draws({{{3, 3, 2, 2}}})},
    {"conv1d",
     [](const Tensors& in) {
       return conv1d(in[0], in[1], ConvOptions().stride(2).padding(1)) +
              conv1d(in[0], in[1], in[2], ConvOptions().stride(2).padding(1));
     },
     draws({{{2, 3, 6}, {5, 3, 3}, {5}}, {{1, 2, 4}, {5, 2, 2}, {5}}})},
    {"conv2d", [](const Tensors& in) { return conv2d(in[0], in[1]) + conv2d(in[0], in[1], in[2]); },
     draws({{{2, 2, 4, 3}, {5, 2, 2, 3}, {5}}, {{1, 1, 3, 3}, {5, 1, 2, 2}, {5}}})},
    {"conv3d",
     [](const Tensors& in) {
       return conv3d(in[0], in[1], ConvOptions().padding({1, 0, 2}).dilation({1, 2, 1})) +
              conv3d(in[0], in[1], in[2], ConvOptions().padding({1, 0, 2}).dilation({1, 2, 1}));
     },
     draws({{{1, 2, 2, 4, 3}, {5, 2, 3, 2, 2}, {5}}, {{2, 1, 3, 3, 1}, {5, 1, 2, 1, 3}, {5}}})},
    {"conv without batch",
     [](const Tensors& in) { return conv(in[0], in[1], in[2]) + conv2d(in[0], in[1], in[2], 1, 0); },
     draws({{{2, 4, 3}, {5, 2, 2, 3}, {5}}, {{1, 3, 3}, {5, 1, 2, 2}, {5}}})},
    {"conv_transpose without batch",
     [](const Tensors& in) {
       return conv_transpose(in[0], in[1], in[2], 2) + conv_transpose1d(in[0], in[1], in[2], 2);
     },
     draws({{{3, 4}, {3, 5, 2}, {5}}, {{2, 3}, {2, 5, 3}, {5}}})},
    {"conv_transpose", of_two(conv_transpose_plain, none),
     draws({{{2, 3, 4}, {3, 2, 3}},
            {{1, 2, 3, 2}, {2, 3, 2, 2}},
            {{1, 1, 2, 2, 1}, {1, 2, 2, 1, 3}},
            {{0, 2, 4}, {2, 3, 2}}})},
    {"conv_transpose stride",
     of_three(conv_transpose_plain, ConvOptions().stride({3, 2}).padding(1).output_padding({2, 1})),
     draws({{{2, 2, 3, 2}, {2, 5, 2, 3}, {5}}, {{1, 3, 2, 2}, {3, 5, 3, 3}, {5}}})},
    {"conv_transpose groups", of_three(conv_transpose_plain, ConvOptions().groups(2).dilation(2).padding({0, 1})),
     draws({{{2, 4, 3, 2}, {4, 3, 2, 3}, {6}}, {{1, 2, 2, 3}, {2, 2, 1, 2}, {4}}})},
    {"conv_transpose1d",
     [](const Tensors& in) { return conv_transpose1d(in[0], in[1]) + conv_transpose1d(in[0], in[1], in[2]); },
     draws({{{2, 3, 4}, {3, 5, 2}, {5}}, {{1, 2, 3}, {2, 5, 3}, {5}}})},
    {"conv_transpose2d",
     [](const Tensors& in) { return conv_transpose2d(in[0], in[1]) + conv_transpose2d(in[0], in[1], in[2]); },
     draws({{{2, 3, 3, 2}, {3, 5, 2, 2}, {5}}, {{1, 2, 2, 3}, {2, 5, 1, 3}, {5}}})},
    {"conv_transpose3d",
     [](const Tensors& in) {
       const ConvOptions o = ConvOptions().stride({1, 2, 1}).output_padding({0, 1, 0});
       return conv_transpose3d(in[0], in[1], o) + conv_transpose3d(in[0], in[1], in[2], o);
     },
     draws({{{1, 2, 2, 2, 2}, {2, 5, 2, 1, 2}, {5}}, {{2, 1, 1, 2, 1}, {1, 5, 1, 2, 2}, {5}}})},
    {"im2col", squared([](auto& x) {
       return im2col(x, UnfoldOptions({2, 3}).stride({1, 2}).padding(1));
     }),
     draws({{{2, 2, 3, 4}}, {{1, 1, 2, 2}}, {{0, 2, 3, 4}}})},
    {"im2col dilation", squared([](auto& x) { return im2col(x, UnfoldOptions(2).dilation(2)); }),
     draws({{{2, 2, 6}}, {{1, 2, 3, 4}}, {{1, 1, 3, 3, 3}}})},
    {"im2col without batch", squared([](auto& x) {
       return im2col(x, {2, 3});
     }),
     draws({{{2, 3, 4}}, {{1, 2, 3}}})},
    {"col2im without batch", squared([](auto& x) {
       return col2im(x, {4, 5}, {2, 3});
     }),
     draws({{{12, 9}}})},
    {"col2im", squared([](auto& x) {
       return col2im(x, {4, 5}, UnfoldOptions({2, 3}).stride({1, 2}).padding({0, 1}));
     }),
     draws({{{2, 12, 9}}, {{1, 6, 9}}, {{0, 6, 9}}})},
};

}  // namespace

XTAPE_CHECK_TABLE("conv", table, {})

namespace {

// The definition, element by element.
std::vector<double> convolved(const Tensor& x, const Tensor& w, std::int64_t stride, std::int64_t padding,
                              std::int64_t dilation, std::int64_t groups) {
  const auto a = x.to_vector<double>(), b = w.to_vector<double>();
  const std::int64_t n = x.size(0), c = w.size(1), h = x.size(2), v = x.size(3), out = w.size(0) / groups;
  const std::int64_t p = w.size(2), q = w.size(3);
  std::vector<double> y;
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t o = 0; o < groups * out; ++o)
      for (std::int64_t r = 0; r + dilation * (p - 1) < h + 2 * padding; r += stride)
        for (std::int64_t s = 0; s + dilation * (q - 1) < v + 2 * padding; s += stride) {
          double sum = 0;
          for (std::int64_t k = 0; k < c; ++k)
            for (std::int64_t e = 0; e < p; ++e)
              for (std::int64_t f = 0; f < q; ++f) {
                const std::int64_t row = r + e * dilation - padding, column = s + f * dilation - padding;
                if (row < 0 || row >= h || column < 0 || column >= v) continue;
                sum += a[static_cast<std::size_t>(((i * groups + o / out) * c + k) * h * v + row * v + column)] *
                       b[static_cast<std::size_t>(((o * c + k) * p + e) * q + f)];
              }
          y.push_back(sum);
        }
  return y;
}

}  // namespace

TEST_CASE("convolutions agree with their definition over many options") {
  for (const std::int64_t stride : {1, 2, 3})
    for (const std::int64_t padding : {0, 1, 4})
      for (const std::int64_t dilation : {1, 2})
        for (const std::int64_t groups : {1, 2})
          for (const std::int64_t size : {7, 12, 19}) {
            CAPTURE(stride);
            CAPTURE(padding);
            CAPTURE(dilation);
            CAPTURE(groups);
            CAPTURE(size);
            const Tensor x = plain({2, 2 * groups, size, size + 3}), w = plain({5 * groups, 2, 3, 2});
            const ConvOptions options = ConvOptions().stride(stride).padding(padding).dilation(dilation).groups(groups);
            const Tensor y = conv2d(x, w, options), narrow = conv2d(x.to(float32), w.to(float32), options);
            const Tensor expected = tensor(convolved(x, w, stride, padding, dilation, groups), y.shape());
            CHECK(allclose(y, expected, 1e-12, 1e-12));
            CHECK(allclose(narrow.to(float64), expected, 1e-4, 1e-4));
          }
}

TEST_CASE("convolutions give the same bits for any number of threads") {
  const Tensor x = normal({9, 6, 17, 19}).requires_grad(), w = normal({8, 3, 3, 3}).requires_grad();
  check_same_bits([&] {
    const Tensor y = conv2d(x, w, ConvOptions().groups(2).padding(1));
    Tensors all = grad(sum(square(y)), {x, w});
    all.push_back(y);
    return all;
  });
}

TEST_CASE("the gradients of a convolution are adjoint to it") {
  // <conv(x, w), g> is linear in each: its gradients, multiplied with x or w, give it back.
  const ConvOptions options = ConvOptions().stride({2, 1}).padding({3, 0}).dilation({1, 2});
  const Tensor x = plain({3, 4, 9, 8}).requires_grad(), w = plain({6, 4, 4, 3}).requires_grad();
  const Tensor y = conv2d(x, w, options), form = sum(y * plain(y.shape()));
  const Tensors g = grad(form, {x, w}, retain_graph);
  CHECK(sum(g[0] * x).item() == doctest::Approx(form.item()).epsilon(1e-12));
  CHECK(sum(g[1] * w).item() == doctest::Approx(form.item()).epsilon(1e-12));
  const Tensor back = conv_transpose2d(y, w, ConvOptions(options).output_padding({1, 0}));
  CHECK(allclose(back, grad(sum(square(y)) / 2., {x})[0], 1e-12, 1e-12));
}

TEST_CASE("third derivatives of convolutions agree with differences") {
  GradcheckOptions third;
  third.order = 3;
  CHECK_NOTHROW(gradcheck([](const Tensors& in) { return square(conv(in[0], in[1])); },
                          {plain({1, 2, 4}), plain({2, 2, 2})}, third));
  CHECK_NOTHROW(gradcheck([](const Tensors& in) { return square(conv_transpose(in[0], in[1])); },
                          {plain({1, 2, 3}), plain({2, 2, 2})}, third));
}

TEST_CASE("NaN goes through convolutions to what it touches") {
  const Tensor x = tensor({{{1., std::numeric_limits<double>::quiet_NaN(), 3., 4., 5.}}});
  const Tensor y = conv1d(x, ones({1, 1, 2}));
  CHECK(std::isnan(y[0][0][0].item()));
  CHECK(std::isnan(y[0][0][1].item()));
  CHECK(y[0][0][2].item() == 7);
  CHECK(y[0][0][3].item() == 9);
}

TEST_CASE("im2col and col2im are adjoint and know three axes") {
  const UnfoldOptions options = UnfoldOptions({2, 1, 2}).stride({1, 2, 1}).padding({1, 0, 1});
  const Tensor x = plain({2, 3, 3, 4, 2}), columns = im2col(x, options), c = plain(columns.shape());
  CHECK(columns.shape() == Shape{2, 12, 24});
  CHECK(sum(columns * c).item() == doctest::Approx(sum(x * col2im(c, {3, 4, 2}, options)).item()).epsilon(1e-12));
}

TEST_CASE("what does not fit a convolution is refused with the shapes met") {
  const Tensor x = ones({2, 4, 5, 5}), w = ones({6, 4, 3, 3}), b = ones({6});
  std::string text = message([&] { conv(x, ones({6, 3, 3, 3})); });
  CHECK(begins(text, "conv: x (2, 4, 5, 5) and weight (6, 3, 3, 3) do not fit with groups 1: expected x (batch, in, "));
  CHECK(ends(text, "grad_conv.cpp:" + std::to_string(__LINE__ - 2) + "]"));
  CHECK(begins(message([&] { conv(x, w, ConvOptions().groups(3)); }), "conv: x (2, 4, 5, 5) and weight (6, 4, 3, 3)"));
  CHECK(begins(message([&] { conv(x, w, ConvOptions().groups(0)); }), "conv: x (2, 4, 5, 5) and weight (6, 4, 3, 3)"));
  CHECK(begins(message([&] { conv(x, w.to(float64)); }),
               "conv: x and weight must both be float32 or both float64, not "
               "float32(2, 4, 5, 5) and float64(6, 4, 3, 3)"));
  CHECK(begins(message([&] { conv(arange(3), w); }), "conv: expected (batch, channels, spatial...) with 1 to 3"));
  CHECK(begins(message([&] { conv(x, 2.); }), "conv: expected a tensor, not a number"));
  CHECK(begins(message([&] { conv(Tensor(), w); }), "conv: the tensor is undefined"));
  CHECK(
      begins(message([&] { conv1d(x, w); }), "conv1d: expected ([batch,] channels, length), got float32(2, 4, 5, 5)"));
  CHECK(
      begins(message([&] { conv2d(x, w, ones({5})); }), "conv2d: bias float32(5,) does not fit: expected float32(6,)"));
  CHECK(begins(message([&] { conv2d(x, w, b.to(float64)); }), "conv2d: bias float64(6,) does not fit"));
  CHECK(begins(message([&] { conv2d(x, w, ConvOptions().dilation(3)); }),
               "conv2d: the kernel of weight (6, 4, 3, 3) with dilation 3 spans 7 elements, more than the 5 of x "
               "(2, 4, 5, 5) with padding 0"));
  CHECK(begins(message([&] { conv2d(x, w, ConvOptions().stride(0)); }), "conv2d: stride (0,) is out of range"));
  CHECK(begins(message([&] { conv2d(x, w, ConvOptions().padding({0, -1})); }), "conv2d: padding (0, -1) is out of"));
  CHECK(begins(message([&] {
                 conv2d(x, w, ConvOptions().dilation({1, 1, 1}));
               }),
               "conv2d: dilation (1, 1, 1) does not fit: expected one number, or 2"));
  CHECK(begins(message([&] { conv2d(x, w, ConvOptions().padding(std::int64_t{1} << 40)); }), "conv2d: padding (10995"));
  CHECK(begins(message([&] { conv2d(x, ones({6, 4, 0, 3})); }), "conv2d: the kernel of weight (6, 4, 0, 3) is empty"));
  CHECK(begins(message([&] { conv2d(x, w, ConvOptions().same_padding().stride(2)); }),
               "conv2d: same_padding needs stride 1, not 2"));
}

TEST_CASE("what does not fit a transposed convolution is refused with the shapes met") {
  const Tensor x = ones({2, 4, 5, 5}), w = ones({4, 6, 3, 3});
  CHECK(begins(message([&] {
                 conv_transpose(x, ones({6, 4, 3, 3}));
               }),
               "conv_transpose: x (2, 4, 5, 5) and weight (6, 4, 3, 3) do not fit with groups 1: expected x"));
  CHECK(begins(message([&] { conv_transpose2d(x, w, ones({4})); }),
               "conv_transpose2d: bias float32(4,) does not fit: expected float32(6,)"));
  CHECK(begins(message([&] { conv_transpose2d(x, w, ConvOptions().stride(2).output_padding(2)); }),
               "conv_transpose2d: output_padding 2 must be smaller than stride 2 or dilation 1"));
  CHECK(
      begins(message([&] { conv_transpose2d(x, w, ConvOptions().padding(4)); }),
             "conv_transpose2d: x (2, 4, 5, 5) and weight (4, 6, 3, 3) with padding 4 would give the spatial size -1"));
  CHECK(begins(message([&] { conv_transpose2d(x, w, ConvOptions().same_padding()); }),
               "conv_transpose2d: same_padding is for conv"));
  CHECK(begins(message([&] {
                 conv_transpose2d(ones({2, 4, 0, 5}), w);
               }),
               "conv_transpose2d: the spatial sizes of x (2, 4, 0, 5) and weight (4, 6, 3, 3) must not be 0"));
  CHECK(begins(message([&] { conv_transpose3d(x[0], w); }),
               "conv_transpose3d: expected ([batch,] channels, depth, height,"));
}

TEST_CASE("what does not fit im2col and col2im is refused with the shapes met") {
  const Tensor x = ones({2, 3, 4, 5});
  CHECK(begins(message([&] { im2col(x, 6); }), "im2col: kernel_size 6 with dilation 1 spans 6 elements, more than"));
  CHECK(begins(message([&] {
                 col2im(ones({1, 8, 5}), {3, 3}, 2);
               }),
               "col2im: columns (1, 8, 5) do not fit: output_size 3 with kernel_size=2, stride=1, padding=0, "
               "dilation=1 has (batch, channels * 4, 4)"));
  CHECK(begins(message([&] {
                 col2im(ones({1, 8, 5}), {1, 1, 1, 1}, 2);
               }),
               "col2im: output_size (1, 1, 1, 1) must name"));
}
