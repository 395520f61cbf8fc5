// Private: pictures of functions of a number.
#pragma once
#include <string>
#include <vector>

#include "../core/error.hpp"

namespace xtape::lab {

/// One line of a picture; a value that is not finite is a gap.
struct Line {
  std::string name;
  std::vector<double> x, y;
};

/// Writes lines on common axes as SVG, the legend above them. Throws where the file cannot be written.
void write_curves(const std::string& path, const std::string& title, const std::vector<Line>& lines, Site site);

}  // namespace xtape::lab
