// Metric: how good a model's outputs are, gathered batch by batch.
#pragma once
#include <autograd/state_dict.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace xtape::optim {

using xtape::StateDict;

/// Which of two values of a metric is the better one.
enum class Better : std::uint8_t { smaller, larger };

class Gathered;
struct MetricKind;

/// A number that judges a model's outputs beside their targets, over any number of batches:
///
///   optim::Metric accuracy = optim::accuracy();
///   for (const auto& [x, t] : batches) accuracy.update(net(x), t);
///   std::cout << accuracy.value();
///
/// It is a value: a copy goes on by itself. Samples are counted in integers and numbers are added without rounding, so
/// that the value has the same bits in whatever batches the samples came, in whatever order, and merged from parts.
/// What it holds grows with the number of classes, for those that rank (`auroc`, `average_precision`) of samples.
/// Where an output is NaN, there is no value, and `update` throws.
class Metric {
 public:
  /// Numbers of samples: (batch, ...), (batch, ...) -> (n, ...).
  using Function = std::function<Tensor(const Tensor& output, const Tensor& target)>;

  /// The metric that a function without arguments makes: `Metric m = optim::accuracy`.
  Metric(Metric (*make)());
  /// The mean of f's numbers over all samples: `Metric("mae", [](const Tensor& y, const Tensor& t) { return abs(y - t);
  /// })`. Of booleans it is the share of those that hold. `update` throws when f gives NaN; one number for a batch of
  /// several samples, which would count the same in a smaller batch; or more numbers than output and target have, which
  /// broadcasting has made. Throws when there is no name or no function.
  Metric(std::string name, Function f, Better better = Better::smaller, Site site = Site::here());
  explicit Metric(std::shared_ptr<const MetricKind> kind);
  Metric(const Metric& other);
  Metric(Metric&& other) noexcept;
  Metric& operator=(const Metric& other);
  Metric& operator=(Metric&& other) noexcept;
  ~Metric();

  /// "accuracy", "top_5", "macro_f1".
  const std::string& name() const { return name_; }
  /// The same metric under another name, so that two of one kind stand beside each other. Throws when it is empty.
  [[nodiscard]] Metric named(std::string name, Site site = Site::here()) const;
  /// What it computes, with the options that are not the usual ones: "top_k(k=5)".
  const std::string& description() const;
  bool larger_is_better() const;

  /// Adds a batch; one without samples adds nothing. Throws when its shapes, dtypes or values do not fit, and then it
  /// is as before.
  void update(const Tensor& output, const Tensor& target, Site site = Site::here());
  /// The value over all samples so far. Throws before the first one, and where it is not defined.
  double value(Site site = Site::here()) const;
  /// Adds what another metric of the same description has gathered. Throws when it is another, or its outputs had
  /// another number of columns.
  void merge(const Metric& other, Site site = Site::here());
  /// Forgets all samples.
  void reset();

  /// What has been gathered. A metric made with the same options that is given it goes on to the same bits.
  StateDict state_dict() const;
  /// Takes such values. Throws when a name is missing or unexpected or a tensor does not fit, all of them in one
  /// message, and changes nothing then.
  void load_state_dict(const StateDict& values, Site site = Site::here());

 private:
  std::string name_;
  std::shared_ptr<const MetricKind> kind_;
  std::unique_ptr<Gathered> gathered_;
};

}  // namespace xtape::optim
