// Private: a recorded network, read for its equations.
#pragma once
#include <deque>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "../core/program.hpp"
#include "backpropagation.hpp"
#include "formula.hpp"
#include "notation.hpp"

namespace xtape::lab {

using namespace detail;
using namespace notation;

// An operation of the recording, by the numbers of its values.
struct NetworkStep {
  const Operation* operation;
  std::string op;
  std::vector<std::uint32_t> x;
  std::uint32_t result;
};

/// The forward part is in network_names.cpp, the way back in network_gradients.cpp.
class NetworkReader {
 public:
  explicit NetworkReader(const Program& program);

  Backpropagation read(Site site);

 private:
  struct Value {
    Piece name;
    std::size_t layer = 0;  // of a z or an a
    bool is_z = false, is_a = false;
    std::vector<const NetworkStep*> readers{};
    const NetworkStep* merged = nullptr;  // the matmul of a sum with a bias
    std::size_t function = 0;             // of an a: which σ, from 1 on
  };

  const Shape& shape(std::uint32_t v) const { return program_.values[v].shape; }
  bool is_parameter(std::uint32_t v) const { return program_.values[v].source == Program::Source::parameter; }
  std::vector<std::uint32_t> parameters(const NetworkStep& n) const;
  static bool is_affine(const NetworkStep& n) { return n.op == "linear" || n.op == "matmul"; }
  // The step that made a value that only n reads.
  const NetworkStep* made(std::uint32_t v) const;
  // A matmul that a bias is added to.
  const NetworkStep* product_below(const NetworkStep& n);

  void name(const NetworkStep& n);
  void name_parameter(const NetworkStep& n, std::size_t k, std::size_t layer);
  std::optional<Formula> formula_of(const NetworkStep& n) const;
  std::size_t function_of(const NetworkStep& n);
  Piece sigma(std::size_t function) const;

  // What operand k of n is called: a constant of the network is x, of the cost y, unless it is a number or computed.
  Piece operand(const NetworkStep& n, std::size_t k);

  // The cost is what comes after the last layer and its activation, where the result is one number.
  void find_boundary();
  bool is_merged(const NetworkStep& n);
  void forward(const NetworkStep& n);

  // n of its operands.
  Piece expression(const NetworkStep& n);
  static bool begins(const std::string& s, const char* with) { return s.rfind(with, 0) == 0; }
  // In the cost, what has no equation of its own is written out.
  Piece inner(const NetworkStep& n, std::size_t k);
  // A formula of n's operands.
  Piece renamed(const Formula& f, const NetworkStep& n);

  void definitions();
  static Formula formula_by_exp();

  void say(std::vector<Equation>& list, const Piece& left, const Piece& right);
  void costs();
  static Piece derivative_by(const Piece& name);

  // dC / dv, as it is called where it has an equation, else written out.
  Gradient gradient(std::uint32_t v);
  Piece sum_of_ways(std::uint32_t v);
  Gradient way(const NetworkStep& n, std::uint32_t v);

  // What reaches operand k of n from its result.
  Gradient way(const NetworkStep& n, std::size_t k);
  // The transposed Jacobian of an operation that the notation does not know.
  Gradient through(const Gradient& g, const NetworkStep& n, std::size_t k);

  void backward(const NetworkStep& n);
  void gradients_of(const NetworkStep& n, const Piece& d);

  struct Function {
    std::string op, text;
    std::optional<Formula> formula;
  };
  const Program& program_;
  std::uint32_t result_ = 0;
  std::vector<char> flows_;  // of each value: a gradient reaches it
  std::vector<const NetworkStep*> constant_of_;
  std::deque<NetworkStep> steps_;
  std::vector<const NetworkStep*> operations_;
  std::unordered_map<std::uint32_t, Value> values_;
  std::unordered_map<std::uint32_t, Piece> parameter_names_, constant_names_;
  std::unordered_map<std::size_t, std::string> notes_;
  std::vector<Function> functions_;
  std::unordered_set<std::uint32_t> of_cost_;
  std::size_t layers_ = 0, others_ = 0, inputs_ = 0, targets_ = 0, cost_from_ = 0;
  bool in_cost_ = false;
  Backpropagation out_;
};

}  // namespace xtape::lab
