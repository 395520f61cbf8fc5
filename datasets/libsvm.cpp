#include "libsvm.hpp"

#include <algorithm>

#include "text_file.hpp"

namespace xtape::datasets {
using namespace xtape::detail;

using xtape::detail::FilePlace;

template <class T>
class LibsvmReader {
 public:
  LibsvmReader(const FilePlace& place, const LibsvmOptions& options) : place_(place), options_(options), text_(place) {}

  Table read() {
    for (;;) {
      skip_blanks();
      if (text_.peek() == TextFile::end) break;
      if (text_.peek() != '\n') read_row();
      else text_.advance();
    }
    const auto rows = static_cast<std::int64_t>(ends_.size());
    if (rows == 0) place_.refuse("it has no row");
    const std::int64_t features = options_.features_.value_or(std::max<std::int64_t>(widest_, 1));
    constexpr std::int64_t sparsest = 1000, small = 1 << 20;
    const auto numbers = static_cast<std::int64_t>(values_.size());
    if (!options_.features_ && features > std::max(small, sparsest * numbers) / rows)
      place_.refuse("its " + std::to_string(numbers) + " numbers would be " + std::to_string(rows) + " x " +
                    std::to_string(features) +
                    " with the zeros, expected at most a thousand zeros to a number, or the "
                    "option features");
    Table table;
    const Shape shape({rows, features}, place_.site);
    Ref<Array> input = make_array(options_.dtype_, shape, place_.site);
    T* to = input->at<T>();
    std::fill_n(to, shape.size(), T(0));
    std::size_t k = 0;
    for (std::int64_t i = 0; i < rows; ++i)
      for (; k < ends_[static_cast<std::size_t>(i)]; ++k) to[i * features + indices_[k]] = values_[k];
    table.input = Tensor(std::move(input));
    table.target = options_.labels_ ? labels_.take(table.classes) : tensor(target_, Shape{rows, 1});
    return table;
  }

 private:
  static bool is_blank(int c) { return c == ' ' || c == '\t'; }

  // Blanks, and a comment up to the end of its line.
  void skip_blanks() {
    while (is_blank(text_.peek())) text_.advance();
    if (text_.peek() == '#')
      while (text_.peek() != '\n' && text_.peek() != TextFile::end) text_.advance();
  }

  // The characters up to a blank, a colon or the end.
  const std::string& word(const char* expected) {
    where_ = text_.position();
    word_.clear();
    for (int c; (c = text_.peek()) != TextFile::end && c != '\n' && c != ':' && c != '#' && !is_blank(c);
         text_.advance()) {
      if (word_.size() == 1000)
        text_.refuse(where_, "the word has more than 1000 characters, expected " + std::string(expected));
      word_ += static_cast<char>(c);
    }
    return word_;
  }

  T number(const char* expected) {
    T value{};
    if (!parse_number(word(expected), value))
      text_.refuse(where_, "there is " + quoted(word_) + ", expected " + expected);
    return value;
  }

  void read_row() {
    const T target = number("a number as the target");
    if (options_.labels_) labels_.add(word_);
    else target_.push_back(target);
    const std::int64_t first = options_.zero_based_ ? 0 : 1;
    std::int64_t last = first - 1;
    for (skip_blanks(); text_.peek() != '\n' && text_.peek() != TextFile::end; skip_blanks()) {
      std::int64_t index = 0;
      if (!parse_number(word("index:value"), index) || text_.peek() != ':')
        text_.refuse(where_, "there is " + quoted(word_) + (text_.peek() == ':' ? " before the colon" : "") +
                                 ", expected index:value");
      if (index <= last)
        text_.refuse(where_, "index " + std::to_string(index) +
                                 (last < first ? ", expected at least " + std::to_string(first)
                                               : " comes after " + std::to_string(last) + ", expected ascending ones"));
      if (const std::int64_t most = options_.features_.value_or(std::int64_t{1} << 40); index - first >= most)
        text_.refuse(where_, "index " + std::to_string(index) + " is beyond " + std::to_string(most) + " features");
      last = index;
      text_.advance();
      const T value = number("a number as the value");
      if (const int c = text_.peek(); c == ':') text_.refuse(text_.position(), "there is a second colon");
      indices_.push_back(index - first), values_.push_back(value);
      widest_ = std::max(widest_, index - first + 1);
    }
    ends_.push_back(values_.size());
  }

  const FilePlace& place_;
  const LibsvmOptions& options_;
  TextFile text_;
  std::string word_;
  TextPosition where_;
  std::vector<std::size_t> ends_;  // of the rows in what follows
  std::vector<std::int64_t> indices_;
  std::vector<T> values_, target_;
  ClassColumn labels_;
  std::int64_t widest_ = 0;
};

Table read_libsvm(const std::string& path, const LibsvmOptions& options, Site site) {
  if (!is_floating(options.dtype_))
    fail("read_libsvm", std::string("the dtype is ") + to_string(options.dtype_) + ", expected float32 or float64",
         site);
  if (options.features_ && *options.features_ < 1)
    fail("read_libsvm", std::to_string(*options.features_) + " features, expected at least 1", site);
  return xtape::detail::reading({"read_libsvm", path, site}, [&](const FilePlace& place) {
    return visit_floating(options.dtype_,
                          [&](auto zero) { return LibsvmReader<decltype(zero)>(place, options).read(); });
  });
}

}  // namespace xtape::datasets
