// Private: what the sections of a Page are made with.
#pragma once
#include <autograd/core/error.hpp>
#include <string>
#include <vector>

namespace xtape::optim {

extern const char page_style[];   // page_style.cpp
extern const char page_script[];  // page_frame.cpp

/// Text as HTML that shows it, in elements and in quoted attributes.
std::string escaped(const std::string& text);
/// JSON text that no "</script>" ends.
std::string in_script(const std::string& json);
/// The same of a value of nlohmann's; bytes that are no UTF-8 are replaced, numbers that are not finite are null.
template <class Json>
std::string in_script(const Json& json) {
  return in_script(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}
/// Throws unless there are as many x as values, at least one, all within 1e300 and none less than the one before it.
void check_times(const char* op, const std::string& name, const std::vector<double>& x, std::size_t values, Site site);

}  // namespace xtape::optim
