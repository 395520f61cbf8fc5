// record: a function of tensors as a list of operations that runs again without a graph. checkpoint: a function that is
// run again in the backward pass instead of keeping its values.
#pragma once
#include <functional>
#include <iosfwd>
#include <memory>

#include "tape.hpp"

namespace xtape {

class Program;

/// What `record` returns: the recorded function, callable as often as you like, one call at a time.
class Replay {
 public:
  /// The function of new inputs: the same operations in the same order, so the same bits as an eager call. Parameters
  /// have the values they have now, and random draws go on where the generator stands. The results belong to no tape.
  /// Throws unless number, shapes and dtypes of the inputs are those of the recording.
  Tensors operator()(const Tensors& inputs, Site site = Site::here());
  /// The same into `results`, whose storage is used again: this form allocates nothing after its first call.
  void run(const Tensors& inputs, Tensors& results, Site site = Site::here());
  /// The operations, a line each.
  friend std::ostream& operator<<(std::ostream& out, const Replay& replay);

 private:
  friend Replay record_list(const std::function<Tensors(const Tensors&)>&, const Tensors&, Site);
  explicit Replay(std::shared_ptr<Program> program);
  std::shared_ptr<Program> program_;
  std::vector<Ref<Array>> results_;
};

// What the templates below call.
Replay record_list(const std::function<Tensors(const Tensors&)>& f, const Tensors& example_inputs, Site site);
Tensor checkpoint_list(const std::function<Tensor(const Tensors&)>& f, const Tensors& inputs, Site site);

/// Calls f once with `example_inputs` and writes down what it does, gradients included:
///
///   Replay step = record([&](const Tensors& in) {
///     Tensor loss = nn::cross_entropy(model(in[0]), in[1]);
///     Tensors results = grad(loss, model.parameters());
///     results.push_back(loss);
///     return results;
///   }, {images, labels});
///   Tensors results = step({other_images, other_labels});
///
/// f takes `const Tensors&` and returns a Tensor or Tensors.
/// Parameters that f assigns and random numbers that it draws are put back afterwards, and happen in each replay. What
/// f makes from numbers of the program, such as `tensor(values)`, is constant from then on. Throws when f reads a value
/// (`item`), calls `backward`, or writes to a parameter in place: a replay could not do the same.
template <class F>
Replay record(const F& f, const Tensors& example_inputs, Site site = Site::here()) {
  return record_list(
      [&f](const Tensors& in) -> Tensors {
        if constexpr (std::is_same_v<std::decay_t<decltype(f(in))>, Tensor>) return {f(in)};
        else return f(in);
      },
      example_inputs, site);
}

/// f(inputs), keeping only the inputs: the backward pass runs f again for the values that it reads. Same bits, any
/// order of derivative, and random draws are those of the first run. What f uses besides its inputs, Parameters
/// included, gets its gradient too. f must do the same each time. Source: Chen et al., "Training deep nets with
/// sublinear memory cost", 2016.
template <class F>
Tensor checkpoint(const F& f, const Tensors& inputs, Site site = Site::here()) {
  return checkpoint_list(f, inputs, site);
}
/// The same for a function of one tensor, such as a module.
template <class F>
Tensor checkpoint(const F& f, const Tensor& x, Site site = Site::here()) {
  return checkpoint_list([&f](const Tensors& in) { return f(in[0]); }, {x}, site);
}

}  // namespace xtape
