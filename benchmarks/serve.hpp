// What the benchmark programs share: tasks by name, measured as often as they are asked. Each line of standard input
// names a task; the answer is one line of JSON. So several programs can be measured in turn, in one run.
#pragma once
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace bench {

inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// What a measurement gives: "s", the seconds, and what belongs to it.
using Figures = std::vector<std::pair<std::string, double>>;
/// Measures once.
using Task = std::function<Figures()>;
/// Sets a task up.
using Tasks = std::map<std::string, std::function<Task()>>;

/// The median of the times of f, as many as fit into `budget` seconds but no less than three.
inline double median_time(const std::function<void()>& f, double budget = 0.15) {
  std::vector<double> times;
  const double end = now() + budget;
  do {
    const double begin = now();
    f();
    times.push_back(now() - begin);
  } while (times.size() < 3 || now() < end);
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}
/// A task that is a function to be timed; where one call is too short for the clock, `calls` of them.
inline std::function<Task()> timed(std::function<std::function<void()>()> make, int calls = 1) {
  return [=]() -> Task {
    return [f = make(), calls] {
      const double s = median_time([&] {
        for (int i = 0; i < calls; ++i) f();
      });
      return Figures{{"s", s / calls}};
    };
  };
}

/// The median seconds for each of n operations that `forward` records, `backward` goes back through and `release`
/// frees.
inline Figures chain_times(int n, const std::function<void()>& forward, const std::function<void()>& backward,
                           const std::function<void()>& release) {
  std::vector<double> times[3];
  for (const double end = now() + 0.15; now() < end;) {
    double begin = now();
    int part = 0;
    for (const auto* f : {&forward, &backward, &release}) {
      (*f)();
      const double done = now();
      times[part++].push_back(done - begin);
      begin = done;
    }
  }
  double middle[3];
  for (int part = 0; part < 3; ++part) {
    std::sort(times[part].begin(), times[part].end());
    middle[part] = times[part][times[part].size() / 2] / n;
  }
  return {{"s", middle[0] + middle[1] + middle[2]},
          {"forward_s", middle[0]},
          {"backward_s", middle[1]},
          {"free_s", middle[2]}};
}

/// The processor seconds of this process, and those of the whole machine since it started.
inline double own_seconds() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  auto seconds = [](timeval t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
  return seconds(u.ru_utime) + seconds(u.ru_stime);
}
inline double machine_seconds() {
  unsigned long long t[8] = {};
  if (std::FILE* file = std::fopen("/proc/stat", "r")) {
    if (std::fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", t, t + 1, t + 2, t + 3, t + 4, t + 5, t + 6,
                    t + 7) != 8)
      std::fill(t, t + 8, 0);
    std::fclose(file);
  }
  return static_cast<double>(t[0] + t[1] + t[2] + t[5] + t[6] + t[7]) / static_cast<double>(sysconf(_SC_CLK_TCK));
}
inline double peak_megabytes() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  return static_cast<double>(u.ru_maxrss) / 1024;
}

/// Answers until the input ends. A name that is not known gets "{}".
inline int serve(const Tasks& tasks) {
  std::string name, current;
  Task task;
  while (std::getline(std::cin, name)) {
    const auto found = tasks.find(name);
    if (found == tasks.end()) {
      std::puts("{}");
      std::fflush(stdout);
      continue;
    }
    if (name != current) {
      task = {};
      task = found->second();
      current = name;
      task();  // warm
    }
    const double begin = now(), own = own_seconds(), all = machine_seconds();
    Figures figures = task();
    const double foreign = ((machine_seconds() - all) - (own_seconds() - own)) / (now() - begin);
    figures.emplace_back("foreign_cores", std::max(0., foreign));
    figures.emplace_back("peak_mb", peak_megabytes());
    std::string line;
    for (const auto& [key, value] : figures) {
      char text[100];
      std::snprintf(text, sizeof text, "%s\"%s\": %.9g", line.empty() ? "" : ", ", key.c_str(), value);
      line += text;
    }
    std::printf("{%s}\n", line.c_str());
    std::fflush(stdout);
  }
  return 0;
}

// The steps of one measurement of the trainings that would take minutes, of those that an epoch has.
inline constexpr int mlp_steps = 117, cnn_steps = 16, lenet_steps = 400;
inline constexpr int mlp_epoch = 469, cnn_epoch = 938, lenet_epoch = 5000;

}  // namespace bench
