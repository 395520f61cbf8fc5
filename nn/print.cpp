// A module as a tree.
#include <ostream>

#include "module.hpp"

namespace xtape::nn {
namespace {

// "weight (30, 784), bias (30,)": what the module has itself.
template <class Named>
void list_own(std::string& s, const Named& named) {
  for (auto& [name, cell] : named)
    if (name.find('.') == std::string::npos) s += (s.empty() ? "" : ", ") + name + " " + to_string(cell.shape());
}

void print(std::ostream& out, const ModuleBase& module, const std::string& indent) {
  std::string own;
  list_own(own, module.named_parameters());
  list_own(own, module.named_buffers());
  const auto children = module.named_children();
  out << module.type_name() << "(" << own;
  for (auto& [name, child] : children) {
    out << "\n" << indent << "  (" << name << "): ";
    print(out, child, indent + "  ");
  }
  out << (children.empty() ? ")" : "\n" + indent + ")");
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const ModuleBase& module) {
  print(out, module, "");
  return out;
}

}  // namespace xtape::nn
