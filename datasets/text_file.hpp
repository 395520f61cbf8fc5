// Private: text files as they are read, character by character, and what they hold.
#pragma once
#include <autograd/tensor.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gz.hpp"

namespace xtape::datasets {

/// Where something stands in a text: lines and columns count from 1, columns in characters of UTF-8.
struct TextPosition {
  std::int64_t line = 1, column = 1;
};

/// The characters of a text file, raw or gzipped: without a byte order mark, and with "\n" for "\r\n".
class TextFile {
 public:
  static constexpr int end = -1;
  explicit TextFile(const xtape::detail::FilePlace& place) : file_(place), buffer_(1 << 16, '\0') {}

  /// The next character, or `end`; it stays the next. Throws at a NUL, which no text has.
  int peek() {
    if (at_ + 1 >= size_) fill();
    if (at_ >= size_) return end;
    const char c = buffer_[at_];
    if (c == '\r' && at_ + 1 < size_ && buffer_[at_ + 1] == '\n') ++at_;
    if (c == '\0') refuse(position_, "there is a NUL, expected text");
    return static_cast<unsigned char>(buffer_[at_]);
  }
  /// Goes on after the character that `peek` gave.
  void advance() {
    const char c = buffer_[at_++];
    if (c == '\n') ++position_.line, position_.column = 1;
    else position_.column += (static_cast<unsigned char>(c) & 0xC0) != 0x80;  // a character's first byte
  }
  /// Where the next character stands.
  TextPosition position() const { return position_; }
  [[noreturn]] void refuse(TextPosition where, const std::string& why) const;

 private:
  void fill();
  GzReader file_;
  std::string buffer_;
  std::size_t at_ = 0, size_ = 0;
  bool begun_ = false, done_ = false;
  TextPosition position_;
};

/// `cell` in quotes, shortened where it is long, for errors.
std::string quoted(std::string_view cell);
/// Whether all of `cell`, but for blanks around it and a plus, is a number that T holds.
template <class T>
bool parse_number(std::string_view cell, T& number);

/// A column of classes, which are numbered in the order of their names, or of their values where all are numbers.
class ClassColumn {
 public:
  void add(const std::string& name);
  /// (rows,), int64; `names` become those of the classes, of equal numbers the first.
  Tensor take(std::vector<std::string>& names) const;

 private:
  std::unordered_map<std::string, std::int64_t> found_;
  std::vector<std::string> names_;
  std::vector<std::int64_t> rows_;
};

}  // namespace xtape::datasets
