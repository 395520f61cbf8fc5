// Mini-batches of labelled images, as tensors.
#pragma once
#include <autograd/epoch_order.hpp>
#include <autograd/random.hpp>
#include <string>

#include "batch.hpp"
#include "images.hpp"

namespace xtape::datasets {

/// The images `order[begin]` … `order[end - 1]` in one batch: (n, rows * cols), (n,). Throws when an index or the range
/// is out of bounds.
Batch gather(const Images& images, const Tensor& order, std::int64_t begin, std::int64_t end, Site site = Site::here());
/// All images in one batch, in their order.
Batch whole(const Images& images, Site site = Site::here());

/// One pass over a data set in mini-batches, for a range-based loop; it refers to the images and must not outlive them.
class Batches {
 public:
  /// `order` (n,), int64, lists the images in the order of the pass; the last batch may be smaller. Throws when `size`
  /// is below 1.
  Batches(const Images& images, std::int64_t size, Tensor order, Site site = Site::here());
  Batches(Images&&, std::int64_t, Tensor, Site = {}) = delete;

  class Iterator {
   public:
    Iterator(const Batches* batches, std::int64_t at) : batches_(batches), at_(at) {}
    Batch operator*() const;
    Iterator& operator++() { return ++at_, *this; }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    const Batches* batches_;
    std::int64_t at_;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, count()}; }
  /// The number of batches.
  std::int64_t count() const { return (order_.size() + size_ - 1) / size_; }

 private:
  const Images* images_;
  std::int64_t size_;
  Tensor order_;
};

/// A pass in an order drawn anew: `for (auto [x, labels] : shuffled(data.train, 10)) …`.
Batches shuffled(const Images& images, std::int64_t size, RandomGenerator& generator = default_generator(),
                 Site site = Site::here());
Batches shuffled(Images&&, std::int64_t, RandomGenerator& = default_generator(), Site = {}) = delete;

/// The batches of all epochs of a training, for `optim::Run`: batch i of an epoch is a function of (seed, epoch, i), so
/// that a training goes on anywhere. It refers to the images and must not outlive them.
class EpochBatches {
 public:
  /// Without `shuffle` each epoch has the order of the images. Throws unless 1 <= size <= the number of images.
  EpochBatches(const Images& images, std::int64_t size, bool shuffle = true, Site site = Site::here());
  EpochBatches(Images&&, std::int64_t, bool = true, Site = {}) = delete;

  /// The number of batches in an epoch; the last one may be smaller.
  std::int64_t count() const { return (images_->count + size_ - 1) / size_; }
  /// Throws unless 0 <= i < count() and epoch >= 0.
  Batch batch(std::int64_t i, std::int64_t epoch, std::uint64_t seed) const;
  /// What tells these batches from others: number, size and checksum of images and labels, and the batch size.
  std::string fingerprint() const;

 private:
  const Images* images_;
  std::int64_t size_;
  bool shuffle_;
  mutable EpochOrder order_;
};

/// The batches of a training, in an order of its own for each epoch.
EpochBatches batches(const Images& images, std::int64_t size, Site site = Site::here());
EpochBatches batches(Images&&, std::int64_t, Site = {}) = delete;
/// All images in their order, as a validation takes them.
EpochBatches in_order(const Images& images, std::int64_t size = 500, Site site = Site::here());
EpochBatches in_order(Images&&, std::int64_t = 500, Site = {}) = delete;

}  // namespace xtape::datasets
