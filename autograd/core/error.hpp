// The one exception of the library, and where in the user's program it happened.
#pragma once
#include <stdexcept>
#include <string>

namespace xtape {

/// What every public entry throws when it cannot do what it was asked: one line that names the operation, the values
/// and shapes it met, what was expected and, where known, the module and the line of the user's program.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A place in a source file; `Site::here()` as a default argument is the caller's line.
struct Site {
  const char* file = nullptr;
  int line = 0;
  static constexpr Site here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) { return {file, line}; }
};

namespace detail {
/// An Error raised where no line of the user's was known: who called the code that raised it may know one.
class Unplaced : public Error {
 public:
  using Error::Error;
  /// Throws it again, with the user's line for `site`.
  [[noreturn]] void raise_at(Site site) const;
};
}  // namespace detail

/// "file:line".
std::string to_string(Site site);

/// A stretch of execution inside a module's `forward` or a composite function of the library. While it lives, an error
/// raised at a line of the library is reported at the innermost line of the user's that led there (`site`).
/// Scopes nest as calls do and belong to one thread.
class Scope {
 public:
  explicit Scope(Site site, const void* module = nullptr);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  /// The innermost open scope of this thread, or null.
  static const Scope* current();
  const Scope* outer() const { return outer_; }
  Site site() const { return site_; }
  /// The state of the module whose `forward` runs in this scope, or null.
  const void* module() const { return module_; }

 private:
  const Scope* outer_;
  Site site_;
  const void* module_;
};

/// Throws an Error that reads "op: message [in module.path, at file:line]".
[[noreturn]] void fail(const std::string& op, const std::string& message, Site site = {});

namespace detail {

/// The user's line for an operation that was called at `site`: `site` itself, or, where that lies inside the library
/// or the standard library, the line of the innermost scope that does not. `file` is null when there is none.
Site user_site(Site site);

/// " [in module, at file:line]", or what of it is known; empty where nothing is.
std::string describe_place(const std::string& module, Site site);

/// How module paths get into messages without `autograd` knowing modules: `nn` installs the function that names the
/// modules of a chain of scopes, innermost first.
using DescribeScopes = std::string (*)(const Scope* innermost);
void set_describe_scopes(DescribeScopes describe);
/// In the same way, what anomaly mode knows of the operands of a call: "; operand float32(2, 3) was made by …".
using DescribeOperands = std::string (*)(Site site);
void set_describe_operands(DescribeOperands describe);
/// What `describe` answers for these scopes, "Mlp.hidden (Linear)"; empty outside every module.
std::string describe_module(const Scope* innermost);

}  // namespace detail

}  // namespace xtape
