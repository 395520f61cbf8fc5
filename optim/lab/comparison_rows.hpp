// Private: a Comparison in words, for the terminal and the page.
#pragma once
#include "comparison.hpp"

namespace xtape::lab {

/// How a variant differs from the one that it is judged by: the baseline, or the best. Nothing of that one itself, and
/// of one without figures.
std::optional<Comparison::Difference> to_reference(const Comparison& table, const Comparison::Variant& variant);

/// "accuracy of the last of 30 epochs, the largest first".
std::string heading_of(const Comparison& table);
/// The names of the columns, and for each variant a row.
std::vector<std::string> columns_of(const Comparison& table);
std::vector<std::vector<std::string>> rows_of(const Comparison& table);
/// What the columns mean.
std::string explanation_of(const Comparison& table);
/// How long trainings took, which is not the same each time.
std::string times_of(const Comparison& table);

}  // namespace xtape::lab
