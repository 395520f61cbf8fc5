"""Recurrent cells and layers as functions of their inputs and parameters; all results of one as one vector."""
import torch
from inputs import real
from nn_layers import call, parameters_of
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def flat(*results):
    return torch.cat([t.flatten() for r in results for t in (r if isinstance(r, tuple) else (r,))])


def halved(module):
    return [p / 2 for p in parameters_of(module)]


def cell(module, x, *state):
    n = 1 + len(state)
    given = lambda state: tuple(state) if len(state) == 2 else state[0]

    def f(*x):
        inputs = (x[0], given(x[1:n])) if n > 1 else (x[0],)
        return flat(call(module, inputs, *x[n:]))

    return f, [x, *state, *halved(module)]


def run(module, x, state, parameters, lengths=None):
    module._flat_weights = list(parameters)
    given = (state[0] if len(state) == 1 else tuple(state)) if state else None
    if lengths is None:
        return flat(*module(x, given))
    first = module.batch_first
    packed = pack_padded_sequence(x, lengths, batch_first=first, enforce_sorted=False)
    y, last = module(packed, given)
    return flat(pad_packed_sequence(y, batch_first=first, total_length=x.shape[1 if first else 0])[0], last)


def layer(module, x, *state):
    n = 1 + len(state)
    return lambda *x: run(module, x[0], x[1:n], x[n:]), [x, *state, *halved(module)]


def padded(module, x, lengths, *state):
    n = 2 + len(state)
    return lambda *x: run(module, x[0], x[2:n], x[n:], x[1]), [x, torch.tensor(lengths), *state, *halved(module)]


x, h, c = real(4, 2, 3), real(2, 2, seed=5), real(2, 2, seed=6)
h0, c0 = real(4, 2, 2, seed=7), real(4, 2, 2, seed=8)

rows = {
    "RNNCell": cell(nn.RNNCell(3, 2), x[0]),
    "RNNCell relu without bias": cell(nn.RNNCell(3, 2, bias=False, nonlinearity="relu"), x[0], h),
    "RNNCell of one sample": cell(nn.RNNCell(3, 2), x[0, 0], h[0]),
    "LSTMCell": cell(nn.LSTMCell(3, 2), x[0]),
    "LSTMCell with state": cell(nn.LSTMCell(3, 2), x[0], h, c),
    "LSTMCell without bias": cell(nn.LSTMCell(3, 2, bias=False), x[0], h, c),
    "GRUCell": cell(nn.GRUCell(3, 2), x[0]),
    "GRUCell with state": cell(nn.GRUCell(3, 2), x[0], h),
    "GRUCell without bias": cell(nn.GRUCell(3, 2, bias=False), x[0], h),
    "RNN": layer(nn.RNN(3, 2), x),
    "RNN relu": layer(nn.RNN(3, 2, nonlinearity="relu"), x[:3]),
    "RNN of two layers": layer(nn.RNN(3, 2, num_layers=2, bidirectional=True), x, h0),
    "RNN of several lengths": padded(nn.RNN(3, 2, bidirectional=True), x, [2, 4]),
    "LSTM": layer(nn.LSTM(3, 2), x),
    "LSTM with state": layer(nn.LSTM(3, 2), x, h0[:1], c0[:1]),
    "LSTM without bias": layer(nn.LSTM(3, 2, bias=False), x),
    "LSTM of two layers": layer(nn.LSTM(3, 2, num_layers=2), x[:3]),
    "LSTM both ways": layer(
        nn.LSTM(3, 2, num_layers=2, bidirectional=True, batch_first=True), real(2, 3, 3), h0, c0
    ),
    "LSTM of one sequence": layer(nn.LSTM(3, 2, bidirectional=True), x[:, 0], h0[:2, 0], c0[:2, 0]),
    "LSTM of several lengths": padded(
        nn.LSTM(3, 2, num_layers=2, bidirectional=True, batch_first=True), real(2, 3, 3), [1, 3], h0, c0
    ),
    "LSTM projected": layer(nn.LSTM(3, 4, proj_size=2), x),
    "LSTM projected with state": layer(nn.LSTM(3, 3, proj_size=2), x[:3], h0[:1], real(1, 2, 3, seed=9)),
    "LSTM projected both ways": layer(
        nn.LSTM(3, 3, num_layers=2, bidirectional=True, batch_first=True, proj_size=2),
        real(2, 2, 3),
        h0,
        real(4, 2, 3, seed=9),
    ),
    "LSTM projected without bias": layer(nn.LSTM(3, 3, num_layers=2, bias=False, proj_size=1), x[:3]),
    "LSTM projected of one sequence": layer(
        nn.LSTM(3, 3, bidirectional=True, proj_size=2), x[:3, 0], h0[:2, 0], real(2, 3, seed=9)
    ),
    "LSTM projected of several lengths": padded(
        nn.LSTM(3, 3, num_layers=2, bidirectional=True, batch_first=True, proj_size=2),
        real(2, 3, 3),
        [1, 3],
        h0,
        real(4, 2, 3, seed=9),
    ),
    "GRU": layer(nn.GRU(3, 2), x),
    "GRU without bias": layer(nn.GRU(3, 2, bias=False, batch_first=True), real(2, 3, 3), h0[:1]),
    "GRU both ways": layer(nn.GRU(3, 2, num_layers=2, bidirectional=True), x[:3], h0),
    "GRU of several lengths": padded(nn.GRU(3, 2, num_layers=2), x, [4, 3], h0[:2]),
}
values_only = {}
