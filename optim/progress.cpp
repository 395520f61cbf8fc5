#include "progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>

namespace xtape::optim {
namespace {

// "5 s", "1:05", "2:03:04".
std::string duration(double seconds) {
  const long long s = std::llround(seconds);
  char text[48];
  if (s < 60) std::snprintf(text, sizeof text, "%lld s", s);
  else if (s < 3600) std::snprintf(text, sizeof text, "%lld:%02lld", s / 60, s % 60);
  else std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
  return text;
}

}  // namespace

Progress::Progress(ProgressStyle style, std::ostream* out)
    : out_(out ? out : &std::cout),
      bar_(style == ProgressStyle::bar || (style == ProgressStyle::automatic && !out && isatty(STDOUT_FILENO))),
      quiet_(style == ProgressStyle::quiet) {}

void Progress::begin_epoch(std::int64_t number, std::int64_t epochs, std::int64_t steps,
                           std::optional<std::int64_t> of) {
  number_ = number, epochs_ = epochs, done_ = begun_at_ = steps, steps_ = of, samples_ = 0;
  begin_ = last_ = Clock::now();
}

void Progress::step(std::int64_t samples, double mean_loss) {
  ++done_, samples_ += samples, loss_ = mean_loss;
  if (!bar_) return;
  const auto now = Clock::now();
  if (now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  draw(std::chrono::duration<double>(now - begin_).count());
}

void Progress::draw(double seconds) {
  constexpr int width = 24;
  char text[160];
  std::string line = "epoch " + std::to_string(number_) + (epochs_ > 0 ? "/" + std::to_string(epochs_) : "");
  if (steps_) {
    const double share =
        std::min(1., static_cast<double>(done_) / static_cast<double>(std::max<std::int64_t>(1, *steps_)));
    const int full = static_cast<int>(share * width);
    std::snprintf(text, sizeof text, "  [%s%s] %3.0f %%", std::string(static_cast<std::size_t>(full), '=').c_str(),
                  std::string(static_cast<std::size_t>(width - full), ' ').c_str(), 100 * share);
    line += text;
  } else {
    line += "  step " + std::to_string(done_);
  }
  std::snprintf(text, sizeof text, "  loss %.4g  %.0f samples/s", loss_, static_cast<double>(samples_) / seconds);
  line += text;
  if (steps_ && done_ > begun_at_)
    line += "  " +
            duration(seconds / static_cast<double>(done_ - begun_at_) *
                     static_cast<double>(std::max<std::int64_t>(0, *steps_ - done_))) +
            " left";
  *out_ << "\r\033[K" << line << std::flush;
  drawn_ = true;
}

void Progress::end_epoch(const Epoch& epoch) {
  if (quiet_) return;
  if (drawn_) *out_ << "\r\033[K";
  drawn_ = false;
  if (bar_ && epoch.best) *out_ << "\033[1m" << epoch << "\033[0m\n";
  else *out_ << epoch << "\n";
  *out_ << std::flush;
}

void Progress::note(const std::string& text) {
  if (quiet_) return;
  if (drawn_) *out_ << "\r\033[K";
  drawn_ = false;
  *out_ << text << std::endl;
}

}  // namespace xtape::optim
