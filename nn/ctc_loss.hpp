// The cost of sequences whose alignment is unknown.
#pragma once
#include <autograd/ops/loss.hpp>
#include <vector>

namespace xtape::nn {

/// -log of the sum of the probabilities of all alignments of a target with the frames, where each frame gives one class
/// and a target is what is left when repetitions and then blanks are struck out. log_probabilities
/// (frames, batch, classes), such as log_softmax gives; int64 targets (batch, longest), read up to their lengths, or
/// (sum of lengths,), one after the other -> (batch,). Without a batch (frames, classes), (longest,) -> (). The mean is
/// over the batch, after each loss is divided by its target's length, if that is above 0. A target with no alignment
/// costs inf, or 0 with `zero_infinity`, and has no gradient. Throws when shapes do not fit, a label is outside
/// [0, classes) or is the blank, or a length is not within its sequence. Every derivative exists. Source: Graves et
/// al., "Connectionist temporal classification", ICML 2006.
Tensor ctc_loss(const Arg& log_probabilities, const Arg& targets, const std::vector<std::int64_t>& input_lengths,
                const std::vector<std::int64_t>& target_lengths, std::int64_t blank = 0, bool zero_infinity = false,
                Reduction reduction = Reduction::mean);

}  // namespace xtape::nn
