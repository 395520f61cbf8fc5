// 3Blue1Brown's network, and small ones that need no MNIST.
#include <nn/init.hpp>

#include "chapters.hpp"
#include "networks.hpp"

std::vector<Row> three_blue_one_brown() {
  // The video says about 96 %, without a recipe: the book's first one comes to 94 %, and one with
  // smaller first weights, a penalty and a rate that ends at 0, to what is said.
  Row good = network("3b1b-cycle", {784, 16, 16, 10}, 1);
  good.settings.network += ", weights from N(0, 1/in)";
  good.settings.make = [large = good.settings.make] {
    const xtape::nn::Sequential net = large();
    xtape::nn::init::nielsen_default(net);
    return net;
  };
  return {
      network("3b1b-book", {784, 16, 16, 10}, 3)
          .mean("peak test accuracy", peak, {}, 93.59, 94.19)
          .seeds(5),
      good.lambda(1.5).one_cycle().epochs(100).about("peak test accuracy", peak, 96).seeds(5),
  };
}

std::vector<Row> quick() {
  return {
      network2("quick-dense", {784, 30, 10}, 0.5)
          .lambda(0.1)
          .synthetic(5000)
          .epochs(10)
          .each("last accuracy", last, {}, 90, 100)
          .seeds(1),
      network3("quick-conv", "20C5-P2-FC60 ReLU, dropout 0.5 of its inputs", 0.03,
               [] {
                 return xtape::nn::Sequential{conv_pool(1, 20, xtape::relu),
                                              fully_connected(2880, 60, xtape::relu, 0.5),
                                              softmax_layer(60)};
               })
          .synthetic(5000)
          .epochs(6)
          .each("last accuracy", last, {}, 90, 100)
          .seeds(1),
  };
}
