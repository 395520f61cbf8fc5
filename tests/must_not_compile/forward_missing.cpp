// expect: a module needs a public forward for what it is called with
#include <nn/module.hpp>

struct Net : xtape::nn::Module<Net> {};
int main() { Net()(xtape::ones({2})); }
