// Private: unpacking the archives that data sets are published in.
#pragma once
#include <string>

namespace xtape::datasets {

/// Writes the files of a .zip or .tar.gz archive, without the folders that they are in, into an existing directory.
void unpack(const std::string& archive, const std::string& directory);

}  // namespace xtape::datasets
