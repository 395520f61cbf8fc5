#include "report.hpp"

#include <algorithm>
#include <autograd/ops/creation.hpp>
#include <autograd/ops/join.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/ops/slice.hpp>
#include <autograd/parallel.hpp>
#include <cmath>
#include <ctime>
#include <optim/history.hpp>
#include <optim/page.hpp>

#include "figure.hpp"

namespace xtape::optim {
namespace {

constexpr std::size_t most_pictures = 36, most_histograms = 80;
constexpr std::int64_t most_classes = 50;
constexpr const char* kinds[] = {"weights", "gradients", "outputs"};

// The picture that one input of this shape is, (channels, h, w), or () where it is none.
Shape picture_of(const Shape& input) {
  if (input.rank() == 2) {
    const auto side = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(input[1]))));
    if (side >= 4 && side * side == input[1]) return {1, side, side};
  }
  if (input.rank() == 4 && (input[1] == 1 || input[1] == 3) && input[2] >= 4 && input[3] >= 4)
    return {input[1], input[2], input[3]};
  return {};
}

// The pictures that the first layer's weights are, by output, of inputs like `picture`; undefined where they are none.
Tensor first_weights(const std::vector<Parameter>& parameters, const Shape& picture) {
  for (const Parameter& p : parameters) {
    const Shape& s = p.shape();
    if (s.rank() == 1) continue;
    const Tensor w = p.tensor().detach();
    const std::int64_t n = std::min<std::int64_t>(s[0], 64);
    if (s.rank() == 2 && picture.rank() == 3 && s[1] == picture.size() && picture[0] == 1)
      return slice(reshape(w, {s[0], picture[1], picture[2]}), 0, Slice(0, n));
    if (s.rank() == 4 && s[1] == 1 && s[2] * s[3] > 1) return slice(reshape(w, {s[0], s[2], s[3]}), 0, Slice(0, n));
    return Tensor();
  }
  return Tensor();
}

// Numbers that were saved one after the other.
class NumberReader {
 public:
  explicit NumberReader(std::vector<double> all) : all_(std::move(all)) {}
  bool ends() const { return at_ == all_.size(); }
  double number() { return numbers(1)[0]; }
  std::int64_t count() {
    const double n = number();
    if (!(n >= 0 && n < 0x1p53)) fail("Snapshot", "a histogram has counts of " + std::to_string(n));
    return static_cast<std::int64_t>(n);
  }
  std::vector<double> numbers(std::int64_t n) {
    if (n > static_cast<std::int64_t>(all_.size() - at_)) fail("Snapshot", "a histogram ends before its end");
    const auto from = all_.begin() + static_cast<std::ptrdiff_t>(at_);
    at_ += static_cast<std::size_t>(n);
    return {from, from + n};
  }

 private:
  std::vector<double> all_;
  std::size_t at_ = 0;
};

std::string date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts;
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", localtime_r(&now, &parts));
  return text;
}

}  // namespace

void Report::begin_validation() { now_ = {}; }

void Report::add_batch(const Tensor& input, const Tensor& output, const Tensor& target) {
  if (output.rank() != 2 || target.dtype() != int64 || target.rank() != 1 || output.shape()[0] != target.size() ||
      output.shape()[1] < 2 || output.shape()[1] > most_classes)
    return;
  const auto classes = static_cast<std::size_t>(output.shape()[1]);
  now_.confusion.resize(classes, std::vector<double>(classes));
  picture_ = picture_of(input.shape());
  const auto taken = argmax(output, 1).to_vector<std::int64_t>(), labels = target.to_vector<std::int64_t>();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] >= output.shape()[1]) continue;
    ++now_.confusion[static_cast<std::size_t>(labels[i])][static_cast<std::size_t>(taken[i])];
    if (labels[i] == taken[i] || now_.pictures.size() == most_pictures || picture_.rank() == 0) continue;
    now_.pictures.push_back(reshape(select(input.detach().to(float32), 0, static_cast<std::int64_t>(i)), picture_));
    for (const std::int64_t x : {now_.samples + static_cast<std::int64_t>(i), labels[i], taken[i]})
      now_.taken.push_back(x);
  }
  now_.samples += target.size();
}

void Report::end_validation(bool shown) {
  if (shown || shown_.confusion.empty()) shown_ = std::move(now_);
}

void Report::add_histograms(std::int64_t epoch, const std::vector<Parameter>& parameters, const Tensors& gradients,
                            const std::vector<std::pair<std::string, Tensor>>& outputs) {
  auto add = [&](int kind, const std::string& layer, const Tensor& x) {
    if (!x.defined() || x.size() == 0 || !is_floating(x.dtype())) return;
    auto& all = spreads_[kind];
    auto found = std::find_if(all.begin(), all.end(), [&](const auto& entry) { return entry.first == layer; });
    if (found == all.end()) found = all.insert(all.end(), {layer, {}});
    Spread& spread = found->second;
    spread.epochs.push_back(static_cast<double>(epoch));
    spread.histograms.push_back(histogram(x.detach(), 40));
    if (spread.epochs.size() < most_histograms) return;
    for (std::size_t i = 0; 2 * i < spread.epochs.size(); ++i) {
      spread.epochs[i] = spread.epochs[2 * i];
      spread.histograms[i] = spread.histograms[2 * i];
    }
    spread.epochs.resize((spread.epochs.size() + 1) / 2), spread.histograms.resize(spread.epochs.size());
  };
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::string name = parameters[i].name().empty() ? std::to_string(i) : parameters[i].name();
    add(0, name, parameters[i].tensor());
    if (i < gradients.size()) add(1, name, gradients[i]);
  }
  for (const auto& [layer, output] : outputs) add(2, layer, output);
}

Page Report::page(const std::string& title, const History& history, const std::map<std::string, std::string>& settings,
                  const std::string& figure, const std::vector<Parameter>& parameters) const {
  Page page(title);
  const std::vector<Epoch>& epochs = history.epochs;
  double seconds = 0, samples = 0;
  const Epoch* best = nullptr;
  for (const Epoch& e : epochs) {
    seconds += e.seconds, samples += static_cast<double>(e.samples);
    if (e.best) best = &e;
  }
  const Epoch* judged = best ? best : epochs.empty() ? nullptr : &epochs.back();
  if (judged) {
    std::vector<Highlight> numbers{{"epochs", static_cast<std::int64_t>(epochs.size())}};
    for (const auto& [name, value] : judged->values())
      if (name != "lr")
        numbers.push_back(
            {name, rounded(name, value), best ? "epoch " + std::to_string(best->number()) : "last epoch"});
    page.highlights(numbers);
  }
  auto mark = [&](CurvesOptions options) {
    return best ? options.mark(static_cast<double>(best->number()), "best") : options;
  };
  // The figures by epoch: both losses on one chart, what are shares on another, each of the rest on its own.
  std::vector<Series> losses, shares, others;
  for (const Epoch& e : epochs)
    for (const auto& [name, value] : e.values()) {
      if (name == "lr") continue;
      auto& to = name == "loss" || name == "validation_loss" ? losses : is_share(name) ? shares : others;
      auto found = std::find_if(to.begin(), to.end(), [&, &known = name](const Series& s) { return s.name == known; });
      if (found == to.end()) found = to.insert(to.end(), {name, {}, {}});
      found->x.push_back(static_cast<double>(e.number())), found->y.push_back(value);
    }
  if (!losses.empty()) page.curves("Loss", losses, mark(CurvesOptions("epoch")));
  if (!shares.empty()) page.curves("Accuracy", shares, mark(CurvesOptions("epoch").percent()));
  for (const Series& s : others) page.curves(s.name, {s}, mark(CurvesOptions("epoch")));
  auto by_step = [](const char* name, const Curve& curve) {
    Series s{name, {}, {}};
    for (const auto& [x, y] : curve.points()) s.x.push_back(x), s.y.push_back(y);
    return s;
  };
  const Series loss = by_step("loss", history.loss), lr = by_step("learning rate", history.lr);
  if (!loss.x.empty()) page.curves("Loss by step", {loss}, CurvesOptions("step").smooth());
  if (!lr.x.empty()) page.curves("Learning rate", {lr}, CurvesOptions("step"));

  if (!shown_.confusion.empty()) {
    std::vector<std::string> names;
    std::vector<double> counts;
    for (std::size_t i = 0; i < shown_.confusion.size(); ++i) {
      names.push_back(std::to_string(i));
      counts.insert(counts.end(), shown_.confusion[i].begin(), shown_.confusion[i].end());
    }
    const auto n = static_cast<std::int64_t>(names.size());
    page.matrix("What is taken for what", tensor(counts, {n, n}), names);
  }
  if (!shown_.pictures.empty()) {
    std::vector<std::string> captions;
    for (std::size_t i = 0; i < shown_.taken.size(); i += 3)
      captions.push_back(std::to_string(shown_.taken[i + 1]) + ", taken for " + std::to_string(shown_.taken[i + 2]) +
                         " (" + std::to_string(shown_.taken[i]) + ")");
    const bool grey = shown_.pictures[0].shape()[0] == 1;
    page.pictures("Mistakes", stack(shown_.pictures), captions, grey ? PicturesOptions().ink() : PicturesOptions());
  }
  if (const Tensor w = first_weights(parameters, picture_); w.defined())
    page.pictures("Weights of the first layer", w, {}, PicturesOptions().diverging());
  for (int kind = 0; kind < 3; ++kind) {
    std::vector<HistogramSeries> series;
    for (const auto& [layer, spread] : spreads_[kind]) series.push_back({layer, spread.epochs, spread.histograms});
    const char* titles[] = {"Weights", "Gradients of the last step of an epoch", "Outputs of the layers"};
    if (!series.empty()) page.histograms(titles[kind], series, "epoch");
  }
  Row rows;
  for (const auto& [name, value] : settings) rows.emplace_back(name, value);
  rows.emplace_back("best by", figure.empty() ? "nothing" : figure);
  rows.emplace_back("xtape", XTAPE_VERSION);
  rows.emplace_back("compiler", __VERSION__);
  page.table("Settings", rows);
  page.table("Times", {{"written", date()},
                       {"threads", num_threads()},
                       {"seconds", std::round(seconds * 10) / 10},
                       {"samples/s", seconds > 0 ? std::round(samples / seconds) : 0}});
  return page;
}

void Report::save(StateDict& to) const {
  std::vector<double> confusion;
  for (const auto& row : shown_.confusion) confusion.insert(confusion.end(), row.begin(), row.end());
  to["report.confusion"] = tensor(confusion);
  to["report.taken"] = tensor(shown_.taken);
  if (!shown_.pictures.empty()) to["report.pictures"] = stack(shown_.pictures);
  std::vector<std::int64_t> picture(picture_.begin(), picture_.end());
  to["report.picture"] = tensor(picture);
  for (int kind = 0; kind < 3; ++kind)
    for (std::size_t k = 0; k < spreads_[kind].size(); ++k) {
      const auto& [layer, spread] = spreads_[kind][k];
      std::vector<double> all;
      for (std::size_t i = 0; i < spread.epochs.size(); ++i) {
        const Histogram& h = spread.histograms[i];
        all.insert(all.end(), {spread.epochs[i], static_cast<double>(h.counts.size()), static_cast<double>(h.number),
                               static_cast<double>(h.not_finite), h.min, h.max, h.sum, h.sum_of_squares});
        all.insert(all.end(), h.edges.begin(), h.edges.end());
        all.insert(all.end(), h.counts.begin(), h.counts.end());
      }
      // The place keeps the order of the layers.
      to["report." + std::string(kinds[kind]) + "." + std::to_string(1000 + k) + "." + layer] = tensor(all);
    }
}

void Report::load(const StateDict& from) {
  Report to;
  const std::vector<double> confusion = saved(from, "report.confusion").to_vector<double>();
  const auto n = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(confusion.size()))));
  if (n * n != confusion.size()) fail("Snapshot", "'report.confusion' is no square");
  for (std::size_t i = 0; i < n; ++i)
    to.shown_.confusion.emplace_back(confusion.begin() + static_cast<std::ptrdiff_t>(i * n),
                                     confusion.begin() + static_cast<std::ptrdiff_t>((i + 1) * n));
  to.shown_.taken = saved(from, "report.taken").to_vector<std::int64_t>();
  if (const auto found = from.find("report.pictures"); found != from.end()) to.shown_.pictures = unbind(found->second);
  if (to.shown_.taken.size() != 3 * to.shown_.pictures.size()) fail("Snapshot", "pictures and their classes differ");
  const auto picture = saved(from, "report.picture").to_vector<std::int64_t>();
  to.picture_ = Shape(picture.data(), picture.data() + picture.size());
  for (int kind = 0; kind < 3; ++kind) {
    const std::string prefix = "report." + std::string(kinds[kind]) + ".";
    for (auto at = from.lower_bound(prefix); at != from.end() && at->first.compare(0, prefix.size(), prefix) == 0;
         ++at) {
      Spread spread;
      for (NumberReader in(at->second.to_vector<double>()); !in.ends();) {
        Histogram h;
        spread.epochs.push_back(in.number());
        const std::int64_t bins = in.count();
        h.number = in.count(), h.not_finite = in.count();
        h.min = in.number(), h.max = in.number(), h.sum = in.number(), h.sum_of_squares = in.number();
        h.edges = in.numbers(bins > 0 ? bins + 1 : 0);
        h.counts = in.numbers(bins);
        spread.histograms.push_back(std::move(h));
      }
      if (at->first.size() < prefix.size() + 5) fail("Snapshot", "'" + at->first + "' has no place");
      to.spreads_[kind].emplace_back(at->first.substr(prefix.size() + 5), std::move(spread));
    }
  }
  *this = std::move(to);
}

}  // namespace xtape::optim
