// Private: the report of a training: one page with its curves, mistakes, weights and settings.
#pragma once
#include <functional>
#include <map>
#include <optim/histogram.hpp>
#include <optim/model.hpp>
#include <optim/snapshot.hpp>
#include <string>
#include <utility>
#include <vector>

namespace xtape::optim {

struct History;
class Page;

/// What a report shows beside the history: gathered epoch by epoch, and saved with the training.
class Report {
 public:
  /// An epoch begins to be validated: what its outputs are is gathered anew.
  void begin_validation();
  /// A batch of the validation: with outputs (batch, classes) and targets (batch,), int64, it counts what is taken for
  /// what, and keeps the first mistakes where the inputs are pictures, (batch, side²), (batch, 1, h, w) or (batch, 3,
  /// h, w).
  void add_batch(const Tensor& input, const Tensor& output, const Tensor& target);
  /// The validation ended; what it gathered is shown, unless an earlier epoch was better.
  void end_validation(bool shown);
  /// How the weights, the gradients of the last step and the outputs of each layer are spread after this epoch.
  void add_histograms(std::int64_t epoch, const std::vector<Parameter>& parameters, const Tensors& gradients,
                      const std::vector<std::pair<std::string, Tensor>>& outputs);

  /// The page. `settings` are listed by name; `figure` is what the best epoch is judged by, or empty.
  Page page(const std::string& title, const History& history, const std::map<std::string, std::string>& settings,
            const std::string& figure, const std::vector<Parameter>& parameters) const;

  void save(StateDict& to) const;
  void load(const StateDict& from);

 private:
  struct Judged {
    std::int64_t samples = 0;
    std::vector<std::vector<double>> confusion;  // rows: the class, columns: what it was taken for
    std::vector<Tensor> pictures;                // float32, (channels, h, w)
    std::vector<std::int64_t> taken;             // for each: its place in the data, its class, what it was taken for
  };
  // The histograms of one layer. There are more of late epochs than of early ones.
  struct Spread {
    std::vector<double> epochs;
    std::vector<Histogram> histograms;
  };
  Judged now_, shown_;
  Shape picture_;                                           // of one input
  std::vector<std::pair<std::string, Spread>> spreads_[3];  // of weights, gradients and outputs
};

}  // namespace xtape::optim
