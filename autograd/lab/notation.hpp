// Private: pieces of equations, as text and in LaTeX.
#pragma once
#include <cmath>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace xtape::lab::notation {

/// A piece of an equation, as text and in LaTeX.
struct Piece {
  std::string text, latex;
  bool sum = false;  // it needs brackets in a product

  Piece() = default;
  Piece(const char* both) : text(both), latex(both) {}
  Piece(std::string text, std::string latex, bool sum = false)
      : text(std::move(text)), latex(std::move(latex)), sum(sum) {}
  friend Piece operator+(const Piece& a, const Piece& b) {
    return {a.text + b.text, a.latex + b.latex, a.sum || b.sum};
  }
};
inline Piece bracketed(const Piece& p) { return {"(" + p.text + ")", R"(\left( )" + p.latex + R"( \right))"}; }
inline Piece held(const Piece& p) { return p.sum ? bracketed(p) : p; }
inline Piece superscript(const Piece& base, std::size_t l) {
  return base + Piece("^" + std::to_string(l), "^{" + std::to_string(l) + "}");
}
inline Piece number(double v) {
  std::ostringstream s;
  s << v;
  return {s.str(), s.str()};
}
inline Piece named(const std::string& name) { return {name, R"(\mathrm{)" + name + "}"}; }
inline Piece op_name(const std::string& op) {
  std::string latex = R"(\operatorname{)";
  for (const char c : op) latex += c == '_' ? std::string(R"(\_)") : std::string(1, c);
  return {op, latex + "}"};
}
inline const Piece times{" ⊙ ", R"( \odot )"}, delta{"δ", R"(\delta)"}, partial{"∂", R"(\partial )"};

/// A gradient: a number times factors.
struct Gradient {
  double number = 1;
  std::vector<Piece> factors;

  Gradient with(const Piece& p, double by = 1) const {
    Gradient g = *this;
    g.number *= by;
    if (!p.text.empty()) g.factors.push_back(p);
    return g;
  }
  Piece piece() const {
    Piece y;
    // 2 / 10 is 1 / 5.
    double over = std::abs(number), under = 1;
    for (double q = 2; q <= 1e6 && over != std::floor(over); ++q)
      if (const double p = std::abs(number) * q; std::abs(p - std::round(p)) < 1e-12 * p)
        over = std::round(p), under = q;
    const bool alone = factors.empty();
    if (over != 1 || alone) y = notation::number(over);
    for (std::size_t i = 0; i < factors.size(); ++i) {
      const Piece f = factors.size() > 1 || over != 1 || under != 1 || number < 0 ? held(factors[i]) : factors[i];
      y = y + (i ? times : Piece(y.text.empty() ? "" : " ")) + f;
    }
    if (under != 1)
      y = Piece(y.text + " / " + notation::number(under).text,
                R"(\frac{)" + y.latex + "}{" + notation::number(under).text + "}");
    if (number < 0) y = Piece("-") + y;
    y.sum = factors.size() == 1 && over == 1 && under == 1 && number > 0 ? factors[0].sum : number < 0;
    return y;
  }
};

}  // namespace xtape::lab::notation
