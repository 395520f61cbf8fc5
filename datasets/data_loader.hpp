// DataLoader: the samples of a data set in batches, an epoch after another.
#pragma once
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "dataset.hpp"
#include "sampler.hpp"
#include "transform.hpp"

namespace xtape::datasets {

/// How a DataLoader makes batches.
class DataLoaderOptions {
 public:
  /// The number of samples in a batch; the last one of an epoch may be smaller.
  DataLoaderOptions(std::int64_t batch_size = 1) : batch_size_(batch_size) {}
  /// Takes the samples of each epoch in an order of its own; else as they lie.
  DataLoaderOptions& shuffle(bool v = true) { return shuffle_ = v, *this; }
  /// Takes them in the order of this sampler.
  DataLoaderOptions& sampler(Sampler v) { return sampler_ = std::move(v), *this; }
  /// Leaves out a last batch that is smaller.
  DataLoaderOptions& drop_last(bool v = true) { return drop_last_ = v, *this; }
  /// Does this to each batch, to which images come as (n, channels, rows, cols).
  DataLoaderOptions& transform(Transform v) { return transform_ = std::move(v), *this; }
  /// Gives images as (n, channels, rows, cols); else as rows, (n, channels * rows * cols).
  DataLoaderOptions& pictures(bool v = true) { return pictures_ = v, *this; }
  /// The seed of loops; drawn from the default generator when the first one begins, where anything is to be drawn.
  DataLoaderOptions& seed(std::uint64_t v) { return seed_ = v, *this; }
  /// Has a thread make up to so many batches before they are asked for, which pays where samples are read or
  /// transformed; 0, by default, makes them when they are asked for. The batches are the same. Where a loop ends early,
  /// it waits for the one that is being made.
  DataLoaderOptions& prefetch(std::int64_t batches = 2) { return prefetch_ = batches, *this; }

 private:
  friend class DataLoader;
  std::int64_t batch_size_, prefetch_ = 0;
  bool shuffle_ = false, drop_last_ = false, pictures_ = false;
  std::optional<std::uint64_t> seed_;
  std::optional<Sampler> sampler_;
  std::optional<Transform> transform_;
};

/// The samples of a data set in batches, in epochs. A loop over it is one epoch, and the next loop the next one:
///
///   const datasets::DataLoader loader(images, datasets::DataLoaderOptions(64).shuffle());
///   for (auto [x, t] : loader) …
///
/// Batch i of an epoch is a function of (seed, epoch, i) alone, for any number of threads, so that a training goes on
/// anywhere; a `Run` has its seed, and loops that of the options. Errors of a batch, also of one that a thread makes,
/// are thrown where it is taken, and name the line where the loader was made. Copies are the same loader, whose epochs
/// they share; any number of threads may take batches. The data must not change meanwhile.
class DataLoader {
  struct State;
  struct Epoch;

 public:
  /// Throws unless 1 <= batch size <= the samples of an epoch, and prefetch is from 0 to 1000; with both a sampler and
  /// `shuffle`; and what the sampler throws.
  DataLoader(Dataset data, DataLoaderOptions options = {}, Site site = Site::here());

  /// The number of batches in an epoch.
  std::int64_t count() const;
  /// Batch i of an epoch in the order that the seed draws. Throws unless 0 <= i < count() and epoch >= 0, and when the
  /// data have another size than they had when this was made.
  Batch batch(std::int64_t i, std::int64_t epoch, std::uint64_t seed) const;
  /// What tells these batches from others: of the data, the order, and how they are made.
  std::string fingerprint() const;
  const Dataset& dataset() const;

  /// Goes through an epoch once.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Batch;
    using difference_type = std::ptrdiff_t;
    using pointer = const Batch*;
    using reference = Batch;

    Batch operator*() const;
    Iterator& operator++() { return ++at_, *this; }
    void operator++(int) { ++at_; }
    bool operator==(const Iterator& other) const { return left() == other.left(); }
    bool operator!=(const Iterator& other) const { return !(*this == other); }

   private:
    friend class DataLoader;
    std::int64_t left() const;
    std::shared_ptr<Epoch> epoch_;  // null at the end
    std::int64_t at_ = 0;
  };
  /// Begins the next epoch.
  Iterator begin() const;
  Iterator end() const { return {}; }
  /// Has the next loop be that epoch, counted from 0. Throws when it is negative.
  void set_epoch(std::int64_t epoch, Site site = Site::here()) const;

 private:
  State& state() const;  // throws when it was moved to another one
  std::shared_ptr<State> state_;
};

/// The samples in batches, in an order of its own for each epoch.
DataLoader batches(Dataset data, std::int64_t size, Site site = Site::here());
/// All samples in their order, as a validation takes them.
DataLoader in_order(Dataset data, std::int64_t size = 500, Site site = Site::here());

}  // namespace xtape::datasets
