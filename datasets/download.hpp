// Private: fetching a file from the network.
#pragma once
#include <string>
#include <vector>

#include <autograd/core/error.hpp>

namespace xtape::datasets {

/// Says why no mirror delivered a file. What fails on this machine, such as a full disk, is a plain Error.
class DownloadError : public Error {
 public:
  using Error::Error;
};

/// Fetches the file `path` from the first of `urls` (http, https or file) that delivers it whole, unless it is there
/// already. `checksum`, in lower-case hexadecimal, is the SHA-256 of its unpacked content, of a gzipped file or any
/// other, or the MD5 of its bytes as they are. The file appears under its name at once and complete; what a broken
/// transfer has fetched so far stays in "PATH.part", and the next goes on from there. Takes as long as data flows, and
/// gives up at most 10 seconds after the last of it. Throws DownloadError when every URL failed, Error when `path`
/// cannot be written.
void download(const std::vector<std::string>& urls, const std::string& path, const std::string& checksum,
              Site site = Site::here());

}  // namespace xtape::datasets
