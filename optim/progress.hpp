// The progress of a training on a terminal, and in a file.
#pragma once
#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <optim/history.hpp>
#include <optional>
#include <string>

namespace xtape::optim {

/// How a Run shows how far it is: `automatic` is a bar where standard output is a terminal and lines where not.
enum class ProgressStyle { automatic, bar, lines, quiet };

/// Writes a bar that moves within an epoch, ten times a second at most, and a line for each epoch.
class Progress {
 public:
  /// `out` is standard output when null.
  explicit Progress(ProgressStyle style = ProgressStyle::automatic, std::ostream* out = nullptr);

  /// An epoch begins, or goes on in its middle: `steps` of it are done, of so many where that is known.
  void begin_epoch(std::int64_t number, std::int64_t epochs, std::int64_t steps, std::optional<std::int64_t> of);
  /// A step of so many samples was taken; `mean_loss` is that of the epoch so far.
  void step(std::int64_t samples, double mean_loss);
  /// An epoch ended.
  void end_epoch(const Epoch& epoch);
  /// Something that the user should know.
  void note(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;
  void draw(double seconds);
  std::ostream* out_;
  bool bar_, quiet_, drawn_ = false;
  std::int64_t number_ = 0, epochs_ = 0, done_ = 0, begun_at_ = 0, samples_ = 0;
  std::optional<std::int64_t> steps_;
  double loss_ = 0;
  Clock::time_point begin_, last_;
};

}  // namespace xtape::optim
