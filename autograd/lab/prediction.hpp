// What a network makes of an activation before it is trained.
#pragma once
#include <string>
#include <vector>

namespace xtape::lab {

/// What is known of an activation in an untrained network: its outputs for inputs of N(0, 1), and the eigenvalues of
/// the Fisher matrix. Those two, of 2,913 activations, told best how well they train, say Bingham and Miikkulainen,
/// "Efficient activation function optimization through surrogate modeling", NeurIPS 2023.
struct Expectation {
  std::string name;
  double gain, chi1;                 ///< as in NormalStatistics
  std::vector<double> outputs;       ///< f at 100 quantiles of N(0, 1), sorted
  std::vector<double> spectrum;      ///< log10 of the 96 largest eigenvalues, falling
  double outputs_off, spectrum_off;  ///< mean |difference| from those of the function that is checked
};

/// The function that is checked, and those we know, in one network: 16-32-32-32-4 with a softmax, 32 inputs of N(0, 1),
/// the same draws of weights N(0, gain²/fan_in), the first layer's gain being 1.
struct Prediction {
  Expectation own;
  std::vector<Expectation> known;  ///< identity, relu, tanh, sigmoid, gelu, swish, elu, softplus
  /// The known one whose outputs and spectrum are nearest, by the sum of both distances.
  const Expectation& nearest() const;
};

}  // namespace xtape::lab
