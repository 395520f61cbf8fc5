#include "expression.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace xtape::detail::symbolic {

namespace {

bool is_whole(double v) { return v == std::floor(v) && std::abs(v) < 1e15; }

// f(-x) = -f(x), or f(x).
bool is_odd(Op op) {
  switch (op) {
    case Op::asin:
    case Op::asinh:
    case Op::atan:
    case Op::atanh:
    case Op::cbrt:
    case Op::erf:
    case Op::sign:
    case Op::sin:
    case Op::sinh:
    case Op::tan:
    case Op::tanh: return true;
    default: return false;
  }
}
bool is_even(Op op) { return op == Op::abs || op == Op::cos || op == Op::cosh; }

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

// Whether a minus can be taken out of it.
bool Algebra::is_negative(Id x) const {
  const Node& n = graph_[x];
  if (n.op == Op::number) return n.number < 0;
  if (n.op == Op::mul) return is_number(n.of[0]) && number_of(n.of[0]) < 0;
  return n.op == Op::add && std::all_of(n.of.begin(), n.of.end(), [&](Id t) { return is_negative(t); });
}

// What all numbers of a sum can be divided by; negative where all are.
double Algebra::content(Id sum) const {
  double g = 0;
  bool whole = true, equal = true, negative = true;
  double first = 0;
  for (const Id t : graph_[sum].of) {
    const double v = factors(t).number;
    if (first == 0) first = std::abs(v);
    equal &= std::abs(v) == first;
    whole &= is_whole(v);
    negative &= v < 0;
    if (whole) g = static_cast<double>(std::gcd(static_cast<std::int64_t>(g), static_cast<std::int64_t>(std::abs(v))));
  }
  const double size = whole ? g : equal ? first : 1;
  return negative ? -size : size;
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
      if (n.op != Op::add || graph_[base].op != Op::add || !is_whole(power) || sum({negated(x)}) != base) continue;
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
      std::vector<Id> divided;
      for (const Id t : terms(base)) divided.push_back(product({number(1 / c), t}));
      base = sum(divided);
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

Id Algebra::call(Op op, const std::vector<Id>& x) {
  switch (op) {
    case Op::add: return sum(x);
    case Op::sub: return sum({x[0], negated(x[1])});
    case Op::neg: return negated(x[0]);
    case Op::mul: return product(x);
    case Op::div: return quotient(x[0], x[1]);
    case Op::pow: return power_of(x[0], x[1]);
    case Op::where: return where(x[0], x[1], x[2]);
    case Op::square: return power(x[0], 2);
    case Op::sqrt: return power(x[0], 0.5);
    case Op::rsqrt: return power(x[0], -0.5);
    case Op::reciprocal: return power(x[0], -1);
    case Op::silu: return product({x[0], call(Op::sigmoid, x)});
    case Op::tanhshrink: return sum({x[0], negated(call(Op::tanh, x))});
    case Op::logistic_density: {
      const Id s = call(Op::sigmoid, x);
      return product({s, sum({number(1), negated(s)})});
    }
    case Op::exp_square: return call(Op::exp, {product({x[1], power(x[0], 2)})});
    case Op::share: return call(Op::sigmoid, {sum({x[0], negated(x[1])})});
    case Op::cosine: return quotient(x[0], call(Op::hypot, x));
    case Op::over_square_sum: return quotient(x[0], sum({power(x[0], 2), power(x[1], 2)}));
    case Op::cbrt_slope: return quotient(number(1. / 3), power(call(Op::cbrt, x), 2));
    case Op::sec_squared: return sum({number(1), power(call(Op::tan, x), 2)});
    case Op::rsqrt_one_minus_square: return power(sum({number(1), negated(power(x[0], 2))}), -0.5);
    case Op::rsqrt_one_plus_square: return power(sum({number(1), power(x[0], 2)}), -0.5);
    case Op::rsqrt_square_minus_one: return power(sum({power(x[0], 2), number(-1)}), -0.5);
    case Op::reciprocal_one_plus_square: return power(sum({number(1), power(x[0], 2)}), -1);
    case Op::reciprocal_one_minus_square: return power(sum({number(1), negated(power(x[0], 2))}), -1);
    case Op::quotient: return call(Op::trunc, {quotient(x[0], x[1])});
    case Op::quotient_below: return call(Op::floor, {quotient(x[0], x[1])});
    case Op::max:
    case Op::min:
      if (x[0] == x[1]) return x[0];
      break;
    case Op::exp:
      if (graph_[x[0]].op == Op::log) return graph_[x[0]].of[0];
      break;
    case Op::log:
      if (graph_[x[0]].op == Op::exp) return graph_[x[0]].of[0];
      break;
    default: break;
  }
  if (std::all_of(x.begin(), x.end(), [&](Id i) { return is_number(i); })) {
    std::vector<double> v;
    for (const Id i : x) v.push_back(number_of(i));
    return number(value_of(op, v));
  }
  if (x.size() == 1 && is_negative(x[0])) {
    if (is_odd(op)) return negated(call(op, {negated(x[0])}));
    if (is_even(op)) return call(op, {negated(x[0])});
    if (op == Op::sigmoid) return sum({number(1), negated(call(op, {negated(x[0])}))});
  }
  return graph_.add(op, 0, x);
}

Id Algebra::of(const Written& formula) {
  const Graph& g = *formula.graph;
  std::vector<Id> ids(g.size());
  for (Id i = 0; i < g.size(); ++i) {
    const Node& n = g[i];
    if (n.op == Op::number) ids[i] = number(n.number);
    else if (n.op == Op::argument) ids[i] = argument(static_cast<std::size_t>(n.number));
    else {
      std::vector<Id> x;
      for (const Id below : n.of) x.push_back(ids[below]);
      ids[i] = call(n.op, x);
    }
  }
  return ids[formula.result];
}

}  // namespace xtape::detail::symbolic
