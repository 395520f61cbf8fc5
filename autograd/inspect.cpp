#include "inspect.hpp"

#include <algorithm>
#include <ostream>
#include <unordered_map>
#include <unordered_set>

#include "core/operation.hpp"

namespace xtape {
using namespace detail;

namespace {

std::vector<const Node*> nodes_below(const Tensor& y, Site site, const char* op) {
  if (!y.is_recorded())
    fail(op, "the tensor " + to_string(y.shape()) + " is not recorded: there is no tape below it", site);
  std::vector<const Node*> list{y.node_ref().get()};
  std::unordered_set<const Node*> seen{list[0]};
  for (std::size_t i = 0; i < list.size(); ++i)
    for (std::uint32_t k = 0; k < list[i]->input_count; ++k)
      if (const Node* below = list[i]->inputs[k].get(); below && seen.insert(below).second) list.push_back(below);
  std::reverse(list.begin(), list.end());
  std::stable_sort(list.begin(), list.end(), [](const Node* a, const Node* b) { return a->depth < b->depth; });
  return list;
}

std::vector<TapeEntry::Kept> kept_by(const Operation& node) {
  std::vector<TapeEntry::Kept> list;
  for (std::uint32_t value = 0; value <= node.input_count; ++value) {
    if (!node.kept[value]) continue;
    std::string readers;
    for (std::uint32_t i = 0; i < node.input_count; ++i)
      if (node.inputs[i] && node.inputs[i]->flows && node.reads(i, value))
        readers += (readers.empty() ? "read by the rule of input " : ", ") + std::to_string(i);
    const Array& array = *node.kept[value];
    list.push_back({value == node.input_count ? "output" : "input " + std::to_string(value),
                    array.size * size_of(array.dtype), readers});
  }
  return list;
}

std::string op_name(const Node& node) {
  if (node.kind == Node::cut)
    if (const Ref<Node>& leaf = static_cast<const Cut&>(node).frozen) return op_name(*leaf);
  if (node.kind == Node::leaf)
    if (const std::string& name = static_cast<const Leaf&>(node).name; !name.empty()) return name;
  return node.op;
}

}  // namespace

Tape tape(const Tensor& y, Site site) {
  const std::vector<const Node*> nodes = nodes_below(y, site, "tape");
  std::unordered_map<const Node*, std::size_t> position;
  std::unordered_set<const void*> counted;
  std::vector<TapeEntry> entries;
  std::int64_t bytes = 0;
  for (const Node* node : nodes) {
    position[node] = entries.size();
    TapeEntry e{entries.size(), op_name(*node), {}, {}, node->dtype, node->shape, {}, node->site, node->released};
    for (std::uint32_t k = 0; k < node->input_count; ++k) {
      const Node* input = node->inputs[k].get();
      e.inputs.push_back(input ? "%" + std::to_string(position[input]) : "-");
    }
    if (node->kind == Node::operation) {
      const auto& operation = static_cast<const Operation&>(*node);
      e.attributes = operation.attributes();
      e.kept = kept_by(operation);
      for (std::uint32_t k = 0; k <= operation.input_count; ++k)
        if (const Array* a = operation.kept[k].get(); a && counted.insert(a->data).second)
          bytes += a->size * size_of(a->dtype);
    }
    entries.push_back(std::move(e));
  }
  Tape list(std::move(entries));
  list.kept_bytes = bytes;
  return list;
}

std::ostream& operator<<(std::ostream& out, const Tape& tape) {
  for (const TapeEntry& e : tape.entries()) {
    out << "%" << e.position << " = " << e.op;
    if (!e.inputs.empty()) {
      out << "(";
      for (std::size_t k = 0; k < e.inputs.size(); ++k) out << (k ? ", " : "") << e.inputs[k];
      out << ")";
    }
    if (!e.attributes.empty()) out << "  " << e.attributes;
    out << "  " << e.dtype << e.shape;
    for (const TapeEntry::Kept& k : e.kept) out << "  keeps " << k.what << ", " << k.bytes << " B, " << k.why;
    if (e.released) out << "  released";
    if (e.site.file) out << "  " << to_string(e.site);
    out << "\n";
  }
  return out << tape.kept_bytes << " B kept\n";
}

std::string to_dot(const Tensor& y, Site site) {
  const std::vector<const Node*> nodes = nodes_below(y, site, "to_dot");
  auto quoted = [](const std::string& text) {
    std::string s = "\"";
    for (char c : text) {
      if (c == '"' || c == '\\') s += '\\';
      s += c == '\n' ? "\\n" : std::string(1, c);
    }
    return s + "\"";
  };
  std::unordered_map<const Node*, std::size_t> position;
  std::string s = "digraph tape {\n  rankdir=BT;\n  node [shape=box, fontname=\"sans-serif\"];\n";
  for (const Node* node : nodes) {
    const std::size_t at = position.size();
    position[node] = at;
    std::string label = op_name(*node);
    if (node->kind == Node::operation)
      if (const std::string a = static_cast<const Operation*>(node)->attributes(); !a.empty()) label += "\n" + a;
    label += "\n" + std::string(to_string(node->dtype)) + to_string(node->shape);
    std::string line = "  n" + std::to_string(at) + " [label=" + quoted(label);
    if (node->kind == Node::leaf) line += ", style=filled, fillcolor=lightblue";
    if (!node->flows) line += ", style=dashed";
    if (node->site.file) line += ", tooltip=" + quoted(to_string(node->site));
    s += line + "];\n";
    for (std::uint32_t k = 0; k < node->input_count; ++k)
      if (const Node* input = node->inputs[k].get())
        s += "  n" + std::to_string(position[input]) + " -> n" + std::to_string(at) + ";\n";
  }
  return s + "}\n";
}

}  // namespace xtape
