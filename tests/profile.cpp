// The profile, the list of the tape and its drawing.
#include <doctest/doctest.h>

#include <algorithm>
#include <autograd/inspect.hpp>
#include <autograd/profile.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <xtape.hpp>

using namespace xtape;
using doctest::Contains;

namespace {

struct Mlp : nn::Module<Mlp> {
  nn::Linear hidden = child("hidden", nn::Linear(784, 256));
  nn::Linear output = child("output", nn::Linear(256, 10));
  Tensor forward(const Tensor& x) const { return output(relu(hidden(x))); }
};

const Profile::Row* find(const std::vector<Profile::Row>& rows, const std::string& name) {
  for (const Profile::Row& row : rows)
    if (row.name == name) return &row;
  return nullptr;
}

}  // namespace

TEST_CASE("a profile counts calls and FLOPs and bytes and its times add up") {
  const Mlp net;
  const Tensor x = uniform({256, 784}), labels = zeros({256}, int64);
  auto step = [&] { grad(nn::cross_entropy(net(x), labels), net.parameters()); };
  step();
  // The machine may be busy elsewhere: the best of five tells.
  double best = 0;
  for (int attempt = 0; attempt < 5; ++attempt) {
    Profile profile;
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 3; ++i) step();
    const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    CHECK(profile.time() <= wall);
    best = std::max(best, profile.time() / wall);

    const auto ops = profile.by_operation(), modules = profile.by_module();
    const Profile::Row* linear = find(ops, "linear");
    REQUIRE(linear);
    CHECK(linear->calls == 6);
    CHECK(linear->flops == 3 * 2. * 256 * (784 * 256 + 256 * 10));
    CHECK(linear->bytes == 3 * 256 * (256 + 10) * 4);
    REQUIRE(find(ops, "linear backward"));
    CHECK(find(ops, "linear backward")->flops >= 3 * 2. * 256 * (784 * 256 + 2 * 256 * 10));
    REQUIRE(find(modules, "Mlp.hidden (Linear)"));
    CHECK(find(modules, "Mlp.hidden (Linear)")->calls == 6);  // forward and backward
    REQUIRE(find(modules, "Mlp"));
    CHECK(find(ops, "relu")->calls == 3);
    CHECK(profile.peak_bytes() >= 256 * 784 * 4);
    double sum = 0;
    for (const Profile::Row& row : modules) sum += row.time;
    CHECK(sum == doctest::Approx(profile.time()));
    std::ostringstream table;
    table << profile;
    CHECK(table.str().find("linear backward") != std::string::npos);
    CHECK(table.str().find("Mlp.hidden (Linear)") != std::string::npos);
  }
  CHECK(best >= 0.9);
}

TEST_CASE("the trace of a profile is JSON whose events nest and add up") {
  const Mlp net;
  const Tensor x = uniform({64, 784}), labels = zeros({64}, int64);
  Profile profile;
  grad(nn::cross_entropy(net(x), labels), net.parameters());
  const char* path = "profile_trace.json";
  profile.write_trace(path);
  std::ifstream file(path);
  const nlohmann::json trace = nlohmann::json::parse(file);
  std::remove(path);
  double top = 0, end = 0;
  REQUIRE(trace["traceEvents"].size() == profile.events().size());
  auto events = trace["traceEvents"].get<std::vector<nlohmann::json>>();
  std::stable_sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a["ts"] < b["ts"]; });
  for (const auto& e : events) {
    CHECK(e["ph"] == "X");
    const double ts = e["ts"], duration = e["dur"];
    CHECK(duration >= 0);
    if (ts < end) {
      CHECK(ts + duration <= end + 1e-3);  // inside the one before
      continue;
    }
    top += duration;
    end = ts + duration;
  }
  CHECK(top == doctest::Approx(profile.time() * 1e6));
  CHECK_THROWS_WITH_AS(profile.write_trace("/no/such/folder/t.json"),
                       Contains("cannot write /no/such/folder/t.json: No such file"), Error);
}

TEST_CASE("tape lists what is there and what is kept and why") {
  const Mlp net;
  const Tensor x = uniform({5, 784});
  const Tensor loss = mean(square(net(x)));
  const int line = __LINE__ - 1;
  const Tape list = tape(loss);
  auto entry = [&](const std::string& op) -> const TapeEntry& {
    for (const TapeEntry& e : list.entries())
      if (e.op == op) return e;
    FAIL("no entry ", op);
    throw 0;
  };
  CHECK(entry("hidden.weight").shape == Shape{256, 784});
  CHECK(entry("hidden.weight").kept.empty());
  const TapeEntry& linear = entry("linear");
  CHECK(linear.shape == Shape{5, 256});
  CHECK(linear.inputs[0] == "-");
  CHECK(linear.inputs[1] == "%" + std::to_string(entry("hidden.weight").position));
  REQUIRE(linear.kept.size() == 1);  // x, for the weight; the input needs no gradient, so the weight is not kept
  CHECK(linear.kept[0].what == "input 0");
  CHECK(linear.kept[0].bytes == 5 * 784 * 4);
  CHECK(linear.kept[0].why == "read by the rule of input 1");
  CHECK(entry("square").site.line == line);
  CHECK(list.entries().back().shape == Shape{});
  for (const TapeEntry& e : list.entries())
    for (const std::string& input : e.inputs)
      if (input != "-") CHECK(std::stoul(input.substr(1)) < e.position);
  CHECK(list.kept_bytes >= 4 * (5 * 784 + 5 * 256 + 5 * 10 + 256 * 10));
  std::ostringstream out;
  out << list;
  CHECK(out.str().find("keeps input 0, 15680 B, read by the rule of input 1") != std::string::npos);
  CHECK(out.str().find("profile.cpp:" + std::to_string(line)) != std::string::npos);

  loss.backward();
  CHECK(tape(loss).kept_bytes == 0);
  std::ostringstream after;
  after << tape(loss);
  CHECK(after.str().find("released") != std::string::npos);
  CHECK_THROWS_WITH_AS(tape(x), Contains("tape: the tensor (5, 784) is not recorded"), Error);
}

TEST_CASE("dot draws the tape") {
  const Mlp net;
  const std::string dot = to_dot(mean(square(net(ones({2, 784})))));
  CHECK(dot.find("digraph tape {") == 0);
  CHECK(dot.find("hidden.weight\\nfloat32(256, 784)") != std::string::npos);
  CHECK_THROWS_AS(to_dot(ones({})), Error);
  if (std::system("command -v dot >/dev/null 2>&1") != 0) {
    MESSAGE("SKIPPED: there is no dot");
    return;
  }
  { std::ofstream("tape.dot") << dot; }
  CHECK(std::system("dot -Tsvg tape.dot -o tape.svg 2>dot.err && test ! -s dot.err") == 0);
  std::ifstream svg("tape.svg");
  std::string text((std::istreambuf_iterator<char>(svg)), {});
  CHECK(text.find("<svg") != std::string::npos);
  CHECK(text.find("hidden.weight") != std::string::npos);
  for (const char* name : {"tape.dot", "tape.svg", "dot.err"}) std::remove(name);
}
