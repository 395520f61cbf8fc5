#include "batches.hpp"

#include <zlib.h>

#include <algorithm>
#include <autograd/kernel.hpp>
#include <cstdio>

namespace xtape::datasets {

Batch gather(const Images& images, const Tensor& order, std::int64_t begin, std::int64_t end, Site site) {
  const Scope scope(site);
  const std::int64_t* index = order.data<std::int64_t>();
  if (begin < 0 || end < begin || end > order.size())
    fail("gather", "[" + std::to_string(begin) + ", " + std::to_string(end) + ") is out of range of " +
                       std::to_string(order.size()) + " indices");
  const std::int64_t pixels = images.rows * images.cols;
  Ref<Array> x = make_array(float32, Shape{end - begin, pixels}), labels = make_array(int64, Shape{end - begin});
  for (std::int64_t i = begin; i < end; ++i) {
    const std::int64_t k = index[i];
    if (k < 0 || k >= images.count)
      fail("gather", "index " + std::to_string(k) + " is not in [0, " + std::to_string(images.count) + ")");
    kernel::map(
        pixels, [](auto v) { return kernel::Real<float>(v.v) * (1.f / 256); }, x->at<float>() + (i - begin) * pixels,
        images.pixels.data() + k * pixels);
    labels->at<std::int64_t>()[i - begin] = images.labels[static_cast<std::size_t>(k)];
  }
  return {Tensor(std::move(x)), Tensor(std::move(labels))};
}

Batch whole(const Images& images, Site site) { return gather(images, arange(images.count), 0, images.count, site); }

Batches::Batches(const Images& images, std::int64_t size, Tensor order, Site site)
    : images_(&images), size_(size), order_(std::move(order)) {
  if (size < 1) fail("Batches", "the batch size must be at least 1, not " + std::to_string(size), site);
  if (order_.dtype() != int64 || order_.rank() != 1)
    fail("Batches",
         std::string("the order must be int64 (n,), not ") + to_string(order_.dtype()) + to_string(order_.shape()),
         site);
}

Batch Batches::Iterator::operator*() const {
  const std::int64_t begin = at_ * batches_->size_, end = std::min(begin + batches_->size_, batches_->order_.size());
  return gather(*batches_->images_, batches_->order_, begin, end);
}

Batches shuffled(const Images& images, std::int64_t size, RandomGenerator& generator, Site site) {
  return Batches(images, size, permutation(images.count, generator, site), site);
}

EpochBatches::EpochBatches(const Images& images, std::int64_t size, bool shuffle, Site site)
    : images_(&images), size_(size), shuffle_(shuffle) {
  if (size < 1 || size > images.count)
    fail("EpochBatches",
         "batches of " + std::to_string(size) + " of " + std::to_string(images.count) +
             " images, expected 1 to that many",
         site);
}

Batch EpochBatches::batch(std::int64_t i, std::int64_t epoch, std::uint64_t seed) const {
  if (i < 0 || i >= count())
    fail("EpochBatches", "there is no batch " + std::to_string(i) + " of " + std::to_string(count()));
  const std::int64_t n = images_->count, begin = i * size_, end = std::min(begin + size_, n);
  return gather(*images_, shuffle_ ? order_(n, seed, epoch) : order_.given(n), begin, end);
}

std::string EpochBatches::fingerprint() const {
  auto sum = crc32_z(0, images_->pixels.data(), images_->pixels.size());
  sum = crc32_z(sum, images_->labels.data(), images_->labels.size());
  char number[9];
  std::snprintf(number, sizeof number, "%08lx", static_cast<unsigned long>(sum));
  return std::to_string(images_->count) + " images of " + std::to_string(images_->rows) + " x " +
         std::to_string(images_->cols) + " " + number + ", " + (shuffle_ ? "shuffled" : "in order") +
         " in batches of " + std::to_string(size_);
}

EpochBatches batches(const Images& images, std::int64_t size, Site site) { return {images, size, true, site}; }
EpochBatches in_order(const Images& images, std::int64_t size, Site site) {
  return {images, std::min(size, std::max<std::int64_t>(images.count, 1)), false, site};
}

}  // namespace xtape::datasets
