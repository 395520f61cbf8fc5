#include "flip.hpp"

#include <autograd/ops/rearrange.hpp>

#include "image_batch.hpp"

namespace xtape::datasets {
namespace {

Transform flipped(const char* name, int axis, double p, Site site) {
  const Transform all = described(name, [name, axis](const Tensor& images) {
    sizes_of(name, images);
    return flip(images, axis);
  });
  return sometimes(all, p, site);
}

}  // namespace

Transform flip_horizontal(double p, Site site) { return flipped("flip_horizontal", 3, p, site); }
Transform flip_vertical(double p, Site site) { return flipped("flip_vertical", 2, p, site); }

}  // namespace xtape::datasets
