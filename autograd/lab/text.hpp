// Private: how the bench writes numbers and rows.
#pragma once
#include <string>
#include <vector>

#include "finding.hpp"

namespace xtape::lab {

/// Four significant digits: "0.2066", "1e+10".
std::string figure(double v);
/// "12.3 %".
std::string percent(double share);
/// "  label        text", the text broken at 100 columns and set under its beginning.
std::string row(const std::string& label, const std::string& text);
/// "a, b and 3 more", of which `most` are listed.
std::string listed(const std::vector<std::string>& all, std::size_t most = 4);
/// How many warnings there are, and what the first says, as the sentence that a verdict begins with.
std::string verdict_of(const std::vector<Warning>& warnings);
/// The warnings of a report, each with its remedy; "none" where there are none.
std::string rows(const std::vector<Warning>& warnings);
/// "[-1, 2]", or "1" for a point; an end that is infinite is outside.
std::string span(const Interval& interval);
/// The rows of a formula, of what can fail inside, and of what could not be looked at; nothing where there is nothing.
std::string inside_rows(const std::string& formula, const std::vector<Hazard>& hazards, const std::string& refused,
                        bool float64_only);
/// "at 0" or "on [1, 2]".
std::string place(const Interval& where);

}  // namespace xtape::lab
