// How exact reductions and costs are, and their first and second derivatives: see docs/accuracy.md.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "accuracy.hpp"

using namespace accuracy;

namespace {

using Cost = std::function<Tensor(const Tensors&, Reduction)>;
struct Row {
  const char* name;
  Cost f;
};

// The results that the formulas of accuracy/reductions.py look at.
Tensor columns(const Tensor& x) { return reshape(x, {-1, 5}); }
Tensor ends(const Tensor& y) {
  const std::int64_t n = y.size();
  return index(y, 0, tensor({n / 4, n / 2, n - 1}));
}
Tensor middle(const Tensor& x) { return tensor(x.size() / 2); }
Tensor labels(const Tensor& x) {
  std::vector<std::int64_t> k(static_cast<std::size_t>(x.size()), -1);
  k[0] = x.size() / 2;
  if (x.size() / 3 != k[0]) k[1] = x.size() / 3;
  return tensor(k);
}
Tensor distance(const Tensor& a, const Tensor& b) { return sum(abs(a - b), -1); }
Tensor row_of(const Tensor& x) { return unsqueeze(x, 0); }

// clang-format off
const Row rows[] = {
    {"sum", [](auto& x, auto) { return sum(x[0]); }},
    {"mean", [](auto& x, auto) { return mean(x[0]); }},
    {"nansum", [](auto& x, auto) { return nansum(x[0]); }},
    {"nanmean", [](auto& x, auto) { return nanmean(x[0]); }},
    {"prod", [](auto& x, auto) { return prod(x[0]); }},
    {"amax", [](auto& x, auto) { return amax(x[0]); }},
    {"amin", [](auto& x, auto) { return amin(x[0]); }},
    {"max", [](auto& x, auto) { return max(x[0], 0).values; }},
    {"min", [](auto& x, auto) { return min(x[0], 0).values; }},
    {"median", [](auto& x, auto) { return median(x[0]); }},
    {"kthvalue", [](auto& x, auto) { return kthvalue(x[0], x[0].size() / 3 + 1).values; }},
    {"quantile", [](auto& x, auto) { return quantile(x[0], 0.25); }},
    {"sum_to", [](auto& x, auto) { return sum_to(columns(x[0]), {5}); }},
    {"bincount", [](auto& x, auto) { return bincount(remainder(arange(x[0].size()), 5), x[0]); }},
    {"cumsum", [](auto& x, auto) { return ends(cumsum(x[0], 0)); }},
    {"cumprod", [](auto& x, auto) { return ends(cumprod(x[0], 0)); }},
    {"logcumsumexp", [](auto& x, auto) { return ends(logcumsumexp(x[0], 0)); }},
    {"cummax", [](auto& x, auto) { return ends(cummax(x[0], 0).values); }},
    {"cummin", [](auto& x, auto) { return ends(cummin(x[0], 0).values); }},
    {"logsumexp", [](auto& x, auto) { return logsumexp(x[0]); }},
    {"softmax", [](auto& x, auto) { return softmax(x[0]); }},
    {"softmin", [](auto& x, auto) { return softmin(x[0]); }},
    {"log_softmax", [](auto& x, auto) { return log_softmax(x[0]); }},
    {"var", [](auto& x, auto) { return var(x[0]); }},
    {"stddev", [](auto& x, auto) { return stddev(x[0]); }},
    {"norm of 0", [](auto& x, auto) { return norm(x[0], 0); }},
    {"norm of 0.5", [](auto& x, auto) { return norm(x[0], 0.5); }},
    {"norm of 1", [](auto& x, auto) { return norm(x[0], 1); }},
    {"norm of 2", [](auto& x, auto) { return norm(x[0]); }},
    {"norm of 3", [](auto& x, auto) { return norm(x[0], 3); }},
    {"norm of inf", [](auto& x, auto) { return norm(x[0], HUGE_VAL); }},
    {"norm of -inf", [](auto& x, auto) { return norm(x[0], -HUGE_VAL); }},
    {"mean of columns", [](auto& x, auto) { return mean(columns(x[0]), 0); }},
    {"var of columns", [](auto& x, auto) { return var(columns(x[0]), 0); }},
    {"stddev of columns", [](auto& x, auto) { return stddev(columns(x[0]), 0); }},
    {"norm of columns", [](auto& x, auto) { return norm(columns(x[0]), 2, 0); }},
    {"logsumexp of columns", [](auto& x, auto) { return logsumexp(columns(x[0]), 0); }},
    {"cumsum of columns", [](auto& x, auto) { return ends(select(cumsum(columns(x[0]), 0), 1, 2)); }},
    {"softmax of columns", [](auto& x, auto) { return softmax(columns(x[0]), 0); }},
    {"log_softmax of columns", [](auto& x, auto) { return log_softmax(columns(x[0]), 0); }},
    {"dot", [](auto& x, auto) { return dot(x[0], x[1]); }},
    {"matmul", [](auto& x, auto) { return matmul(row_of(x[0]), unsqueeze(x[1], 1)); }},
    {"einsum", [](auto& x, auto) { return einsum("i,i->", {x[0], x[1]}); }},
    {"trace", [](auto& x, auto) { return trace(reshape(x[0], {10, 10})); }},
    {"cdist", [](auto& x, auto) { return cdist(row_of(x[0]), row_of(x[1])); }},
    {"pointwise_sum", [](auto& x, auto) { return pointwise_sum([](auto v) { return square(v); }, x[0]); }},
    {"pointwise_mean", [](auto& x, auto) { return pointwise_mean([](auto v) { return square(v); }, x[0]); }},
    {"layer_norm", [](auto& x, auto) { return layer_norm(x[0], x[0].shape(), Tensor(), Tensor(), 0x1p-17); }},
    {"rms_norm", [](auto& x, auto) { return rms_norm(x[0], x[0].shape(), Tensor(), 0x1p-17); }},
    {"l1_loss", [](auto& x, auto r) { return nn::l1_loss(x[0], x[1], r); }},
    {"mse_loss", [](auto& x, auto r) { return nn::mse_loss(x[0], x[1], r); }},
    {"quadratic_cost", [](auto& x, auto) { return nn::quadratic_cost(x[0], x[1]); }},
    {"huber_loss", [](auto& x, auto r) { return nn::huber_loss(x[0], x[1], 1, r); }},
    {"smooth_l1_loss", [](auto& x, auto r) { return nn::smooth_l1_loss(x[0], x[1], 0.5, r); }},
    {"log_cosh_loss", [](auto& x, auto r) { return nn::log_cosh_loss(x[0], x[1], r); }},
    {"quantile_loss", [](auto& x, auto r) { return nn::quantile_loss(x[0], x[1], 0.25, r); }},
    {"poisson_nll_loss", [](auto& x, auto r) {
       return nn::poisson_nll_loss(x[0], x[1], nn::PoissonNllOptions().reduction(r)); }},
    {"poisson_nll_loss of rates", [](auto& x, auto r) {
       return nn::poisson_nll_loss(x[0], x[1], nn::PoissonNllOptions().log_input(false).eps(0x1p-20).reduction(r)); }},
    {"gaussian_nll_loss", [](auto& x, auto r) { return nn::gaussian_nll_loss(x[0], x[1], x[2], false, 1e-6, r); }},
    {"binary_cross_entropy", [](auto& x, auto r) { return nn::binary_cross_entropy(x[0], x[1], r); }},
    {"binary_cross_entropy_with_logits", [](auto& x, auto r) {
       return nn::binary_cross_entropy_with_logits(x[0], x[1], r); }},
    {"kl_div", [](auto& x, auto r) { return nn::kl_div(x[0], x[1], false, r); }},
    {"kl_div of logarithms", [](auto& x, auto r) { return nn::kl_div(x[0], x[1], true, r); }},
    {"focal_loss", [](auto& x, auto r) { return nn::focal_loss(x[0], x[1], 0.25, 2, r); }},
    {"dice_loss", [](auto& x, auto) { return nn::dice_loss(row_of(x[0]), row_of(x[1])); }},
    {"tversky_loss", [](auto& x, auto) { return nn::tversky_loss(row_of(x[0]), row_of(x[1]), 0.25, 0.5, 1); }},
    {"hinge_embedding_loss", [](auto& x, auto r) { return nn::hinge_embedding_loss(x[0], x[1], 1, r); }},
    {"margin_ranking_loss", [](auto& x, auto r) { return nn::margin_ranking_loss(x[0], x[1], x[2], 0.5, r); }},
    {"soft_margin_loss", [](auto& x, auto r) { return nn::soft_margin_loss(x[0], x[1], r); }},
    {"multilabel_soft_margin_loss", [](auto& x, auto r) {
       return r == Reduction::none ? nn::multilabel_soft_margin_loss(unsqueeze(x[0], 1), unsqueeze(x[1], 1), r)
                                   : nn::multilabel_soft_margin_loss(row_of(x[0]), row_of(x[1]), r); }},
    {"multi_margin_loss of 1", [](auto& x, auto) {
       return nn::multi_margin_loss(x[0], middle(x[0]), nn::MultiMarginOptions().margin(0.5)); }},
    {"multi_margin_loss of 2", [](auto& x, auto) {
       return nn::multi_margin_loss(x[0], middle(x[0]), nn::MultiMarginOptions().p(2).margin(0.5)); }},
    {"multilabel_margin_loss", [](auto& x, auto) { return nn::multilabel_margin_loss(x[0], labels(x[0])); }},
    {"cosine_embedding_loss", [](auto& x, auto) {
       return nn::cosine_embedding_loss(x[0], x[1], ones({}, x[0].dtype())); }},
    {"CosineSimilarity", [](auto& x, auto) { return nn::CosineSimilarity(0)(x[0], x[1]); }},
    {"PairwiseDistance", [](auto& x, auto) { return nn::PairwiseDistance(2, 0x1p-20)(x[0], x[1]); }},
    {"triplet_margin_loss", [](auto& x, auto) {
       return nn::triplet_margin_loss(x[0], x[1], x[2], nn::TripletMarginOptions().margin(1e8).eps(0x1p-20)); }},
    {"triplet_margin_with_distance_loss", [](auto& x, auto) {
       return nn::triplet_margin_with_distance_loss(x[0], x[1], x[2], distance, 1e8); }},
    {"cross_entropy", [](auto& x, auto) { return nn::cross_entropy(x[0], middle(x[0])); }},
    {"cross_entropy with smoothing", [](auto& x, auto) {
       return nn::cross_entropy(x[0], middle(x[0]), CrossEntropyOptions().label_smoothing(0.25)); }},
    {"cross_entropy of probabilities", [](auto& x, auto) { return nn::cross_entropy(x[0], x[1]); }},
    {"nll_loss", [](auto& x, auto) { return nn::nll_loss(x[0], middle(x[0])); }},
    {"ctc_loss", [](auto& x, auto) {
       return nn::ctc_loss(reshape(x[0], {5, 1, 4}), tensor({{2, 1}}), {5}, {2}); }},
};
// clang-format on

// In units of the last place of the sum of the terms' magnitudes, or of the larger of a few terms, divided by log2 of
// how many they are: 4, which is 2 for the value of one element (see `asked`).
constexpr std::array<double, 3> bounds{4, 4, 4};

// What reduces and has no row.
const std::vector<Unmeasured> unmeasured = {
    {"sort", "moves elements"},
    {"topk", "moves elements"},
    {"linear", "as matmul, plus one term"},
    {"bmm", "as matmul"},
    {"mv", "as matmul"},
    {"addmm", "as matmul, plus one term"},
    {"baddbmm", "as matmul, plus one term"},
    {"multi_dot", "several matmuls, one after the other: what the first rounds the second multiplies"},
    {"tensordot", "as matmul"},
    {"outer", "single products"},
    {"kron", "single products"},
    {"cross", "a sub of two muls"},
    {"batch_norm", "as layer_norm, over other axes"},
    {"group_norm", "as layer_norm, over other axes"},
    {"instance_norm", "as layer_norm, over other axes"},
    {"scaled_dot_product_attention", "matmul, softmax and matmul, one after the other"},
    {"info_nce", "CosineSimilarity, matmul and cross_entropy, one after the other"},
};

// A sanitizer takes a minute for more than this.
#if defined(XTAPE_SANITIZED)
constexpr std::int64_t most_terms = 10000;
#else
constexpr std::int64_t most_terms = 10000000;
#endif

// What elements of an argument are made of, as accuracy/terms.py has it.
struct Terms {
  int low, span, bits, sign, cancel;
  std::uint64_t seed;
  bool constant;
};
Terms terms(const std::string& text) {
  Terms t{};
  char c[6] = {};
  std::istringstream in(text);
  in >> t.low >> c[0] >> t.span >> c[1] >> t.bits >> c[2] >> t.sign >> c[3] >> t.cancel >> c[4] >> t.seed >> c[5];
  t.constant = c[5] == 'c';
  return t;
}
std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}
template <class T>
Tensor made(const Terms& t, std::int64_t n) {
  constexpr int period = 100;
  T few[period];
  for (int k = 0; k < period; ++k) {
    const std::uint64_t h = mix(t.seed * 0x9e3779b97f4a7c15 + static_cast<std::uint64_t>(k + 1) * 0xd1b54a32d192ed03);
    const std::uint64_t mantissa = (mix(h) >> 12) & ((std::uint64_t{1} << t.bits) - 1);
    const int exponent = t.low + static_cast<int>((h >> 4) % static_cast<unsigned>(t.span));
    const T v = std::ldexp(1 + std::ldexp(static_cast<T>(mantissa), 1 - std::numeric_limits<T>::digits), exponent);
    few[k] = t.sign == 3 && (h >> 1) % 8 == 0            ? std::numeric_limits<T>::quiet_NaN()
             : t.sign == 2 || (t.sign % 2 == 1 && h & 1) ? -v
                                                         : v;
  }
  const Tensor x = slice(tile(tensor(few, Shape{period}), {(n + period - 1) / period}), 0, {0, n});
  return t.cancel ? concat({slice(x, 0, {0, n / 2}), -slice(x, 0, {n / 2, n})}) : x;
}

// A line of a case: `what` is v, f or s, `at` its arguments and positions.
struct Line {
  char what;
  std::vector<std::int64_t> at;
  std::vector<std::string> cells;
};
struct Case {
  bool each;
  std::int64_t n;
  std::vector<std::string> arguments;
  std::vector<Line> lines;
};
struct Cases {
  Known head;  // name, libtorch and dtype
  std::vector<Case> all;
};

std::vector<Cases> known_cases() {
  std::ifstream file(XTAPE_TEST_DIR "/accuracy/reductions.txt");
  REQUIRE(file);
  std::vector<Cases> found;
  std::string text, name, word;
  while (std::getline(file, text)) {
    std::istringstream line(text);
    line >> word;
    if (word == "row") {
      std::getline(line >> std::ws, name);
    } else if (word == "float32" || word == "float64") {
      found.emplace_back();
      Known& k = found.back().head;
      k.name = name;
      k.dtype = word == "float64" ? float64 : float32;
      line >> word;
      std::getline(line >> std::ws, k.libtorch);
    } else if (word == "case" || word == "each") {
      Case c{word == "each", 0, {}, {}};
      line >> c.n;
      while (line >> word) c.arguments.push_back(word);
      found.back().all.push_back(c);
    } else {
      Case& c = found.back().all.back();
      Line l{word[0], {}, {}};
      const std::size_t numbers = (c.each ? 0 : 1) * (l.what == 's' ? 2 : 1) + (l.what == 'v'   ? 0
                                                                                : l.what == 'f' ? 1
                                                                                                : 2);
      for (std::int64_t at; l.at.size() < numbers && line >> at;) l.at.push_back(at);
      while (line >> word) l.cells.push_back(word);
      c.lines.push_back(l);
    }
  }
  return found;
}

// The cell, its unit as large as that of a sum of so many terms.
Cell asked(const std::string& text, Dtype dtype, std::size_t order) {
  const std::size_t at = text.find('#');
  Cell c = cell(text.substr(0, at), dtype);
  if (at != std::string::npos) c.unit *= std::log2(std::stod(text.substr(at + 1)));
  else if (order == 0) c.unit /= 2;
  // As of elementwise functions: the factors of a derivative hardly above the subnormal numbers may be subnormal.
  if (order > 0) c.unit = std::max(c.unit, std::ldexp(1., dtype == float64 ? -1064 : -139));
  return c;
}

double element(const Tensor& x, std::int64_t i) {
  return x.dtype() == float64 ? x.data<double>()[i] : static_cast<double>(x.data<float>()[i]);
}

void measure(const Row& row, Dtype dtype, const Case& c, Errors& e) {
  Tensors x, variables;
  for (const std::string& text : c.arguments) {
    const Terms t = terms(text);
    x.push_back(dtype == float64 ? made<double>(t, c.n) : made<float>(t, c.n));
    if (!t.constant) {
      x.back() = x.back().requires_grad();
      variables.push_back(x.back());
    }
  }
  const Reduction reduction = c.each ? Reduction::none : Reduction::mean;
  auto differentiated = [&](const Tensor& y) {
    if (c.each || y.size() == 1) return sum(y);
    const Tensor& w = x.back();
    return sum(flatten(y) * (w.size() == y.size() ? w : slice(w, 0, {0, y.size()})));
  };
  auto look = [&](std::size_t order, const Tensor& got, const Line& line, std::int64_t position) {
    for (std::size_t k = 0; k < line.cells.size(); ++k) {
      const std::int64_t i = c.each ? static_cast<std::int64_t>(k) : position;
      const double y = element(got, i);
      const Cell exact = asked(line.cells[k], dtype, order);
      const double error = accuracy::error(y, exact);
      if (!(error > e.most[order])) continue;
      e.most[order] = error;
      e.at[order] = std::to_string(c.n) + " of";
      for (const std::string& a : c.arguments) e.at[order] += " " + a;
      e.at[order] += ", " + std::to_string(i) + ": " + shown(y) + ", exact " + shown(exact.value);
    }
  };
  const bool has_second = std::any_of(c.lines.begin(), c.lines.end(), [](const Line& l) { return l.what == 's'; });
  for (const GradFlags flags : {grad_defaults, create_graph}) {
    if (flags == create_graph && !has_second) continue;
    const Tensor y = row.f(x, reduction);
    const Tensors first = derivative(differentiated(y), variables, flags);
    std::map<std::int64_t, Tensors> second;
    for (const Line& line : c.lines) {
      if (line.what == 'v') look(0, y, line, c.each ? 0 : line.at[0]);
      if (line.what == 'f') look(1, first[static_cast<std::size_t>(line.at[0])], line, c.each ? 0 : line.at[1]);
      if (line.what != 's' || flags != create_graph) continue;
      const auto a = static_cast<std::size_t>(line.at[0]), b = static_cast<std::size_t>(line.at[1]);
      Tensors& row_of_it = second[line.at[0]];
      if (row_of_it.empty())
        row_of_it = derivative(c.each ? sum(first[a]) : select(first[a], 0, line.at[2]), variables, retain_graph);
      look(2, row_of_it[b], line, c.each ? 0 : line.at[3]);
    }
  }
}

Errors measure(const Row& row, const Cases& cases) {
  Errors e;
  for (const Case& c : cases.all)
    if (c.n <= most_terms) measure(row, cases.head.dtype, c, e);
  return e;
}

void for_rows(const std::function<void(const Known&, const Errors&)>& f) {
  const std::vector<Cases> all = known_cases();
  for (const Row& row : rows) {
    int found = 0;
    for (const Cases& k : all)
      if (k.head.name == row.name) f(k.head, measure(row, k)), ++found;
    const std::string name = row.name;
    CAPTURE(name);
    CHECK(found == 2);
  }
}

}  // namespace

TEST_CASE("reductions and costs and their derivatives are within their bounds") {
  for_rows([](const Known& k, const Errors& e) { check(k, e, bounds); });
}

TEST_CASE("every differentiable reduction and every cost has its accuracy measured, or a reason why not") {
  std::vector<std::string> names;
  for (const Row& row : rows) names.push_back(row.name);
  check_measured(names, unmeasured, "operations.md",
                 {"reduction", "scan", "softmax", "statistics", "sort", "linalg", "einsum", "distance", "normalization",
                  "loss", "attention"},
                 is_differentiable, 50);
  check_measured(
      names, unmeasured, "layers.md",
      {"classification_loss", "ctc_loss", "distance_loss", "margin_loss", "regression_loss", "similarity"},
      [](auto&) { return true; }, 25);
}

TEST_CASE("accuracy of the reductions" * doctest::skip()) {
  for_rows([](const Known& k, const Errors& e) { print_row("reductions", k, e); });
}
