#include "history.hpp"

#include <autograd/core/error.hpp>
#include <autograd/tape.hpp>
#include <cmath>
#include <iomanip>
#include <limits>
#include <ostream>
#include <sstream>

#include "figure.hpp"

namespace xtape::optim {
namespace {

constexpr std::size_t most_points = 1024;

// A number of samples or a rate with its thousands apart: "24,310".
std::string grouped(double x) {
  std::string digits = std::to_string(std::llround(x));
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

}  // namespace

void Curve::add(double value) {
  if (filled_ == 0 || filled_ == width_) {
    if (sums_.size() == most_points) {
      for (std::size_t i = 0; i < most_points / 2; ++i) sums_[i] = sums_[2 * i] + sums_[2 * i + 1];
      sums_.resize(most_points / 2);
      width_ *= 2;
    }
    sums_.push_back(0);
    filled_ = 0;
  }
  sums_.back() += value;
  ++filled_;
}

std::vector<std::pair<double, double>> Curve::points() const {
  std::vector<std::pair<double, double>> points;
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    const double steps = static_cast<double>(i + 1 < sums_.size() ? width_ : filled_);
    points.emplace_back(static_cast<double>(i) * static_cast<double>(width_) + steps, sums_[i] / steps);
  }
  return points;
}

void Curve::save(const std::string& name, StateDict& to) const {
  to[name + ".sums"] = tensor(sums_);
  to[name + ".width"] = tensor(std::vector<std::int64_t>{width_, filled_});
}

void Curve::load(const std::string& name, const StateDict& from) {
  const auto sums = saved(from, name + ".sums").to_vector<double>();
  const auto width = saved(from, name + ".width").to_vector<std::int64_t>();
  if (width.size() != 2 || width[0] < 1 || width[1] < 0 || sums.size() > most_points)
    fail("Snapshot", "'" + name + "' is no curve");
  sums_ = sums, width_ = width[0], filled_ = width[1];
}

std::optional<double> Epoch::find(const std::string& name) const {
  for (const auto& [known, value] : values_)
    if (known == name) return value;
  return std::nullopt;
}

double Epoch::operator[](const std::string& name) const {
  if (const auto value = find(name)) return *value;
  std::string all;
  for (const auto& entry : values_) all += (all.empty() ? "'" : ", '") + entry.first + "'";
  fail("Epoch", "there is no '" + name + "', only " + all);
}

void Epoch::set(const std::string& name, double value) {
  for (auto& [known, old] : values_)
    if (known == name) {
      old = value;
      return;
    }
  values_.emplace_back(name, value);
}

std::ostream& operator<<(std::ostream& out, const Epoch& epoch) {
  std::ostringstream text;
  text << "epoch " << epoch.number();
  for (const auto& [name, value] : epoch.values()) text << "  " << name << " " << rounded(name, value);
  text << "  " << std::fixed << std::setprecision(epoch.seconds < 10 ? 2 : 1) << epoch.seconds << " s";
  if (epoch.seconds > 0) text << "  " << grouped(static_cast<double>(epoch.samples) / epoch.seconds) << " samples/s";
  if (epoch.best) text << "  best";
  return out << text.str();
}

void History::save(Snapshot& to) const {
  loss.save("history.loss", to.tensors);
  lr.save("history.lr", to.tensors);
  // All epochs of a training have the same figures.
  std::string& names = to.notes["history.figures"];
  std::vector<double> table;
  for (const Epoch& e : epochs) {
    table.insert(table.end(), {e.seconds, static_cast<double>(e.samples), e.best ? 1. : 0.});
    for (const auto& [name, value] : e.values()) {
      if (&e == &epochs[0]) names += name + "\n";
      table.push_back(value);
    }
  }
  to.tensors["history.epochs"] = tensor(table);
}

void History::load(const Snapshot& from) {
  std::vector<std::string> names;
  if (const auto found = from.notes.find("history.figures"); found != from.notes.end()) {
    std::istringstream lines(found->second);
    for (std::string name; std::getline(lines, name);) names.push_back(name);
  }
  const std::vector<double> table = saved(from.tensors, "history.epochs").to_vector<double>();
  const std::size_t width = 3 + names.size();
  if (table.size() % width != 0) fail("Snapshot", "the history has rows of different length");
  std::vector<Epoch> all;
  for (auto row = table.begin(); row != table.end(); row += static_cast<std::ptrdiff_t>(width)) {
    Epoch& e = all.emplace_back(static_cast<std::int64_t>(all.size()) + 1);
    e.seconds = row[0], e.samples = static_cast<std::int64_t>(row[1]), e.best = row[2] != 0;
    for (std::size_t i = 0; i < names.size(); ++i) e.set(names[i], row[static_cast<std::ptrdiff_t>(3 + i)]);
  }
  loss.load("history.loss", from.tensors);
  lr.load("history.lr", from.tensors);
  epochs = std::move(all);
}

}  // namespace xtape::optim
