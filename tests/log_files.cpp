// What files of events and tables refuse, and what they hold afterwards; events.py reads them.
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optim/event_file.hpp>
#include <optim/table_file.hpp>
#include <sstream>

#include "folder.hpp"
#include "support.hpp"

using namespace xtape;
using doctest::Contains;
using optim::EventFile;
using optim::TableFile;
namespace fs = std::filesystem;

namespace {

void put(const std::string& path, const std::string& bytes) { std::ofstream(path) << bytes; }

}  // namespace

TEST_CASE("what files of events and tables refuse, and how they say so") {
  const Folder folder;
  const std::string csv = folder / "a.csv", jsonl = folder / "a.jsonl", taken = folder / "taken.csv",
                    file = folder / "file";
  put(file, "text");
  TableFile table(csv), lines(jsonl), other(taken);
  table.write({{"a", 1}, {"b \"", "x"}});
  lines.write({{"a", 1}});
  EventFile events(folder / "events");
  events.scalar("a", 1, 0);
  fs::create_directory(folder / "folder.csv");
  put(folder / "cut.csv", "a,b\n1,2\n3");
  put(folder / "quote.csv", "a,b\n1,\"2\n3,4\n");
  put(folder / "empty.jsonl", "");

  struct Bad {
    const char* says;
    std::function<void()> make;
  };
  const Bad all[] = {
      {"EventFile: the tag is '', expected some UTF-8", [&] { events.scalar("", 1, 0); }},
      {"EventFile: the tag is '\xff'", [&] { events.text("\xff", "text", 0); }},
      {"EventFile: the text of 'a' is no UTF-8", [&] { events.text("a", "\xc3", 0); }},
      {"EventFile: the step is -1, expected at least 0", [&] { events.histogram("a", ones({2}), -1); }},
      {"EventFile: the step is -3", [&] { EventFile(folder / "none", -3); }},
      {"encode_png: the picture is (2,)", [&] { events.image("a", ones({2}), 0); }},
      {"EventFile: cannot write to the folder /dev/null/events: Not a directory",
       [] { EventFile("/dev/null/events"); }},
      {"EventFile: cannot write to the folder ", [&] { EventFile{file}; }},
      {"TableFile: the name is 'a.txt', expected one that ends in .jsonl or .csv", [] { TableFile("a.txt"); }},
      {"TableFile: the name is ''", [] { TableFile(""); }},
      {"TableFile: cannot open /nowhere/a.csv: No such file or directory", [] { TableFile("/nowhere/a.csv"); }},
      {"folder.csv: Is a directory", [&] { TableFile(folder / "folder.csv"); }},
      {"goes on after a NUL", [] { TableFile(std::string("a\0.csv", 6)); }},
      {"taken.csv is being written by another run", [&] { TableFile{taken}; }},
      {"TableFile: keep is -1, expected at least 0", [&] { TableFile(folder / "b.csv", -1); }},
      {"b.csv is not there, expected the 3 rows to keep", [&] { TableFile(folder / "b.csv", 3); }},
      {"cut.csv has 1 rows, expected the 2 to keep", [&] { TableFile(folder / "cut.csv", 2); }},
      {"quote.csv has 0 rows, expected the 1 to keep", [&] { TableFile(folder / "quote.csv", 1); }},
      {"empty.jsonl has 0 rows, expected the 1 to keep", [&] { TableFile(folder / "empty.jsonl", 1); }},
      {"TableFile::write: the row is empty", [&] { table.write({}); }},
      {"TableFile::write: the row is empty", [&] { lines.write({}); }},
      {"TableFile::write: the row has 'a' twice",
       [&] {
         table.write({{"a", 1}, {"a", 2}});
       }},
      {"TableFile::write: the row has 'a' twice",
       [&] {
         lines.write({{"a", 1}, {"a", 2}});
       }},
      {"TableFile::write: the row has 'c', expected names of the first row: 'a', 'b \"'",
       [&] {
         table.write({{"a", 1}, {"c", 2}});
       }},
  };
  const std::vector<std::string> paths = {
      csv, jsonl, taken, file, events.path(), folder / "cut.csv", folder / "quote.csv"};
  std::vector<std::string> before;
  for (const std::string& path : paths) before.push_back(content(path));
  for (const Bad& bad : all) {
    CAPTURE(bad.says);
    CHECK_THROWS_WITH_AS(bad.make(), Contains(bad.says), Error);
  }
  for (std::size_t i = 0; i < paths.size(); ++i) CHECK(content(paths[i]) == before[i]);
  CHECK(table.rows() == 1);
  CHECK(!fs::exists(folder / "b.csv"));
  CHECK(!fs::exists(folder / "none"));
  CHECK(says(message([&] { table.write({}); }), "TableFile::write: ", __LINE__));
  CHECK(says(message([&] { events.scalar("a", 1, -1); }), "EventFile: ", __LINE__));
  CHECK(before[0] == "a,\"b \"\"\"\n1,x\n");
}

TEST_CASE("a full disk ends no file within a row or an event") {
  const Folder folder;
  for (const char* name : {"a.csv", "a.jsonl"}) {
    TableFile table(folder / name);
    const std::string path = table.path();
    const optim::Row row = {{"text", std::string(300, 'x')}, {"number", 0.5}};
    {
      const FileLimit full(100);
      CHECK_THROWS_WITH_AS(table.write(row), Contains((path + ": File too large").c_str()), Error);
    }
    CHECK(content(path).empty());
    table.write(row);
    const std::string one = content(path);
    {
      const FileLimit full(one.size() + 100);
      CHECK_THROWS_AS(table.write(row), Error);
    }
    CHECK(content(path) == one);
    CHECK(table.rows() == 1);
    table.write(row);
    CHECK(content(path).size() > one.size() + 300);
  }
  EventFile events(folder / "events");
  events.scalar("a", 1, 0);
  const std::string one = content(events.path());
  {
    const FileLimit full(one.size() + 10);
    CHECK_THROWS_WITH_AS(events.scalar("a", 1, 1), Contains("cannot write"), Error);
  }
  CHECK(content(events.path()) == one);
  events.scalar("a", 1, 1);
  CHECK(content(events.path()).size() > one.size() + 10);
}

TEST_CASE("a table goes on after the rows that are kept") {
  const Folder folder;
  for (const char* name : {"a.csv", "a.jsonl"}) {
    const std::string path = folder / name;
    auto write = [](TableFile& table, int begin, int end) {
      for (int i = begin; i < end; ++i) table.write({{"a\n\"", i}, {"b", i % 2 ? "one, \"two\"\nthree" : ""}});
    };
    {
      TableFile table(path);
      write(table, 0, 7);
      CHECK(table.rows() == 7);
    }
    const std::string whole = content(path);
    for (const int keep : {7, 6, 1, 0}) {
      put(path, whole + "{\"a\":");  // as one that was killed would leave it elsewhere
      TableFile table(path, keep);
      CHECK(table.rows() == keep);
      write(table, keep, 7);
      CHECK(content(path) == whole);
    }
  }
  // It can be handed on.
  TableFile table(folder / "b.csv"), moved(std::move(table));
  moved.write({{"a", 1}});
  CHECK(content(moved.path()) == "a\n1\n");
}

TEST_CASE("files of events come one after the other") {
  const Folder folder;
  std::vector<std::string> paths;
  for (int i = 0; i < 3; ++i) paths.push_back(EventFile(folder / "deep/events", i).path());
  CHECK(paths[0] < paths[1]);
  CHECK(paths[1] < paths[2]);
  CHECK(paths[0].find("deep/events/events.out.tfevents.") != std::string::npos);
}
