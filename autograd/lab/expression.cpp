#include "expression.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace xtape::detail::symbolic {

namespace {

bool is_whole(double v) { return v == std::floor(v) && std::abs(v) < 1e15; }

}  // namespace

Algebra::Algebra() = default;

Id Algebra::intern(Op op, std::vector<Id> x) {
  std::vector<Id> key = x;
  std::sort(key.begin(), key.end());
  const auto [at, fresh] = unordered_.try_emplace({op, std::move(key)}, 0);
  if (fresh) at->second = graph_.add(op, 0, std::move(x));
  return at->second;
}

std::vector<Id> Algebra::terms(Id x) const { return graph_[x].op == Op::add ? graph_[x].of : std::vector<Id>{x}; }

Algebra::Factors Algebra::factors(Id x) const {
  Factors f;
  const auto factor = [&](Id i) {
    const Node& n = graph_[i];
    if (n.op == Op::number) f.number *= n.number;
    else if (n.op == Op::pow && is_number(n.of[1])) f.powers.emplace_back(n.of[0], number_of(n.of[1]));
    else f.powers.emplace_back(i, 1);
  };
  if (graph_[x].op == Op::mul) std::for_each(graph_[x].of.begin(), graph_[x].of.end(), factor);
  else factor(x);
  return f;
}

Id Algebra::product(const Factors& f) {
  std::vector<Id> list{number(f.number)};
  for (const auto& [base, exponent] : f.powers) list.push_back(power(base, exponent));
  return product(list);
}

std::vector<Id> Algebra::below(Id x) const {
  std::vector<Id> list, open{x};
  std::vector<char> seen(graph_.size());
  while (!open.empty()) {
    const Id i = open.back();
    open.pop_back();
    if (seen[i]) continue;
    seen[i] = true;
    list.push_back(i);
    open.insert(open.end(), graph_[i].of.begin(), graph_[i].of.end());
  }
  std::sort(list.begin(), list.end());  // operands are older
  return list;
}

Id Algebra::sum(const std::vector<Id>& ids) {
  const Id one = number(1);
  std::vector<std::pair<Id, double>> list;  // what, and how often; a number is so many ones
  const auto add = [&](const auto& self, Id x, double times) -> void {
    const Node& n = graph_[x];
    if (n.op == Op::add) {
      for (const Id t : std::vector<Id>(n.of)) self(self, t, times);
      return;
    }
    if (n.op == Op::number) times *= n.number, x = one;
    else if (n.op == Op::mul && is_number(n.of[0])) {
      const double first = number_of(n.of[0]);
      const Id rest = product(std::vector<Id>(n.of.begin() + 1, n.of.end()));
      return self(self, rest, times * first);
    }
    const auto at = std::find_if(list.begin(), list.end(), [&](const auto& t) { return t.first == x; });
    if (at == list.end()) list.emplace_back(x, times);
    else at->second += times;
  };
  for (const Id x : ids) add(add, x, 1);

  // Choices by the same condition are one.
  for (std::size_t i = 0; i < list.size(); ++i)
    for (std::size_t k = i + 1; k < list.size(); ++k) {
      const Node p = graph_[list[i].first], q = graph_[list[k].first];
      if (p.op != Op::where || q.op != Op::where || p.of[0] != q.of[0]) continue;
      const auto both = [&](std::size_t way) {
        return sum({product({number(list[i].second), p.of[way]}), product({number(list[k].second), q.of[way]})});
      };
      const Id choice = where(p.of[0], both(1), both(2));
      std::vector<Id> rest{choice};
      for (std::size_t j = 0; j < list.size(); ++j)
        if (j != i && j != k) rest.push_back(product({number(list[j].second), list[j].first}));
      return sum(rest);
    }

  std::vector<Id> of;
  for (const auto& [x, times] : list)
    if (times != 0) of.push_back(times == 1 ? x : product({number(times), x}));
  if (of.empty()) return number(0);
  return of.size() == 1 ? of[0] : intern(Op::add, std::move(of));
}

// The sum with all signs changed.
Id Algebra::opposite(Id x) {
  if (const auto at = opposites_.find(x); at != opposites_.end()) return at->second;
  const Id y = sum({negated(x)});
  return opposites_[x] = y;
}

// Whether a minus can be taken out of it.
bool Algebra::is_negative(Id x) const {
  const Node& n = graph_[x];
  if (n.op == Op::number) return n.number < 0;
  if (n.op == Op::mul) return is_number(n.of[0]) && number_of(n.of[0]) < 0;
  return n.op == Op::add && std::all_of(n.of.begin(), n.of.end(), [&](Id t) { return is_negative(t); });
}

// What all numbers of a sum are small multiples of; negative where all are.
double Algebra::content(Id sum) const {
  double least = HUGE_VAL, common = 0;
  bool whole = true, multiples = true, negative = true;
  for (const Id t : graph_[sum].of) least = std::min(least, std::abs(factors(t).number));
  for (const Id t : graph_[sum].of) {
    const double v = factors(t).number, ratio = std::abs(v) / least;
    negative &= v < 0;
    whole &= is_whole(v);
    multiples &= ratio <= 12 && std::abs(ratio - std::round(ratio)) < 1e-14 * ratio;
    if (whole)
      common = static_cast<double>(std::gcd(static_cast<std::int64_t>(common), static_cast<std::int64_t>(std::abs(v))));
  }
  const double size = whole ? common : multiples ? least : 1;
  return negative ? -size : size;
}

// A multiple of `by` divided by it: what must be whole is.
Id Algebra::divided(Id term, double by) {
  Factors f = factors(term);
  f.number /= by;
  if (std::abs(f.number - std::round(f.number)) < 1e-14 * std::abs(f.number)) f.number = std::round(f.number);
  return product(f);
}

void Algebra::multiply(Factors& into, std::vector<Id>& exponents, Id x, double power) {
  const Node n = graph_[x];
  if (n.op == Op::number) {
    into.number *= power == 1 ? n.number : value_of(Op::pow, {n.number, power});
  } else if (n.op == Op::mul) {
    for (const Id f : n.of) multiply(into, exponents, f, power);
  } else if (n.op == Op::pow && is_number(n.of[1])) {
    multiply(into, exponents, n.of[0], power * number_of(n.of[1]));
  } else if (n.op == Op::exp) {
    exponents.push_back(product({number(power), n.of[0]}));
  } else {
    for (auto& [base, exponent] : into.powers) {
      if (base == x) {
        exponent += power;
        return;
      }
      if (n.op != Op::add || graph_[base].op != Op::add || !is_whole(power) || graph_[base].of.size() != n.of.size() ||
          opposite(x) != base)
        continue;
      // The same sum with all signs changed.
      if (std::fmod(power, 2) != 0) into.number = -into.number;
      exponent += power;
      return;
    }
    into.powers.emplace_back(x, power);
  }
}

Id Algebra::product(const std::vector<Id>& list) {
  Factors f;
  std::vector<Id> exponents;
  for (const Id x : list) multiply(f, exponents, x, 1);
  if (f.number == 0) return number(0);

  if (!exponents.empty()) {
    const Id e = sum(exponents);
    if (is_number(e)) f.number *= std::exp(number_of(e));
    else f.powers.emplace_back(graph_.add(Op::exp, 0, {e}), 1);
  }
  auto& powers = f.powers;
  const auto drop = [&] {
    powers.erase(std::remove_if(powers.begin(), powers.end(), [](const auto& p) { return p.second == 0; }),
                 powers.end());
  };
  drop();
  // x sign(x) = |x|, |x| sign(x) = x.
  for (std::size_t i = 0; i < powers.size(); ++i) {
    const Node s = graph_[powers[i].first];
    if (s.op != Op::sign || powers[i].second != 1) continue;
    for (auto& [base, exponent] : powers) {
      const Node b = graph_[base];
      if (base != s.of[0] && !(b.op == Op::abs && b.of[0] == s.of[0])) continue;
      if (exponent < 1 || !is_whole(exponent)) continue;
      powers[i].second = 0;
      exponent -= 1;
      std::vector<Id> rest{number(f.number), base == s.of[0] ? call(Op::abs, s.of) : s.of[0]};
      for (const auto& [x, e] : powers)
        if (e != 0) rest.push_back(power(x, e));
      return product(rest);
    }
  }
  // sinh / cosh = tanh, sin / cos = tan.
  for (auto& [base, exponent] : powers) {
    const Node top = graph_[base];
    if ((top.op != Op::sinh && top.op != Op::sin) || exponent == 0) continue;
    const Op under = top.op == Op::sinh ? Op::cosh : Op::cos;
    for (auto& [other, power] : powers)
      if (graph_[other].op == under && graph_[other].of == top.of && power == -exponent) {
        base = call(top.op == Op::sinh ? Op::tanh : Op::tan, top.of);
        power = 0;
        break;
      }
  }
  drop();
  // A choice with a number takes the product in.
  if (powers.size() > 1 || f.number != 1)
    for (std::size_t i = 0; i < powers.size(); ++i) {
      const Node w = graph_[powers[i].first];
      if (w.op != Op::where || powers[i].second != 1 || (!is_number(w.of[1]) && !is_number(w.of[2]))) continue;
      std::vector<Id> rest{number(f.number)};
      for (std::size_t k = 0; k < powers.size(); ++k)
        if (k != i) rest.push_back(power(powers[k].first, powers[k].second));
      const Id others = product(rest);
      return where(w.of[0], product({others, w.of[1]}), product({others, w.of[2]}));
    }
  // What all terms of a sum share stands in front.
  if (powers.size() > 1 || f.number != 1 || (powers.size() == 1 && powers[0].second != 1))
    for (auto& [base, exponent] : powers) {
      if (graph_[base].op != Op::add || !is_whole(exponent)) continue;
      const double c = content(base);
      if (c == 1) continue;
      f.number *= std::pow(c, exponent);
      std::vector<Id> rest;
      for (const Id t : terms(base)) rest.push_back(divided(t, c));
      base = sum(rest);
    }
  // An even power of |x|.
  for (auto& [base, exponent] : powers)
    if (graph_[base].op == Op::abs && is_whole(exponent) && std::fmod(exponent, 2) == 0) base = graph_[base].of[0];

  std::vector<Id> of;
  if (f.number != 1 || powers.empty()) of.push_back(number(f.number));
  for (const auto& [base, exponent] : powers)
    of.push_back(exponent == 1 ? base : graph_.add(Op::pow, 0, {base, number(exponent)}));
  return of.size() == 1 ? of[0] : intern(Op::mul, std::move(of));
}

Id Algebra::power_of(Id base, Id exponent) {
  if (is_number(exponent, 0)) return number(1);
  if (is_number(exponent, 1)) return base;
  if (is_number(base) && is_number(exponent)) return number(value_of(Op::pow, {number_of(base), number_of(exponent)}));
  if (is_number(base, 1)) return base;
  const Node b = graph_[base];
  if (is_number(exponent)) {
    const double e = number_of(exponent);
    if (is_whole(e) && b.op != Op::where) {
      Factors f;
      std::vector<Id> exponents;
      multiply(f, exponents, base, e);
      if (b.op != Op::add && (b.op == Op::mul || b.op == Op::pow || b.op == Op::exp || b.op == Op::abs)) {
        std::vector<Id> list{number(f.number)};
        if (!exponents.empty()) list.push_back(graph_.add(Op::exp, 0, {sum(exponents)}));
        for (const auto& [x, n] : f.powers) list.push_back(graph_.add(Op::pow, 0, {x, number(n)}));
        for (Id& x : list)
          if (graph_[x].op == Op::pow && is_number(graph_[x].of[1], 1)) x = graph_[x].of[0];
        return product(list);
      }
    }
    if (b.op == Op::pow && is_number(b.of[1], 2) && e == 0.5) return call(Op::abs, {b.of[0]});
    if (b.op == Op::where && is_number(b.of[1]) && is_number(b.of[2]))
      return where(b.of[0], power_of(b.of[1], exponent), power_of(b.of[2], exponent));
  }
  return graph_.add(Op::pow, 0, {base, exponent});
}

Id Algebra::where(Id condition, Id a, Id b) {
  if (a == b) return a;
  if (is_number(condition)) return number_of(condition) != 0 ? a : b;
  const auto known = [&](Id x, std::size_t way) {  // a choice within that has been made already
    return graph_[x].op == Op::where && graph_[x].of[0] == condition ? graph_[x].of[way] : x;
  };
  a = known(a, 1), b = known(b, 2);
  if (a == b) return a;
  return graph_.add(Op::where, 0, {condition, a, b});
}

}  // namespace xtape::detail::symbolic
