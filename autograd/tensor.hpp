// Tensor: an immutable value and the node of the tape that it came from.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <string>
#include <type_traits>
#include <vector>

#include "core/array.hpp"
#include "core/error.hpp"
#include "core/mode.hpp"
#include "core/node.hpp"
#include "core/shape.hpp"

// Of Tensor, what concerns the tape (requires_grad, detach, backward, grad, zero_grad) is in tape.cpp, [] in
// ops/slice.cpp and << in tensor_print.cpp; what an Arg tells watchers is in core/watch.cpp; all else is in
// tensor.cpp.
namespace xtape {

class Parameter;

/// How `grad` and `backward` treat the tape; combine with `|`.
enum GradFlags : unsigned {
  grad_defaults = 0,
  create_graph = 1,  ///< record the gradients' own operations, so that they can be differentiated again
  retain_graph = 2,  ///< keep the values that the rules read, so that the tape can be used again
  allow_unused = 4,  ///< give an undefined tensor for what the result does not depend on, instead of an error
};
constexpr GradFlags operator|(GradFlags a, GradFlags b) {
  return static_cast<GradFlags>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

namespace detail {
template <class T>
inline constexpr bool is_assigned_to_temporary = false;
}  // namespace detail

/// An n-dimensional array of one dtype in row-major order. Copying shares; no operation changes a tensor's elements:
/// `x += y` makes `x` another tensor. A default-constructed tensor is undefined, and using its value throws.
class Tensor {
 public:
  /// A position on an axis, and the line that names it.
  struct Position {
    template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
    Position(T i, const char* file = __builtin_FILE(), int line = __builtin_LINE())
        : index(detail::to_int64(i, Site{file, line})), site{file, line} {
      static_assert(!std::is_same_v<T, bool>, "x[i] takes a position; of a mask write masked_select(x, mask)");
    }
    std::int64_t index;
    Site site;
  };

  Tensor() = default;
  Tensor(const Tensor&) = default;
  Tensor(Tensor&&) noexcept = default;
  Tensor& operator=(const Tensor&) & = default;
  Tensor& operator=(Tensor&&) & noexcept = default;
  ~Tensor() = default;
  /// `y[0] = x` would change what y[0] returned, and nothing else.
  template <class T>
  void operator=(T&&) && {
    static_assert(detail::is_assigned_to_temporary<T>,
                  "assigning to the result of a call, as in y[0] = x, changes no tensor; make another one: "
                  "y = scatter(y, 0, indices, x), y = where(condition, x, y), or stack or concat of the parts");
  }

  bool defined() const { return static_cast<bool>(array_); }
  const Shape& shape(Site site = Site::here()) const { return array(site).shape; }
  Dtype dtype(Site site = Site::here()) const { return array(site).dtype; }
  int rank(Site site = Site::here()) const { return array(site).shape.rank(); }
  /// The number of elements.
  std::int64_t size(Site site = Site::here()) const { return array(site).size; }
  /// The size of one axis; a negative axis counts from the end. Throws when there is no such axis.
  std::int64_t size(int axis, Site site = Site::here()) const;

  /// The only element, as T, which may be any arithmetic type. Throws unless there is exactly one, and where T has no
  /// counterpart of it.
  template <class T = double>
  T item(Site site = Site::here()) const;
  /// The elements in row-major order, converted to T, which may be any arithmetic type. Throws where T has no
  /// counterpart of one.
  template <class T>
  std::vector<T> to_vector(Site site = Site::here()) const;
  /// The elements in row-major order, to read. Throws unless T is the C++ type of `dtype()`.
  template <class T>
  const T* data(Site site = Site::here()) const {
    return static_cast<const T*>(raw_data(dtype_of<T>, site));
  }
  /// `x[i]`: the i-th slice of the first axis, sharing memory; differentiable; negative i counts from the end.
  /// (n, ...) -> (...). Throws for a scalar or an i outside [-n, n).
  Tensor operator[](const Position& i) const;

  /// A new leaf of the tape with the same value: gradients with respect to it can be asked for. Throws unless the
  /// dtype is floating. (PyTorch: `x.requires_grad_()`, which changes x.)
  [[nodiscard]] Tensor requires_grad(Site site = Site::here()) const;
  /// Whether gradients flow to this tensor.
  bool is_recorded() const { return node_ && node_->flows; }
  /// The same value, cut from the tape.
  [[nodiscard]] Tensor detach(Site site = Site::here()) const;
  /// The value converted to `dtype`; differentiable between floating dtypes. A real number loses its fraction in an
  /// integer. Throws where `dtype` has no counterpart of an element, as uint8 has none of 300.
  [[nodiscard]] Tensor to(Dtype dtype, Site site = Site::here()) const;

  /// Adds d(this)/d(leaf) to `leaf.grad()` of every leaf and Parameter below. Throws unless this is a recorded scalar.
  void backward(GradFlags flags = grad_defaults, Site site = Site::here()) const;
  /// What `backward` has added up in this leaf so far: undefined before the first time. Throws unless this is a leaf.
  Tensor grad(Site site = Site::here()) const;
  /// Forgets it. Throws unless this is a leaf. A gradient from `backward(create_graph)` holds its leaf, so both live
  /// until then; `grad(y, x, create_graph)` has no such circle.
  void zero_grad(Site site = Site::here()) const;

  // For operations of the library.
  explicit Tensor(detail::Ref<detail::Array> array, detail::Ref<detail::Node> node = {})
      : array_(std::move(array)), node_(std::move(node)) {}
  const detail::Ref<detail::Array>& array_ref() const { return array_; }
  const detail::Ref<detail::Node>& node_ref() const { return node_; }
  /// Gives its array away without counting.
  void forget() { array_.forget(); }
  detail::Array& array(Site site = Site::here()) const {
    if (!array_) undefined(site);
    return *array_;
  }

 private:
  [[noreturn]] static void undefined(Site site);
  const void* raw_data(Dtype wanted, Site site) const;
  detail::Ref<detail::Array> array_;
  detail::Ref<detail::Node> node_;
};
using Tensors = std::vector<Tensor>;

/// What operations take: a Tensor, a Parameter or a number, and the line of the call. A number takes the dtype of the
/// tensor it meets, but a real one makes an integer tensor float32. An unsigned one that int64 does not hold throws. It
/// refers to its tensor and must not outlive the call.
struct Arg {
  Arg(const Tensor& t, const char* file = __builtin_FILE(), int line = __builtin_LINE())
      : array(t.array_ref().get()), node(t.node_ref().get()), site{file, line} {
    if (detail::mode & detail::watched) tell();
  }
  Arg(const Parameter& p, const char* file = __builtin_FILE(), int line = __builtin_LINE());
  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
  Arg(T number, const char* file = __builtin_FILE(), int line = __builtin_LINE())
      : scalar(static_cast<double>(number)), is_scalar(true), is_integer(std::is_integral_v<T>), site{file, line} {
    if constexpr (std::is_integral_v<T>) integer = detail::to_int64(number, site);
  }
  Arg(const Tensor& t, Site where) : array(t.array_ref().get()), node(t.node_ref().get()), site(where) {}

  /// Whether gradients flow to it.
  bool flows() const { return node && node->flows; }
  /// The tensor it refers to; undefined if there is none, or a number.
  Tensor tensor() const {
    return is_cell && detail::mode & detail::watched
               ? taken()
               : Tensor(detail::Ref<detail::Array>::share(array), detail::Ref<detail::Node>::share(node));
  }

  detail::Array* array = nullptr;
  detail::Node* node = nullptr;
  double scalar = 0;
  std::int64_t integer = 0;
  bool is_scalar = false, is_integer = false;
  bool is_cell = false;  // it is a Parameter's value
  Site site;

 private:
  void tell() const;  // to who watches
  Tensor taken() const;
};

namespace detail {
/// A number or a (nested) list of numbers, as `tensor` takes it.
struct Literal {
  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
  Literal(T number, const char* file = __builtin_FILE(), int line = __builtin_LINE())
      : value(static_cast<double>(number)),
        dtype(!std::is_integral_v<T>    ? float32
              : std::is_same_v<T, bool> ? boolean
                                        : int64) {
    if constexpr (std::is_integral_v<T>) integer = detail::to_int64(number, Site{file, line});
  }
  Literal(std::initializer_list<Literal> list) : is_list(true), items(list) {}

  double value = 0;
  std::int64_t integer = 0;
  Dtype dtype = float32;
  bool is_list = false;
  std::vector<Literal> items;
};
}  // namespace detail

/// A tensor from (nested) lists: `tensor({{1., 2.}, {3., 4.}})` is float32, `tensor({1, 2})` int64, and
/// `tensor({true})` boolean. Throws when the rows of a list differ in length.
Tensor tensor(const detail::Literal& values, Site site = Site::here());
/// The same with a given dtype. Throws where that has no counterpart of a number.
Tensor tensor(const detail::Literal& values, Dtype dtype, Site site = Site::here());
/// A copy of the elements at `values`, of any arithmetic type: of its dtype, of int64 for the other integers.
template <class T>
Tensor tensor(const T* values, const Shape& shape, Site site = Site::here());
/// A copy of `values` in the given shape. Throws when their number is not the shape's size.
template <class T>
Tensor tensor(const std::vector<T>& values, const Shape& shape, Site site = Site::here());
/// A copy of `values` as a vector.
template <class T>
Tensor tensor(const std::vector<T>& values) {
  static_assert(std::is_arithmetic_v<T>, "tensor takes a vector of numbers; a vector of tensors is joined by stack");
  return tensor(values, Shape{static_cast<std::int64_t>(values.size())});
}

/// All elements `value`, a number. Throws where `dtype` has no counterpart of it.
Tensor full(const Shape& shape, const Arg& value, Dtype dtype = float32);
/// All elements 0.
Tensor zeros(const Shape& shape, Dtype dtype = float32, Site site = Site::here());
/// All elements 1.
Tensor ones(const Shape& shape, Dtype dtype = float32, Site site = Site::here());
/// 0, 1, …, n-1: () -> (n,). Throws when n is negative.
Tensor arange(std::int64_t n, Dtype dtype = int64, Site site = Site::here());

/// The elements as xtensor prints them, then shape and dtype.
std::ostream& operator<<(std::ostream& out, const Tensor& x);

}  // namespace xtape
