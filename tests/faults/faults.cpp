// Public faulty training programs beside their corrected twins: what their figures are, and what lint says of them.
//
//   faults list                                   all subjects
//   faults calibrate [ID…] [--results FOLDER]     trains both twins with five seeds; subjects that begin with ID
//   faults lint [ID…] [--half development]        asks lint about both twins of those that count; or "held-out"
//   faults check ID…                              both of that, whatever was done before
//   faults table FOLDER DOCS                      writes DOCS/lint.json and DOCS/lint.md
//
// What is in FOLDER, "fault_results" by default, is not done again.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <stdexcept>

#include <optim/lab/lint.hpp>

#include "results.hpp"
#include "training.hpp"

namespace lab = xtape::lab;

namespace {

struct Arguments {
  std::string command, results = "fault_results", half;
  std::vector<std::string> ids;
  bool wants(const Subject& subject) const {
    if (!subject.skip.empty() || (half == "development" && subject.held_out) ||
        (half == "held-out" && !subject.held_out))
      return false;
    for (const std::string& id : ids)
      if (subject.id.compare(0, id.size(), id) == 0) return true;
    return ids.empty();
  }
};

Arguments parse(int argc, char** argv) {
  Arguments a;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.compare(0, 2, "--") == 0) {
      if (i + 1 == argc || (word != "--results" && word != "--half")) throw std::runtime_error("what is " + word + "?");
      (word == "--half" ? a.half : a.results) = argv[++i];
    } else if (a.command.empty()) a.command = word;
    else a.ids.push_back(word);
  }
  if (!a.half.empty() && a.half != "development" && a.half != "held-out")
    throw std::runtime_error("--half is 'development' or 'held-out'");
  return a;
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void calibrate(Results& results, const Subject& subject) {
  std::printf("%-44s %-16s", subject.id.c_str(), subject.figure.text().c_str());
  for (const Twin* twin : {&subject.faulty, &subject.fixed}) {
    auto figures = results.figures(subject, *twin);
    const auto begin = std::chrono::steady_clock::now();
    if (figures.size() < 5) {
      for (std::uint64_t seed = figures.size(); seed < 5; ++seed) {
        Training training(subject, *twin, seed);
        training.fit();
        const double figure = training.figure();
        figures.push_back(std::isfinite(figure) ? std::optional<double>(figure) : std::nullopt);
      }
      results.set_figures(subject, *twin, figures, seconds_since(begin));
    }
    std::printf(twin == &subject.faulty ? " " : "  →");
    for (const auto& v : figures) std::printf(" %.4g", v ? *v : std::nan(""));
  }
  std::printf("  %s\n", *counts(results, subject) ? "counts" : "DOES NOT COUNT");
  std::fflush(stdout);
}

// The word of the truth lists.
const char* word_of(lab::Fault kind) {
  switch (kind) {
    case lab::Fault::activation: return "act";
    case lab::Fault::loss: return "loss";
    case lab::Fault::learning_rate: return "lr";
    case lab::Fault::epochs: return "epoch";
    case lab::Fault::optimizer: return "opt";
    case lab::Fault::preprocessing: return "prep";
    case lab::Fault::batch: return "batch";
    case lab::Fault::initialization: return "init";
    case lab::Fault::layer: return "layer";
    case lab::Fault::data: return "data";
    case lab::Fault::loop: return "loop";
    case lab::Fault::evaluation: return "eval";
  }
  return "";
}

// The first seed with which the faulty program misses its figure, the corrected one reaches it; else 0.
std::uint64_t typical_seed(const Results& results, const Subject& subject, const Twin& twin) {
  const auto figures = results.figures(subject, twin);
  for (std::size_t seed = 0; seed < figures.size(); ++seed)
    if ((figures[seed] && subject.figure.reached(*figures[seed])) == (&twin == &subject.fixed)) return seed;
  return 0;
}

Json ask_lint(const Subject& subject, const Twin& twin, std::uint64_t seed) {
  const auto begin = std::chrono::steady_clock::now();
  Training training(subject, twin, seed);
  training.run.lint();
  training.fit();
  const lab::Findings& all = training.run.findings();
  Json findings = Json::array();
  for (const lab::Finding& f : all) {
    Json finding = {{"kind", word_of(f.kind)},
                    {"what", f.what},
                    {"measured", f.measured},
                    {"layer", f.layer},
                    {"change", f.change}};
    if (f.trial)
      finding["trial"] = {{"change", f.trial->change},
                          {"before", f.trial->before},
                          {"after", f.trial->after},
                          {"learns", f.trial->learns}};
    findings.push_back(finding);
  }
  return {{"seed", seed},          {"findings", findings}, {"seconds", seconds_since(begin)},
          {"checks", all.seconds}, {"trials", all.trials}, {"trial_seconds", all.trial_seconds}};
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text.empty() ? "nothing" : text;
}

void lint(Results& results, const Subject& subject) {
  if (!counts(results, subject).value_or(false)) return;
  for (const Twin* twin : {&subject.faulty, &subject.fixed})
    if (results.lint(subject, *twin).is_null())
      results.set_lint(subject, *twin, ask_lint(subject, *twin, typical_seed(results, subject, *twin)));
  const auto said = named(results, subject, subject.faulty), alarms = named(results, subject, subject.fixed);
  std::printf("%-44s %s, of which right: %s (truth: %s)%s", subject.id.c_str(), joined(said).c_str(),
              joined(right(results, subject)).c_str(), joined(subject.truth).c_str(),
              said.empty() && !subject.is_control() ? "  MISSED" : "");
  if (!alarms.empty()) std::printf("  FALSE ALARM: %s", joined(alarms).c_str());
  std::printf("\n");
  std::fflush(stdout);
}

int run(int argc, char** argv) {
  const Arguments a = parse(argc, argv);
  const std::vector<Subject> subjects = load_subjects(XTAPE_FAULTS_DIR);
  if (a.command == "table" && a.ids.size() == 2) {
    write_table(Results(a.ids[0]), subjects, a.ids[1]);
    return 0;
  }
  Results results(a.command == "check" ? "" : a.results);
  for (const Subject& subject : subjects) {
    if (!a.wants(subject)) continue;
    if (a.command == "list") std::printf("%-44s %s\n", subject.id.c_str(), subject.title.c_str());
    else if (a.command == "calibrate") calibrate(results, subject);
    else if (a.command == "lint") lint(results, subject);
    else if (a.command == "check") calibrate(results, subject), lint(results, subject);
    else throw std::runtime_error("commands are list, calibrate, lint, check and table");
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << e.what() << "\n";
    return 1;
  }
}
