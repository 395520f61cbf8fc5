// The tasks of scripts/bench, by libtorch.
#include <torch/torch.h>

#include <datasets/mnist.hpp>

#include "serve.hpp"

namespace {

namespace nn = torch::nn;
namespace F = torch::nn::functional;
using bench::Figures;
using bench::Task;
using torch::Tensor;
using Shape = std::vector<std::int64_t>;

Tensor leaf(const Shape& shape) { return torch::randn(shape).set_requires_grad(true); }

/// Forward and backward of f for the gradients of `leaves`.
template <class F>
std::function<void()> both(F f, std::vector<Tensor> leaves) {
  const Tensor seed = [&] {
    torch::NoGradGuard off;
    return torch::ones_like(f()).contiguous();
  }();
  return [=]() mutable {
    for (Tensor& x : leaves) x.mutable_grad().reset();
    f().backward(seed);
  };
}
template <class F>
std::function<Task()> unary(F f, Shape shape = {1 << 20}) {
  return bench::timed([=] {
    const Tensor x = leaf(shape);
    return both([=] { return f(x); }, {x});
  });
}

std::function<Task()> chain(std::int64_t size) {
  return [size]() -> Task {
    const Tensor x = leaf({size}), a = torch::full({size}, 1.0001f), b = torch::full({size}, 1e-6f);
    const Tensor seed = torch::ones({size});
    return [=] {
      constexpr int n = 1000;
      Tensor y;
      return bench::chain_times(
          n,
          [&] {
            x.mutable_grad().reset();
            y = x;
            for (int i = 0; i < n / 2; ++i) {
              y = y * a;
              y = y + b;
            }
          },
          [&] { y.backward(seed); }, [&] { y.reset(); });
    };
  };
}

struct Data {
  Tensor x, y;
};
Data train_images() {
  const auto data = xtape::datasets::mnist().train;
  auto bytes = torch::from_blob(const_cast<std::uint8_t*>(data.pixels.data()), {data.count, 784}, torch::kUInt8);
  auto labels = torch::from_blob(const_cast<std::uint8_t*>(data.labels.data()), {data.count}, torch::kUInt8);
  return {bytes.to(torch::kFloat32) / 256, labels.to(torch::kInt64)};
}

Task book() {
  const Data data = train_images();
  const Tensor targets = torch::one_hot(data.y, 10).to(torch::kFloat32);
  nn::Linear hidden(784, 30), output(30, 10);
  std::vector<Tensor> parameters = hidden->parameters();
  for (Tensor& p : output->parameters()) parameters.push_back(p);
  {
    torch::NoGradGuard off;
    for (Tensor& p : parameters) p.normal_();
  }
  const auto optimizer = std::make_shared<torch::optim::SGD>(parameters, torch::optim::SGDOptions(3));
  return [=]() mutable {
    const double begin = bench::now();
    const std::int64_t images = data.x.size(0);
    const Tensor order = torch::randperm(images), x = data.x.index_select(0, order);
    const Tensor y = targets.index_select(0, order);
    for (std::int64_t i = 0; i < images; i += 10) {
      const Tensor a = torch::sigmoid(output(torch::sigmoid(hidden(x.narrow(0, i, 10)))));
      const Tensor loss = torch::mse_loss(a, y.narrow(0, i, 10), torch::Reduction::Sum) * (0.5 / 10);
      optimizer->zero_grad();
      loss.backward();
      optimizer->step();
    }
    return Figures{{"s", bench::now() - begin}};
  };
}

template <class Optimizer>
Task training(nn::Sequential net, std::shared_ptr<Optimizer> optimizer, std::int64_t batch, bool square, int steps,
              int epoch) {
  const Data data = train_images();
  net->train();
  return [=, order = Tensor(), at = std::int64_t{0}]() mutable {
    const double begin = bench::now();
    for (int i = 0; i < steps; ++i, at += batch) {
      if (!order.defined() || at + batch > order.size(0)) order = torch::randperm(data.x.size(0)), at = 0;
      const Tensor indices = order.narrow(0, at, batch);
      Tensor x = data.x.index_select(0, indices);
      if (square) x = x.view({batch, 1, 28, 28});
      optimizer->zero_grad();
      F::cross_entropy(net->forward(x), data.y.index_select(0, indices)).backward();
      optimizer->step();
    }
    return Figures{{"s", (bench::now() - begin) / steps * epoch}};
  };
}
Task mlp() {
  nn::Sequential net(nn::Linear(784, 512), nn::ReLU(), nn::Linear(512, 512), nn::ReLU(), nn::Linear(512, 10));
  return training(net, std::make_shared<torch::optim::Adam>(net->parameters(), torch::optim::AdamOptions(1e-3)), 128,
                  false, bench::mlp_steps, bench::mlp_epoch);
}
Task cnn() {
  nn::Sequential net(nn::Conv2d(nn::Conv2dOptions(1, 32, 3)), nn::ReLU(), nn::Conv2d(nn::Conv2dOptions(32, 64, 3)),
                     nn::ReLU(), nn::MaxPool2d(2), nn::Flatten(), nn::Dropout(0.25), nn::Linear(9216, 128), nn::ReLU(),
                     nn::Dropout(0.5), nn::Linear(128, 10));
  return training(net, std::make_shared<torch::optim::Adam>(net->parameters(), torch::optim::AdamOptions(1e-3)), 64,
                  true, bench::cnn_steps, bench::cnn_epoch);
}
Task lenet() {
  nn::Sequential net(nn::Conv2d(nn::Conv2dOptions(1, 20, 5)), nn::ReLU(), nn::MaxPool2d(2),
                     nn::Conv2d(nn::Conv2dOptions(20, 40, 5)), nn::ReLU(), nn::MaxPool2d(2), nn::Flatten(),
                     nn::Linear(640, 100), nn::ReLU(), nn::Linear(100, 10));
  return training(net, std::make_shared<torch::optim::SGD>(net->parameters(), torch::optim::SGDOptions(0.03)), 10, true,
                  bench::lenet_steps, bench::lenet_epoch);
}

std::function<Task()> convolution(Shape x_shape, Shape w_shape, std::int64_t padding, bool to_x) {
  return bench::timed([=] {
    const Tensor x = to_x ? leaf(x_shape) : torch::randn(x_shape), w = leaf(w_shape), b = leaf({w_shape[0]});
    return both([=] { return torch::conv2d(x, w, b, 1, padding); },
                to_x ? std::vector<Tensor>{x, w, b} : std::vector<Tensor>{w, b});
  });
}
std::function<Task()> product(Shape a, Shape b, int calls = 1) {
  return bench::timed(
      [=] {
        const Tensor x = leaf(a), y = leaf(b);
        return both([=] { return torch::matmul(x, y); }, {x, y});
      },
      calls);
}
template <class Optimizer, class Options>
std::function<Task()> optimizer(int tensors, std::int64_t size, Options options) {
  return bench::timed([=] {
    std::vector<Tensor> parameters;
    for (int i = 0; i < tensors; ++i) {
      parameters.push_back(leaf({size}));
      parameters.back().mutable_grad() = torch::randn({size});
    }
    const auto optimizer = std::make_shared<Optimizer>(parameters, options);
    return [=] { optimizer->step(); };
  });
}

}  // namespace

int main() {
  if (const char* threads = std::getenv("OMP_NUM_THREADS")) at::set_num_threads(std::atoi(threads));
  torch::manual_seed(1);
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
    return both([=] { return x * torch::sigmoid(c * x); }, {x, c});
  };
  auto linear_layer = [] {
    const Tensor x = leaf({128, 784}), w = leaf({512, 784}), b = leaf({512});
    return both([=] { return F::linear(x, w, b); }, {x, w, b});
  };
  auto xent = [] {
    const Tensor x = leaf({1024, 1000}), labels = torch::randint(1000, {1024}, torch::kInt64);
    return both([=] { return F::cross_entropy(x, labels); }, {x});
  };
  auto layernorm = [] {
    const Tensor x = leaf({4096, 512}), g = leaf({512}), b = leaf({512});
    return both([=] { return torch::layer_norm(x, {512}, g, b); }, {x, g, b});
  };
  auto batchnorm = [] {
    const Tensor x = leaf({64, 64, 28, 28}), g = leaf({64}), b = leaf({64});
    const Tensor mean = torch::zeros({64}), var = torch::ones({64});
    return both([=] { return torch::batch_norm(x, g, b, mean, var, true, 0.1, 1e-5, false); }, {x, g, b});
  };
  auto attention = [] {
    const Tensor q = leaf({8, 8, 128, 64}), k = leaf({8, 8, 128, 64}), v = leaf({8, 8, 128, 64});
    return both([=] { return torch::matmul(torch::softmax(torch::matmul(q, k.transpose(-2, -1)) * 0.125, -1), v); },
                {q, k, v});
  };
  auto embedded = [] {
    const Tensor table = leaf({10'000, 128}), k = torch::randint(10'000, {4096}, torch::kInt64);
    return both([=] { return torch::embedding(table, k); }, {table});
  };
  auto gathered = [] {
    const Tensor x = leaf({1024, 1000}), k = torch::randint(1000, {1024, 100}, torch::kInt64);
    return both([=] { return torch::gather(x, 1, k); }, {x});
  };
  const Shape square{2048, 2048}, images{64, 64, 28, 28};
  bench::Tasks tasks{
      {"start", [] { return [] {
                       return Figures{{"item", (torch::ones({2, 2}) + 1).sum().item<double>()}};
                     }; }},
      {"book", book},
      {"mlp", mlp},
      {"cnn", cnn},
      {"lenet", lenet},
      {"tape1", chain(1)},
      {"tape8", chain(8)},
      {"swish", unary([](const Tensor& x) { return x * torch::sigmoid(x); })},
      {"gelu",
       unary([](const Tensor& x) { return 0.5 * x * (1.0 + torch::tanh(0.7978845608 * (x + 0.044715 * x * x * x))); })},
      {"act_exp", unary([](const Tensor& x) { return torch::exp(x); })},
      {"act_tanh", unary([](const Tensor& x) { return torch::tanh(x); })},
      {"act_sigmoid", unary([](const Tensor& x) { return torch::sigmoid(x); })},
      {"act_silu", unary([](const Tensor& x) { return torch::silu(x); })},
      {"act_gelu", unary([](const Tensor& x) { return torch::gelu(x, "tanh"); })},
      {"act_relu", unary([](const Tensor& x) { return torch::relu(x); })},
      {"bias", bench::timed(bias)},
      {"colmul", product_of({1024, 1024}, {1024, 1})},
      {"colmul_8", product_of({1 << 17, 8}, {1 << 17, 1})},
      {"outer", product_of({1024, 1}, {1024})},
      {"mul_channels", product_of(images, {64, 1, 1})},
      {"mul_mask", product_of({8, 8, 128, 128}, {8, 1, 1, 128})},
      {"swish_col", bench::timed(swish_columns)},
      {"transpose", unary([](const Tensor& x) { return x.t().contiguous(); }, square)},
      {"sum0", unary([](const Tensor& x) { return x.sum(0); }, square)},
      {"sum1", unary([](const Tensor& x) { return x.sum(1); }, square)},
      {"amax1", unary([](const Tensor& x) { return x.amax(1); }, square)},
      {"lse1", unary([](const Tensor& x) { return x.logsumexp(1); }, square)},
      {"xent", bench::timed(xent)},
      {"softmax", unary([](const Tensor& x) { return torch::softmax(x, 1); }, {1024, 1000})},
      {"layernorm", bench::timed(layernorm)},
      {"batchnorm", bench::timed(batchnorm)},
      {"maxpool", unary([](const Tensor& x) { return torch::max_pool2d(x, 2); }, images)},
      {"avgpool", unary([](const Tensor& x) { return torch::avg_pool2d(x, 2); }, images)},
      {"dropout", unary([](const Tensor& x) { return torch::dropout(x, 0.5, true); })},
      {"linear", bench::timed(linear_layer)},
      {"bmm", product({64, 128, 64}, {64, 64, 128})},
      {"conv_64", convolution({32, 64, 28, 28}, {64, 64, 3, 3}, 1, true)},
      {"conv_cnn1", convolution({64, 1, 28, 28}, {32, 1, 3, 3}, 0, false)},
      {"conv_cnn2", convolution({64, 32, 26, 26}, {64, 32, 3, 3}, 0, true)},
      {"conv_lenet2", convolution({10, 20, 12, 12}, {40, 20, 5, 5}, 0, true)},
      {"attention", bench::timed(attention)},
      {"embedding", bench::timed(embedded)},
      {"gather", bench::timed(gathered)},
      {"adam_big", optimizer<torch::optim::Adam>(10, 1'000'000, torch::optim::AdamOptions())},
      {"adam_many", optimizer<torch::optim::Adam>(500, 1000, torch::optim::AdamOptions())},
      {"rmsprop_big", optimizer<torch::optim::RMSprop>(10, 1'000'000, torch::optim::RMSpropOptions())},
      {"adagrad_big", optimizer<torch::optim::Adagrad>(10, 1'000'000, torch::optim::AdagradOptions())},
  };
  for (int n : {64, 128, 256, 512, 1024, 2048})
    tasks["matmul_" + std::to_string(n)] = product({n, n}, {n, n}, n < 256 ? 10 : 1);
  return bench::serve(tasks);
}
