// For events.py: logs of a run as TensorBoard's events and as tables.
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <string>

#include <autograd/ops.hpp>
#include <nn/npy.hpp>
#include <optim/event_file.hpp>
#include <optim/table_file.hpp>

using namespace xtape;

namespace {

const double nan_value = std::nan(""), infinity = std::numeric_limits<double>::infinity();

Tensor grid(const Shape& shape) {
  std::vector<double> v;
  for (std::int64_t i = 0; i < shape.size(); ++i) v.push_back(static_cast<double>((7 * i + 3) % 101 - 50) / 16);
  return tensor(v, shape);
}

void log(optim::EventFile& events, std::int64_t begin, std::int64_t end, double more) {
  for (std::int64_t step = begin; step < end; ++step) {
    const double time = 1.7e9 + 0.25 * static_cast<double>(step);
    events.scalar("cost/training", 1 / (1 + static_cast<double>(step)) + more, step, time);
    events.histogram("weights", grid({10 * (step + 1)}), step, time);
    events.text("notes", "**step** " + std::to_string(step) + ", größer \U0001F642", step, time);
  }
}

// A run that is killed after step 9 and goes on at step 6; the second run does what the first did, and 1 more.
void write_events(const std::string& folder) {
  {
    optim::EventFile events(folder + "/events");
    log(events, 0, 10, 0);
    for (const std::int64_t c : {1, 2, 3, 4}) {
      const Tensor x = abs(grid({c, 4, 6})) / 4;
      nn::save_npy(folder + "/" + std::to_string(c) + ".npy", x.to(float32));
      events.image("picture/" + std::to_string(c), x, c);
    }
    for (const double v : {0., -0., nan_value, infinity, -infinity, 1e300, 1e-300, -1.5}) events.scalar("odd", v, 0);
    events.scalar("far", 2, std::numeric_limits<std::int64_t>::max(), 0.5);
    events.histogram("odd", tensor({2., 2., 2.}), 1);
    events.histogram("odd", zeros({0}), 2);
    events.histogram("odd", tensor({1., nan_value, 3., infinity}), 3);
    events.text("long", std::string(100'000, 'x'), 3);
  }
  optim::EventFile events(folder + "/events", 6);
  log(events, 6, 12, 1);
}

optim::Row row(int i) {
  return {{"step", i},
          {"cost, all", 1. / (i + 1)},
          {"note", i % 3 == 0   ? "a \"b\"\n, c"
                   : i % 3 == 1 ? ""
                                : " d"},
          {"best", i % 2 == 0}};
}

void write_tables(const std::string& folder) {
  for (const char* name : {"/table.csv", "/table.jsonl"}) {
    optim::TableFile table(folder + name);
    for (int i = 0; i < 10; ++i) table.write(row(i));
    table.write({{"cost, all", nan_value}, {"step", -1}});
    table.write({{"step", std::numeric_limits<std::int64_t>::min()}, {"cost, all", infinity}});
    table.write({{"cost, all", -infinity}});
    table.write({{"cost, all", 1e-310}, {"note", "ä \xff \u2028 \r"}});
  }
}

// Rows up to `end`, after the first `keep` of those that are there.
void go_on(const std::string& path, int keep, int end) {
  optim::TableFile table(path, keep);
  for (int i = keep; i < end; ++i) table.write(row(i));
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "logs" && argc == 3) return write_events(argv[2]), write_tables(argv[2]), 0;
  if (what == "rows" && argc == 5) return go_on(argv[2], std::atoi(argv[3]), std::atoi(argv[4])), 0;
  if (what == "events" && argc == 3)  // until it is killed
    for (optim::EventFile events(argv[2]);;) log(events, 0, 100, 0);
  std::cerr << "log_probe logs FOLDER | rows PATH KEEP END | events FOLDER\n";
  return 2;
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
