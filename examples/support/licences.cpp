#include "licences.hpp"

#include <algorithm>
#include <array>
#include <autograd/ops.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <vector>

#include "plot.hpp"

using xtape::Tensor;
namespace fs = std::filesystem;

Text licences(const TrainingOptions& options) {
  const std::string folder = options.data.empty() ? "/usr/share/common-licenses" : options.data;
  std::vector<fs::path> paths;
  std::error_code failed;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, failed))
    if (entry.is_regular_file() && !entry.is_symlink()) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::string train, test;
  for (const fs::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::size_t cut = text.size() - text.size() / 10;
    train += text.substr(0, cut);
    test += text.substr(cut);
  }
  if (train.size() + test.size() < 150'000)
    throw xtape::Error(
        folder + " has " + std::to_string(train.size() + test.size()) +
        " letters in files, expected at least 150000: give --data a folder of texts");
  const std::set<char> letters(train.begin(), train.end());
  Text text;
  text.alphabet.assign(letters.begin(), letters.end());
  std::array<std::int64_t, 256>
      number{};  // a letter that the training text has not passes for the first
  for (std::size_t i = 0; i < text.alphabet.size(); ++i)
    number[static_cast<unsigned char>(text.alphabet[i])] = static_cast<std::int64_t>(i);
  auto numbers = [&](const std::string& s) {
    std::vector<std::int64_t> all;
    for (const char c : s) all.push_back(number[static_cast<unsigned char>(c)]);
    return xtape::tensor(all);
  };
  text.train = numbers(train);
  text.test = numbers(test);
  if (options.quick) {
    text.train = slice(text.train, 0, {0, 60'000});
    text.test = slice(text.test, 0, {0, 6'000});
  }
  return text;
}

namespace {

// How often a letter came after one and two others.
class Counts {
 public:
  explicit Counts(std::int64_t letters)
      : n_(letters),
        one_(size(1)),
        two_(size(2)),
        three_(size(3)),
        after_(size(1)),
        after_two_(size(2)) {}

  void add(const std::int64_t* begin, const std::int64_t* end) {
    for (const std::int64_t* c = begin + 2; c < end; ++c) {
      ++one_[at(c[0])], ++two_[at(c[-1] * n_ + c[0])],
          ++three_[at((c[-2] * n_ + c[-1]) * n_ + c[0])];
      ++after_[at(c[-1])], ++after_two_[at(c[-2] * n_ + c[-1])], ++all_;
    }
  }

  // The four estimates of c[0]'s probability.
  std::array<double, 4> estimates(const std::int64_t* c) const {
    auto share = [](double part, double whole) { return whole > 0 ? part / whole : 0; };
    return {
        1. / static_cast<double>(n_), share(one_[at(c[0])], all_),
        share(two_[at(c[-1] * n_ + c[0])], after_[at(c[-1])]),
        share(three_[at((c[-2] * n_ + c[-1]) * n_ + c[0])], after_two_[at(c[-2] * n_ + c[-1])])};
  }

 private:
  static std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }
  std::vector<double> size(int axes) const {
    return std::vector<double>(at(axes == 1 ? n_ : axes == 2 ? n_ * n_ : n_ * n_ * n_));
  }
  std::int64_t n_;
  std::vector<double> one_, two_, three_, after_, after_two_;
  double all_ = 0;
};

double mixed(const std::array<double, 4>& weights, const std::array<double, 4>& estimates) {
  double p = 0;
  for (std::size_t i = 0; i < 4; ++i) p += weights[i] * estimates[i];
  return p;
}

}  // namespace

double trigram_cross_entropy(const Text& text) {
  const auto letters = static_cast<std::int64_t>(text.alphabet.size());
  const std::int64_t *train = text.train.data<std::int64_t>(), *end = train + text.train.size();
  const std::int64_t* cut = end - text.train.size() / 10;
  Counts part(letters), all(letters);
  part.add(train, cut);
  all.add(train, end);
  std::array<double, 4> weights{0.25, 0.25, 0.25, 0.25};
  for (int round = 0; round < 30; ++round) {
    std::array<double, 4> share{};
    for (const std::int64_t* c = cut; c < end; ++c) {
      const std::array<double, 4> e = part.estimates(c);
      const double p = mixed(weights, e);
      for (std::size_t i = 0; i < 4; ++i) share[i] += weights[i] * e[i] / p;
    }
    for (std::size_t i = 0; i < 4; ++i) weights[i] = share[i] / static_cast<double>(end - cut);
  }
  const std::int64_t *test = text.test.data<std::int64_t>(), *last = test + text.test.size();
  double sum = 0;
  for (const std::int64_t* c = test + 2; c < last; ++c)
    sum -= std::log(mixed(weights, all.estimates(c)));
  return sum / static_cast<double>(last - test - 2);
}

void plot_nats(const std::string& path, const xtape::optim::History& history, double trigrams) {
  std::vector<double> epoch, nats;
  for (const xtape::optim::Epoch& e : history.epochs) {
    epoch.push_back(static_cast<double>(e.number()));
    nats.push_back(e["nats"]);
  }
  const Tensor x = xtape::tensor(epoch);
  Plot plot("Letters that were held back", "epoch", "nats a letter");
  plot.line("network", x, xtape::tensor(nats)).points("", x, xtape::tensor(nats));
  plot.dashes("a mixture of trigrams", x, full_like(x, trigrams));
  write_svg(path, {plot});
}
