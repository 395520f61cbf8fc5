// Costs of classes and distributions. A cost is the mean of its losses, (), unless a Reduction says otherwise. All
// throw when prediction and target are not of the shapes that stand here, and gradients flow to both where both are
// floating.
#pragma once
#include <autograd/ops/loss.hpp>

namespace xtape::nn {

using xtape::binary_cross_entropy_with_logits;
using xtape::cross_entropy;
using xtape::nll_loss;

/// -w (t log p + (1 - t) log(1 - p)) of probabilities p and targets t in [0, 1], of one shape, as is `weight` w; the
/// logarithms are held above -100: (...), (...) -> (). Throws when a p is outside [0, 1]. Of logits take
/// binary_cross_entropy_with_logits. Source: Nielsen, chapter 3, equation 57.
Tensor binary_cross_entropy(const Arg& p, const Arg& target, Reduction reduction = Reduction::mean,
                            const Arg& weight = Tensor());
/// target (log target - x), 0 where the target is 0, of logarithms of probabilities x and of probabilities, or, with
/// `log_target`, of their logarithms, in one shape: (...), (...) -> (). The mean is over all elements, as PyTorch's;
/// the divergence of n distributions is the sum divided by n. Source: Kullback and Leibler, "On information and
/// sufficiency", 1951.
Tensor kl_div(const Arg& log_probabilities, const Arg& target, bool log_target = false,
              Reduction reduction = Reduction::mean);
/// -a (1 - q)^gamma log q of logits x and targets t in [0, 1], of one shape, where q = p t + (1 - p)(1 - t) for p =
/// sigmoid(x), -log q is the cross-entropy of p and t, and a = alpha t + (1 - alpha)(1 - t), or 1 for a negative alpha:
/// (...), (...) -> (). Throws unless alpha <= 1 and gamma >= 0. Source: Lin et al., "Focal loss for dense object
/// detection", ICCV 2017.
Tensor focal_loss(const Arg& logits, const Arg& target, double alpha = 0.25, double gamma = 2,
                  Reduction reduction = Reduction::mean);
/// 1 - (2 sum p t + smooth) / (sum p + sum t + smooth) of probabilities p and targets t in [0, 1], with the sums over
/// each example: (batch, ...), (batch, ...) -> (batch,), then reduced. Throws when a p is outside [0, 1], and unless
/// smooth >= 0. Source: Milletari, Navab and Ahmadi, "V-Net", 3DV 2016; without squares: Sudre et al., 2017.
Tensor dice_loss(const Arg& p, const Arg& target, double smooth = 1, Reduction reduction = Reduction::mean);
/// 1 - (tp + smooth) / (tp + alpha fp + beta fn + smooth), with tp = sum p t, fp = sum p (1 - t) and fn = sum (1 - p) t
/// over each example: (batch, ...), (batch, ...) -> (batch,), then reduced. With both 1/2 it is dice_loss with twice
/// the smoothing. Throws when a p is outside [0, 1], and unless the three are at least 0. Source: Salehi, Erdogmus and
/// Gholipour, "Tversky loss function for image segmentation", MLMI 2017.
Tensor tversky_loss(const Arg& p, const Arg& target, double alpha = 0.5, double beta = 0.5, double smooth = 1,
                    Reduction reduction = Reduction::mean);

}  // namespace xtape::nn
