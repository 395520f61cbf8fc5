#include "formula.hpp"

#include <algorithm>
#include <ostream>

#include "expression.hpp"

namespace xtape::lab {

using namespace detail::symbolic;

namespace {

// Longer than that, parts that repeat get names.
constexpr std::size_t longest_line = 90;
constexpr double shortest_named = 5;

std::vector<std::string> default_names(std::size_t n) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < n; ++i) names.push_back(n > 3 ? "x" + std::to_string(i + 1) : std::string(1, "xyz"[i]));
  return names;
}

// a, b, …, z, a1, b1, … without those of the arguments.
std::string part_name(std::size_t& next, const std::vector<std::string>& taken) {
  for (;;) {
    std::string name(1, static_cast<char>('a' + next % 26));
    if (next >= 26) name += std::to_string(next / 26);
    ++next;
    if (name != "e" && name != "d" && name != "f" && std::find(taken.begin(), taken.end(), name) == taken.end())
      return name;
  }
}

}  // namespace

Formula::Formula(const Written& written, std::vector<std::string> names, Site site)
    : algebra_(std::make_shared<Algebra>()),
      names_(names.empty() ? default_names(written.arguments) : std::move(names)) {
  if (names_.size() != written.arguments)
    fail("formula",
         std::to_string(names_.size()) + " names for a formula of " + std::to_string(written.arguments) + " arguments",
         site);
  exact_ = algebra_->of(written);
  place_ = algebra_->simplified(exact_);
}

Formula Formula::derivative(std::size_t argument, Site site) const {
  if (argument >= names_.size())
    fail("formula",
         "there is no argument " + std::to_string(argument) + "; the formula has " + std::to_string(names_.size()),
         site);
  Formula d = *this;
  // Of the simplified one: what it has collected stays collected.
  d.exact_ = algebra_->derivative(place_, argument);
  d.place_ = algebra_->simplified(d.exact_);
  d.along_.push_back(argument);
  return d;
}
Formula Formula::derivative(const std::string& name, Site site) const {
  const auto at = std::find(names_.begin(), names_.end(), name);
  if (at == names_.end()) {
    std::string known;
    for (const std::string& n : names_) known += (known.empty() ? "" : ", ") + n;
    fail("formula", "there is no argument '" + name + "'; the arguments are " + known, site);
  }
  return derivative(static_cast<std::size_t>(at - names_.begin()), site);
}

Formula Formula::renamed(std::vector<std::string> names, Site site) const {
  if (names.size() != names_.size())
    fail("formula",
         std::to_string(names.size()) + " names for a formula of " + std::to_string(names_.size()) + " arguments",
         site);
  Formula f = *this;
  f.names_ = std::move(names);
  return f;
}

double Formula::value(const std::vector<double>& x, Site site) const {
  if (x.size() != names_.size())
    fail("formula",
         std::to_string(x.size()) + " numbers for a formula of " + std::to_string(names_.size()) + " arguments", site);
  return algebra_->value(place_, x);
}

std::string Formula::written(bool latex) const {
  Writing writing{names_, latex};
  Algebra& a = *algebra_;
  if (a.length(place_) <= longest_line)  // of what is longer the text may be very long
    if (const std::string line = text_of(a, place_, {names_, false}); line.size() <= longest_line)
      return latex ? text_of(a, place_, writing) : line;
  const std::vector<Id> parts = a.below(place_);
  std::unordered_map<Id, int> uses;
  for (const Id x : parts)
    for (const Id k : a[x].of) ++uses[k];
  std::string definitions;
  std::size_t next = 0;
  std::unordered_map<Id, double> length;  // with the names that there are
  for (const Id x : parts) {
    double own = 1;
    for (const Id k : a[x].of) own += length[k];
    length[x] = own;
    // A power is written by its base.
    if (x == place_ || uses[x] < 2 || own < shortest_named || (a[x].op == Op::pow && a.is_number(a[x].of[1]))) continue;
    const std::string name = part_name(next, names_), value = text_of(a, x, writing);
    definitions += latex ? R"(, \\ & )" + name + " = " + value : "\n  " + name + " = " + value;
    writing.named[x] = name;
    length[x] = 1;
  }
  return text_of(a, place_, writing) + definitions;
}

std::string Formula::label(bool latex) const {
  std::string list;
  for (const std::string& n : names_) list += (list.empty() ? "" : ", ") + n;
  if (names_.size() == 1 || along_.empty()) return "f" + std::string(along_.size(), '\'') + "(" + list + ")";
  const std::string order = along_.size() == 1 ? "" : std::to_string(along_.size());
  std::string below;
  for (std::size_t i = 0; i < along_.size(); ++i) {
    std::size_t times = 1;
    while (i + 1 < along_.size() && along_[i + 1] == along_[i]) ++i, ++times;
    const std::string power = times == 1 ? "" : std::to_string(times);
    below += latex ? R"( \partial )" + names_[along_[i]] + (power.empty() ? "" : "^" + power)
                   : (below.empty() ? "d" : " d") + names_[along_[i]] + power;
  }
  return latex ? R"(\frac{\partial)" + (order.empty() ? "" : "^" + order) + " f}{" + below.substr(1) + "}"
               : "d" + order + "f/" + below;
}

namespace {

std::vector<Formula> with_derivatives(const Formula& f) {
  const std::size_t n = f.names().size();
  std::vector<Formula> list{f};
  for (std::size_t i = 0; i < n; ++i) list.push_back(f.derivative(i));
  if (n > 3) return list;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = i; k < n; ++k) list.push_back(list[1 + i].derivative(k));
  return list;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Formula& f) {
  const std::vector<Formula> list = with_derivatives(f);
  std::size_t width = 0;
  for (const Formula& g : list) width = std::max(width, g.label().size());
  for (const Formula& g : list) {
    std::string text = g.text();
    for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1))
      text.insert(at + 1, std::string(width + 1, ' '));
    out << g.label() << std::string(width - g.label().size(), ' ') << " = " << text << "\n";
  }
  return out;
}

std::string to_latex(const Formula& f) {
  std::string s = "\\begin{align*}\n";
  for (const Formula& g : with_derivatives(f)) s += g.latex_label() + " &= " + g.latex() + " \\\\\n";
  return s + "\\end{align*}\n";
}

}  // namespace xtape::lab
