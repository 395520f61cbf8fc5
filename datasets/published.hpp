// Private: data sets as they are published: where their files are fetched from, kept and found.
#pragma once
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "download.hpp"
#include "images.hpp"

namespace xtape::datasets {

struct PublishedFile {
  const char* name;
  const char* checksum;  // as `download` takes it
};

/// A data set: one row is all that it takes to fetch another.
struct Published {
  const char* name;  // of its reader, its folder in the cache and on a mirror
  std::vector<const char*> mirrors;
  std::vector<PublishedFile> files;
  /// Unpacks a file that is an archive into a directory; null where they are none.
  void (*unpack)(const std::string& archive, const std::string& directory) = nullptr;
};

/// The value of an environment variable, empty when it is not set.
std::string environment(const char* name);
/// The user's directory for the files of a data set.
std::string cache_directory(const Published& set);
/// Downloads into `directory` what it lacks, from the environment's XTAPE_MIRROR when that is set, and unpacks it.
void fetch(const Published& set, const std::string& directory);

/// What `read(directory)` gives of `given` or, when that is empty, of the user's cache, where what is missing or wrong
/// is downloaded first.
template <class Read>
auto read_published(const Published& set, const std::string& given, Read read) {
  std::error_code ignored;
  if (!given.empty()) {
    if (!std::filesystem::is_directory(given, ignored))
      fail(set.name, "there is no directory " + given + ", expected one that holds its files");
    return read(given);
  }
  const std::string cache = cache_directory(set);
  try {
    return read(cache);
  } catch (const Error&) {  // not there yet, or damaged: the download replaces what is wrong
  }
  fetch(set, cache);
  return read(cache);
}

/// The path of a file in `directory`, raw or gzipped; throws in the name of `op` where it is missing.
std::string find_file(const char* op, const std::string& directory, const std::string& name);
/// The images and labels of two IDX files that `find_file` finds. Throws unless they belong together and all labels are
/// in [first, first + classes); `first` becomes 0.
Images read_idx_images(const char* op, const std::string& directory, const std::string& images,
                       const std::string& labels, int classes, int first = 0);
/// Throws unless both have images of the same size.
void check_alike(const char* op, const std::string& directory, const Images& train, const Images& test);

}  // namespace xtape::datasets
