#include "slice.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "../core/part.hpp"
#include "../kernels/strided.hpp"
#include "detail/apply.hpp"

namespace xtape {
using namespace detail;

namespace {

// What is taken of one axis: `count` positions from `start` on.
struct AxisRange {
  std::int64_t start, step, count;
};
struct Ranges {
  AxisRange of[Shape::max_rank];

  // Where they begin in an array of this shape, and the steps from there.
  std::int64_t offset(const Shape& shape) const {
    const kernel::Strides strides(shape);
    std::int64_t at = 0;
    for (int i = 0; i < shape.rank(); ++i) at += of[i].start * strides[i];
    return at;
  }
  bool contiguous(const Shape& shape) const {
    int i = 0;
    while (i < shape.rank() && of[i].count == 1) ++i;
    if (i < shape.rank() && of[i].step == 1) ++i;
    for (; i < shape.rank(); ++i)
      if (of[i].count != shape[i] || of[i].step != 1) return false;
    return true;
  }
  std::string text(int rank) const {
    std::string s = "(";
    for (int i = 0; i < rank; ++i) {
      const AxisRange& r = of[i];
      const std::int64_t stop = r.start + r.count * r.step;
      s += (i ? ", " : "") + std::to_string(r.start) + ":" + (stop < 0 ? "" : std::to_string(stop));
      if (r.step != 1) s += ":" + std::to_string(r.step);
    }
    return s + ")";
  }
};

// What Python makes of a slice of an axis of n elements.
AxisRange resolve(const char* op, const Slice& s, std::int64_t n, Site site) {
  if (s.step == 0) fail(op, "the step of a slice must not be 0", site);
  const std::int64_t low = s.step > 0 ? 0 : -1, high = s.step > 0 ? n : n - 1;
  auto clip = [&](std::int64_t i) { return std::clamp(i < 0 ? i + n : i, low, high); };
  const std::int64_t start = s.start ? clip(*s.start) : s.step > 0 ? low : high;
  const std::int64_t stop = s.stop ? clip(*s.stop) : s.step > 0 ? high : low;
  if (s.step > 0 ? start >= stop : start <= stop) return {0, 1, 0};
  const std::int64_t count = (stop - start + (s.step > 0 ? -1 : 1)) / s.step + 1;
  return {start, count == 1 ? 1 : s.step, count};
}

std::int64_t check_position(const char* op, std::int64_t i, int axis, const Shape& shape, Site site) {
  const std::int64_t n = shape[axis];
  if (i < -n || i >= n)
    fail(op,
         "index " + std::to_string(i) + " is out of range for axis " + std::to_string(axis) + " of shape " +
             to_string(shape),
         site);
  return i < 0 ? i + n : i;
}

Ranges whole(const Shape& shape) {
  Ranges r;
  for (int i = 0; i < shape.rank(); ++i) r.of[i] = {0, 1, shape[i]};
  return r;
}

struct Cutting {
  Ranges ranges;
  int rank;
  Shape result;
  std::string attributes() const { return attribute_list("index", ranges.text(rank).c_str()); }
  Ref<Array> operator()(const Array& x) const {
    const std::int64_t begin = ranges.offset(x.shape);
    if (ranges.contiguous(x.shape)) return make_view(x, result, begin);
    Ref<Array> y = make_array(x.dtype, result);
    const kernel::Strides strides(x.shape);
    std::int64_t step = y->size;
    kernel::Strided walk;
    for (int i = 0; i < rank && y->size; ++i) {
      const AxisRange& r = ranges.of[i];
      step /= r.count;
      walk.push(r.count, step, r.step * strides[i]);
    }
    if (y->size) kernel::copy(walk, y->dtype, y->data, x.at<char>() + begin * size_of(x.dtype));
    return y;
  }
};

Tensor cut(const char* op, const Arg& x, const Ranges& ranges, const Shape& result);

// Where a cut is. Cutting and adding to its place are each other's adjoint.
struct CutPlace final : Place {
  CutPlace(const char* op, const Ranges& ranges, const Shape& result) : op(op), ranges(ranges), result(result) {}

  Ref<Array> spread(const Shape& shape, const Array& part, const Array*) const override {
    Ref<Array> y = make_array(part.dtype, shape);
    if (y->size && ranges.contiguous(shape)) {
      const std::int64_t bytes = size_of(part.dtype), begin = ranges.offset(shape) * bytes;
      const std::int64_t end = begin + part.size * bytes;
      std::memset(y->data, 0, static_cast<std::size_t>(begin));
      std::memcpy(y->at<char>() + begin, part.data, static_cast<std::size_t>(part.size * bytes));
      std::memset(y->at<char>() + end, 0, static_cast<std::size_t>(y->size * bytes - end));
      return y;
    }
    kernel::clear(*y);
    if (part.size) kernel::copy(walk(*y, part), y->dtype, from(*y), part.data);
    return y;
  }
  void add(Array& whole, const Array& part, const Array*) const override {
    if (part.size) kernel::add(walk(whole, part), whole.dtype, from(whole), part.data);
  }
  Tensor take(const Tensor& whole, const Tensor&) const override { return cut(op, whole, ranges, result); }

 private:
  void* from(const Array& whole) const { return whole.at<char>() + ranges.offset(whole.shape) * size_of(whole.dtype); }
  // Through the place in the whole and through the part.
  kernel::Strided walk(const Array& whole, const Array& part) const {
    const kernel::Strides strides(whole.shape);
    std::int64_t step = part.size;
    kernel::Strided walk;
    for (int i = 0; i < whole.shape.rank(); ++i) {
      const AxisRange& r = ranges.of[i];
      step /= r.count;
      walk.push(r.count, r.step * strides[i], step);
    }
    return walk;
  }

  const char* op;
  Ranges ranges;
  Shape result;
};

Tensor cut(const char* op, const Arg& x, const Ranges& ranges, const Shape& result) {
  return execute(op, {&x}, Cutting{ranges, x.array->shape.rank(), result},
                 rule<>([op, ranges, result](const Tensor& g) {
                   return Part{g, std::make_shared<CutPlace>(op, ranges, result), {}};
                 }));
}

Tensor select(const Arg& x, int axis, std::int64_t index, const Shape& shape) {
  Ranges ranges = whole(shape);
  ranges.of[axis] = {index, 1, 1};
  Shape result;
  for (int i = 0; i < shape.rank(); ++i)
    if (i != axis) result.push_back(shape[i]);
  return cut("select", x, ranges, result);
}

}  // namespace

Tensor slice(const Arg& x, int axis, const Slice& range) {
  check_defined("slice", x);
  Shape result = x.array->shape;
  axis = check_axis("slice", axis, result, x.site);
  Ranges ranges = whole(result);
  ranges.of[axis] = resolve("slice", range, result[axis], x.site);
  result[axis] = ranges.of[axis].count;
  return cut("slice", x, ranges, result);
}

Tensor slice(const Arg& x, const std::vector<SliceIndex>& index) {
  check_defined("slice", x);
  const Shape& shape = x.array->shape;
  int named = 0, ellipses = 0;
  for (const SliceIndex& item : index) {
    named += item.kind == SliceIndex::slice || item.kind == SliceIndex::position;
    ellipses += item.kind == SliceIndex::ellipsis;
  }
  if (named > shape.rank())
    fail("slice",
         std::to_string(named) + " positions and slices for the " + std::to_string(shape.rank()) + " axes of shape " +
             to_string(shape),
         x.site);
  if (ellipses > 1) fail("slice", "an index has at most one ellipsis", x.site);
  Ranges ranges = whole(shape);
  Shape result;
  int axis = 0;
  for (const SliceIndex& item : index) {
    if (item.kind == SliceIndex::newaxis) {
      result.push_back(1);
    } else if (item.kind == SliceIndex::ellipsis) {
      for (const int end = axis + shape.rank() - named; axis < end; ++axis) result.push_back(shape[axis]);
    } else if (item.kind == SliceIndex::position) {
      ranges.of[axis] = {check_position("slice", *item.range.start, axis, shape, x.site), 1, 1};
      ++axis;
    } else {
      ranges.of[axis] = resolve("slice", item.range, shape[axis], x.site);
      result.push_back(ranges.of[axis++].count);
    }
  }
  for (; axis < shape.rank(); ++axis) result.push_back(shape[axis]);
  return cut("slice", x, ranges, result);
}
Tensor slice(const Arg& x, std::initializer_list<SliceIndex> index) { return slice(x, std::vector<SliceIndex>(index)); }

Tensor select(const Arg& x, int axis, std::int64_t index) {
  check_defined("select", x);
  const Shape& shape = x.array->shape;
  if (shape.rank() == 0) fail("select", "a scalar has no axis to index", x.site);
  axis = check_axis("select", axis, shape, x.site);
  return select(x, axis, check_position("select", index, axis, shape, x.site), shape);
}

namespace {

struct SlidingWindow {
  int axis;
  std::int64_t size, step;

  // The windows' own array and the one that they look at, walked together; `size` of them, or one element of each.
  kernel::Strided walk(const Shape& windows, const Shape& whole, bool back, std::int64_t elements) const {
    const kernel::Strides strides(whole), steps(windows);
    kernel::Strided walk;
    auto push = [&](std::int64_t n, std::int64_t in_windows, std::int64_t in_whole) {
      back ? walk.push(n, in_whole, in_windows) : walk.push(n, in_windows, in_whole);
    };
    for (int i = 0; i < whole.rank(); ++i) push(windows[i], steps[i], i == axis ? step * strides[i] : strides[i]);
    push(elements, 1, strides[axis]);
    return walk;
  }
};

Tensor take_windows(const Arg& x, const SlidingWindow& w);

// What stands in several windows is summed.
Tensor fold(const Arg& g, const SlidingWindow& w, const Shape& whole) {
  auto forward = [w, whole](const Array& g) {
    Ref<Array> y = make_array(g.dtype, whole);
    kernel::clear(*y);
    if (g.size == 0) return y;
    if (w.step >= w.size) {
      kernel::copy(w.walk(g.shape, whole, true, w.size), g.dtype, y->data, g.data);
      return y;
    }
    const kernel::Strided one = w.walk(g.shape, whole, true, 1);
    const std::int64_t next = kernel::Strides(whole)[w.axis], bytes = size_of(g.dtype);
    for (std::int64_t k = 0; k < w.size; ++k)
      kernel::add(one, g.dtype, y->at<char>() + k * next * bytes, g.at<char>() + k * bytes);
    return y;
  };
  return execute("unfold_adjoint", {&g}, forward, rule<>([w](const Tensor& g) { return take_windows(g, w); }));
}

Tensor take_windows(const Arg& x, const SlidingWindow& w) {
  const Shape& whole = x.array->shape;
  Shape result = whole;
  result[w.axis] = (whole[w.axis] - w.size) / w.step + 1;
  result.push_back(w.size);
  auto forward = [w, result](const Array& x) {
    Ref<Array> y = make_array(x.dtype, result);
    kernel::copy(w.walk(result, x.shape, false, w.size), x.dtype, y->data, x.data);
    return y;
  };
  return execute("unfold", {&x}, attributed(forward, "axis", w.axis, "size", w.size, "step", w.step),
                 rule<>([w, whole](const Tensor& g) { return fold(g, w, whole); }));
}

}  // namespace

Tensor unfold(const Arg& x, int axis, std::int64_t size, std::int64_t step) {
  check_defined("unfold", x);
  const Scope scope(x.site);
  const Shape& shape = x.array->shape;
  axis = check_axis("unfold", axis, shape, x.site);
  if (size < 0 || size > shape[axis] || step < 1)
    fail("unfold",
         "windows of " + std::to_string(size) + " every " + std::to_string(step) + " along axis " +
             std::to_string(axis) + " of shape " + to_string(shape) + ": expected a size in [0, " +
             std::to_string(shape[axis]) + "] and a step of at least 1",
         x.site);
  // A step beyond the axis leads nowhere.
  return take_windows(x, {axis, size, std::min(step, std::max<std::int64_t>(1, shape[axis] + 1))});
}

Tensor Tensor::operator[](const Position& i) const {
  const Shape& shape = this->shape(i.site);
  if (shape.rank() == 0) fail("index", "a scalar has no axis to index", i.site);
  return select(Arg(*this, i.site.file, i.site.line), 0, check_position("index", i.index, 0, shape, i.site), shape);
}

}  // namespace xtape
