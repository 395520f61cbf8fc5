// Comparisons of trainings: their statistics beside SciPy's, how often they are wrong, and what they are made of.
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optim/lab/statistics.hpp>
#include <sstream>

#include "folder.hpp"
#include "support.hpp"

using namespace xtape;

namespace {

// A figure that is drawn takes the place of a training: N(mean, 1) of its own for each variant, repetition and seed.
std::function<double(std::uint64_t)> drawn(double mean, std::uint64_t variant, std::uint64_t repetition) {
  return [=](std::uint64_t seed) { return mean + RandomStream(1000 * repetition + variant, seed).normal(); };
}

lab::Compare in_this_process(const std::string& figure = "accuracy") {
  lab::Compare compare(figure);
  compare.workers(0).progress(optim::ProgressStyle::quiet);
  return compare;
}

std::string text(const lab::Comparison& table) {
  std::ostringstream out;
  out << table;
  return out.str();
}

}  // namespace

TEST_CASE("lab::compare has SciPy's statistics") {
  std::ifstream file(XTAPE_TEST_DIR "/lab/compare.json");
  const auto expected = nlohmann::json::parse(file);
  for (const auto& row : expected["paired"]) {
    const auto a = row["a"].get<std::vector<double>>(), b = row["b"].get<std::vector<double>>();
    const auto n = static_cast<std::int64_t>(a.size());
    auto given = [](const std::vector<double>& values) {
      return [values](std::uint64_t seed) { return values[seed - 1]; };
    };
    lab::Compare compare = in_this_process();
    const lab::Comparison table = compare.add("a", given(a)).add("b", given(b)).seeds(n).run();
    const lab::Comparison::Variant& variant = table["a"];
    const lab::Comparison::Difference d = table.difference("a", "b");
    CHECK(variant.mean == doctest::Approx(row["mean"].get<double>()).epsilon(1e-13));
    CHECK(variant.stddev == doctest::Approx(row["stddev"].get<double>()).epsilon(1e-13));
    for (const double margin : {variant.mean - variant.low, variant.high - variant.mean})
      CHECK(margin == doctest::Approx(row["margin"].get<double>()).epsilon(1e-11));
    CHECK(d.effect == doctest::Approx(row["effect"].get<double>()).epsilon(1e-12));
    CHECK(std::abs(d.p - row["p"].get<double>()) < 1e-11 * row["p"].get<double>());
    CHECK(d.p_of_all == d.p);
    CHECK(table.difference("b", "a").mean == -d.mean);
  }
  for (const auto& row : expected["t"])
    CHECK(lab::student_t(row[0], row[1]) == doctest::Approx(row[2].get<double>()).epsilon(1e-11));
  const auto adjusted = lab::holm(expected["holm"]["p"].get<std::vector<double>>());
  for (std::size_t i = 0; i < adjusted.size(); ++i)
    CHECK(adjusted[i] == doctest::Approx(expected["holm"]["adjusted"][i].get<double>()).epsilon(1e-9));
}

TEST_CASE("lab::compare calls what is equal different in at most 16 of 200, with early stopping") {
  int called = 0, of_five = 0;
  for (std::uint64_t repetition = 0; repetition < 200; ++repetition) {
    lab::Compare two = in_this_process(), five = in_this_process();
    for (std::uint64_t v = 0; v < 5; ++v) {
      if (v < 2) two.add("variant " + std::to_string(v), drawn(0, v, repetition));
      five.add("variant " + std::to_string(v), drawn(0, v, repetition + 200));
    }
    called += two.seeds(5, 30).run().differences[0].is_clear();
    const auto all = five.seeds(5, 12).run().differences;
    CHECK(all.size() == 10);
    of_five += std::any_of(all.begin(), all.end(), [](const auto& d) { return d.is_clear(); });
  }
  CHECK(called <= 16);
  CHECK(of_five <= 16);
}

TEST_CASE("lab::compare tells a standard deviation of a seed in at least 160 of 200, and stops when it is clear") {
  int right = 0;
  std::size_t seeds = 0, seeds_when_obvious = 0;
  for (std::uint64_t repetition = 0; repetition < 200; ++repetition) {
    lab::Compare near = in_this_process(), far = in_this_process();
    near.add("worse", drawn(0, 0, repetition)).add("better", drawn(1, 1, repetition)).seeds(5, 30);
    far.add("worse", drawn(0, 0, repetition)).add("better", drawn(10, 1, repetition)).seeds(5, 30);
    const lab::Comparison table = near.run(), obvious = far.run();
    right += table.is_better("better", "worse");
    CHECK(!table.is_better("worse", "better"));
    CHECK(obvious.is_better("better", "worse"));
    seeds += table.variants[0].seeds.size(), seeds_when_obvious += obvious.variants[0].seeds.size();
  }
  CHECK(right >= 160);
  CHECK(seeds < 200 * 23);
  CHECK(seeds_when_obvious < 200 * 6);
}

TEST_CASE("lab::compare's looks spend 5 % in all") {
  for (const auto& [least, most] : std::vector<std::pair<int, int>>{{5, 30}, {2, 3}, {10, 10}, {2, 1000}, {3, 4}}) {
    const auto looks = lab::looks(least, most);
    CHECK(looks.front() == least);
    CHECK(looks.back() == most);
    double spent = 0;
    for (std::size_t i = 0; i < looks.size(); ++i) {
      spent += lab::share_of_look(looks[i], looks);
      if (i > 0) CHECK(looks[i] > looks[i - 1]);
    }
    CHECK(spent == doctest::Approx(1));
  }
  CHECK(lab::looks(5, 30) == std::vector<std::int64_t>{5, 8, 12, 19, 30});
  // What has no spread is as sure as tosses of a coin.
  CHECK(lab::paired_p({1, 1, 1, 1, 1}) == 1. / 16);
  CHECK(lab::paired_p({0, 0, 0}) == 1);
  CHECK(lab::paired_p({3}) == 1);
}

TEST_CASE("lab::compare is a table of at most 100 columns, and CSV") {
  lab::Compare compare("accuracy", "A comparison");
  compare.workers(0).progress(optim::ProgressStyle::quiet);
  const std::string name = "a name with, a comma and \"quotes\" that is as long as the names of what people try";
  auto last = [](double base) {
    return [base](std::uint64_t seed) { return std::vector<double>{0.5, base + 0.001 * std::sin(double(seed))}; };
  };
  compare.add(name, last(0.97)).add("middling", last(0.9)).add("stuck", [](std::uint64_t seed) {
    if (seed == 3) throw std::runtime_error("no more\nof " + std::string(300, 'x'));
    return std::vector<double>{0.1, seed % 2 ? 0.1 : 0.5};
  });
  const lab::Comparison table = compare.stuck_at(0.15).seeds(7).run();
  CHECK(table.variants[0].name == name);
  CHECK(table["stuck"].stuck == 0.5);
  CHECK(table["middling"].stuck == 0);
  CHECK(table["stuck"].failed.size() == 1);
  CHECK(table["stuck"].seeds.size() == 6);
  CHECK(table.difference("stuck", "middling").seeds == 6);
  CHECK(table.is_better(name, "middling"));
  CHECK(table["stuck"].curves[0] == std::vector<double>{0.1, 0.1});
  const std::string shown = text(table);
  std::istringstream lines(shown);
  for (std::string line; std::getline(lines, line);)
    CHECK(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }) <= 100);
  for (const char* part :
       {"A comparison: accuracy of the last of 2 epochs in %, the largest first", "best", "worse", "50 %",
        "stuck, seed 3, failed: no more of", "stuck: accuracy of at most 15.00 %.", "over 3 pairs", "…"})
    CHECK_MESSAGE(shown.find(part) != shown.npos, part, shown);
  const std::string csv = table.csv();
  CHECK(begins(csv,
               "variant,seeds,mean,stddev,low,high,difference,effect,p,stuck,failed\n\"a name with, a comma and "
               "\"\"quotes\"\" that"));
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 4);

  // Which one is the best of several, the last or the best epoch, and a baseline.
  lab::Compare errors = in_this_process("validation_loss");
  errors.add("a",
             [](std::uint64_t s) {
               return std::vector<double>{1. + double(s), 9};
             })
      .add("b",
           [](std::uint64_t s) {
             return std::vector<double>{2. + double(s) / 2, 3};
           })
      .add("c",
           [](std::uint64_t s) {
             return std::vector<double>{7. - double(s) / 3, 5, 8};
           })
      .seeds(3);
  CHECK(
      begins(message([&] { errors.run(); }),
             "Compare::run: 'c' with seed 1 has figures of 3 epochs, 'a' with seed 1 of 2, expected as many; best()"));
  const lab::Comparison best = errors.best().against("a").run();
  CHECK(best.variants[0].name == "b");
  CHECK(best["a"].figures == std::vector<double>{2, 3, 4});
  CHECK(best["c"].figures == std::vector<double>{5, 5, 5});
  CHECK(best.differences.size() == 2);
  CHECK(
      begins(message([&] { best.difference("b", "c"); }), "Comparison: 'b' and 'c' are not compared, but each other"));
  CHECK(text(best).find("to base") != std::string::npos);
}

TEST_CASE("lab::compare trains all variants from the same weights on the same batches, in any number of processes") {
  const Folder folder;
  const Tensor x = normal({40, 3}), t = sum(square(x), 1, true);
  const lab::Choices<std::function<Tensor(const Tensor&)>> activations = {{"tanh", nn::tanh}, {"relu", nn::relu}};
  const lab::Choices<double> rates = {{"slow", 0.01}, {"fast", 0.1}};
  auto compared = [&](int workers, const std::string& file) {
    lab::Compare compare("validation_loss");
    compare.add(activations, rates, [&](const auto& f, double rate) {
      const nn::Sequential net{nn::Linear(3, 4), f, nn::Dropout(0.1), nn::Linear(4, 1)};
      optim::Run run(net, optim::SGD(net.parameters(), rate), optim::TensorBatches(x, t, 10),
                     [&](const Tensor& in, const Tensor& to) { return nn::mse_loss(net(in), to); });
      run.validate({x, t});
      return run.progress(optim::ProgressStyle::quiet).fit(2);
    });
    // The same as one of the others, under another name.
    compare.add("twin", [&](const lab::Training& training) {
      const nn::Sequential net{nn::Linear(3, 4), nn::tanh, nn::Dropout(0.1), nn::Linear(4, 1)};
      optim::Run run(net, optim::SGD(net.parameters(), 0.1), optim::TensorBatches(x, t, 10),
                     [&](const Tensor& in, const Tensor& to) { return nn::mse_loss(net(in), to); });
      run.validate({x, t}).progress(optim::ProgressStyle::quiet);
      training.save(run);
      return run.fit(2);
    });
    if (!file.empty()) compare.save_to(file).report(file + ".csv").report(file + ".html");
    return compare.workers(workers).seeds(3).progress(optim::ProgressStyle::quiet).run();
  };
  manual_seed(7);
  const double before = normal({}).item();
  manual_seed(7);
  const std::string file = folder / "results.jsonl";
  const lab::Comparison here = compared(0, ""), apart = compared(3, file);
  CHECK(before == normal({}).item());
  CHECK(here.csv() == apart.csv());
  CHECK(here["tanh + fast"].curves == here["twin"].curves);
  CHECK(here["tanh + fast"].curves != here["tanh + slow"].curves);
  CHECK(here.csv() == content(file + ".csv"));
  CHECK(content(file + ".html").find("tanh + slow") != std::string::npos);
  CHECK(here.difference("twin", "tanh + fast").p_of_all == 1);

  // Killed after any of its lines, also in the middle of one, it comes to the same.
  const std::string saved = content(file);
  for (const std::size_t bytes : {std::size_t{0}, saved.find('\n') + 1, saved.size() / 2, saved.size() - 1}) {
    write_file(file, saved.substr(0, bytes));
    CHECK(compared(2, file).csv() == here.csv());
    CHECK(content(file).size() > saved.size() / 2);
  }
}

TEST_CASE("lab::compare takes trainings that fail for rows, and says what to change") {
  const Folder folder;
  const std::string file = folder / "results.jsonl";
  auto two = [&] {
    lab::Compare compare = in_this_process();
    compare.add("a", [](std::uint64_t seed) { return double(seed); }).add("b", [] { return 1; }).seeds(2);
    return compare;
  };
  // What only a process can end is a row, too.
  lab::Compare broken = two();
  broken.add("abort", []() -> double { std::abort(); })
      .add("exit", []() -> double { std::_Exit(3); })
      .add("nan",
           [] {
             return std::vector<double>{1, NAN};
           })
      .add("nothing", [] { return std::vector<double>{}; })
      .add("history",
           [] {
             return optim::History{{optim::Epoch(1)}, {}, {}};
           })
      .add("number", []() -> double { throw 1; });
  const lab::Comparison table = broken.workers(2).run();
  const std::pair<const char*, const char*> reasons[] = {
      {"abort", "its process was ended by signal 6, "},
      {"exit", "its process ended by itself with status 3, expected that it returns figures"},
      {"nan", "its figure 2 is nan, expected finite numbers; a smaller learning rate may help"},
      {"nothing", "it gives no figure, expected one an epoch"},
      {"history", "Epoch"},
      {"number", "it threw what is no std::exception"}};
  for (const auto& row : reasons) {
    CHECK(table[row.first].seeds.empty());
    const std::string& told = table[row.first].failed.at(1).second;
    CHECK_MESSAGE(begins(told, row.second), row.first, ": ", told);
  }
  CHECK(text(table).find("failed") != std::string::npos);
  CHECK(table.csv().find("\"exit\",0,nan,nan,nan,nan,,,,,2\n") != std::string::npos);
  CHECK(table.difference("abort", "a").p == 1);
  CHECK(!table.page().html().empty());

  two().save_to(file).run();
  const std::string head = R"({"comparison":"","figure":"accuracy"})";
  CHECK(begins(content(file), head + "\n{\"variant\":\"a\",\"seed\":1,\"seconds\":"));
  const std::pair<std::string, std::function<void()>> misuse[] = {
      {"Compare: the figure has no name", [] { lab::Compare(""); }},
      {"Compare::run: there is no variant, expected at least two", [] { lab::Compare().run(); }},
      {"Compare::run: there is one variant", [] { lab::Compare().add("a", [] { return 1; }).run(); }},
      {"Compare::add: there is a variant 'a' already", [&] { two().add("a", [] { return 1; }); }},
      {"Compare::add: the variant has no name", [&] { two().add("", [] { return 1; }); }},
      {"Compare::seeds: from 1 to 1 seeds, expected at least 2", [&] { two().seeds(1); }},
      {"Compare::seeds: from 5 to 4 seeds", [&] { two().seeds(5, 4); }},
      {"Compare::workers: -1 processes", [&] { two().workers(-1); }},
      {"Compare::stuck_at: the figure is not finite", [&] { two().stuck_at(NAN); }},
      {"Compare::report: the name is 'x.pdf', expected one that ends in .html or .csv", [&] { two().report("x.pdf"); }},
      {"Compare::save_to: the name of the file is empty", [&] { two().save_to(""); }},
      {"Compare::report: cannot", [&] { two().report(folder / "none/x.html").run(); }},
      {"Compare::against: there is no variant 'c'", [&] { two().against("c").run(); }},
      {"Comparison: there is no variant 'c', only 'a', 'b'", [&] { two().run()["c"]; }},
      {"Compare::run: all trainings fail, 'a' with seed 1: no",
       [] {
         auto no = []() -> double { throw std::runtime_error("no"); };
         in_this_process().add("a", no).add("b", no).run();
       }},
      {"Compare::save_to: " + file + " is of another comparison, " + head +
           ", expected {\"comparison\":\"\",\"figure\":"
           "\"loss\"}; give this comparison another file, or remove that one",
       [&] { in_this_process("loss").add("a", [] { return 1; }).add("b", [] { return 1; }).save_to(file).run(); }},
      {"Compare::save_to: " + file + " has trainings of 'a', which this comparison has not",
       [&] { in_this_process().add("c", [] { return 1; }).add("b", [] { return 1; }).save_to(file).run(); }}};
  for (const auto& row : misuse) {
    const std::string told = message(row.second);
    CHECK_MESSAGE(begins(told, row.first), row.first, " / ", told);
  }
  for (const auto& [bytes, expected] : std::vector<std::pair<std::string, std::string>>{
           {"figures\n", " is no file of a comparison"}, {head + "\n{}\n", " has no result of a training in line 2"}}) {
    write_file(file, bytes);
    CHECK(begins(message([&] { two().save_to(file).run(); }), "Compare::save_to: " + file + expected));
  }
}
