// Comparison: what trainings of several variants came to, and what of it is more than chance.
#pragma once
#include <cstdint>
#include <iosfwd>
#include <optim/page.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// The statistics are in comparison.cpp, the table in comparison_text.cpp, the page in comparison_page.cpp.
namespace xtape::lab {

/// A table of variants, the best first:
///
///   const lab::Comparison table = compare.run();
///   std::cout << table;                                                      // at most 100 columns
///   if (table.is_better("cross-entropy", "quadratic")) …
///
/// Two variants are told apart by the paired t-test, of the differences of the figures of each seed, at a level of 5 %
/// for the whole table: its p accounts for all the pairs that are tested, by Holm's method, and for how often it was
/// looked whether the answer is clear. Intervals are those of Student's t at the seeds that there are, of each variant
/// alone.
struct Comparison {
  /// What one variant came to. NaN is what too few seeds do not tell.
  struct Variant {
    std::string name;
    std::vector<std::uint64_t> seeds;         ///< of the trainings that came to an end
    std::vector<std::vector<double>> curves;  ///< of each its figure after each epoch
    std::vector<double> figures;              ///< of each the one that is compared
    double mean, stddev;                      ///< of these
    double low, high;                         ///< the 95 % interval of the mean
    std::optional<double> stuck;              ///< the share of the trainings that are stuck, where that is asked for
    double seconds;                           ///< of a processor, the mean of a training
    std::vector<std::pair<std::uint64_t, std::string>> failed;  ///< seeds whose training threw, and what
  };
  /// How one variant differs from another, over the seeds that both have.
  struct Difference {
    std::string first, second;
    std::int64_t seeds;
    double mean;      ///< of first - second
    double effect;    ///< the mean in standard deviations of a seed, the root of the mean of both variances
    double p;         ///< of the paired t-test, with the looks
    double p_of_all;  ///< the same with all pairs that are tested
    /// Whether they are told apart, and so which one is better is known.
    bool is_clear() const { return p_of_all <= 0.05; }
  };

  std::string title, figure;        ///< of what, and by what
  bool larger_is_better, of_best;   ///< whether a large figure is good; whether a training's best epoch counts
  std::optional<double> stuck_at;   ///< a training is stuck whose figure is no better
  std::string baseline;             ///< what all others are compared with; empty where it is each with each
  std::vector<std::int64_t> looks;  ///< after how many seeds it was to be looked whether the answer is clear
  std::vector<Variant> variants;
  std::vector<Difference> differences;

  /// The variant of this name; throws when there is none.
  const Variant& operator[](const std::string& name) const;
  /// How `first` differs from `second`. Throws when they were not compared.
  Difference difference(const std::string& first, const std::string& second) const;
  /// Whether `first` is told apart from `second` and better.
  bool is_better(const std::string& first, const std::string& second) const;
  /// A row a variant: its name, seeds, mean, stddev, low, high, difference, effect and p to the best or the baseline,
  /// stuck and failed.
  std::string csv() const;
  /// The table, the curves of all variants with the 95 % intervals of their means, and the figure of each seed.
  optim::Page page() const;
};
/// The table, in at most 100 columns; below it what it says, what failed, and how long the trainings took.
std::ostream& operator<<(std::ostream& out, const Comparison& table);

}  // namespace xtape::lab
