#include "loss.hpp"

#include <cmath>

#include "../kernels/parallel_rows.hpp"
#include "../scalar/elementary.hpp"
#include "activation.hpp"
#include "detail/apply.hpp"
#include "detail/row_powers.hpp"
#include "elementwise.hpp"
#include "reduction.hpp"
#include "shape.hpp"
#include "softmax.hpp"

namespace xtape {
using namespace detail;

namespace {

const char* attribute_text(Reduction r) {
  return r == Reduction::none ? "none" : r == Reduction::mean ? "mean" : "sum";
}

// f(i, n, row i of x) for every row along the last axis.
template <class T, class F>
void for_rows(const Array& x, F f) {
  const std::int64_t n = x.shape[x.shape.rank() - 1], rows = n ? x.size / n : 0;
  parallel_rows(rows, 8 * n, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) f(i, n, x.at<T>() + i * n);
  });
}

// Of each row of logits; costs and their gradients read it.
Tensor row_powers(const Arg& x) { return row_powers(x, Split(x.array->shape, x.array->shape.rank() - 1)); }

// The sum of losses over a divisor, which is finite where the sum is not.
template <class T>
T sum_over(std::int64_t n, const T* losses, T divisor) {
  const T y = kernel::sum(n, losses) / divisor;
  if (std::isfinite(y) || divisor == T(0)) return y;
  const auto less = kernel::fold_blocks(
      n, kernel::Sum<T>(), [](auto v) { return v * 0x1p-60; }, losses);
  return static_cast<T>(less.v) / divisor * T(0x1p60);
}

// The gradient of each row's loss, beside its classes.
Tensor column(Reduction reduction, const Tensor& g) {
  if (reduction != Reduction::none) return g;
  Shape shape = g.shape();
  shape.push_back(1);
  return reshape(g, shape);
}

// The labels of a batch and what each counts for.
template <class T>
struct Labels {
  const Array& labels;
  const T* weight;  // of each class, or null
  std::int64_t ignore_index;

  std::int64_t operator[](std::int64_t i) const { return label_at(labels, i); }
  bool ignored(std::int64_t i) const { return (*this)[i] == ignore_index; }
  T weight_of(std::int64_t i) const { return ignored(i) ? T(0) : weight ? weight[(*this)[i]] : T(1); }
  T divisor(Reduction reduction) const {
    if (reduction != Reduction::mean) return 1;
    double total = 0;
    for (std::int64_t i = 0; i < labels.size; ++i) total += weight_of(i);
    return static_cast<T>(total);
  }
};

// What costs for labels (...) have in common, with weights (classes,) or without.
struct ClassCost {
  const char* op;
  Reduction reduction;
  std::int64_t ignore_index;
  Site site;
  double smoothing;

  std::string attributes() const { return std::string("reduction=") + attribute_text(reduction); }

  template <class T>
  Labels<T> labels(const Array& k) const {
    return {k, nullptr, ignore_index};
  }
  template <class T>
  Labels<T> labels(const Array& k, const Array& weight) const {
    return {k, weight.at<T>(), ignore_index};
  }

  // loss(i, label, row i of x) of each row, weighted and reduced.
  template <class T, class F>
  Ref<Array> reduce(const Array& x, const Labels<T>& label, F loss) const {
    check_labels(op, label.labels, x.shape[x.shape.rank() - 1], site, ignore_index);
    Ref<Array> losses = make_array(x.dtype, label.labels.shape);
    for_rows<T>(x, [&](std::int64_t i, std::int64_t, const T* row) {
      losses->at<T>()[i] = label.ignored(i) ? T(0) : loss(i, label[i], row) * label.weight_of(i);
    });
    if (x.size == 0) std::fill_n(losses->at<T>(), losses->size, T(0));  // all labels are ignored
    if (reduction == Reduction::none) return losses;
    Ref<Array> y = make_array(x.dtype, Shape{});
    *y->at<T>() = sum_over(losses->size, losses->at<T>(), label.divisor(reduction));
    return y;
  }

  // What each class of each label counts for: one_hot(label), smoothed, times weights, and divided for the mean.
  template <class... W>
  Ref<Array> shares(const Array& x, const Array& k, const W&... weight) const {
    Ref<Array> y = make_array(x.dtype, x.shape);
    visit_floating(x.dtype, [&](auto t) {
      using T = decltype(t);
      const Labels<T> label = labels<T>(k, weight...);
      check_labels(op, k, x.shape[x.shape.rank() - 1], site, ignore_index);
      const T divisor = label.divisor(reduction);
      std::fill_n(y->at<T>(), y->size, T(0));
      for_rows<T>(*y, [&](std::int64_t i, std::int64_t n, const T*) {
        if (label.ignored(i)) return;
        T* share = y->at<T>() + i * n;
        const T rest = static_cast<T>(smoothing / static_cast<double>(n)) / divisor;
        if (smoothing != 0)
          for (std::int64_t c = 0; c < n; ++c) share[c] = rest * (label.weight ? label.weight[c] : T(1));
        share[label[i]] += static_cast<T>(1 - smoothing) * label.weight_of(i) / divisor;
      });
    });
    return y;
  }

  template <class... W>
  Tensor shares_of(const Tensor& x, const Tensor& k, const W&... weight) const {
    return compute(
        "class_shares", [c = *this](const auto&... a) { return c.shares(a...); }, x.detach(), k, weight...);
  }
};

// The cost of logarithms of probabilities (..., classes).
struct NegativeLogLikelihood : ClassCost {
  template <class... W>
  Ref<Array> operator()(const Array& x, const Array& k, const W&... weight) const {
    return visit_floating(x.dtype, [&](auto t) {
      using T = decltype(t);
      return reduce(x, labels<T>(k, weight...),
                    [](std::int64_t, std::int64_t label, const T* row) { return -row[label]; });
    });
  }
  template <class... W>
  Tensor rule(const Tensor& g, const Tensor& x, const Tensor& k, const W&... weight) const {
    return -shares_of(x, k, weight...) * column(reduction, g);
  }
};

// softmax(x) sum(p) - p, from what softmax lacks to 1 where it is nearly 1, which is not cancelled there.
Tensor missing(const Tensor& x, const Tensor& p) {
  const Tensor q = softmax(x), log_q = log_softmax(x);
  return where(log_q > -0.5, expm1(log_q), q - 1) * p + q * (sum(p, -1, true) - p);
}

// The cost of logits (..., classes), with their `row_powers`.
struct CrossEntropy : ClassCost {
  template <class... W>
  Ref<Array> operator()(const Array& x, const Array& k, const Array& powers, const W&... weight) const {
    return visit_floating(x.dtype, [&](auto t) {
      using T = decltype(t);
      const T* const p = powers.at<T>();
      return reduce(x, labels<T>(k, weight...), [p](std::int64_t i, std::int64_t label, const T* row) {
        return std::log1p(p[2 * i + 1]) - (row[label] - p[2 * i]);
      });
    });
  }

  // The gradient of the logits in one go: (softmax - one_hot(label)) times what the label counts for.
  template <class... W>
  Ref<Array> gradient(const Array& g, const Array& x, const Array& k, const Array& powers, const W&... weight) const {
    Ref<Array> y = make_array(x.dtype, x.shape);
    visit_floating(x.dtype, [&](auto t) {
      using T = decltype(t);
      using R = kernel::Real<T>;
      const Labels<T> label = labels<T>(k, weight...);
      const T divisor = label.divisor(reduction);
      for_rows<T>(x, [&](std::int64_t i, std::int64_t n, const T* row) {
        T* to = y->at<T>() + i * n;
        if (label.ignored(i)) return void(std::fill_n(to, n, T(0)));
        const T scale = g.at<T>()[reduction == Reduction::none ? i : 0] / divisor * label.weight_of(i);
        const R shift = powers.at<T>()[2 * i], others = powers.at<T>()[2 * i + 1], total = 1 + others;
        const kernel::PowersBeside<T> power(shift);
        const R share = power.factor / total * scale;
        kernel::map(
            n, [power, share](auto v) { return power(v) * share; }, to, row);
        // Where the label has nearly all of the sum, what it lacks of it is the others' part.
        const R own = row[label[i]];
        to[label[i]] = ((own == shift ? -others / total : power(own) * power.factor / total - 1) * scale).v;
      });
    });
    return y;
  }

  template <class... W>
  Tensor rule(const Tensor& g, const Tensor& x, const Tensor& k, const Tensor& powers, const W&... weight) const {
    if (!is_recording())
      return compute(
          "cross_entropy_gradient", [c = *this](const auto&... a) { return c.gradient(a...); }, g, x, k, powers,
          weight...);
    return missing(x, shares_of(x, k, weight...)) * column(reduction, g);
  }
};

// The cost of logits for probabilities (..., classes) instead of labels.
struct ProbabilityCost {
  Reduction reduction;

  std::string attributes() const { return std::string("reduction=") + attribute_text(reduction); }

  Ref<Array> operator()(const Array& x, const Array& p, const Array& powers) const {
    return visit_floating(x.dtype, [&](auto t) {
      using T = decltype(t);
      Ref<Array> losses = make_array(x.dtype, Shape(x.shape.begin(), x.shape.end() - 1));
      if (x.size == 0) std::fill_n(losses->at<T>(), losses->size, T(0));
      for_rows<T>(x, [&](std::int64_t i, std::int64_t n, const T* row) {
        const kernel::Real<T> shift = powers.at<T>()[2 * i], log_total = std::log1p(powers.at<T>()[2 * i + 1]);
        // What has no probability costs nothing, whatever its logit.
        const auto cost = [=](auto v, auto p) {
          const auto loss = log_total - (v - shift);
          return where(kernel::all(p == 0, isinf(loss)), decltype(v)(0), p * loss);
        };
        losses->at<T>()[i] = static_cast<T>(kernel::fold_blocks(n, kernel::Sum<T>(), cost, row, p.at<T>() + i * n).v);
      });
      if (reduction == Reduction::none) return losses;
      Ref<Array> y = make_array(x.dtype, Shape{});
      *y->at<T>() = sum_over(losses->size, losses->at<T>(), divisor<T>(losses->size));
      return y;
    });
  }

  template <class T>
  T divisor(std::int64_t rows) const {
    return reduction == Reduction::mean ? static_cast<T>(rows) : T(1);
  }

  Ref<Array> gradient(const Array& g, const Array& x, const Array& p, const Array& powers) const {
    Ref<Array> y = make_array(x.dtype, x.shape);
    visit_floating(x.dtype, [&](auto t) {
      using T = decltype(t);
      for_rows<T>(x, [&](std::int64_t i, std::int64_t n, const T* row) {
        const T* share = p.at<T>() + i * n;
        const kernel::Real<T> s = g.at<T>()[reduction == Reduction::none ? i : 0] / divisor<T>(x.size / n);
        const kernel::Real<T> shift = powers.at<T>()[2 * i], total = 1 + powers.at<T>()[2 * i + 1];
        const kernel::Real<T> log_total = std::log1p(powers.at<T>()[2 * i + 1]), all = kernel::sum(n, share);
        const kernel::PowersBeside<T> power(shift);
        const kernel::Real<T> part = power.factor / total;
        // As `missing` has it.
        const auto slope = [=](auto v, auto p) {
          const auto q = power(v) * part, log_q = (v - shift) - log_total;
          return (where(log_q > -0.5, expm1(log_q), q - 1) * p + q * (all - p)) * s;
        };
        kernel::map(n, slope, y->at<T>() + i * n, row, share);
      });
    });
    return y;
  }

  Tensor column(const Tensor& g, const Tensor& x) const {
    if (reduction == Reduction::mean) return g / static_cast<double>(x.size() / x.size(-1));
    return xtape::column(reduction, g);
  }
  Tensor logits_rule(const Tensor& g, const Tensor& x, const Tensor& p, const Tensor& powers) const {
    if (!is_recording())
      return compute(
          "cross_entropy_gradient", [c = *this](const auto&... a) { return c.gradient(a...); }, g, x, p, powers);
    return missing(x, p) * column(g, x);
  }
  Tensor target_rule(const Tensor& g, const Tensor& x) const { return -log_softmax(x) * column(g, x); }
};

// (batch, classes, ...) as (batch, ..., classes).
Tensor classes_last(const Tensor& x) {
  if (x.rank() <= 2) return x;
  std::vector<int> order{0};
  for (int i = 2; i < x.rank(); ++i) order.push_back(i);
  order.push_back(1);
  return permute(x, order);
}

// Throws unless the weights are undefined or constants (classes,); gives them in the dtype of the logits.
Tensor check_weight(const char* op, const Tensor& weight, const Array& x, std::int64_t classes, Site site) {
  if (!weight.defined()) return weight;
  if (weight.is_recorded()) fail(op, "gradients do not flow to the weights of classes; give them detach()ed", site);
  if (weight.shape() != Shape{classes})
    fail(op, "the weights of classes are " + describe(weight.array()) + ", expected " + to_string(Shape{classes}),
         site);
  return weight.detach().to(x.dtype);
}

// The shape of the labels of logits: the classes are axis 1, or the only one.
Shape without_classes(const Shape& logits) {
  Shape shape;
  for (int i = 0; i < logits.rank(); ++i)
    if (i != (logits.rank() == 1 ? 0 : 1)) shape.push_back(logits[i]);
  return shape;
}

void check_targets(const char* op, const char* inputs, const Array& x, const Array& k, bool fits, bool probabilities,
                   Site site) {
  if (!fits)
    fail(op,
         std::string(inputs) + " " + describe(x) + " and labels " + describe(k) +
             " do not fit: expected (batch, classes), (batch, classes, ...) or (classes,), and integers of that shape "
             "without the classes" +
             (probabilities ? " or probabilities of that shape" : ""),
         site);
}

// The cost of its arguments, gradients flowing to the first.
template <class Cost, std::size_t... Rest>
Tensor execute_cost(const Cost& cost, const Arg* const (&args)[1 + sizeof...(Rest)], std::index_sequence<Rest...>) {
  return execute(cost.op, args, cost,
                 rule<0, static_cast<int>(Rest + 1)...>([cost](const auto&... a) { return cost.rule(a...); }),
                 (static_cast<void>(Rest), no_gradient)...);
}
template <class Cost, class... A>
Tensor class_cost(const Cost& cost, const Tensor& weight, const A&... args) {
  if (!weight.defined()) return execute_cost(cost, {&args...}, std::make_index_sequence<sizeof...(A) - 1>());
  const Arg w(weight, cost.site);
  return execute_cost(cost, {&args..., &w}, std::index_sequence_for<A...>());
}

Tensor probability_cost(Reduction reduction, const Arg& x, const Tensor& probabilities) {
  const Tensor row = row_powers(x);
  const Arg p(probabilities, x.site), powers(row, x.site);
  const ProbabilityCost cost{reduction};
  return execute("cross_entropy", {&x, &p, &powers}, cost,
                 rule<0, 1, 2>([cost](const auto&... a) { return cost.logits_rule(a...); }),
                 rule<0>([cost](const auto&... a) { return cost.target_rule(a...); }), no_gradient);
}

}  // namespace

Tensor cross_entropy(const Arg& logits, const Arg& target, const CrossEntropyOptions& options) {
  const char* op = "cross_entropy";
  check_defined(op, logits);
  check_defined(op, target);
  const Array &x = *logits.array, &k = *target.array;
  const bool probabilities = is_floating(k.dtype);
  check_targets(op, "logits", x, k,
                is_floating(x.dtype) && x.shape.rank() >= 1 && k.dtype != boolean &&
                    k.shape == (probabilities ? x.shape : without_classes(x.shape)),
                true, logits.site);
  const double smoothing = options.label_smoothing_;
  if (!(smoothing >= 0 && smoothing <= 1))
    fail(op, "label smoothing is a share in [0, 1], not " + std::to_string(smoothing), logits.site);
  const std::int64_t classes = x.shape[x.shape.rank() == 1 ? 0 : 1];
  const Tensor weight = check_weight(op, options.weight_, x, classes, logits.site);

  Scope scope(logits.site);
  const Tensor rows = classes_last(logits.tensor());
  const CrossEntropy cost{{op, options.reduction_, options.ignore_index_, logits.site, smoothing}};
  if (!probabilities && smoothing == 0) {
    const Tensor powers = row_powers(Arg(rows, logits.site));
    return class_cost(cost, weight, Arg(rows, logits.site), target, Arg(powers, logits.site));
  }
  if (!probabilities) {
    // Smoothed labels are probabilities, already divided for the mean.
    const Reduction rest = options.reduction_ == Reduction::none ? Reduction::none : Reduction::sum;
    return probability_cost(
        rest, Arg(rows, logits.site),
        weight.defined() ? cost.shares_of(rows, target.tensor(), weight) : cost.shares_of(rows, target.tensor()));
  }
  auto [x_rows, p] = promote(op, Arg(rows, logits.site), Arg(classes_last(target.tensor()), target.site), true);
  if (smoothing != 0) p = p * (1 - smoothing) + smoothing / static_cast<double>(classes);
  if (weight.defined()) p = p * weight;
  return probability_cost(options.reduction_, Arg(x_rows, logits.site), p);
}

Tensor nll_loss(const Arg& log_probabilities, const Arg& labels, const CrossEntropyOptions& options) {
  const char* op = "nll_loss";
  check_defined(op, log_probabilities);
  check_defined(op, labels);
  const Array &x = *log_probabilities.array, &k = *labels.array;
  const Site site = log_probabilities.site;
  check_targets(op, "log probabilities", x, k,
                is_floating(x.dtype) && x.shape.rank() >= 1 && !is_floating(k.dtype) && k.dtype != boolean &&
                    k.shape == without_classes(x.shape),
                false, site);
  if (options.label_smoothing_ != 0) fail(op, "label smoothing is an option of cross_entropy only", site);
  const Tensor weight = check_weight(op, options.weight_, x, x.shape[x.shape.rank() == 1 ? 0 : 1], site);
  Scope scope(site);
  const Tensor rows = classes_last(log_probabilities.tensor());
  const NegativeLogLikelihood cost{{op, options.reduction_, options.ignore_index_, site, 0}};
  return class_cost(cost, weight, Arg(rows, site), labels);
}

namespace {
// t v: no part of an infinite loss is 0. Of numbers and of tensors.
template <class V>
XTAPE_INLINE V part(V t, V v) {
  return where(t == 0, where(isinf(v), 0, t * v), t * v);
}
}  // namespace

Tensor binary_cross_entropy_with_logits(const Arg& logits, const Arg& target, Reduction reduction, const Arg& weight,
                                        const Arg& pos_weight) {
  const char* op = "binary_cross_entropy_with_logits";
  check_defined(op, logits);
  check_defined(op, target);
  const Shape shape = logits.array->shape;
  if (target.array->shape != shape)
    fail(op,
         "logits " + describe(*logits.array) + " and targets " + describe(*target.array) +
             " differ in shape; where they hold the same elements, write reshape(target, logits.shape())",
         logits.site);
  for (const Arg* w : {&weight, &pos_weight})
    if (w->array && broadcast_shape(op, w->array->shape, shape, logits.site) != shape)
      fail(op, "a weight " + describe(*w->array) + " does not stretch to the logits' " + to_string(shape), logits.site);
  Scope scope(logits.site);
  auto [a, b] = promote(op, logits, target, true);
  const Arg x(a, logits.site), t(b, target.site);
  Tensor loss;
  if (pos_weight.array) {
    const Tensor weights = pos_weight.tensor().to(a.dtype());
    const Arg p(weights, pos_weight.site);
    loss = execute(
        op, {&x, &t, &p}, elementwise<Result::floating>([](auto x, auto t, auto p) {
          return part(where(x > 0, 1 - t, t * p), abs(x)) + ((1 - t) + t * p) * log1p(exp(-abs(x)));
        }),
        fused_rule<0, 1, 2>(
            [](auto g, auto x, auto t, auto p) { return g * ((1 - t) * sigmoid(x) - t * p * sigmoid(-x)); }),
        fused_rule<0, 2>([](auto g, auto x, auto p) { return g * (part(p, -log_sigmoid(x)) + log_sigmoid(-x)); }),
        fused_rule<0, 1>([](auto g, auto x, auto t) { return g * part(t, -log_sigmoid(x)); }));
  } else {
    loss =
        execute(op, {&x, &t}, elementwise<Result::floating>([](auto x, auto t) {
                  return part(where(x > 0, 1 - t, t), abs(x)) + log1p(exp(-abs(x)));
                }),
                fused_rule<0, 1>([](auto g, auto x, auto t) { return g * ((1 - t) * sigmoid(x) - t * sigmoid(-x)); }),
                fused_rule<0>([](auto g, auto x) { return -g * x; }));
  }
  if (weight.array) loss = loss * weight.tensor().to(a.dtype());
  return reduction == Reduction::none ? loss : reduction == Reduction::mean ? mean(loss) : sum(loss);
}

}  // namespace xtape
