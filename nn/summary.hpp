// What a model consists of and what it costs.
#pragma once
#include <nn/module.hpp>

namespace xtape::nn {

/// A model's parts in a call: `std::cout << nn::summary(model, {1, 1, 28, 28})` prints them as a table.
struct Summary {
  struct Layer {
    std::string path, type;         ///< "body.0", "Linear"; the model itself has the path ""
    std::vector<Shape> outputs;     ///< of its last call; none where it was not called
    std::int64_t calls = 0;         ///< of its `forward`
    std::int64_t parameters = 0;    ///< elements of its own ones, without those of its children
    double flops = 0;               ///< additions and multiplications, with those of its children
    std::int64_t result_bytes = 0;  ///< of all that its operations made, with those of its children
  };
  std::vector<Layer> layers;  ///< as `named_modules` lists them
  std::vector<Shape> inputs;
  std::int64_t parameters = 0;  ///< elements, each parameter once
  std::int64_t trainable = 0;   ///< of these, those that are not frozen
  std::int64_t parameter_bytes = 0;
};

/// The summary of what happens while `call` runs, which calls the model with `inputs`.
Summary summarize(ModuleBase model, std::vector<Shape> inputs, const std::function<void()>& call);

/// Calls the model once, in evaluation and without recording, and lists its parts: outputs, parameters, additions and
/// multiplications, memory. What it computes by itself, outside its children, counts for it too.
template <class M, class... Rest>
Summary summary(const M& model, const Tensor& input, const Rest&... rest) {
  return summarize(model, {input.shape(), rest.shape()...}, [&] { model(input, rest...); });
}
/// The same for zeros of a shape.
template <class M>
Summary summary(const M& model, const Shape& input, Dtype dtype = float32) {
  return summary(model, zeros(input, dtype));
}

/// The table: a line for each part, indented by depth, and the totals.
std::ostream& operator<<(std::ostream& out, const Summary& summary);

}  // namespace xtape::nn
