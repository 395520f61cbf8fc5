#include "figure.hpp"

#include <cstdio>

namespace xtape::optim {

bool is_share(const std::string& figure) { return figure.find("accuracy") != figure.npos; }

std::string rounded(const std::string& figure, double value) {
  char text[330];  // the largest double has 309 digits before the point
  if (is_share(figure)) std::snprintf(text, sizeof text, "%.2f %%", 100 * value);
  else std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

}  // namespace xtape::optim
