#include "mnist_report.hpp"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

#include <autograd/files/new_file.hpp>
#include <autograd/ops.hpp>
#include <optim/confusion_matrix.hpp>

#include "sheet.hpp"

using xtape::Tensor;

std::function<void(xtape::optim::Run&, const xtape::optim::Epoch&)> json_lines(
    const std::string& path, const xtape::datasets::Mnist& data) {
  xtape::NewFile("--json", path);
  return [path, data = data.synthetic ? "synthetic" : "mnist"](const xtape::optim::Run& run,
                                                               const xtape::optim::Epoch&) {
    std::string lines;
    for (const xtape::optim::Epoch& epoch : run.history().epochs) {
      nlohmann::ordered_json line = {{"epoch", epoch.number()}};
      for (const auto& [name, value] : epoch.values()) line[name] = value;
      line["seconds"] = epoch.seconds;
      line["data"] = data;
      lines += line.dump() + "\n";
    }
    xtape::NewFile file("--json", path);
    file.write(lines);
    file.keep();
  };
}

void print_mistakes(const Tensor& probabilities, const xtape::datasets::Images& test) {
  const auto counts = xtape::optim::confusion_matrix(probabilities, xtape::tensor(test.labels))
                          .to_vector<std::int64_t>();
  std::int64_t right = 0;
  for (std::size_t k = 0; k < 10; ++k) right += counts[11 * k];
  std::printf("\nof %lld test images %lld are read right\n", static_cast<long long>(test.count),
              static_cast<long long>(right));
  std::printf("\nrows: the digit, columns: the guess\n     ");
  for (int k = 0; k < 10; ++k) std::printf("%6d", k);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (i % 10 == 0) std::printf("\n%5zu", i / 10);
    if (counts[i]) std::printf("%6lld", static_cast<long long>(counts[i]));
    else std::printf("     .");
  }
  std::printf("\n");

  const std::vector<double> p = probabilities.to_vector<double>();
  int left = 3;
  for (std::size_t i = 0; i < test.labels.size() && left > 0; ++i) {
    const double* row = p.data() + 10 * i;
    std::vector<int> order(10);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return row[a] > row[b]; });
    if (order[0] == test.labels[i]) continue;
    --left;
    std::printf("\ntest image %zu is a %d, the guess was %d:", i, test.labels[i], order[0]);
    for (int k = 0; k < 3; ++k)
      std::printf(" %d (%.0f %%)", order[static_cast<std::size_t>(k)],
                  100 * row[order[static_cast<std::size_t>(k)]]);
    std::printf("\n");
    const std::uint8_t* pixel =
        test.pixels.data() + static_cast<std::int64_t>(i) * test.rows * test.cols;
    // Two rows a line: characters are about twice as high as wide.
    for (std::int64_t r = 0; r + 1 < test.rows; r += 2) {
      std::string line = "  ";
      for (std::int64_t c = 0; c < test.cols; ++c)
        line +=
            " .:-=+*#%@"[(pixel[r * test.cols + c] + pixel[(r + 1) * test.cols + c]) * 10 / 512];
      std::printf("%s\n", line.c_str());
    }
  }
}

void draw_weights(const std::string& path, const xtape::Tensor& weights,
                  const xtape::datasets::Images& images) {
  const double most = 3 * stddev(weights).item();
  write_sheet(path, reshape(weights, {-1, images.rows, images.cols}), 10, -most, most);
}
