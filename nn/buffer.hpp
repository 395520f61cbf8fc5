// Buffer: a module's tensor that is not trained.
#pragma once
#include <autograd/parameter.hpp>

namespace xtape::nn {

/// A shared cell that holds a tensor of any dtype, which belongs to a module's state but takes no gradient: a running
/// mean, a table of positions. Copying a Buffer aliases it; assigning to one does what it does with a Parameter.
/// Tensors and tapes that saw an older value keep it.
class Buffer : public xtape::detail::Bound {
 public:
  explicit Buffer(const Tensor& value, Site site = Site::here());

  /// The current value.
  Tensor tensor() const;
  operator Tensor() const { return tensor(); }

  /// Gives the cell a new value, in a module's `forward` too; throws unless shape and dtype stay the same.
  void assign(const Tensor& value, Site site = Site::here()) const;

  /// Whether both are the same cell.
  bool is(const Buffer& other) const { return leaf() == other.leaf(); }
};

}  // namespace xtape::nn
