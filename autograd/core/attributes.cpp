#include "attributes.hpp"

#include <sstream>

namespace xtape::detail {

std::string attribute_text(double v) {
  std::ostringstream text;
  text << v;
  return text.str();
}

}  // namespace xtape::detail
