// How findings read.
#include <algorithm>
#include <cstdio>
#include <ostream>

#include "checks.hpp"

namespace xtape::lab {
namespace {

// Words in lines of at most 100 columns, each indented.
void write(std::ostream& out, const char* indent, const std::string& text) {
  constexpr std::size_t width = 98;
  std::size_t column = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (column > 0 && column + 1 + word.size() > width) out << "\n", column = 0;
    if (column == 0) out << indent, column = std::string(indent).size();
    else out << ' ', ++column;
    out << word;
    column += word.size();
    begin = end + 1;
  }
  out << "\n";
}

}  // namespace

const char* to_string(Fault fault) {
  constexpr const char* names[] = {"activation", "loss",          "learning rate", "epochs",
                                   "optimizer",  "preprocessing", "batch",         "initialization",
                                   "layer",      "data",          "loop",          "evaluation"};
  return names[static_cast<std::size_t>(fault)];
}

bool Findings::has(Fault kind) const {
  return std::any_of(begin(), end(), [&](const Finding& f) { return f.kind == kind; });
}

std::ostream& operator<<(std::ostream& out, const Findings& findings) {
  if (findings.empty()) return out;
  std::size_t number = 0;
  for (const Finding& f : findings) {
    std::string place = f.layer.empty() ? "" : " in " + f.layer;
    if (f.site.file) place += " at " + to_string(f.site);
    write(out, "", std::to_string(++number) + ". " + to_string(f.kind) + ": " + f.what + place);
    write(out, "   ", f.measured);
    if (!f.why.empty()) write(out, "   ", f.why);
    std::string change = "change: " + f.change;
    if (f.trial)
      change += "; tried for " + std::to_string(f.trial->steps) + " steps: it learns " + in_percent(f.trial->after) +
                " of the targets instead of " + in_percent(f.trial->before) +
                (f.trial->learns ? "" : ", which is not enough");
    write(out, "   ", change);
  }
  char text[96];
  std::snprintf(text, sizeof text, "checks took %.2f s, %lld trials on forks %.2f s", findings.seconds,
                static_cast<long long>(findings.trials), findings.trial_seconds);
  return out << text << "\n";
}

}  // namespace xtape::lab
