// Trains small networks of the book and writes what they were and became, for tests/book.py: book_probe FOLDER.
#include <algorithm>
#include <autograd/functional.hpp>
#include <autograd/ops.hpp>
#include <autograd/random.hpp>
#include <datasets/data_loader.hpp>
#include <nn/npy.hpp>

#include "../examples/book/bench.hpp"
#include "../examples/book/networks.hpp"

using namespace xtape;

namespace {

void write(const std::string& folder, Row row) {
  Bench bench("", folder);
  row.synthetic(200);
  if (row.settings.program != Program::network3) row.settings.batch = 200;  // in whatever order they come
  manual_seed(7);
  nn::StateDict all;
  for (const auto& [name, value] : row.settings.make().state_dict()) all.insert({"before." + name, value});
  const auto [x, t] = datasets::whole(bench.images(row.settings));
  const Outcome outcome = bench.train(row, 7);
  nn::Sequential net = outcome.net;
  for (const auto& [name, value] : net.state_dict()) all.insert({"after." + name, value});
  net.train(false);
  const NoGradGuard guard;
  all.insert({{"x", x}, {"t", t}, {"y", net(x)}, {"cost", full({}, training_cost(outcome), float64)}});
  nn::save_npz(folder + "/" + row.name + ".npz", all);
}

// The verdicts on values at, in and beside each kind of band.
bool bands_are_right() {
  const Band mean{Band::mean, 95, 96}, best{Band::best, 95, 96}, each{Band::each, 95, 96},
      share{Band::share, 5, 10, 95};
  const std::vector<double> twenty = [] {
    std::vector<double> v(20, 80);
    std::fill_n(v.begin(), 5, 95);
    return v;
  }();
  std::vector<double> four = twenty;
  four[0] = 94.99;
  return mean.holds({94, 96}) && !mean.holds({94, 95.9}) && !mean.holds({96, 96.1}) && best.holds({90, 95}) &&
         !best.holds({94.9, 94.8}) && !best.holds({95, 96.1}) && each.holds({95, 96}) && !each.holds({95, 96, 94.9}) &&
         !each.holds({95, 96.1}) && share.holds(twenty) && !share.holds(four) && share.holds({95, 94}) &&
         !share.holds({95, 95});
}

}  // namespace

int main(int, char** argv) {
  if (!bands_are_right()) return 1;
  write(argv[1], network("network", {784, 20, 10}, 3).epochs(5));
  write(argv[1], network2("network2", {784, 20, 10}, 0.5).lambda(5).epochs(5));
  write(argv[1], network2("network2_large", {784, 20, 10}, 0.5, true).lambda(5).epochs(5));
  write(argv[1], network3("network3", "", 0.03,
                          [] {
                            return nn::Sequential{conv_pool(1, 4, relu), conv_pool(4, 6, sigmoid),
                                                  fully_connected(96, 20, relu), softmax_layer(20)};
                          })
                     .lambda(5)
                     .epochs(2));
  write(argv[1],
        network3("dropout", "", 0.03, [] {
          return nn::Sequential{conv_pool(1, 4, relu), fully_connected(576, 1000, relu, 0.5), softmax_layer(1000, 0.5)};
        }).epochs(1));
}
