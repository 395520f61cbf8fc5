// The smallest program: how long it takes from start to end is the task "start" of scripts/bench.
#include <iostream>
#include <xtape.hpp>

int main() { std::cout << xtape::tensor({{1., 2.}, {3., 4.}}) + 1 << "\n"; }
