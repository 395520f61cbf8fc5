// Parameter: the one mutable thing.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tape.hpp"

namespace xtape {

namespace detail {

/// What a Parameter or Buffer and all its copies share: the cell that they stand for now. A member of a module can be
/// given another cell, and then all of them have it: the member in each copy of the module, and the module's list.
struct Binding {
  RefCount refs;
  Ref<Leaf> leaf;
  const void* owner = nullptr;  // the state of the module that declared it
};
inline void destroy(Binding* binding) { delete binding; }

/// How `nn` says, without `autograd` knowing modules, under which path a handle at this address is a member of the
/// module that declared its binding; empty when it is none.
using MemberPath = std::string (*)(const void* handle, const Binding& binding);
void set_member_path(MemberPath member_path);

/// What Parameter and Buffer have in common: a handle of a cell.
class Bound {
 public:
  Bound(const Bound& other);
  Bound(Bound&&) noexcept = default;
  Bound& operator=(const Bound& other);
  Bound& operator=(Bound&& other);
  ~Bound() = default;

  const Shape& shape() const { return leaf()->shape; }
  Dtype dtype() const { return leaf()->dtype; }
  std::int64_t size() const { return shape().size(); }

  /// The path under which modules know it, as "hidden.weight"; empty when it belongs to none.
  const std::string& name() const { return leaf()->name; }
  void set_name(const std::string& name) { leaf()->name = name; }

  /// The cell. Throws when it was moved away.
  Leaf* leaf() const {
    if (!binding_) undefined();
    return binding_->leaf.get();
  }
  const Ref<Binding>& binding() const { return binding_; }

 protected:
  explicit Bound(Ref<Leaf> leaf);
  /// A handle of the same cell with a binding of its own.
  void unbind();

 private:
  [[noreturn]] static void undefined();
  /// Whether this is a module's member, which then has `other`'s cell in the place of its own.
  bool rebind(const Bound& other);
  Ref<Binding> binding_;
};

}  // namespace detail

/// A shared cell that holds a tensor and is a leaf of the tape. Copying a Parameter aliases it. Operations take it like
/// a tensor; an optimiser gives it new values. Tensors and tapes that saw an older value keep it.
///
/// Assigning to a variable makes it another name, `p = q`. Assigning to a module's member, `head.weight =
/// table.weight`, has the module, all its copies, `parameters()` and `state_dict()` use the other one from then on,
/// under the name that was declared: both are tied. An optimiser that holds what was replaced throws at its next step.
class Parameter : public detail::Bound {
 public:
  /// Throws unless the value's dtype is floating.
  explicit Parameter(const Tensor& value, Site site = Site::here());

  /// The current value, as a leaf of the tape.
  Tensor tensor() const;
  operator Tensor() const { return tensor(); }

  /// Gives the cell a new value; throws unless shape and dtype stay the same.
  void assign(const Tensor& value, Site site = Site::here());
  /// The elements, to write to: in place when nobody else holds the current value, else in a copy of it.
  /// Throws unless T is the C++ type of `dtype()`.
  template <class T>
  T* mutable_data(Site site = Site::here()) {
    return static_cast<T*>(writable(dtype_of<T>, site));
  }

  /// What `backward` has added up so far; undefined before the first time and after `zero_grad`.
  Tensor grad() const;
  void zero_grad();

  /// Makes it a constant of all operations from now on, whenever it thaws, or lets gradients reach it through later
  /// ones; optimisers leave it alone as long. (PyTorch: `p.requires_grad_(False)`.)
  void freeze(bool on = true);
  bool is_frozen() const;

  /// Whether both are the same cell.
  bool is(const Parameter& other) const { return leaf() == other.leaf(); }

  // For modules: a handle of the same cell that is bound apart.
  Parameter unbound() const {
    Parameter p = *this;
    p.unbind();
    return p;
  }

 private:
  void* writable(Dtype wanted, Site site);
};

inline Arg::Arg(const Parameter& p, const char* file, int line)
    : array(p.leaf()->value.get()), node(p.leaf()), is_cell(true), site{file, line} {}

namespace detail {

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

}  // namespace detail

}  // namespace xtape
