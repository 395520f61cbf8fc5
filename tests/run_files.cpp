// The files of a Run: damaged at random, of another version, in a folder that vanishes, on a disk that is full.
#include "folder.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>
#include <xtape.hpp>

using namespace xtape;
using doctest::Contains;
using optim::ProgressStyle;
using optim::SaveOptions;

namespace {

const Tensor inputs = normal({10, 4}), labels = randint(0, 3, {10});

/// A training with all that has a state; `said` has what it prints.
struct Training {
  explicit Training(const std::string& path, bool writes = false) {
    run.seed(4).save_to(path, SaveOptions().every_steps(1).keep(3)).progress(ProgressStyle::lines, &said);
    run.validate({inputs, labels}, optim::accuracy).measure(optim::accuracy).average(0.5).keep_best("accuracy");
    run.schedule(optim::OneCycle(0.1)).react(optim::ReduceOnPlateau());
    if (writes) run.report(path + ".html", "Files").log_to(path + ".csv");
  }
  std::ostringstream said;
  nn::Sequential net = [] {
    manual_seed(3);
    return nn::Sequential{nn::Linear(4, 3), nn::BatchNorm1d(3), nn::Dropout(0.5)};
  }();
  optim::Run run{net, optim::Adam(net.parameters()), optim::TensorBatches(inputs, labels, 4),
                 [this](const Tensor& x, const Tensor& t) {
                   const Tensor y = net(x);
                   return optim::LossAndOutput{nn::cross_entropy(y, t), y};
                 }};
};

void write(const std::string& path, const std::string& bytes) { std::ofstream(path) << bytes; }
void check_same(const optim::StateDict& a, const optim::StateDict& b) {
  CHECK(a.size() == b.size());
  for (const auto& [name, value] : a) CHECK(same_bits(value, b.at(name)));
}

}  // namespace

TEST_CASE("a saved training that is damaged anywhere is noticed, and goes on from the one before") {
  const Folder folder;
  const std::string path = folder / "run";
  optim::StateDict whole;
  {
    Training a(path, true);
    a.run.fit(3);
    whole = a.net.state_dict();
  }
  const std::string newest = content(path), before = content(path + ".1");
  RandomStream random(7);
  for (int i = 0; i < 40; ++i) {
    CAPTURE(i);
    std::string bytes = newest;
    const auto at = static_cast<std::size_t>(random.integer(static_cast<std::int64_t>(bytes.size())));
    if (i % 4 == 0) bytes.resize(at);
    else if (i % 4 == 1) bytes.insert(at, 1 + at % 9, static_cast<char>(i));
    else bytes[i % 4 == 2 ? at : at % 1000] ^= static_cast<char>(1 << random.integer(8));
    write(path, bytes), write(path + ".1", before);
    Training a(path, true);
    a.run.fit(3);
    check_same(a.net.state_dict(), whole);
    CHECK(a.said.str().find(path) != std::string::npos);
    CHECK(a.said.str().find("going on from " + path + ": ") != std::string::npos);
    CHECK(std::filesystem::exists(path + ".damaged"));
  }
}

TEST_CASE("a saved training that lacks something is refused whole") {
  const Folder folder;
  const std::string path = folder / "run";
  {
    Training a(path, true);
    a.run.fit(2);
  }
  optim::Snapshot good;
  {
    std::string damaged;
    good = optim::SnapshotFiles(path, 3, Site::here()).read(damaged);
    CHECK(damaged.empty());
  }
  std::vector<std::string> names;
  for (const auto& entry : good.tensors) names.push_back(entry.first);
  int refused = 0;
  for (const std::string& name : names)
    for (const bool missing : {true, false}) {
      CAPTURE(name);
      CAPTURE(missing);
      optim::Snapshot other = good;
      if (missing) other.tensors.erase(name);
      else other.tensors[name] = zeros({7, 5}, int64);
      optim::SnapshotFiles(path, 3, Site::here()).write(other);
      Training a(path, true);
      const optim::StateDict before = a.net.state_dict(), state = a.run.optimizer().state_dict();
      const std::string text = message([&] { a.run.fit(2); });
      if (text == "no error") continue;
      ++refused;
      CHECK(text.find("Run::save_to: " + path + " cannot be gone on from: ") == 0);
      check_same(a.net.state_dict(), before);
      check_same(a.run.optimizer().state_dict(), state);
      CHECK(a.run.history().epochs.empty());
    }
  CHECK(refused > static_cast<int>(names.size()));
}

TEST_CASE("a training outlives the folder that it is saved in") {
  const Folder folder;
  const std::string sub = folder / "sub", path = sub + "/run";
  std::filesystem::create_directory(sub);
  Training a(path), whole(folder / "whole");
  whole.run.fit(3);
  a.run.on_step([&](optim::Run& run, double) {
    if (run.steps() == 2) std::filesystem::remove_all(sub);
  });
  CHECK_THROWS_WITH_AS(a.run.fit(3), Contains((path + ".new: No such file or directory").c_str()), Error);
  CHECK(a.run.steps() == 2);
  CHECK_THROWS_AS(a.run.fit(3), Error);
  std::filesystem::create_directory(sub);
  a.run.fit(3);
  check_same(a.net.state_dict(), whole.net.state_dict());
  CHECK(std::filesystem::exists(path));
}

TEST_CASE("a training outlives a full disk, and so do its files") {
  const Folder folder;
  const std::string path = folder / "run";
  Training a(path), whole(folder / "whole");
  whole.run.fit(3);
  std::string saved;
  std::optional<FileLimit> full;
  a.run.on_step([&](optim::Run& run, double) {
    if (run.steps() != 4) return;
    saved = content(path);
    full.emplace(1000);
  });
  const std::string text = message([&] { a.run.fit(3); });
  const std::string again = message([&] { a.run.fit(3); });
  full.reset();
  for (const std::string& said : {text, again})
    CHECK(said.find("File too large, expected a writable directory") != said.npos);
  CHECK(content(path) == saved);
  CHECK(!saved.empty());
  {
    Training other(folder / "other");
    write(folder / "other", saved);
    other.run.fit(3);
    check_same(other.net.state_dict(), whole.net.state_dict());
  }
  a.run.fit(3);
  check_same(a.net.state_dict(), whole.net.state_dict());
}

TEST_CASE("weights that are not numbers do not take the place of those that are") {
  const Folder folder;
  Training a(folder / "run");
  a.run.on_step([&](optim::Run& run, double) {
    if (run.steps() == 4) a.net.parameters()[1].assign(full({3}, NAN));
  });
  CHECK_THROWS_WITH_AS(a.run.fit(3), Contains("parameter '0.bias' is nan after step 4; "), Error);
  std::string damaged;
  CHECK(load_safetensors(folder / "run").at("run.steps").item() == 3);
}
