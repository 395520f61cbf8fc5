// Parts of a data set: to train with and to validate by.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "dataset.hpp"

namespace xtape::datasets {

namespace detail {
std::vector<Dataset> split(const Dataset& data, const std::vector<double>& shares, bool by_class, std::uint64_t seed,
                           Site site);
std::vector<Dataset> split(const Dataset& data, const std::vector<std::int64_t>& counts, bool by_class,
                           std::uint64_t seed, Site site);

template <class T, std::size_t N, std::size_t... I>
std::array<Dataset, N> split(const Dataset& data, const T (&parts)[N], bool by_class, std::uint64_t seed, Site site,
                             std::index_sequence<I...>) {
  using Number = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;
  std::vector<Dataset> all = split(data, std::vector<Number>(parts, parts + N), by_class, seed, site);
  return {std::move(all[I])...};
}
}  // namespace detail

/// The data set in parts, which copy no sample: `auto [train, validation] = split(images, {0.8, 0.2}, seed)`. The parts
/// are shares that sum to 1, or numbers of samples that sum to all. What they consist of is drawn from the seed alone;
/// of data with classes each of two parts has of each class its share, rounded up or down, and each of several parts to
/// within two samples. A part has its samples in their order. Throws when a part has none.
template <class T, std::size_t N>
std::array<Dataset, N> split(const Dataset& data, const T (&parts)[N], std::uint64_t seed = 0,
                             Site site = Site::here()) {
  return detail::split(data, parts, true, seed, site, std::make_index_sequence<N>());
}
// Of integers of several types, as {1000, images.count - 1000}.
template <std::size_t N>
std::array<Dataset, N> split(const Dataset& data, const std::int64_t (&parts)[N], std::uint64_t seed = 0,
                             Site site = Site::here()) {
  return detail::split(data, parts, true, seed, site, std::make_index_sequence<N>());
}
/// The same whatever the classes are. (PyTorch: `random_split`.)
template <class T, std::size_t N>
std::array<Dataset, N> random_split(const Dataset& data, const T (&parts)[N], std::uint64_t seed = 0,
                                    Site site = Site::here()) {
  return detail::split(data, parts, false, seed, site, std::make_index_sequence<N>());
}
template <std::size_t N>
std::array<Dataset, N> random_split(const Dataset& data, const std::int64_t (&parts)[N], std::uint64_t seed = 0,
                                    Site site = Site::here()) {
  return detail::split(data, parts, false, seed, site, std::make_index_sequence<N>());
}

/// The data set without a part, and that part.
struct Fold {
  Dataset train, validation;
};
/// The data set in `folds` parts of equal size, each once for validation: `for (auto [train, validation] :
/// k_fold(images, 5)) …`. Sizes differ by one sample at most, and so do those of each class where data have such.
/// Throws unless 2 <= folds <= samples. Source: Kohavi, "A study of cross-validation and bootstrap", IJCAI 1995.
std::vector<Fold> k_fold(const Dataset& data, std::int64_t folds, std::uint64_t seed = 0, Site site = Site::here());

}  // namespace xtape::datasets
