// Layers as text, and back.
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include <optim/value.hpp>

#include "layer_kinds.hpp"

using namespace xtape;

namespace {

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)); }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)); }

// As names are compared: "max_pool2d" is "MaxPool2d".
std::string plain_name(const std::string& name) {
  std::string plain;
  for (const char c : name)
    if (c != '_') plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return plain;
}

std::string list(const std::vector<double>& numbers) {
  std::string text;
  for (const double v : numbers) text += (text.empty() ? "" : ", ") + optim::to_string(v);
  return numbers.size() == 1 ? text : "{" + text + "}";
}

// Reads a text from left to right.
class Parser {
 public:
  Parser(const std::string& text, Site site) : text_(text), site_(site) {}

  std::vector<Layer> all() {
    const std::vector<Layer> layers = sequence();
    if (next()) refuse("a comma and a layer, or the end");
    return layers;
  }

 private:
  std::vector<Layer> sequence() {
    if (++depth_ > 50) refuse("layers nested less deeply");
    std::vector<Layer> layers;
    do layers.push_back(layer());
    while (taken(','));
    --depth_;
    return layers;
  }

  Layer layer() {
    const std::size_t begin = (next(), at_);
    const std::string name = word("a layer"), plain = plain_name(name);
    if (plain == "sequential" || plain == "residual") {
      if (!taken('(')) refuse("'(' and the layers of " + name);
      Layer made{plain == "residual" ? "Residual" : "Sequential", {}, {}};
      if (plain == "sequential" && taken(')')) return made;
      made.parts = sequence();
      if (!taken(')')) refuse("',' or ')'");
      if (plain == "residual" && made.parts.size() > 2)
        refuse_at(begin,
                  "a Residual has a body and, perhaps, a shortcut; layers one after the "
                  "other are one as Sequential(...)");
      return made;
    }
    const Kind* kind = kind_named(name);
    if (!kind) refuse_at(begin, "there is no layer '" + name + "'");
    Layer made{kind->name, {}, {}};
    if (taken('(') && !taken(')')) {
      std::size_t place = 0;
      do option(*kind, made, place);
      while (taken(','));
      if (!taken(')')) refuse("',' or ')'");
    }
    for (const Keyword& k : kind->keywords) {
      if (!k.standard && !made.options.count(k.name)) refuse_at(begin, name + " needs " + k.name);
      if (k.standard) made.options.emplace(k.name, *k.standard);
    }
    return made;
  }

  // "3", "{3, 5}", "stride=2" or "bias=false".
  void option(const Kind& kind, Layer& made, std::size_t& place) {
    const std::size_t begin = (next(), at_);
    std::string key;
    if (is_letter(next())) key = word("a name");
    if (!key.empty() && !taken('=')) key.clear(), at_ = begin;
    const std::vector<Keyword>& all = kind.keywords;
    if (key.empty() && place == all.size())
      refuse_at(begin, kind.name + " takes " + std::to_string(place) + " options at most");
    const auto found = key.empty() ? all.begin() + static_cast<std::ptrdiff_t>(place++)
                                   : std::find_if(all.begin(), all.end(), [&](const Keyword& k) {
                                       return plain_name(k.name) == plain_name(key);
                                     });
    if (found == all.end()) refuse_at(begin, kind.name + " has no option '" + key + "'");
    if (!made.options.emplace(found->name, value()).second)
      refuse_at(begin, kind.name + " has " + found->name + " twice");
  }

  std::vector<double> value() {
    const char close = taken('{') ? '}' : taken('[') ? ']' : taken('(') ? ')' : '\0';
    if (!close) return {number()};
    std::vector<double> numbers;
    do numbers.push_back(number());
    while (taken(','));
    if (!taken(close)) refuse(std::string("',' or '") + close + "'");
    return numbers;
  }

  double number() {
    if (is_letter(next())) {
      const std::size_t begin = at_;
      const std::string name = plain_name(word("a number"));
      if (name != "true" && name != "false") refuse_at(begin, "'" + name + "' is no number");
      return name == "true";
    }
    double v = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), v);
    if (error != std::errc() || !std::isfinite(v)) refuse("a number");
    at_ = static_cast<std::size_t>(end - text_.data());
    return v;
  }

  // The next character that is not blank; 0 at the end.
  char next() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool taken(char c) { return next() == c && (++at_, true); }
  std::string word(const char* expected) {
    if (!is_letter(next())) refuse(expected);
    const std::size_t begin = at_;
    while (at_ < text_.size() &&
           (is_letter(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '_'))
      ++at_;
    return text_.substr(begin, at_ - begin);
  }

  [[noreturn]] void refuse(const std::string& expected) {
    const std::string found = next() ? std::string("'") + next() + "'" : "the end";
    refuse_at(at_, "expected " + expected + ", not " + found);
  }
  [[noreturn]] void refuse_at(std::size_t at, const std::string& what) const {
    const std::size_t begin = at < 30 ? 0 : at - 30;
    const std::string cut = (begin ? "..." : "") + text_.substr(begin, at - begin);
    fail("parse_layers",
         what + ", at character " + std::to_string(at + 1) +
             (cut.empty() ? "" : ", after '" + cut + "'"),
         site_);
  }

  const std::string& text_;
  Site site_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

const Kind* kind_named(const std::string& name) {
  for (const Kind& kind : layer_kinds())
    if (plain_name(kind.name) == plain_name(name)) return &kind;
  return nullptr;
}

std::vector<Layer> parse_layers(const std::string& text, Site site) {
  return Parser(text, site).all();
}

std::string to_text(const std::vector<Layer>& layers) {
  std::string text;
  for (const Layer& layer : layers) {
    std::string inside = to_text(layer.parts);
    const Kind* kind = kind_named(layer.name);
    if (kind)
      for (const Keyword& k : kind->keywords) {
        const std::vector<double>& v = layer.options.at(k.name);
        if (v == k.standard) continue;
        const bool is_flag = k.name == "bias" || k.name == "affine" || k.name == "tanh";
        inside += (inside.empty() ? "" : ", ") +
                  (k.standard && (is_flag || kind->keywords.size() > 1) ? k.name + "=" : "") +
                  (is_flag ? (v[0] != 0 ? "true" : "false") : list(v));
      }
    const bool function =
        kind && kind->keywords.empty() && std::islower(static_cast<unsigned char>(kind->name[0]));
    text += (text.empty() ? "" : ", ") + layer.name + (function ? "" : "(" + inside + ")");
  }
  return text;
}
