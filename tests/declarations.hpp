// What the headers of optim declare, for tests that nothing is missing.
#pragma once
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <string>

struct Declared {
  std::string doc, base;
};

/// The classes that are derived from another one, by name.
inline std::map<std::string, Declared> derived_classes() {
  std::map<std::string, Declared> classes;
  const std::regex declaration("((?:///[^\n]*\n)*)class (\\w+)(?: final)? : public (\\w+) \\{");
  for (const auto& entry : std::filesystem::directory_iterator(XTAPE_TEST_DIR "/../optim")) {
    if (entry.path().extension() != ".hpp") continue;
    std::ifstream stream(entry.path());
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    for (std::sregex_iterator it(text.begin(), text.end(), declaration), end; it != end; ++it)
      classes[(*it)[2]] = {(*it)[1], (*it)[3]};
  }
  return classes;
}

/// Whether the docstring names its source.
inline bool has_source(const Declared& declared) {
  return std::regex_search(declared.doc, std::regex("\\bSource: \\w"));
}
