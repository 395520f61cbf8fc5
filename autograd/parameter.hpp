// Parameter: the one mutable thing.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tape.hpp"

namespace xtape {

/// A shared cell that holds a tensor and is a leaf of the tape. Copying a Parameter aliases it. Operations take it like
/// a tensor; an optimiser gives it new values. Tensors and tapes that saw an older value keep it.
class Parameter {
 public:
  /// Throws unless the value's dtype is floating.
  explicit Parameter(const Tensor& value, Site site = Site::here());
  Parameter(const Parameter& other);
  Parameter(Parameter&&) noexcept = default;
  Parameter& operator=(const Parameter&) = default;
  Parameter& operator=(Parameter&&) noexcept = default;

  /// The current value, as a leaf of the tape.
  Tensor tensor() const;
  operator Tensor() const { return tensor(); }
  const Shape& shape() const;
  Dtype dtype() const;
  std::int64_t size() const { return shape().size(); }

  /// Gives the cell a new value; throws unless shape and dtype stay the same.
  void assign(const Tensor& value, Site site = Site::here());
  /// The elements, to write to: in place when nobody else holds the current value, else in a copy of it.
  /// Throws unless T is the C++ type of `dtype()`.
  template <class T>
  T* mutable_data() {
    return static_cast<T*>(writable(dtype_of<T>));
  }

  /// What `backward` has added up so far; undefined before the first time and after `zero_grad`.
  Tensor grad() const;
  void zero_grad();

  /// Makes it a constant of all operations from now on, or lets gradients reach it again; optimisers leave it alone as
  /// long. (PyTorch: `p.requires_grad_(False)`.)
  void freeze(bool on = true);
  bool is_frozen() const;

  /// The path under which modules know it, as "hidden.weight"; empty when it belongs to none.
  const std::string& name() const;
  void set_name(const std::string& name);

  /// Whether both are the same cell.
  bool is(const Parameter& other) const { return leaf() == other.leaf(); }
  Leaf* leaf() const { return leaf_.get(); }

 private:
  void* writable(Dtype wanted);
  Ref<Leaf> leaf_;
};

inline Arg::Arg(const Parameter& p, const char* file, int line)
    : array(p.leaf()->value.get()), node(p.leaf()), is_cell(true), site{file, line} {}

/// While it lives, copying a Parameter on this thread makes a new cell with a copy of the value instead of an alias;
/// copies of one cell share one new cell, so ties stay ties. Modules clone themselves with it.
class Cloning {
 public:
  Cloning();
  ~Cloning();
  Cloning(const Cloning&) = delete;
  Cloning& operator=(const Cloning&) = delete;
  /// The innermost one of this thread, or null.
  static Cloning* current();
  /// The copy of the object at `original`, made by `make` the first time.
  std::shared_ptr<void> copy_of(const void* original, const std::function<std::shared_ptr<void>()>& make);

 private:
  Cloning* outer_;
  std::vector<std::pair<const void*, std::shared_ptr<void>>> copies_;
};

}  // namespace xtape
