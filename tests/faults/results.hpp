// The results on disk: a JSON file a subject, which `faults table` gathers into docs/lint.json.
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "subject.hpp"

using Json = nlohmann::ordered_json;

/// What was measured of a subject, as JSON: "runs" and "lint", each of "faulty" and "fixed", with the program that it
/// was measured of. What another program left is not looked at; a program that several subjects share is run once.
class Results {
 public:
  /// Those of a folder's files, or of one file with all; "" keeps none.
  explicit Results(std::string path);

  /// The figures of a twin's seeds; null where a training did not come to its end.
  std::vector<std::optional<double>> figures(const Subject& subject, const Twin& twin) const;
  void set_figures(const Subject& subject, const Twin& twin, const std::vector<std::optional<double>>& figures,
                   double seconds);
  /// What lint said of a twin; null where it was not asked.
  Json lint(const Subject& subject, const Twin& twin) const;
  void set_lint(const Subject& subject, const Twin& twin, Json said);

  const Json& all() const { return all_; }

 private:
  const Json* entry(const std::string& of, const Subject& subject, const Twin& twin) const;
  void set(const std::string& of, const Subject& subject, const Twin& twin, Json entry);
  std::string folder_;
  Json all_;  // by the subject's name
};

/// Whether a subject counts: the faulty program misses its figure, and the corrected one reaches it, in at least 4 of 5
/// seeds; a control, when it reaches it. Nothing where it was not run.
std::optional<bool> counts(const Results& results, const Subject& subject);
/// The seeds of a twin that reach the figure.
std::int64_t reached(const Results& results, const Subject& subject, const Twin& twin);

/// What lint named of a twin: "act", in the words of the truth lists.
std::vector<std::string> named(const Results& results, const Subject& subject, const Twin& twin);
/// Those of them that the truth lists.
std::vector<std::string> right(const Results& results, const Subject& subject);

/// Writes docs/lint.json and, of it, the table docs/lint.md.
void write_table(const Results& results, const std::vector<Subject>& subjects, const std::string& docs);
