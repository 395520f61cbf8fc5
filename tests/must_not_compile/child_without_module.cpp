// expect: child(name, module) takes a module: a struct derived from nn::Module
#include <nn/module.hpp>

struct Layer {};
struct Net : xtape::nn::Module<Net> {
  Layer layer = child("layer", Layer());
};
int main() { Net net; }
