#include "backpropagation.hpp"

#include <algorithm>
#include <ostream>

#include "network_reader.hpp"

namespace xtape::lab {

std::ostream& operator<<(std::ostream& out, const Backpropagation& e) {
  const auto width = [](const std::string& s) {  // letters, not bytes
    return static_cast<std::size_t>(std::count_if(s.begin(), s.end(), [](char c) { return (c & 0xC0) != 0x80; }));
  };
  std::size_t widest = 0;
  for (const auto* part : {&e.forward, &e.cost, &e.backward})
    for (const Equation& q : *part)
      if (!q.note.empty()) widest = std::max(widest, std::min<std::size_t>(width(q.text), 50));
  for (const auto* part : {&e.forward, &e.cost, &e.backward}) {
    if (part != &e.forward && !part->empty()) out << "\n";
    for (const Equation& q : *part) {
      out << q.text;
      if (!q.note.empty())
        out << std::string(width(q.text) < widest ? widest - width(q.text) : 0, ' ') << "   " << q.note;
      out << "\n";
    }
  }
  return out;
}

std::string to_latex(const Backpropagation& e) {
  std::string s = "\\begin{align*}\n";
  for (const auto* part : {&e.forward, &e.cost, &e.backward})
    for (const Equation& q : *part) {
      const auto at = q.latex.find(" = ");
      s += q.latex.substr(0, at) + " &" + q.latex.substr(at) + " \\\\\n";
    }
  return s + "\\end{align*}\n";
}

}  // namespace xtape::lab

namespace xtape::detail {

lab::Backpropagation backpropagation_of(const std::function<Tensor(const Tensors&)>& f, const Tensors& inputs,
                                        Site site) {
  Tensors x;
  for (const Tensor& t : inputs) {
    if (!t.defined()) fail("backpropagation", "the input is undefined", site);
    x.emplace_back(make_view(t.array(), t.shape()));
  }
  const Scope scope(site);
  const Program program = traced(x, [&] {
    const Tensor y = f(x);
    if (!y.defined()) fail("backpropagation", "the result is undefined", site);
    return Tensors{y};
  });
  return lab::NetworkReader(program).read(site);
}

}  // namespace xtape::detail
