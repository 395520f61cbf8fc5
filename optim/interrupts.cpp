#include <csignal>

#include "run_state.hpp"

namespace xtape::optim {
namespace {

volatile std::sig_atomic_t caught = 0;
int depth = 0;
constexpr int signals[] = {SIGINT, SIGTERM};

void handle(int signal) {
  caught = 1;
  std::signal(signal, SIG_DFL);
}

}  // namespace

Interrupts::Interrupts() {
  if (depth++ == 0) caught = 0;
  for (int i = 0; i < 2; ++i) {
    before_[i] = std::signal(signals[i], handle);
    if (before_[i] == SIG_IGN) std::signal(signals[i], SIG_IGN);  // as under nohup
  }
}

Interrupts::~Interrupts() {
  --depth;
  for (int i = 0; i < 2; ++i)
    if (before_[i] != SIG_ERR) std::signal(signals[i], before_[i]);
}

bool Interrupts::interrupted() { return depth > 0 && caught; }

}  // namespace xtape::optim
