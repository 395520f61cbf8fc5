#include "processes.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <autograd/core/generator.hpp>
#include <autograd/files/new_file.hpp>
#include <autograd/parallel.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optim/run_state.hpp>

using nlohmann::json;

namespace xtape::lab {
namespace {

double seconds_of(const rusage& used) {
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// The process of a training, from its first moment on. What it came to goes into the pipe.
[[noreturn]] void be_child(int pipe, pid_t parent, const Job& job, const std::function<void()>& begin,
                           const std::function<Outcome(const Job&)>& train) {
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  if (getppid() != parent) _exit(1);
  signal(SIGINT, SIG_IGN), signal(SIGTERM, SIG_DFL);  // Ctrl-C comes to all, and the parent decides
  if (const int nothing = open("/dev/null", O_WRONLY); nothing >= 0) dup2(nothing, STDOUT_FILENO);
  begin();
  set_num_threads(1);
  const Outcome outcome = train(job);
  const std::string text = json({{"figures", outcome.figures}, {"error", outcome.error}})
                               .dump(-1, ' ', false, json::error_handler_t::replace);
  xtape::detail::write_all(pipe, text.data(), text.size());
  _exit(0);  // destructors are the parent's
}

// Those that run; none does any more when this is gone.
class Children {
 public:
  struct Child {
    Job job;
    pid_t process;
    int pipe;
    std::string text;
  };
  ~Children() {
    for (const Child& child : all) kill(child.process, SIGKILL);
    for (const Child& child : all) close(child.pipe), wait(child);
  }
  void start(const Job& job, const std::function<void()>& begin, const std::function<Outcome(const Job&)>& train,
             Site site) {
    int ends[2];
    if (pipe(ends) != 0) fail("Compare::run", std::string("cannot make a pipe: ") + std::strerror(errno), site);
    std::cout.flush(), std::fflush(nullptr);  // or the copy would have it too
    const pid_t parent = getpid(), process = fork();
    if (process == 0) close(ends[0]), be_child(ends[1], parent, job, begin, train);
    close(ends[1]);
    if (process < 0) {
      close(ends[0]);
      fail("Compare::run", std::string("cannot start a process: ") + std::strerror(errno), site);
    }
    all.push_back({job, process, ends[0], ""});
  }
  static Outcome wait(const Child& child) {
    int status = 0;
    rusage used{};
    while (wait4(child.process, &status, 0, &used) < 0 && errno == EINTR) {}
    Outcome outcome;
    outcome.seconds = seconds_of(used);
    const json result = json::parse(child.text, nullptr, false);
    if (result.is_object()) {
      outcome.figures = result["figures"].get<std::vector<double>>(), outcome.error = result["error"];
    } else if (WIFSIGNALED(status)) {
      outcome.error = "its process was ended by signal " + std::to_string(WTERMSIG(status)) + ", " +
                      strsignal(WTERMSIG(status)) + "; workers(0) trains in this one, for a debugger";
    } else {
      outcome.error = "its process ended by itself with status " + std::to_string(WEXITSTATUS(status)) +
                      ", expected that it returns figures";
    }
    return outcome;
  }

  std::vector<Child> all;
};

}  // namespace

bool train_apart(const std::vector<Job>& jobs, int workers, const std::function<void()>& begin,
                 const std::function<Outcome(const Job&)>& train, const std::function<void(const Job&, Outcome)>& done,
                 Site site) {
  const optim::Interrupts interrupts;
  Children children;
  auto next = jobs.begin();
  while (next != jobs.end() || !children.all.empty()) {
    while (next != jobs.end() && children.all.size() < static_cast<std::size_t>(workers))
      children.start(*next++, begin, train, site);
    std::vector<pollfd> pipes;
    for (const auto& child : children.all) pipes.push_back({child.pipe, POLLIN, 0});
    poll(pipes.data(), pipes.size(), 1000);
    if (optim::Interrupts::interrupted()) return false;
    for (std::size_t i = pipes.size(); i-- > 0;) {
      if (!pipes[i].revents) continue;
      Children::Child& child = children.all[i];
      char bytes[4096];
      const ssize_t n = read(child.pipe, bytes, sizeof bytes);
      if (n < 0 && errno == EINTR) continue;
      if (n > 0) {
        child.text.append(bytes, static_cast<std::size_t>(n));
        continue;
      }
      const Children::Child ended = std::move(child);
      children.all.erase(children.all.begin() + static_cast<std::ptrdiff_t>(i));
      close(ended.pipe);
      done(ended.job, Children::wait(ended));
    }
  }
  return true;
}

bool train_here(const std::vector<Job>& jobs, const std::function<Outcome(const Job&)>& train,
                const std::function<void(const Job&, Outcome)>& done) {
  const optim::Interrupts interrupts;
  RandomGenerator::State& generator = *default_generator().state();
  const std::uint64_t seed = generator.seed, stream = generator.next;
  struct Back {
    RandomGenerator::State& generator;
    std::uint64_t seed, stream;
    ~Back() { generator.seed = seed, generator.next = stream; }
  } const back{generator, seed, stream};
  for (const Job& job : jobs) {
    rusage before{}, after{};
    getrusage(RUSAGE_SELF, &before);
    Outcome outcome = train(job);
    getrusage(RUSAGE_SELF, &after);
    outcome.seconds = seconds_of(after) - seconds_of(before);
    if (optim::Interrupts::interrupted()) return false;
    done(job, std::move(outcome));
  }
  return true;
}

}  // namespace xtape::lab
