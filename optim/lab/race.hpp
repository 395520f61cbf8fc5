// Private: which variants of a comparison still need seeds.
#pragma once
#include <optim/lab/comparison.hpp>

#include "results_file.hpp"

namespace xtape::lab {

/// What is known of a variant: its outcomes, by seed, and the figure of each that is compared.
struct Runner {
  std::string name;
  std::map<std::uint64_t, Outcome> outcomes;
  std::map<std::uint64_t, double> figures;
  bool running = true;  // it gets more seeds
};

/// Variants that are looked at several times: what is told apart from a better one, or from the baseline, gets no more
/// seeds, and is told apart from then on.
class Race {
 public:
  /// `table` has what is compared and how; `baseline` is one of the runners, where there is one.
  Race(std::vector<Runner>& runners, const Comparison& table);
  /// A look at the first so many seeds of all that are running.
  void look(std::int64_t seeds);
  bool is_over() const;
  /// How many pairs are told apart, and how many are tested.
  std::string standing() const;
  /// The table of all that is known.
  Comparison result() const;

 private:
  struct Pair {
    std::size_t first, second;
    double least_p = 1, p_of_all = 1;
  };
  std::vector<double> differences(const Pair& pair) const;
  Comparison::Variant variant(const Runner& runner) const;
  Comparison::Difference difference(const Pair& pair) const;

  std::vector<Runner>& runners_;
  Comparison table_;
  std::vector<Pair> pairs_;
};

}  // namespace xtape::lab
