// What pages, pictures and histograms refuse, and what they make of numbers; page_browser.py sees them as readers do.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <optim/page.hpp>
#include <sstream>

#include "folder.hpp"
#include "support.hpp"

using namespace xtape;
using doctest::Contains;
using optim::CurvesOptions;
using optim::MatrixOptions;
using optim::Page;
using optim::PicturesOptions;
using optim::Series;

namespace {

const double nan_value = std::nan(""), infinity = std::numeric_limits<double>::infinity();

// What the script of a page's first section with data is given.
nlohmann::json data_of(const Page& page) {
  const std::string html = page.html(), begin = "<script type=\"application/json\">";
  const std::size_t at = html.find(begin) + begin.size();
  return nlohmann::json::parse(html.substr(at, html.find("</script>", at) - at));
}

}  // namespace

TEST_CASE("the same sections are the same page, which names no other place") {
  auto page = [](int threads) {
    set_num_threads(threads);
    const Tensor x = sin(arange(3000, float64)).to(float32);
    Page page("title", "subtitle");
    page.heading("h").text("t", "one\n\ntwo").highlights({{"n", 0.5, "note"}}).table("s", {{"a", 1}, {"b", "c"}});
    page.table("s", {"a", "b"}, {{1, 2}, {"x", true}}).curves("c", {{"y", {1, 2, 3}, {0.1, nan_value, 0.3}}});
    page.matrix("m", tensor({{1, 2}, {3, 4}}), {"a", "b"}).pictures("p", reshape(x, {2, 50, 30}));
    page.pictures("p", reshape(x, {2, 50, 30}), {"a", "b"}, PicturesOptions().diverging());
    page.histograms("h", {{"w", {1}, {optim::histogram(x)}}}).raw("r", "<p>", "1 < 2");
    set_num_threads(1);
    return page.html();
  };
  const std::string html = page(1);
  CHECK(html == page(3));
  CHECK(html.find("<p>one</p>\n<p>two</p>\n") != html.npos);
  for (std::size_t at = 0; (at = html.find("://", at)) != html.npos; ++at)
    CHECK(html.substr(at - 4, 27) == "http://www.w3.org/2000/svg\"");
}

TEST_CASE("what pages and pictures refuse, and how they say so") {
  const Series y{"y", {1, 2}, {3, 4}};
  const optim::Histogram h = optim::histogram(ones({3}));
  struct Bad {
    const char* says;
    std::function<void(Page&)> make;
  };
  const Bad all[] = {
      {"Page::table: row 1 has 1 values, expected one for each of the 2 columns",
       [&](Page& p) {
         p.table("t", {"a", "b"}, {{1, 2}, {3}});
       }},
      {"Page::curves: 'cost' has no series", [&](Page& p) { p.curves("cost", {}); }},
      {"Page::curves: series 'y' has no points",
       [&](Page& p) {
         p.curves("c", {{"y", {}, {}}});
       }},
      {"Page::curves: series 'z' has 2 x and 1 y",
       [&](Page& p) {
         p.curves("c", {y, {"z", {1, 2}, {1}}});
       }},
      {"Page::curves: series 'y' has 1 as x[1], expected numbers from -1e300 to 1e300 that do not decrease",
       [&](Page& p) {
         p.curves("c", {{"y", {2, 1}, {1, 1}}});
       }},
      {"series 'y' has nan as x[0]",
       [&](Page& p) {
         p.curves("c", {{"y", {nan_value}, {1}}});
       }},
      {"series 'y' has inf as x[1]",
       [&](Page& p) {
         p.curves("c", {{"y", {1, infinity}, {1, 2}}});
       }},
      {"Page::curves: series 'y' has a band of 2 low and 1 high, expected one of each for the 2 points",
       [&](Page& p) {
         p.curves("c", {{"y", {1, 2}, {1, 1}, {0, 0}, {2}}});
       }},
      {"Page::curves: the mark 'best' is at nan, expected a finite number",
       [&](Page& p) { p.curves("c", {y}, CurvesOptions().mark(nan_value, "best")); }},
      {"Page::matrix: the counts are (4,), expected (rows, columns)",
       [&](Page& p) {
         p.matrix("m", ones({4}), {"a", "b"});
       }},
      {"Page::matrix: the counts are (0, 2)",
       [&](Page& p) {
         p.matrix("m", ones({0, 2}), {});
       }},
      {"Page::matrix: there are names for 3 rows and 3 columns, expected one for each of the counts' (2, 2)",
       [&](Page& p) {
         p.matrix("m", ones({2, 2}), {"a", "b", "c"});
       }},
      {"names for 2 rows and 1 columns",
       [&](Page& p) {
         p.matrix("m", ones({2, 2}), {"a", "b"}, MatrixOptions().columns({"a"}));
       }},
      {"Page::matrix: a count is -1", [&](Page& p) { p.matrix("m", tensor({{-1}}), {"a"}); }},
      {"Page::matrix: a count is inf",
       [&](Page& p) {
         p.matrix("m", full({1, 1}, infinity), {"a"});
       }},
      {"Page::matrix: a count is nan",
       [&](Page& p) {
         p.matrix("m", full({1, 1}, nan_value), {"a"});
       }},
      {"Page::pictures: the pictures are (28, 28), expected (n, h, w)",
       [&](Page& p) {
         p.pictures("p", ones({28, 28}));
       }},
      {"the pictures are (2, 5, 8, 8)",
       [&](Page& p) {
         p.pictures("p", ones({2, 5, 8, 8}));
       }},
      {"the pictures are (0, 8, 8)",
       [&](Page& p) {
         p.pictures("p", ones({0, 8, 8}));
       }},
      {"the pictures are ()", [&](Page& p) { p.pictures("p", tensor(1.)); }},
      {"Page::pictures: there are 1 captions for 2 pictures",
       [&](Page& p) {
         p.pictures("p", ones({2, 8, 8}), {"one"});
       }},
      {"Page::pictures: the pictures have 3 channels, expected 1",
       [&](Page& p) {
         p.pictures("p", ones({2, 3, 8, 8}), {}, PicturesOptions().ink());
       }},
      {"the pictures have 2 channels",
       [&](Page& p) {
         p.pictures("p", ones({2, 2, 8, 8}), {}, PicturesOptions().diverging());
       }},
      {"encode_png: the range is [1, 1], expected finite ends, the first below the second",
       [&](Page& p) {
         p.pictures("p", ones({1, 8, 8}), {}, PicturesOptions().range(1, 1));
       }},
      {"Page::histograms: 'h' has no series", [&](Page& p) { p.histograms("h", {}); }},
      {"Page::histograms: series 'w' has 2 x and 1 y",
       [&](Page& p) {
         p.histograms("h", {{"w", {1, 2}, {h}}});
       }},
      {"Page::histograms: series 'w' has no points",
       [&](Page& p) {
         p.histograms("h", {{"w", {}, {}}});
       }},
      {"series 'w' has a histogram of 2 counts and 2 edges, expected one edge more than counts",
       [&](Page& p) {
         p.histograms("h", {{"w", {1}, {{{0, 1}, {1, 2}, 3}}}});
       }},
      {"Page::histograms: series 'w' has a histogram whose edges are not finite and ascending",
       [&](Page& p) {
         p.histograms("h", {{"w", {1}, {{{1, 0}, {1}, 1}}}});
       }},
      {"Page::histograms: series 'w' has a histogram whose edges are not finite and ascending",
       [&](Page& p) {
         p.histograms("h", {{"w", {1}, {{{0, INFINITY}, {1}, 1}}}});
       }},
      {"or whose counts are no counts",
       [&](Page& p) {
         p.histograms("h", {{"w", {1}, {{{0, 1}, {-1}, 1}}}});
       }},
      {"Page::raw: the script has '</script'", [&](Page& p) { p.raw("r", "", "x = '</SCRIPT>'"); }},
      {"Page::raw: the script has '<!--'", [&](Page& p) { p.raw("r", "", "x = '<!--'"); }},
      {"Page::write: cannot write /nowhere/page.html: No such file", [](Page& p) { p.write("/nowhere/page.html"); }},
      {"encode_png: the picture is (3,), expected (h, w) or (c, h, w)", [](Page&) { optim::encode_png(ones({3})); }},
      {"encode_png: the picture is (5, 2, 2)",
       [](Page&) {
         optim::encode_png(ones({5, 2, 2}));
       }},
      {"encode_png: the picture is (0, 2)",
       [](Page&) {
         optim::encode_png(ones({0, 2}));
       }},
      {"encode_png: the picture is (1, 65537)",
       [](Page&) {
         optim::encode_png(ones({1, 65537}));
       }},
      {"encode_png: the range is [2, 1]",
       [](Page&) {
         optim::encode_png(ones({2, 2}), optim::PixelRange{2, 1});
       }},
      {"encode_png: the range is [0, inf]",
       [](Page&) {
         optim::encode_png(ones({2, 2}), optim::PixelRange{0, infinity});
       }},
      {"write_png: the picture is (3,)", [](Page&) { optim::write_png("/nowhere/p.png", ones({3})); }},
      {"write_png: cannot write /nowhere/p.png",
       [](Page&) {
         optim::write_png("/nowhere/p.png", ones({3, 3}));
       }},
      {"histogram: bins is 0, expected a number from 1 to 10000", [](Page&) { optim::histogram(ones({3}), 0); }},
      {"histogram: bins is 10001", [](Page&) { optim::histogram(ones({3}), 10'001); }},
  };
  Page page("title");
  page.curves("before", {y});
  const std::string before = page.html();
  for (const Bad& bad : all) {
    CAPTURE(bad.says);
    CHECK_THROWS_WITH_AS(bad.make(page), Contains(bad.says), Error);
    CHECK(page.html() == before);
  }
  CHECK(says(message([&] { page.curves("c", {}); }), "Page::curves: ", __LINE__));
  CHECK(says(message([&] { page.pictures("p", Tensor()); }), "", __LINE__));
}

TEST_CASE("a page is written whole") {
  const Folder folder;
  const std::string path = folder / "page.html";
  const Page page("title");
  page.write(path);
  CHECK(content(path) == page.html());
  CHECK_THROWS_AS(page.write(path + "/page.html"), Error);
}

TEST_CASE("long curves are drawn by the extremes of each stretch, smooth ones by their means") {
  Series s{"y", {}, {}};
  const int n = 54'321;
  for (int i = 0; i < n; ++i) {
    s.x.push_back(i / 8.);
    s.y.push_back(std::sin(i * 0.37) * (1 + i % 101) + (i == 30'000 ? 1e4 : i == 31'000 ? -1e4 : 0));
  }
  s.y[5] = infinity;
  for (int i = 40'000; i < 41'000; ++i) s.y[static_cast<std::size_t>(i)] = nan_value;
  s.low = s.high = s.y;
  const nlohmann::json few = data_of(Page("").curves("", {s}))["series"][0];
  CHECK(few["low"] == few["y"]);
  CHECK(few["high"] == few["y"]);
  s.low.clear(), s.high.clear();
  const auto x = few["x"].get<std::vector<double>>();
  REQUIRE(x.size() == few["y"].size());
  CHECK(x.size() <= 2000);
  CHECK(x.size() > 1900);
  CHECK(std::is_sorted(x.begin(), x.end()));
  int gaps = 0;
  double least = infinity, greatest = -infinity;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double y = s.y[static_cast<std::size_t>(x[i] * 8)];
    if (few["y"][i].is_null()) {
      ++gaps;
      CHECK(!std::isfinite(y));
    } else {
      CHECK(few["y"][i] == y);
      least = std::min(least, y), greatest = std::max(greatest, y);
    }
  }
  CHECK(x.front() == 0);
  CHECK(x.back() == (n - 1) / 8.);
  CHECK(gaps > 10);
  CHECK(greatest > 9e3);
  CHECK(least < -9e3);
  // Of 2,000 points each is drawn.
  s.x.resize(2000), s.y.resize(2000);
  CHECK(data_of(Page("").curves("", {s}))["series"][0]["x"] == s.x);

  const Series line{"y", {0, 1, 2, 3}, {5, nan_value, 7, infinity}};
  const nlohmann::json short_one = data_of(Page("").curves("", {line}, CurvesOptions().smooth()))["series"][0];
  CHECK(short_one["y"] == nlohmann::json({5, nullptr, 7, nullptr}));
  CHECK(short_one["raw"]["y"] == short_one["y"]);
  Series ramp{"y", {}, {}};
  for (int i = 0; i < 1000; ++i) ramp.x.push_back(i), ramp.y.push_back(i % 5 == 2 ? nan_value : 3 * i);
  const nlohmann::json mean = data_of(Page("").curves("", {ramp}, CurvesOptions().smooth()))["series"][0];
  CHECK(mean["raw"]["x"].size() == 1000);
  REQUIRE(mean["x"].size() == 200);
  for (int k = 0; k < 200; ++k) {  // the middle of five, which is their mean without it
    CHECK(mean["x"][k].get<double>() == doctest::Approx(5 * k + 2));
    CHECK(mean["y"][k].get<double>() == doctest::Approx(3 * (5 * k + 2)));
  }
}

TEST_CASE("a histogram counts each element once, where it lies") {
  std::vector<double> values;
  for (int i = 0; i < 5000; ++i) values.push_back(std::sin(i * 1.7) + std::sin(i * 0.31) * (i % 7));
  values[17] = 4000, values[18] = -90, values[19] = 2000;
  const std::vector<std::vector<double>> all = {values,          {1, 2, 3, 4},           {3, 3, 3},
                                                {0.1, 0.1, 0.1}, {-1e308, 1e308, 1e308}, {1, std::nextafter(1, 2)},
                                                {-0., 5e-324}};
  for (const std::vector<double>& v : all)
    for (const std::int64_t bins : {1, 2, 64, 1000}) {
      CAPTURE(v.size());
      CAPTURE(bins);
      std::vector<double> with_others = v;
      with_others.insert(with_others.begin() + 1, {nan_value, infinity, -infinity});
      const optim::Histogram h = optim::histogram(tensor(with_others), bins);
      CHECK(h.not_finite == 3);
      CHECK(h.number == static_cast<std::int64_t>(v.size()));
      CHECK(h.min == *std::min_element(v.begin(), v.end()));
      CHECK(h.max == *std::max_element(v.begin(), v.end()));
      REQUIRE(h.edges.size() == h.counts.size() + 1);
      CHECK(h.counts.size() <= static_cast<std::size_t>(bins) + 2);
      CHECK(h.edges.front() == h.min);
      CHECK(h.edges.back() == h.max);
      for (std::size_t i = 0; i < h.counts.size(); ++i) {
        const double low = h.edges[i], high = h.edges[i + 1];
        const bool last = i + 1 == h.counts.size();
        if (v.front() != v.back()) CHECK(low < high);
        CHECK(h.counts[i] ==
              std::count_if(v.begin(), v.end(), [&](double x) { return x >= low && (last ? x <= high : x < high); }));
      }
    }
  const optim::Histogram h = optim::histogram(tensor(values));
  double sum = 0, squares = 0;
  for (const double v : values) sum += v / 5000, squares += v * v / 5000;
  CHECK(h.mean() == doctest::Approx(sum));
  CHECK(h.standard_deviation() == doctest::Approx(std::sqrt(squares - sum * sum)));
  // Three far ones do not take the detail from the others.
  CHECK(h.edges[2] - h.edges[1] < 8 * h.standard_deviation() / 64 * 1.001);
  CHECK(optim::histogram(tensor({3, 1, 2}), 2).counts == std::vector<double>{1, 2});
  CHECK(optim::histogram(zeros({0})).counts.empty());
  CHECK(optim::histogram(zeros({0})).standard_deviation() == 0);
}

TEST_CASE("pictures have the range of their dtype or the one that is asked for") {
  const Tensor bytes = tensor({{0, 128}, {255, 7}}, uint8);
  const std::string png = optim::encode_png(bytes);
  CHECK(begins(png, "\x89PNG"));
  CHECK(optim::encode_png(bytes.to(int64)) == png);
  CHECK(optim::encode_png(reshape(bytes, {1, 2, 2})) == png);
  CHECK(optim::encode_png(bytes.to(float64) / 255) == png);
  CHECK(optim::encode_png(bytes.to(float64) / 255 * 6 - 3, optim::PixelRange{-3, 3}) == png);
  CHECK(optim::encode_png(bytes.to(float64) * 2 - 1000, optim::PixelRange{-1000, -490}) == png);
  const Tensor outside = tensor({{-1., 0.5}, {2., nan_value}});
  CHECK(optim::encode_png(outside) == optim::encode_png(tensor({{0., 0.5}, {1., 0.}})));
  CHECK(optim::encode_png(tensor({{true, false}})) == optim::encode_png(tensor({{1., 0.}})));
  // On a page, from the least to the greatest; uint8 as it is.
  auto html = [](const Tensor& x) { return Page("").pictures("", x).html(); };
  const Tensor x = tensor({{{0., 1.}, {0.25, 0.5}}});
  CHECK(html(x) == html(x * 8 - 3));
  CHECK(html(x) != html(x + tensor({{{0., 1.}, {0., 0.}}})));
  CHECK(html((x * 100).to(uint8)) != html((x * 200).to(uint8)));
}

TEST_CASE("values as text") {
  struct Row {
    optim::Value value;
    const char* text;
    bool number;
  };
  const Row rows[] = {{true, "true", false},
                      {false, "false", false},
                      {3, "3", true},
                      {-7L, "-7", true},
                      {std::uint8_t{200}, "200", true},
                      {0.1, "0.1", true},
                      {0.1f, "0.10000000149011612", true},
                      {1e-5, "1e-05", true},
                      {1e22, "1e+22", true},
                      {nan_value, "nan", true},
                      {-infinity, "-inf", true},
                      {"text", "text", false},
                      {std::string("s"), "s", false},
                      {-0., "-0", true}};
  for (const Row& row : rows) {
    CHECK(to_string(row.value) == row.text);
    CHECK(is_number(row.value) == row.number);
  }
  CHECK_THROWS_WITH_AS(optim::Value(std::uint64_t{1} << 63), Contains("9223372036854775808"), Error);
}
