#include "einsum.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "detail/apply.hpp"
#include "detail/matrix_part.hpp"
#include "diagonal.hpp"
#include "elementwise.hpp"
#include "linalg.hpp"
#include "shape.hpp"

namespace xtape {
namespace {

// A letter, or, below 0, an axis of "...", counted from its end.
using AxisLabels = std::vector<int>;

bool contains(const AxisLabels& labels, int label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

AxisLabels operator+(AxisLabels a, const AxisLabels& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// A tensor whose axes have labels, each its own.
struct Term {
  Tensor x;
  AxisLabels labels;

  std::int64_t size(int label) const {
    const auto at = std::find(labels.begin(), labels.end(), label);
    return x.shape()[static_cast<int>(at - labels.begin())];
  }
  std::int64_t size(const AxisLabels& some) const {
    std::int64_t n = 1;
    for (int label : some) n *= size(label);
    return n;
  }
};

// The axes in another order.
Term ordered(const Term& t, const AxisLabels& labels) {
  if (t.labels == labels) return t;
  std::vector<int> order;
  for (int label : labels)
    order.push_back(static_cast<int>(std::find(t.labels.begin(), t.labels.end(), label) - t.labels.begin()));
  return {permute(t.x, order), labels};
}

// Without the axes that `keep` refuses, which are summed over.
template <class Keep>
Term summed(const Term& t, const Keep& keep) {
  AxisLabels kept;
  std::vector<int> axes;
  for (std::size_t i = 0; i < t.labels.size(); ++i)
    if (keep(t.labels[i])) kept.push_back(t.labels[i]);
    else axes.push_back(static_cast<int>(i));
  return axes.empty() ? t : Term{sum(t.x, Axes(axes)), kept};
}

// The sum of a b over the labels that both have and `keep` refuses. `keep` also says which of the others are not
// summed.
template <class Keep>
Term contract(Term a, Term b, const Keep& keep) {
  a = summed(a, [&](int label) { return keep(label) || contains(b.labels, label); });
  b = summed(b, [&](int label) { return keep(label) || contains(a.labels, label); });
  AxisLabels left, right, batch, inner;
  for (int label : a.labels)
    if (!contains(b.labels, label)) left.push_back(label);
  for (int label : b.labels)
    if (!contains(a.labels, label)) right.push_back(label);

  // The shared axes in the order of one operand: that which saves copying. Either may be read transposed.
  auto share = [&](const AxisLabels& order) {
    batch.clear(), inner.clear();
    for (int label : order)
      if (!contains(left, label) && !contains(right, label)) (keep(label) ? batch : inner).push_back(label);
    return (a.labels != batch + left + inner && a.labels != batch + inner + left) +
           (b.labels != batch + inner + right && b.labels != batch + right + inner);
  };
  if (const int copies = share(a.labels); copies > 0 && share(b.labels) >= copies) share(a.labels);

  const std::int64_t m = a.size(left), n = b.size(right), k = a.size(inner), count = a.size(batch);
  Shape shape;
  for (int label : batch + left) shape.push_back(a.size(label));
  for (int label : right) shape.push_back(b.size(label));
  const AxisLabels labels = batch + left + right;
  auto matrices = [&](const Term& t, std::int64_t rows, std::int64_t columns) {
    return reshape(t.x, batch.empty() ? Shape{rows, columns} : Shape{count, rows, columns});
  };

  // Products that add nothing up, and sums of one product a batch, are no matter for BLAS.
  if (inner.empty())
    return {reshape(matrices(ordered(a, batch + left), m, 1) * matrices(ordered(b, batch + right), 1, n), shape),
            labels};
  if (left.empty() && right.empty() && !batch.empty())
    return {reshape(sum(matrices(ordered(a, batch + inner), 1, k) * matrices(ordered(b, batch + inner), 1, k), {-1}),
                    shape),
            labels};
  const bool ta = !left.empty() && a.labels == batch + inner + left;
  const bool tb = !right.empty() && b.labels == batch + right + inner;
  const Term p = ta ? a : ordered(a, batch + left + inner), q = tb ? b : ordered(b, batch + inner + right);
  if (batch.empty() && left.empty() && right.empty()) return {dot(reshape(p.x, Shape{k}), reshape(q.x, Shape{k})), {}};
  if (batch.empty() && right.empty())
    return {reshape(matmul(matrices(p, ta ? k : m, ta ? m : k), reshape(q.x, Shape{k}), ta), shape), labels};
  if (batch.empty() && left.empty())
    return {reshape(matmul(reshape(p.x, Shape{k}), matrices(q, tb ? n : k, tb ? k : n), false, tb), shape), labels};
  return {reshape(matmul(matrices(p, ta ? k : m, ta ? m : k), matrices(q, tb ? n : k, tb ? k : n), ta, tb), shape),
          labels};
}

// What an equation says: the axes of each operand and of the result, where `ellipsis` stands for "...".
constexpr int ellipsis_label = std::numeric_limits<int>::min();
struct Equation {
  std::vector<AxisLabels> operands;
  AxisLabels result;
  bool has_result = false;
};

struct Parser {
  const std::string& text;
  Site site;

  [[noreturn]] void refuse(const std::string& message) const { fail("einsum", "\"" + text + "\": " + message, site); }

  Equation parse() const {
    Equation e;
    e.operands.emplace_back();
    AxisLabels* at = &e.operands.back();
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (c == ' ') continue;
      if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
        at->push_back(c);
      } else if (c == '.' && text.compare(i, 3, "...") == 0) {
        if (contains(*at, ellipsis_label)) refuse("an operand has \"...\" twice");
        at->push_back(ellipsis_label);
        i += 2;
      } else if (c == ',' && !e.has_result) {
        e.operands.emplace_back();
        at = &e.operands.back();
      } else if (c == '-' && text.compare(i, 2, "->") == 0 && !e.has_result) {
        e.has_result = true;
        at = &e.result;
        ++i;
      } else {
        refuse(std::string("did not expect '") + c + "' at " + std::to_string(i));
      }
    }
    return e;
  }
};

// "..." as the axes -n … -1.
AxisLabels spelled_out(const AxisLabels& labels, int n) {
  AxisLabels all;
  for (int label : labels)
    if (label != ellipsis_label) all.push_back(label);
    else
      for (int i = -n; i < 0; ++i) all.push_back(i);
  return all;
}

std::string name_of(int label) {
  return label < 0 ? "axis " + std::to_string(label) + " of \"...\""
                   : std::string("'") + static_cast<char>(label) + "'";
}

// Operand and labels with each label once: of repeated ones, the diagonal.
Term without_repeats(Term t, const Parser& parser) {
  for (std::size_t i = 0; i < t.labels.size(); ++i)
    for (std::size_t j = i + 1; j < t.labels.size(); ++j) {
      if (t.labels[i] != t.labels[j]) continue;
      const std::int64_t n = t.x.shape()[static_cast<int>(i)], other = t.x.shape()[static_cast<int>(j)];
      if (n != other)
        parser.refuse("the axes " + name_of(t.labels[i]) + " of one operand " + to_string(t.x.shape()) +
                      " have sizes " + std::to_string(n) + " and " + std::to_string(other));
      std::vector<int> order;
      AxisLabels labels;
      for (std::size_t k = 0; k < t.labels.size(); ++k)
        if (k != i && k != j) {
          order.push_back(static_cast<int>(k));
          labels.push_back(t.labels[k]);
        }
      order.push_back(static_cast<int>(i));
      order.push_back(static_cast<int>(j));
      labels.push_back(t.labels[i]);
      return without_repeats({diagonal(permute(t.x, order), 0, -2, -1), labels}, parser);
    }
  return t;
}

// The operands as terms, "..." spelled out in them and in the result, and the result's labels.
std::vector<Term> terms_of(const Parser& parser, const Tensors& operands, AxisLabels& result) {
  Equation e = parser.parse();
  if (e.operands.size() != operands.size())
    parser.refuse("names " + std::to_string(e.operands.size()) + " operands, but there are " +
                  std::to_string(operands.size()));
  std::vector<Term> terms;
  std::map<int, int> occurrences;
  int widest = 0;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    AxisLabels& labels = e.operands[i];
    if (!operands[i].defined()) parser.refuse("operand " + std::to_string(i) + " is undefined");
    const bool open = contains(labels, ellipsis_label);
    const int more = operands[i].rank() - static_cast<int>(labels.size()) + open;
    if (more < 0 || (more > 0 && !open))
      parser.refuse("operand " + std::to_string(i) + " has shape " + to_string(operands[i].shape()) + ", but " +
                    std::to_string(labels.size() - open) + (open ? " axes besides \"...\"" : " axes") + " are named");
    widest = std::max(widest, more);
    for (int label : labels)
      if (label != ellipsis_label) ++occurrences[label];
    terms.push_back({operands[i], spelled_out(labels, more)});
  }

  if (!e.has_result) {
    e.result.push_back(ellipsis_label);
    for (auto [label, n] : occurrences)
      if (n == 1) e.result.push_back(label);
  } else if (widest > 0 && !contains(e.result, ellipsis_label)) {
    parser.refuse("the result must have \"...\" too; sum over those axes afterwards");
  }
  result = spelled_out(e.result, widest);
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (result[i] >= 0 && occurrences.count(result[i]) == 0)
      parser.refuse("the result has " + name_of(result[i]) + ", which no operand has");
    if (std::find(result.begin() + static_cast<std::ptrdiff_t>(i) + 1, result.end(), result[i]) != result.end())
      parser.refuse("the result has " + name_of(result[i]) + " twice");
  }
  return terms;
}

// Axes of size 1 that stretch to those of other operands are dropped.
void stretch(std::vector<Term>& terms, const Parser& parser) {
  std::map<int, std::int64_t> sizes;
  for (const Term& t : terms)
    for (std::size_t i = 0; i < t.labels.size(); ++i) {
      const std::int64_t n = t.x.shape()[static_cast<int>(i)];
      const auto [at, is_new] = sizes.emplace(t.labels[i], n);
      if (!is_new && at->second != n && at->second != 1 && n != 1)
        parser.refuse(name_of(t.labels[i]) + " has sizes " + std::to_string(at->second) + " and " + std::to_string(n));
      if (at->second == 1) at->second = n;
    }
  for (Term& t : terms) {
    Shape shape;
    AxisLabels labels;
    for (std::size_t i = 0; i < t.labels.size(); ++i) {
      const std::int64_t n = t.x.shape()[static_cast<int>(i)];
      if (n == 1 && sizes[t.labels[i]] != 1) continue;
      shape.push_back(n);
      labels.push_back(t.labels[i]);
    }
    if (labels.size() < t.labels.size()) t = {reshape(t.x, shape), labels};
  }
}

// How many products the contraction of two terms takes; those that share no axis come last.
double cost(const Term& a, const Term& b) {
  double n = 1;
  bool shares = false;
  for (int label : a.labels) n *= static_cast<double>(a.size(label));
  for (int label : b.labels)
    if (contains(a.labels, label)) shares = true;
    else n *= static_cast<double>(b.size(label));
  return shares ? n : n * 1e30;
}

}  // namespace

Tensor einsum(const std::string& equation, const Tensors& operands, Site site) {
  Scope scope(site);
  const Parser parser{equation, site};
  AxisLabels result;
  std::vector<Term> terms = terms_of(parser, operands, result);
  for (Term& t : terms) {
    t.x = promote_floating("einsum", t.x);
    if (t.x.dtype() != terms[0].x.dtype())
      parser.refuse("the operands have different dtypes, float32 and float64; convert with to(dtype)");
    t = without_repeats(t, parser);
  }
  stretch(terms, parser);

  while (terms.size() > 1) {
    std::size_t first = 0, second = 1;
    for (std::size_t i = 0; i < terms.size() && terms.size() > 2; ++i)
      for (std::size_t j = i + 1; j < terms.size(); ++j)
        if (cost(terms[i], terms[j]) < cost(terms[first], terms[second])) first = i, second = j;
    const Term a = terms[first], b = terms[second];
    terms.erase(terms.begin() + static_cast<std::ptrdiff_t>(second));
    terms.erase(terms.begin() + static_cast<std::ptrdiff_t>(first));
    const Term c = contract(a, b, [&](int label) {
      return contains(result, label) ||
             std::any_of(terms.begin(), terms.end(), [&](const Term& t) { return contains(t.labels, label); });
    });
    terms.insert(terms.begin() + static_cast<std::ptrdiff_t>(first), c);
  }
  return ordered(summed(terms[0], [&](int label) { return contains(result, label); }), result).x;
}

Tensor tensordot(const Arg& a, const Arg& b, int axes) {
  check_defined("tensordot", a);
  check_defined("tensordot", b);
  const Shape &p = a.array->shape, &q = b.array->shape;
  if (axes < 0 || axes > p.rank() || axes > q.rank())
    fail("tensordot",
         to_string(p) + " and " + to_string(q) + " have no " + std::to_string(axes) + " axes each to sum over", a.site);
  std::vector<int> last, first;
  for (int i = 0; i < axes; ++i) {
    last.push_back(p.rank() - axes + i);
    first.push_back(i);
  }
  return tensordot(a, b, Axes(last), Axes(first));
}

Tensor tensordot(const Arg& a, const Arg& b, const Axes& axes_a, const Axes& axes_b) {
  check_defined("tensordot", a);
  check_defined("tensordot", b);
  const Shape &p = a.array->shape, &q = b.array->shape;
  if (axes_a.values().size() != axes_b.values().size())
    fail("tensordot",
         "as many axes of a as of b are expected, not " + std::to_string(axes_a.values().size()) + " and " +
             std::to_string(axes_b.values().size()),
         a.site);
  AxisLabels left, right;
  for (int i = 0; i < p.rank(); ++i) left.push_back(i);
  for (int i = 0; i < q.rank(); ++i) right.push_back(p.rank() + i);
  AxisLabels shared;
  for (std::size_t k = 0; k < axes_a.values().size(); ++k) {
    const int i = check_axis("tensordot", axes_a.values()[k], p, a.site);
    const int j = check_axis("tensordot", axes_b.values()[k], q, a.site);
    if (contains(shared, i) || right[static_cast<std::size_t>(j)] < p.rank())
      fail("tensordot", "an axis is named twice", a.site);
    if (p[i] != q[j])
      fail("tensordot",
           "axis " + std::to_string(i) + " of " + to_string(p) + " and axis " + std::to_string(j) + " of " +
               to_string(q) + " differ in size",
           a.site);
    shared.push_back(i);
    right[static_cast<std::size_t>(j)] = i;
  }
  Scope scope(a.site);
  auto [x, y] = promote("tensordot", a, b, true);
  return contract({x, left}, {y, right}, [&](int label) { return !contains(shared, label); }).x;
}

}  // namespace xtape
