// The library and the process around it, where something is refused or cut off. Run as `process_probe PART`; it exits
// with 0 when all is well and says otherwise what is not.
#include <dlfcn.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <xtape.hpp>

using namespace xtape;

namespace {

std::atomic<bool> no_memory{false};      // operator new throws
std::atomic<int> threads_left{100'000};  // that may be started

void check(bool right, const char* what) {
  if (right) return;
  std::fprintf(stderr, "wrong: %s\n", what);
  std::_Exit(1);
}

// Work for all threads: many tiles, and their sum is exact.
double work() {
  const Tensor x = full({1 << 20}, 3, float64).requires_grad();
  return sum(grad(sum(x * x), x)).item();
}
constexpr double right = 6.0 * (1 << 20);

// The numbers 0 … 9, by two, which a thread makes ahead.
datasets::DataLoader ahead() {
  const datasets::Dataset numbers(arange(10), arange(10));
  return {numbers, datasets::DataLoaderOptions(2).prefetch()};
}
double sum_of(const datasets::DataLoader& loader) {
  double total = 0;
  for (auto [x, t] : loader) total += sum(x).item();
  return total;
}

// A child computes and ends, however many threads the parent had and whatever they did.
void forks() {
  set_num_threads(4);
  check(work() == right, "before any fork");
  datasets::DataLoader loader = ahead();
  auto place = loader.begin();
  auto child_works = [&](const char* what) {
    check(sum(loader.batch(0, 0, 0).input).item() == 1 && sum((*place).input).item() == 1, "a batch");
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);
      check(work() == right, "in the child");
      check(num_threads() == 4, "the child's number of threads");
      std::thread([] { check(work() == right, "in a thread of the child"); }).join();
      check(sum(loader.batch(1, 0, 0).input).item() == 5 && sum((*++place).input).item() == 5, "a batch in the child");
      check(sum_of(loader) == 45, "a loop in the child");
      loader = ahead(), place = {};
      if (const pid_t grandchild = fork(); grandchild == 0) std::exit(work() == right ? 0 : 1);
      else waitpid(grandchild, nullptr, 0);
      std::exit(0);  // joins what there is to join
    }
    int status = -1;
    waitpid(child, &status, 0);
    check(status == 0, what);
  };
  child_works("a child of an idle parent");
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) check(work() == right, "beside forks");
  });
  for (int i = 0; i < 20; ++i) child_works("a child of a parent at work");
  stop = true;
  busy.join();
  check(work() == right, "after the forks");
}

// A program that ends in the middle of an epoch: data outlive the batch that is being made of them, also where making
// it is what ends the program.
struct Numbers {
  ~Numbers() { check(!in_use || ends, "data that go while they are in use"); }
  std::int64_t size() const { return 10; }
  datasets::Batch batch(const Tensor& indices) const {
    if (ends) std::exit(0);
    in_use = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    in_use = false;
    return {indices, indices};
  }
  mutable std::atomic<bool> in_use{false};
  std::atomic<bool> ends{false};
};
void exits(bool within) {
  static Numbers numbers;
  static const auto* loader = new datasets::DataLoader(numbers, datasets::DataLoaderOptions(1).prefetch());
  static const std::unique_ptr<const datasets::DataLoader> ends_too(within ? loader : nullptr);
  loader->batch(0, 0, 0);
  if (within) numbers.ends = true, loader->batch(3, 0, 0);
  while (!numbers.in_use) std::this_thread::yield();
  std::exit(0);
}

// With no helper, and with fewer than are wished for.
void few_threads() {
  for (const int given : {0, 2}) {
    set_num_threads(8);
    threads_left = given;
    check(work() == right, "with the threads there are");
    check(num_threads() == given + 1, "the number of threads");
    check(work() == right, "and again");
    check(sum_of(ahead()) == 45, "a loader without its thread");
  }
  threads_left = 100'000;
  set_num_threads(3);
  check(work() == right && num_threads() == 3, "once threads can be had");
}

// The ends of graphs, values and watchers ask for no memory: here they may be what gives some back.
void ends() {
  Tensor x;
  auto graph = [&x] {
    x = ones({4}).requires_grad();
    Tensor chain = x;
    Tensors wide;
    for (int i = 0; i < 2000; ++i) {
      chain = tanh(chain * 2);
      wide.push_back(chain[i % 4] + x[0]);
    }
    return sum(stack(wide)) + sum(chain);
  };
  for (int i = 0; i < 2; ++i) {
    Tensor y = graph();
    if (i == 1) y.backward(create_graph | retain_graph);
    no_memory = true;
    y = Tensor();
    x.zero_grad();  // a gradient with a graph holds its leaf
    no_memory = false;
  }
  // On a thread that has not used the pool before.
  Tensor y = graph();
  std::thread([&] {
    no_memory = true;
    y = Tensor();
    no_memory = false;
  }).join();
  // A rule runs out of memory while a profile looks.
  const Profile profile;
  x = ones({2}).requires_grad();
  const Tensor hooked = sum(hook(x * 2, [](const Tensor& g) {
    no_memory = true;
    return Tensor(g.array_ref());
  }));
  bool thrown = false;
  try {
    grad(hooked, x);
  } catch (const std::bad_alloc&) {
    thrown = true;
  }
  no_memory = false;
  check(thrown, "an error that is to be seen");
}

std::size_t address_space() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}
void limit_to(std::size_t more) {
  const rlim_t all = address_space() + more;
  const rlimit limit{all, RLIM_INFINITY};
  check(setrlimit(RLIMIT_AS, &limit) == 0, "setrlimit");
}

// What the pool keeps is given back before memory is said to be short.
void memory() {
  constexpr std::int64_t mega = 1 << 20;
  set_num_threads(1);
  auto use = [] {
    Tensors blocks;
    for (int i = 0; i < 4; ++i) blocks.push_back(zeros({64 * mega}, uint8));
  };
  use();
  limit_to(48 * mega);
  check(zeros({200 * mega}, uint8).size() == 200 * mega, "a block of what this thread kept");
  limit_to(1024 * mega);
  empty_cache();

  // Of another thread, as soon as it frees something.
  std::atomic<int> stage{0};
  std::thread other([&] {
    use();
    stage = 1;
    while (stage == 1) std::this_thread::yield();
    { const Tensor freed = ones({2}); }
    stage = 3;
    while (stage == 3) std::this_thread::yield();
    use();
  });
  while (stage == 0) std::this_thread::yield();
  limit_to(48 * mega);
  bool refused = false;
  try {
    zeros({200 * mega}, uint8);
  } catch (const Error& e) {
    refused = std::strstr(e.what(), "no memory") != nullptr;
  }
  check(refused, "while the other thread keeps it");
  stage = 2;
  while (stage == 2) std::this_thread::yield();
  check(zeros({200 * mega}, uint8).size() == 200 * mega, "a block of what another thread kept");
  limit_to(1024 * mega);
  stage = 4;
  other.join();
}

// Says what the environment is refused with, twice: it is an error of each operation.
void environment() {
  for (int i = 0; i < 2; ++i) try {
      work();
      std::puts("accepted");
    } catch (const Error& e) {
      std::puts(e.what());
    }
}

}  // namespace

void* operator new(std::size_t n) {
  if (no_memory) throw std::bad_alloc();
  if (void* p = std::malloc(n ? n : 1)) return p;
  throw std::bad_alloc();
}
void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
  return no_memory ? nullptr : std::malloc(n ? n : 1);
}
// Where GCC sees through only one of a pair, it takes them for strangers.
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

#if !defined(XTAPE_SANITIZED)
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*f)(void*), void* argument) {
  if (threads_left.fetch_sub(1) <= 0) return EAGAIN;
  static const auto next = reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
  return next(thread, attributes, f, argument);
}
#endif

int main(int argc, char** argv) {
  const std::string part = argc > 1 ? argv[1] : "";
  if (part == "fork") forks();
  else if (part == "few_threads") few_threads();
  else if (part == "ends") ends();
  else if (part == "memory") memory();
  else if (part == "environment") environment();
  else if (part == "exit" || part == "exit_within") exits(part == "exit_within");
  else return 2;
}
