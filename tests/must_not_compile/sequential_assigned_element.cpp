// expect: net[0] = layer changes no Sequential; write net.replace(0, layer)
#include <nn/linear.hpp>
#include <nn/sequential.hpp>

int main() {
  xtape::nn::Sequential net{xtape::nn::Linear(2, 2)};
  net[0] = xtape::nn::Linear(2, 3);
}
