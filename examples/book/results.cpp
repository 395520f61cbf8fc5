#include "results.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include <autograd/files/new_file.hpp>

using Json = nlohmann::ordered_json;

namespace {

std::string today() {
  const std::time_t now = std::time(nullptr);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", std::gmtime(&now));
  return text;
}

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.compare(0, 10, "model name") == 0) return line.substr(line.find(':') + 2);
  return "unknown processor";
}

Json json_of(const Trial& t) {
  return {{"row", t.row},           {"seed", t.seed},
          {"settings", t.settings}, {"complete", t.complete},
          {"epochs", t.epochs},     {"test", t.test},
          {"values", t.values},     {"seconds", std::round(10 * t.seconds) / 10},
          {"date", t.date},         {"processor", t.processor}};
}

Trial trial_of(const Json& j) {
  Trial t;
  j.at("row").get_to(t.row), j.at("seed").get_to(t.seed), j.at("settings").get_to(t.settings);
  j.at("complete").get_to(t.complete), j.at("epochs").get_to(t.epochs), j.at("test").get_to(t.test);
  j.at("values").get_to(t.values), j.at("seconds").get_to(t.seconds), j.at("date").get_to(t.date);
  j.at("processor").get_to(t.processor);
  return t;
}

// What f makes of the JSON of a file; nothing where there is no file.
template <class F>
auto read_json(const std::string& path, F f) -> std::optional<decltype(f(Json()))> {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  try {
    return f(Json::parse(file));
  } catch (const Json::exception& e) {
    throw std::runtime_error(path + ": " + e.what());
  }
}

}  // namespace

void write_text(const std::string& path, const std::string& text) {
  xtape::NewFile file("book", path);
  file.write(text);
  file.keep();
}

bool Trial::is_of(const Row& r) const {
  return complete && row == r.name && settings == r.settings.description() &&
         std::all_of(r.figures.begin(), r.figures.end(),
                     [&](const Figure& f) { return values.count(f.name) == 1; });
}

Trial started(const Row& row, std::uint64_t seed) {
  Trial t;
  t.row = row.name, t.seed = seed, t.settings = row.settings.description();
  t.date = today(), t.processor = processor();
  return t;
}

std::optional<Trial> load_trial(const std::string& path) { return read_json(path, trial_of); }

void save_trial(const Trial& trial, const std::string& path) {
  write_text(path, json_of(trial).dump(1) + "\n");
}

std::vector<Trial> load_trials(const std::string& path) {
  return read_json(path,
                   [](const Json& all) {
                     std::vector<Trial> trials;
                     for (const Json& j : all) trials.push_back(trial_of(j));
                     return trials;
                   })
      .value_or(std::vector<Trial>());
}

void save_trials(const std::vector<Trial>& trials, const std::string& path) {
  std::string text;
  for (const Trial& t : trials) text += (text.empty() ? "[" : ",\n") + json_of(t).dump();
  write_text(path, text.empty() ? "[]\n" : text + "]\n");
}

std::vector<Trial> load_folder(const std::string& folder) {
  std::vector<Trial> trials;
  if (std::filesystem::is_directory(folder))
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (entry.path().extension() == ".json") trials.push_back(*load_trial(entry.path().string()));
  return trials;
}

std::vector<double> values_of(const std::vector<Trial>& trials, const Figure& figure) {
  std::vector<double> values;
  for (const Trial& t : trials) values.push_back(t.values.at(figure.name));
  return values;
}

std::string spread(const std::vector<double>& values, const Figure& figure) {
  const char* digits = *figure.unit ? "%.2f" : "%.3f";
  const auto shown = [&](double v) {
    char text[32];
    std::snprintf(text, sizeof text, digits, v);
    return std::string(text);
  };
  const auto n = static_cast<double>(values.size());
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  if (values.size() == 1) return shown(values[0]) + figure.unit;
  double mean = 0, squares = 0;
  for (double v : values) mean += v / n;
  for (double v : values) squares += (v - mean) * (v - mean);
  std::string text = shown(mean) + " ± " + shown(std::sqrt(squares / (n - 1))) + figure.unit +
                     " (" + shown(*least) + " to " + shown(*most) + ")";
  if (figure.band.of == Band::share)
    text = std::to_string(std::count_if(values.begin(), values.end(),
                                        [&](double v) { return v >= figure.band.reaches; })) +
           " of " + std::to_string(values.size()) + "; " + text;
  return text;
}
