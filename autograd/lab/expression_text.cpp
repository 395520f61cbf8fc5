#include <algorithm>
#include <cmath>
#include <sstream>

#include "expression.hpp"

namespace xtape::detail::symbolic {

namespace {

// How tightly an expression holds together.
enum Bond { choice, either, both, comparison, sum, product, power, whole };

// Numbers that derivatives bring, and a reader knows by their names: over / under.
struct Constant {
  double value;
  const char *over, *under, *latex_over, *latex_under;
};
const Constant constants[] = {
    {3.14159265358979323846, "pi", "", R"(\pi)", ""},
    {0.69314718055994530942, "log(2)", "", R"(\ln 2)", ""},
    {1.44269504088896340736, "", "log(2)", "", R"(\ln 2)"},
    {0.43429448190325182765, "", "log(10)", "", R"(\ln 10)"},
    {0.56418958354775628695, "", "sqrt(pi)", "", R"(\sqrt{\pi})"},
    {0.39894228040143267794, "", "sqrt(2 * pi)", "", R"(\sqrt{2 \pi})"},
    {0.70710678118654752440, "", "sqrt(2)", "", R"(\sqrt{2})"},
};
// v = n times one of them, with a small integer n.
const Constant* constant_at(double v, double& n) {
  for (const Constant& c : constants) {
    n = std::round(v / c.value);
    if (n >= 1 && n <= 12 && std::abs(v - n * c.value) <= 1e-14 * v) return &c;
  }
  return nullptr;
}

std::string decimal(double v, bool latex) {
  if (std::isnan(v)) return latex ? R"(\mathrm{NaN})" : "nan";
  if (std::isinf(v)) return latex ? R"(\infty)" : "inf";
  std::ostringstream s;
  s.precision(15);
  s << v;
  std::string text = s.str();
  const auto e = text.find('e');
  if (!latex || e == std::string::npos) return text;
  const std::string mantissa = text.substr(0, e), exponent = std::to_string(std::stoi(text.substr(e + 1)));
  return (mantissa == "1" ? "" : mantissa + R"( \cdot )") + "10^{" + exponent + "}";
}

// v = p / q with a small q, where decimals would not end soon.
bool as_fraction(double v, bool latex, double& p, double& q) {
  if (v == std::floor(v) || (!latex && std::abs(v * 1e4 - std::round(v * 1e4)) < 1e-12 * std::abs(v * 1e4)))
    return false;
  for (q = 2; q <= 64; ++q) {
    p = std::round(v * q);
    if (p != 0 && p < 1000 && std::abs(p / q - v) <= 2e-16 * v) return true;
  }
  return false;
}

std::string latex_name(const std::string& name) {
  if (name.size() == 1 || name.find_first_of("\\^{(") != std::string::npos) return name;  // it is LaTeX already
  std::string s = R"(\mathrm{)";
  for (const char c : name) s += c == '_' ? std::string(R"(\_)") : std::string(1, c);
  return s + "}";
}

const char* latex_function(Op op) {
  switch (op) {
    case Op::sigmoid: return R"(\sigma)";
    case Op::normal_cdf: return R"(\Phi)";
    case Op::log: return R"(\ln)";
    case Op::log2: return R"(\log_2)";
    case Op::log10: return R"(\log_{10})";
    case Op::sin: return R"(\sin)";
    case Op::cos: return R"(\cos)";
    case Op::tan: return R"(\tan)";
    case Op::asin: return R"(\arcsin)";
    case Op::acos: return R"(\arccos)";
    case Op::atan: return R"(\arctan)";
    case Op::sinh: return R"(\sinh)";
    case Op::cosh: return R"(\cosh)";
    case Op::tanh: return R"(\tanh)";
    case Op::max: return R"(\max)";
    case Op::min: return R"(\min)";
    case Op::sign: return R"(\operatorname{sgn})";
    default: return nullptr;
  }
}

struct Text {
  std::string text;
  Bond bond;
};

class Writer {
 public:
  Writer(Algebra& algebra, const Writing& writing) : a_(algebra), w_(writing) {}

  // Without names for x itself.
  Text own(Id x) {
    const Node& n = a_[x];
    switch (n.op) {
      case Op::number: return number(n.number);
      case Op::argument: {
        const std::string& name = w_.names[static_cast<std::size_t>(n.number)];
        return {w_.latex ? latex_name(name) : name, whole};
      }
      case Op::add: return sum_of(n);
      case Op::mul: return product_of(a_.factors(x), true);
      case Op::pow:
        if (a_.is_number(n.of[1])) return product_of(a_.factors(x), true);
        return raised(n.of[0], bare(n.of[1]), whole_or_bracketed(n.of[1]));
      case Op::less:
      case Op::greater:
      case Op::less_equal:
      case Op::greater_equal:
      case Op::equal:
      case Op::not_equal: return comparison_of(n);
      case Op::logical_and: return {held(n.of[0], both) + sign(R"( \land )", " && ") + held(n.of[1], both), both};
      case Op::logical_or: return {held(n.of[0], either) + sign(R"( \lor )", " || ") + held(n.of[1], either), either};
      case Op::logical_not: return {sign(R"(\lnot )", "!") + held(n.of[0], whole), power};
      case Op::where:
        if (!w_.latex) break;
        return {R"(\begin{cases} )" + bare(n.of[1]) + R"( & )" + bare(n.of[0]) + R"( \\ )" + bare(n.of[2]) +
                    R"( & \text{otherwise} \end{cases})",
                sum};
      case Op::exp:
        if (w_.latex) return {"e^{" + bare(n.of[0]) + "}", power};
        break;
      case Op::abs:
        if (w_.latex) return {R"(\left| )" + bare(n.of[0]) + R"( \right|)", whole};
        break;
      case Op::floor:
        if (w_.latex) return {R"(\lfloor )" + bare(n.of[0]) + R"( \rfloor)", whole};
        break;
      case Op::ceil:
        if (w_.latex) return {R"(\lceil )" + bare(n.of[0]) + R"( \rceil)", whole};
        break;
      case Op::cbrt:
        if (w_.latex) return {R"(\sqrt[3]{)" + bare(n.of[0]) + "}", whole};
        break;
      default: break;
    }
    return {function(n.op) + arguments(n), whole};
  }

 private:
  std::string sign(const char* latex, const char* text) const { return w_.latex ? latex : text; }
  Text of(Id x) {
    const auto named = w_.named.find(x);
    return named == w_.named.end() ? own(x) : Text{named->second, whole};
  }
  std::string bare(Id x) { return of(x).text; }
  std::string bracketed(const std::string& s) const {
    const bool tall =
        w_.latex && (s.find("frac{") != s.npos || s.find("{cases}") != s.npos || s.find("left") != s.npos);
    return tall ? R"(\left( )" + s + R"( \right))" : "(" + s + ")";
  }
  std::string held(const Text& t, Bond at_least) const { return t.bond < at_least ? bracketed(t.text) : t.text; }
  std::string held(Id x, Bond at_least) { return held(of(x), at_least); }
  std::string whole_or_bracketed(Id x) { return held(x, whole); }

  std::string function(Op op) const {
    if (!w_.latex) return name_of(op);
    if (const char* name = latex_function(op)) return name;
    std::string s = R"(\operatorname{)";
    for (const char c : std::string(name_of(op))) s += c == '_' ? std::string(R"(\_)") : std::string(1, c);
    return s + "}";
  }
  std::string arguments(const Node& n) {
    std::string list;
    for (std::size_t i = 0; i < n.of.size(); ++i) list += (i ? ", " : "") + bare(n.of[i]);
    return w_.latex ? bracketed(list) : "(" + list + ")";
  }

  Text number(double v) {
    if (v < 0) return {"-" + number(-v).text, sum};
    double n, p, q;
    if (constant_at(v, n)) return product_of({v, {}}, false);
    if (as_fraction(v, w_.latex, p, q))
      return {w_.latex ? R"(\frac{)" + decimal(p, true) + "}{" + decimal(q, true) + "}"
                       : decimal(p, false) + " / " + decimal(q, false),
              product};
    return {decimal(v, w_.latex), whole};
  }

  Text comparison_of(const Node& n) {
    std::string sign = std::string(" ") + name_of(n.op) + " ";
    if (w_.latex)
      sign = n.op == Op::less_equal      ? R"( \le )"
             : n.op == Op::greater_equal ? R"( \ge )"
             : n.op == Op::equal         ? " = "
             : n.op == Op::not_equal     ? R"( \ne )"
                                         : sign;
    return {held(n.of[0], sum) + sign + held(n.of[1], sum), comparison};
  }

  Text sum_of(const Node& n) {
    // A term that is added stands first.
    std::vector<Id> list = n.of;
    const auto added = std::find_if(list.begin(), list.end(), [&](Id t) { return a_.factors(t).number > 0; });
    if (added != list.end()) std::rotate(list.begin(), added, added + 1);
    std::string s;
    for (const Id t : list) {
      Algebra::Factors f = a_.factors(t);
      const bool named = w_.named.count(t) > 0, minus = f.number < 0 && !named;
      if (minus) f.number = -f.number;
      const bool split = !named && (a_[t].op == Op::mul || a_[t].op == Op::number);
      const Text term = !split ? of(t) : a_[t].op == Op::number ? number(f.number) : product_of(f, false);
      s += s.empty() ? (minus ? "-" : "") : minus ? " - " : " + ";
      s += minus || a_[t].op == Op::where ? held(term, product) : term.text;
    }
    return {s, sum};
  }

  Text raised(Id base, const std::string& exponent_latex, const std::string& exponent_text) {
    if (!w_.latex) return {held(base, whole) + "^" + exponent_text, power};
    const Node& b = a_[base];
    // tanh^2(x)
    if (const char* f = latex_function(b.op); f && b.of.size() == 1 && !w_.named.count(base))
      return {std::string(f) + "^{" + exponent_latex + "}" + arguments(b), power};
    return {"{" + held(base, whole) + "}^{" + exponent_latex + "}", power};
  }
  Text factor(Id base, double exponent) {
    if (exponent == 1) return of(base);
    if (exponent == 0.5) return {w_.latex ? R"(\sqrt{)" + bare(base) + "}" : "sqrt(" + bare(base) + ")", whole};
    const Text e = number(exponent);
    return raised(base, e.text, held(e, whole));
  }

  Text product_of(Algebra::Factors f, bool may_turn) {
    if (f.number == -1 && may_turn)  // -(1 - x) y = (x - 1) y
      for (auto& [base, exponent] : f.powers)
        if (a_[base].op == Op::add && std::abs(exponent) == 1 && !w_.named.count(base)) {
          f.number = -f.number;
          base = a_.opposite(base);
          break;
        }
    std::vector<Text> above, below;
    double v = std::abs(f.number), n, p, q;
    if (const Constant* c = constant_at(v, n)) {
      const std::string over = w_.latex ? c->latex_over : c->over, under = w_.latex ? c->latex_under : c->under;
      if (n != 1) above.push_back(number(n));
      if (!over.empty()) above.push_back({over, whole});
      if (!under.empty()) below.push_back({under, whole});
    } else if (as_fraction(v, w_.latex, p, q)) {
      if (p != 1) above.push_back(number(p));
      below.push_back(number(q));
    } else if (v != 1) {
      above.push_back(number(v));
    }
    // Arguments stand before functions of them.
    std::stable_partition(f.powers.begin(), f.powers.end(),
                          [&](const auto& p) { return a_[p.first].op == Op::argument; });
    for (const auto& [base, exponent] : f.powers)
      if (exponent > 0) above.push_back(factor(base, exponent));
      else below.push_back(factor(base, -exponent));
    const auto joined = [&](const std::vector<Text>& list) {
      std::string s;
      for (const Text& t : list)
        s += (s.empty() ? "" : w_.latex ? R"( \, )" : " * ") + (list.size() > 1 ? held(t, product) : t.text);
      return s.empty() ? "1" : s;
    };
    const std::string minus = f.number < 0 ? "-" : "";
    if (below.empty()) {
      if (above.size() == 1)
        return {minus + (f.number < 0 ? held(above[0], product) : above[0].text), f.number < 0 ? sum : above[0].bond};
      return {minus + joined(above), f.number < 0 ? sum : product};
    }
    if (w_.latex)
      return {minus + R"(\frac{)" + joined(above) + "}{" + joined(below) + "}", f.number < 0 ? sum : product};
    const std::string top = above.size() == 1 ? held(above[0], product) : joined(above);
    const std::string under = below.size() == 1 ? held(below[0], power) : "(" + joined(below) + ")";
    return {minus + top + " / " + under, f.number < 0 ? sum : product};
  }

  Algebra& a_;
  const Writing& w_;
};

}  // namespace

std::string text_of(Algebra& algebra, Id x, const Writing& writing) { return Writer(algebra, writing).own(x).text; }

}  // namespace xtape::detail::symbolic
