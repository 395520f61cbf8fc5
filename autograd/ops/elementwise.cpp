#include "elementwise.hpp"

#include "apply.hpp"

namespace xtape {
namespace {

constexpr auto same = [](const Tensor& g) { return g; };

template <class F>
Tensor compare(const char* op, const Arg& a, const Arg& b, F f) {
  if (!same_kind(a, b)) {
    auto [p, q] = promote(op, a, b, false);
    return compare(op, Arg(p, a.site), Arg(q, b.site), f);
  }
  broadcast_shape(op, a.array->shape, b.array->shape, a.site);
  auto forward = [f](const Array& p, const Array& q) {
    return visit_computing(p.dtype, [&](auto t) {
      return map_arrays<decltype(t), bool>(broadcast_shape(p.shape, q.shape), f, p, q);
    });
  };
  return execute(op, {&a, &b}, forward, no_gradient, no_gradient);
}

Dtype wider(Dtype a, Dtype b) {
  if (!is_floating(a) && !is_floating(b)) return int64;
  return a == float64 || b == float64 ? float64 : float32;
}
Dtype dtype_with_number(Dtype t, const Arg& number) { return is_floating(t) ? t : number.is_integer ? int64 : float32; }
Tensor as_tensor(const Arg& x, Dtype dtype) {
  if (x.is_scalar) return dtype == int64 ? tensor(&x.integer, Shape{}) : full({}, x.scalar, dtype);
  return Tensor(Ref<Array>::share(x.array), Ref<Node>::share(x.node)).to(dtype, x.site);
}

}  // namespace

std::string describe(const Array& x) { return to_string(x.dtype) + to_string(x.shape); }

int check_axis(const char* op, int axis, const Shape& shape, Site site) {
  const int rank = shape.rank();
  if (axis < -rank || axis >= rank)
    fail(op, "there is no axis " + std::to_string(axis) + " in shape " + to_string(shape), site);
  return axis < 0 ? axis + rank : axis;
}

Shape broadcast_shape(const Shape& a, const Shape& b) {
  Shape y = a.rank() >= b.rank() ? a : b;
  const Shape& other = a.rank() >= b.rank() ? b : a;
  for (int i = 1; i <= other.rank(); ++i)
    if (y[y.rank() - i] == 1) y[y.rank() - i] = other[other.rank() - i];
  return y;
}

Shape broadcast_shape(const char* op, const Shape& a, const Shape& b, Site site) {
  if (a == b) return a;
  for (int i = 1; i <= a.rank() && i <= b.rank(); ++i)
    if (const std::int64_t m = a[a.rank() - i], n = b[b.rank() - i]; m != n && m != 1 && n != 1)
      fail(op,
           "shapes " + to_string(a) + " and " + to_string(b) + " do not broadcast: axis -" + std::to_string(i) +
               " is " + std::to_string(m) + " and " + std::to_string(n),
           site);
  return broadcast_shape(a, b);
}

std::pair<Tensor, Tensor> promote(const char* op, const Arg& a, const Arg& b, bool floating) {
  if (!a.is_scalar) check_defined(op, a);
  if (!b.is_scalar) check_defined(op, b);
  Dtype t = a.is_scalar   ? b.is_scalar ? float32 : dtype_with_number(b.array->dtype, a)
              : b.is_scalar ? dtype_with_number(a.array->dtype, b)
                          : wider(a.array->dtype, b.array->dtype);
  if (floating && !is_floating(t)) t = float32;
  return {as_tensor(a, t), as_tensor(b, t)};
}

Tensor promote_floating(const char* op, const Arg& x) {
  if (!x.is_scalar) check_defined(op, x);
  return as_tensor(x, float32);
}

Tensor operator+(const Arg& a, const Arg& b) {
  return binary(
      "add", a, b, [](auto a, auto b) { return a + b; }, rule<>(same), rule<>(same));
}
Tensor operator-(const Arg& a, const Arg& b) {
  return binary(
      "sub", a, b, [](auto a, auto b) { return a - b; }, rule<>(same), rule<>([](const Tensor& g) { return -g; }));
}
Tensor operator*(const Arg& a, const Arg& b) {
  auto product = [](auto x, auto y) { return x * y; };
  return binary("mul", a, b, product, fused_rule<1>(product), fused_rule<0>(product));
}
Tensor operator/(const Arg& a, const Arg& b) {
  return binary<Result::floating>(
      "div", a, b, [](auto a, auto b) { return a / b; }, fused_rule<1>([](auto g, auto b) { return g / b; }),
      fused_rule<1, output>([](auto g, auto b, auto y) { return -g * y / b; }));
}
Tensor operator-(const Arg& x) {
  if (x.array && x.array->dtype == int64) return 0 - x;
  return unary(
      "neg", x, [](auto x) { return -x; }, rule<>([](const Tensor& g) { return -g; }));
}

Tensor& operator+=(Tensor& x, const Arg& y) { return x = Arg(x, y.site) + y; }
Tensor& operator-=(Tensor& x, const Arg& y) { return x = Arg(x, y.site) - y; }
Tensor& operator*=(Tensor& x, const Arg& y) { return x = Arg(x, y.site) * y; }
Tensor& operator/=(Tensor& x, const Arg& y) { return x = Arg(x, y.site) / y; }

Tensor exp(const Arg& x) {
  return unary(
      "exp", x, [](auto x) { return exp(x); }, fused_rule<output>([](auto g, auto y) { return g * y; }));
}
Tensor log(const Arg& x) {
  return unary(
      "log", x, [](auto x) { return log(x); }, fused_rule<0>([](auto g, auto x) { return g / x; }));
}
Tensor sqrt(const Arg& x) {
  return unary(
      "sqrt", x, [](auto x) { return sqrt(x); }, fused_rule<output>([](auto g, auto y) { return g / (y + y); }));
}
Tensor square(const Arg& x) {
  return unary(
      "square", x, [](auto x) { return x * x; }, fused_rule<0>([](auto g, auto x) { return g * (x + x); }));
}
Tensor tanh(const Arg& x) {
  return unary(
      "tanh", x, [](auto x) { return tanh(x); }, fused_rule<output>([](auto g, auto y) { return g * (1 - y * y); }));
}
Tensor sigmoid(const Arg& x) {
  return unary(
      "sigmoid", x, [](auto x) { return sigmoid(x); },
      fused_rule<output>([](auto g, auto y) { return g * y * (1 - y); }));
}
Tensor relu(const Arg& x) {
  return unary(
      "relu", x, [](auto x) { return relu(x); },
      fused_rule<output>([](auto g, auto y) { return where(y <= 0, 0, g); }));
}

Tensor where(const Arg& condition, const Arg& a, const Arg& b) {
  check_defined("where", condition);
  if (condition.array->dtype != boolean)
    fail("where",
         std::string("the condition must be boolean, not ") + describe(*condition.array) +
             "; compare it with a number first",
         condition.site);
  if (!same_kind(a, b)) {
    auto [p, q] = promote("where", a, b, false);
    return where(condition, Arg(p, a.site), Arg(q, b.site));
  }
  broadcast_shape("where", condition.array->shape,
                  broadcast_shape("where", a.array->shape, b.array->shape, a.site), a.site);
  auto forward = [](const Array& c, const Array& p, const Array& q) {
    Ref<Array> y = make_array(p.dtype, broadcast_shape(c.shape, broadcast_shape(p.shape, q.shape)));
    const kernel::Walk<3> walk(y->shape, {&c.shape, &p.shape, &q.shape});
    visit_computing(p.dtype, [&](auto t) {
      using T = decltype(t);
      kernel::map(
          walk, [](bool c, auto a, auto b) { return where(c, a, b); }, y->at<T>(), c.at<bool>(), p.at<T>(), q.at<T>());
    });
    return y;
  };
  return execute("where", {&condition, &a, &b}, forward, no_gradient,
                 rule<0>([](const Tensor& g, const Tensor& c) { return where(c, g, 0); }),
                 rule<0>([](const Tensor& g, const Tensor& c) { return where(c, 0, g); }));
}

Tensor operator<(const Arg& a, const Arg& b) {
  return compare("less", a, b, [](auto a, auto b) { return a < b; });
}
Tensor operator>(const Arg& a, const Arg& b) {
  return compare("greater", a, b, [](auto a, auto b) { return a > b; });
}
Tensor operator<=(const Arg& a, const Arg& b) {
  return compare("less_equal", a, b, [](auto a, auto b) { return a <= b; });
}
Tensor operator>=(const Arg& a, const Arg& b) {
  return compare("greater_equal", a, b, [](auto a, auto b) { return a >= b; });
}
Tensor operator==(const Arg& a, const Arg& b) {
  return compare("equal", a, b, [](auto a, auto b) { return a == b; });
}
Tensor operator!=(const Arg& a, const Arg& b) {
  return compare("not_equal", a, b, [](auto a, auto b) { return a != b; });
}

bool add_in_place(Tensor& sum, const Tensor& g) {
  Array& s = sum.array();
  if (!s.exclusive() || s.dtype != g.dtype()) return false;
  visit_floating(s.dtype, [&](auto t) {
    using T = decltype(t);
    kernel::update(
        s.size, [](auto& s, auto& g) { s = s + g; }, s.at<T>(), g.array().at<T>());
  });
  return true;
}

}  // namespace xtape
