// Chapter 3, network2.py: the cross-entropy, overfitting, regularisation, first weights, rates.
#include <algorithm>
#include <cmath>

#include "bench.hpp"
#include "chapters.hpp"
#include "networks.hpp"

namespace {

constexpr bool large = true;
constexpr const char* test = "peak test accuracy";
constexpr const char* validation = "peak validation accuracy";

// By how much the penalty improves what 1,000 images teach.
std::vector<double> gain(Bench& bench, std::uint64_t seed) {
  const auto accuracy = [&](const char* name) {
    return bench.trial(row(name), seed).values.at(test);
  };
  return {accuracy("ch3-regularised") - accuracy("ch3-overfitting")};
}

// 1,500,000 / n epochs on n images. The book's figure is one run: three standard deviations of a
// run on 1,000 images are 1.56 points, and they shrink with the square root of n.
Row size(const char* name, std::int64_t n, double book) {
  return network2(name, {784, 30, 10}, 0.5, large)
      .lambda(0.0001 * static_cast<double>(n))
      .images(n == 50000 ? 0 : n)
      .epochs(1500000 / n)
      .validated()
      .at_the_end()
      .about("last validation accuracy", last, book,
             std::max(0.3, 1.56 * std::sqrt(1000. / static_cast<double>(n))))
      .seeds(10);
}

// After the first epoch the book's figure is again one run.
Row first_weights(const char* name, std::int64_t hidden, bool large, double book_first) {
  return network2(name, {784, hidden, 10}, 0.1, large)
      .lambda(5)
      .validated()
      .about("validation accuracy after an epoch", first, book_first, large ? 2 : 1)
      .seeds(5);
}

Row rate(const char* name, double eta, double book, double margin) {
  return network2(name, {784, 30, 10}, eta)
      .lambda(5)
      .validated()
      .about("last training cost", training_cost, book, margin * book, "");
}

}  // namespace

std::vector<Row> chapter3() {
  return {
      network2("ch3-30", {784, 30, 10}, 0.5, large).about(test, peak, 95.49).seeds(19),
      network2("ch3-100", {784, 100, 10}, 0.5, large).about(test, peak, 96.82).seeds(5),

      network2("ch3-overfitting", {784, 30, 10}, 0.5, large)
          .images(1000)
          .epochs(400)
          .each(test, peak, 82.27, 80.5, 84.5)
          .each("last training accuracy", training_accuracy, 100, 100, 100)
          .seeds(45),
      network2("ch3-regularised", {784, 30, 10}, 0.5, large)
          .lambda(0.1)
          .images(1000)
          .epochs(400)
          .each(test, peak, 87.1, 86.5, 89)
          .seeds(45),
      Row("ch3-gain", "what the penalty gains", gain)
          .each("test accuracy gained", nullptr, 4.83, 3, 100)
          .seeds(45),

      network2("ch3-30-penalty", {784, 30, 10}, 0.5, large)
          .lambda(5)
          .about(test, peak, 96.49)
          .seeds(5),
      network2("ch3-100-penalty", {784, 100, 10}, 0.5)
          .lambda(5)
          .validated()
          .about(validation, peak, 97.92)
          .seeds(5),
      network2("ch3-100-slower", {784, 100, 10}, 0.1)
          .lambda(5)
          .epochs(60)
          .validated()
          .each(validation, peak, 98.04, 97.8, 100)
          .seeds(5),

      first_weights("ch3-weights-30", 30, !large, 92.70).each(validation, peak, 96.53, 96.2, 100),
      first_weights("ch3-weights-30-large", 30, large, 86.43).about(validation, peak, 96.48),
      first_weights("ch3-weights-100", 100, !large, 92.95).about(validation, peak, 97.81),
      first_weights("ch3-weights-100-large", 100, large, 89.94).about(validation, peak, 97.55),

      rate("ch3-eta-0.025", 0.025, 0.339, 0.1),
      rate("ch3-eta-0.25", 0.25, 0.339, 0.1),
      // Its last eight epochs range from 0.725 to 0.886 in the book's own run.
      rate("ch3-eta-2.5", 2.5, 0.861, 0.3),
      network2("ch3-halving", {784, 100, 10}, 0.5)
          .lambda(5)
          .epochs(300)
          .halve_after(10)
          .validated()
          .about(validation, peak, 98.04),

      size("ch3-size-100", 100, 69.09),
      size("ch3-size-200", 200, 76.37),
      size("ch3-size-500", 500, 85.29),
      size("ch3-size-1000", 1000, 88.85),
      size("ch3-size-2000", 2000, 91.27),
      size("ch3-size-5000", 5000, 93.24),
      size("ch3-size-10000", 10000, 94.89),
      size("ch3-size-20000", 20000, 95.85)
          .note("the last epochs differ by more than the band takes into account; the book's one "
                "run lies "
                "among our ten."),
      size("ch3-size-50000", 50000, 95.97),
  };
}
