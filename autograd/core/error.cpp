#include "error.hpp"

#include <cstdint>
#include <cstring>

namespace xtape {
using namespace detail;

namespace {

thread_local const Scope* innermost = nullptr;
DescribeScopes describe_scopes = nullptr;
DescribeOperands describe_operands = nullptr;

// The source tree as the compiler knows it, also where a compiler cache has made its path relative.
const std::size_t root = std::strlen(__FILE__) - std::strlen("autograd/core/error.cpp");

// Ours are the four folders of the source tree, the installed headers, and the standard library's headers, through
// which a std::function calls.
bool is_library(const char* file) {
  if (std::strstr(file, "/include/xtape/") || std::strstr(file, "/include/c++/")) return true;
  if (std::strncmp(file, __FILE__, root) != 0) return false;
  for (const char* folder : {"autograd/", "nn/", "optim/", "datasets/"})
    if (std::strncmp(file + root, folder, std::strlen(folder)) == 0) return true;
  return false;
}

// Every recorded op asks, so answers are remembered by the address of the file's name.
bool is_library_cached(const char* file) {
  struct Answer {
    const char* file;
    bool library;
  };
  thread_local Answer answers[16] = {};
  Answer& a = answers[reinterpret_cast<std::uintptr_t>(file) / 16 % 16];
  if (a.file != file) a = {file, is_library(file)};
  return a.library;
}

}  // namespace

Scope::Scope(Site site, const void* module) : outer_(innermost), site_(site), module_(module) { innermost = this; }
Scope::~Scope() { innermost = outer_; }
const Scope* Scope::current() { return innermost; }

Site detail::user_site(Site site) {
  const Scope* scope = innermost;
  while (site.file == nullptr || is_library_cached(site.file)) {
    if (scope == nullptr) return {};
    site = scope->site();
    scope = scope->outer();
  }
  return site;
}

void detail::set_describe_scopes(DescribeScopes describe) { describe_scopes = describe; }
void detail::set_describe_operands(DescribeOperands describe) { describe_operands = describe; }
std::string detail::describe_module(const Scope* innermost) {
  return describe_scopes ? describe_scopes(innermost) : "";
}

std::string to_string(Site site) { return std::string(site.file) + ":" + std::to_string(site.line); }

std::string detail::describe_place(const std::string& module, Site site) {
  std::string where = module.empty() ? "" : "in " + module;
  if (site.file) where += (where.empty() ? "at " : ", at ") + to_string(site);
  return where.empty() ? "" : " [" + where + "]";
}

void fail(const std::string& op, const std::string& message, Site site) {
  const std::string operands = describe_operands ? describe_operands(site) : "";
  const std::string module = describe_module(innermost), text = op + ": " + message + operands;
  const Site place = user_site(site);
  if (!place.file && module.empty()) throw Unplaced(text);
  throw Error(text + describe_place(module, place));
}

void Unplaced::raise_at(Site site) const {
  const Site place = user_site(site);
  if (!place.file) throw Unplaced(*this);
  throw Error(what() + describe_place(describe_module(innermost), place));
}

}  // namespace xtape
