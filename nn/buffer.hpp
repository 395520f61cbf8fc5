// Buffer: a module's tensor that is not trained.
#pragma once
#include <autograd/parameter.hpp>

namespace xtape::nn {

/// A shared cell that holds a tensor of any dtype, which belongs to a module's state but takes no gradient: a running
/// mean, a table of positions. Copying a Buffer aliases it. Tensors and tapes that saw an older value keep it.
class Buffer {
 public:
  explicit Buffer(const Tensor& value, Site site = Site::here());
  Buffer(const Buffer& other);
  Buffer(Buffer&&) noexcept = default;
  Buffer& operator=(const Buffer&) = default;
  Buffer& operator=(Buffer&&) noexcept = default;

  /// The current value.
  Tensor tensor() const;
  operator Tensor() const { return tensor(); }
  const Shape& shape() const { return leaf_->shape; }
  Dtype dtype() const { return leaf_->dtype; }

  /// Gives the cell a new value, in a module's `forward` too; throws unless shape and dtype stay the same.
  void assign(const Tensor& value, Site site = Site::here()) const;

  /// The path under which modules know it, as "norm.running_mean".
  const std::string& name() const { return leaf_->name; }
  void set_name(const std::string& name) { leaf_->name = name; }

  /// Whether both are the same cell.
  bool is(const Buffer& other) const { return leaf() == other.leaf(); }
  Leaf* leaf() const { return leaf_.get(); }

 private:
  Ref<Leaf> leaf_;
};

}  // namespace xtape::nn
