#include <algorithm>
#include <cmath>

#include "expression.hpp"

namespace xtape::detail::symbolic {

namespace {

constexpr double longest_tried = 400;       // longer expressions are simplified in their parts only
constexpr std::size_t most_terms = 24;      // of a product that is multiplied out
constexpr double worth_multiplying = 0.62;  // a product stays one unless its sum is so much shorter

}  // namespace

double Algebra::length(Id x) {
  if (const auto known = lengths_.find(x); known != lengths_.end()) return known->second;
  for (const Id i : below(x)) {
    if (lengths_.count(i)) continue;
    const Node& n = graph_[i];
    double y = 0;
    for (const Id k : n.of) y += lengths_.at(k);
    switch (n.op) {
      case Op::number: y = n.number == std::floor(n.number) ? 1 : 1.5; break;
      case Op::argument: y = 1; break;
      case Op::add: y += static_cast<double>(n.of.size()) - 1; break;
      case Op::mul:
        y += 0.6 * (static_cast<double>(n.of.size()) - 1);
        if (is_number(n.of[0], -1)) y -= 1.5;  // only a sign
        break;
      case Op::pow: y = lengths_.at(n.of[0]) + (is_number(n.of[1], -1) ? 0.5 : lengths_.at(n.of[1])); break;
      case Op::where: y += 2; break;
      default: y += 1;
    }
    lengths_[i] = y;
  }
  return lengths_.at(x);
}

// The sum with what its terms share, and the least of their negative powers, in front.
Id Algebra::collected(Id x) {
  std::vector<Factors> list;
  for (const Id t : terms(x)) list.push_back(factors(t));
  if (list.size() < 2) return x;
  const auto power_in = [&](Factors& f, Id base) -> double {
    for (auto& [b, e] : f.powers)
      if (b == base) return e;
    return 0;
  };
  // Sums that differ in their signs alone are one.
  std::vector<Id> bases;
  for (Factors& f : list)
    for (auto& [base, exponent] : f.powers) {
      if (graph_[base].op == Op::add && exponent == std::floor(exponent)) {
        const Id other = opposite(base);
        if (std::find(bases.begin(), bases.end(), other) != bases.end()) {
          if (std::fmod(exponent, 2) != 0) f.number = -f.number;
          base = other;
        }
      }
      if (std::find(bases.begin(), bases.end(), base) == bases.end()) bases.push_back(base);
    }
  Factors common;
  for (const Id base : bases) {
    double least = HUGE_VAL;
    for (Factors& f : list) least = std::min(least, power_in(f, base));
    if (least != 0) common.powers.emplace_back(base, least);
  }
  if (common.powers.empty()) return x;
  std::vector<Id> rest;
  for (Factors& f : list) {
    for (const auto& [base, least] : common.powers) {
      const auto at =
          std::find_if(f.powers.begin(), f.powers.end(), [b = base](const auto& p) { return p.first == b; });
      if (at == f.powers.end()) f.powers.emplace_back(base, -least);
      else at->second -= least;
    }
    rest.push_back(product(f));
  }
  const Id inner = sum(rest), out = expanded(inner);
  return product({product(common), length(out) < length(inner) ? out : inner});
}

// b (r + …), where the sum has r times the terms of a sum b and else what has b as a factor.
Id Algebra::grouped(Id x) {
  const std::vector<Id> list = terms(x);
  const auto holds = [&](Id t) { return std::find(list.begin(), list.end(), t) != list.end(); };
  for (const Id t : list)
    for (const auto& [base, exponent] : factors(t).powers) {
      if (graph_[base].op != Op::add || exponent < 1) continue;
      const std::vector<Id> parts = terms(base);
      for (const Id s : list) {
        const Id r = quotient(s, parts[0]);
        std::vector<Id> found, inner{r};
        for (const Id part : parts) found.push_back(product({r, part}));
        if (s == t || !std::all_of(found.begin(), found.end(), [&](Id f) { return f != t && holds(f); })) continue;
        bool all = true;
        for (const Id other : list) {
          if (std::find(found.begin(), found.end(), other) != found.end()) continue;
          const Factors f = factors(other);
          all &= std::any_of(f.powers.begin(), f.powers.end(),
                             [b = base](const auto& p) { return p.first == b && p.second >= 1; });
          inner.push_back(quotient(other, base));
        }
        if (all) return product({base, sum(inner)});
      }
    }
  return x;
}

// Products of sums multiplied out.
Id Algebra::expanded(Id x) {
  std::vector<Id> result;
  for (const Id t : terms(x)) {
    Factors f = factors(t);
    std::vector<Id> list{number(f.number)}, denominators;
    bool too_many = false;
    for (const auto& [base, exponent] : f.powers) {
      const bool multiplies =
          graph_[base].op == Op::add && exponent == std::floor(exponent) && exponent > 0 && exponent <= 4;
      if (!multiplies) {
        const Id p = power(base, exponent);
        for (Id& y : list) y = product({y, p});
        continue;
      }
      const std::vector<Id> parts = terms(base);
      for (double n = 0; n < exponent && !too_many; ++n) {
        too_many = list.size() * parts.size() > most_terms;
        if (too_many) break;
        std::vector<Id> next;
        for (const Id y : list)
          for (const Id p : parts) next.push_back(product({y, p}));
        list = std::move(next);
      }
      if (too_many) break;
    }
    if (too_many) list = {t};
    result.insert(result.end(), list.begin(), list.end());
  }
  return sum(result);
}

Id Algebra::simplified_sum(Id x) {
  if (length(x) > longest_tried) return x;
  Id best = x;
  const auto consider = [&](Id y, double worth = 1) {
    if (length(y) < worth * length(best)) best = y;
  };
  if (graph_[x].op == Op::mul || graph_[x].op == Op::pow) {
    const Id open = expanded(x);
    consider(open, worth_multiplying);
    return best;
  }
  if (const double c = content(x); std::abs(c) != 1) {
    std::vector<Id> rest;
    for (const Id t : terms(x)) rest.push_back(divided(t, c));
    consider(product({number(c), sum(rest)}));
  }
  consider(grouped(x));
  consider(collected(x));
  const Id open = expanded(x);
  consider(open);
  consider(collected(open));
  return best;
}

Id Algebra::simplified(Id x) {
  for (const Id i : below(x)) {
    if (simplified_.count(i)) continue;
    const Node n = graph_[i];
    Id y = i;
    if (!n.of.empty()) {
      std::vector<Id> of;
      for (const Id k : n.of) of.push_back(simplified_.at(k));
      if (of != n.of) y = call(n.op, of);
    }
    for (int pass = 0; pass < 4; ++pass) {
      const Op op = graph_[y].op;
      if (op != Op::add && op != Op::mul && op != Op::pow) break;
      const Id shorter = simplified_sum(y);
      if (shorter == y) break;
      y = shorter;
      // The parts of what came out may be shorter, too.
      const Node m = graph_[y];
      std::vector<Id> of;
      for (const Id k : m.of) of.push_back(graph_[k].op == Op::add ? simplified_sum(k) : k);
      if (of != m.of) y = call(m.op, of);
    }
    simplified_[i] = y;
  }
  return simplified_.at(x);
}

}  // namespace xtape::detail::symbolic
