// The table of optimisers that the tests check: several sets of options of each, and how a test steps with any of them.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>
#include <xtape.hpp>

namespace optimisers_table {

using namespace xtape;
using Parameters = std::vector<Parameter>;
/// Makes an optimiser of a set of options, which may go up instead of down.
struct Make {
  std::unique_ptr<optim::Optimizer> operator()(Parameters p, bool maximize = false) const {
    return f(std::move(p), maximize);
  }
  std::function<std::unique_ptr<optim::Optimizer>(Parameters, bool)> f;
};

/// What an optimiser's step looks at.
enum class Sees {
  element,    ///< each number by itself
  tensor,     ///< each parameter by itself
  all,        ///< all parameters at once
  loss,       ///< a closure that gives the loss
  residuals,  ///< a closure that gives the residuals
};

/// One set of options. The first word of the name is the class; the whole of it a row of optimisers/trajectories.json,
/// where it is one that sees gradients.
struct Row {
  std::string name;
  Make make;
  Sees sees = Sees::element;
  bool keeps_products = false;  ///< of gradients, whose range in float32 is half as large
  bool takes_gradients() const { return sees < Sees::loss; }
};
const std::vector<Row>& rows();

template <class O, class Options>
Make make(Options options) {
  return {[options](Parameters p, bool maximize) {
    Options own = options;
    if (maximize) own.maximize();
    return std::make_unique<O>(std::move(p), own);
  }};
}

/// One step on ½ Σ r² of the residuals r, which every optimiser can take.
Tensor step(const Row& row, optim::Optimizer& opt, const std::function<Tensor()>& residuals);

/// Multiples of 1/8 in [-3/4, 3/4].
Tensor grid(const Shape& shape, int shift = 0);

}  // namespace optimisers_table
