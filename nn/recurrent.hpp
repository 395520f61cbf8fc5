// Recurrent layers over whole sequences.
#pragma once
#include <nn/cell.hpp>

namespace xtape::nn {

/// What may be set of a recurrent layer: `RecurrentOptions().layers(2).bidirectional()`, or just the number of layers:
/// `LSTM(8, 16, 2)`.
class RecurrentOptions {
 public:
  RecurrentOptions() = default;
  template <class T, class = std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>>>
  RecurrentOptions(T layers) : layers_(static_cast<int>(layers)) {}
  /// How many layers, each of which takes the outputs of the one before; 1 by default.
  RecurrentOptions& layers(int v) { return layers_ = v, *this; }
  /// Whether the gates have biases; true by default.
  RecurrentOptions& bias(bool v = true) { return bias_ = v, *this; }
  /// Whether each layer also runs from the end to the beginning, with weights of its own; its outputs come after the
  /// others in the last axis. False by default. Source: Schuster and Paliwal, 1997.
  RecurrentOptions& bidirectional(bool v = true) { return bidirectional_ = v, *this; }
  /// The probability of dropout, in training, on the outputs of every layer but the last; 0 by default.
  RecurrentOptions& dropout(double v) { return dropout_ = v, *this; }
  /// Whether inputs and outputs are (batch, time, ...) instead of (time, batch, ...); false by default. States stay
  /// (layers, batch, hidden).
  RecurrentOptions& batch_first(bool v = true) { return batch_first_ = v, *this; }
  /// The size to which an LSTM projects h, by `weight_hr` (proj_size, hidden): that of its outputs and of h, not of c.
  /// 0 by default, which is none. Source: Sak, Senior and Beaufays, "Long short-term memory based recurrent neural
  /// network architectures for large vocabulary speech recognition", 2014.
  RecurrentOptions& proj_size(std::int64_t v) { return proj_size_ = v, *this; }

 private:
  template <class Derived>
  friend class Recurrent;
  int layers_ = 1;
  std::int64_t proj_size_ = 0;
  bool bias_ = true, bidirectional_ = false, batch_first_ = false;
  double dropout_ = 0;
};

/// Sequences of several lengths in one tensor: `values` as a recurrent layer takes them, and how many steps of each are
/// its own, int64 (batch,), each in [0, time]. As in `auto [y, h] = gru(nn::Padded(x, lengths))`. Each sequence has the
/// results of a run of its own: what lies past its length is not read, its outputs there are 0, its final state is that
/// at its length, and the reverse direction starts at its own end. PyTorch does the same by pack_padded_sequence before
/// and pad_packed_sequence after the layer (with `total_length` = time).
struct Padded {
  Padded(const Tensor& values, const Tensor& lengths = Tensor()) : values(values), lengths(lengths) {}
  Tensor values, lengths;
};

/// The parameters of one layer and direction: `weight_ih` (gates hidden, in), or of a layer past the first (gates
/// hidden, directions hidden), `weight_hh` (gates hidden, hidden), and perhaps `bias_ih` and `bias_hh` (gates hidden,).
/// Under `proj_size` they take a state and outputs of that size, and there is `weight_hr` (proj_size, hidden).
struct RecurrentWeights {
  Parameter weight_ih, weight_hh;
  std::optional<Parameter> bias_ih, bias_hh, weight_hr;
};

/// What RNN, LSTM and GRU share. x is (time, batch, in), under `batch_first` (batch, time, in), or (time, in) for one
/// sequence; the outputs are of the last layer, (time, batch, directions hidden) in the order of x's axes; states are
/// (layers directions, batch, hidden), both directions of a layer side by side, and 0 where not given. Parameters are
/// called as PyTorch's, weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, weight_ih_l0_reverse, ..., and start
/// uniform in ±1/sqrt(hidden). Throws when a size is below 1, dropout is not in [0, 1], or proj_size is not below
/// hidden; at the call when shapes or dtypes do not fit, there is no step or a length is out of its range.
template <class Derived>
class Recurrent : public Module<Derived> {
 public:
  /// The parameters of a layer, forward or reverse. Throws when there is no such one.
  const RecurrentWeights& weights(int layer = 0, bool reverse = false, Site site = Site::here()) const;

 protected:
  Recurrent(const char* name, std::int64_t gates, std::int64_t in, std::int64_t hidden, const RecurrentOptions& options,
            Site site);
  // The outputs, and after them the final states.
  Tensors run(detail::Step step, const Padded& x, Tensors state) const;

 private:
  // Outputs of one direction of one layer, whose state becomes the final one; `valid` may be empty.
  static Tensor pass(detail::Step step, const RecurrentWeights& weights, const Tensor& x, Tensors& state,
                     const Tensors& valid, bool reverse);

  const char* name_;
  std::int64_t in_, hidden_, out_;  // out_: the size of h
  RecurrentOptions options_;
  std::vector<RecurrentWeights> weights_;
};

/// What RNN and GRU return.
struct RecurrentResult {
  Tensor output, h;
};
/// What LSTM returns.
struct LSTMResult {
  Tensor output, h, c;
};

/// RNNCell's step over sequences, as in `auto [y, h] = rnn(x)` or `rnn(x, h0)`: x (time, batch, in), h0 (layers
/// directions, batch, hidden) -> y (time, batch, directions hidden), h as h0.
class RNN : public Recurrent<RNN> {
 public:
  RNN(std::int64_t in, std::int64_t hidden, const RecurrentOptions& options = {},
      Nonlinearity nonlinearity = Nonlinearity::tanh, Site site = Site::here());
  RecurrentResult forward(const Padded& x, const Tensor& h0 = Tensor()) const;

 private:
  detail::Step step_;
};

/// LSTMCell's step over sequences, as in `auto [y, h, c] = lstm(x)` or `lstm(x, h0, c0)`: x (time, batch, in), h0 and
/// c0 (layers directions, batch, hidden) -> y (time, batch, directions hidden), h and c as h0. Under `proj_size` that
/// is the last axis of y's directions and of h.
class LSTM : public Recurrent<LSTM> {
 public:
  LSTM(std::int64_t in, std::int64_t hidden, const RecurrentOptions& options = {}, Site site = Site::here());
  LSTMResult forward(const Padded& x, const Tensor& h0 = Tensor(), const Tensor& c0 = Tensor()) const;
};

/// GRUCell's step over sequences, as in `auto [y, h] = gru(x)` or `gru(x, h0)`: x (time, batch, in), h0 (layers
/// directions, batch, hidden) -> y (time, batch, directions hidden), h as h0.
class GRU : public Recurrent<GRU> {
 public:
  GRU(std::int64_t in, std::int64_t hidden, const RecurrentOptions& options = {}, Site site = Site::here());
  RecurrentResult forward(const Padded& x, const Tensor& h0 = Tensor()) const;
};

}  // namespace xtape::nn
