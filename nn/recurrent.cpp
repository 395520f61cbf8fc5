#include "recurrent.hpp"

#include <autograd/core/operation.hpp>
#include <autograd/ops/dropout.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/join.hpp>
#include <autograd/ops/linalg.hpp>
#include <autograd/ops/shape.hpp>

namespace xtape::nn {
using namespace detail;

namespace {

// Whether a step is one of its sequence's: (time, batch, 1). An operation, because a `record` cannot look at lengths.
Tensor steps_within(const char* layer, const Tensor& lengths, std::int64_t time, std::int64_t batch) {
  if (lengths.dtype() != int64 || lengths.shape() != Shape{batch})
    fail(layer, "expected lengths int64" + to_string(Shape{batch}) + ", got " + describe(lengths));
  auto forward = [=](const Array& lengths) {
    Ref<Array> y = make_array(boolean, Shape{time, batch, 1});
    for (std::int64_t i = 0; i < batch; ++i) {
      const std::int64_t n = lengths.at<std::int64_t>()[i];
      if (n < 0 || n > time)
        fail(layer, "the length of sequence " + std::to_string(i) + " is " + std::to_string(n) +
                        ", expected one in [0, " + std::to_string(time) + "], as x has " + std::to_string(time) +
                        " steps");
      for (std::int64_t t = 0; t < time; ++t) y->at<bool>()[t * batch + i] = t < n;
    }
    return y;
  };
  const Arg x(lengths);
  return execute("lengths", {&x}, forward, detail::no_gradient);
}

}  // namespace

template <class Derived>
Recurrent<Derived>::Recurrent(const char* name, std::int64_t gates, std::int64_t in, std::int64_t hidden,
                              const RecurrentOptions& options, Site site)
    : name_(name), in_(in), hidden_(hidden), out_(options.proj_size_ ? options.proj_size_ : hidden), options_(options) {
  if (in < 1 || hidden < 1 || options.layers_ < 1)
    fail(name,
         "sizes must be at least 1, got in = " + std::to_string(in) + ", hidden = " + std::to_string(hidden) +
             ", layers = " + std::to_string(options.layers_),
         site);
  if (!(options.dropout_ >= 0 && options.dropout_ <= 1))
    fail(name, "dropout is " + std::to_string(options.dropout_) + ", expected a probability in [0, 1]", site);
  if (options.proj_size_ != 0 && gates != 4) fail(name, "proj_size is for LSTM", site);
  if (options.proj_size_ < 0 || options.proj_size_ >= hidden)
    fail(name,
         "proj_size is " + std::to_string(options.proj_size_) +
             ", expected a number below hidden = " + std::to_string(hidden) + ", or 0 for none",
         site);
  const int directions = options.bidirectional_ ? 2 : 1;
  const Scope scope(site);  // for what the sizes together are too large for
  const std::int64_t rows = Shape{gates, hidden}.size(), wide = Shape{directions, out_}.size();
  for (int i = 0; i < options.layers_ * directions; ++i) {
    const std::string layer = "_l" + std::to_string(i / directions) + (i % directions ? "_reverse" : "");
    auto start = [&](const char* part, const Shape& shape) {
      return this->parameter(part + layer, recurrent_start(shape, hidden, site));
    };
    RecurrentWeights w{
        start("weight_ih", {rows, i < directions ? in : wide}), start("weight_hh", {rows, out_}), {}, {}, {}};
    if (options.bias_) {
      w.bias_ih = start("bias_ih", {rows});
      w.bias_hh = start("bias_hh", {rows});
    }
    if (options.proj_size_ != 0) w.weight_hr = start("weight_hr", {out_, hidden});
    weights_.push_back(w);
  }
}

template <class Derived>
const RecurrentWeights& Recurrent<Derived>::weights(int layer, bool reverse, Site site) const {
  const int directions = options_.bidirectional_ ? 2 : 1;
  if (layer < 0 || layer >= options_.layers_ || (reverse && directions == 1))
    fail(name_,
         "there is no layer " + std::to_string(layer) + (reverse ? " in reverse" : "") + "; it has " +
             std::to_string(options_.layers_) + (directions == 1 ? ", of one direction" : ""),
         site);
  return weights_[static_cast<std::size_t>(layer * directions + reverse)];
}

template <class Derived>
Tensor Recurrent<Derived>::pass(Step step, const RecurrentWeights& weights, const Tensor& x, Tensors& state,
                                const Tensors& valid, bool reverse) {
  const Tensors inputs = unbind(project(x, weights.weight_ih, weights.bias_ih));
  Tensors outputs(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::size_t t = reverse ? inputs.size() - 1 - i : i;
    Tensors next = step(inputs[t], project(state[0], weights.weight_hh, weights.bias_hh), state);
    if (weights.weight_hr) next[0] = linear(next[0], *weights.weight_hr);
    if (!valid.empty())
      for (std::size_t s = 0; s < state.size(); ++s) next[s] = where(valid[t], next[s], state[s]);
    state = next;
    outputs[t] = state[0];
  }
  return stack(outputs);
}

template <class Derived>
Tensors Recurrent<Derived>::run(Step step, const Padded& padded, Tensors state) const {
  const Tensor& x = padded.values;
  const bool single = x.rank() == 2;  // one sequence, without an axis of the batch
  const Dtype dtype = weights_[0].weight_ih.dtype();
  if ((!single && x.rank() != 3) || x.size(-1) != in_ || x.dtype() != dtype)
    fail(name_, std::string("expected x ") + to_string(dtype) +
                    (options_.batch_first_ ? " (batch, time, " : " (time, batch, ") + std::to_string(in_) +
                    ") or (time, " + std::to_string(in_) + "), got " + describe(x));
  auto swapped = [&](const Tensor& t) { return options_.batch_first_ && !single ? transpose(t, 0, 1) : t; };
  Tensor y = single ? unsqueeze(x, 1) : swapped(x);
  const std::int64_t time = y.size(0), batch = y.size(1), runs = static_cast<std::int64_t>(weights_.size());
  if (time == 0) fail(name_, "expected sequences of at least one step, got " + describe(x));
  Tensor within;
  if (padded.lengths.defined()) within = steps_within(name_, padded.lengths, time, batch);
  const Tensors valid = within.defined() ? unbind(within) : Tensors();
  if (within.defined()) y = where(within, y, 0);

  const std::vector<std::int64_t> sizes{out_, hidden_};  // of h and c
  std::vector<Shape> given;
  for (const std::int64_t n : sizes) given.push_back(single ? Shape{runs, n} : Shape{runs, batch, n});
  state = states(name_, "0", state, given, dtype);
  for (std::size_t j = 0; j < state.size(); ++j) state[j] = reshape(state[j], {runs, batch, sizes[j]});
  std::vector<Tensors> last(state.size());
  const std::int64_t directions = options_.bidirectional_ ? 2 : 1;
  for (std::int64_t i = 0; i < runs; i += directions) {
    Tensors outputs;
    for (std::int64_t k = i; k < i + directions; ++k) {
      Tensors s;
      for (const Tensor& first : state) s.push_back(first[k]);
      outputs.push_back(pass(step, weights_[static_cast<std::size_t>(k)], y, s, valid, k > i));
      for (std::size_t j = 0; j < s.size(); ++j) last[j].push_back(s[j]);
    }
    y = directions == 1 ? outputs[0] : concat(outputs, -1);
    if (i + directions < runs) y = dropout(y, options_.dropout_, this->is_training());
  }
  if (within.defined()) y = where(within, y, 0);
  Tensors results{single ? reshape(y, {time, y.size(-1)}) : swapped(y)};
  for (std::size_t j = 0; j < last.size(); ++j) results.push_back(reshape(stack(last[j]), given[j]));
  return results;
}

template class Recurrent<RNN>;
template class Recurrent<LSTM>;
template class Recurrent<GRU>;

RNN::RNN(std::int64_t in, std::int64_t hidden, const RecurrentOptions& options, Nonlinearity nonlinearity, Site site)
    : Recurrent("RNN", 1, in, hidden, options, site),
      step_(nonlinearity == Nonlinearity::tanh ? tanh_step : relu_step) {}
RecurrentResult RNN::forward(const Padded& x, const Tensor& h0) const {
  const Tensors y = run(step_, x, {h0});
  return {y[0], y[1]};
}

LSTM::LSTM(std::int64_t in, std::int64_t hidden, const RecurrentOptions& options, Site site)
    : Recurrent("LSTM", 4, in, hidden, options, site) {}
LSTMResult LSTM::forward(const Padded& x, const Tensor& h0, const Tensor& c0) const {
  const Tensors y = run(lstm_step, x, {h0, c0});
  return {y[0], y[1], y[2]};
}

GRU::GRU(std::int64_t in, std::int64_t hidden, const RecurrentOptions& options, Site site)
    : Recurrent("GRU", 3, in, hidden, options, site) {}
RecurrentResult GRU::forward(const Padded& x, const Tensor& h0) const {
  const Tensors y = run(gru_step, x, {h0});
  return {y[0], y[1]};
}

}  // namespace xtape::nn
