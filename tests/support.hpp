// What test files share.
#pragma once
#include <doctest/doctest.h>
#include <cstring>
#include <functional>
#include <string>
#include <vector>
#include <xtape.hpp>

/// What f throws an Error with, or "no error".
inline std::string message(const std::function<void()>& f) {
  try {
    f();
  } catch (const xtape::Error& e) {
    return e.what();
  }
  return "no error";
}
inline bool begins(const std::string& text, const std::string& with) { return text.compare(0, with.size(), with) == 0; }
inline bool ends(const std::string& text, const std::string& with) {
  return text.size() >= with.size() && text.compare(text.size() - with.size(), with.size(), with) == 0;
}
/// Whether the message begins so and points to that line of the file that asks.
inline bool says(const std::string& text, const std::string& with, int line, const char* file = __builtin_FILE()) {
  const std::string name = file;
  return begins(text, with) && ends(text, name.substr(name.rfind('/') + 1) + ":" + std::to_string(line) + "]");
}

inline bool same_bits(const xtape::Tensor& a, const xtape::Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         std::memcmp(a.array().data, b.array().data, static_cast<std::size_t>(a.size() * size_of(a.dtype()))) == 0;
}

/// Checks that f gives tensors of the same bits with one thread and with more.
inline void check_same_bits(const std::function<xtape::Tensors()>& f) {
  const int before = xtape::num_threads();
  auto run = [&](int threads) {
    xtape::set_num_threads(threads);
    std::vector<unsigned char> bits;
    for (const xtape::Tensor& t : f()) {
      const auto* p = static_cast<const unsigned char*>(t.array().data);
      bits.insert(bits.end(), p, p + t.size() * size_of(t.dtype()));
    }
    return bits;
  };
  const auto one = run(1), two = run(2), three = run(3), four = run(4);
  xtape::set_num_threads(before);
  CHECK(one == two);
  CHECK(one == three);
  CHECK(one == four);
}
