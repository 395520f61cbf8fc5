// Where time and memory go.
#pragma once
#include <iosfwd>
#include <string>
#include <vector>

#include "core/watch.hpp"

namespace xtape {

/// While it lives, notes every operation of this thread, forward and backward:
///
///   Profile profile;
///   for (...) step();
///   std::cout << profile;           // a table by operation and one by module
///   profile.write_trace("t.json");  // for chrome://tracing or ui.perfetto.dev
class Profile final : public detail::Watcher {
 public:
  /// One operation, or the rules of one.
  struct Event {
    std::string op;
    bool backward;       ///< the rules of `op`, with all that they run
    bool inside;         ///< part of another event, an operation that a rule ran
    std::string module;  ///< the path of the module that called it; empty outside
    Site site;           ///< the user's line
    double begin, time;  ///< seconds since the profile began, and seconds
    std::int64_t bytes;  ///< of the results
    double flops;        ///< additions and multiplications
    std::int64_t live;   ///< bytes that were alive at the end
  };
  /// What the events of one operation or module add up to.
  struct Row {
    std::string name;
    std::int64_t calls = 0;
    double time = 0, flops = 0;  ///< seconds
    std::int64_t bytes = 0;
  };
  Profile();

  const std::vector<Event>& events() const { return events_; }
  /// Sums by operation ("linear", "linear backward"), the slowest first.
  std::vector<Row> by_operation() const;
  /// Sums by module, the slowest first.
  std::vector<Row> by_module() const;
  /// Seconds in operations and rules.
  double time() const;
  /// The most bytes that were alive after an operation.
  std::int64_t peak_bytes() const { return peak_; }
  /// Writes the events in the Chrome trace format, JSON. Throws when the file cannot be written.
  void write_trace(const std::string& path, Site site = Site::here()) const;

  void executed(detail::Execution& e) override;
  void backward(const detail::Operation& node, bool begin) override;

 private:
  using Clock = std::chrono::steady_clock;
  double since(Clock::time_point t) const { return std::chrono::duration<double>(t - start_).count(); }
  void add(Event event);

  Clock::time_point start_;
  std::vector<Event> events_;
  std::vector<Event> open_;  // rules that have begun
  std::int64_t peak_ = 0;
};

/// Two tables, by operation and by module: calls, milliseconds, share of the time, GFLOP/s and megabytes.
std::ostream& operator<<(std::ostream& out, const Profile& profile);

}  // namespace xtape
