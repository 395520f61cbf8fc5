// Finding the first NaN or Inf.
#pragma once
#include <vector>

#include "core/watch.hpp"

namespace xtape {

/// While it lives, every result and every gradient of this thread is looked at, and the first NaN or Inf that does not
/// come from one before it throws an Error: it names the operation, the user's line, the module and the ranges of the
/// inputs, and says whether float64 would have been finite. Errors about shapes and dtypes then also say where the
/// operands were made. Everything stays in memory as long as the tape does, and everything is slower: for debugging.
///
///   AnomalyGuard guard;
///   loss(model, batch).backward();
///
/// What is reported: NaN anywhere, in data too; Inf where all inputs are finite. An infinite constant, such as the mask
/// of an attention, is not.
class AnomalyGuard final : public detail::Watcher {
 public:
  AnomalyGuard();
  ~AnomalyGuard() override;

  void executed(detail::Execution& e) override;
  void backward(const detail::Operation& node, bool begin) override;
  void gradient(detail::Operation& node, std::size_t i, const Tensor& g, const Tensor& result) override;
  void argument(const Arg& x) override;

  /// Where the operands of a call at `site` were made: for the message of an error there.
  std::string operands(Site site) const;
  /// The innermost one of this thread, or null.
  static const AnomalyGuard* current();

 private:
  struct Operand {
    detail::Ref<detail::Node> node;
    Site site;
  };
  const AnomalyGuard* outer_guard_;
  int backward_depth_ = 0;
  std::vector<Operand> recent_;  // arguments of the last calls
  std::size_t next_ = 0;
};

}  // namespace xtape
