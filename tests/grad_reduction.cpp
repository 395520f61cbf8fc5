// Reductions, scans and sorts: derivatives and values.
#include "grad_table.hpp"

#include <limits>

namespace {

using namespace grad_table;

constexpr double inf = std::numeric_limits<double>::infinity();

// Shapes without empty ones, at least ten of them: of a maximum over everything one element has a gradient.
std::vector<Tensors> filled(Draw draw) {
  std::vector<Tensors> cases;
  for (const Shape& s : {Shape{3, 4}, Shape{}, Shape{1}, Shape{11}, Shape{2, 3, 1, 2}, Shape{2, 1, 2, 1, 3}, Shape{5},
                         Shape{2, 2}, Shape{4, 1}, Shape{2, 3, 2}, Shape{70}})
    cases.push_back({draw(s)});
  return cases;
}
// For a reduction of axis 1.
std::vector<Tensors> rows(Draw draw) { return {{draw({11, 3})}, {draw({2, 3, 4})}, {draw({3, 1})}, {draw({0, 3})}}; }
// For a reduction of the axes 0 and 2, which are not neighbours, and of 1 and 2, which are.
std::vector<Tensors> blocks(Draw draw) {
  return {{draw({2, 11, 3})}, {draw({11, 3, 2, 2})}, {draw({1, 2, 3})}, {draw({0, 0, 2, 2})}, {draw({2, 1, 1, 1, 2})}};
}
std::vector<Tensors> blocks_with_elements(Draw draw) {
  std::vector<Tensors> cases = blocks(draw);
  cases.erase(cases.begin() + 3);
  return cases;
}
// Zeros: none in the first column, one in the second, two in the third.
Tensor with_zeros(const Shape& shape) {
  std::vector<double> v = nonzero(shape).to_vector<double>();
  for (std::size_t i = 0; i < v.size(); ++i)
    if (i % 3 == 1 && i < 3) v[i] = 0;
    else if (i % 3 == 2 && i < 6) v[i] = 0;
  return tensor(v, shape);
}
std::vector<Tensors> columns_with_zeros() {
  return {{with_zeros({4, 3})}, {with_zeros({2, 3})}, {nonzero({3, 2, 2})}, {nonzero({1, 4})}, {nonzero(Shape{2, 0})}};
}

const Axes outer_axes{0, 2}, inner_axes{1, 2};
const Tensor places = tensor({2, 0, 2, 1, 4});

const Table table = {
    {"sum", [](auto& x) { return square(sum(x[0])); }, one(positive)},
    {"sum over distant axes", [](auto& x) { return square(sum(x[0], outer_axes)); }, blocks(plain)},
    {"sum keeping axes", [](auto& x) { return square(sum(x[0], {-1}, true)); }, {{plain({2, 3, 4})}, {plain({1, 1})}}},
    {"sum over the first axis", [](auto& x) { return square(sum(x[0], 0)); }, rows(plain)},
    {"sum over nothing", [](auto& x) { return square(sum(x[0], Axes({}))); }, one(plain)},
    {"sum of itself weighted", [](auto& x) { return sum(x[0] * sum(x[0], 0, true), 1); }, {{plain({3, 4})}}},
    {"nansum", [](auto& x) { return square(nansum(x[0], 1)); }, rows(plain)},
    {"mean", [](auto& x) { return square(mean(x[0])); }, filled(plain)},
    {"mean over axes", [](auto& x) { return square(mean(x[0], inner_axes)); }, blocks_with_elements(plain)},
    {"nanmean", [](auto& x) { return square(nanmean(x[0], 1, true)); }, rows(plain)},
    {"sum_to",
     [](auto& x) {
       return square(sum_to(x[0], {3, 1}));
     },
     {{plain({3, 4})}, {plain({2, 3, 4})}, {plain({3, 1})}}},
    {"prod", [](auto& x) { return prod(x[0]); }, one(nonzero)},
    {"prod with zeros", [](auto& x) { return prod(x[0], 0); }, columns_with_zeros()},
    {"prod over distant axes", [](auto& x) { return prod(x[0], outer_axes, true); }, blocks(nonzero)},
    {"prod of itself", [](auto& x) { return square(prod(x[0], 1)) * sum(x[0], 1); }, {{nonzero({3, 4})}}},
    {"amax", [](auto& x) { return square(amax(x[0])); }, filled(distinct)},
    {"amax over axes", [](auto& x) { return square(amax(x[0], inner_axes)); }, blocks_with_elements(distinct)},
    {"amax over distant axes", [](auto& x) { return square(amax(x[0], outer_axes, true)); },
     blocks_with_elements(distinct)},
    {"amax over the first axis",
     [](auto& x) { return square(amax(x[0], 0)); },
     {{distinct({3, 11})}, {distinct({1, 2})}}},
    {"amin", [](auto& x) { return square(amin(x[0])); }, filled(distinct)},
    {"amin over axes", [](auto& x) { return square(amin(x[0], outer_axes)); }, blocks_with_elements(distinct)},
    {"max", [](auto& x) { return square(max(x[0])); }, filled(distinct)},
    {"max along an axis", [](auto& x) { return square(max(x[0], 1).values); }, rows(distinct)},
    {"max keeping the axis", [](auto& x) { return square(max(x[0], 0, true).values); }, {{distinct({2, 4, 3})}}},
    {"min", [](auto& x) { return square(min(x[0])); }, filled(distinct)},
    {"min along an axis", [](auto& x) { return square(min(x[0], 1).values); }, rows(distinct)},
    {"var", [](auto& x) { return square(var(x[0])); }, {{plain({3, 4})}, {plain({11})}, {plain({2, 3, 1, 2})}}},
    {"var over axes", [](auto& x) { return var(x[0], outer_axes); }, blocks_with_elements(plain)},
    {"var of the population", [](auto& x) { return square(var(x[0], 1, true, Correction(0))); }, rows(plain)},
    {"var over the first axis",
     [](auto& x) { return square(var(x[0], 0, false, Correction(0.5))); },
     {{plain({11, 3})}, {plain({2, 3, 4})}, {plain({3, 1})}}},
    {"stddev", [](auto& x) { return stddev(x[0]); }, {{distinct({3, 4})}, {distinct({11})}, {distinct({2, 3, 1, 2})}}},
    {"stddev over axes",
     [](auto& x) { return stddev(x[0], 1); },
     {{distinct({4, 3})}, {distinct({2, 3, 2})}, {distinct({0, 3})}}},
    {"norm", [](auto& x) { return norm(x[0]); }, one(nonzero)},
    {"norm over axes", [](auto& x) { return norm(x[0], 2, outer_axes, true); }, blocks(nonzero)},
    {"norm of order 0", [](auto& x) { return norm(x[0], 0); }, one(nonzero),
     [] {
       Bounds b;
       b.zero = true;
       return b;
     }()},
    {"norm of order 0.5", [](auto& x) { return norm(x[0], 0.5, 1); }, rows(nonzero)},
    {"norm of order 1", [](auto& x) { return square(norm(x[0], 1, 1)); }, rows(nonzero)},
    {"norm of order 1.5", [](auto& x) { return norm(x[0], 1.5); }, one(nonzero)},
    {"norm of order 3", [](auto& x) { return norm(x[0], 3, 1); }, rows(nonzero)},
    {"norm of order inf",
     [](auto& x) { return square(norm(x[0], inf, 1)); },
     {{distinct({11, 3}) * distinct({11, 3})}}},
    {"norm of order -inf", [](auto& x) { return square(norm(x[0], -inf, 1)); }, {{exp(0.1 * distinct({11, 3}))}}},
    {"logsumexp",
     [](auto& x) { return logsumexp(x[0]); },
     {{plain({3, 4})}, {plain({5})}, {plain({2, 1})}, {plain({0, 3})}}},
    {"logsumexp over axes", [](auto& x) { return logsumexp(x[0], outer_axes, true); }, blocks_with_elements(plain)},
    {"logsumexp over everything", [](auto& x) { return logsumexp(x[0], Axes::all()); }, filled(plain)},
    {"logsumexp over the first axis",
     [](auto& x) { return logsumexp(x[0], 0); },
     {{plain({3, 2, 2})}, {plain({2, 40})}}},
    {"softmax",
     [](auto& x) { return softmax(x[0]); },
     {{plain({3, 4})}, {plain({5})}, {plain({2, 1})}, {plain({0, 3})}}},
    {"softmax over the first axis", [](auto& x) { return softmax(x[0], 0); }, {{plain({3, 2, 2})}, {plain({2, 0})}}},
    {"log_softmax",
     [](auto& x) { return log_softmax(x[0]); },
     {{plain({3, 4})}, {plain({5})}, {plain({2, 1})}, {plain({0, 3})}}},
    {"log_softmax over a middle axis", [](auto& x) { return log_softmax(x[0], 1); }, {{plain({2, 3, 2})}}},
    {"softmin", [](auto& x) { return softmin(x[0], 1); }, rows(plain)},
    {"cumsum", [](auto& x) { return square(cumsum(x[0], 1)); }, rows(plain)},
    {"cumsum over the first axis",
     [](auto& x) { return square(cumsum(x[0], 0)); },
     {{plain({3, 2, 2})}, {plain({12})}}},
    {"cumprod", [](auto& x) { return cumprod(x[0], 1); }, rows(nonzero)},
    {"cumprod with zeros", [](auto& x) { return cumprod(x[0], 0); }, columns_with_zeros()},
    {"logcumsumexp", [](auto& x) { return logcumsumexp(x[0], 1); }, rows(plain)},
    {"logcumsumexp over the first axis",
     [](auto& x) { return logcumsumexp(x[0], 0); },
     {{plain({3, 2, 2})}, {plain({12})}}},
    {"cummax",
     [](auto& x) { return square(cummax(x[0], 0).values); },
     {{distinct({3, 11})}, {distinct({5})}, {distinct({2, 0})}}},
    {"cummin", [](auto& x) { return square(cummin(x[0], 1).values); }, rows(distinct)},
    {"sort", [](auto& x) { return square(sort(x[0]).values); }, {{distinct({3, 4})}, {distinct({7})}, {distinct({0})}}},
    {"sort descending",
     [](auto& x) { return square(sort(x[0], 0, true).values); },
     {{distinct({4, 3})}, {distinct({3, 0})}}},
    {"topk", [](auto& x) { return square(topk(x[0], 2).values); }, {{distinct({5, 4})}, {distinct({2})}}},
    {"topk of the least", [](auto& x) { return square(topk(x[0], 3, 0, false).values); }, {{distinct({4, 4})}}},
    {"kthvalue",
     [](auto& x) { return square(kthvalue(x[0], 2, 1).values); },
     {{distinct({11, 3})}, {distinct({2, 2, 2})}}},
    {"median", [](auto& x) { return square(median(x[0])); }, filled(distinct)},
    {"median along an axis", [](auto& x) { return square(median(x[0], 1).values); }, rows(distinct)},
    {"quantile", [](auto& x) { return square(quantile(x[0], 0.3)); }, filled(distinct)},
    {"quantile along an axis", [](auto& x) { return square(quantile(x[0], 0.6, 1, true)); }, rows(distinct)},
    {"bincount", [](auto& x) { return square(bincount(places, x[0])); }, {{plain({5})}, {plain({5})}, {plain({5})}}},
};

const Tensor sorted_rows = tensor({{1., 2., 2., 4.}, {0., 1., 5., 6.}});

const Table values_only = {
    {"argmax", [](auto& x) { return argmax(x[0], 0); }, {}},
    {"argmin", [](auto& x) { return argmin(x[0], 1, true); }, {}},
    {"max indices", [](auto& x) { return max(x[0], 1).indices; }, {}},
    {"cummax indices", [](auto& x) { return cummax(x[0], 1).indices; }, {}},
    {"cummin indices", [](auto& x) { return cummin(x[0], 0).indices; }, {}},
    {"argsort", [](auto& x) { return argsort(x[0], 1); }, {}},
    {"argsort descending", [](auto& x) { return argsort(x[0], 0, true); }, {}},
    {"topk indices", [](auto& x) { return topk(x[0], 3, 1).indices; }, {}},
    {"median indices", [](auto& x) { return median(x[0], 1).indices; }, {}},
    {"any", [](auto& x) { return any(x[0] > 1.5, 0); }, {}},
    {"all",
     [](auto& x) {
       return all(x[0] > -1.5, {0, 1});
     },
     {}},
    {"count_nonzero", [](auto& x) { return count_nonzero(x[0], 1); }, {}},
    {"histc", [](auto& x) { return histc(x[0], 5, -1.5, 1.75); }, {}},
    {"histc of the range", [](auto& x) { return histc(x[0], 4); }, {}},
    {"searchsorted", [](auto& x) { return searchsorted(sorted_rows, x[0]); }, {}},
    {"searchsorted right", [](auto& x) { return searchsorted(sorted_rows, x[0], true); }, {}},
    {"unique", [](auto& x) { return unique(x[0]).values; }, {}},
    {"unique inverse", [](auto& x) { return unique(x[0]).inverse; }, {}},
    {"unique counts", [](auto& x) { return unique(x[0]).counts; }, {}},
    {"bincount", [](auto& x) { return bincount(x[0], 6); }, {}},
};

}  // namespace

XTAPE_CHECK_TABLE("reduction", table, values_only)
