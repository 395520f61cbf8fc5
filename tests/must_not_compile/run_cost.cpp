// expect: the cost of a Run takes a batch and calls the model
#include <nn/linear.hpp>
#include <nn/loss.hpp>
#include <optim/run.hpp>
#include <optim/sgd.hpp>
using namespace xtape;

int main() {
  const nn::Linear net(3, 1);
  optim::Run run(net, optim::SGD(net.parameters(), 0.1), {ones({2, 3}), ones({2, 1})}, nn::mse_loss);
}
