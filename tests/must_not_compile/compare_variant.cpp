// expect: a variant returns the History of a Run, as run.fit(30) does
#include <optim/lab/compare.hpp>
using namespace xtape;

int main() {
  lab::Compare compare;
  compare.add("forgets to return", [] {});
}
