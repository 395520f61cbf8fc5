// Recurrent cells and layers; the numbers are PyTorch's (parity/nn_recurrent.py).
#include <nn/recurrent.hpp>

#include "nn_support.hpp"
#include "nn_table.hpp"

using namespace xtape;
using nn::RecurrentOptions;
using nn_table::joined;
using nn_table::row;

namespace {

Tensors parts(const Tensor& h) { return {h}; }
Tensors parts(const nn::LSTMState& s) { return {s.h, s.c}; }
Tensors parts(const nn::RecurrentResult& r) { return {r.output, r.h}; }
Tensors parts(const nn::LSTMResult& r) { return {r.output, r.h, r.c}; }

// The results of an input, of one and states, and of one and lengths and states.
struct Plain {
  template <class M>
  Tensor operator()(const M& m, const Tensors& x) const {
    return joined(parts(m(x[0])));
  }
};
struct WithState {
  template <class M>
  Tensor operator()(const M& m, const Tensors& x) const {
    return joined(parts(m(x[0], x[1])));
  }
  Tensor operator()(const nn::LSTMCell& m, const Tensors& x) const { return joined(parts(m(x[0], x[1], x[2]))); }
  Tensor operator()(const nn::LSTM& m, const Tensors& x) const { return joined(parts(m(x[0], x[1], x[2]))); }
};
struct OfLengths {
  Tensor operator()(const nn::RNN& m, const Tensors& x) const { return joined(parts(m(nn::Padded(x[0], x[1])))); }
  Tensor operator()(const nn::GRU& m, const Tensors& x) const { return joined(parts(m(nn::Padded(x[0], x[1]), x[2]))); }
  Tensor operator()(const nn::LSTM& m, const Tensors& x) const {
    return joined(parts(m(nn::Padded(x[0], x[1]), x[2], x[3])));
  }
};

RecurrentOptions both_ways() { return RecurrentOptions().layers(2).bidirectional(); }

const nn_table::Table table = {
    row("RNNCell", nn::RNNCell(3, 2), Plain()),
    row("RNNCell relu without bias", nn::RNNCell(3, 2, false, nn::Nonlinearity::relu), WithState()),
    row("RNNCell of one sample", nn::RNNCell(3, 2), WithState()),
    row("LSTMCell", nn::LSTMCell(3, 2), Plain()),
    row("LSTMCell with state", nn::LSTMCell(3, 2), WithState()),
    row("LSTMCell without bias", nn::LSTMCell(3, 2, false), WithState()),
    row("GRUCell", nn::GRUCell(3, 2), Plain()),
    row("GRUCell with state", nn::GRUCell(3, 2), WithState()),
    row("GRUCell without bias", nn::GRUCell(3, 2, false), WithState()),
    row("RNN", nn::RNN(3, 2), Plain()),
    row("RNN relu", nn::RNN(3, 2, {}, nn::Nonlinearity::relu), Plain()),
    row("RNN of two layers", nn::RNN(3, 2, both_ways()), WithState()),
    row("RNN of several lengths", nn::RNN(3, 2, RecurrentOptions().bidirectional()), OfLengths()),
    row("LSTM", nn::LSTM(3, 2), Plain()),
    row("LSTM with state", nn::LSTM(3, 2), WithState()),
    row("LSTM without bias", nn::LSTM(3, 2, RecurrentOptions().bias(false)), Plain()),
    row("LSTM of two layers", nn::LSTM(3, 2, RecurrentOptions().layers(2)), Plain()),
    row("LSTM both ways", nn::LSTM(3, 2, both_ways().batch_first()), WithState()),
    row("LSTM of one sequence", nn::LSTM(3, 2, RecurrentOptions().bidirectional()), WithState()),
    row("LSTM of several lengths", nn::LSTM(3, 2, both_ways().batch_first()), OfLengths()),
    row("LSTM projected", nn::LSTM(3, 4, RecurrentOptions().proj_size(2)), Plain()),
    row("LSTM projected with state", nn::LSTM(3, 3, RecurrentOptions().proj_size(2)), WithState()),
    row("LSTM projected both ways", nn::LSTM(3, 3, both_ways().proj_size(2).batch_first()), WithState()),
    row("LSTM projected without bias", nn::LSTM(3, 3, RecurrentOptions(2).bias(false).proj_size(1)), Plain()),
    row("LSTM projected of one sequence", nn::LSTM(3, 3, RecurrentOptions().bidirectional().proj_size(2)), WithState()),
    row("LSTM projected of several lengths", nn::LSTM(3, 3, both_ways().batch_first().proj_size(2)), OfLengths()),
    row("GRU", nn::GRU(3, 2), Plain()),
    row("GRU without bias", nn::GRU(3, 2, RecurrentOptions().bias(false).batch_first()), WithState()),
    row("GRU both ways", nn::GRU(3, 2, both_ways()), WithState()),
    row("GRU of several lengths", nn::GRU(3, 2, RecurrentOptions().layers(2)), OfLengths()),
};

}  // namespace

XTAPE_CHECK_LAYERS("nn_recurrent", table)

TEST_CASE("recurrent cells and layers have PyTorch's parameters and start as its do") {
  using Names = std::vector<std::string>;
  const nn::LSTMCell cell(3, 2);
  CHECK(names_of(cell.named_parameters()) == Names{"weight_ih", "weight_hh", "bias_ih", "bias_hh"});
  CHECK(shapes_of(cell.named_parameters()) == std::vector<Shape>{{8, 3}, {8, 2}, {8}, {8}});
  CHECK(names_of(nn::GRUCell(3, 2, false).named_parameters()) == Names{"weight_ih", "weight_hh"});

  const nn::GRU gru(3, 2, both_ways());
  CHECK(names_of(gru.named_parameters()) == Names{"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0",
                                                  "weight_ih_l0_reverse", "weight_hh_l0_reverse", "bias_ih_l0_reverse",
                                                  "bias_hh_l0_reverse", "weight_ih_l1", "weight_hh_l1", "bias_ih_l1",
                                                  "bias_hh_l1", "weight_ih_l1_reverse", "weight_hh_l1_reverse",
                                                  "bias_ih_l1_reverse", "bias_hh_l1_reverse"});
  const std::vector<Shape> first{{6, 3}, {6, 2}, {6}, {6}}, second{{6, 4}, {6, 2}, {6}, {6}};
  const std::vector<Shape> shapes = shapes_of(gru.named_parameters());
  for (std::size_t i = 0; i < 16; ++i) CHECK(shapes[i] == (i < 8 ? first : second)[i % 4]);
  CHECK(gru.weights(1, true).weight_ih.name() == "weight_ih_l1_reverse");
  CHECK(gru.weights().bias_hh->is(gru.parameters()[3]));
  const nn::RNN plain(3, 2, RecurrentOptions().bias(false));
  CHECK(names_of(plain.named_parameters()) == Names{"weight_ih_l0", "weight_hh_l0"});
  CHECK_FALSE(plain.weights().bias_ih);
  CHECK_FALSE(plain.weights().weight_hr);

  const nn::LSTM projected(3, 4, both_ways().proj_size(2));
  const auto named = projected.named_parameters();
  CHECK(std::vector<Shape>(shapes_of(named)) ==
        std::vector<Shape>{{16, 3}, {16, 2}, {16}, {16}, {2, 4}, {16, 3}, {16, 2}, {16}, {16}, {2, 4},
                           {16, 4}, {16, 2}, {16}, {16}, {2, 4}, {16, 4}, {16, 2}, {16}, {16}, {2, 4}});
  CHECK(names_of(named)[4] == "weight_hr_l0");
  CHECK(names_of(named)[19] == "weight_hr_l1_reverse");

  manual_seed(3);
  const nn::LSTM lstm(30, 25);
  for (const Parameter& p : lstm.parameters()) {
    const double largest = max(abs(p)).item();
    CHECK(largest <= 1 / 5.);
    CHECK(largest > 0.17);
  }
  const nn::LSTM copy = lstm.clone();
  Parameter theirs = copy.weights().weight_hh;
  CHECK(theirs.is(copy.parameters()[1]));
  CHECK_FALSE(theirs.is(lstm.weights().weight_hh));
}

TEST_CASE("a recurrent layer is its cell at one step after the other") {
  manual_seed(1);
  const nn::LSTM lstm(3, 4);
  const nn::LSTMCell cell(3, 4);
  for (std::size_t i = 0; i < 4; ++i) cell.parameters()[i].assign(lstm.parameters()[i]);
  const Tensor x = normal({5, 2, 3});
  const auto [y, h, c] = lstm(x);
  CHECK(y.shape() == Shape{5, 2, 4});
  CHECK(h.shape() == Shape{1, 2, 4});
  nn::LSTMState s;
  for (int t = 0; t < 5; ++t) {
    s = cell(x[t], s.h, s.c);
    CHECK(allclose(y[t], s.h, 1e-5, 1e-6));
  }
  CHECK(allclose(h[0], s.h, 1e-5, 1e-6));
  CHECK(allclose(c[0], s.c, 1e-5, 1e-6));
}

TEST_CASE("several lengths give what each sequence gives by itself, and do not read past it") {
  manual_seed(2);
  const nn::GRU gru(3, 2, both_ways());
  const Tensor x = normal({4, 3, 3}), h0 = normal({4, 3, 2});
  const std::int64_t lengths[] = {3, 0, 4};
  const Tensor past = (arange(4) >= tensor({{3}, {0}, {4}}));
  const Tensor dirty = where(unsqueeze(transpose(past), 2), std::nan(""), x).requires_grad();
  const auto [y, h] = gru(nn::Padded(dirty, tensor({3, 0, 4})), h0);
  for (int i = 0; i < 3; ++i) {
    const std::int64_t n = lengths[i];
    const Tensor mine = select(y, 1, i), state = select(h0, 1, i);
    CHECK(all(slice(mine, 0, {n, 4}) == 0).item() == 1);
    if (n == 0) {
      CHECK(allclose(select(h, 1, i), state));
      continue;
    }
    const auto [alone, last] = gru(slice(select(x, 1, i), 0, {0, n}), state);
    CHECK(allclose(slice(mine, 0, {0, n}), alone, 1e-5, 1e-6));
    CHECK(allclose(select(h, 1, i), last, 1e-5, 1e-6));
  }
  const Tensor g = grad(sum(square(y)) + sum(h), dirty);
  CHECK(all((g == 0) == broadcast_to(unsqueeze(transpose(past), 2), {4, 3, 3})).item() == 1);

  // A recording takes other lengths.
  auto f = [&](const Tensors& in) {
    const auto [y, h] = gru(nn::Padded(in[0], in[1]));
    return Tensors{y, h};
  };
  Replay replay = record(f, {x, tensor({4, 4, 4})});
  const Tensors again = replay({x, tensor({1, 2, 0})}), now = f({x, tensor({1, 2, 0})});
  for (std::size_t i = 0; i < 2; ++i) CHECK(allclose(again[i], now[i], 0, 0));
  CHECK(begins(message([&] {
                 replay({x, tensor({1, 5, 0})});
               }),
               "GRU: the length of sequence 1 is 5, expected one in"));
}

TEST_CASE("dropout lies between the layers, in training") {
  manual_seed(4);
  nn::LSTM lstm(3, 4, RecurrentOptions().layers(2).dropout(1)), plain(3, 4, RecurrentOptions().layers(2)), second(4, 4);
  for (std::size_t i = 0; i < 8; ++i) plain.parameters()[i].assign(lstm.parameters()[i]);
  for (std::size_t i = 0; i < 4; ++i) second.parameters()[i].assign(lstm.parameters()[4 + i]);
  const Tensor x = normal({5, 2, 3});
  const nn::LSTMResult trained = lstm(x), with_nothing = second(zeros({5, 2, 4}));
  CHECK(allclose(trained.output, with_nothing.output, 0, 0));
  CHECK(allclose(trained.h[0], plain(x).h[0], 0, 0));
  lstm.eval();
  CHECK(allclose(lstm(x).output, plain(x).output, 0, 0));
  nn::LSTM single(3, 4, RecurrentOptions().dropout(1));
  CHECK(min(abs(single(x).output)).item() > 0);
}

TEST_CASE("a recurrent layer of no sequences gives none") {
  const nn::LSTM lstm(3, 4, both_ways());
  const auto [y, h, c] = lstm(nn::Padded(zeros({5, 0, 3}), zeros({0}, int64)));
  CHECK(y.shape() == Shape{5, 0, 8});
  CHECK(h.shape() == Shape{4, 0, 4});
  CHECK(c.shape() == Shape{4, 0, 4});
  const Tensor g = grad(sum(y), lstm.weights().weight_hh);
  CHECK(max(abs(g)).item() == 0);
  CHECK(nn::GRUCell(3, 4)(zeros({0, 3})).shape() == Shape{0, 4});
}

TEST_CASE("recurrent results are the same bits with any number of threads") {
  check_same_bits([] {
    manual_seed(5);
    const nn::LSTM lstm(32, 48, RecurrentOptions().bidirectional());
    const Tensor x = normal({6, 40, 32}).requires_grad();
    const auto [y, h, c] = lstm(x);
    return Tensors{y, c, grad(sum(square(y)), x)};
  });
}

TEST_CASE("recurrent cells and layers refuse what does not fit") {
  const Tensor x = ones({5, 2, 3});
  const nn::LSTM lstm(3, 4);
  const nn::GRU gru(3, 4, both_ways().batch_first());
  check_misuses({
      {[] { nn::RNNCell(0, 4); }, "RNNCell: sizes must be at least 1, got in = 0, hidden = 4"},
      {[] { nn::LSTMCell(3, -1); }, "LSTMCell: sizes must be at least 1, got in = 3, hidden = -1"},
      {[] { nn::RNN(3, 0); }, "RNN: sizes must be at least 1, got in = 3, hidden = 0, layers = 1"},
      {[] { nn::LSTM(3, 4, RecurrentOptions().layers(0)); },
       "LSTM: sizes must be at least 1, got in = 3, hidden = 4, layers = 0"},
      {[] { nn::GRU(3, 4, RecurrentOptions().dropout(1.5)); },
       "GRU: dropout is 1.500000, expected a probability in [0, 1]"},
      {[&] { nn::GRUCell(3, 4)(x); }, "GRUCell: expected x float32 (batch, 3) or (3,), got float32(5, 2, 3)"},
      {[&] { nn::GRUCell(2, 4)(x[0]); }, "GRUCell: expected x float32 (batch, 2) or (2,), got float32(2, 3)"},
      {[&] {
         nn::LSTMCell(3, 4)(x[0], ones({2, 4}), ones({4}));
       },
       "LSTMCell: expected c float32(2, 4), got float32(4,) [in LSTMCell, at "},
      {[&] {
         nn::RNNCell(3, 4)(x[0], ones({2, 4}, float64));
       },
       "RNNCell: expected h float32(2, 4), got float64(2, 4)"},
      {[&] {
         lstm(ones({5, 2, 4}));
       },
       "LSTM: expected x float32 (time, batch, 3) or (time, 3), got float32(5, 2, 4) [in LSTM, at "},
      {[&] { lstm(x[0][0]); }, "LSTM: expected x float32 (time, batch, 3) or (time, 3), got float32(3,)"},
      {[&] { lstm(x.to(int64)); }, "LSTM: expected x float32 (time, batch, 3) or (time, 3), got int64(5, 2, 3)"},
      {[&] { gru(x.to(float64)); }, "GRU: expected x float32 (batch, time, 3) or (time, 3), got float64(5, 2, 3)"},
      {[&] {
         lstm(ones({0, 2, 3}));
       },
       "LSTM: expected sequences of at least one step, got float32(0, 2, 3)"},
      {[&] {
         lstm(x, ones({2, 4}));
       },
       "LSTM: expected h0 float32(1, 2, 4), got float32(2, 4)"},
      {[&] {
         lstm(x, ones({1, 2, 4}), ones({1, 2, 3}));
       },
       "LSTM: expected c0 float32(1, 2, 4), got float32(1, 2, 3)"},
      {[&] {
         gru(x, ones({1, 5, 4}));
       },
       "GRU: expected h0 float32(4, 5, 4), got float32(1, 5, 4)"},
      {[&] {
         gru(x[0], ones({4, 1, 4}));
       },
       "GRU: expected h0 float32(4, 4), got float32(4, 1, 4)"},
      {[&] { lstm(nn::Padded(x, ones({2}))); }, "LSTM: expected lengths int64(2,), got float32(2,)"},
      {[&] {
         gru(nn::Padded(x, tensor({1, 2})));
       },
       "GRU: expected lengths int64(5,), got int64(2,)"},
      {[&] {
         lstm(nn::Padded(x, tensor({5, 6})));
       },
       "LSTM: the length of sequence 1 is 6, expected one in [0, 5], as x has 5 steps [in LSTM, at "},
      {[&] {
         lstm(nn::Padded(x, tensor({-1, 5})));
       },
       "LSTM: the length of sequence 0 is -1, expected one in [0, 5]"},
      {[&] { lstm.weights(1); }, "LSTM: there is no layer 1; it has 1, of one direction"},
      {[&] { lstm.weights(0, true); }, "LSTM: there is no layer 0 in reverse; it has 1, of one direction"},
      {[&] { gru.weights(2, true); }, "GRU: there is no layer 2 in reverse; it has 2"},
  });
}
