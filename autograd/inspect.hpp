// Seeing the tape.
#pragma once
#include <iosfwd>
#include <string>
#include <vector>

#include "tensor.hpp"

namespace xtape {

/// One node of a tape, as `tape` lists it.
struct TapeEntry {
  struct Kept {
    std::string what;  ///< "input 0", "output"
    std::int64_t bytes;
    std::string why;  ///< "read by the rule of input 1"
  };
  std::size_t position;             ///< its line in the list
  std::string op;                   ///< its name; of a Parameter, its path
  std::string attributes;           ///< "axes=(0,)"
  std::vector<std::string> inputs;  ///< "%3", or "-" for a value that no gradient flows to
  Dtype dtype;                      ///< of its value
  Shape shape;                      ///< of its value
  std::vector<Kept> kept;           ///< what the backward pass will read
  Site site;                        ///< the user's line
  bool released;                    ///< what it kept is gone
};

/// The tape below a tensor, leaves first.
class Tape {
 public:
  explicit Tape(std::vector<TapeEntry> entries) : entries_(std::move(entries)) {}
  const std::vector<TapeEntry>& entries() const { return entries_; }
  /// Bytes that are kept for the backward pass, each array counted once.
  std::int64_t kept_bytes = 0;

 private:
  std::vector<TapeEntry> entries_;
};
/// Lists the tape below `y`: `std::cout << tape(loss)`. Throws when y is not recorded.
Tape tape(const Tensor& y, Site site = Site::here());
std::ostream& operator<<(std::ostream& out, const Tape& tape);

/// The same as a graph for Graphviz: `dot -Tsvg`.
std::string to_dot(const Tensor& y, Site site = Site::here());

}  // namespace xtape
