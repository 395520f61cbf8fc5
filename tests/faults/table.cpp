// The table of docs/lint.md.
#include <autograd/files/new_file.hpp>
#include <cstdio>
#include <sstream>

#include "results.hpp"

namespace {

void write(const std::string& path, const std::string& text) {
  xtape::NewFile file("faults", path);
  file.write(text);
  file.keep();
}

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", v);
  return text;
}

std::string percent(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? "–"
                    : std::to_string(part) + " of " + std::to_string(whole) + " (" +
                          number(100. * static_cast<double>(part) / static_cast<double>(whole)) + " %)";
}

// "0.5, 0.5, 0.75", one number where all are alike.
std::string figures(const Results& results, const Subject& subject, const Twin& twin) {
  std::string text, last;
  bool alike = true;
  for (const auto& v : results.figures(subject, twin)) {
    const std::string shown = v ? number(*v) : "NaN";
    alike = alike && (last.empty() || shown == last);
    last = shown;
    text += (text.empty() ? "" : ", ") + shown;
  }
  return alike ? last : text;
}

std::string joined(const std::vector<std::string>& words, const char* none) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text.empty() ? none : text;
}

// What lint named, what is right in bold.
std::string ours(const Results& results, const Subject& subject) {
  if (results.lint(subject, subject.faulty).is_null()) return "";
  const std::string truth = " " + joined(subject.truth, "") + " ";
  std::string text;
  for (const std::string& kind : named(results, subject, subject.faulty)) {
    const bool is_right = truth.find(" " + kind + " ") != std::string::npos;
    text += (text.empty() ? "" : " ") + (is_right ? "**" + kind + "**" : kind);
  }
  return text.empty() ? "–" : text;
}

// What lint did on some subjects that count.
struct Sum {
  std::int64_t subjects = 0, detected = 0, right = 0, named = 0, true_kinds = 0, alarms = 0;
  void add(const Results& results, const Subject& subject) {
    const auto all = ::named(results, subject, subject.faulty), true_ones = ::right(results, subject);
    ++subjects;
    detected += !all.empty(), right += !true_ones.empty();
    named += static_cast<std::int64_t>(all.size()), true_kinds += static_cast<std::int64_t>(true_ones.size());
    alarms += !::named(results, subject, subject.fixed).empty();
  }
  std::string row(const std::string& name) const {
    return "| " + name + " | " + std::to_string(subjects) + " | " + percent(detected, subjects) + " | " +
           percent(right, subjects) + " | " + percent(true_kinds, named) + " | " + std::to_string(alarms) + " |\n";
  }
};

struct Set {
  const char *prefix, *title, *text;
};
const Set sets[] = {
    {"deepfd", "DeepFD's 52 programs",
     "The marks of the other tools are those that were published of the originals: D, detected; k, with a kind that is "
     "in the truth list. 30 of the programs are DeepLocalize's."},
    {"checker", "TheDeepChecker's kinds of planted faults",
     "On three base programs: `cnn`, `deep` and `regression`. No tool's figures on them were published by others."},
    {"neuralint", "NeuraLint's variants of LeNet",
     "NeuraLint looks at the graph alone; many of its faults are of style, and train as well as their twin."},
    {"healthy", "Trainings that learn", "Networks of the book and a first program, on which `lint` has to be silent."}};

std::string summary(const Results& results, const std::vector<Subject>& subjects) {
  std::ostringstream out;
  out << "| subjects that count | | detected | a right kind | right of the kinds named | twins with an alarm |\n"
         "|---|---|---|---|---|---|\n";
  for (const char* half : {"development", "held out"}) {
    Sum of_half;
    for (const Set& set : sets) {
      Sum sum;
      for (const Subject& s : subjects)
        if (s.id.find(set.prefix) == 0 && s.held_out == (half[0] == 'h') && counts(results, s).value_or(false) &&
            !s.is_control() && !results.lint(s, s.faulty).is_null())
          sum.add(results, s), of_half.add(results, s);
      if (sum.subjects > 0) out << sum.row(std::string(half) + ", " + set.title);
    }
    out << of_half.row("**" + std::string(half) + "**");
  }
  std::int64_t controls = 0, alarms = 0;
  for (const Subject& s : subjects)
    if (s.is_control() && counts(results, s).value_or(false) && !results.lint(s, s.fixed).is_null())
      ++controls, alarms += !named(results, s, s.fixed).empty();
  out << "| trainings that learn, without a twin | " << controls << " | | | | " << alarms << " |\n";
  return out.str();
}

// By name what it missed, and where it spoke of a training that learns.
std::string mistakes(const Results& results, const std::vector<Subject>& subjects) {
  std::string missed, alarms;
  for (const Subject& s : subjects) {
    if (!counts(results, s).value_or(false) || results.lint(s, s.faulty).is_null()) continue;
    const std::string name = " `" + s.id + (s.held_out ? "` ᴴ" : "`");
    if (!s.is_control() && named(results, s, s.faulty).empty()) missed += (missed.empty() ? "" : ",") + name;
    if (!named(results, s, s.fixed).empty()) alarms += (alarms.empty() ? "" : ",") + name;
  }
  return "Missed:" + (missed.empty() ? " none" : missed) + ". Alarms:" + (alarms.empty() ? " none" : alarms) + ".\n";
}

// What lint took.
std::string costs(const Results& results) {
  double all = 0, checks = 0, trials = 0;
  std::int64_t runs = 0, tried = 0;
  for (const Json& subject : results.all())
    for (const Json& said : subject.value("lint", Json::object())) {
      ++runs, tried += said.at("trials").get<std::int64_t>();
      all += said.at("seconds").get<double>(), checks += said.at("checks").get<double>();
      trials += said.at("trial_seconds").get<double>();
    }
  return "These " + std::to_string(runs) + " runs took " + number(all - checks - trials) + " s, the checks " +
         number(checks) + " s, and " + std::to_string(tried) + " trials of changes " + number(trials) + " s.\n";
}

// The published figures of the 52, beside ours of those that were recreated and count.
std::string beside_others(const Results& results, const std::vector<Subject>& subjects) {
  std::ostringstream out;
  out << "| of DeepFD's programs | UMLAUT | AUTOTRAINER | DeepLocalize | DeepFD | xtape |\n|---|---|---|---|---|---|\n";
  const auto rows = [&](const std::string& name, auto wanted) {
    std::int64_t all = 0, detected[5] = {}, right_kind[5] = {};
    for (const Subject& s : subjects) {
      if (s.others.size() != 4 || !wanted(s)) continue;
      ++all;
      for (std::size_t tool = 0; tool < 4; ++tool) {
        detected[tool] += s.others[tool][0] == 'D';
        right_kind[tool] += s.others[tool] == "Dk";
      }
      const bool silent = named(results, s, s.faulty).empty() && !results.lint(s, s.faulty).is_null();
      detected[4] += s.is_control() ? silent : !named(results, s, s.faulty).empty();
      right_kind[4] += s.is_control() ? silent : !right(results, s).empty();
    }
    out << "| " << name << ", " << all << ": detected |";
    for (std::int64_t n : detected) out << " " << n << " |";
    out << "\n| a right kind |";
    for (std::int64_t n : right_kind) out << " " << n << " |";
    out << "\n";
  };
  rows("all", [](const Subject&) { return true; });
  rows("that count", [&](const Subject& s) { return counts(results, s).value_or(false); });
  rows("that count and are held out",
       [&](const Subject& s) { return counts(results, s).value_or(false) && s.held_out; });
  return out.str();
}

std::string rows_of(const Results& results, const std::vector<Subject>& subjects, const Set& set) {
  const bool others = std::string(set.prefix) == "deepfd";
  std::ostringstream counted, rest;
  for (const Subject& s : subjects) {
    if (s.id.find(set.prefix) != 0) continue;
    const std::string id = s.id.substr(std::string(set.prefix).size() + 1);
    const auto counting = counts(results, s);
    if (!counting.value_or(false)) {
      rest << "- `" << id << "` " << s.title << ": ";
      if (!s.skip.empty()) rest << "not run, " << s.skip;
      else if (!counting) rest << "not run yet";
      else
        rest << s.figure.text() << "; faulty " << figures(results, s, s.faulty) << "; corrected "
             << figures(results, s, s.fixed);
      rest << ". " << (s.note.empty() ? "" : s.note + ".") << "\n";
      continue;
    }
    counted << "| `" << id << "` " << s.title << (s.note.empty() ? "" : " <sub>" + s.note + "</sub>") << " | "
            << s.figure.text() << " | " << figures(results, s, s.faulty)
            << (s.is_control() ? "" : " → " + figures(results, s, s.fixed)) << " | " << joined(s.truth, "") << " | "
            << ours(results, s) << (s.held_out ? " ᴴ" : "") << " | "
            << (results.lint(s, s.fixed).is_null() ? "" : joined(named(results, s, s.fixed), "–")) << " |";
    if (others)
      for (const std::string& mark : s.others) counted << " " << (mark == "-" ? "–" : mark) << " |";
    counted << "\n";
  }
  std::ostringstream out;
  out << "\n## " << set.title << "\n\n"
      << set.text << "\n\n"
      << "| program | figure | faulty → corrected | truth | lint | on the twin |"
      << (others ? " UMLAUT | AUTOTRAINER | DeepLocalize | DeepFD |" : "") << "\n|---|---|---|---|---|---|"
      << (others ? "---|---|---|---|" : "") << "\n"
      << counted.str() << "\nThose that do not count, and what their five seeds came to:\n\n"
      << rest.str();
  return out.str();
}

}  // namespace

void write_table(const Results& results, const std::vector<Subject>& subjects, const std::string& docs) {
  std::string json;
  for (const Subject& s : subjects)
    if (results.all().contains(s.id))
      json += (json.empty() ? "{\n" : ",\n") + Json(s.id).dump() + ": " + results.all().at(s.id).dump();
  write(docs + "/lint.json", json + "\n}\n");

  std::string text =
      "# What `lint` finds in public faulty trainings\n\n"
      "Written by `faults table` from [lint.json](lint.json); the programs are in `tests/faults/*.txt`, five lines "
      "each.\n"
      "`ninja faults`, then `faults calibrate` and `faults lint` run them again; what is done is not done twice.\n\n"
      "A subject is a faulty program beside its corrected twin, recreated on data of the same kind. It counts when "
      "the\n"
      "faulty one misses its figure in at least 4 of 5 seeds, and the corrected one reaches it in at least 4 of 5. "
      "`lint`\n"
      "sees one run of each: the first seed that misses, and the first that reaches. \"A right kind\": at least one of "
      "the\n"
      "kinds it names is in the truth list, the benchmark's rule. Kinds: act(ivation), loss, lr, epoch, opt(imiser),\n"
      "prep(rocessing), batch, init, layer, data, loop, eval(uation). ᴴ: held out while thresholds were chosen, by "
      "the\n"
      "draw in `tests/faults/held_out.txt`, and asked once at the end. What\n"
      "these programs are and what repairs them was known all along; how lint does on them was not.\n\n";
  text += summary(results, subjects) + "\n" + mistakes(results, subjects) + "\n" + costs(results) + "\n" +
          beside_others(results, subjects);
  for (const Set& set : sets) text += rows_of(results, subjects, set);
  write(docs + "/lint.md", text);
}
