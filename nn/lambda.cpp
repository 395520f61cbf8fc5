#include "lambda.hpp"

#include <cctype>

namespace xtape::nn {

// An activation such as LeakyReLU has a name; a closure has none.
void Lambda::name_after(const std::type_info& type) {
  set_type(type);
  for (const char c : type_name())
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_') return set_type(typeid(Lambda));
}

}  // namespace xtape::nn
