"""Attention as functions of its inputs and parameters. Boolean masks are true where a query may look, which PyTorch's
module has the other way round."""
import torch
from inputs import unit
from torch import nn
from torch.nn.utils.stateless import functional_call


def layer(module, call, *inputs):
    """call(module as a function, inputs...) and its arguments: the inputs, then the parameters."""
    names = [name for name, _ in module.named_parameters()]
    n = len(inputs)

    def f(*x):
        parameters = dict(zip(names, x[n:]))
        return call(lambda *a, **options: functional_call(module, parameters, a, options), *x[:n])

    return f, [*inputs, *(unit(*p.shape, seed=20 + i) for i, p in enumerate(module.parameters()))]


def attention(*inputs, **options):
    """Self-attention of one input, else of a query, key and value; then boolean or floating masks by their names."""
    masks = {k: options.pop(k) for k in ("attn_mask", "key_padding_mask") if k in options}
    module = nn.MultiheadAttention(4, 2, **options)

    def call(m, *x):
        given = {k: v if v.is_floating_point() else ~v for k, v in zip(masks, x[len(inputs) :])}
        q, k, v = x[: len(inputs)] if len(inputs) == 3 else (x[0],) * 3
        return m(q, k, v, **given)[0]

    return layer(module, call, *inputs, *masks.values())


def output_and_weights(q, k, mask):
    def call(m, q, k, mask):
        y, w = m(q, k, k, attn_mask=~mask, average_attn_weights=False)
        return torch.cat([y.flatten(), w.flatten()])

    return layer(nn.MultiheadAttention(4, 2), call, q, k, mask)


causal = torch.ones(3, 3).tril().bool()
some = torch.tensor([[True, False, True, True], [True, True, False, True], [False, True, False, False]])
real_keys = torch.tensor([[True, True, False, True], [False, True, True, True]])
of_heads = torch.tensor([[[[True, False, True]], [[True, True, False]]], [[[True, True, True]], [[False, True, True]]]])
queries, keys, values = unit(3, 2, 4), unit(4, 2, 4, seed=6), unit(4, 2, 4, seed=7)


def per_head():
    module = nn.MultiheadAttention(4, 2)

    def call(m, x, mask):
        return m(x, x, x, attn_mask=~mask.expand(2, 2, 3, 3).reshape(4, 3, 3))[0]

    return layer(module, call, queries, of_heads)


def floating_padding():
    """PyTorch 1.13 takes numbers for padding only as a part of a mask for each head."""

    def call(m, q, k, v, mask, padding):
        added = padding[:, None, None, :].masked_fill(~mask, float("-inf")).expand(2, 2, 3, 4)
        return m(q, k, v, attn_mask=added.reshape(4, 3, 4))[0]

    return layer(nn.MultiheadAttention(4, 2), call, queries, keys, values, some, unit(2, 4, seed=8))


rows = {
    "MultiheadAttention": attention(queries),
    "MultiheadAttention of one sequence": attention(unit(3, 4)),
    "MultiheadAttention causal without bias": layer(
        nn.MultiheadAttention(4, 2, bias=False), lambda m, x: m(x, x, x, attn_mask=~causal)[0], queries
    ),
    "MultiheadAttention cross": attention(queries, keys, values),
    "MultiheadAttention batch first": attention(
        unit(2, 3, 4), unit(2, 4, 4, seed=6), unit(2, 4, 4, seed=7), batch_first=True
    ),
    "MultiheadAttention other sizes": attention(queries, unit(4, 2, 3, seed=6), unit(4, 2, 5, seed=7), kdim=3, vdim=5),
    "MultiheadAttention mask and padding": attention(
        queries, keys, values, attn_mask=some, key_padding_mask=real_keys
    ),
    "MultiheadAttention floating mask": attention(queries, attn_mask=unit(3, 3, seed=8)),
    "MultiheadAttention floating mask and padding": attention(
        queries, keys, values, attn_mask=unit(3, 4, seed=8), key_padding_mask=real_keys
    ),
    "MultiheadAttention floating padding": floating_padding(),
    "MultiheadAttention mask of heads": per_head(),
    "MultiheadAttention weights": output_and_weights(queries, keys, some),
}
values_only = {}
