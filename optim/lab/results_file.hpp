// Private: the file of a comparison's trainings.
#pragma once
#include <functional>
#include <map>
#include <optim/appended_file.hpp>
#include <optional>
#include <string>
#include <vector>

namespace xtape::lab {

/// What came of a training: the figure of each epoch, or why there is none.
struct Outcome {
  std::vector<double> figures;
  double seconds = 0;  // of a processor
  std::string error;
};

/// The trainings of a comparison that have ended, a JSON object a line, under a line that says of what they are. What
/// is appended is there whole or not at all.
class ResultsFile {
 public:
  using Known = std::function<void(const std::string& variant, std::uint64_t seed, Outcome)>;
  /// Opens it or makes it, and tells what it has. Throws when it is of another title or figure, when `is_variant` does
  /// not know one of its variants, and when it is no such file.
  ResultsFile(const std::string& path, const std::string& title, const std::string& figure,
              const std::function<bool(const std::string& variant)>& is_variant, const Known& known, Site site);
  void add(const std::string& variant, std::uint64_t seed, const Outcome& outcome);
  /// In a process that began as a copy, which must not keep others from the file.
  void forget() { file_.reset(); }

 private:
  std::optional<optim::AppendedFile> file_;
  Site site_;
};

}  // namespace xtape::lab
