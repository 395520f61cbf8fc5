// The networks of the article's sources, Michael Nielsen's "Neural Networks and Deep Learning" and
// 3Blue1Brown's series, each trained as there and held against the figure that is printed there:
//
//   book list                      the rows
//   book run ch1-30 --seeds 5      one of them, or several, or a chapter: ch3
//   book table                     docs/book.md, from what has been run
//
// Long trainings go on where they were stopped, at the same command.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include <autograd/parallel.hpp>

#include "book/bench.hpp"
#include "book/results.hpp"
#include "book/row.hpp"
#include "support/guarded.hpp"

namespace {

void list() {
  for (const Row& row : rows()) {
    std::cout << row.name << ": " << row.settings.description() << "\n";
    for (const Figure& f : row.figures)
      std::cout << "  " << f.name << (f.book ? ", the book " + number(*f.book) + f.unit : "")
                << ", band " << f.band.text(f.unit) << ", " << row.seed_count << " seeds\n";
  }
}

// The rows of these names; a name without '-' is that of a chapter.
std::vector<const Row*> choose(const std::vector<std::string>& names) {
  std::vector<const Row*> all;
  for (const std::string& name : names) {
    const std::size_t before = all.size();
    for (const Row& r : rows())
      if (r.name.substr(0, r.name.find('-')) == name) all.push_back(&r);
    if (all.size() == before) all.push_back(&row(name));
  }
  return all;
}

// Whether the row's figures fall in their bands.
bool run(Bench& bench, const Row& row, int seeds) {
  std::cout << row.name << ": " << row.settings.description() << std::endl;
  std::vector<Trial> trials;
  for (int seed = 1; seed <= (seeds ? seeds : row.seed_count); ++seed) {
    trials.push_back(bench.trial(row, static_cast<std::uint64_t>(seed)));
    std::cout << "  seed " << seed;
    for (const Figure& f : row.figures)
      std::cout << "  " << f.name << " " << number(trials.back().values.at(f.name)) << f.unit;
    std::cout << "  " << number(std::round(10 * trials.back().seconds) / 10) << " s" << std::endl;
  }
  bool holds = true;
  for (const Figure& f : row.figures) {
    const std::vector<double> values = values_of(trials, f);
    const bool ok = f.band.holds(values);
    std::cout << "  " << f.name << ": " << spread(values, f)
              << (f.book ? ", the book " + number(*f.book) + f.unit : "") << ", band "
              << f.band.text(f.unit) << ": " << (ok ? "holds" : "MISSED") << std::endl;
    holds = holds && ok;
  }
  return holds;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The book's networks, held against the book's figures.");
  app.require_subcommand(0, 1);
  std::string data, results = "build/book", docs = "docs";
  std::vector<std::string> names;
  int seeds = 0, threads = 1;
  bool again = false;
  app.add_option("--data", data,
                 "folder of the MNIST files; default: XTAPE_DATA, the cache, a download");
  app.add_option("--results", results, "folder of results and of trainings that go on")
      ->capture_default_str();
  app.add_option("--threads", threads, "threads to use")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  app.fallthrough();
  app.add_subcommand("list", "lists the rows, as no command does");
  CLI::App* run_rows = app.add_subcommand("run", "trains, and checks what comes of it");
  run_rows->add_option("rows", names, "rows, or chapters: ch1-30 ch3")->required();
  run_rows->add_option("--seeds", seeds, "how many; default: the row's own number")
      ->check(CLI::Range(1, 10000));
  run_rows->add_flag("--again", again, "trains anew what has been trained already");
  CLI::App* table = app.add_subcommand("table", "writes book.md and book.json");
  table->add_option("--docs", docs, "folder to write to")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  bool holds = true;
  const int status = guarded([&] {
    xtape::set_num_threads(threads);
    Bench bench(data, results, again);
    if (*table) write_table(results, docs);
    else if (*run_rows)
      for (const Row* row : choose(names)) holds = run(bench, *row, seeds) && holds;
    else list();
  });
  return status ? status : !holds;
}
