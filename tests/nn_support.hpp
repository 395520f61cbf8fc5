// What the tests of layers share besides their table.
#pragma once
#include "support.hpp"

/// The paths of parameters or buffers, which their cells know.
template <class Named>
std::vector<std::string> names_of(const Named& named) {
  std::vector<std::string> all;
  for (auto& [name, cell] : named) {
    CHECK(cell.name() == name);
    all.push_back(name);
  }
  return all;
}

template <class Named>
std::vector<xtape::Shape> shapes_of(const Named& named) {
  std::vector<xtape::Shape> all;
  for (auto& [name, cell] : named) all.push_back(cell.shape());
  return all;
}

/// A layer made or called as it should not be, and how its message begins.
struct Misuse {
  std::function<void()> f;
  std::string with;
};
/// Checks that each is refused with its message and points to the file that asks.
inline void check_misuses(const std::vector<Misuse>& misuses, const char* file = __builtin_FILE()) {
  const std::string path = file, name = path.substr(path.rfind('/') + 1);
  for (const Misuse& m : misuses) {
    const std::string text = message(m.f);
    CAPTURE(m.with);
    CAPTURE(text);
    CHECK(begins(text, m.with));
    CHECK(text.find("/" + name + ":") != std::string::npos);
  }
}
