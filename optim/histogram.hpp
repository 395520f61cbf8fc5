// Histogram: how the elements of a tensor are spread.
#pragma once
#include <autograd/tensor.hpp>
#include <vector>

namespace xtape::optim {

/// counts[i] elements lie in [edges[i], edges[i+1]), the last interval being closed; without elements there are none.
struct Histogram {
  std::vector<double> edges, counts;
  std::int64_t number = 0;             ///< of the elements that are counted
  std::int64_t not_finite = 0;         ///< NaN and infinite ones, which nothing else here knows of
  double min = 0, max = 0;             ///< the least and the greatest element
  double sum = 0, sum_of_squares = 0;  ///< of the elements

  double mean() const { return number > 0 ? sum / static_cast<double>(number) : 0; }
  double standard_deviation() const;
};

/// The histogram of x, of any shape: `bins` intervals of the same width where x lies within four standard deviations of
/// its mean, and beyond them one on each side that reaches to the least and to the greatest element. Where all elements
/// are equal it is one interval without width. Throws when `bins` is not from 1 to 10,000.
Histogram histogram(const Tensor& x, std::int64_t bins = 64, Site site = Site::here());

}  // namespace xtape::optim
