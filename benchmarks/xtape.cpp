// The tasks of scripts/bench, by xtape.
#include <autograd/pointwise.hpp>
#include <xtape.hpp>

#include "serve.hpp"

namespace {

using namespace xtape;
using bench::Figures;
using bench::Task;

Tensor leaf(const Shape& shape) { return normal(shape).requires_grad(); }

/// Forward and backward of f for the gradients of `leaves`.
template <class F>
std::function<void()> both(F f, Tensors leaves) {
  const Tensor y = no_grad([&] { return f(); });
  return [=, seed = ones(y.shape())] { grad(f(), leaves, seed); };
}
template <class F>
std::function<Task()> unary(F f, Shape shape = {1 << 20}) {
  return bench::timed([=] {
    const Tensor x = leaf(shape);
    return both([=] { return f(x); }, {x});
  });
}

/// A chain of 1000 additions and multiplications.
std::function<Task()> chain(std::int64_t size) {
  return [size]() -> Task {
    const Tensor x = leaf({size}), a = full({size}, 1.0001), b = full({size}, 1e-6), seed = ones({size});
    return [=] {
      constexpr int n = 1000;
      Tensor y;
      return bench::chain_times(
          n,
          [&] {
            y = x;
            for (int i = 0; i < n / 2; ++i) {
              y = y * a;
              y = y + b;
            }
          },
          [&] { grad(y, {x}, seed); }, [&] { y = Tensor(); });
    };
  };
}

Task book() {
  const datasets::DataLoader loader = datasets::batches(datasets::mnist().train, 10);
  const nn::Sequential net(nn::Linear(784, 30), nn::sigmoid, nn::Linear(30, 10), nn::sigmoid);
  nn::init::nielsen_large(net);
  const auto optimizer = std::make_shared<optim::SGD>(net.parameters(), 3.0);
  return [=] {
    const double begin = bench::now();
    for (auto [x, labels] : loader) {
      const Tensor loss = nn::quadratic_cost(net(x), one_hot(labels, 10));
      optimizer->step(grad(loss, optimizer->parameters()));
    }
    return Figures{{"s", bench::now() - begin}};
  };
}

/// The same by a Run, an epoch a time.
Task book_run() {
  struct Training {
    const datasets::Images images = datasets::mnist().train;
    const nn::Sequential net{nn::Linear(784, 30), nn::sigmoid, nn::Linear(30, 10), nn::sigmoid};
    optim::Run run{
        net, optim::SGD(net.parameters(), 3.0), datasets::batches(images, 10),
        [this](const Tensor& x, const Tensor& labels) { return nn::quadratic_cost(net(x), one_hot(labels, 10)); }};
  };
  const auto training = std::make_shared<Training>();
  nn::init::nielsen_large(training->net);
  training->run.progress(optim::ProgressStyle::quiet);
  return [=] {
    const double begin = bench::now();
    training->run.fit(training->run.epoch() + 1);
    return Figures{{"s", bench::now() - begin}};
  };
}

/// Where a batch comes from: it is made when it is asked for, by a thread before, or stays in memory.
enum class Feed { here, ahead, resident };

template <class Net, class Optimizer>
Task training(Net net, std::shared_ptr<Optimizer> optimizer, std::int64_t batch, bool square, int steps, int epoch,
              Feed feed = Feed::here) {
  datasets::DataLoaderOptions options(batch);
  options.shuffle().drop_last().pictures(square).prefetch(feed == Feed::ahead ? 2 : 0);
  const datasets::DataLoader loader(datasets::mnist().train, options);
  const datasets::Batch first = loader.batch(0, 0, 0);
  const auto step = std::make_shared<std::int64_t>(0);
  return [=] {
    const double begin = bench::now();
    for (int i = 0; i < steps; ++i, ++*step) {
      const auto [x, labels] =
          feed == Feed::resident ? first : loader.batch(*step % loader.count(), *step / loader.count(), 0);
      optimizer->step(grad(nn::cross_entropy(net(x), labels), optimizer->parameters()));
    }
    return Figures{{"s", (bench::now() - begin) / steps * epoch}};
  };
}
Task mlp() {
  const nn::Sequential net(nn::Linear(784, 512), relu, nn::Linear(512, 512), relu, nn::Linear(512, 10));
  return training(net, std::make_shared<optim::Adam>(net.parameters()), 128, false, bench::mlp_steps, bench::mlp_epoch);
}
Task cnn(Feed feed) {
  const nn::Sequential net(nn::Conv2d(1, 32, 3), relu, nn::Conv2d(32, 64, 3), relu, nn::MaxPool2d(2), nn::Flatten(),
                           nn::Dropout(0.25), nn::Linear(9216, 128), relu, nn::Dropout(0.5), nn::Linear(128, 10));
  return training(net, std::make_shared<optim::Adam>(net.parameters()), 64, true, bench::cnn_steps, bench::cnn_epoch,
                  feed);
}
Task lenet() {
  const nn::Sequential net(nn::Conv2d(1, 20, 5), relu, nn::MaxPool2d(2), nn::Conv2d(20, 40, 5), relu, nn::MaxPool2d(2),
                           nn::Flatten(), nn::Linear(640, 100), relu, nn::Linear(100, 10));
  return training(net, std::make_shared<optim::SGD>(net.parameters(), 0.03), 10, true, bench::lenet_steps,
                  bench::lenet_epoch);
}

std::function<Task()> convolution(Shape x_shape, Shape w_shape, std::int64_t padding, bool to_x) {
  return bench::timed([=] {
    const Tensor x = to_x ? leaf(x_shape) : normal(x_shape), w = leaf(w_shape), b = leaf({w_shape[0]});
    return both([=] { return conv2d(x, w, b, ConvOptions().padding(padding)); },
                to_x ? Tensors{x, w, b} : Tensors{w, b});
  });
}
std::function<Task()> product(Shape a, Shape b, int calls = 1) {
  return bench::timed(
      [=] {
        const Tensor x = leaf(a), y = leaf(b);
        return both([=] { return matmul(x, y); }, {x, y});
      },
      calls);
}
/// A digit moved, turned and bent, by one transform after the other.
Task augment() {
  constexpr std::int64_t images = 64;
  const auto [pixels, classes] = datasets::whole(datasets::mnist().train.slice(0, images));
  const datasets::Batch batch{reshape(pixels, {-1, 1, 28, 28}), classes};
  const auto transform = datasets::compose({datasets::shift(2), datasets::rotate(15), datasets::elastic(34, 4)});
  return [=] { return Figures{{"s", bench::median_time([&] { transform(batch); }) / images}}; };
}
template <class Optimizer, class Options>
std::function<Task()> optimizer(int tensors, std::int64_t size, Options options) {
  return bench::timed([=] {
    std::vector<Parameter> parameters;
    Tensors gradients;
    for (int i = 0; i < tensors; ++i) {
      parameters.emplace_back(normal({size}));
      gradients.push_back(normal({size}));
    }
    const auto optimizer = std::make_shared<Optimizer>(parameters, options);
    return [=] { optimizer->step(gradients); };
  });
}
/// Ten tensors of a million numbers.
template <class Optimizer, class Options>
std::function<Task()> big(Options options) {
  return optimizer<Optimizer>(10, 1'000'000, options);
}

}  // namespace

int main() {
  manual_seed(1);
  auto bias = [] {
    const Tensor x = leaf({1024, 1024}), b = leaf({1024});
    return both([=] { return x + b; }, {x, b});
  };
  auto product_of = [](Shape a, Shape b) {
    return bench::timed([=] {
      const Tensor x = leaf(a), c = leaf(b);
      return both([=] { return x * c; }, {x, c});
    });
  };
  auto swish_columns = [] {
    const Tensor x = leaf({1024, 1024}), c = leaf({1024, 1});
    return both([=] { return pointwise([](auto x, auto c) { return x * sigmoid(c * x); }, x, c); }, {x, c});
  };
  auto linear_layer = [] {
    const Tensor x = leaf({128, 784}), w = leaf({512, 784}), b = leaf({512});
    return both([=] { return linear(x, w, b); }, {x, w, b});
  };
  auto xent = [] {
    const Tensor x = leaf({1024, 1000}), labels = randint(0, 1000, {1024});
    return both([=] { return cross_entropy(x, labels); }, {x});
  };
  auto layernorm = [] {
    const Tensor x = leaf({4096, 512}), g = leaf({512}), b = leaf({512});
    return both([=] { return layer_norm(x, {512}, g, b); }, {x, g, b});
  };
  auto batchnorm = [] {
    const Tensor x = leaf({64, 64, 28, 28}), g = leaf({64}), b = leaf({64});
    const Tensor mean = zeros({64}), var = ones({64});
    return both([=] { return batch_norm(x, mean, var, g, b).y; }, {x, g, b});
  };
  auto attention = [] {
    const Tensor q = leaf({8, 8, 128, 64}), k = leaf({8, 8, 128, 64}), v = leaf({8, 8, 128, 64});
    return both([=] { return scaled_dot_product_attention(q, k, v); }, {q, k, v});
  };
  auto embedded = [] {
    const Tensor table = leaf({10'000, 128}), k = randint(0, 10'000, {4096});
    return both([=] { return embedding(k, table); }, {table});
  };
  auto gathered = [] {
    const Tensor x = leaf({1024, 1000}), k = randint(0, 1000, {1024, 100});
    return both([=] { return gather(x, 1, k); }, {x});
  };
  const Shape square{2048, 2048}, images{64, 64, 28, 28};
  bench::Tasks tasks{
      {"book", book},
      {"book_run", book_run},
      {"mlp", mlp},
      {"cnn", [] { return cnn(Feed::here); }},
      {"cnn_ahead", [] { return cnn(Feed::ahead); }},
      {"cnn_resident", [] { return cnn(Feed::resident); }},
      {"lenet", lenet},
      {"tape1", chain(1)},
      {"tape8", chain(8)},
      {"swish", unary([](const Tensor& x) { return pointwise([](auto x) { return x * sigmoid(x); }, x); })},
      {"gelu", unary([](const Tensor& x) {
         return pointwise([](auto x) { return 0.5 * x * (1 + tanh(0.7978845608 * (x + 0.044715 * x * x * x))); }, x);
       })},
      {"act_exp", unary([](const Tensor& x) { return exp(x); })},
      {"act_tanh", unary([](const Tensor& x) { return tanh(x); })},
      {"act_sigmoid", unary([](const Tensor& x) { return sigmoid(x); })},
      {"act_silu", unary([](const Tensor& x) { return silu(x); })},
      {"act_gelu", unary([](const Tensor& x) { return gelu(x, Gelu::tanh); })},
      {"act_relu", unary([](const Tensor& x) { return relu(x); })},
      {"bias", bench::timed(bias)},
      {"colmul", product_of({1024, 1024}, {1024, 1})},
      {"colmul_8", product_of({1 << 17, 8}, {1 << 17, 1})},
      {"outer", product_of({1024, 1}, {1024})},
      {"mul_channels", product_of(images, {64, 1, 1})},
      {"mul_mask", product_of({8, 8, 128, 128}, {8, 1, 1, 128})},
      {"swish_col", bench::timed(swish_columns)},
      {"transpose", unary([](const Tensor& x) { return transpose(x); }, square)},
      {"sum0", unary([](const Tensor& x) { return sum(x, 0); }, square)},
      {"sum1", unary([](const Tensor& x) { return sum(x, 1); }, square)},
      {"amax1", unary([](const Tensor& x) { return amax(x, 1); }, square)},
      {"lse1", unary([](const Tensor& x) { return logsumexp(x, 1); }, square)},
      {"xent", bench::timed(xent)},
      {"softmax", unary([](const Tensor& x) { return softmax(x, 1); }, {1024, 1000})},
      {"layernorm", bench::timed(layernorm)},
      {"batchnorm", bench::timed(batchnorm)},
      {"maxpool", unary([](const Tensor& x) { return max_pool2d(x, 2); }, images)},
      {"avgpool", unary([](const Tensor& x) { return avg_pool2d(x, 2); }, images)},
      {"dropout", unary([](const Tensor& x) { return dropout(x, 0.5); })},
      {"linear", bench::timed(linear_layer)},
      {"bmm", product({64, 128, 64}, {64, 64, 128})},
      {"conv_64", convolution({32, 64, 28, 28}, {64, 64, 3, 3}, 1, true)},
      {"conv_cnn1", convolution({64, 1, 28, 28}, {32, 1, 3, 3}, 0, false)},
      {"conv_cnn2", convolution({64, 32, 26, 26}, {64, 32, 3, 3}, 0, true)},
      {"conv_lenet2", convolution({10, 20, 12, 12}, {40, 20, 5, 5}, 0, true)},
      {"attention", bench::timed(attention)},
      {"embedding", bench::timed(embedded)},
      {"gather", bench::timed(gathered)},
      {"augment", augment},
      {"adam_big", big<optim::Adam>(optim::AdamOptions())},
      {"adam_many", optimizer<optim::Adam>(500, 1000, optim::AdamOptions())},
      {"nadam_big", big<optim::NAdam>(optim::NAdamOptions())},
      {"rmsprop_big", big<optim::RMSprop>(optim::RMSpropOptions())},
      {"adagrad_big", big<optim::Adagrad>(optim::AdagradOptions())},
      {"lion_big", big<optim::Lion>(optim::LionOptions())},
      {"muon_ns", bench::timed([] {
         const Tensor x = normal({512, 2048});
         return [=] { optim::newton_schulz(x); };
       })},
  };
  for (int n : {64, 128, 256, 512, 1024, 2048})
    tasks["matmul_" + std::to_string(n)] = product({n, n}, {n, n}, n < 256 ? 10 : 1);
  return bench::serve(tasks);
}
