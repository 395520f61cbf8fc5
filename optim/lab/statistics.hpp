// Private: what a comparison of trainings is judged by.
#pragma once
#include <cstdint>
#include <vector>

namespace xtape::lab {

/// The mean of numbers and their standard deviation, that of a sample; NaN of too few.
struct Sample {
  explicit Sample(const std::vector<double>& values);
  std::int64_t count;
  double mean, stddev;
};

/// The chance that |t| is at least this large, of Student's t with so many degrees of freedom.
double student_p(double t, double degrees);
/// The t whose student_p is p.
double student_t(double p, double degrees);
/// The p of the paired t-test, of the differences of the pairs: the chance of a mean this far from 0 where it is 0.
/// Differences that are all the same have no spread to judge them by: theirs is that of as many tosses of a coin which
/// come out alike, 2^(1-n). 1 of fewer than two.
double paired_p(const std::vector<double>& differences);

/// The p of each of several tests that accounts for there being several: none of those that are at most 0.05 is false,
/// with a chance of 95 %. Source: Holm, "A simple sequentially rejective multiple test procedure", 1979.
std::vector<double> holm(const std::vector<double>& p);

/// After how many seeds it is looked whether the answer is clear: `least`, each time about half as many more, `most`.
std::vector<std::int64_t> looks(std::int64_t least, std::int64_t most);
/// What a look after so many seeds may spend of the 5 % with which something is called different that is not: in
/// proportion to its seeds. p / share, the least of the looks so far, is a p that is right however often one looks: its
/// chance to be at most 0.05 is at most the sum of the looks' parts. Source: alpha spending, Lan and DeMets, "Discrete
/// sequential boundaries for clinical trials", 1983, with the sum in the place of the looks' joint distribution.
double share_of_look(std::int64_t seeds, const std::vector<std::int64_t>& looks);

}  // namespace xtape::lab
