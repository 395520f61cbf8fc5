// Private: bytes as text, for pages that hold them.
#pragma once
#include <string>

namespace xtape {

/// The bytes in base64, with padding. Source: RFC 4648, section 4.
std::string base64(const void* bytes, std::size_t size);

}  // namespace xtape
