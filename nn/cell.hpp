// Recurrent cells: one step of RNN, LSTM and GRU, for loops of one's own.
#pragma once
#include <nn/gates.hpp>

namespace xtape::nn {

/// What RNN and RNNCell apply.
enum class Nonlinearity : std::uint8_t { tanh, relu };

/// What the cells share: `weight_ih` (gates hidden, in), `weight_hh` (gates hidden, hidden) and, unless `with_bias` is
/// false, `bias_ih` and `bias_hh` (gates hidden,) start uniform in ±1/sqrt(hidden), as PyTorch's do. x is (batch, in)
/// or (in,), a state (batch, hidden) or (hidden,); a state that is not given is 0. Throws when a size is below 1; at
/// the call when shapes or dtypes do not fit.
template <class Derived>
class Cell : public Module<Derived> {
 public:
  Parameter weight_ih, weight_hh;
  std::optional<Parameter> bias_ih, bias_hh;

 protected:
  Cell(const char* name, std::int64_t gates, std::int64_t in, std::int64_t hidden, bool with_bias, Site site);
  Tensors next(detail::Step step, const Tensor& x, Tensors state) const;

 private:
  const char* name_;
};

/// h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or with relu: x (batch, in), h (batch, hidden) -> (batch, hidden).
/// Source: Elman, "Finding structure in time", Cognitive Science 14, 1990.
class RNNCell : public Cell<RNNCell> {
 public:
  RNNCell(std::int64_t in, std::int64_t hidden, bool with_bias = true, Nonlinearity nonlinearity = Nonlinearity::tanh,
          Site site = Site::here());
  Tensor forward(const Tensor& x, const Tensor& h = Tensor()) const;

 private:
  detail::Step step_;
};

/// The state of an LSTMCell.
struct LSTMState {
  Tensor h, c;
};
/// c' = sigmoid(f) c + sigmoid(i) tanh(g) and h' = sigmoid(o) tanh(c'), where i, f, g and o are, in this order, the
/// four parts of W_ih x + b_ih + W_hh h + b_hh, as in `auto [h1, c1] = cell(x, h, c)`: x (batch, in), h and c (batch,
/// hidden) -> the same. Source: Hochreiter and Schmidhuber, Neural Computation 9, 1997; the forget gate f: Gers,
/// Schmidhuber and Cummins, Neural Computation 12, 2000.
class LSTMCell : public Cell<LSTMCell> {
 public:
  LSTMCell(std::int64_t in, std::int64_t hidden, bool with_bias = true, Site site = Site::here());
  LSTMState forward(const Tensor& x, const Tensor& h = Tensor(), const Tensor& c = Tensor()) const;
};

/// h' = (1 - sigmoid(z)) n + sigmoid(z) h with n = tanh(x_n + sigmoid(r) h_n), where r and z are the first two of three
/// parts of W_ih x + b_ih + W_hh h + b_hh, x_n the third of its input's terms and h_n that of its state's: x (batch,
/// in), h (batch, hidden) -> (batch, hidden). Source: Cho et al., EMNLP 2014, with the reset gate after the product as
/// in PyTorch and cuDNN.
class GRUCell : public Cell<GRUCell> {
 public:
  GRUCell(std::int64_t in, std::int64_t hidden, bool with_bias = true, Site site = Site::here());
  Tensor forward(const Tensor& x, const Tensor& h = Tensor()) const;
};

}  // namespace xtape::nn
