#include "join.hpp"

#include <algorithm>
#include <utility>

#include "../kernels/strided.hpp"
#include "detail/apply.hpp"
#include "shape.hpp"
#include "slice.hpp"

namespace xtape {
using namespace detail;

namespace {

// Each input gets back its slice of the gradient.
struct Concat final : ListOperation {
  Concat(Site site, int axis, std::vector<std::int64_t> sizes)
      : ListOperation("concat", site, sizes.size()), axis(axis), sizes(std::move(sizes)) {}

  Ref<Array> run(const Array* const* x) const override {
    Shape shape = x[0]->shape;
    for (std::uint32_t i = 1; i < input_count; ++i) shape[axis] += x[i]->shape[axis];
    Ref<Array> y = make_array(x[0]->dtype, shape);
    const Split result(shape, axis);
    std::int64_t at = 0;
    for (std::uint32_t i = 0; i < input_count; ++i) {
      const std::int64_t width = x[i]->shape[axis] * result.inner;
      kernel::Strided walk;
      walk.push(result.outer, result.n * result.inner, width);
      walk.push(width, 1, 1);
      kernel::copy(walk, y->dtype, y->at<char>() + at * size_of(y->dtype), x[i]->data);
      at += width;
    }
    return y;
  }
  Ref<Operation> twin() const override { return make_node<Concat>(site, axis, sizes); }
  bool reads(std::uint32_t, std::uint32_t) const override { return false; }
  void keep(const Arg* const*, const Ref<Array>&) override {}
  std::string attributes() const override { return attribute_list("axis", axis); }
  void backward(const Tensor& g, Engine& engine) override {
    std::int64_t at = 0;
    for (std::uint32_t i = 0; i < input_count; ++i) {
      const std::int64_t end = at + sizes[i];
      if (engine.wants(inputs[i].get())) engine.accumulate(*this, i, slice(g, axis, Slice(at, end)));
      at = end;
    }
  }

  int axis;
  std::vector<std::int64_t> sizes;  // of the inputs along the axis
};

// The narrowest dtype that holds the elements of all.
Dtype widest(const Tensors& tensors) {
  auto width = [](Dtype t) { return t == boolean ? 0 : t == uint8 ? 1 : t == int64 ? 2 : t == float32 ? 3 : 4; };
  Dtype widest = tensors[0].dtype();
  for (const Tensor& t : tensors)
    if (width(t.dtype()) > width(widest)) widest = t.dtype();
  return widest;
}

void check_list(const char* op, const Tensors& tensors, Site site) {
  if (tensors.empty()) fail(op, "expected at least one tensor", site);
  for (std::size_t i = 0; i < tensors.size(); ++i)
    if (!tensors[i].defined()) fail(op, "tensor " + std::to_string(i) + " is undefined", site);
}

}  // namespace

Tensor concat(const Tensors& tensors, int axis, Site site) {
  check_list("concat", tensors, site);
  const Shape& first = tensors[0].shape();
  axis = check_axis("concat", axis, first, site);
  for (std::size_t i = 1; i < tensors.size(); ++i) {
    Shape other = tensors[i].shape();
    if (other.rank() == first.rank()) other[axis] = first[axis];
    if (other != first)
      fail("concat",
           "tensor " + std::to_string(i) + " of shape " + to_string(tensors[i].shape()) +
               " does not fit tensor 0 of shape " + to_string(first) + ": they may differ in axis " +
               std::to_string(axis) + " only",
           site);
  }
  const Dtype dtype = widest(tensors);
  Tensors converted;
  std::vector<Arg> args;
  std::vector<std::int64_t> sizes;
  converted.reserve(tensors.size());
  for (const Tensor& t : tensors) {
    args.emplace_back(converted.emplace_back(t.to(dtype, site)), site);
    sizes.push_back(t.shape()[axis]);
  }
  return execute_list(make_node<Concat>(user_site(site), axis, std::move(sizes)), args);
}

Tensor stack(const Tensors& tensors, int axis, Site site) {
  check_list("stack", tensors, site);
  const Shape& first = tensors[0].shape();
  const int rank = first.rank() + 1, at = axis < 0 ? axis + rank : axis;
  if (at < 0 || at >= rank)
    fail("stack", "tensors of shape " + to_string(first) + " cannot be stacked along axis " + std::to_string(axis),
         site);
  for (std::size_t i = 1; i < tensors.size(); ++i)
    if (tensors[i].shape() != first)
      fail("stack",
           "tensor " + std::to_string(i) + " of shape " + to_string(tensors[i].shape()) + " differs from tensor 0 of " +
               to_string(first),
           site);
  Scope scope(site);
  Tensors rows;
  for (const Tensor& t : tensors) rows.push_back(unsqueeze(t, at));
  return concat(rows, at);
}

Tensor hstack(const Tensors& tensors, Site site) {
  check_list("hstack", tensors, site);
  Scope scope(site);
  Tensors parts;
  for (const Tensor& t : tensors) parts.push_back(t.rank() == 0 ? unsqueeze(t, 0) : t);
  return concat(parts, parts[0].rank() == 1 ? 0 : 1);
}

Tensor vstack(const Tensors& tensors, Site site) {
  check_list("vstack", tensors, site);
  Scope scope(site);
  Tensors parts;
  for (const Tensor& t : tensors) parts.push_back(t.rank() < 2 ? reshape(t, Shape{1, t.size()}) : t);
  return concat(parts, 0);
}

namespace {
Tensors split_at(const char* op, const Arg& x, const std::vector<std::int64_t>& sizes, int axis) {
  const std::int64_t n = x.array->shape[axis];
  std::int64_t at = 0;
  bool fits = true;
  for (const std::int64_t size : sizes) {
    fits = fits && size >= 0 && size <= n - at;
    if (fits) at += size;
  }
  if (!fits || at != n)
    fail(op,
         "sizes " + attribute_text(sizes) + " do not add up to the " + std::to_string(n) + " of axis " +
             std::to_string(axis) + " of shape " + to_string(x.array->shape),
         x.site);
  Tensors parts;
  at = 0;
  for (const std::int64_t size : sizes) {
    parts.push_back(slice(x, axis, Slice(at, at + size)));
    at += size;
  }
  return parts;
}

// n in parts of `size`, at least one.
std::vector<std::int64_t> equal_parts(std::int64_t n, std::int64_t size) {
  std::vector<std::int64_t> sizes;
  do {
    sizes.push_back(std::min(n, size));
    n -= sizes.back();
  } while (n > 0);
  return sizes;
}
}  // namespace

Tensors split(const Arg& x, const std::vector<std::int64_t>& sizes, int axis) {
  check_defined("split", x);
  return split_at("split", x, sizes, check_axis("split", axis, x.array->shape, x.site));
}

Tensors split(const Arg& x, std::int64_t size, int axis) {
  check_defined("split", x);
  axis = check_axis("split", axis, x.array->shape, x.site);
  if (size < 1) fail("split", "parts of size " + std::to_string(size) + "; expected at least 1", x.site);
  return split_at("split", x, equal_parts(x.array->shape[axis], size), axis);
}

Tensors chunk(const Arg& x, std::int64_t chunks, int axis) {
  check_defined("chunk", x);
  axis = check_axis("chunk", axis, x.array->shape, x.site);
  if (chunks < 1) fail("chunk", std::to_string(chunks) + " chunks; expected at least 1", x.site);
  const std::int64_t n = x.array->shape[axis];
  // PyTorch gives as many empty parts as asked for.
  if (n == 0) return split_at("chunk", x, std::vector<std::int64_t>(static_cast<std::size_t>(chunks)), axis);
  return split_at("chunk", x, equal_parts(n, n / chunks + (n % chunks != 0)), axis);
}

Tensors unbind(const Arg& x, int axis) {
  check_defined("unbind", x);
  axis = check_axis("unbind", axis, x.array->shape, x.site);
  Tensors parts;
  for (std::int64_t i = 0; i < x.array->shape[axis]; ++i) parts.push_back(select(x, axis, i));
  return parts;
}

Tensors meshgrid(const Tensors& tensors, bool xy, Site site) {
  check_list("meshgrid", tensors, site);
  Scope scope(site);
  const int rank = static_cast<int>(tensors.size());
  auto place = [&](int i) { return xy && rank > 1 && i < 2 ? 1 - i : i; };
  std::vector<std::int64_t> sizes(tensors.size());
  for (int i = 0; i < rank; ++i) {
    const Tensor& t = tensors[static_cast<std::size_t>(i)];
    if (t.rank() > 1)
      fail("meshgrid", "tensor " + std::to_string(i) + " of shape " + to_string(t.shape()) + " is not a vector", site);
    sizes[static_cast<std::size_t>(place(i))] = t.size();
  }
  const Shape grid(sizes.data(), sizes.data() + sizes.size());
  Tensors grids;
  for (int i = 0; i < rank; ++i) {
    Shape line = grid;
    for (int k = 0; k < rank; ++k)
      if (k != place(i)) line[k] = 1;
    grids.push_back(broadcast_to(reshape(tensors[static_cast<std::size_t>(i)], line), grid));
  }
  return grids;
}

}  // namespace xtape
