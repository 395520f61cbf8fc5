#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>

#include "results.hpp"

namespace {

using Trials = std::map<std::string, std::map<std::uint64_t, Trial>>;  // by row and seed

constexpr const char* before = R"(# The book's figures

Every network of Michael Nielsen's [book](http://neuralnetworksanddeeplearning.com) and 3Blue1Brown's, trained as there:
the same images, cost, first weights, order and rates, in float32. This page is written by `book table` from what was
run; `build/release/examples/book run ROW` runs a row again, with seeds from 1 on, and fails where a figure falls out of
its band. Long rows can be stopped at any moment and go on at the same command.

- *ours*: the mean of the seeds ± the standard deviation of one, and the least and the greatest; *s* is seconds of the
  processor a seed, on one thread.
- The book reports the peak of all epochs in chapters 1, 3 and 5, and in chapter 6 the test accuracy in the epoch that
  was best on the validation images, of the best of three runs. So do we.
- A band was set before its row was run, but where a note says otherwise: around the seeds of an independent program,
  where these were known; else the book's figure ± 0.3 points, or three standard deviations where that is one run on few
  images; in chapter 6 ± 0.15.
- A share is asked of rows where some seeds never get through: output neurons saturate at the start, and their digits
  are not learnt.
- Not run, and only quoted: support vector machines, 94.35 % by default and above 98.5 % tuned; on 100 to 50,000 images
  25.07, 48.93, 75.13, 83.87, 88.49, 91.46, 92.45, 93.47 and 94.48 %.
)";

// "ch3-30" -> "Chapter 3".
std::string heading(const std::string& row) {
  if (row.compare(0, 2, "ch") == 0) return "Chapter " + row.substr(2, row.find('-') - 2);
  return row.compare(0, 4, "3b1b") == 0 ? "3Blue1Brown" : "";
}

std::string hours(double h) {
  return h < 1 ? number(std::ceil(60 * h)) + " minutes" : number(h) + " hours";
}

// The last five columns of a figure's line.
std::string outcome(const Row& row, const Figure& figure,
                    const std::map<std::uint64_t, Trial>& seeds) {
  std::vector<Trial> done;
  const Trial* begun = nullptr;
  for (const auto& [seed, trial] : seeds)
    if (trial.is_of(row)) done.push_back(trial);
    else if (trial.settings == row.settings.description()) begun = &trial;
  const std::string command = "`book run " + row.name + "`";
  if (done.empty()) {
    if (begun)
      return "in progress, epoch " + std::to_string(begun->epochs) + " of " +
             std::to_string(row.settings.epochs) + ": " + number(begun->test) + figure.unit +
             " | | | | goes on by " + command;
    return "not run" + (row.hours > 0 ? ": about " + hours(row.hours) + " a seed" : "") +
           " | | | | " + command;
  }
  const std::vector<double> values = values_of(done, figure);
  double seconds = 0;
  std::set<std::string> when;
  for (const Trial& t : done) seconds += t.seconds, when.insert(t.date + ", " + t.processor);
  std::string dates;
  for (const std::string& w : when) dates += (dates.empty() ? "" : "; ") + w;
  char time[32];
  std::snprintf(time, sizeof time, "%.0f", std::ceil(seconds / static_cast<double>(done.size())));
  return spread(values, figure) + " | " + std::to_string(done.size()) + " | " + time + " | " +
         dates + " | " + (figure.band.holds(values) ? "holds" : "**missed**");
}

}  // namespace

void write_table(const std::string& results, const std::string& docs) {
  Trials trials;
  const auto add = [&](Trial t) {
    Trial& kept = trials[t.row][t.seed];
    if (!kept.complete || t.complete) kept = std::move(t);
  };
  for (Trial& t : load_trials(docs + "/book.json")) add(std::move(t));
  for (Trial& t : load_folder(results)) add(std::move(t));

  std::vector<Trial> kept;
  std::string page = before, section, remarks;
  for (const Row& row : rows()) {
    const std::string title = heading(row.name);
    if (title.empty()) continue;
    if (title != section) {
      section = title;
      page += remarks;
      remarks.clear();
      page += "\n## " + title +
              "\n\n| row | network | figure | the book | band | ours | seeds | s | when, on | |\n"
              "|---|---|---|---|---|---|---|---|---|---|\n";
    }
    for (const Figure& f : row.figures)
      page += "| `" + row.name + "` | " + row.settings.description() + " | " + f.name + " | " +
              (f.book ? number(*f.book) + f.unit : "-") + " | " + f.band.text(f.unit) + " | " +
              outcome(row, f, trials[row.name]) + " |\n";
    if (!row.remark.empty()) remarks += "\n`" + row.name + "`: " + row.remark + "\n";
    for (const auto& [seed, trial] : trials[row.name])
      if (trial.settings == row.settings.description()) kept.push_back(trial);
  }
  page += remarks;
  save_trials(kept, docs + "/book.json");
  write_text(docs + "/book.md", page);
}
