"""Transformers as functions of their inputs and parameters, in training without dropout: out of it PyTorch takes a way
that has no second derivatives."""
import torch
from inputs import unit
from nn_attention import layer
from torch import nn


def plain(m, *x):
    return m(*x)


causal = torch.ones(3, 3).tril().bool()
real_keys = torch.tensor([[True, True], [False, True]])
batch = torch.tensor([[True, True, False], [True, True, True]])
sizes = {"d_model": 4, "nhead": 2, "dim_feedforward": 6, "dropout": 0.0}


def encoder_layer(**options):
    return nn.TransformerEncoderLayer(**sizes, **options)


def decoder_layer(**options):
    return nn.TransformerDecoderLayer(**sizes, **options)


x, memory = unit(3, 2, 4), unit(2, 2, 4, seed=6)
rows = {
    "TransformerEncoderLayer": layer(encoder_layer(), plain, x),
    "TransformerEncoderLayer norm first": layer(
        encoder_layer(norm_first=True, activation="gelu", layer_norm_eps=0.1), plain, x
    ),
    "TransformerEncoderLayer batch first with masks": layer(
        encoder_layer(batch_first=True, activation=torch.tanh),
        lambda m, x, keys: m(x, ~causal, ~keys),
        unit(2, 3, 4),
        batch,
    ),
    "TransformerDecoderLayer": layer(decoder_layer(), plain, x, memory),
    "TransformerDecoderLayer norm first": layer(
        decoder_layer(norm_first=True, activation="gelu"), plain, x, memory
    ),
    "TransformerDecoderLayer batch first with masks": layer(
        decoder_layer(batch_first=True, activation=torch.tanh),
        lambda m, x, memory, keys: m(x, memory, ~causal, None, None, ~keys),
        unit(2, 3, 4),
        unit(2, 2, 4, seed=6),
        real_keys,
    ),
    "TransformerEncoder": layer(
        nn.TransformerEncoder(encoder_layer(activation="gelu"), 2), lambda m, x: m(x, ~causal), x
    ),
    "TransformerEncoder with norm": layer(
        nn.TransformerEncoder(encoder_layer(activation="gelu", norm_first=True), 1, nn.LayerNorm(4)), plain, x
    ),
    "TransformerDecoder": layer(
        nn.TransformerDecoder(decoder_layer(activation="gelu"), 2), lambda m, x, memory: m(x, memory, ~causal), x, memory
    ),
    "TransformerDecoder with norm": layer(
        nn.TransformerDecoder(decoder_layer(activation="gelu", norm_first=True), 1, nn.LayerNorm(4)),
        lambda m, x, memory, keys: m(x, memory, memory_key_padding_mask=~keys),
        x,
        memory,
        real_keys,
    ),
    "Transformer": layer(
        nn.Transformer(4, 2, 1, 1, 6, 0.0, activation="gelu"),
        lambda m, source, target: m(source, target, tgt_mask=~causal),
        memory,
        x,
    ),
    "Transformer norm first with masks": layer(
        nn.Transformer(4, 2, 1, 1, 6, 0.0, activation="gelu", norm_first=True, batch_first=True),
        lambda m, source, target, keys: m(
            source, target, tgt_mask=~causal, src_key_padding_mask=~keys, memory_key_padding_mask=~keys
        ),
        unit(2, 2, 4, seed=6),
        unit(2, 3, 4),
        real_keys,
    ),
}
values_only = {}
