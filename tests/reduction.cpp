// Reductions, scans and sorts where PyTorch's conventions decide: ties, zeros, NaN and infinities, integers, sizes that
// are cut into blocks, and what is refused.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "grad_table.hpp"
#include "support.hpp"

namespace {

using namespace grad_table;
using Values = std::vector<double>;

constexpr double inf = std::numeric_limits<double>::infinity();
const double nan_ = std::nan("");

Tensor gradient(const Function& f, const Tensor& at) {
  const Tensor x = at.requires_grad();
  return grad(sum(f({x})), x);
}
bool same(const Tensor& x, const Values& expected) {
  const Values v = x.to_vector<double>();
  return v.size() == expected.size() && std::equal(v.begin(), v.end(), expected.begin(), [](double a, double b) {
           return (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= 1e-6 || a == b;
         });
}

}  // namespace

TEST_CASE("equal greatest elements share a gradient evenly or the first has it") {
  const Tensor x = tensor({{1., 3., 3.}, {2., 2., 2.}}, float64);
  CHECK(same(gradient([](auto& x) { return amax(x[0], 1); }, x), {0, 0.5, 0.5, 1. / 3, 1. / 3, 1. / 3}));
  CHECK(same(gradient([](auto& x) { return amax(x[0], 0); }, x), {0, 1, 1, 1, 0, 0}));
  CHECK(same(gradient([](auto& x) { return max(x[0]); }, x), {0, 0.5, 0.5, 0, 0, 0}));
  CHECK(same(gradient([](auto& x) { return amin(x[0]); }, x), {1, 0, 0, 0, 0, 0}));
  CHECK(same(gradient([](auto& x) { return max(x[0], 1).values; }, x), {0, 1, 0, 1, 0, 0}));
  CHECK(same(gradient([](auto& x) { return min(x[0], 1).values; }, x), {1, 0, 0, 1, 0, 0}));
  CHECK(same(gradient([](auto& x) { return median(x[0]); }, x), {0, 0, 0, 1. / 3, 1. / 3, 1. / 3}));
  CHECK(same(gradient([](auto& x) { return cummax(x[0], 1).values; }, x), {1, 1, 1, 1, 1, 1}));
  CHECK(same(gradient([](auto& x) { return norm(x[0], inf); }, x), {0, 0.5, 0.5, 0, 0, 0}));
}

TEST_CASE("NaN is greatest and least and spreads") {
  const Tensor x = tensor({{1., nan_, 3., nan_}, {4., 2., 1., 3.}}, float64);
  CHECK(same(amax(x, 1), {nan_, 4}));
  CHECK(same(amin(x, 1), {nan_, 1}));
  CHECK(same(amax(x, 0), {4, nan_, 3, nan_}));
  CHECK(same(argmin(x, 1), {1, 2}));
  CHECK(same(argmin(x, 0), {0, 0, 1, 0}));
  CHECK(same(max(x, 0).values, {4, nan_, 3, nan_}));
  CHECK(same(gradient([](auto& x) { return max(x[0]); }, x), {0, 0.5, 0, 0.5, 0, 0, 0, 0}));
  CHECK(same(median(x), {nan_}));
  CHECK(same(median(x, 1).values, {nan_, 2}));
  CHECK(same(median(x, 1).indices, {1, 1}));
  CHECK(same(kthvalue(x, 2, 1).values, {3, 2}));
  CHECK(same(quantile(x, 0.5, 1), {nan_, 2.5}));
  CHECK(same(sort(x).values, {1, 3, nan_, nan_, 1, 2, 3, 4}));
  CHECK(same(sort(x).indices, {0, 2, 1, 3, 2, 1, 3, 0}));
  CHECK(same(sort(x, 1, true).indices, {1, 3, 2, 0, 0, 3, 1, 2}));
  CHECK(same(topk(x, 2).indices, {1, 3, 0, 3}));
  CHECK(same(cummax(x, 1).values, {1, nan_, nan_, nan_, 4, 4, 4, 4}));
  CHECK(same(cummin(x, 1).indices, {0, 1, 1, 3, 0, 1, 2, 2}));
  CHECK(same(nansum(x, 1), {4, 10}));
  CHECK(same(nanmean(x, 1), {2, 2.5}));
  CHECK(same(nanmean(tensor({nan_})), {nan_}));
  CHECK(same(gradient([](auto& x) { return nansum(x[0]); }, x), {1, 0, 1, 0, 1, 1, 1, 1}));
  CHECK(same(unique(tensor({nan_, 1., nan_})).values, {1, nan_, nan_}));
  CHECK(same(any(tensor({nan_, 0.})), {1}));
  CHECK(same(searchsorted(tensor({1., 2., 2., 3.}), tensor({2., nan_, 0.})), {1, 4, 0}));
  for (const auto& f :
       {Function([](auto& x) { return prod(x[0], 1); }), Function([](auto& x) { return sum(x[0], 1); }),
        Function([](auto& x) { return var(x[0], 1); }), Function([](auto& x) { return norm(x[0], 2, 1); }),
        Function([](auto& x) { return logsumexp(x[0], 1); })}) {
    const Values v = f({x}).template to_vector<double>();
    CHECK(std::isnan(v[0]));
    CHECK(std::isfinite(v[1]));
  }
}

TEST_CASE("infinite rows of the softmax family") {
  const Tensor x = tensor({{-inf, -inf}, {inf, 1.}, {-inf, 2.}}, float64);
  CHECK(same(logsumexp(x), {-inf, inf, 2}));
  CHECK(same(logsumexp(transpose(x), 0), {-inf, inf, 2}));
  CHECK(same(gradient([](auto& x) { return logsumexp(x[0]); }, x), {0.5, 0.5, 1, 0, 0, 1}));
  CHECK(same(logcumsumexp(x, 1), {-inf, -inf, inf, inf, -inf, 2}));
  CHECK(same(logsumexp(zeros({2, 0})), {-inf, -inf}));
  CHECK(same(log_softmax(tensor({1000., 0.})), {0, -1000}));
  CHECK(same(softmax(tensor({{1000.}, {0.}}), 0), {1, 0}));
  CHECK(same(softmin(tensor({1000., 0.})), {0, 1}));
}

TEST_CASE("products have their derivatives at zeros") {
  const Tensor x = tensor({{2., 3., 4.}, {2., 0., 4.}, {0., 0., 4.}, {0., 0., 0.}}, float64);
  CHECK(same(prod(x, 1), {24, 0, 0, 0}));
  CHECK(same(gradient([](auto& x) { return prod(x[0], 1); }, x), {12, 8, 6, 0, 8, 0, 0, 0, 0, 0, 0, 0}));
  CHECK(same(gradient([](auto& x) { return cumprod(x[0], 1); }, x),
             {1 + 3 + 12, 2 + 8, 6, 1, 2 + 8, 0, 1, 0, 0, 1, 0, 0}));
  // The third derivative of xyz, once by each factor, is 1.
  const Tensor p = zeros({3}, float64).requires_grad();
  Tensor d = grad(prod(p), p, create_graph)[0];
  d = grad(d, p, create_graph)[1];
  CHECK(same(grad(d, p), {0, 0, 1}));
}

TEST_CASE("norms and deviations have PyTorch's derivative at their kinks") {
  const Tensor none = zeros({2}, float64), x = tensor({0., 2., -2., 1.}, float64);
  for (double p : {0., 0.5, 1., 1.5, 2., 3., inf, -inf}) {
    CAPTURE(p);
    CHECK(same(gradient([p](auto& x) { return norm(x[0], p); }, none), {0, 0}));
  }
  CHECK(same(gradient([](auto& x) { return norm(x[0], 1); }, x), {0, 1, -1, 1}));
  CHECK(same(gradient([](auto& x) { return norm(x[0], inf); }, x), {0, 0.5, -0.5, 0}));
  CHECK(same(gradient([](auto& x) { return norm(x[0], 2); }, x), {0, 2. / 3, -2. / 3, 1. / 3}));
  CHECK(same(gradient([](auto& x) { return stddev(x[0]); }, ones({3}, float64)), {0, 0, 0}));
  CHECK(same(var(ones({1})), {nan_}));
  CHECK(same(var(tensor({1., 2.}), 0, false, Correction(3)), {inf}));
  CHECK(same(norm(zeros({0})), {0}));
}

TEST_CASE("integers booleans and empty tensors are reduced as in PyTorch") {
  const Tensor k = tensor({{3, 1, 2}, {0, 5, 4}}), b = tensor({{true, false}, {true, true}});
  CHECK(prod(k, 1).dtype() == int64);
  CHECK(same(prod(k, 1), {6, 0}));
  CHECK(prod(b).dtype() == int64);
  CHECK(same(cumsum(b, 1), {1, 1, 1, 2}));
  CHECK(cumprod(k, 0).dtype() == int64);
  CHECK(amax(b, 1).dtype() == boolean);
  CHECK(same(amax(b, 0), {1, 1}));
  CHECK(same(amin(b, 0), {1, 0}));
  CHECK(amin(tensor({7, 9}, uint8)).item<int>() == 7);
  CHECK(same(max(k, 0).indices, {0, 1, 1}));
  CHECK(mean(k).dtype() == float32);
  CHECK(same(var(k, 1), {1, 7}));
  CHECK(same(sort(k).values, {1, 2, 3, 0, 4, 5}));
  CHECK(sort(b, 0).values.dtype() == boolean);
  CHECK(same(median(k), {2}));
  CHECK(same(any(b, 1), {1, 1}));
  CHECK(same(all(b, 1, true), {0, 1}));
  CHECK(any(b).dtype() == boolean);
  CHECK(count_nonzero(k).item<int>() == 5);
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  CHECK(sum(tensor(std::vector<std::int64_t>{most, 1})).item<std::int64_t>() ==
        std::numeric_limits<std::int64_t>::min());
  CHECK(same(sort(tensor(std::vector<std::int64_t>{0, -1, most, -most})).indices, {3, 1, 0, 2}));

  const Tensor none = zeros({0, 3});
  CHECK(same(prod(none), {1}));
  CHECK(same(prod(none, 0), {1, 1, 1}));
  CHECK(same(any(none), {0}));
  CHECK(same(all(none), {1}));
  CHECK(same(median(none), {nan_}));
  CHECK(same(nansum(none, 0), {0, 0, 0}));
  CHECK(amax(none, 1).shape() == Shape{0});
  CHECK(sort(none, 0).values.shape() == Shape{0, 3});
  CHECK(topk(none, 0, 0).values.shape() == Shape{0, 3});
  CHECK(cumprod(none, 0).shape() == Shape{0, 3});
  CHECK(unique(none).values.shape() == Shape{0});
  CHECK(bincount(zeros({0}, int64), 2).to_vector<int64_t>() == std::vector<std::int64_t>{0, 0});
  CHECK(same(histc(none, 2), {0, 0}));
}

TEST_CASE("long and narrow and wide reductions agree with a plain loop") {
  for (const Shape& shape :
       {Shape{3, 5000, 2}, Shape{1, 700, 65}, Shape{2, 129, 3000}, Shape{40000, 3, 1}, Shape{2, 40000, 1}}) {
    CAPTURE(shape);
    const Tensor x = (real(shape) * 8).to(int64).to(float32);
    const Values v = x.to_vector<double>();
    const std::int64_t n = shape[1], inner = shape[2];
    Values total(static_cast<std::size_t>(shape[0] * inner)), most(total.size(), -inf), place(total.size());
    for (std::size_t i = 0; i < v.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      const auto to = static_cast<std::size_t>(at / (n * inner) * inner + at % inner);
      total[to] += v[i];
      if (v[i] > most[to]) most[to] = v[i], place[to] = static_cast<double>(at / inner % n);
    }
    CHECK(same(sum(x, 1), total));
    CHECK(same(amax(x, 1), most));
    CHECK(same(argmax(x, 1), place));
    CHECK(same(count_nonzero(x, 1), (sum((x != 0).to(float64), 1)).to_vector<double>()));
    CHECK(allclose(logsumexp(x, 1), log(sum(exp(x), 1)), 1e-5, 1e-5));
    CHECK(allclose(sum(softmax(x, 1), 1), ones({shape[0], inner}), 1e-5, 1e-5));
    CHECK(allclose(cumsum(x, 1)[0][n - 1], sum(x, 1)[0], 1e-6, 1e-6));
    CHECK(allclose(var(x, 1), sum(square(x - mean(x, 1, true)), 1) / static_cast<double>(n - 1), 1e-4, 1e-4));
  }
}

TEST_CASE("reductions are the same bits for any number of threads") {
  const Tensor rows = real({300, 700}).to(float32), tall = real({70000, 3}).to(float32);
  check_same_bits([&] {
    Tensors all;
    for (const Tensor& x : {rows, tall})
      for (const Tensor& y :
           {sum(x), sum(x, 0), sum(x, 1), prod(x, 0), amax(x, 0), var(x, 0), var(x, 1), norm(x), norm(x, 3, 0),
            logsumexp(x, 0), logsumexp(x, 1), softmax(x, 0), cumsum(x, 0), sort(x, 0).values})
        all.push_back(y);
    return all;
  });
}

TEST_CASE("reductions refuse what they cannot do") {
  const Tensor x = ones({2, 3}), none = zeros({2, 0}), square_matrix = ones({3, 3}), negative = tensor({1, -2}),
               counts = tensor({2, 0, 2, 1, 4});
  const Axes twice{0, -2};
  const struct {
    std::function<void()> f;
    const char* says;
    int line;
  } calls[] = {
      {[&] { amax(none, 1); }, "amax: axis 1 of (2, 0) is empty", __LINE__},
      {[&] { max(none); }, "max: axis 0 or 1 of (2, 0) is empty", __LINE__},
      {[&] { min(none, 1); }, "min: axis 1 of (2, 0) is empty", __LINE__},
      {[&] { argmin(none); }, "argmin: axis 0 or 1 of (2, 0) is empty", __LINE__},
      {[&] { var(x, twice); }, "var: axis -2 of shape (2, 3) is named twice", __LINE__},
      {[&] { var(x, 0, false, Correction(inf)); }, "var: the correction is inf", __LINE__},
      {[&] { stddev(x, 2); }, "stddev: there is no axis 2 in shape (2, 3)", __LINE__},
      {[&] { norm(x, nan_); }, "norm: p is NaN", __LINE__},
      {[&] { norm(none, inf); }, "norm: axis 0 or 1 of (2, 0) is empty", __LINE__},
      {[&] { logsumexp(x, 2); }, "logsumexp: there is no axis 2 in shape (2, 3)", __LINE__},
      {[&] { softmin(x, -3); }, "softmin: there is no axis -3 in shape (2, 3)", __LINE__},
      {[&] { cumsum(x, 2); }, "cumsum: there is no axis 2 in shape (2, 3)", __LINE__},
      {[&] { topk(x, 4); }, "topk: k is 4, axis 1 of (2, 3) has 3 elements", __LINE__},
      {[&] { kthvalue(x, 0); }, "kthvalue: k is 0, expected 1 to 3, as axis 1 of (2, 3) has elements", __LINE__},
      {[&] { median(none, 1); }, "median: axis 1 of (2, 0) is empty", __LINE__},
      {[&] { median(zeros({0}, int64)); }, "median: there are no elements in int64(0,)", __LINE__},
      {[&] { quantile(x, 1.5); }, "quantile: q is 1.5", __LINE__},
      {[&] { quantile(none, 0.5, 1); }, "quantile: axis 1 of (2, 0) is empty", __LINE__},
      {[&] { searchsorted(x, square_matrix); }, "searchsorted: rows (2, 3) and values (3, 3) do not fit", __LINE__},
      {[&] { bincount(x); }, "bincount: expected a vector of int64 or uint8, got float32(2, 3)", __LINE__},
      {[&] { bincount(negative); }, "bincount: element 1 is negative: -2", __LINE__},
      {[&] { bincount(counts, -1); }, "bincount: minlength is -1", __LINE__},
      {[&] { bincount(counts, x); }, "bincount: x int64(5,) and weights float32(2, 3) differ", __LINE__},
      {[&] { histc(x, 0); }, "histc: the number of bins is 0", __LINE__},
      {[&] { histc(x, 3, 2, 1); }, "histc: expected finite low <= high, got 2", __LINE__},
      {[&] { histc(tensor({nan_})); }, "histc: the range of x is not finite", __LINE__},
      {[&] { sum_to(x, {4}); }, "sum_to: shape (2, 3) is not broadcast from (4,)", __LINE__},
      {[&] { prod(Tensor()); }, "prod: the tensor is undefined", __LINE__},
      {[&] { sort(Tensor()); }, "sort: the tensor is undefined", __LINE__},
      {[&] { any(2); }, "any: expected a tensor, not a number", __LINE__},
  };
  for (const auto& call : calls) {
    const std::string text = message(call.f);
    CAPTURE(text);
    CHECK(text.find(call.says) == 0);
    CHECK(text.find("reduction.cpp:" + std::to_string(call.line)) != std::string::npos);
  }
}

TEST_CASE("a quantile between equal infinities is one of them") {
  const double infinity = HUGE_VAL;
  CHECK(quantile(tensor({1., infinity, infinity}), 0.75).item() == infinity);
  CHECK(quantile(tensor({-infinity, -infinity, 0.}), 0.25).item() == -infinity);
  CHECK(quantile(tensor({-infinity, 0.}), 0.25).item() == -infinity);
  CHECK(std::isnan(quantile(tensor({-infinity, infinity}), 0.5).item()));
  CHECK(quantile(tensor({-3e38, 3e38}), 0.5).item() == 0);
  const Tensor x = tensor({1., infinity, infinity}).requires_grad();
  CHECK(grad(quantile(x, 0.75), x).to_vector<double>() == std::vector<double>{0, 0.5, 0.5});
}
