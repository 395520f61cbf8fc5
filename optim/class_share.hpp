// Private: what precision, recall and F-beta have in common.
#pragma once
#include <autograd/core/error.hpp>
#include <cstdint>
#include <optim/value.hpp>

namespace xtape::optim {

/// How often a class was decided for rightly, was decided for, and was there.
struct ClassCount {
  std::int64_t hits = 0, decided = 0, actual = 0;
  ClassCount& operator+=(const ClassCount& o) {
    return hits += o.hits, decided += o.decided, actual += o.actual, *this;
  }
};

/// The hits' share of what was decided for and what was there, each times its weight: precision is {1, 0}, recall
/// {0, 1}, F-beta {1, beta²}. 0 where there is nothing to share.
struct ClassShare {
  double of_decided, of_actual;
  double operator()(const ClassCount& n) const {
    const double all = of_decided * static_cast<double>(n.decided) + of_actual * static_cast<double>(n.actual);
    return all == 0 ? 0 : (of_decided + of_actual) * static_cast<double>(n.hits) / all;
  }
};

inline ClassShare f_beta_share(double beta, Site site) {
  if (!(beta >= 0 && beta < 1e100))
    fail("f_beta", "beta is " + to_string(beta) + ", expected a finite number of at least 0", site);
  return {1, beta * beta};
}

}  // namespace xtape::optim
