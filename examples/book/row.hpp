// A row of the table: a network of the book, how it learns, what the book says of it, and the band
// that ours must fall in.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <datasets/images.hpp>
#include <nn/sequential.hpp>

class Bench;

/// The three programs of the book, which differ in more than their networks.
///
/// | | cost | weights start from | batches | lambda is divided by |
/// |---|---|---|---|---|
/// | network | quadratic | N(0, 1) | shuffled | images |
/// | network2 | cross-entropy | N(0, 1/in); "large": N(0, 1) | shuffled | images |
/// | network3 | log-likelihood | N(0, 1/out) | always in one order | batches |
///
/// Trainings of network3 take their time and are saved as they go on.
enum class Program { network, network2, network3 };

/// Which images a network is judged on after each epoch. The book's figure of network3 is of the
/// test images, but in the last of the epochs that were best on the validation images.
enum class Judged { test, validation };

/// How a network learns.
struct Settings {
  std::string network;                          ///< in words
  std::function<xtape::nn::Sequential()> make;  ///< with its first weights
  Program program = Program::network;
  double eta = 0, lambda = 0;
  std::int64_t epochs = 30, batch = 10;
  std::int64_t images = 0;       ///< the first so many; 0: all 50,000
  bool expanded = false;         ///< each image five times: as it is, and moved by one pixel
  bool synthetic = false;        ///< digits of the program's own, in the place of MNIST's
  std::int64_t halve_after = 0;  ///< epochs without a better accuracy, after which eta is halved
  bool one_cycle = false;        ///< eta grows and then shrinks; else it stays
  Judged judged = Judged::test;
  bool at_the_end = false;  ///< judged then alone, not after each epoch

  /// All of it in a line, by which results of other settings are told from these.
  std::string description() const;
};

/// What a training left.
struct Outcome {
  const Settings* settings;
  const xtape::datasets::Images* images;  ///< what it learnt from
  std::vector<double> accuracy;           ///< after each epoch, or at the end, in %
  double test = 0;                        ///< network3's figure, in %
  xtape::nn::Sequential net;              ///< as it ended
  std::int64_t epochs = 0;
  double seconds = 0;  ///< of the processor
};

/// A figure of an outcome.
using Value = double (*)(const Outcome&);

/// What is asked of the seeds' values.
struct Band {
  enum Of { mean, best, each, share } of;
  double low, high;
  double reaches = 0;  ///< of a share: how many seeds in twenty come to this
  bool holds(const std::vector<double>& values) const;
  std::string text(const char* unit) const;
};

struct Figure {
  std::string name;
  Value value;
  std::optional<double> book;
  Band band;
  const char* unit;  ///< " %" or ""
};

/// A row: settings, and one figure or several.
class Row {
 public:
  Row(std::string name, Settings settings) : name(std::move(name)), settings(std::move(settings)) {}
  /// One that is no single training: `measure` gives a value for each figure.
  using Measure = std::function<std::vector<double>(Bench&, std::uint64_t seed)>;
  Row(std::string name, std::string what, Measure measure);

  Row& lambda(double v) { return settings.lambda = v, *this; }
  Row& epochs(std::int64_t v) { return settings.epochs = v, *this; }
  Row& images(std::int64_t v) { return settings.images = v, *this; }
  Row& expanded() { return settings.expanded = true, *this; }
  Row& validated() { return settings.judged = Judged::validation, *this; }
  Row& halve_after(std::int64_t epochs) { return settings.halve_after = epochs, *this; }
  Row& at_the_end() { return settings.at_the_end = true, *this; }
  Row& one_cycle() { return settings.one_cycle = true, *this; }
  Row& synthetic(std::int64_t images) {
    return settings.synthetic = true, settings.images = images, *this;
  }
  /// How many seeds, 1 and on, are run unless one says otherwise.
  Row& seeds(int n) { return seed_count = n, *this; }
  /// About how many hours a seed takes.
  Row& takes(double h) { return hours = h, *this; }
  /// What is to be known of its results.
  Row& note(std::string text) { return remark = std::move(text), *this; }

  /// A figure with a band: the mean of the seeds within `low` … `high`.
  Row& mean(std::string name, Value value, std::optional<double> book, double low, double high,
            const char* unit = " %");
  /// The same within the book's figure +- `margin`.
  Row& about(const char* name, Value value, double book, double margin = 0.3,
             const char* unit = " %");
  /// The best of the seeds, as the book reports it, within the book's figure +- `margin`.
  Row& best(const char* name, Value value, double book, double margin);
  /// Every seed within `low` … `high`.
  Row& each(const char* name, Value value, std::optional<double> book, double low, double high);
  /// Of twenty seeds `low` to `high` come to `reaches`.
  Row& share(const char* name, Value value, std::optional<double> book, double reaches, double low,
             double high);

  std::string name;
  Settings settings;
  std::vector<Figure> figures;
  Measure measure;  ///< empty where it is a training
  int seed_count = 3;
  double hours = 0;
  std::string remark;
};

/// As short as it can be written: "0.1", "95.42".
std::string number(double v);

/// All rows, in the order of the book.
const std::vector<Row>& rows();
/// The row of this name; throws when there is none.
const Row& row(const std::string& name);

double peak(const Outcome&);  ///< the best accuracy of all epochs, as chapters 1, 3 and 5 report it
double first(const Outcome&);         ///< the accuracy after the first epoch
double last(const Outcome&);          ///< after the last one
double test_at_best(const Outcome&);  ///< network3's figure
double training_accuracy(const Outcome&);
double training_cost(const Outcome&);  ///< with the penalty
