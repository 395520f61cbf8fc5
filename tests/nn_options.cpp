// The first options of layers and operations as plain numbers, which are those of the option classes.
#include "support.hpp"
#include "xtape.hpp"

using namespace xtape;

namespace {

// Whether two modules, made from the same random numbers, give the same bits.
template <class A, class B>
bool alike(const A& make, const B& as, const Tensor& x) {
  auto result = [&](const auto& made) {
    manual_seed(7);
    return made()(x);
  };
  const Tensor a = result(make), b = result(as);
  return a.shape() == b.shape() && a.template to_vector<double>() == b.template to_vector<double>();
}
bool same(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.to_vector<double>() == b.to_vector<double>();
}

}  // namespace

TEST_CASE("layers take their first options as plain numbers") {
  using namespace nn;
  manual_seed(1);
  const Tensor line = normal({2, 3, 9}), image = normal({2, 3, 9, 8}), volume = normal({1, 3, 5, 4, 6});
  const ConvOptions o = ConvOptions().stride(2).padding(1);
  CHECK(alike([] { return Conv1d(3, 4, 3, 2, 1); }, [&] { return Conv1d(3, 4, 3, o); }, line));
  CHECK(alike([] { return Conv2d(3, 4, 3, 2, 1); }, [&] { return Conv2d(3, 4, 3, o); }, image));
  CHECK(alike(
      [] {
        return Conv2d(3, 4, 3, {2, 1});
      },
      [] {
        return Conv2d(3, 4, 3, ConvOptions().stride({2, 1}));
      },
      image));
  CHECK(alike([] { return Conv3d(3, 4, {3, 3, 3}, 2, {1, 1, 1}); }, [&] { return Conv3d(3, 4, 3, o); }, volume));
  CHECK(alike([] { return ConvTranspose1d(3, 4, 3, 2, 1); }, [&] { return ConvTranspose1d(3, 4, 3, o); }, line));
  CHECK(alike([] { return ConvTranspose2d(3, 4, 3, 2, 1); }, [&] { return ConvTranspose2d(3, 4, 3, o); }, image));
  CHECK(alike([] { return ConvTranspose3d(3, 4, 3, 2, 1); }, [&] { return ConvTranspose3d(3, 4, 3, o); }, volume));
  CHECK(Conv2d(3, 4, 3, {}, false).parameters().size() == 1);  // {} are default options, not numbers
  CHECK(BatchNorm1d(3, {}).parameters().size() == 2);

  const MaxPoolOptions p = MaxPoolOptions(3).stride(2).padding(1);
  const AvgPoolOptions q = AvgPoolOptions(3).stride(2).padding(1);
  CHECK(alike([] { return MaxPool1d(3, 2, 1); }, [&] { return MaxPool1d(p); }, line));
  CHECK(alike([] { return MaxPool2d(3, 2, 1); }, [&] { return MaxPool2d(p); }, image));
  CHECK(alike([] { return MaxPool2d({3, 3}, {2, 2}, {1, 1}); }, [&] { return MaxPool2d(p); }, image));
  CHECK(alike([] { return MaxPool3d(3, 2, 1); }, [&] { return MaxPool3d(p); }, volume));
  CHECK(alike([] { return AvgPool1d(3, 2, 1); }, [&] { return AvgPool1d(q); }, line));
  CHECK(alike([] { return AvgPool2d(3, 2, 1); }, [&] { return AvgPool2d(q); }, image));
  CHECK(alike([] { return AvgPool3d(3, 2, 1); }, [&] { return AvgPool3d(q); }, volume));
  CHECK(alike([] { return LPPool1d(2, 3, 1); }, [] { return LPPool1d(2, AvgPoolOptions(3).stride(1)); }, line));
  CHECK(alike([] { return LPPool2d(2, 3, 1); }, [] { return LPPool2d(2, AvgPoolOptions(3).stride(1)); }, image));
  CHECK(alike([] { return Upsample({4, 5}); }, [] { return Upsample(InterpolateOptions().size({4, 5})); }, image));
  CHECK(alike([] { return Upsample(4); }, [] { return Upsample(InterpolateOptions().size(4)); }, image));
  CHECK(alike([] { return BatchNorm2d(3, 0.5); }, [] { return BatchNorm2d(3, BatchNormOptions().eps(0.5)); }, image));
  const BatchNorm1d still(3, 1e-5, 0.);
  still(line);
  CHECK(same(*still.running_mean, zeros({3})));

  auto output = [](auto make) { return [=] { return [m = make()](const Tensor& x) { return m(x).output; }; }; };
  const Tensor steps = normal({4, 2, 8});
  CHECK(alike(output([] { return LSTM(8, 5, 2); }), output([] { return LSTM(8, 5, RecurrentOptions().layers(2)); }),
              steps));
  CHECK(alike(output([] { return GRU(8, 5, 2); }), output([] { return GRU(8, 5, RecurrentOptions().layers(2)); }),
              steps));
  CHECK(alike(output([] { return RNN(8, 5, 2, Nonlinearity::relu); }),
              output([] { return RNN(8, 5, RecurrentOptions().layers(2), Nonlinearity::relu); }), steps));
  CHECK(alike([] { return MultiheadAttention(8, 2, 0.5); },
              [] { return MultiheadAttention(8, 2, MultiheadAttentionOptions().dropout(0.5)); }, steps));
  CHECK(alike([] { return TransformerEncoderLayer(8, 2, 16); },
              [] { return TransformerEncoderLayer(8, 2, TransformerOptions().feedforward(16)); }, steps));
}

TEST_CASE("operations take their first options as plain numbers") {
  manual_seed(1);
  const Tensor x = normal({2, 3, 9, 8}), w = normal({4, 3, 3, 3}), t = normal({3, 4, 3, 3}), b = normal({4});
  const ConvOptions o = ConvOptions().stride({2, 1}).padding(1);
  CHECK(same(conv2d(x, w, b, {2, 1}, 1), conv2d(x, w, b, o)));
  CHECK(same(conv(x, w, b, {2, 1}, 1), conv2d(x, w, b, o)));
  CHECK(same(conv_transpose2d(x, t, b, {2, 1}, 1), conv_transpose2d(x, t, b, o)));
  CHECK(same(conv2d(x, w, b, {}), conv2d(x, w, b)));
  CHECK(same(max_pool2d(x, 3, 2, 1), max_pool2d(x, MaxPoolOptions(3).stride(2).padding(1))));
  CHECK(same(max_pool2d(x, {3, 2}, 2), max_pool2d(x, MaxPoolOptions({3, 2}).stride(2))));
  CHECK(same(max_pool2d(x, {3, 2}), max_pool2d(x, MaxPoolOptions({3, 2}))));
  CHECK(same(max_pool(x, 3, 2), max_pool2d(x, 3, 2)));
  CHECK(same(avg_pool2d(x, 3, 2, 1), avg_pool2d(x, AvgPoolOptions(3).stride(2).padding(1))));
  CHECK(same(avg_pool(x, 3, 2), avg_pool2d(x, 3, 2)));
  CHECK(same(max_pool1d(x[0], 3, 2), max_pool1d(x[0], MaxPoolOptions(3).stride(2))));
  CHECK(same(avg_pool1d(x[0], 3, 2), avg_pool1d(x[0], AvgPoolOptions(3).stride(2))));
  CHECK(same(interpolate(x, {4, 5}), interpolate(x, InterpolateOptions().size({4, 5}))));
  const Tensor y = normal({4, 3}), z = normal({4, 3}), labels = tensor({0, 2, 1, 2}),
               weights = tensor({1., 2., 0.5}).to(float32);
  CHECK(same(cross_entropy(y, labels, Reduction::sum),
             cross_entropy(y, labels, CrossEntropyOptions().reduction(Reduction::sum))));
  CHECK(same(cross_entropy(y, labels, weights), cross_entropy(y, labels, CrossEntropyOptions().weight(weights))));
  CHECK(same(cross_entropy(y, labels, {}), cross_entropy(y, labels)));
  CHECK(same(nn::nll_loss(y, labels, Reduction::none),
             nn::nll_loss(y, labels, CrossEntropyOptions().reduction(Reduction::none))));
  CHECK(same(nn::triplet_margin_loss(y, z, y, 0.5),
             nn::triplet_margin_loss(y, z, y, nn::TripletMarginOptions().margin(0.5))));
  CHECK(same(nn::multi_margin_loss(y, labels, 2), nn::multi_margin_loss(y, labels, nn::MultiMarginOptions().p(2))));
  CHECK_FALSE(std::is_convertible_v<bool, PerAxis>);  // max_pool2d(x, 3, true) is no stride of 1
}

TEST_CASE("sizes in braces are those of the axes, and numbers in a row are options") {
  const Tensor x = reshape(arange(60), {1, 1, 6, 10}).to(float32);
  const std::int64_t two = 2;
  CHECK(same(nn::MaxPool2d({3, 2})(x), max_pool2d(x, MaxPoolOptions({3, 2}))));
  CHECK(same(nn::MaxPool2d({3, two})(x), max_pool2d(x, MaxPoolOptions({3, 2}))));
  CHECK(same(nn::MaxPool2d({3, 2}, 1)(x), max_pool2d(x, MaxPoolOptions({3, 2}).stride(1))));
  CHECK(same(nn::MaxPool2d(3, 2)(x), max_pool2d(x, MaxPoolOptions(3).stride(2))));
  CHECK(same(nn::MaxPool2d{3, 2}(x), max_pool2d(x, MaxPoolOptions(3).stride(2))));
  CHECK(same(nn::AvgPool2d({3, 2})(x), avg_pool2d(x, AvgPoolOptions({3, 2}))));
  CHECK(same(nn::AdaptiveAvgPool2d({3, 2})(x), adaptive_avg_pool2d(x, {3, 2})));
}

TEST_CASE("layers say what they were made with") {
  using namespace nn;
  const Conv2d conv(4, 8, {3, 5}, ConvOptions().stride({2, 1}).padding(1).groups(2), true, PadMode::reflect);
  CHECK(conv.options().stride().values() == std::vector<std::int64_t>{2, 1});
  CHECK((conv.options().groups() == 2 && conv.padding_mode() == PadMode::reflect));
  const MaxPool2d most(MaxPoolOptions({3, 2}).padding({1, 0}).dilation(2).ceil_mode(true));
  CHECK(most.options().kernel_size().values() == std::vector<std::int64_t>{3, 2});
  CHECK(most.options().stride().values() == most.options().kernel_size().values());
  CHECK(most.options().padding().values() == std::vector<std::int64_t>{1, 0});
  CHECK((most.options().dilation().values()[0] == 2 && most.options().ceil_mode()));
  const AvgPool2d mean(AvgPoolOptions(3).stride(2).count_include_pad(false).divisor_override(4));
  CHECK((mean.options().kernel_size().values()[0] == 3 && mean.options().stride().values()[0] == 2));
  CHECK((mean.options().padding().values()[0] == 0 && !mean.options().ceil_mode()));
  CHECK((!mean.options().count_include_pad() && mean.options().has_divisor_override()));
  CHECK((!AvgPool2d(3).options().has_divisor_override() && AvgPool2d(3).options().count_include_pad()));
  CHECK(AdaptiveAvgPool2d({3, 2}).options().values() == std::vector<std::int64_t>{3, 2});
  CHECK((BatchNorm1d(6, 1e-3).channels() == 6 && BatchNorm1d(6, 1e-3).eps() == 1e-3));
  CHECK((LayerNorm({2, 3}, 0.1).normalized() == Shape{2, 3} && LayerNorm(4, 0.1).eps() == 0.1));
  CHECK((GroupNorm(2, 6).groups() == 2 && GroupNorm(2, 6).channels() == 6 && GroupNorm(2, 6).eps() == 1e-5));
  CHECK((RMSNorm(4).normalized() == Shape{4} && !RMSNorm(4).eps() && RMSNorm(4, 0.1).eps() == 0.1));
  CHECK((Dropout(0.2).p() == 0.2 && Dropout2d(0.3).p() == 0.3));
  CHECK((Flatten(2, 3).start() == 2 && Flatten(2, 3).end() == 3));
  CHECK((Unflatten(1, {2, -1}).axis() == 1 && Unflatten(1, {2, -1}).sizes() == std::vector<std::int64_t>{2, -1}));
}

TEST_CASE("the parts of a chain can be asked what they are") {
  using namespace nn;
  const Sequential net{Linear(4, 4), relu, LeakyReLU(0.2), Residual(Linear(4, 4))};
  CHECK((net[0].holds<Linear>() && !net[0].holds<Lambda>() && net[1].holds<Lambda>()));
  const Lambda function = net[1].as<Lambda>(), leaky = net[2].as<Lambda>();
  CHECK((function.target<Tensor (*)(const Arg&)>() && *function.target<Tensor (*)(const Arg&)>() == relu));
  CHECK((leaky.target<LeakyReLU>() && leaky.target<LeakyReLU>()->slope == 0.2 && !leaky.target<ELU>()));
  const Residual residual = net[3].as<Residual>();
  CHECK((residual.body().size() == 1 && residual.body()[0].holds<Linear>() && residual.shortcut().size() == 0));
}
