#include <csignal>
#include <mutex>

#include "run_state.hpp"

namespace xtape::optim {
namespace {

constexpr int signals[] = {SIGINT, SIGTERM};
volatile std::sig_atomic_t caught = 0;

std::mutex lock;
int depth = 0;  // of trainings that run, nested or in other threads: the first takes the signals, the last gives them
                // back
struct sigaction before[2];

void handle(int signal) {
  caught = 1;
  std::signal(signal, SIG_DFL);
}

}  // namespace

Interrupts::Interrupts() {
  const std::lock_guard<std::mutex> guard(lock);
  if (depth++ > 0) return;
  caught = 0;
  for (int i = 0; i < 2; ++i) {
    struct sigaction action {};
    action.sa_handler = handle;
    action.sa_flags = SA_RESTART;
    sigaction(signals[i], nullptr, &before[i]);
    if (before[i].sa_handler != SIG_IGN) sigaction(signals[i], &action, nullptr);  // ignored, as under nohup
  }
}

Interrupts::~Interrupts() {
  const std::lock_guard<std::mutex> guard(lock);
  if (--depth > 0) return;
  for (int i = 0; i < 2; ++i) sigaction(signals[i], &before[i], nullptr);
}

bool Interrupts::interrupted() { return caught; }

}  // namespace xtape::optim
