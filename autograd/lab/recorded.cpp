#include <algorithm>
#include <cmath>
#include <limits>

#include "../core/operation.hpp"
#include "interval_search.hpp"

namespace xtape::detail {

using lab::Interval;

namespace {

double most_of(Dtype dtype) {
  return dtype == float32 ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
}
double rounded(double v, Dtype dtype) { return dtype == float32 ? static_cast<float>(v) : v; }

}  // namespace

Recorded::Recorded(const functional::Function& f, const Tensors& examples, const std::vector<Interval>& ranges,
                   Site site)
    : examples(examples), ranges(ranges) {
  Tensors x;
  for (const Tensor& t : examples) x.emplace_back(make_view(t.array(), t.shape()));
  {
    const Scope scope(site);
    const Recording off(false);
    program = traced(x, [&] {
      const Tensor y = f(x);
      if (!y.defined()) fail("intervals", "the function returns an undefined tensor", site);
      return Tensors{y};
    });
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double most = is_floating(x[i].dtype()) ? most_of(x[i].dtype()) : 0;
    if (most == 0) continue;
    bounds.insert(bounds.end(), static_cast<std::size_t>(x[i].size()),
                  {std::max(ranges[i].low, -most), std::min(ranges[i].high, most)});
    dtypes.insert(dtypes.end(), static_cast<std::size_t>(x[i].size()), x[i].dtype());
  }
  varies.assign(program.values.size(), false);
  fixed.resize(program.values.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    if (is_floating(x[i].dtype())) varies[program.inputs[i]] = true;
    else fixed[program.inputs[i]] = x[i].array_ref();
  for (std::size_t v = 0; v < program.values.size(); ++v)
    if (program.values[v].source == Program::Source::parameter) fixed[v] = program.values[v].cell->value;
    else if (program.values[v].source == Program::Source::constant) fixed[v] = program.values[v].array;
  for (const Program::Step& step : program.steps) {
    varies[step.result] = !step.operation->pure();
    std::vector<const Array*> operands;
    for (std::uint32_t k = 0; k < step.count; ++k) {
      const std::uint32_t v = program.operands[step.first + k];
      varies[step.result] |= varies[v];
      operands.push_back(fixed[v].get());
    }
    if (!varies[step.result]) fixed[step.result] = step.operation->run(operands.data());
  }
}

std::vector<Ref<Array>> Recorded::run(const SearchPoint& at) const {
  try {
    return values_at(at);
  } catch (const Error&) {
    return {};
  }
}
std::vector<Ref<Array>> Recorded::values_at(const SearchPoint& at) const {
  std::vector<Ref<Array>> values = fixed;
  const Tensors x = inputs(at);
  for (std::size_t i = 0; i < x.size(); ++i) values[program.inputs[i]] = x[i].array_ref();
  std::vector<const Array*> operands;
  for (const Program::Step& step : program.steps) {
    if (!varies[step.result]) continue;
    operands.clear();
    for (std::uint32_t k = 0; k < step.count; ++k) operands.push_back(values[program.operands[step.first + k]].get());
    values[step.result] = step.operation->run(operands.data());
    if (!step.operation->pure()) step.operation->undo();
  }
  return values;
}

Tensors Recorded::inputs(const SearchPoint& at) const {
  Tensors list;
  std::size_t begin = 0;
  for (const Tensor& x : examples) {
    if (!is_floating(x.dtype())) {
      list.push_back(x);
      continue;
    }
    const auto n = static_cast<std::size_t>(x.size());
    const std::vector<double> part(at.begin() + static_cast<long>(begin), at.begin() + static_cast<long>(begin + n));
    const Tensor flat = tensor(part).to(x.dtype());
    list.emplace_back(make_view(flat.array(), x.shape()));
    begin += n;
  }
  return list;
}

SearchPoint Recorded::inside(SearchPoint at) const {
  for (std::size_t i = 0; i < at.size(); ++i) {
    const Interval& b = bounds[i];
    double v = rounded(std::clamp(at[i], b.low, b.high), dtypes[i]);
    // Rounding may have led out of the range.
    if (v > b.high) v = dtypes[i] == float32 ? std::nextafter(static_cast<float>(v), -HUGE_VALF) : b.high;
    if (v < b.low) v = dtypes[i] == float32 ? std::nextafter(static_cast<float>(v), HUGE_VALF) : b.low;
    at[i] = v;
  }
  return at;
}

}  // namespace xtape::detail
