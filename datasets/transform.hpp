// Transform: what is done to each batch on its way to the training.
#pragma once
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "batch.hpp"

namespace xtape::datasets {

/// A function of a batch, whose input are images (n, channels, rows, cols), or rows. It draws what it draws from the
/// default generator, for which a loader sets one that is a function of (seed, epoch, batch): so are the images that
/// come out, for any number of threads.
///
///   const datasets::Transform augment = datasets::compose({datasets::shift(2), datasets::noise(0.1)});
class Transform {
  template <class F>
  static constexpr bool of_batch = std::is_invocable_r_v<Batch, const F&, const Batch&>;
  template <class F>
  static constexpr bool of_both = std::is_invocable_r_v<Batch, const F&, const Tensor&, const Tensor&>;
  template <class F>
  static constexpr bool of_input = std::is_invocable_r_v<Tensor, const F&, const Tensor&>;

 public:
  using Function = std::function<Batch(const Batch&)>;

  /// f(batch) for any callable `Batch -> Batch`, `(Tensor, Tensor) -> Batch` of the input and the target, or `Tensor ->
  /// Tensor` of the input alone. `description` tells it from others, for trainings that go on from a file. Throws when
  /// f is an empty std::function or a null pointer.
  template <class F, class = std::enable_if_t<!std::is_same_v<std::decay_t<F>, Transform> &&
                                              (of_batch<std::decay_t<F>> || of_both<std::decay_t<F>> ||
                                               of_input<std::decay_t<F>>)>>
  Transform(F&& f, std::string description = "a function", Site site = Site::here())
      : f_(function_of(std::forward<F>(f), site)), description_(std::move(description)) {}

  /// The batch that f makes. Throws what f throws, and where its input and target have not as many rows.
  Batch operator()(const Batch& batch, Site site = Site::here()) const;
  /// The same of images without a target.
  Tensor operator()(const Tensor& images, Site site = Site::here()) const;

  /// "flip_horizontal(p=0.5)": what it does, with its options.
  const std::string& description() const { return description_; }

 private:
  template <class F>
  static Function function_of(F&& f, Site site) {
    if constexpr (of_batch<std::decay_t<F>>) {
      Function made(std::forward<F>(f));
      if (!made) refuse_empty(site);
      return made;
    } else if constexpr (of_both<std::decay_t<F>>) {
      std::function<Batch(const Tensor&, const Tensor&)> of(std::forward<F>(f));
      if (!of) refuse_empty(site);
      return [of = std::move(of)](const Batch& batch) { return of(batch.input, batch.target); };
    } else {
      std::function<Tensor(const Tensor&)> of(std::forward<F>(f));
      if (!of) refuse_empty(site);
      return [of = std::move(of)](const Batch& batch) { return Batch{of(batch.input), batch.target}; };
    }
  }
  [[noreturn]] static void refuse_empty(Site site);

  Function f_;
  std::string description_;
};

/// One after the other; of none, the batch as it is.
Transform compose(std::vector<Transform> transforms);
/// Of each sample, by itself with the probability p, what the transform makes of it, else the sample as it was; with 0
/// the transform is not called. Throws unless 0 <= p <= 1; at the call where the transform changes shapes or dtypes.
/// Source: torchvision's RandomApply, which decides once for a batch.
Transform sometimes(Transform transform, double p = 0.5, Site site = Site::here());

}  // namespace xtape::datasets
