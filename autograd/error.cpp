#include "error.hpp"

#include <cstring>

namespace xtape {
namespace {

thread_local const Scope* innermost = nullptr;
DescribeScopes describe_scopes = nullptr;

// Ours are the four folders of the source tree, the installed headers, and the standard library's headers, through
// which a std::function calls.
bool is_library(const char* file) {
  if (std::strstr(file, "/include/xtape/") || std::strstr(file, "/include/c++/")) return true;
  constexpr std::size_t root = sizeof XTAPE_SOURCE_DIR - 1;
  if (std::strncmp(file, XTAPE_SOURCE_DIR, root) != 0) return false;
  for (const char* folder : {"autograd/", "nn/", "optim/", "datasets/"})
    if (std::strncmp(file + root, folder, std::strlen(folder)) == 0) return true;
  return false;
}

// Every op with a gradient asks, so the answer for the last file is remembered by the address of its name.
bool is_library_cached(const char* file) {
  thread_local const char* last = nullptr;
  thread_local bool answer = false;
  if (file != last) {
    answer = is_library(file);
    last = file;
  }
  return answer;
}

}  // namespace

Scope::Scope(Site site, const void* module) : outer_(innermost), site_(site), module_(module) { innermost = this; }
Scope::~Scope() { innermost = outer_; }
const Scope* Scope::current() { return innermost; }

Site user_site(Site site) {
  const Scope* scope = innermost;
  while (site.file == nullptr || is_library_cached(site.file)) {
    if (scope == nullptr) return {};
    site = scope->site();
    scope = scope->outer();
  }
  return site;
}

void set_describe_scopes(DescribeScopes describe) { describe_scopes = describe; }

void fail(const std::string& op, const std::string& message, Site site) {
  std::string where = describe_scopes ? describe_scopes(innermost) : "";
  if (!where.empty()) where = "in " + where;
  if (site = user_site(site); site.file)
    where += (where.empty() ? "at " : ", at ") + std::string(site.file) + ":" + std::to_string(site.line);
  throw Error(op + ": " + message + (where.empty() ? "" : " [" + where + "]"));
}

}  // namespace xtape
