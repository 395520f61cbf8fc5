// Private: trainings in processes of their own.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "results_file.hpp"

namespace xtape::lab {

/// A training that is to be done.
struct Job {
  std::size_t variant;
  std::uint64_t seed;
};

/// Calls train(job), which does not throw, for each in a process of its own, `workers` at a time, and, here, done(job,
/// outcome) as they end. Each begins as a copy of this process and with `begin()`; it ends when this one does. A
/// process that dies is an outcome with an error. False, and none goes on, when it was interrupted.
bool train_apart(const std::vector<Job>& jobs, int workers, const std::function<void()>& begin,
                 const std::function<Outcome(const Job&)>& train, const std::function<void(const Job&, Outcome)>& done,
                 Site site);
/// The same in this process, one after the other; numbers are drawn afterwards as if nothing had been.
bool train_here(const std::vector<Job>& jobs, const std::function<Outcome(const Job&)>& train,
                const std::function<void(const Job&, Outcome)>& done);

}  // namespace xtape::lab
