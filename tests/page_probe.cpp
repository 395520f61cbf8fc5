// For page_browser.py: writes pages with every kind of section into a folder, and pictures.
#include <cmath>
#include <functional>
#include <iostream>
#include <limits>
#include <string>
#include <xtape.hpp>

#include <optim/page.hpp>

using namespace xtape;

namespace {

const double nan_value = std::numeric_limits<double>::quiet_NaN();

optim::Series series(const std::string& name, int n, const std::function<double(int)>& f) {
  optim::Series s{name, {}, {}};
  for (int i = 1; i <= n; ++i) s.x.push_back(i), s.y.push_back(f(i));
  return s;
}

// Beginnings of waves in all directions, as first layers learn them.
Tensor waves(int n) {
  std::vector<double> v;
  for (int k = 0; k < n; ++k)
    for (int i = 0; i < 28; ++i)
      for (int j = 0; j < 28; ++j) {
        const double y = (i - 13.5) / 9, x = (j - 13.5) / 9, angle = 0.7 * k;
        v.push_back(std::exp(-x * x - y * y) * std::sin(3 * (x * std::cos(angle) + y * std::sin(angle)) + angle));
      }
  return tensor(v, Shape{n, 28, 28});
}

Tensor confusion() {
  std::vector<int> counts;
  for (int i = 0; i < 10; ++i)
    for (int j = 0; j < 10; ++j)
      counts.push_back(i == j ? 960 + 7 * i % 11 : (7 * i + 3 * j) % 5 == 0 ? (i + 2 * j) % 13 : i * j % 3);
  counts[4 * 10 + 9] = 21;
  return tensor(counts, Shape{10, 10});
}

optim::HistogramSeries spread(const std::string& name, double width, std::uint64_t seed) {
  RandomGenerator generator(seed);
  optim::HistogramSeries s{name, {}, {}};
  for (int epoch = 1; epoch <= 20; ++epoch) {
    s.x.push_back(epoch);
    s.y.push_back(
        optim::histogram(normal({4000}, 0.1 * width * epoch, width * (0.3 + std::sqrt(epoch)), float32, generator)));
  }
  return s;
}

void write_sample(const std::string& path) {
  const Tensor digits = reshape(datasets::whole(datasets::synthetic_digits(24, 3)).input, {24, 28, 28});
  std::vector<std::string> captions;
  for (int i = 0; i < 24; ++i)
    captions.push_back("is " + std::to_string(i % 10) + ", read as " + std::to_string(7 * i % 10));
  optim::Page("Handwritten digits", "A network of 784, 30 and 10 sigmoid neurons, trained by Adam for 20 epochs")
      .highlights({{"Accuracy", "96.82 %", "validation, epoch 17"},
                   {"Cost", 0.1123, "validation, epoch 17"},
                   {"Time", "41 s", "24,400 images a second"},
                   {"Parameters", "23,860", "2 layers"}})
      .curves("Cost",
              {series("training", 20, [](int i) { return 0.9 * std::exp(-0.35 * i) + 0.02 / i; }),
               series("validation", 20, [](int i) { return 0.9 * std::exp(-0.33 * i) + 0.1 + 0.0008 * i; })},
              optim::CurvesOptions("epoch").log_scale().mark(17, "best"))
      .curves("Accuracy",
              {series("training", 20, [](int i) { return 0.995 - 0.3 * std::exp(-0.4 * i); }),
               series("validation", 20,
                      [](int i) { return i == 6 ? nan_value : 0.967 - 0.3 * std::exp(-0.42 * i) - 0.0002 * i; })},
              optim::CurvesOptions("epoch").percent().mark(17, "best"))
      .curves("Cost of each batch",
              {series("training", 12'200,
                      [](int i) {
                        return 2.3 * std::exp(-i / 1500.) + 0.1 + 0.08 * std::sin(i * 12.9898) * std::sin(i * 78.233);
                      })},
              optim::CurvesOptions().smooth())
      .curves("Learning rate",
              {series("rate", 12'200,
                      [](int i) { return i < 600 ? i / 6e5 : 5e-4 * (1 + std::cos(3.14159 * (i - 600) / 11600)); })})
      .matrix("What is taken for what", confusion(), {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"})
      .table("Settings", {{"optimiser", "AdamW"},
                          {"learning rate", 1e-3},
                          {"weight decay", 0.01},
                          {"batch size", 64},
                          {"seed", 1},
                          {"schedule", "one cycle, 600 steps of warm-up"},
                          {"early stopping", true},
                          {"threads", 2},
                          {"version", "0.1.0"}})
      .pictures("Misread", digits, captions, optim::PicturesOptions().ink())
      .pictures("Weights of the first layer", waves(30), {}, optim::PicturesOptions().diverging())
      .histograms("Activations", {spread("hidden", 0.2, 1), spread("output", 1, 2)}, "epoch")
      .histograms("Gradients",
                  {spread("hidden.weight", 1e-3, 3), spread("hidden.bias", 2e-3, 4), spread("output.weight", 1e-2, 5),
                   spread("output.bias", 1e-5, 6)},
                  "epoch")
      .write(path);
}

// Every place for text, with one that would end a script, a comment, an attribute or a line of JSON.
void write_hostile(const std::string& path) {
  const std::string text = "</script><script>alert(1)</script> <!--<b>&amp; \"'` \\u003c \u2028 \xff ${1} \ufffe";
  optim::Page(text, text)
      .heading(text)
      .text(text, text + "\n\n\n" + text)
      .highlights({{text, text, text}})
      .table(text, {{text, text}})
      .table(text, {text, "n"}, {{text, 1}, {text, 2.5}})
      .curves(text, {{text, {1, 2}, {1, 2}}}, optim::CurvesOptions(text).mark(1.5, text))
      .matrix(text, tensor({{3, 1}, {0, 2}}), {text, "b"}, optim::MatrixOptions().axes(text, text))
      .pictures(text, ones({1, 4, 4}), {text})
      .histograms(text, {{text, {1}, {optim::histogram(arange(10))}}}, text)
      .raw(text, "<p class=\"mine\">here</p>",
           "section.querySelector('.mine').textContent = 'drawn ' + page.number(0.5);")
      .write(path);
}

// Values that leave little to draw.
void write_extremes(const std::string& path) {
  const double inf = std::numeric_limits<double>::infinity(), huge = std::numeric_limits<double>::max();
  const std::vector<double> x = {1, 2, 3, 4};
  const std::vector<std::vector<double>> ys = {{nan_value, nan_value, nan_value, nan_value},
                                               {1, nan_value, inf, -inf},
                                               {huge, -huge, 1, 2},
                                               {1e299, -1e299, 1, 2},
                                               {5e-324, 0, 1e-310, 1e-320},
                                               {0, 0, 0, 0},
                                               {-3, -2, -1, 0},
                                               {1, 1 + 1e-15, 1 + 2e-16, 1},
                                               {1e-300, 1, 1e200, 3}};
  optim::Page page("Extremes");
  for (const std::vector<double>& y : ys)
    for (const bool log : {false, true}) page.curves("four", {{"y", x, y}}, optim::CurvesOptions().log_scale(log));
  page.curves("a point", {{"y", {7}, {7}}, {"none", {7}, {nan_value}}},
              optim::CurvesOptions().mark(7, "it").mark(1e9, "far"));
  page.curves("time", {{"y", {1.7e9, 1.7e9 + 1e-6, 1.7e9 + 2e-6}, {1, 2, 3}}, {"z", {-1e300, 1e300}, {1, 2}}});
  page.matrix("nothing", zeros({2, 2}), {"a", "b"}).matrix("one", ones({1, 1}), {"a"});
  page.matrix("wide", full({2, 40}, 123456), {"a", "b"},
              optim::MatrixOptions().columns(std::vector<std::string>(40, "name")));
  page.pictures("constant", full({1, 3, 3}, 0.5))
      .pictures("none", full({1, 3, 3}, nan_value), {}, optim::PicturesOptions().diverging());
  page.pictures("wide", full({1, 3, 5, 2000}, 0.5), {"a picture wider than the page"});
  page.histograms("degenerate", {{"nothing", {1}, {optim::histogram(zeros({0}))}},
                                 {"nan", {1}, {optim::histogram(full({3}, nan_value))}},
                                 {"zero", {1, 2}, {optim::histogram(zeros({3})), optim::histogram(ones({3}))}},
                                 {"huge", {1}, {optim::histogram(tensor({-1e308, 0., 1e308}, float64))}},
                                 {"tiny", {1}, {optim::histogram(tensor({-5e-324, 0., 5e-324}, float64))}}});
  page.write(path);
}

// Drawn numbers in the place of trainings, of which some fail.
void write_comparison(const std::string& path) {
  lab::Compare compare("accuracy", "Four variants & <one> more");
  for (int v = 0; v < 4; ++v)
    compare.add("variant " + std::to_string(v), [v](std::uint64_t seed) {
      RandomStream noise(static_cast<std::uint64_t>(v), seed);
      const bool stuck = v == 3 && seed % 2;
      std::vector<double> curve;
      for (int i = 1; i <= 15; ++i)
        curve.push_back(stuck ? 0.1 : 0.95 - 0.02 * v - 0.5 * std::exp(-i / 3.) + 0.01 * noise.normal());
      return curve;
    });
  compare.add("</script><b>hostile", [](std::uint64_t seed) {
    if (seed == 2) throw std::runtime_error("</script> was thrown");
    return std::vector<double>(15, 0.5);
  });
  compare.seeds(8).stuck_at(0.2).workers(0).progress(optim::ProgressStyle::quiet).report(path).run();
}

// A picture of each number of channels as PNG, and what is in it.
void write_pictures(const std::string& folder) {
  for (const std::int64_t c : {1, 2, 3, 4}) {
    const Tensor x = uniform({c, 5, 7}, -0.2, 1.2);
    nn::save_npy(folder + "/" + std::to_string(c) + ".npy", x);
    optim::write_png(folder + "/" + std::to_string(c) + ".png", x);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) return std::cerr << "page_probe FOLDER\n", 2;
  const std::string folder = argv[1];
  write_sample(folder + "/sample.html");
  write_hostile(folder + "/hostile.html");
  write_extremes(folder + "/extremes.html");
  write_comparison(folder + "/comparison.html");
  write_pictures(folder);
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
