// Mini-batches of labelled images, as tensors.
#pragma once
#include <autograd/random.hpp>

#include "images.hpp"

namespace xtape::datasets {

/// Some images and their classes: `images` (n, rows * cols), float32 in [0, 1), the pixels divided by 256 as in the
/// book; `labels` (n,), int64.
struct Batch {
  Tensor images, labels;
};

/// The images `order[begin]` … `order[end - 1]` in one batch. Throws when an index or the range is out of bounds.
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

}  // namespace xtape::datasets
