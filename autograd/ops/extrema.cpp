// The greatest and the least elements of axes, and where they stand: part of reduction.hpp.
#include <cstring>

#include "../kernels/panels.hpp"
#include "../kernels/sum.hpp"
#include "detail/axes.hpp"
#include "elementwise.hpp"

namespace xtape {
using namespace detail;

namespace {

template <class T>
kernel::Real<T> tie(kernel::Real<T> x, kernel::Real<T> y) {
  return where(kernel::any(x == y, kernel::all(x != x, y != y)), kernel::Real<T>(1), kernel::Real<T>(0));
}

// dx = g shared evenly among the x that are equal to y.
template <class T>
void share_row(std::int64_t n, const T* x, T y, T g, T* dx) {
  const kernel::Real<T> most = y;
  const auto count = kernel::fold_blocks(
      n, kernel::Sum<T>(), [most](auto v) { return tie(v, most); }, x);
  const kernel::Real<T> share = g / static_cast<T>(count.v);
  kernel::map(
      n, [most, share](auto v) { return where(tie(v, most) != 0, share, decltype(v)(0)); }, dx, x);
}
template <class T>
void share_panel(std::int64_t n, std::int64_t step, std::int64_t width, const T* x, const T* y, const T* g, T* dx) {
  alignas(64) T share[panel_width];
  sum_columns(n, width, static_cast<T*>(share), [=](std::int64_t k, T* parts) {
    kernel::update(
        width, [](auto& s, auto& v, auto& y) { s = s + tie(v, y); }, parts, x + k * step, y);
  });
  kernel::update(
      width, [](auto& s, auto& g) { s = g / s; }, share, g);
  for (std::int64_t k = 0; k < n; ++k)
    kernel::map(
        width, [](auto v, auto y, auto s) { return where(tie(v, y) != 0, s, decltype(v)(0)); }, dx + k * step,
        x + k * step, y, share);
}

}  // namespace

Tensor share_among_ties(const Arg& g, const Arg& x, const Arg& y, const Reduced& r, const Split& s) {
  auto forward = [s](const Array& g, const Array& x, const Array& y) {
    Ref<Array> dx = make_array(x.dtype, x.shape);
    visit_floating(x.dtype, [&](auto t) {
      using T = decltype(t);
      for_panels(s, [&](std::int64_t at, std::int64_t to, std::int64_t width) {
        if (s.inner == 1) share_row(s.n, x.at<T>() + at, y.at<T>()[to], g.at<T>()[to], dx->at<T>() + at);
        else share_panel(s.n, s.inner, width, x.at<T>() + at, y.at<T>() + to, g.at<T>() + to, dx->at<T>() + at);
      });
    });
    return dx;
  };
  return execute("share_among_ties", {&g, &x, &y}, forward,
                 rule<1, 2>([axes = r.axes, kept = r.kept](const Tensor& h, const Tensor& x, const Tensor& y) {
                   const Tensor most = reshape(y, kept);
                   const Tensor ties = where(x == most, 1, where(x != x, 1, 0)).to(h.dtype());
                   const std::vector<int> over = axes.list();
                   return reshape(sum(h * ties, over) / sum(ties, over), y.shape());
                 }),
                 no_gradient, no_gradient);
}

namespace {

template <template <class> class Join>
Tensor extreme(const char* op, const Arg& x, const Axes& axes, bool keepdims) {
  check_not_empty(op, x, reduced(op, x, axes, keepdims));
  return reduce_axes(op, x, axes, keepdims, [op](const Arg& x, const Reduced& r, const Split& s) {
    auto forward = [s, result = r.result](const Array& x) {
      Ref<Array> y = make_array(x.dtype, result);
      visit_bytes(x.dtype, [&](auto t) {
        using T = decltype(t);
        kernel::fold_middle(s.outer, s.n, s.inner, Join<T>(), kernel::Itself(), kernel::Itself(), x.at<T>(),
                            y->at<T>());
      });
      return y;
    };
    const auto described = attributed(forward, "axes", r.axes);
    if (!is_floating(x.array->dtype)) return execute(op, {&x}, described, no_gradient);
    return execute(op, {&x}, described, rule<0, output>([r, s](const Tensor& g, const Tensor& x, const Tensor& y) {
                     return share_among_ties(g, x, y, r, s);
                   }));
  });
}

// Whether v takes the place of b.
struct Greater {
  template <class T>
  bool operator()(T v, T b) const {
    return kernel::any(v > b, kernel::all(v != v, b == b));
  }
};
struct Less {
  template <class T>
  bool operator()(T v, T b) const {
    return kernel::any(v < b, kernel::all(v != v, b == b));
  }
};

template <template <class> class Join, class T>
std::int64_t first_in_row(std::int64_t n, const T* x) {
  const T most = kernel::fold(n, Join<T>(), kernel::Itself(), x).v;
  std::int64_t i = 0;
  if (most == most)
    while (x[i] != most) ++i;
  else
    while (x[i] == x[i]) ++i;
  return i;
}
// Places are counted in integers as wide as the elements, so that the loop vectorises.
template <class Place, class T, class Better>
void first_in_columns(std::int64_t n, std::int64_t step, std::int64_t width, const T* x, std::int64_t* y,
                      Better better) {
  alignas(64) T best[panel_width];
  alignas(64) Place place[panel_width];
  for (std::int64_t j = 0; j < width; ++j) best[j] = x[j], place[j] = 0;
  for (std::int64_t k = 1; k < n; ++k)
    kernel::update(
        width,
        [k = kernel::Real<Place>(k), better](auto& best, auto& place, auto& v) {
          const bool takes = better(v, best);
          best = where(takes, v, best);
          place = where(takes, k, place);
        },
        best, place, x + k * step);
  for (std::int64_t j = 0; j < width; ++j) y[j] = static_cast<std::int64_t>(place[j]);
}

template <template <class> class Join, class Better>
Tensor first_place(const char* op, const Arg& x, int axis) {
  check_defined(op, x);
  const Shape& shape = x.array->shape;
  axis = check_axis(op, axis, shape, x.site);
  if (shape[axis] == 0) fail(op, "axis " + std::to_string(axis) + " of " + to_string(shape) + " is empty", x.site);
  auto forward = [axis](const Array& x) {
    const Split s(x.shape, axis);
    Ref<Array> y = make_array(int64, without(x.shape, axis, true));
    visit_bytes(x.dtype, [&](auto t) {
      using T = decltype(t);
      using Narrow = std::conditional_t<std::is_same_v<T, float>, std::uint32_t, std::int64_t>;
      for_panels(s, [&](std::int64_t at, std::int64_t to, std::int64_t width) {
        const T* p = x.at<T>() + at;
        std::int64_t* place = y->at<std::int64_t>() + to;
        if (s.inner == 1) *place = first_in_row<Join>(s.n, p);
        else if (s.n <= std::numeric_limits<std::uint32_t>::max())
          first_in_columns<Narrow>(s.n, s.inner, width, p, place, Better());
        else first_in_columns<std::int64_t>(s.n, s.inner, width, p, place, Better());
      });
    });
    return y;
  };
  return execute(op, {&x}, attributed(forward, "axis", axis), no_gradient);
}

template <template <class> class Join, class Better>
Tensor first_place(const char* op, const Arg& x, int axis, bool keepdims) {
  const Tensor places = first_place<Join, Better>(op, x, axis);
  return keepdims ? places
                  : reshape(Arg(places, x.site),
                            without(x.array->shape, check_axis(op, axis, x.array->shape, x.site), false));
}
template <template <class> class Join, class Better>
Tensor first_place_of_all(const char* op, const Arg& x) {
  check_not_empty(op, x, reduced(op, x, Axes::all(), false));
  const Tensor row = reshape(x, Shape{x.array->size});
  return first_place<Join, Better>(op, Arg(row, x.site), 0, false);
}
template <template <class> class Join, class Better>
Selection extreme_along(const char* op, const Arg& x, int axis, bool keepdims) {
  const Tensor places = first_place<Join, Better>(op, x, axis);
  axis = check_axis(op, axis, x.array->shape, x.site);
  return selection(x, axis, places, without(x.array->shape, axis, keepdims));
}

}  // namespace

Tensor amax(const Arg& x, const Axes& axes, Keepdims keepdims) {
  return extreme<kernel::Max>("amax", x, axes, keepdims);
}
Tensor amin(const Arg& x, const Axes& axes, Keepdims keepdims) {
  return extreme<kernel::Min>("amin", x, axes, keepdims);
}
Tensor max(const Arg& x) { return extreme<kernel::Max>("max", x, Axes::all(), false); }
Tensor min(const Arg& x) { return extreme<kernel::Min>("min", x, Axes::all(), false); }
Tensor argmax(const Arg& x) { return first_place_of_all<kernel::Max, Greater>("argmax", x); }
Tensor argmin(const Arg& x) { return first_place_of_all<kernel::Min, Less>("argmin", x); }
Tensor argmax(const Arg& x, Axis axis, Keepdims keepdims) {
  return first_place<kernel::Max, Greater>("argmax", x, axis, keepdims);
}
Tensor argmin(const Arg& x, Axis axis, Keepdims keepdims) {
  return first_place<kernel::Min, Less>("argmin", x, axis, keepdims);
}
Selection max(const Arg& x, Axis axis, Keepdims keepdims) {
  return extreme_along<kernel::Max, Greater>("max", x, axis, keepdims);
}
Selection min(const Arg& x, Axis axis, Keepdims keepdims) {
  return extreme_along<kernel::Min, Less>("min", x, axis, keepdims);
}

}  // namespace xtape
