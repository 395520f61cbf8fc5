#include "results.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <autograd/files/new_file.hpp>

namespace {

// By which results of another program are told from these.
std::string program(const Subject& subject, const Twin& twin) {
  return subject.data + " | " + twin.text + " | " + subject.figure.name;
}

const char* name(const Subject& subject, const Twin& twin) { return &twin == &subject.faulty ? "faulty" : "fixed"; }

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

Results::Results(std::string path) : folder_(std::move(path)), all_(Json::object()) {
  if (folder_.empty()) return;
  if (!std::filesystem::is_directory(folder_)) {
    if (std::ifstream file(folder_); file) all_ = Json::parse(file);
    return;
  }
  for (const auto& file : std::filesystem::directory_iterator(folder_))
    if (file.path().extension() == ".json") {
      std::ifstream in(file.path());
      all_[file.path().stem().string()] = Json::parse(in);
    }
}

const Json* Results::entry(const std::string& of, const Subject& subject, const Twin& twin) const {
  for (const auto& any : all_)
    for (const char* which : {"faulty", "fixed"})
      if (const Json::json_pointer at("/" + of + "/" + which);
          any.contains(at) && any.at(at).at("program") == program(subject, twin))
        return &any.at(at);
  return nullptr;
}

void Results::set(const std::string& of, const Subject& subject, const Twin& twin, Json entry) {
  Json whole = {{"program", program(subject, twin)}};
  whole.update(entry);
  all_[subject.id][of][name(subject, twin)] = whole;
  if (folder_.empty()) return;
  std::filesystem::create_directories(folder_);
  xtape::NewFile file("faults", folder_ + "/" + subject.id + ".json");
  file.write(all_[subject.id].dump(1) + "\n");
  file.keep();
}

std::vector<std::optional<double>> Results::figures(const Subject& subject, const Twin& twin) const {
  const Json* found = entry("runs", subject, twin);
  std::vector<std::optional<double>> figures;
  if (found)
    for (const Json& v : found->at("figures"))
      figures.push_back(v.is_null() ? std::nullopt : std::optional<double>(v.get<double>()));
  return figures;
}

void Results::set_figures(const Subject& subject, const Twin& twin, const std::vector<std::optional<double>>& figures,
                          double seconds) {
  Json values = Json::array();
  for (const auto& v : figures) values.push_back(v ? Json(*v) : Json());
  set("runs", subject, twin, {{"figures", values}, {"seconds", seconds}});
}

Json Results::lint(const Subject& subject, const Twin& twin) const {
  const Json* found = entry("lint", subject, twin);
  return found ? *found : Json();
}
void Results::set_lint(const Subject& subject, const Twin& twin, Json said) {
  set("lint", subject, twin, std::move(said));
}

std::int64_t reached(const Results& results, const Subject& subject, const Twin& twin) {
  const auto figures = results.figures(subject, twin);
  return std::count_if(figures.begin(), figures.end(),
                       [&](const std::optional<double>& v) { return v && subject.figure.reached(*v); });
}

std::optional<bool> counts(const Results& results, const Subject& subject) {
  const std::size_t faulty = results.figures(subject, subject.faulty).size();
  const std::size_t fixed = results.figures(subject, subject.fixed).size();
  if (!subject.skip.empty() || faulty < 5 || fixed < 5) return std::nullopt;
  return (subject.is_control() || reached(results, subject, subject.faulty) <= 1) &&
         reached(results, subject, subject.fixed) >= 4;
}

std::vector<std::string> named(const Results& results, const Subject& subject, const Twin& twin) {
  std::vector<std::string> kinds;
  const Json said = results.lint(subject, twin);
  if (said.is_null()) return kinds;
  for (const Json& finding : said.at("findings"))
    if (!contains(kinds, finding.at("kind"))) kinds.push_back(finding.at("kind"));
  return kinds;
}

std::vector<std::string> right(const Results& results, const Subject& subject) {
  std::vector<std::string> kinds = named(results, subject, subject.faulty);
  kinds.erase(std::remove_if(kinds.begin(), kinds.end(),
                             [&](const std::string& kind) { return !contains(subject.truth, kind); }),
              kinds.end());
  return kinds;
}
