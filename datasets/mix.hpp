// Transforms of images together with their targets.
#pragma once
#include <cstdint>

#include "transform.hpp"

namespace xtape::datasets {

/// Classes as rows with 1 at the class and 0 elsewhere: the target (n,) -> (n, classes), floating. Throws unless
/// classes >= 1; at the call unless the target holds integers in [0, classes).
Transform one_hot(std::int64_t classes, Site site = Site::here());

/// Each image, or row of a table, and its target likewise, becomes share * image + (1 - share) * another of the batch,
/// with a share of its own from Beta(alpha, alpha): the larger alpha, the closer to halves. The target is floating, as
/// behind `one_hot`. Throws unless alpha is positive and finite; at the call when the target has not a floating row for
/// each image.
/// Source: Zhang et al., "mixup: beyond empirical risk minimization", ICLR 2018.
Transform mixup(double alpha = 0.2, Site site = Site::here());

/// A box of each image is that of another one of the batch. Its sides are sqrt(1 - share) of the image's, of a share
/// from Beta(alpha, alpha), around a pixel of which each is equally likely; what lies beyond the image is cut off. The
/// target is mixed, as by `mixup`, in proportion to the pixels. Source: Yun et al., "CutMix: regularization strategy to
/// train strong classifiers with localizable features", ICCV 2019.
Transform cutmix(double alpha = 1, Site site = Site::here());

}  // namespace xtape::datasets
