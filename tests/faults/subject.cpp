#include "subject.hpp"

#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

double number_of(const std::string& word) {
  std::size_t used = 0;
  double value = 0;
  try {
    value = std::stod(word, &used);
  } catch (const std::exception&) {}
  if (used == 0 || used != word.size()) throw std::runtime_error("'" + word + "' is no number");
  return value;
}

std::string Figure::text() const {
  std::ostringstream out;
  out << name << (at_least ? " ≥ " : " ≤ ") << bound;
  return out.str();
}

namespace {

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(' '), end = text.find_last_not_of(' ');
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

std::vector<std::string> columns_of(const std::string& line) {
  std::vector<std::string> columns;
  std::istringstream in(line);
  for (std::string column; std::getline(in, column, '|');) columns.push_back(trimmed(column));
  return columns;
}

// "D1 sig | mse | sgd .1 | B10 E30 | x:std"
Twin twin_of(const std::string& line) {
  const std::vector<std::string> columns = columns_of(line);
  if (columns.size() != 4 && columns.size() != 5)
    throw std::runtime_error("expected layers | cost | optimiser | B… E… | changes of the data, not '" + line + "'");
  Twin twin;
  twin.layers = columns[0], twin.cost = columns[1], twin.optimizer = columns[2];
  for (const std::string& word : words_of(columns[3])) {
    const auto n = static_cast<std::int64_t>(number_of(word.substr(1)));
    if (word[0] == 'B') twin.batch = n;
    else if (word[0] == 'E') twin.epochs = n;
  }
  if (twin.batch < 1 || twin.epochs < 1) throw std::runtime_error("expected B… E…, not '" + columns[3] + "'");
  if (columns.size() == 5) twin.changes = columns[4];
  for (const std::string& column : columns) twin.text += (twin.text.empty() ? "" : " | ") + column;
  return twin;
}

Figure figure_of(const std::string& line) {
  const std::vector<std::string> words = words_of(line);
  if (words.size() != 3 || (words[1] != ">=" && words[1] != "<="))
    throw std::runtime_error("expected a figure such as 'accuracy >= .9', not '" + line + "'");
  return {words[0], words[1] == ">=", number_of(words[2])};
}

// A line of a subject, its names replaced by what they stand for.
void set(Subject& subject, const std::string& key, const std::string& value) {
  if (key == "data") subject.data = value;
  else if (key == "faulty") subject.faulty = twin_of(value);
  else if (key == "fixed") subject.fixed = twin_of(value);
  else if (key == "program") subject.faulty = subject.fixed = twin_of(value);
  else if (key == "figure") subject.figure = figure_of(value);
  else if (key == "truth") subject.truth = words_of(value);
  else if (key == "others") subject.others = words_of(value);
  else if (key == "note") subject.note = value;
  else if (key == "skip") subject.skip = value;
  else {
    subject.id = key;
    subject.title = value;
  }
}

// "$cnn" is what the line "let $cnn = …" said; one name may use those before it.
std::string expanded(std::string line, const std::map<std::string, std::string>& names) {
  for (auto at = line.find('$'); at != std::string::npos; at = line.find('$', at)) {
    const std::string name = line.substr(at, line.find_first_of(" |", at) - at);
    if (names.count(name) == 0) throw std::runtime_error("there is no " + name);
    line.replace(at, name.size(), names.at(name));
  }
  return line;
}

void load(const std::string& path, std::vector<Subject>& subjects) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  std::map<std::string, std::string> names;
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    try {
      if (line.empty()) inside = false;
      if (line.empty() || line[0] == '#') continue;
      const auto space = line.find(' ');
      const std::string key = line.substr(0, space), rest = trimmed(line.substr(space));
      if (key == "let") {
        const auto equals = rest.find(" = ");
        names[rest.substr(0, equals)] = expanded(trimmed(rest.substr(equals + 3)), names);
        continue;
      }
      if (!inside) subjects.emplace_back();
      inside = true;
      set(subjects.back(), key, expanded(rest, names));
    } catch (const std::exception& e) {
      throw std::runtime_error(path + ":" + std::to_string(number) + ": " + e.what());
    }
  }
}

}  // namespace

std::vector<Subject> load_subjects(const std::string& folder) {
  std::vector<Subject> subjects;
  for (const char* name : {"deepfd", "checker", "neuralint", "healthy"}) load(folder + "/" + name + ".txt", subjects);
  std::ifstream file(folder + "/held_out.txt");
  if (!file) throw std::runtime_error(folder + "/held_out.txt: cannot be read");
  for (std::string line; std::getline(file, line);)
    for (Subject& subject : subjects)
      // A kind of TheDeepChecker has a subject of each base program.
      if (subject.id == line || subject.id.substr(0, subject.id.rfind('-')) == line) subject.held_out = true;
  return subjects;
}
