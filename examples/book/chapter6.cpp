// Chapter 6, conv.py: convolutional networks. A figure is that of the test images in the epoch that
// was best on the validation images, of the best of three runs.
#include <array>

#include <datasets/mnist.hpp>

#include "bench.hpp"
#include "chapters.hpp"
#include "networks.hpp"

using namespace xtape;
using nn::Sequential;

namespace {

constexpr double margin = 0.15;
constexpr const char* figure = "test accuracy at the best validation";

// Two convolutions with the fully connected layers behind them.
Row deep(const char* name, const char* layers, std::function<Sequential()> behind) {
  return network3(name, layers, 0.03, [behind] {
    return Sequential{conv_pool(1, 20, relu), conv_pool(20, 40, relu), behind()};
  });
}
// The same on 250,000 images.
Row expanded(const char* name, const char* layers, double book, double hours,
             std::function<Sequential()> behind) {
  return deep(name, layers, std::move(behind))
      .lambda(0.1)
      .expanded()
      .best(figure, test_at_best, book, margin)
      .takes(hours);
}
Row one(const char* name, const char* layers, std::int64_t n, double book, double hours) {
  return expanded(name, layers, book, hours, [n] {
    return Sequential{fully_connected(640, n, relu), softmax_layer(n)};
  });
}
Row two(const char* name, const char* layers, std::int64_t n, double book, double hours) {
  return expanded(name, layers, book, hours, [n] {
    return Sequential{fully_connected(640, n, relu), fully_connected(n, n, relu), softmax_layer(n)};
  });
}

// Five networks, as they ended, read a digit; what most of them read counts, and of equals what the
// first of them reads.
std::vector<double> vote(Bench& bench, std::uint64_t) {
  const datasets::Images& test = bench.mnist().test;
  std::vector<std::vector<std::int64_t>> votes;
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    votes.push_back(read(bench.train(row("ch6-dropout"), seed).net, test));
  double right = 0;
  for (std::size_t i = 0; i < test.labels.size(); ++i) {
    std::array<int, 10> counts{};
    for (const auto& digits : votes) ++counts[static_cast<std::size_t>(digits[i])];
    std::int64_t winner = votes[0][i];
    for (const auto& digits : votes)
      if (counts[static_cast<std::size_t>(digits[i])] > counts[static_cast<std::size_t>(winner)])
        winner = digits[i];
    right += winner == test.labels[i];
  }
  return {100 * right / static_cast<double>(test.count)};
}

}  // namespace

std::vector<Row> chapter6() {
  return {
      network3("ch6-shallow", "FC100 sigmoid", 0.1,
               [] {
                 return Sequential{fully_connected(784, 100, sigmoid), softmax_layer(100)};
               })
          .best(figure, test_at_best, 97.80, margin)
          .takes(0.003),
      network3("ch6-conv", "20C5-P2-FC100 sigmoid", 0.1,
               [] {
                 return Sequential{conv_pool(1, 20, sigmoid),
                                   fully_connected(20 * 12 * 12, 100, sigmoid), softmax_layer(100)};
               })
          .best(figure, test_at_best, 98.78, margin)
          .takes(0.04),
      network3("ch6-conv-only", "20C5-P2 sigmoid", 0.1,
               [] {
                 return Sequential{conv_pool(1, 20, sigmoid), softmax_layer(20 * 12 * 12)};
               })
          .mean(figure, test_at_best, {}, 97.80, 98.93)
          .takes(0.03),
      network3("ch6-conv2", "20C5-P2-40C5-P2-FC100 sigmoid", 0.1,
               [] {
                 return Sequential{conv_pool(1, 20, sigmoid), conv_pool(20, 40, sigmoid),
                                   fully_connected(40 * 4 * 4, 100, sigmoid), softmax_layer(100)};
               })
          .best(figure, test_at_best, 99.06, margin)
          .takes(0.11),
      deep("ch6-relu", "20C5-P2-40C5-P2-FC100 ReLU",
           [] {
             return Sequential{fully_connected(640, 100, relu), softmax_layer(100)};
           })
          .lambda(0.1)
          .best(figure, test_at_best, 99.23, margin)
          .takes(0.09),
      one("ch6-expanded", "20C5-P2-40C5-P2-FC100 ReLU", 100, 99.37, 0.45),
      one("ch6-expanded-300", "20C5-P2-40C5-P2-FC300 ReLU", 300, 99.46, 0.5),
      one("ch6-expanded-1000", "20C5-P2-40C5-P2-FC1000 ReLU", 1000, 99.43, 0.65),
      two("ch6-expanded-2x100", "20C5-P2-40C5-P2-FC100-FC100 ReLU", 100, 99.43, 0.45),
      two("ch6-expanded-2x300", "20C5-P2-40C5-P2-FC300-FC300 ReLU", 300, 99.48, 0.55),
      two("ch6-expanded-2x1000", "20C5-P2-40C5-P2-FC1000-FC1000 ReLU", 1000, 99.47, 1.3),
      deep("ch6-dropout",
           "20C5-P2-40C5-P2-FC1000-FC1000 ReLU, dropout 0.5 of their inputs and the softmax's",
           [] {
             return Sequential{fully_connected(640, 1000, relu, 0.5),
                               fully_connected(1000, 1000, relu, 0.5), softmax_layer(1000, 0.5)};
           })
          .expanded()
          .epochs(40)
          .best(figure, test_at_best, 99.60, margin)
          .takes(0.8),
      Row("ch6-vote", "the vote of five of ch6-dropout", vote)
          .mean("test accuracy", nullptr, 99.67, 99.60, 100)
          .seeds(1)
          .takes(4),
  };
}
