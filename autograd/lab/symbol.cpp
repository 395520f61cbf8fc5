#include "symbol.hpp"

#include <cmath>
#include <cstring>

namespace xtape::detail::symbolic {

namespace {

// What the running formula writes to, and which way it goes at its branches.
struct Run {
  Graph& graph;
  std::vector<std::pair<std::uint32_t, bool>> ways;  // the first `given` are prescribed
  std::size_t given, next = 0;
  const char* op;
  Site site;
};
thread_local Run* running = nullptr;

Run& run() {
  if (!running) fail("formula", "a symbol is used outside of the formula that it belongs to");
  return *running;
}

struct Running {
  explicit Running(Run& run) : before(running) { running = &run; }
  ~Running() { running = before; }
  Run* const before;
};

constexpr std::size_t most_runs = 256;

[[noreturn]] void fail_branches(const char* op, Site site) {
  fail(op,
       "the formula branches on its arguments in more than " + std::to_string(most_runs) +
           " ways; choose with where(condition, a, b) instead of if",
       site);
}

struct Writer {
  Graph& graph;
  const std::function<Symbol(const std::vector<Symbol>&)>& f;
  const std::vector<std::uint32_t>& arguments;
  const char* op;
  Site site;
  std::size_t runs = 0;

  // The formula where it goes these ways, and both ways at all branches behind.
  std::uint32_t explore(const std::vector<std::pair<std::uint32_t, bool>>& ways) {
    Run run{graph, ways, ways.size(), 0, op, site};
    std::uint32_t result;
    {
      const Running guard(run);
      if (++runs > most_runs) fail_branches(op, site);
      std::vector<Symbol> x;
      for (const std::uint32_t place : arguments) x.push_back(Symbol::at(place));
      result = f(x).place;
    }
    for (std::size_t i = run.ways.size(); i > ways.size(); --i) {
      std::vector<std::pair<std::uint32_t, bool>> other(run.ways.begin(), run.ways.begin() + static_cast<long>(i));
      other.back().second = false;
      result = graph.add(Op::where, 0, {other.back().first, result, explore(other)});
    }
    return result;
  }
};

}  // namespace

const char* name_of(Op op) {
  switch (op) {
    case Op::number: return "number";
    case Op::argument: return "argument";
    case Op::add: return "+";
    case Op::sub: return "-";
    case Op::mul: return "*";
    case Op::div: return "/";
    case Op::neg: return "-";
    case Op::less: return "<";
    case Op::greater: return ">";
    case Op::less_equal: return "<=";
    case Op::greater_equal: return ">=";
    case Op::equal: return "==";
    case Op::not_equal: return "!=";
    case Op::logical_and: return "&&";
    case Op::logical_or: return "||";
    case Op::logical_not: return "!";
    case Op::isnan: return "isnan";
    case Op::isinf: return "isinf";
    case Op::isfinite: return "isfinite";
    case Op::where: return "where";
    case Op::clamp: return "clamp";
#define XTAPE_NAME(f) \
  case Op::f: return #f;
      XTAPE_FUNCTIONS_OF_ONE(XTAPE_NAME) XTAPE_FUNCTIONS_OF_TWO(XTAPE_NAME)
#undef XTAPE_NAME
  }
  return "";
}

std::uint32_t Graph::add(Op op, double number, std::vector<std::uint32_t> of, Site site) {
  std::string key(sizeof number + 1 + of.size() * sizeof of[0], '\0');
  key[0] = static_cast<char>(op);
  std::memcpy(&key[1], &number, sizeof number);
  if (!of.empty()) std::memcpy(&key[1 + sizeof number], of.data(), of.size() * sizeof of[0]);
  const auto [place, fresh] = places_.try_emplace(std::move(key), size());
  if (fresh) nodes_.push_back({op, number, std::move(of), site});
  return place->second;
}

std::uint32_t Symbol::place_of(double number) { return run().graph.add(Op::number, number, {}); }

Symbol Symbol::at(std::uint32_t place) {
  Symbol x;
  x.place = place;
  return x;
}

Symbol Symbol::of(Op op, std::initializer_list<Operand> operands) {
  std::vector<std::uint32_t> places;
  for (const Operand& x : operands) places.push_back(x.place);
  return at(run().graph.add(op, 0, std::move(places), operands.begin()->site));
}

Condition operator<(Symbol::Operand a, Symbol::Operand b) { return Condition(Symbol::of(Op::less, {a, b})); }
Condition operator>(Symbol::Operand a, Symbol::Operand b) { return Condition(Symbol::of(Op::greater, {a, b})); }
Condition operator<=(Symbol::Operand a, Symbol::Operand b) { return Condition(Symbol::of(Op::less_equal, {a, b})); }
Condition operator>=(Symbol::Operand a, Symbol::Operand b) { return Condition(Symbol::of(Op::greater_equal, {a, b})); }
Condition operator==(Symbol::Operand a, Symbol::Operand b) { return Condition(Symbol::of(Op::equal, {a, b})); }
Condition operator!=(Symbol::Operand a, Symbol::Operand b) { return Condition(Symbol::of(Op::not_equal, {a, b})); }
Condition isnan(Symbol::Operand x) { return Condition(Symbol::of(Op::isnan, {x})); }
Condition isinf(Symbol::Operand x) { return Condition(Symbol::of(Op::isinf, {x})); }
Condition isfinite(Symbol::Operand x) { return Condition(Symbol::of(Op::isfinite, {x})); }

Symbol where(const Condition& condition, Symbol::Operand a, Symbol::Operand b) {
  return Symbol::of(Op::where, {Symbol::Operand(Symbol::at(condition.place), a.site.file, a.site.line), a, b});
}
Symbol softplus(Symbol::Operand x, Symbol::Operand beta, Symbol::Operand threshold) {
  const Symbol v = Symbol::at(x.place), scaled = v * Symbol::at(beta.place);
  return where(scaled > threshold, v, softplus(scaled) / beta);
}

Condition::Condition(bool known) : place(Symbol(known).place) {}

Condition::operator bool() const {
  Run& r = run();
  if (r.graph[place].op == Op::number) return r.graph[place].number != 0;
  for (std::size_t i = 0; i < r.next; ++i)
    if (r.ways[i].first == place) return r.ways[i].second;
  if (r.next == most_runs) fail_branches(r.op, r.site);
  if (r.next == r.given) r.ways.emplace_back(place, true), ++r.given;
  return r.ways[r.next++].second;
}
Condition operator&&(const Condition& a, const Condition& b) {
  return Condition(Symbol::of(Op::logical_and, {Symbol::at(a.place), Symbol::at(b.place)}));
}
Condition operator||(const Condition& a, const Condition& b) {
  return Condition(Symbol::of(Op::logical_or, {Symbol::at(a.place), Symbol::at(b.place)}));
}
Condition operator!(const Condition& a) { return Condition(Symbol::of(Op::logical_not, {Symbol::at(a.place)})); }

Written write(const char* op, std::size_t arguments, const std::function<Symbol(const std::vector<Symbol>&)>& f,
              Site site) {
  Written w{std::make_shared<Graph>(), 0, arguments};
  std::vector<std::uint32_t> places;
  for (std::size_t i = 0; i < arguments; ++i) places.push_back(w.graph->add(Op::argument, static_cast<double>(i), {}));
  w.result = Writer{*w.graph, f, places, op, site}.explore({});
  return w;
}

}  // namespace xtape::detail::symbolic
