#include "expectations.hpp"

#include <algorithm>
#include <cmath>

#include "../ops.hpp"
#include "../random.hpp"
#include "../tape.hpp"

namespace xtape::lab {

namespace {

using Function = ScalarFunction::Function;

constexpr std::int64_t samples = 32, classes = 4, widths[] = {16, 32, 32, 32, classes};
constexpr std::size_t layers = std::size(widths) - 1;
constexpr int quantiles = 100;

// The inverse of N(0, 1)'s distribution function, by bisection.
double quantile(double p) {
  double low = -10, high = 10;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle * std::sqrt(0.5)) / 2 < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

// Eigenvalues of the Fisher matrix, which are those of the Gram matrix of the scores of all samples and classes.
std::vector<double> fisher_spectrum(const Function& f, double gain) {
  const Recording recording(true);
  RandomGenerator generator(1);
  Tensor activation = normal({samples, widths[0]}, 0, 1, float64, generator);
  Tensors inputs, sums;  // of each layer
  for (std::size_t l = 0; l < layers; ++l) {
    const double scale = (l == 0 ? 1 : gain) / std::sqrt(static_cast<double>(widths[l]));
    const Tensor weight = normal({widths[l + 1], widths[l]}, 0, scale, float64, generator).requires_grad();
    inputs.push_back(activation.detach());
    sums.push_back(matmul(activation, weight, false, true));
    activation = reshape(f(reshape(sums.back(), {-1, 1})), sums.back().shape());
  }
  const Tensor p = softmax(sums.back(), 1).detach();
  // What each logit c feels of each sum: (samples, classes, width).
  std::vector<Tensors> felt(layers);
  for (std::int64_t c = 0; c < classes; ++c) {
    const Tensors g = grad(sum(slice(sums.back(), 1, Slice(c, c + 1))), sums, retain_graph | allow_unused);
    for (std::size_t l = 0; l < layers; ++l) felt[l].push_back(g[l].defined() ? g[l] : zeros(sums[l].shape(), float64));
  }
  // The score of class y is the gradient of log p_y, with the weight p_y.
  const std::int64_t rows = samples * classes;
  Tensor gram = zeros({rows, rows}, float64);
  for (std::size_t l = 0; l < layers; ++l) {
    const Tensor of_logits = stack(felt[l], 1), weights = reshape(p, {samples, classes, 1});
    const Tensor scores = sqrt(weights) * (of_logits - sum(weights * of_logits, 1, true));
    const Tensor d = reshape(scores, {rows, -1});
    const Tensor a = repeat_interleave(inputs[l], classes, 0);
    gram += matmul(d, d, false, true) * (1 + matmul(a, a, false, true));  // 1: of the biases
  }
  std::vector<double> all = eigvalsh(gram / static_cast<double>(samples)).to_vector<double>();
  std::sort(all.rbegin(), all.rend());
  all.resize(static_cast<std::size_t>(samples * (classes - 1)));
  for (double& v : all) v = std::log10(std::max(v, 1e-12));
  return all;
}

Expectation expectation(const std::string& name, const Function& f) {
  const ScalarFunction scalar(f);
  const NormalStatistics statistics = normal_statistics(scalar);
  std::vector<double> x;
  for (int i = 0; i < quantiles; ++i) x.push_back(quantile((i + 0.5) / quantiles));
  Expectation e{name, statistics.gain, statistics.chi1, scalar.value(x), fisher_spectrum(f, statistics.gain), 0, 0};
  std::sort(e.outputs.begin(), e.outputs.end());
  return e;
}

const std::vector<Expectation>& known_functions() {
  static const std::vector<Expectation> all = [] {
    std::vector<Expectation> v;
    const std::pair<const char*, Tensor (*)(const Tensor&)> functions[] = {
        {"identity", [](const Tensor& x) { return 1 * x; }},
        {"relu", [](const Tensor& x) { return relu(x); }},
        {"tanh", [](const Tensor& x) { return tanh(x); }},
        {"sigmoid", [](const Tensor& x) { return sigmoid(x); }},
        {"gelu", [](const Tensor& x) { return gelu(x); }},
        {"swish", [](const Tensor& x) { return silu(x); }},
        {"elu", [](const Tensor& x) { return where(x > 0, x, expm1(minimum(x, 0))); }},
        {"softplus", [](const Tensor& x) { return softplus(x); }},
    };
    for (const auto& [name, f] : functions) v.push_back(expectation(name, f));
    return v;
  }();
  return all;
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  return sum / static_cast<double>(a.size());
}

}  // namespace

const Expectation& Prediction::nearest() const {
  return *std::min_element(known.begin(), known.end(), [](const Expectation& a, const Expectation& b) {
    return a.outputs_off + a.spectrum_off < b.outputs_off + b.spectrum_off;
  });
}

Prediction predict(const std::string& name, const Function& f) {
  Prediction p{expectation(name, f), known_functions()};
  for (Expectation& e : p.known) {
    e.outputs_off = distance(e.outputs, p.own.outputs);
    e.spectrum_off = distance(e.spectrum, p.own.spectrum);
  }
  return p;
}

}  // namespace xtape::lab
