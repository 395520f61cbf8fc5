// What may watch the operations of a thread while they run: a trace, a profile, the search for NaN and Inf.
#pragma once
#include <chrono>

#include "operation.hpp"

namespace xtape::detail {

/// One operation that has just run.
struct Execution {
  Operation& node;
  const Arg* const* args;
  const Ref<Array>& value;  // an array of its own, no operand's
  bool flows;               // the result is recorded
  std::chrono::steady_clock::time_point begin, end;
  std::vector<Ref<Operation>> inside;  ///< impure operations that ran inside: this one need not give the same again
  bool keep = false;  ///< a watcher sets it to have the node stand behind the result, whether gradients flow or not
};

/// While it lives, hears of every operation of this thread. Watchers nest; the innermost hears first.
class Watcher {
 public:
  Watcher();
  virtual ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  /// An operation is about to run. What is returned, unless it is undefined, takes the place of its result.
  virtual Tensor instead(const Operation&, const Arg* const* /*args*/) { return Tensor(); }
  /// An operation has run. What it throws reaches the caller of the operation.
  virtual void executed(Execution&) {}
  /// The rules of `node` begin, or have ended.
  virtual void backward(const Operation&, bool /*begin*/) {}
  /// The rule of input i of `node` gave `result` for the gradient `g` of its output.
  virtual void gradient(Operation& /*node*/, std::size_t /*i*/, const Tensor& /*g*/, const Tensor& /*result*/) {}
  /// A tensor has been given to an operation.
  virtual void argument(const Arg&) {}
  /// The elements of `array` are about to be read by the user's program.
  virtual void read(const char* /*op*/, const Array&) {}
  /// All that has led from the arguments to `value` has become one operation, `node`.
  virtual void joined(Operation& /*node*/, const Arg* const* /*args*/, const Ref<Array>& /*value*/) {}
  /// The value of a cell, a Parameter or a Buffer, has been taken, as an array of its own, or is about to be changed to
  /// `value` (null: written in place).
  virtual void taken(Leaf&, const Ref<Array>& /*value*/) {}
  virtual void assigned(Leaf&, const Ref<Array>& /*value*/) {}
  /// backward() is about to add gradients up in leaves.
  virtual void adding_up() {}

  static Watcher* innermost();
  Watcher* outer() const { return outer_; }

 private:
  Watcher* outer_;
};

/// Calls f(watcher) for each watcher of this thread, the innermost first.
template <class F>
void tell_watchers(F&& f) {
  for (Watcher* w = Watcher::innermost(); w; w = w->outer()) f(*w);
}

/// The value of a cell; while somebody watches, in an array of its own, by which it is known from tensors that happen
/// to share its memory.
Ref<Array> take(Leaf& cell);

/// While it lives, nobody watches this thread.
class Unwatched {
 public:
  Unwatched();
  ~Unwatched();
  Unwatched(const Unwatched&) = delete;
  Unwatched& operator=(const Unwatched&) = delete;

 private:
  Watcher* before_;
};

}  // namespace xtape::detail
