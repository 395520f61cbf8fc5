#include "profile.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "files/new_file.hpp"

namespace xtape {
using namespace detail;

namespace {

std::vector<Profile::Row> sorted(std::map<std::string, Profile::Row> rows) {
  std::vector<Profile::Row> list;
  for (auto& [name, row] : rows) {
    row.name = name;
    list.push_back(std::move(row));
  }
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.time > b.time; });
  return list;
}

template <class Name>
std::vector<Profile::Row> sums(const std::vector<Profile::Event>& events, Name name) {
  std::map<std::string, Profile::Row> rows;
  for (const Profile::Event& e : events) {
    if (e.inside) continue;
    Profile::Row& row = rows[name(e)];
    ++row.calls;
    row.time += e.time;
    row.flops += e.flops;
    row.bytes += e.bytes;
  }
  return sorted(std::move(rows));
}

std::string name_of(const Profile::Event& e) { return e.backward ? e.op + " backward" : e.op; }

}  // namespace

Profile::Profile() : start_(Clock::now()) {}

void Profile::add(Event event) {
  event.live = memory_stats().live_bytes;
  peak_ = std::max(peak_, event.live);
  events_.push_back(std::move(event));
}

void Profile::executed(Execution& e) {
  std::vector<const Array*> inputs;
  for (std::uint32_t i = 0; i < e.node.input_count; ++i) inputs.push_back(e.args[i]->array);
  const double flops = e.node.flops(inputs.data(), *e.value);
  const std::int64_t bytes = e.value->owner ? 0 : e.value->size * size_of(e.value->dtype);
  for (Event& outer : open_) outer.flops += flops, outer.bytes += bytes;
  const double begin = since(e.begin);
  add({e.node.op, false, !open_.empty(), e.node.details->module, e.node.site, begin, since(e.end) - begin, bytes, flops,
       0});
}

void Profile::backward(const Operation& node, bool begin) {
  const double now = since(Clock::now());
  if (begin) {
    const std::string module = node.details ? node.details->module : "";
    open_.push_back({node.op, true, !open_.empty(), module, node.site, now, 0, 0, 0, 0});
    return;
  }
  if (open_.empty()) return;  // it began before the profile did
  Event event = std::move(open_.back());
  open_.pop_back();
  event.time = now - event.begin;
  add(std::move(event));
}

std::vector<Profile::Row> Profile::by_operation() const { return sums(events_, name_of); }
std::vector<Profile::Row> Profile::by_module() const {
  return sums(events_, [](const Event& e) { return e.module; });
}

double Profile::time() const {
  double seconds = 0;
  for (const Event& e : events_) seconds += e.inside ? 0 : e.time;
  return seconds;
}

void Profile::write_trace(const std::string& path, Site site) const {
  nlohmann::json list = nlohmann::json::array();
  for (const Event& e : events_) {
    nlohmann::json args = {{"module", e.module}, {"bytes", e.bytes}, {"flops", e.flops}, {"live_bytes", e.live}};
    if (e.site.file) args["line"] = to_string(e.site);
    list.push_back({{"name", name_of(e)},
                    {"cat", e.backward ? "backward" : "forward"},
                    {"ph", "X"},
                    {"ts", e.begin * 1e6},
                    {"dur", e.time * 1e6},
                    {"pid", 1},
                    {"tid", 1},
                    {"args", std::move(args)}});
  }
  NewFile file("Profile::write_trace", path, site);
  const nlohmann::json trace = {{"traceEvents", std::move(list)}, {"displayTimeUnit", "ms"}};
  file.write(trace.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");  // names may be no UTF-8
  file.keep();
}

std::ostream& operator<<(std::ostream& out, const Profile& profile) {
  const double total = profile.time();
  char line[200];
  auto table = [&](const char* title, const std::vector<Profile::Row>& rows) {
    std::snprintf(line, sizeof line, "%-40s %8s %10s %6s %9s %10s\n", title, "calls", "ms", "%", "GFLOP/s", "MB");
    out << line;
    for (const Profile::Row& row : rows) {
      const std::string name = row.name.empty() ? "(no module)" : row.name;
      std::snprintf(line, sizeof line, "%-40s %8lld %10.3f %6.1f %9.2f %10.3f\n", name.c_str(),
                    static_cast<long long>(row.calls), row.time * 1e3, total > 0 ? 100 * row.time / total : 0,
                    row.time > 0 ? row.flops / row.time * 1e-9 : 0, static_cast<double>(row.bytes) * 1e-6);
      out << line;
    }
  };
  table("operation", profile.by_operation());
  table("module", profile.by_module());
  std::snprintf(line, sizeof line, "%.3f ms in all, at most %.3f MB alive\n", total * 1e3,
                static_cast<double>(profile.peak_bytes()) * 1e-6);
  return out << line;
}

}  // namespace xtape
