// Private: figures of a training as they are read.
#pragma once
#include <string>

namespace xtape::optim {

/// Whether a figure is a share, which is read in percent: one that is an accuracy.
bool is_share(const std::string& figure);
/// "97.53 %" of a share, else four digits.
std::string rounded(const std::string& figure, double value);

}  // namespace xtape::optim
