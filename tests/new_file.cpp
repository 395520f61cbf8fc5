// What the library writes: whole or not at all, where it was asked for, and nothing beside it.
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <autograd/files/new_file.hpp>
#include <autograd/profile.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "folder.hpp"
#include "support.hpp"

using namespace xtape;
using doctest::Contains;

namespace {

namespace fs = std::filesystem;

void put(const std::string& path, const std::string& bytes) { std::ofstream(path) << bytes; }
unsigned mode_of(const std::string& path) {
  struct stat about;
  REQUIRE(stat(path.c_str(), &about) == 0);
  return about.st_mode & 07777;
}
void write(const std::string& path, const std::string& bytes) {
  NewFile file("write", path);
  file.write(bytes);
  file.keep();
}

// All that writes, more than 10000 bytes each.
using Writer = std::function<void(const std::string& path)>;
std::map<std::string, Writer> writers() {
  return {{"save_safetensors",
           [](const std::string& path) {
             nn::save_safetensors(path, {{"a", ones({5000})}});
           }},
          {"save_npz",
           [](const std::string& path) {
             nn::save_npz(path, {{"a", ones({5000})}});
           }},
          {"save_npy", [](const std::string& path) { nn::save_npy(path, ones({5000})); }},
          {"Profile::write_trace", [](const std::string& path) {
             Profile profile;
             for (int i = 0; i < 100; ++i) exp(ones({2}));
             profile.write_trace(path);
           }}};
}

}  // namespace

TEST_CASE("a file that is written anew keeps its mode, and a new one has that of any new file") {
  const Folder folder;
  const mode_t mask = umask(027);
  for (auto& entry : writers()) {
    const std::string& name = entry.first;
    const Writer& writer = entry.second;
    CAPTURE(name);
    const std::string path = folder / "file";
    writer(path);
    CHECK(mode_of(path) == 0640);
    for (const unsigned mode : {0600u, 0444u | 0200u, 0666u}) {
      REQUIRE(chmod(path.c_str(), mode) == 0);
      writer(path);
      CHECK(mode_of(path) == mode);
    }
    CHECK(folder.files() == std::vector<std::string>{"file"});
    fs::remove(path);
  }
  umask(mask);
  put(folder / "kept", "old");
  REQUIRE(chmod((folder / "kept").c_str(), 0400) == 0);
  if (geteuid() == 0) {  // who may give files away
    REQUIRE(chown((folder / "kept").c_str(), 1234, 2345) == 0);
    write(folder / "kept", "new");
    struct stat about;
    REQUIRE(stat((folder / "kept").c_str(), &about) == 0);
    CHECK(about.st_uid == 1234);
    CHECK(about.st_gid == 2345);
    CHECK((about.st_mode & 07777) == 0400);
  } else {
    CHECK_THROWS_WITH_AS(write(folder / "kept", "new"), Contains("Permission denied"), Error);
    CHECK(content(folder / "kept") == "old");
  }
}

TEST_CASE("a file is written where its symbolic links lead") {
  const Folder folder;
  fs::create_directory(folder / "there");
  put(folder / "there/target", "old");
  fs::create_symlink("there/target", folder / "link");
  fs::create_symlink(folder / "link", folder / "link of link");
  fs::create_symlink("there/new", folder / "to nothing");
  fs::create_symlink("there", folder / "here");
  for (const char* name : {"link", "link of link", "here/target"}) {
    CAPTURE(name);
    write(folder / name, name);
    CHECK(content(folder / "there/target") == name);
  }
  write(folder / "to nothing", "new");
  CHECK(content(folder / "there/new") == "new");
  for (const char* name : {"link", "link of link", "to nothing", "here"}) CHECK(fs::is_symlink(folder / name));
  CHECK(folder.files().size() == 5);
  for (auto& entry : writers()) {
    const std::string& name = entry.first;
    const Writer& writer = entry.second;
    CAPTURE(name);
    writer(folder / "link");
    CHECK(fs::is_symlink(folder / "link"));
    CHECK(fs::file_size(folder / "there/target") > 10000);
  }
  fs::create_symlink("circle", folder / "circle");
  CHECK_THROWS_WITH_AS(write(folder / "circle", "x"), Contains("cannot write"), Error);
}

TEST_CASE("a name may be as long as the file system has them, and one with a NUL or of a folder is refused") {
  const Folder folder;
  for (auto& entry : writers()) {
    const std::string& name = entry.first;
    const Writer& writer = entry.second;
    CAPTURE(name);
    const std::string path = folder / std::string(255, 'n');
    writer(path);
    CHECK(fs::file_size(path) > 10000);
    CHECK_THROWS_WITH_AS(writer(folder / std::string(256, 'n')), Contains("File name too long"), Error);
    CHECK_THROWS_WITH_AS(writer(folder / std::string("a\0b", 3)), Contains("goes on after a NUL"), Error);
    CHECK_THROWS_WITH_AS(writer(folder.path.string()), Contains("Is a directory"), Error);
  }
  CHECK(folder.files().size() == 1);
}

TEST_CASE("a disk that is full leaves the old file and nothing beside it") {
  const Folder folder;
  put(folder / "file", "old");
  for (auto& entry : writers()) {
    const std::string& name = entry.first;
    const Writer& writer = entry.second;
    CAPTURE(name);
    {
      const FileLimit full(5000);
      CHECK_THROWS_WITH_AS(writer(folder / "file"), Contains((name + ": cannot write " + folder.path.string()).c_str()),
                           Error);
    }
    CHECK(content(folder / "file") == "old");
    CHECK(folder.files() == std::vector<std::string>{"file"});
    // A device is written as it is, and stays one.
    if (!fs::is_character_file("/dev/full")) continue;
    CHECK_THROWS_WITH_AS(writer("/dev/full"), Contains("cannot write /dev/full: No space left on device"), Error);
    CHECK(fs::is_character_file("/dev/full"));
    writer("/dev/null");
    CHECK(fs::is_character_file("/dev/null"));
  }
}

TEST_CASE("what a killed process left of a file is gone with the next that is written in its folder") {
  const Folder folder;
  put(folder / "file", "old");
  for (int i = 0; i < 2; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      NewFile file("write", folder / "file");
      file.append("half", 4);
      raise(SIGKILL);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(content(folder / "file") == "old");
    CHECK(folder.files().size() == 2);  // and no more the second time
  }
  {  // Those that are being written are left alone, and so is who gives up.
    NewFile a("write", folder / "file"), b("write", folder / "other"), c("write", folder / "other");
    CHECK(folder.files().size() == 4);
    CHECK(a.name() != b.name());
    CHECK(c.name() != b.name());
    c.write("third");
    a.write("first");
    b.write("second");
    c.keep();
    a.keep();
  }
  CHECK(content(folder / "file") == "first");
  CHECK(content(folder / "other") == "third");
  CHECK(folder.files().size() == 2);
}
