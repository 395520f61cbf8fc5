// The softmax family and its cost. All subtract the largest element first, so large inputs do no harm.
#pragma once
#include "../tensor.hpp"

namespace xtape {

/// e^x_i / sum_k e^x_k along `axis`. Source: Bridle, 1990; Nielsen, chapter 3.
Tensor softmax(const Arg& x, int axis = -1);
/// x_i - log sum_k e^x_k along `axis`.
Tensor log_softmax(const Arg& x, int axis = -1);
/// log sum_k e^x_k along `axis`, which disappears.
Tensor logsumexp(const Arg& x, int axis = -1);

/// The mean over the batch of -log softmax(logits)[label]: logits (batch, classes), labels (batch), int64 or uint8,
/// -> (). Throws when the batches differ or a label is outside [0, classes). Source: Nielsen, chapter 3
/// (log-likelihood).
Tensor cross_entropy(const Arg& logits, const Arg& labels);

}  // namespace xtape
