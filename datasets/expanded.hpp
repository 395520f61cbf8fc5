// The book's expansion of its training data.
#pragma once
#include "images.hpp"

namespace xtape::datasets {

/// Five images for each one, which follow one another: itself, and itself moved by one pixel down, up, right and left,
/// where what enters is 0; all with its label. Throws when the pixels or labels are not as many as the sizes say.
/// Source: Nielsen, "Neural Networks and Deep Learning", expand_mnist.py, which shuffles them afterwards.
Images expanded(const Images& images, Site site = Site::here());

}  // namespace xtape::datasets
