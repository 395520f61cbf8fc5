#include "results_file.hpp"

#include <nlohmann/json.hpp>

using nlohmann::ordered_json;

namespace xtape::lab {
namespace {

std::string line_of(const ordered_json& object) {
  return object.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace

ResultsFile::ResultsFile(const std::string& path, const std::string& title, const std::string& figure,
                         const std::function<bool(const std::string&)>& is_variant, const Known& known, Site site)
    : file_(std::in_place, "Compare::save_to", path, site), site_(site) {
  const std::string head = line_of({{"comparison", title}, {"figure", figure}}), text = file_->content(site);
  const auto refuse = [&](const std::string& what) {
    fail("Compare::save_to", path + " " + what + "; give this comparison another file, or remove that one", site);
  };
  std::size_t begin = 0;
  int number = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != text.npos; begin = end + 1) {
    const std::string line = text.substr(begin, end - begin + 1);
    if (++number == 1) {
      const ordered_json other = ordered_json::parse(line, nullptr, false);
      if (!other.is_object() || !other.contains("comparison")) refuse("is no file of a comparison");
      if (line != head)
        refuse("is of another comparison, " + line.substr(0, line.size() - 1) + ", expected " +
               head.substr(0, head.size() - 1));
      continue;
    }
    std::string variant;
    std::uint64_t seed = 0;
    Outcome outcome;
    try {
      const ordered_json result = ordered_json::parse(line);
      variant = result.at("variant").get<std::string>(), seed = result.at("seed").get<std::uint64_t>();
      outcome.seconds = result.at("seconds").get<double>();
      outcome.figures = result.at("figures").get<std::vector<double>>();
    } catch (const nlohmann::json::exception&) {}
    if (outcome.figures.empty()) refuse("has no result of a training in line " + std::to_string(number));
    if (!is_variant(variant)) refuse("has trainings of '" + variant + "', which this comparison has not");
    known(variant, seed, std::move(outcome));
  }
  file_->truncate(static_cast<std::int64_t>(begin), site);  // what a full disk has left of a line
  if (number == 0) file_->append(head, site);
}

void ResultsFile::add(const std::string& variant, std::uint64_t seed, const Outcome& outcome) {
  const ordered_json result = {
      {"variant", variant}, {"seed", seed}, {"seconds", outcome.seconds}, {"figures", outcome.figures}};
  file_->append(line_of(result), site_);
}

}  // namespace xtape::lab
