// lab::check in use: claims, what it refuses, what it predicts, and its picture.
#include <algorithm>
#include <cmath>
#include <sstream>

#include "folder.hpp"
#include "support.hpp"

using namespace xtape;

// A formula is compiled for all that a tape does with it, so that there is one.
static constexpr auto swish = [](auto x) { return x * sigmoid(x); };

TEST_CASE("expect holds a function against what is claimed of it") {
  auto options = [](const char* name) { return lab::ActivationOptions().name(name).predict(false); };
  const auto sigmoid_ = lab::check(sigmoid, options("sigmoid"));
  sigmoid_.expect(lab::sound, lab::finite, lab::smooth, lab::differentiable, lab::continuous, lab::increasing,
                  lab::monotone, lab::bounded(0, 1), lab::chi1(0.15, 0.16), lab::gain(1.8, 1.9));
  const auto elu = lab::check([](const Tensor& x) { return nn::elu(x); }, options("elu"));
  elu.expect(lab::differentiable, lab::bounded(-1));
  REQUIRE(elu.bends.size() == 1);
  CHECK(elu.bends[0].at == 0);
  const auto abs_ = lab::check([](const Tensor& x) { return abs(x); }, options("abs"));
  abs_.expect(lab::continuous, lab::even, lab::bounded(0));
  const auto step = lab::check([](const Tensor& x) { return (x > 0).to(x.dtype()); }, options("step"));
  const auto log_ = lab::check([](const Tensor& x) { return log(x); }, options("log"));
  const auto mse = lab::check([](const Tensor& y, const Tensor& t) { return nn::mse_loss(y, t); });
  mse.expect(lab::sound, lab::finite, lab::continuous, lab::differentiable, lab::convex, lab::least_at_target);
  const auto cauchy = lab::check([](const Tensor& y, const Tensor& t) { return log1p(square(y - 0.9 * t)); });

  auto refused = [](const auto& report, lab::Claim claim) { return message([&] { report.expect(claim); }); };
  // Targets and predictions that are stated.
  auto cost = [](const Tensor& y, const Tensor& t) { return square(y - t) * (1 + 0 * log(y)); };
  const auto stated = lab::check(cost, lab::CostOptions().range(0.2, 0.8).targets({0.25, 0.5}));
  stated.expect(lab::sound, lab::convex, lab::least_at_target);
  CHECK(stated.minima.size() == 2);

  CHECK(begins(refused(elu, lab::smooth), "check: elu is not as claimed, smooth: f'' jumps at 0 (1 to 0)"));
  CHECK(begins(refused(abs_, lab::differentiable),
               "check: abs is not as claimed, differentiable: f' jumps at 0 (-1 to 1)"));
  CHECK(begins(refused(step, lab::continuous), "check: step is not as claimed, continuous: f jumps at 0 (0 to 1)"));
  CHECK(begins(refused(log_, lab::finite), "check: log is not as claimed, finite: f is NaN on [-100, "));
  CHECK(begins(refused(sigmoid_, lab::bounded(0, 0.9)),
               "check: sigmoid is not as claimed, bounded(0, 0.9): its range is [0, 1], least towards -inf, greatest "
               "towards inf"));
  CHECK(begins(refused(sigmoid_, lab::chi1(0.8, 1.2)),
               "check: sigmoid is not as claimed, chi1(0.8, 1.2): chi1 is 0.1528"));
  CHECK(begins(refused(sigmoid_, lab::gain(1, 1.5)),
               "check: sigmoid is not as claimed, gain(1, 1.5): the gain is 1.846"));
  for (const lab::Claim& claim : {lab::decreasing, lab::odd, lab::even})
    CHECK(
        begins(refused(sigmoid_, claim), "check: sigmoid is not as claimed, " + to_string(claim) + ": rises; neither"));
  CHECK(begins(refused(abs_, lab::monotone), "check: abs is not as claimed, monotone: not monotone; even"));
  CHECK(begins(refused(sigmoid_, lab::convex), "check: sigmoid is not as claimed, convex: that is a claim of a cost"));
  CHECK(begins(refused(mse, lab::odd), "check: cost is not as claimed, odd: that is a claim of an activation"));
  CHECK(begins(refused(cauchy, lab::convex), "check: cost is not as claimed, convex: not convex on [-99.61, "));
  CHECK(
      begins(refused(cauchy, lab::least_at_target),
             "check: cost is not as claimed, least_at_target: for target 2 it is least at 1.8 (0), not at the target"));
}

TEST_CASE("check refuses what it cannot look at, and says why") {
  auto refused = [](auto f, lab::ActivationOptions options = lab::ActivationOptions()) {
    return message([&] { lab::check(f, options.predict(false)); });
  };
  CHECK(begins(refused([](const Tensor& x) { return softmax(x, 0); }), "check: f gives "));
  CHECK(begins(refused([](const Tensor& x) { return dropout(x, 0.5); }), "check: f gave "));
  CHECK(begins(refused([](const Tensor& x) { return sum(x); }), "check: f makes () of ("));
  CHECK(begins(refused([](const Tensor& x) { return x > 0; }), "check: f gives boolean, expected numbers"));
  CHECK(begins(refused(relu, lab::ActivationOptions().range(2, 1)),
               "check: the range is [2, 1], expected finite low < high"));
  auto cost = [](auto f, const lab::CostOptions& options = {}) { return message([&] { lab::check(f, options); }); };
  auto mse = [](const Tensor& y, const Tensor& t) { return nn::mse_loss(y, t); };
  CHECK(begins(cost(mse, lab::CostOptions().classes(1)), "check: classes is 1, expected at least 2"));
  CHECK(begins(cost(mse, lab::CostOptions().range(0, 0)), "check: the range is [0, 0], expected"));
  CHECK(begins(cost([](const Tensor& y, const Tensor& t) { return y > t; }), "check: cost gives boolean"));
  CHECK(begins(cost([](const Tensor& y, const Tensor& t) { return square(sum(y - t)); }),
               "check: cost of 4 samples is "));
  CHECK(begins(cost([](const Tensor& y, const Tensor&) { return slice(y, 0, Slice(1)); }),
               "check: cost makes (3, 1) of"));
}

TEST_CASE("check predicts that a function trains like the one that it is, in rows of 100 columns") {
  const auto r = lab::check(swish, lab::ActivationOptions().name("mine"));
  REQUIRE(r.prediction);
  CHECK(r.formula == "x * sigmoid(x)");
  CHECK(r.prediction->nearest().name == "swish");
  CHECK(r.prediction->nearest().spectrum_off < 1e-9);
  std::ostringstream out;
  out << r;
  const std::string text = out.str();
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    CHECK(std::count_if(text.begin() + static_cast<std::ptrdiff_t>(begin),
                        text.begin() + static_cast<std::ptrdiff_t>(end),
                        [](char c) { return (c & 0xC0) != 0x80; }) <= 100);

  const int before = num_threads();
  set_num_threads(3);
  std::ostringstream again;
  again << lab::check(swish, lab::ActivationOptions().name("mine"));
  set_num_threads(before);
  CHECK(again.str() == text);
}

TEST_CASE("check looks at what refuses float32, cannot be recorded or has no second derivative") {
  auto cube = [](const Tensor& x) {
    return custom(
        [](const Tensor& x) {
          std::vector<double> y(x.data<double>(), x.data<double>() + x.size());
          for (double& v : y) v = v * v * v;
          return tensor(y, x.shape());
        },
        [](const Tensor& g, const Tensor& x) { return g * tensor(x.to_vector<double>(), x.shape()) * x * 3; }, x);
  };
  const auto r = lab::check(cube, lab::ActivationOptions().predict(false));
  CHECK(r.float64_only);
  CHECK(r.inside_refused != "");
  CHECK(r.normal.second_moment == doctest::Approx(15));
  std::ostringstream text;
  text << r;
  CHECK(text.str().find("  dtype          float64 only") != std::string::npos);
  // The vjp hides x from the tape, once.
  REQUIRE(r.warnings.size() == 1);
  CHECK(begins(r.warnings[0].text, "the second derivative is wrong"));
}

TEST_CASE("svg draws a function with its derivatives, and gaps where they jump") {
  const Folder folder;
  const std::string path = folder / "relu.svg";
  lab::check(relu, lab::ActivationOptions().name("a < b").predict(false)).svg(path);
  const std::string text = content(path);
  CHECK(begins(text, "<svg "));
  CHECK(text.find("a &lt; b and its derivatives") != std::string::npos);
  // f is one line; f' and f'' are two each.
  std::vector<int> pens;
  const std::size_t lines = text.find("<g clip-path");
  for (std::size_t at = text.find("<path d=\"", lines); at != std::string::npos; at = text.find("<path d=\"", at + 1)) {
    const std::string d = text.substr(at + 9, text.find('"', at + 9) - at - 9);
    pens.push_back(static_cast<int>(std::count(d.begin(), d.end(), 'M')));
  }
  CHECK(pens == std::vector<int>{1, 2, 2});
  CHECK(begins(message([&] { lab::check(relu, lab::ActivationOptions().predict(false)).svg(folder / "no/such.svg"); }),
               "svg: "));
}

TEST_CASE("check's Fisher spectrum is that of the gradients by the parameters, one by one") {
  // The network of Prediction, whose scores sqrt(p_y) d log p_y / d parameters are taken from the tape.
  const double gain = std::sqrt(2.);
  const std::vector<std::int64_t> widths{16, 32, 32, 32, 4};
  RandomGenerator generator(1);
  const Tensor x = normal({32, 16}, 0, 1, float64, generator);
  Tensors parameters;
  for (std::size_t l = 0; l + 1 < widths.size(); ++l) {
    const double scale = (l == 0 ? 1 : gain) / std::sqrt(static_cast<double>(widths[l]));
    parameters.push_back(normal({widths[l + 1], widths[l]}, 0, scale, float64, generator).requires_grad());
    parameters.push_back(zeros({widths[l + 1]}, float64).requires_grad());
  }
  Tensor y = x;
  for (std::size_t l = 0; l < 4; ++l) y = linear(l > 0 ? relu(y) : y, parameters[2 * l], parameters[2 * l + 1]);
  const Tensor log_p = flatten(log_softmax(y, 1));
  Tensors scores;
  for (std::int64_t i = 0; i < log_p.size(); ++i) {
    Tensors parts;
    for (const Tensor& g : grad(log_p[i], parameters, retain_graph)) parts.push_back(flatten(g));
    scores.push_back(concat(parts, 0) * exp(log_p[i].detach() / 2));
  }
  const Tensor rows = stack(scores);
  std::vector<double> expected = eigvalsh(matmul(rows, rows, false, true) / 32).to_vector<double>();
  std::sort(expected.rbegin(), expected.rend());
  const auto r = lab::check(relu);
  REQUIRE(r.prediction);
  for (std::size_t i = 0; i < r.prediction->own.spectrum.size(); ++i)
    CHECK(std::abs(r.prediction->own.spectrum[i] - std::log10(expected[i])) < 1e-6);
}
