// Data: where a training takes its batches from, whatever keeps them.
#pragma once
#include <autograd/epoch_order.hpp>
#include <autograd/tensor.hpp>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace xtape::optim {

namespace detail {

/// A batch as the tensors that it consists of: a Tensor, Tensors, or a struct or pair of two tensors.
template <class B>
Tensors tensors_of(B&& batch) {
  if constexpr (std::is_convertible_v<B&&, Tensors>) {
    return std::forward<B>(batch);
  } else {
    Tensors tensors;
    if constexpr (std::is_convertible_v<B&&, Tensor>) {
      tensors.push_back(std::forward<B>(batch));
    } else {
      static_assert(std::is_class_v<std::decay_t<B>>,
                    "a batch is a Tensor, Tensors, or a struct or pair of two tensors");
      if constexpr (std::is_class_v<std::decay_t<B>>) {
        auto [input, target] = std::forward<B>(batch);
        tensors.reserve(2);
        tensors.push_back(std::move(input)), tensors.push_back(std::move(target));
      }
    }
    return tensors;
  }
}

template <class D, class = void>
inline constexpr bool has_batches = false;
template <class D>
inline constexpr bool has_batches<
    D, std::void_t<decltype(std::declval<const D&>().count()),
                   decltype(std::declval<const D&>().batch(std::int64_t(), std::int64_t(), std::uint64_t()))>> = true;
template <class D, class = void>
inline constexpr bool has_fingerprint = false;
template <class D>
inline constexpr bool has_fingerprint<D, std::void_t<decltype(std::declval<const D&>().fingerprint())>> = true;
template <class D, class = void>
inline constexpr bool is_range = false;
template <class D>
inline constexpr bool is_range<D, std::void_t<decltype(std::begin(std::declval<D&>()), std::end(std::declval<D&>()))>> =
    true;
template <class D, class = void>
inline constexpr bool has_size = false;
template <class D>
inline constexpr bool has_size<D, std::void_t<decltype(std::size(std::declval<const D&>()))>> = true;
template <class D, class = void>
inline constexpr bool goes_in_order = false;
template <class D>
inline constexpr bool goes_in_order<D, std::void_t<decltype(in_order(std::declval<const D&>()))>> = true;

}  // namespace detail

/// Batches of a training or a validation, in epochs. It is made of
///
/// - what has `count()`, its batches in an epoch, `batch(i, epoch, seed)`, batch i of an epoch in the order that the
///   seed draws, and, where it can, `fingerprint()`, a text that tells it from other data: `datasets::batches(images,
///   64)` and `TensorBatches(x, t, 64)` do. A training on it resumes within an epoch;
/// - what `in_order(data)` makes such batches of, as of `datasets::Images`;
/// - any range of batches, which is gone through once an epoch, in its order: a vector; with a size, schedules know
///   when it ends;
/// - tensors, whose rows are the samples: `{x, t}`;
/// - a `std::shared_ptr` of a Source of one's own.
///
/// A batch is a Tensor, Tensors, or a struct or pair of two tensors, input and target. What is given as a variable must
/// live as long; a temporary is kept. Copies share a place, which trainings that take turns find again; those of
/// several threads have a Data each.
class Data {
 public:
  /// Where batches come from. `seek` goes to a batch, `next` gives the one there and goes on; false after the last.
  class Source {
   public:
    virtual ~Source() = default;
    virtual void seek(std::int64_t epoch, std::int64_t batch, std::uint64_t seed) = 0;
    virtual bool next(Tensors& batch) = 0;
    /// The batches of an epoch, where that is known.
    virtual std::optional<std::int64_t> count() const { return std::nullopt; }
    /// Whether `seek` can go to another batch than the first.
    virtual bool seeks() const { return false; }
    virtual std::string fingerprint() const { return "a range"; }
    /// Who took the last batch; anybody else seeks first.
    const void* reader = nullptr;
  };

  template <class D, class = std::enable_if_t<!std::is_same_v<std::decay_t<D>, Data>>>
  Data(D&& data) : source_(source_of(std::forward<D>(data))) {}
  /// Rows of tensors in their order, by 500.
  Data(std::initializer_list<Tensor> tensors);

  Source& operator*() const { return *source_; }
  Source* operator->() const { return source_.get(); }

 private:
  // A variable is referred to, a temporary kept.
  template <class D>
  struct Kept {
    D data;
  };

  template <class D>
  struct Indexed : Source {
    explicit Indexed(D&& data) : kept{std::forward<D>(data)} {}
    void seek(std::int64_t to_epoch, std::int64_t to_batch, std::uint64_t to_seed) override {
      epoch = to_epoch, at = to_batch, seed = to_seed;
    }
    bool next(Tensors& batch) override {
      if (at >= kept.data.count()) return false;
      batch = detail::tensors_of(kept.data.batch(at++, epoch, seed));
      return true;
    }
    std::optional<std::int64_t> count() const override { return kept.data.count(); }
    bool seeks() const override { return true; }
    std::string fingerprint() const override {
      if constexpr (detail::has_fingerprint<std::decay_t<D>>) return kept.data.fingerprint();
      else return std::to_string(kept.data.count()) + " batches";
    }
    Kept<D> kept;
    std::int64_t epoch = 0, at = 0;
    std::uint64_t seed = 0;
  };

  template <class D>
  struct Range : Source {
    explicit Range(D&& data) : kept{std::forward<D>(data)} {}
    void seek(std::int64_t, std::int64_t batch, std::uint64_t) override {
      at.emplace(std::begin(kept.data));
      while (batch-- > 0 && *at != std::end(kept.data)) ++*at;
    }
    bool next(Tensors& batch) override {
      if (!at) seek(0, 0, 0);
      if (!(*at != std::end(kept.data))) return false;
      batch = detail::tensors_of(**at);
      ++*at;
      return true;
    }
    std::optional<std::int64_t> count() const override {
      if constexpr (detail::has_size<std::decay_t<D>>) return static_cast<std::int64_t>(std::size(kept.data));
      else return std::nullopt;
    }
    Kept<D> kept;
    std::optional<std::decay_t<decltype(std::begin(std::declval<std::remove_reference_t<D>&>()))>> at;
  };

  template <class D>
  static std::shared_ptr<Source> source_of(D&& data) {
    using Plain = std::decay_t<D>;
    if constexpr (std::is_convertible_v<D&&, std::shared_ptr<Source>>) return std::forward<D>(data);
    else if constexpr (detail::has_batches<Plain>) return std::make_shared<Indexed<D>>(std::forward<D>(data));
    else if constexpr (detail::goes_in_order<Plain>) {
      using Batches = decltype(in_order(std::forward<D>(data)));
      return std::make_shared<Indexed<Batches>>(in_order(std::forward<D>(data)));
    } else {
      constexpr bool range = detail::is_range<std::remove_reference_t<D>>;
      static_assert(range, "data are batches with count() and batch(i, epoch, seed), a range of batches, or {x, t}");
      if constexpr (range) return std::make_shared<Range<D>>(std::forward<D>(data));
      else return nullptr;
    }
  }

  std::shared_ptr<Source> source_;
};

/// The rows of tensors in batches: (samples, …), (samples, …) -> (size, …), (size, …), the last batch with what is
/// left. Each epoch has an order of its own, drawn from (seed, epoch), unless `shuffle` is false.
class TensorBatches {
 public:
  /// Throws unless there is a tensor, all have the same number of rows, at least 1, and size is at least 1.
  TensorBatches(Tensors tensors, std::int64_t size, bool shuffle = true, Site site = Site::here());
  TensorBatches(const Tensor& input, const Tensor& target, std::int64_t size, bool shuffle = true,
                Site site = Site::here())
      : TensorBatches(Tensors{input, target}, size, shuffle, site) {}

  std::int64_t count() const;
  Tensors batch(std::int64_t i, std::int64_t epoch, std::uint64_t seed) const;
  std::string fingerprint() const;

 private:
  Tensors tensors_;
  std::int64_t size_;
  bool shuffle_;
  EpochOrder order_;
};

}  // namespace xtape::optim
