// Fetching a file from the network, whole or not at all.
#pragma once
#include <string>
#include <vector>

#include <autograd/error.hpp>

namespace xtape::datasets {

/// Says why no mirror delivered a file. What fails on this machine, such as a full disk, is a plain Error.
class DownloadError : public Error {
 public:
  using Error::Error;
};

/// Fetches the gzipped (or raw) file `path` from the first of `urls` (http, https or file) that delivers it whole,
/// unless it is there already. `sha256` is the hash of its unpacked content in lower-case hexadecimal. The file appears
/// under its name at once and complete, and a failed attempt leaves nothing behind. Takes as long as data flows, and
/// gives up at most 10 seconds after the last of it. Throws DownloadError when every URL failed, Error when `path`
/// cannot be written.
void download(const std::vector<std::string>& urls, const std::string& path, const std::string& sha256,
              Site site = Site::here());

}  // namespace xtape::datasets
