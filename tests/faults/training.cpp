#include "training.hpp"

#include <limits>
#include <stdexcept>

#include <autograd/ops.hpp>
#include <autograd/tape.hpp>

#include "keras.hpp"

using namespace xtape;

namespace {

Shape sample_shape(const Tensor& x) {
  std::vector<std::int64_t> sizes(x.shape().begin() + 1, x.shape().end());
  return Shape(sizes);
}

nn::Sequential seeded_model(const std::string& layers, const Shape& input, std::uint64_t seed) {
  manual_seed(seed);
  return keras::model(layers, input);
}

optim::Run make_run(const Twin& twin, const Data& data, const nn::Sequential& net) {
  const keras::Cost cost = keras::cost(twin.cost);
  return optim::Run(net, keras::optimizer(twin.optimizer, net), optim::TensorBatches(data.x, data.t, twin.batch),
                    [net, cost](const Tensor& x, const Tensor& t) { return cost(net(x), t); });
}

double share(const Tensor& right) { return mean(right.to(float64)).item(); }

// As Keras has it: of one output, or of targets that are no classes, whether it is on the right side of 1/2.
double accuracy(const Tensor& y, const Tensor& t) {
  if (t.dtype() == int64) return share(argmax(y, 1) == t);
  if (y.shape()[1] == 1) return share((y > .5).to(float32) == t);
  return share(argmax(y, 1) == argmax(t, 1));
}

double value_of(const std::string& name, const Tensor& y, const Tensor& t) {
  if (name == "accuracy") return accuracy(y, t);
  if (name == "bits") return share((y > .5).to(float32) == t);
  if (name == "bce") return keras::cost("bce")(y, t).item();
  const Tensor error = y.to(float64) - t.to(float64);
  if (name == "mae") return mean(abs(error)).item();
  if (name == "mse") return mean(square(error)).item();
  if (name == "nmse") return (mean(square(error)) / mean(square(t.to(float64) - mean(t.to(float64))))).item();
  throw std::runtime_error("there is no figure '" + name + "'");
}

}  // namespace

Training::Training(const Subject& subject, const Twin& twin, std::uint64_t seed)
    : subject(subject),
      data(make_data(subject.data + " " + twin.changes)),
      net(seeded_model(twin.layers, sample_shape(data.x), seed)),
      run(make_run(twin, data, net)),
      epochs(twin.epochs) {
  run.seed(seed).progress(optim::ProgressStyle::quiet);
  keras::set_options(run, twin.optimizer);
}

void Training::fit() {
  try {
    run.fit(epochs);
  } catch (const Error& e) {
    error = e.what();
  }
}

double Training::figure() const {
  if (!error.empty()) return std::numeric_limits<double>::quiet_NaN();
  const NoGradGuard off;
  nn::Sequential net = this->net;
  net.eval();
  Tensors outputs;
  const std::int64_t rows = data.x_test.shape()[0];
  for (std::int64_t i = 0; i < rows; i += 500)
    outputs.push_back(net(slice(data.x_test, 0, Slice(i, std::min(i + 500, rows)))));
  net.train();
  return value_of(subject.figure.name, concat(outputs, 0), data.t_test);
}
