#include "table_file.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

namespace xtape::optim {
namespace {

bool has_end(const std::string& path, const std::string& end) {
  return path.size() >= end.size() && path.compare(path.size() - end.size(), end.size(), end) == 0;
}

bool is_csv(const std::string& path, std::int64_t keep, Site site) {
  if (!has_end(path, ".csv") && !has_end(path, ".jsonl"))
    fail("TableFile", "the name is '" + path + "', expected one that ends in .jsonl or .csv", site);
  if (keep < 0) fail("TableFile", "keep is " + std::to_string(keep) + ", expected at least 0", site);
  if (keep > 0 && !std::filesystem::exists(path))
    fail("TableFile", path + " is not there, expected the " + std::to_string(keep) + " rows to keep", site);
  return has_end(path, ".csv");
}

std::string quoted(const std::string& text) {
  if (!text.empty() && text.find_first_of(",\"\r\n") == text.npos && text.front() != ' ' && text.back() != ' ')
    return text;
  std::string field = "\"";
  for (const char c : text) field += c == '"' ? "\"\"" : std::string(1, c);
  return field + '"';
}

std::string record_of(const std::vector<std::string>& fields) {
  std::string record;
  for (std::size_t i = 0; i < fields.size(); ++i) record += (i > 0 ? "," : "") + fields[i];
  return record + '\n';
}

// Where the record that begins at `at` ends, after its line feed; npos where it does not. A quoted field may hold one.
std::size_t end_of_record(const std::string& text, std::size_t at, bool csv) {
  for (bool inside = false; at < text.size(); ++at)
    if (csv && text[at] == '"') inside = !inside;  // two of them leave it and come back
    else if (text[at] == '\n' && !inside) return at + 1;
  return text.npos;
}

// The fields of a record of CSV, without its line feed.
std::vector<std::string> fields_of(const std::string& record) {
  std::vector<std::string> fields(1);
  bool inside = false;
  for (std::size_t i = 0; i < record.size(); ++i) {
    const char c = record[i];
    if (c == '"' && inside && record.compare(i, 2, "\"\"") == 0) fields.back() += record[i++];
    else if (c == '"') inside = !inside;
    else if (c == ',' && !inside) fields.emplace_back();
    else fields.back() += c;
  }
  return fields;
}

std::string csv_record(const Row& row, const std::vector<std::string>& columns, Site site) {
  std::vector<std::string> fields(columns.size());
  for (const auto& [name, value] : row) {
    const auto at = std::find(columns.begin(), columns.end(), name);
    if (at == columns.end()) {
      std::string known;
      for (const std::string& column : columns) known += (known.empty() ? "'" : ", '") + column + "'";
      fail("TableFile::write", "the row has '" + name + "', expected names of the first row: " + known, site);
    }
    fields[static_cast<std::size_t>(at - columns.begin())] = quoted(to_string(value));
  }
  return record_of(fields);
}

std::string json_line(const Row& row) {
  nlohmann::ordered_json object;
  for (const auto& [name, value] : row) std::visit([&, key = name](const auto& v) { object[key] = v; }, value.held);
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace

TableFile::TableFile(std::string path, std::int64_t keep, Site site)
    : csv_(is_csv(path, keep, site)), file_("TableFile", std::move(path), site) {
  const std::string text = keep > 0 ? file_.content(site) : "";
  std::size_t end = 0;
  for (std::int64_t records = csv_ && keep > 0 ? -1 : 0; records < keep; ++records) {  // the head comes before them
    const std::size_t next = end_of_record(text, end, csv_);
    if (next == text.npos)
      fail("TableFile",
           this->path() + " has " + std::to_string(rows_) + " rows, expected the " + std::to_string(keep) + " to keep",
           site);
    if (records < 0) columns_ = fields_of(text.substr(0, next - 1));
    else ++rows_;
    end = next;
  }
  file_.truncate(static_cast<std::int64_t>(end), site);
}

void TableFile::write(const Row& row, Site site) {
  std::set<std::string> names;
  for (const auto& entry : row)
    if (!names.insert(entry.first).second) fail("TableFile::write", "the row has '" + entry.first + "' twice", site);
  if (row.empty()) fail("TableFile::write", "the row is empty, expected at least one value", site);
  if (!csv_) {
    file_.append(json_line(row), site);
  } else if (columns_.empty()) {
    std::vector<std::string> columns, head;
    for (const auto& entry : row) columns.push_back(entry.first), head.push_back(quoted(entry.first));
    file_.append(record_of(head) + csv_record(row, columns, site), site);
    columns_ = std::move(columns);
  } else {
    file_.append(csv_record(row, columns_, site), site);
  }
  ++rows_;
}

}  // namespace xtape::optim
