// record: a function of tensors as a list of operations that runs again without a graph.
#pragma once
#include <functional>
#include <iosfwd>
#include <memory>

#include "tape.hpp"

namespace xtape {

class Replay;

namespace detail {
class Program;
// What `record` below calls.
Replay record_list(const std::function<Tensors(const Tensors&)>& f, const Tensors& example_inputs, Site site);
}  // namespace detail

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
  friend Replay detail::record_list(const std::function<Tensors(const Tensors&)>&, const Tensors&, Site);
  explicit Replay(std::shared_ptr<detail::Program> program);
  detail::Program& program(Site site) const;
  std::shared_ptr<detail::Program> program_;
  std::vector<detail::Ref<detail::Array>> results_;
};

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
/// Parameters and Buffers that f assigns and random numbers that it draws are put back afterwards, and happen in each
/// replay. Other tensors of the program are constants, as is `tensor(values)`. Throws when f reads a value (`item`),
/// calls `backward`, or writes to a parameter in place: a replay could not do the same.
template <class F>
Replay record(const F& f, const Tensors& example_inputs, Site site = Site::here()) {
  return detail::record_list(
      [&f](const Tensors& in) -> Tensors {
        if constexpr (std::is_same_v<std::decay_t<decltype(f(in))>, Tensor>) return {f(in)};
        else return f(in);
      },
      example_inputs, site);
}

}  // namespace xtape
