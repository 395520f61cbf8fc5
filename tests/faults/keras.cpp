#include "keras.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

#include <autograd/ops.hpp>
#include <nn/activation.hpp>
#include <nn/classification_loss.hpp>
#include <nn/conv.hpp>
#include <nn/dropout.hpp>
#include <nn/flatten.hpp>
#include <nn/init.hpp>
#include <nn/linear.hpp>
#include <nn/normalization.hpp>
#include <nn/pooling.hpp>
#include <optim/adam.hpp>
#include <optim/adamax.hpp>
#include <optim/factor_schedule.hpp>
#include <optim/rmsprop.hpp>
#include <optim/sgd.hpp>

#include "subject.hpp"

using namespace xtape;

namespace keras {
namespace {

Tensor probability(const Tensor& y) { return clamp(y, 1e-7, 1 - 1e-7); }

Tensor mean_squared_error(const Tensor& y, const Tensor& t) { return mean(square(y - t)); }
Tensor mean_absolute_error(const Tensor& y, const Tensor& t) { return mean(abs(y - t)); }
Tensor binary_crossentropy(const Tensor& y, const Tensor& t) {
  const Tensor p = probability(y);
  return -mean(t * log(p) + (1 - t) * log(1 - p));
}
// Whatever the outputs are, they are divided by their sum first.
Tensor categorical_crossentropy(const Tensor& y, const Tensor& t) {
  return -mean(sum(t * log(probability(y / sum(y, -1, true))), -1));
}
Tensor sparse_categorical_crossentropy(const Tensor& y, const Tensor& labels) {
  return categorical_crossentropy(y, one_hot(labels, y.shape()[1]));
}

// TheDeepChecker's programs are TensorFlow's, whose cost takes logits and one-hot labels.
Tensor softmax_cross_entropy(const Tensor& logits, const Tensor& t) {
  return -mean(sum(t * log_softmax(logits, -1), -1));
}
Tensor softmax_of_softmax(const Tensor& logits, const Tensor& t) {
  return softmax_cross_entropy(softmax(logits, -1), t);
}
Tensor log_clipped(const Tensor& y) { return log(clamp(y, 1e-32, 1)); }
Tensor without_softmax(const Tensor& logits, const Tensor& t) { return -mean(sum(t * log_clipped(logits), 1)); }
Tensor softmax_over_the_batch(const Tensor& logits, const Tensor& t) {
  return -mean(sum(t * log_clipped(softmax(logits, 0)), 1));
}
Tensor sum_of_means(const Tensor& logits, const Tensor& t) {
  return -sum(mean(t * log_clipped(softmax(logits, 1)), 1));
}
Tensor summed_over_the_batch(const Tensor& logits, const Tensor& t) {
  return -mean(sum(t * log_clipped(softmax(logits, 1)), 0));
}
// TensorFlow's log_loss, of outputs that are taken for probabilities.
Tensor log_loss(const Tensor& y, const Tensor& t) { return -mean(t * log(y + 1e-7) + (1 - t) * log(1 - y + 1e-7)); }
Tensor log_loss_of_softmax(const Tensor& y, const Tensor& t) { return log_loss(softmax(y, -1), t); }
Tensor sigmoid_cross_entropy(const Tensor& logits, const Tensor& t) {
  return nn::binary_cross_entropy_with_logits(logits, t);
}
Tensor squares_of_softmax(const Tensor& logits, const Tensor& t) { return mean_squared_error(softmax(logits, -1), t); }
Tensor sum_of_squares(const Tensor& y, const Tensor& t) { return sum(square(y - t)); }
Tensor squares_of_all_pairs(const Tensor& y, const Tensor& t) { return mean(square(y - reshape(t, {1, -1}))); }
Tensor cross_entropy_of_numbers(const Tensor& y, const Tensor& t) { return -sum(t * log(clamp(y, 1e-10, 1))); }

// The book's costs: sums over the outputs.
Tensor quadratic(const Tensor& y, const Tensor& t) { return mean(sum(square(y - t), 1)) / 2; }
Tensor sum_of_cross_entropies(const Tensor& y, const Tensor& t) {
  return binary_crossentropy(y, t) * static_cast<double>(y.shape()[1]);
}

// How weights start.
void glorot_uniform(const Parameter& w) { nn::init::xavier_uniform(w); }
void glorot_normal(const Parameter& w) { nn::init::xavier_normal(w); }
void uniform(const Parameter& w) { nn::init::uniform(w, -.05, .05); }
void normal(const Parameter& w) { nn::init::normal(w, 0, .05); }
// Normal numbers within two standard deviations; the constant makes the variance 2 / fan_in.
void he_normal(const Parameter& w) {
  const auto fan_in = static_cast<double>(w.shape().size() / w.shape()[0]);
  const double stddev = std::sqrt(2 / fan_in) / .87962566103423978;
  nn::init::truncated_normal(w, 0, stddev, -2 * stddev, 2 * stddev);
}

// Starts layers as "he", "n.1" from N(0, 0.1^2), "N1" the same with the biases, "nielsen", or "=.01" constant says;
// "he+1": biases of 1.
struct Start {
  std::string name = "glorot_uniform";
  template <class Layer>
  Layer operator()(Layer layer) const {
    static const std::map<std::string, void (*)(const Parameter&)> starts = {{"glorot_uniform", glorot_uniform},
                                                                             {"glorot_normal", glorot_normal},
                                                                             {"uniform", uniform},
                                                                             {"normal", normal},
                                                                             {"he", he_normal}};
    const auto plus = name.find('+');
    const std::string kind = name.substr(0, plus);
    nn::init::constant(*layer.bias, plus == std::string::npos ? 0 : number_of(name.substr(plus + 1)));
    if (kind == "nielsen") {
      const auto fan_in = static_cast<double>(layer.weight.shape().size() / layer.weight.shape()[0]);
      nn::init::normal(layer.weight, 0, 1 / std::sqrt(fan_in));
      nn::init::normal(*layer.bias);
    } else if (starts.count(kind)) {
      starts.at(kind)(layer.weight);
    } else {
      const double value = number_of(kind.substr(1));
      if (kind[0] == '=') nn::init::constant(layer.weight, value);
      else nn::init::normal(layer.weight, 0, value);
      if (kind[0] == 'N') nn::init::normal(*layer.bias, 0, value);
    }
    return layer;
  }
};

// A layer as a word says it, and the shape that it gives.
class Builder {
 public:
  explicit Builder(Shape input) : shape_(std::move(input)) {}
  void add(const std::string& word) {
    static const std::map<std::string, std::function<void(nn::Sequential&)>> functions = {
        {"lin", [](nn::Sequential&) {}},
        {"relu", [](nn::Sequential& s) { s.add(nn::relu); }},
        {"sig", [](nn::Sequential& s) { s.add(nn::sigmoid); }},
        {"tanh", [](nn::Sequential& s) { s.add(nn::tanh); }},
        {"elu", [](nn::Sequential& s) { s.add(nn::elu); }},
        {"selu", [](nn::Sequential& s) { s.add(nn::selu); }},
        {"softmax", [](nn::Sequential& s) { s.add(nn::softmax); }}};
    const auto number = [&](std::size_t from) { return number_of(word.substr(from)); };
    if (word.back() == ':') start_.name = word.substr(0, word.size() - 1);
    else if (functions.count(word)) functions.at(word)(net);
    else if (word == "F") flatten();
    else if (word == "BN" || word == "BN0") batch_norm(word == "BN" ? .01 : 0);
    else if (word == "A") net.add(nn::GlobalAvgPool()), shape_ = {shape_[0]};
    else if (word.compare(0, 2, "Dr") == 0) net.add(nn::Dropout(number(2)));
    else if (word[0] == 'M') max_pool(static_cast<std::int64_t>(number(1)));
    else if (word[0] == 'D') dense(static_cast<std::int64_t>(number(1)));
    else if (word[0] == 'C') convolution(word);
    else throw std::runtime_error("there is no layer '" + word + "'");
  }
  nn::Sequential net;

 private:
  void flatten() {
    if (shape_.rank() > 1) net.add(nn::Flatten());
    shape_ = {shape_.size()};
  }
  void dense(std::int64_t out) {
    flatten();
    net.add(start_(nn::Linear(shape_[0], out)));
    shape_ = {out};
  }
  // "C32,3", "C32,3same", "C32,3/2"
  void convolution(const std::string& word) {
    if (shape_.rank() != 3) throw std::runtime_error("'" + word + "' needs images");
    const auto comma = word.find(',');
    const auto out = static_cast<std::int64_t>(number_of(word.substr(1, comma - 1)));
    const std::int64_t kernel = word[comma + 1] - '0', stride = word[comma + 2] == '/' ? word[comma + 3] - '0' : 1;
    const std::int64_t padding = word.find("same") == std::string::npos ? 0 : kernel / 2;
    net.add(start_(nn::Conv2d(shape_[0], out, kernel, stride, padding)));
    const auto size = [&](std::int64_t n) { return (n + 2 * padding - kernel) / stride + 1; };
    shape_ = {out, size(shape_[1]), size(shape_[2])};
  }
  void max_pool(std::int64_t size) {
    net.add(nn::MaxPool2d(size));
    shape_ = {shape_[0], shape_[1] / size, shape_[2] / size};
  }
  // Keras keeps 0.99 of its running statistics and adds 1e-3 to variances.
  void batch_norm(double momentum) {
    if (shape_.rank() == 3) net.add(nn::BatchNorm2d(shape_[0], 1e-3, momentum));
    else net.add(nn::BatchNorm1d(shape_[0], 1e-3, momentum));
  }

  Shape shape_;
  Start start_;
};

// "adam .001 eps 1e-7 ascend": what stands behind a word, or its default; whether it is there.
struct Words {
  std::vector<std::string> all;
  double after(const char* word, double otherwise) const {
    for (std::size_t i = 0; i + 1 < all.size(); ++i)
      if (all[i] == word) return number_of(all[i + 1]);
    return otherwise;
  }
  bool has(const char* word) const { return std::find(all.begin(), all.end(), word) != all.end(); }
};

template <class Options>
Options common(const Words& words, Options options) {
  if (words.has("l2")) options.weight_decay(2 * words.after("l2", 0));  // Keras has no 1/2 before its penalty
  return options.maximize(words.has("ascend"));
}

}  // namespace

Cost cost(const std::string& name) {
  static const std::map<std::string, Cost> costs = {{"mse", mean_squared_error},
                                                    {"quadratic", quadratic},
                                                    {"sum_of_cross_entropies", sum_of_cross_entropies},
                                                    {"mae", mean_absolute_error},
                                                    {"bce", binary_crossentropy},
                                                    {"cce", categorical_crossentropy},
                                                    {"scce", sparse_categorical_crossentropy},
                                                    {"softmax_cross_entropy", softmax_cross_entropy},
                                                    {"softmax_of_softmax", softmax_of_softmax},
                                                    {"without_softmax", without_softmax},
                                                    {"softmax_over_the_batch", softmax_over_the_batch},
                                                    {"sum_of_means", sum_of_means},
                                                    {"summed_over_the_batch", summed_over_the_batch},
                                                    {"log_loss", log_loss},
                                                    {"log_loss_of_softmax", log_loss_of_softmax},
                                                    {"sigmoid_cross_entropy", sigmoid_cross_entropy},
                                                    {"squares_of_softmax", squares_of_softmax},
                                                    {"sum_of_squares", sum_of_squares},
                                                    {"squares_of_all_pairs", squares_of_all_pairs},
                                                    {"cross_entropy_of_numbers", cross_entropy_of_numbers}};
  if (costs.count(name) == 0) throw std::runtime_error("there is no cost '" + name + "'");
  return costs.at(name);
}

nn::Sequential model(const std::string& layers, Shape input) {
  Builder builder(std::move(input));
  for (const std::string& word : words_of(layers)) builder.add(word);
  return builder.net;
}

std::shared_ptr<optim::Optimizer> optimizer(const std::string& text, const nn::Sequential& model) {
  const Words words{words_of(text)};
  const std::string& name = words.all.at(0);
  const double lr = number_of(words.all.at(1));
  const std::vector<Parameter> p = model.parameters();
  if (name == "sgd")
    return std::make_shared<optim::SGD>(
        p, common(words, optim::SGDOptions(lr).momentum(words.after("momentum", 0)).nesterov(words.has("nesterov"))));
  if (name == "adam")
    return std::make_shared<optim::Adam>(p, common(words, optim::AdamOptions(lr).eps(words.after("eps", 1e-7))));
  if (name == "adamax") return std::make_shared<optim::Adamax>(p, common(words, optim::AdamaxOptions(lr).eps(1e-7)));
  if (name == "rmsprop")
    return std::make_shared<optim::RMSprop>(p, common(words, optim::RMSpropOptions(lr).alpha(.9).eps(1e-7)));
  throw std::runtime_error("there is no optimiser '" + name + "'");
}

void set_options(optim::Run& run, const std::string& text) {
  const Words words{words_of(text)};
  if (const double decay = words.after("decay", 0); decay > 0)
    run.schedule(optim::Lambda([decay](std::int64_t step) { return 1 / (1 + decay * static_cast<double>(step)); }));
  if (const double norm = words.after("clip", 0); norm > 0) run.clip_norm(norm);
}

}  // namespace keras
