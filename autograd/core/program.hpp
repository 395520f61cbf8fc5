// Private: a program: what a function of tensors did, as a list of operations over numbered values. A trace writes it
// down while the function runs; it runs again on other values, without a graph.
#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "watch.hpp"

namespace xtape::detail {

class Program {
 public:
  enum class Source : std::uint8_t { input, parameter, constant, computed };
  struct Value {
    Source source;
    Dtype dtype;
    Shape shape;
    Ref<Array> array;             // of a constant
    Ref<Leaf> cell;               // of a parameter
    std::uint32_t last_step = 0;  // that reads it
    bool kept = false;            // it is a result
  };
  struct Step {
    Ref<Operation> operation;
    std::uint32_t first, count;  // its operands' place in `operands`
    std::uint32_t result;
  };

  /// Runs the steps on arrays and leaves the results in `results`. Takes nothing from the system once it has run.
  /// Throws when a step gives another shape than it did.
  void run(const Tensors& inputs, std::vector<Ref<Array>>& results);
  /// The steps, a line each: "%4 = matmul(%0, hidden.weight)  transpose_b=true  float32(10, 30)".
  std::string to_string() const;

  std::vector<Value> values;
  std::vector<std::uint32_t> operands;
  std::vector<Step> steps;
  std::vector<std::uint32_t> inputs, results;
  std::vector<std::pair<std::uint32_t, Ref<Leaf>>> assignments;  // of new values to parameters, at the end

 private:
  std::string name(std::uint32_t value) const;
  std::vector<Ref<Array>> arrays_;      // while it runs
  std::vector<const Array*> pointers_;  // of one step's operands
};

/// While it lives, writes down what this thread does. `inputs` are what the function is called with. Values are known
/// by their arrays: an operation's result, an input and what is taken from a cell are arrays of their own, whatever
/// tensors share their memory. What is recorded within, for a replay of its own, is not part of it.
class Trace final : public Watcher {
 public:
  explicit Trace(const Tensors& inputs);

  /// The program that gives `results`; the trace has ended.
  Program finish(const Tensors& results);
  /// Takes back what the function drew and assigned.
  void undo();

  void executed(Execution& e) override;
  void read(const char* op, const Array& array) override;
  void taken(Leaf& leaf, const Ref<Array>& value) override;
  void assigned(Leaf& leaf, const Ref<Array>& value) override;
  void adding_up() override;

 private:
  std::uint32_t number(const Ref<Array>& array);
  std::uint32_t add(Program::Source source, const Ref<Array>& array);

  Program program_;
  std::unordered_map<const Array*, std::uint32_t> numbers_;
  std::unordered_map<const Leaf*, std::uint32_t> cells_;  // what they hold now
  std::vector<Ref<Array>> alive_;                         // so that no address is used twice
  std::vector<Ref<Operation>> drawn_;
  std::vector<std::pair<Ref<Leaf>, Ref<Array>>> before_;
};

/// The program of what f does with `inputs`, of which none is another's alias, and gives. What it drew and assigned is
/// taken back, also where it throws.
template <class F>
Program traced(const Tensors& inputs, F f) {
  Trace trace(inputs);
  struct Undo {
    Trace& trace;
    ~Undo() { trace.undo(); }
  } undo{trace};
  Tensors results = f();
  for (Tensor& y : results) y = y.detach();
  return trace.finish(results);
}

/// Whether a function is being recorded, for a replay of its own, within what `watcher` watches.
bool records_within(const Watcher& watcher);

}  // namespace xtape::detail
