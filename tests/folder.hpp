// A folder of files for one test, gone afterwards.
#pragma once
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <string>

struct Folder {
  Folder()
      : path(std::filesystem::temp_directory_path() /
             ("xtape_test_" + std::to_string(getpid()) + "_" + std::to_string(++count))) {
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(path), std::filesystem::directory_iterator()));
  }
  std::filesystem::path path;
  static inline int count = 0;
};
