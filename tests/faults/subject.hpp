// A subject: a faulty training program beside its corrected twin, as the lines of a *.txt file say it.
#pragma once
#include <string>
#include <vector>

/// A column of the table: a training program, in words.
struct Twin {
  std::string layers, cost, optimizer;
  std::int64_t batch = 0, epochs = 0;
  std::string changes;  ///< what it does to the data that both have
  std::string text;     ///< all of it, by which results of another program are told from these
};

/// What tells the twins apart: "accuracy", at least or at most `bound`.
struct Figure {
  std::string name;
  bool at_least = true;
  double bound = 0;
  bool reached(double value) const { return at_least ? value >= bound : value <= bound; }
  std::string text() const;
};

struct Subject {
  std::string id, title, data, note, skip;
  Twin faulty, fixed;
  Figure figure;
  std::vector<std::string> truth;   ///< kinds of fault, "act"; "none" of a control, which learns
  std::vector<std::string> others;  ///< the marks of four published tools; none where they were not run
  bool is_control() const { return truth == std::vector<std::string>{"none"}; }
  bool held_out = false;  ///< not seen while thresholds were chosen
};

/// All subjects of the files in this folder. Throws std::runtime_error with the line that is wrong.
std::vector<Subject> load_subjects(const std::string& folder);
/// The words of a line.
std::vector<std::string> words_of(const std::string& line);
/// A number as a user writes it, ".5"; throws std::runtime_error for anything else.
double number_of(const std::string& word);
