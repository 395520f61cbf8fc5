#include "pad.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "../kernels/parallel_rows.hpp"
#include "../kernels/strided.hpp"
#include "detail/apply.hpp"

namespace xtape {
using namespace detail;

namespace {

struct Margin {
  std::int64_t before = 0, after = 0;
};
using Margins = std::array<Margin, Shape::max_rank>;

// Negative margins cut off, so padding with the opposite ones is the adjoint.
Tensor pad_constant(const Arg& x, const Margins& margins, const Arg& value) {
  const Shape& from = x.array->shape;
  Shape to = from;
  for (int i = 0; i < from.rank(); ++i)
    to[i] += margins[static_cast<std::size_t>(i)].before + margins[static_cast<std::size_t>(i)].after;
  auto forward = [margins, value, to](const Array& x) {
    const Tensor filled = full(to, value, x.dtype);
    const kernel::Strides strides(to), steps(x.shape);
    kernel::Strided walk;
    std::int64_t begin = 0, first = 0;
    for (int i = 0; i < to.rank(); ++i) {
      const auto [before, after] = margins[static_cast<std::size_t>(i)];
      const std::int64_t skipped = std::max<std::int64_t>(0, -before), dropped = std::max<std::int64_t>(0, -after);
      begin += std::max<std::int64_t>(0, before) * strides[i];
      first += skipped * steps[i];
      walk.push(std::max<std::int64_t>(0, x.shape[i] - skipped - dropped), strides[i], steps[i]);
    }
    const std::int64_t bytes = size_of(x.dtype);
    if (walk.size) kernel::copy(walk, x.dtype, filled.array().at<char>() + begin * bytes, x.at<char>() + first * bytes);
    return filled.array_ref();
  };
  return execute("pad", {&x}, forward, rule<>([margins](const Tensor& g) {
                   Margins opposite;
                   for (std::size_t i = 0; i < margins.size(); ++i)
                     opposite[i] = {-margins[i].before, -margins[i].after};
                   return pad_constant(g, opposite, 0);
                 }));
}

// The position of an axis of n elements that is seen at position i outside it.
std::int64_t seen_at(std::int64_t i, std::int64_t n, PadMode mode) {
  if (mode == PadMode::reflect) return i < 0 ? -i : 2 * (n - 1) - i;
  if (mode == PadMode::replicate) return i < 0 ? 0 : n - 1;
  return i < 0 ? i + n : i - n;
}

struct Edges {
  int axis;
  Margin margin;
  PadMode mode;

  // f(outer position, position in the margin, position that is seen there), in order, for a few outer positions at
  // once.
  template <class Inside, class F>
  void walk(const Split& x, Inside inside, F f) const {
    const std::int64_t n = x.n + margin.before + margin.after;
    parallel_rows(x.outer, n * x.inner, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t o = begin; o < end; ++o) {
        inside(o);
        for (std::int64_t i = 0; i < margin.before; ++i) f(o, i, seen_at(i - margin.before, x.n, mode));
        for (std::int64_t i = n - margin.after; i < n; ++i) f(o, i, seen_at(i - margin.before, x.n, mode));
      }
    });
  }
};

Tensor pad_edges(const Arg& x, const Edges& edges);

Tensor pad_edges_adjoint(const Arg& g, const Edges& edges) {
  auto forward = [edges](const Array& g) {
    const int axis = edges.axis;
    const Margin margin = edges.margin;
    Shape to = g.shape;
    to[axis] -= margin.before + margin.after;
    Ref<Array> y = make_array(g.dtype, to);
    const Split at(to, axis);
    visit_floating(g.dtype, [&](auto t) {
      using T = decltype(t);
      const std::int64_t part = at.inner, n = at.n, m = g.shape[axis], before = margin.before;
      auto inside = [&, y = y->at<T>(), g = g.at<T>()](std::int64_t o) {
        if (n)
          std::memcpy(y + o * n * part, g + (o * m + before) * part, static_cast<std::size_t>(n * part) * sizeof(T));
      };
      edges.walk(at, inside, [&, y = y->at<T>(), g = g.at<T>()](std::int64_t o, std::int64_t i, std::int64_t from) {
        const T* margin = g + (o * m + i) * part;
        T* seen = y + (o * n + from) * part;
        for (std::int64_t k = 0; k < part; ++k) seen[k] += margin[k];
      });
    });
    return y;
  };
  return execute("pad_adjoint", {&g}, forward, rule<>([edges](const Tensor& g) { return pad_edges(g, edges); }));
}

Tensor pad_edges(const Arg& x, const Edges& edges) {
  auto forward = [edges](const Array& x) {
    const int axis = edges.axis;
    const Margin margin = edges.margin;
    Shape to = x.shape;
    to[axis] += margin.before + margin.after;
    Ref<Array> y = make_array(x.dtype, to);
    const Split at(x.shape, axis);
    const std::int64_t part = at.inner * size_of(x.dtype), n = at.n, m = to[axis], before = margin.before;
    auto inside = [&, y = y->at<char>(), x = x.at<char>()](std::int64_t o) {
      std::memcpy(y + (o * m + before) * part, x + o * n * part, static_cast<std::size_t>(n * part));
    };
    edges.walk(at, inside, [&, y = y->at<char>(), x = x.at<char>()](std::int64_t o, std::int64_t i, std::int64_t from) {
      std::memcpy(y + (o * m + i) * part, x + (o * n + from) * part, static_cast<std::size_t>(part));
    });
    return y;
  };
  return execute("pad", {&x},
                 attributed(forward, "axis", edges.axis, "before", edges.margin.before, "after", edges.margin.after),
                 rule<>([edges](const Tensor& g) { return pad_edges_adjoint(g, edges); }));
}

}  // namespace

Tensor pad(const Arg& x, const std::vector<std::int64_t>& pads, PadMode mode, const Arg& value) {
  check_defined("pad", x);
  if (!value.is_scalar) fail("pad", "the value must be a number, not a tensor", x.site);
  const Shape& shape = x.array->shape;
  auto text = [&] { return "pads " + attribute_text(pads) + " of shape " + to_string(shape); };
  if (pads.size() % 2 != 0 || static_cast<std::int64_t>(pads.size()) > 2 * shape.rank())
    fail("pad", text() + ": expected a pair for each of at most " + std::to_string(shape.rank()) + " axes", x.site);
  Margins margins{};
  Shape to = shape;
  for (std::size_t k = 0; k < pads.size(); k += 2) {
    const int axis = shape.rank() - 1 - static_cast<int>(k / 2);
    const Margin m = margins[static_cast<std::size_t>(axis)] = {pads[k], pads[k + 1]};
    const std::int64_t n = shape[axis], most = std::max(m.before, m.after);
    std::int64_t size;
    const bool fits = !__builtin_add_overflow(n, m.before, &size) && !__builtin_add_overflow(size, m.after, &size) &&
                      size >= 0 && m.before >= -n && m.after >= -n;
    if (!fits)
      fail("pad", text() + ": axis " + std::to_string(axis) + " would have a negative size or none that can be counted",
           x.site);
    to[axis] = size;
    if (mode == PadMode::constant) continue;
    const std::int64_t limit = mode == PadMode::reflect     ? n - 1
                               : mode == PadMode::replicate ? (n ? std::numeric_limits<std::int64_t>::max() : 0)
                                                            : n;
    if (std::min(m.before, m.after) < 0 || most > std::max<std::int64_t>(limit, 0))
      fail("pad",
           text() + ": axis " + std::to_string(axis) + " can be padded by 0 to " +
               std::to_string(std::max<std::int64_t>(limit, 0)) + " in this mode",
           x.site);
  }
  if (mode == PadMode::constant) return pad_constant(x, margins, value);
  Scope scope(x.site);
  Tensor y = x.tensor();
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (const Margin m = margins[static_cast<std::size_t>(axis)]; m.before || m.after)
      y = pad_edges(Arg(y, x.site), {axis, m, mode});
  return y;
}

}  // namespace xtape
