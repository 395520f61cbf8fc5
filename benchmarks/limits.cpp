// What the machine can do at best for the tasks of scripts/bench: the same matrix products by OpenBLAS alone, traffic
// at the memory's bandwidth, loops by hand. "hand" is the book's network as one would write it without a framework.
#include <cblas.h>

#include <cmath>
#include <cstring>
#include <datasets/mnist.hpp>
#include <memory>
#include <numeric>
#include <random>

#include "hand_loops.hpp"
#include "serve.hpp"

namespace {

using bench::Figures;
using bench::Task;
using Floats = std::vector<float>;

Floats numbers(std::size_t n) {
  Floats v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = 0.5f - static_cast<float>(i % 97) / 97;
  return v;
}

void sgemm(bool ta, bool tb, int m, int n, int k, float alpha, const float* a, const float* b, float beta, float* c) {
  cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n, k, alpha, a,
              ta ? m : k, b, tb ? k : n, beta, c, n);
}

struct Product {
  bool ta, tb;
  int m, n, k;
};
/// The seconds of a product.
double gemm_time(const Product& p) {
  const double work = 2. * p.m * p.n * p.k;
  Floats a = numbers(static_cast<std::size_t>(p.m) * p.k), b = numbers(static_cast<std::size_t>(p.k) * p.n);
  Floats c(static_cast<std::size_t>(p.m) * p.n);
  const int calls = std::max(1, static_cast<int>(2e6 / work));
  return bench::median_time(
             [&] {
               for (int i = 0; i < calls; ++i) sgemm(p.ta, p.tb, p.m, p.n, p.k, 1, a.data(), b.data(), 0, c.data());
             },
             0.05) /
         calls;
}
double gemm_times(const std::vector<Product>& list) {
  double s = 0;
  for (const Product& p : list) s += gemm_time(p);
  return s;
}
/// y = x w^T, dx = dy w, dw = dy^T x.
std::vector<Product> layer(int batch, int in, int out, bool to_x = true) {
  std::vector<Product> list{{false, true, batch, out, in}, {true, false, out, in, batch}};
  if (to_x) list.push_back({false, false, batch, in, out});
  return list;
}
std::vector<Product> joined(std::vector<std::vector<Product>> lists) {
  std::vector<Product> all;
  for (auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

/// Floating-point operations a second of a large product.
double peak() { return 2. * 1024 * 1024 * 1024 / gemm_time({false, false, 1024, 1024, 1024}); }
/// Bytes a second of a = b + s c, without what the caches fetch to write.
double bandwidth() {
  constexpr std::size_t n = 8 << 20;
  Floats a(n), b(n, 2), c(n, 3);
  return 12. * n / bench::median_time([&] {
           float* to = a.data();
           const float *p = b.data(), *q = c.data();
           for (std::size_t i = 0; i < n; ++i) to[i] = p[i] + 1.5f * q[i];
         });
}
// Compiled with -O3 -ffast-math, as this whole file is. A step of an optimiser, of parameters, gradients and state.
#define FUSED_LOOP __attribute__((target_clones("default", "avx2", "avx512f"))) void
FUSED_LOOP adam_loop(std::size_t n, float* p, const float* g, float* m, float* v) {
  for (std::size_t i = 0; i < n; ++i) {
    m[i] = 0.9f * m[i] + 0.1f * g[i];
    v[i] = 0.999f * v[i] + 0.001f * g[i] * g[i];
    p[i] -= 1e-3f * m[i] / (std::sqrt(v[i]) + 1e-8f);
  }
}
FUSED_LOOP nadam_loop(std::size_t n, float* p, const float* g, float* m, float* v) {
  for (std::size_t i = 0; i < n; ++i) {
    m[i] = 0.9f * m[i] + 0.1f * g[i];
    v[i] = 0.999f * v[i] + 0.001f * g[i] * g[i];
    p[i] -= (1e-3f * g[i] + 2e-3f * m[i]) / (std::sqrt(v[i]) + 1e-8f);
  }
}
FUSED_LOOP rmsprop_loop(std::size_t n, float* p, const float* g, float*, float* v) {
  for (std::size_t i = 0; i < n; ++i) {
    v[i] = 0.99f * v[i] + 0.01f * g[i] * g[i];
    p[i] -= 1e-2f * g[i] / (std::sqrt(v[i]) + 1e-8f);
  }
}
FUSED_LOOP adagrad_loop(std::size_t n, float* p, const float* g, float*, float* v) {
  for (std::size_t i = 0; i < n; ++i) {
    v[i] += g[i] * g[i];
    p[i] -= 1e-2f * g[i] / (std::sqrt(v[i]) + 1e-10f);
  }
}
FUSED_LOOP lion_loop(std::size_t n, float* p, const float* g, float* m, float*) {
  for (std::size_t i = 0; i < n; ++i) {
    const float c = 0.9f * m[i] + 0.1f * g[i];
    p[i] -= 1e-4f * static_cast<float>((c > 0) - (c < 0));
    m[i] = 0.99f * m[i] + 0.01f * g[i];
  }
}
template <class Loop>
double step_time(std::size_t n, Loop loop) {
  Floats p = numbers(n), g = numbers(n), m(n), v(n);
  return bench::median_time([&] { loop(n, p.data(), g.data(), m.data(), v.data()); });
}
double adam_time(std::size_t n) { return step_time(n, adam_loop); }

/// A convolution without padding, from its output: forward, and the gradients of weights and, if wanted, of x.
double conv_operations(double batch, double y_size, double out, double window, bool to_x) {
  return 2 * batch * y_size * out * window * (to_x ? 3 : 2);
}

template <class Hand>
double formula(bool is_gelu) {
  constexpr std::int64_t n = 1 << 20;
  const Floats x = numbers(n), g = numbers(n);
  Floats y(n), d(n);
  return bench::median_time([&] {
    if (is_gelu) Hand::template forward<true>(n, x.data(), y.data());
    else Hand::template forward<false>(n, x.data(), y.data());
    if (is_gelu) Hand::template backward<true>(n, g.data(), x.data(), d.data());
    else Hand::template backward<false>(n, g.data(), x.data(), d.data());
  });
}
double formula_time(bool is_gelu) {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return formula<hand::Avx512>(is_gelu);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return formula<hand::Avx2>(is_gelu);
  return 0;
}

/// The book's network by hand: 784-30-10, sigmoids, the quadratic cost, batches of 10.
class Book {
 public:
  Book() : data_(xtape::datasets::mnist().train), order_(static_cast<std::size_t>(data_.count)) {
    std::iota(order_.begin(), order_.end(), 0);
    std::normal_distribution<float> normal;
    for (Floats* p : {&w1_, &b1_, &w2_, &b2_})
      for (float& v : *p) v = normal(random_);
  }
  Figures epoch() {
    const double begin = bench::now();
    std::shuffle(order_.begin(), order_.end(), random_);
    for (std::size_t i = 0; i + batch <= order_.size(); i += batch) step(&order_[i]);
    return {{"s", bench::now() - begin}};
  }

 private:
  static constexpr int batch = 10, in = 784, hidden = 30, out = 10;
  static constexpr float rate = 3.f / batch;

  static float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }
  static void layer(int m, int k, const float* x, const Floats& w, const Floats& b, float* y) {
    for (int i = 0; i < batch; ++i) std::copy_n(b.data(), m, y + i * m);
    sgemm(false, true, batch, m, k, 1, x, w.data(), 1, y);
    for (int i = 0; i < batch * m; ++i) y[i] = sigmoid(y[i]);
  }
  void step(const std::size_t* images) {
    float x[batch * in], a1[batch * hidden], a2[batch * out], d1[batch * hidden], d2[batch * out];
    for (int i = 0; i < batch; ++i) {
      const std::uint8_t* pixels = data_.pixels.data() + images[i] * in;
      for (int k = 0; k < in; ++k) x[i * in + k] = static_cast<float>(pixels[k]) * (1.f / 256);
    }
    layer(hidden, in, x, w1_, b1_, a1);
    layer(out, hidden, a1, w2_, b2_, a2);
    for (int i = 0; i < batch * out; ++i) {
      const float target = data_.labels[images[i / out]] == i % out;
      d2[i] = (a2[i] - target) * a2[i] * (1 - a2[i]);
    }
    sgemm(false, false, batch, hidden, out, 1, d2, w2_.data(), 0, d1);
    for (int i = 0; i < batch * hidden; ++i) d1[i] *= a1[i] * (1 - a1[i]);
    sgemm(true, false, out, hidden, batch, -rate, d2, a1, 1, w2_.data());
    sgemm(true, false, hidden, in, batch, -rate, d1, x, 1, w1_.data());
    for (int i = 0; i < batch * out; ++i) b2_[static_cast<std::size_t>(i % out)] -= rate * d2[i];
    for (int i = 0; i < batch * hidden; ++i) b1_[static_cast<std::size_t>(i % hidden)] -= rate * d1[i];
  }

  xtape::datasets::Images data_;
  std::vector<std::size_t> order_;
  std::mt19937 random_{1};
  Floats w1_ = Floats(hidden * in), b1_ = Floats(hidden), w2_ = Floats(out * hidden), b2_ = Floats(out);
};

std::function<Task()> figure(std::function<double()> f) {
  return [=]() -> Task { return [=] { return Figures{{"s", f()}}; }; };
}

}  // namespace

int main() {
  bench::Tasks tasks{
      {"book", figure([] {
         return 5000 * gemm_times(joined({layer(10, 784, 30, false), layer(10, 30, 10)}));
       })},
      {"hand",
       []() -> Task {
         const auto book = std::make_shared<Book>();
         return [=] { return book->epoch(); };
       }},
      {"mlp", figure([] {
         const auto all = joined({layer(128, 784, 512, false), layer(128, 512, 512), layer(128, 512, 10)});
         return bench::mlp_epoch * (gemm_times(all) + adam_time(669'706));
       })},
      {"cnn", figure([] {
         const double all = conv_operations(64, 26 * 26, 32, 9, false) + conv_operations(64, 24 * 24, 64, 288, true) +
                            6. * 64 * 9216 * 128 + 6. * 64 * 128 * 10;
         return bench::cnn_epoch * (all / peak() + adam_time(1'199'882));
       })},
      {"lenet", figure([] {
         const double all = conv_operations(10, 24 * 24, 20, 25, false) + conv_operations(10, 8 * 8, 40, 500, true) +
                            6. * 10 * 640 * 100 + 6. * 10 * 100 * 10;
         return bench::lenet_epoch * all / peak();
       })},
      {"swish", figure([] { return formula_time(false); })},
      {"gelu", figure([] { return formula_time(true); })},
      {"sum0", figure([] { return 2 * 4. * 2048 * 2048 / bandwidth(); })},
      {"sum1", figure([] { return 2 * 4. * 2048 * 2048 / bandwidth(); })},
      {"linear", figure([] { return gemm_times(layer(128, 784, 512)); })},
      {"bmm", figure([] {
         return 64 *
                gemm_times({{false, false, 128, 128, 64}, {false, true, 128, 64, 128}, {true, false, 64, 128, 128}});
       })},
      {"conv_64", figure([] { return conv_operations(32, 28 * 28, 64, 576, true) / peak(); })},
      {"conv_cnn1", figure([] { return conv_operations(64, 26 * 26, 32, 9, false) / peak(); })},
      {"conv_cnn2", figure([] { return conv_operations(64, 24 * 24, 64, 288, true) / peak(); })},
      {"conv_lenet2", figure([] { return conv_operations(10, 8 * 8, 40, 500, true) / peak(); })},
      {"adam_big", figure([] { return adam_time(10'000'000); })},
      {"adam_many", figure([] { return adam_time(500'000); })},
      {"nadam_big", figure([] { return step_time(10'000'000, nadam_loop); })},
      {"rmsprop_big", figure([] { return step_time(10'000'000, rmsprop_loop); })},
      {"adagrad_big", figure([] { return step_time(10'000'000, adagrad_loop); })},
      {"lion_big", figure([] { return step_time(10'000'000, lion_loop); })},
      {"muon_ns", figure([] {
         return 5 * gemm_times(
                        {{false, true, 512, 512, 2048}, {false, false, 512, 512, 512}, {false, false, 512, 2048, 512}});
       })},
  };
  for (int n : {64, 128, 256, 512, 1024, 2048})
    tasks["matmul_" + std::to_string(n)] = figure([n] {
      return gemm_times({{false, false, n, n, n}, {false, true, n, n, n}, {true, false, n, n, n}});
    });
  return bench::serve(tasks);
}
