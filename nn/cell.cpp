#include "cell.hpp"

namespace xtape::nn {
using namespace detail;
namespace {

Shape checked_weight(const char* name, std::int64_t gates, std::int64_t in, std::int64_t hidden, Site site) {
  if (in < 1 || hidden < 1)
    fail(name, "sizes must be at least 1, got in = " + std::to_string(in) + ", hidden = " + std::to_string(hidden),
         site);
  return Shape({Shape({gates, hidden}, site).size(), in}, site);
}

}  // namespace

template <class Derived>
Cell<Derived>::Cell(const char* name, std::int64_t gates, std::int64_t in, std::int64_t hidden, bool with_bias,
                    Site site)
    : weight_ih(
          this->parameter("weight_ih", recurrent_start(checked_weight(name, gates, in, hidden, site), hidden, site))),
      weight_hh(this->parameter("weight_hh", recurrent_start({gates * hidden, hidden}, hidden, site))),
      name_(name) {
  if (!with_bias) return;
  bias_ih = this->parameter("bias_ih", recurrent_start({gates * hidden}, hidden, site));
  bias_hh = this->parameter("bias_hh", recurrent_start({gates * hidden}, hidden, site));
}

template <class Derived>
Tensors Cell<Derived>::next(Step step, const Tensor& x, Tensors state) const {
  const std::int64_t in = weight_ih.shape()[1], hidden = weight_hh.shape()[1];
  if (x.rank() < 1 || x.rank() > 2 || x.size(-1) != in || x.dtype() != weight_ih.dtype())
    fail(name_, std::string("expected x ") + to_string(weight_ih.dtype()) + " (batch, " + std::to_string(in) +
                    ") or (" + std::to_string(in) + ",), got " + describe(x));
  const Shape shape = x.rank() == 1 ? Shape{hidden} : Shape{x.size(0), hidden};
  state = states(name_, "", state, {shape, shape}, x.dtype());
  return step(project(x, weight_ih, bias_ih), project(state[0], weight_hh, bias_hh), state);
}

template class Cell<RNNCell>;
template class Cell<LSTMCell>;
template class Cell<GRUCell>;

RNNCell::RNNCell(std::int64_t in, std::int64_t hidden, bool with_bias, Nonlinearity nonlinearity, Site site)
    : Cell("RNNCell", 1, in, hidden, with_bias, site),
      step_(nonlinearity == Nonlinearity::tanh ? tanh_step : relu_step) {}
Tensor RNNCell::forward(const Tensor& x, const Tensor& h) const { return next(step_, x, {h})[0]; }

LSTMCell::LSTMCell(std::int64_t in, std::int64_t hidden, bool with_bias, Site site)
    : Cell("LSTMCell", 4, in, hidden, with_bias, site) {}
LSTMState LSTMCell::forward(const Tensor& x, const Tensor& h, const Tensor& c) const {
  const Tensors state = next(lstm_step, x, {h, c});
  return {state[0], state[1]};
}

GRUCell::GRUCell(std::int64_t in, std::int64_t hidden, bool with_bias, Site site)
    : Cell("GRUCell", 3, in, hidden, with_bias, site) {}
Tensor GRUCell::forward(const Tensor& x, const Tensor& h) const { return next(gru_step, x, {h})[0]; }

}  // namespace xtape::nn
