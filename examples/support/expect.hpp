// How an example checks its own figures.
#pragma once
#include <optional>
#include <string>

#include "guarded.hpp"

/// Prints a figure and, where there is one, the least that it must be. Throws where it is less, or
/// NaN.
void expect_at_least(const std::string& figure, double value, std::optional<double> least);
/// The same of the most that it may be.
void expect_at_most(const std::string& figure, double value, std::optional<double> most);
