// Data sets: samples that are given by number, in batches.
#pragma once
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "batch.hpp"
#include "images.hpp"

namespace xtape::datasets {

namespace detail {
template <class D, class = void>
inline constexpr bool has_size = false;
template <class D>
inline constexpr bool has_size<D, std::void_t<decltype(static_cast<std::int64_t>(std::declval<D&>().size()))>> = true;
template <class D, class = void>
inline constexpr bool gives_batches = false;
template <class D>
inline constexpr bool
    gives_batches<D, std::void_t<decltype(Batch{std::declval<const D&>().batch(std::declval<const Tensor&>())})>> =
        true;
template <class D, class = void>
inline constexpr bool gives_samples = false;
template <class D>
inline constexpr bool gives_samples<D, std::void_t<decltype(Batch{std::declval<const D&>()[std::int64_t()]})>> = true;
template <class D, class = void>
inline constexpr bool is_range = false;
template <class D>
inline constexpr bool is_range<D, std::void_t<decltype(std::begin(std::declval<D&>()))>> = true;
template <class D, class = void>
inline constexpr bool has_classes = false;
template <class D>
inline constexpr bool has_classes<D, std::void_t<decltype(Tensor(std::declval<const D&>().classes()))>> = true;
template <class D, class = void>
inline constexpr bool has_fingerprint = false;
template <class D>
inline constexpr bool has_fingerprint<D, std::void_t<decltype(std::string(std::declval<const D&>().fingerprint()))>> =
    true;
template <class D, class = void>
inline constexpr bool has_rows = false;
template <class D>
inline constexpr bool has_rows<D, std::void_t<decltype(Tensor(std::declval<const D&>().input)),
                                              decltype(Tensor(std::declval<const D&>().target))>> = true;

// A range is one of batches, as a training takes them.
template <class D>
inline constexpr bool is_data_set =
    has_size<D> && !is_range<D> && !has_rows<D> && !std::is_convertible_v<const D&, Tensor>;

/// What `sample` gives for each index, stacked. Throws where samples have other shapes or dtypes than the first.
Batch stacked(const Tensor& indices, const std::function<Batch(std::int64_t i)>& sample);
}  // namespace detail

/// Samples 0 … size() - 1, which are given in batches of any of them. It is made of
///
/// - `Images`, whose pixels stay bytes until they are in a batch;
/// - two tensors, input and target, whose rows are the samples, or what has such, as a Batch and a Table do;
/// - a number and a function of an index that gives one sample, which are stacked: `Dataset(1000, [&](std::int64_t i) {
///   return datasets::Batch{…, …}; })`;
/// - what has `size()` and `batch(const Tensor& indices)` for indices (n,), int64, or, for one sample as a Batch,
///   `operator[](std::int64_t i)`, and, where it can, `classes()`, the class of each sample, and `fingerprint()`, a
///   text that tells it from other data; all of them const.
///
/// What is given as a variable must live as long and keep its size; a temporary is kept. Copies share what they hold.
class Dataset {
 public:
  /// Where samples come from; `batch` may be called by several threads at once.
  class Source {
   public:
    virtual ~Source() = default;
    virtual std::int64_t size() const = 0;
    virtual Batch batch(const Tensor& indices) const = 0;
    /// The class of each sample, (size,), int64; undefined where they have none.
    virtual Tensor classes() const { return {}; }
    /// The (channels, rows, cols) that a row of the input lies in; () where it is no picture.
    virtual Shape picture() const { return {}; }
    virtual std::string fingerprint() const { return std::to_string(size()) + " samples"; }
  };

  Dataset(const Images& images, Site site = Site::here());
  Dataset(Images&& images, Site site = Site::here());
  /// Throws unless both have the same number of rows. Targets (n,) of integers are classes.
  Dataset(Tensor input, Tensor target, Site site = Site::here());
  template <class D, class = std::enable_if_t<detail::has_rows<D>>>
  Dataset(const D& rows, Site site = Site::here()) : Dataset(rows.input, rows.target, site) {}
  /// Throws when size is negative or there is no function.
  Dataset(std::int64_t size, std::function<Batch(std::int64_t i)> sample, Site site = Site::here());
  template <class D, class = std::enable_if_t<detail::is_data_set<std::decay_t<D>> &&
                                              !std::is_base_of_v<Dataset, std::decay_t<D>>>>
  Dataset(D&& data) {
    using Plain = std::decay_t<D>;
    constexpr bool good =
        detail::has_size<const Plain> && (detail::gives_batches<Plain> || detail::gives_samples<Plain>);
    static_assert(good,
                  "a data set has size() const and batch(const Tensor& indices) const, or operator[](std::int64_t i) "
                  "const for one sample, which give a datasets::Batch");
    if constexpr (good) source_ = std::make_shared<Other<Plain>>(shared(std::forward<D>(data)));
  }
  /// Throws when there is none.
  explicit Dataset(std::shared_ptr<const Source> source, Site site = Site::here());

  std::int64_t size() const { return source().size(); }
  /// The samples `indices` (n,), int64, in this order: (n, …), (n, …). Throws when one is not in [0, size()).
  Batch batch(const Tensor& indices, Site site = Site::here()) const;
  /// The class of each sample: (size,), int64. Throws where they have none, as `has_classes` tells.
  Tensor classes(Site site = Site::here()) const;
  bool has_classes() const { return source().classes().defined(); }
  /// The (channels, rows, cols) of a sample that is a picture but lies in a row of the input; else ().
  Shape picture() const { return source().picture(); }
  /// What tells it from other data: of images and tensors sizes and a checksum of all there is.
  std::string fingerprint() const { return source().fingerprint(); }
  /// The samples `indices` (n,), int64, as a data set, which copies none. Throws when one is not in [0, size()).
  Dataset subset(const Tensor& indices, Site site = Site::here()) const;
  Dataset subset(const std::vector<std::int64_t>& indices, Site site = Site::here()) const;

 private:
  const Source& source() const;  // throws when it was moved to another one
  template <class D>
  static std::shared_ptr<const std::decay_t<D>> shared(D&& data) {
    using Plain = std::decay_t<D>;
    if constexpr (std::is_lvalue_reference_v<D>) return {&data, [](const Plain*) {}};
    else return std::make_shared<const Plain>(std::move(data));
  }
  template <class D>
  struct Other : Source {
    explicit Other(std::shared_ptr<const D> given) : data(std::move(given)) {}
    std::int64_t size() const override { return data->size(); }
    Batch batch(const Tensor& indices) const override {
      if constexpr (detail::gives_batches<D>) return data->batch(indices);
      else return detail::stacked(indices, [this](std::int64_t i) { return Batch{(*data)[i]}; });
    }
    Tensor classes() const override {
      if constexpr (detail::has_classes<D>) return data->classes();
      else return {};
    }
    std::string fingerprint() const override {
      if constexpr (detail::has_fingerprint<D>) return data->fingerprint();
      else return Source::fingerprint();
    }
    std::shared_ptr<const D> data;
  };

  std::shared_ptr<const Source> source_;
};

/// All samples in one batch, in their order.
Batch whole(const Dataset& data, Site site = Site::here());

}  // namespace xtape::datasets
