#include "gradcheck.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "ops/elementwise.hpp"
#include "ops/reduction.hpp"
#include "random.hpp"

namespace xtape {
using namespace detail;

namespace {

using Values = std::vector<double>;

// Of what is no larger than this part of the terms of f or of 1, differences cannot tell whether it is zero.
constexpr double noise = 1e-4;
constexpr int directions = 2;

/// The inputs, which can be moved; parameters go back to their values at the end.
class Inputs {
 public:
  Inputs(const functional::Point& at, Site site) : at_(at) {
    if (at.at_parameters)
      for (const Parameter& p : at.parameters) start_.push_back(p.tensor().detach());
    else start_ = at.tensors;
    for (std::size_t i = 0; i < start_.size(); ++i) {
      const bool defined = start_[i].defined();
      if (!defined || start_[i].dtype() != float64)
        fail("gradcheck",
             name(i) + " is " + (defined ? to_string(start_[i].dtype()) : "undefined") +
                 "; differences need float64: " +
                 (at.at_parameters ? "make the model of float64 parameters" : "tensor(values, float64)"),
             site);
      start_[i] = Tensor(start_[i].array_ref());
      values_.push_back(start_[i].to_vector<double>());
      x_.push_back(start_[i].requires_grad());
    }
  }
  ~Inputs() {
    for (std::size_t i = 0; i < at_.parameters.size(); ++i) Parameter(at_.parameters[i]).assign(start_[i]);
  }
  Inputs(const Inputs&) = delete;
  Inputs& operator=(const Inputs&) = delete;

  std::size_t count() const { return start_.size(); }
  const Shape& shape(std::size_t i) const { return start_[i].shape(); }
  const Tensors& tensors() const { return x_; }
  Targets targets() const { return at_.at_parameters ? Targets(at_.parameters) : Targets(x_); }
  std::string name(std::size_t i) const {
    if (!at_.at_parameters) return "input " + std::to_string(i);
    const std::string& name = at_.names.empty() ? at_.parameters[i].name() : at_.names[i];
    return "parameter " + (name.empty() ? std::to_string(i) : "'" + name + "'");
  }

  /// Input i becomes start + distance direction.
  void move(std::size_t i, const Values& direction, double distance) {
    Values v = values_[i];
    for (std::size_t k = 0; k < v.size(); ++k) v[k] += distance * direction[k];
    place(i, tensor(v, shape(i)));
  }
  void move_back(std::size_t i) { place(i, start_[i]); }

 private:
  void place(std::size_t i, const Tensor& x) {
    if (at_.at_parameters) Parameter(at_.parameters[i]).assign(x);
    else x_[i] = x.requires_grad();
  }

  const functional::Point& at_;
  Tensors start_, x_;
  std::vector<Values> values_;
};

class Gradcheck {
 public:
  Gradcheck(const functional::Function& f, const functional::Point& at, const GradcheckOptions& options, Site site)
      : f_(f), options_(options), site_(site), x_(at, site) {
    if (options.order < 1 || !(options.step > 0) || !(options.tolerance >= 0))
      fail("gradcheck", "expected order >= 1, step > 0 and tolerance >= 0", site);
  }

  void run() {
    check_result();
    for (int order = 1; order <= options_.order; ++order) {
      if (order > 1) {
        weights_.emplace_back();
        for (std::size_t i = 0; i < x_.count(); ++i)
          weights_.back().push_back(uniform(x_.shape(i), 0.5, 1.5, float64, generator_));
      }
      check(order);
    }
  }

 private:
  void check_result() {
    const Tensor y = f_(x_.tensors());
    if (!is_floating(y.dtype()))
      fail("gradcheck",
           std::string("the result is ") + to_string(y.dtype()) +
               ", which has no derivative; check what is computed from it in float64",
           site_);
    if (y.dtype() != float64)
      fail("gradcheck", "the result is float32 though the inputs are float64; bring what f holds to float64 as well",
           site_);
    const Values first = y.to_vector<double>();
    const Tensor again = f_(x_.tensors());
    if (std::any_of(first.begin(), first.end(), [](double v) { return !std::isfinite(v); }))
      fail("gradcheck", "the result is not finite at these inputs", site_);
    if (again.shape() != y.shape() || again.to_vector<double>() != first)
      fail("gradcheck",
           "f gave two results for the same inputs; seed what is random inside it, and let it keep no state", site_);
    weights_ = {{uniform(y.shape(), 0.5, 1.5, float64, generator_)}};
  }

  // What is differentiated at an order, as terms that are yet to be summed: the weighted result, or the weighted
  // gradients of the order before.
  Tensors terms(int order) const {
    const Tensors& w = weights_[static_cast<std::size_t>(order - 1)];
    if (order == 1) return {f_(x_.tensors()) * w[0]};
    Tensors g = gradients(terms(order - 1), create_graph);
    for (std::size_t i = 0; i < g.size(); ++i) g[i] *= w[i];
    return g;
  }
  Tensors gradients(const Tensors& terms, GradFlags flags) const {
    Tensor total = zeros({}, float64);
    for (const Tensor& t : terms) total += sum(t);
    Tensors g = total.is_recorded() ? grad(total, x_.targets(), flags | allow_unused) : Tensors(x_.count());
    for (std::size_t i = 0; i < g.size(); ++i)
      if (!g[i].defined()) g[i] = zeros(x_.shape(i), float64);
    return g;
  }
  Values values(int order) const {
    Values all;
    for (const Tensor& t : terms(order)) {
      const Values v = t.to_vector<double>();
      all.insert(all.end(), v.begin(), v.end());
    }
    return all;
  }

  double difference(int order, std::size_t i, const Values& v, double h) {
    auto odd = [&](double distance) {
      x_.move(i, v, distance);
      const Values ahead = values(order);
      x_.move(i, v, -distance);
      const Values behind = values(order);
      double s = 0;
      for (std::size_t k = 0; k < ahead.size(); ++k) s += ahead[k] - behind[k];
      return s;
    };
    const double derivative = (8 * odd(h) - odd(2 * h)) / (12 * h);
    x_.move_back(i);
    return derivative;
  }

  struct Comparison {
    double tape, differences;
    bool agree;
  };
  // Along direction v of input i, whose gradient is g.
  Comparison compare(int order, std::size_t i, const Values& g, const Values& v) {
    double tape = 0, largest = 0;
    for (std::size_t k = 0; k < g.size(); ++k) {
      tape += g[k] * v[k];
      largest = std::max(largest, std::abs(g[k] * v[k]));
    }
    const double bound = options_.tolerance * (largest + noise * (1 + scale_));
    Comparison c{tape, 0, false};
    for (double h : {options_.step, options_.step / 8}) {
      c.differences = difference(order, i, v, h);
      if ((c.agree = std::abs(c.tape - c.differences) <= bound)) break;
    }
    return c;
  }

  void check(int order) {
    const Tensors t = terms(order);
    scale_ = 0;
    for (const Tensor& part : t)
      for (double v : part.to_vector<double>()) scale_ += std::abs(v);
    const Tensors analytic = gradients(t, grad_defaults);
    for (std::size_t i = 0; i < x_.count(); ++i) {
      const Values g = analytic[i].to_vector<double>();
      for (int d = 0; d < directions && !g.empty(); ++d) {
        Values v(g.size());
        for (double& e : v) e = (stream_.bits() & 1 ? 1 : -1) * (0.5 + 0.5 * stream_.uniform());
        if (const Comparison c = compare(order, i, g, v); !c.agree) blame(order, i, g, c);
      }
    }
  }

  // Names the first element that is wrong, or, where none is by itself, the direction.
  [[noreturn]] void blame(int order, std::size_t i, const Values& g, const Comparison& direction) {
    for (std::size_t k = 0; k < g.size(); ++k) {
      Values v(g.size());
      v[k] = 1;
      if (const Comparison c = compare(order, i, g, v); !c.agree) report(order, i, "element " + index(i, k) + " of", c);
    }
    report(order, i, "a random direction of", direction);
  }
  [[noreturn]] void report(int order, std::size_t i, const std::string& what, const Comparison& c) {
    std::ostringstream text;
    text.precision(12);
    text << "order " << order << ": the derivative with respect to " << what << ' ' << x_.name(i) << " of shape "
         << x_.shape(i) << " is " << c.tape << " by the tape and " << c.differences << " by differences";
    fail("gradcheck", text.str(), site_);
  }
  // "(1, 2)", the position of element k of input i.
  std::string index(std::size_t i, std::size_t k) const {
    return to_string(unravel(static_cast<std::int64_t>(k), x_.shape(i)));
  }

  const functional::Function& f_;
  const GradcheckOptions& options_;
  Site site_;
  Inputs x_;
  std::vector<Tensors> weights_;  // of the terms of each order
  double scale_ = 0;              // of the terms: the sum of their sizes
  RandomGenerator generator_{1};
  RandomStream stream_{1};
};

}  // namespace

void detail::check_gradients(const functional::Function& f, const functional::Point& at,
                             const GradcheckOptions& options, Site site) {
  const Scope scope(site);
  const Recording recording(true);
  Gradcheck(f, at, options, site).run();
}

}  // namespace xtape
