// What optimisers have in common that call a closure as often as they need.
#pragma once
#include <functional>
#include <optim/optimizer.hpp>

namespace xtape::optim {

/// Steps by a closure alone: `opt.step([&] { return cost(model(x), target); })`. The closure gives the same cost each
/// time that it is called within a step: of the same data, without dropout. Sums are in float64 whatever the
/// parameters' dtype. Where the closure throws, the parameters are as before the step and the optimiser begins anew.
class ClosureOptimizer : public Optimizer {
 public:
  using Optimizer::step;
  /// Throws: there is no step without a closure.
  void step(const Tensors& gradients, Site site = Site::here()) final;
  /// One step; returns the closure's first result, or half the sum of its squares where that is residuals.
  Tensor step(const std::function<Tensor()>& closure, Site site = Site::here()) final;
  By steps_by() const override { return By::loss; }

 protected:
  ClosureOptimizer(const char* name, std::vector<Parameter> parameters, const CommonOptions& options,
                   const Cells& cells, Site site, std::vector<Cell> shared);
  using Closure = std::function<Tensor()>;
  virtual Tensor search(const Closure& closure, Site site) = 0;

  /// The parameters' values, in float64, and new ones for those that are not frozen.
  Tensors values() const;
  void assign(const Tensors& values);
  /// 0 in the place of frozen parameters.
  Tensors without_frozen(Tensors x) const;

  /// What is made small: the loss, or its opposite, and λ/2 ||p||² of each parameter; and its gradient, 0 for frozen
  /// parameters and those that have none.
  struct Point {
    double value;
    Tensors gradient;
    Tensor loss;  // the closure's
  };
  Point evaluate_here(const Closure& closure, Site site);
  Point complete(const Tensor& loss, const Tensors& gradients) const;

  /// One of the optimiser's own numbers, by its place in `shared`.
  double& number(std::size_t i) { return shared(i).mutable_data<double>()[0]; }

 private:
  void update(Update&) const final {}
};

}  // namespace xtape::optim
