#include <algorithm>

#include "network_reader.hpp"

namespace xtape::lab {

void NetworkReader::say(std::vector<Equation>& list, const Piece& left, const Piece& right) {
  list.push_back({left.text + " = " + right.text, left.latex + " = " + right.latex, ""});
}
void NetworkReader::costs() {
  in_cost_ = true;
  if (cost_from_ == operations_.size()) of_cost_.insert(result_);
  else say(out_.cost, "C", expression(*operations_.back()));
  for (std::size_t i = cost_from_; i < operations_.size(); ++i)
    for (const std::uint32_t v : operations_[i]->x)
      if (flows_[v] && values_[v].layer != 0 && of_cost_.insert(v).second)
        say(out_.cost, derivative_by(values_[v].name), sum_of_ways(v));
  in_cost_ = false;
}
Piece NetworkReader::derivative_by(const Piece& name) {
  return {"∂C/∂" + name.text, R"(\frac{\partial C}{\partial )" + name.latex + "}"};
}
Gradient NetworkReader::gradient(std::uint32_t v) {
  const Value& value = values_[v];
  if (v == result_ && cost_from_ < operations_.size()) return {};
  if (value.is_z) return Gradient{}.with(superscript(delta, value.layer));
  if (of_cost_.count(v) && !in_cost_) return Gradient{}.with(derivative_by(value.name));
  if (value.readers.size() == 1) return way(*value.readers[0], v);
  return Gradient{}.with(in_cost_ ? sum_of_ways(v) : derivative_by(value.name));
}
Piece NetworkReader::sum_of_ways(std::uint32_t v) {
  Piece y;
  std::vector<const NetworkStep*> seen;
  for (const NetworkStep* reader : values_[v].readers) {
    if (std::find(seen.begin(), seen.end(), reader) != seen.end()) continue;
    seen.push_back(reader);
    for (std::size_t k = 0; k < reader->x.size(); ++k) {
      if (reader->x[k] != v) continue;
      const Gradient g = way(*reader, k);
      const Piece p = g.piece();
      if (y.text.empty()) {
        y = p;
        continue;
      }
      y = g.number < 0 ? y + Piece(" - ") + g.with({}, -1).piece() : y + Piece(" + ") + p;
      y.sum = true;
    }
  }
  return y;
}
Gradient NetworkReader::way(const NetworkStep& n, std::uint32_t v) {
  return way(n, static_cast<std::size_t>(std::find(n.x.begin(), n.x.end(), v) - n.x.begin()));
}
Gradient NetworkReader::way(const NetworkStep& n, std::size_t k) {
  const Value& v = values_[n.result];
  if (v.is_z && is_affine(n) && k == 0 && is_parameter(n.x[1])) {
    const Piece w = operand(n, 1), d = superscript(delta, v.layer);
    return Gradient{}.with({"(" + w.text + ")^T " + d.text, "(" + w.latex + ")^T " + d.latex, true});
  }
  const Gradient g = gradient(n.result);
  if (v.is_a && n.op == "softmax") {
    const Piece p = g.piece();
    return Gradient{}.with(v.name).with(
        {held(p).text + " - <" + p.text + ", " + v.name.text + ">",
         held(p).latex + R"( - \langle )" + p.latex + ", " + v.name.latex + R"( \rangle)", true});
  }
  if (v.is_a) return g.with(sigma(v.function) + Piece("'") + bracketed(operand(n, 0)));
  const auto x = [&](std::size_t i) { return inner(n, i); };
  const auto size = [&](std::uint32_t of) { return static_cast<double>(std::max<std::int64_t>(1, shape(of).size())); };
  const std::size_t other = n.x.size() > 1 ? 1 - std::min<std::size_t>(k, 1) : 0;
  const Program::Value& scalar = program_.values[n.x[other]];
  const bool by_number = other != k && !flows_[n.x[other]] && scalar.array && scalar.array->size == 1;
  if (n.op == "add" || n.op == "sum") return g;
  if (n.op == "sub") return g.with({}, k == 0 ? 1 : -1);
  if (n.op == "neg") return g.with({}, -1);
  if (n.op == "mean") return g.with({}, size(n.result) / size(n.x[0]));
  if (n.op == "square") return g.with(x(0), 2);
  if (n.op == "mul" && by_number) return g.with({}, Tensor(scalar.array).item());
  if (n.op == "mul") return g.with(x(other));
  if (n.op == "div" && by_number && k == 0) return g.with({}, 1 / Tensor(scalar.array).item());
  if (n.op == "cross_entropy" && k == 0) {
    const bool mean = n.operation->attributes().find("mean") != std::string::npos;
    const bool labels = !is_floating(program_.values[n.x[1]].dtype);
    const double rows = size(n.x[0]) / static_cast<double>(shape(n.x[0])[shape(n.x[0]).rank() - 1]);
    const Piece y = labels ? Piece("e_y", "e_{y}") : x(1);  // the unit vector of the label
    return g.with({"softmax(" + x(0).text + ") - " + y.text,
                   R"(\operatorname{softmax})" + bracketed(x(0)).latex + " - " + y.latex, true},
                  mean ? 1 / rows : 1);
  }
  if (n.op == "binary_cross_entropy_with_logits" && k == 0 && n.x.size() == 2)
    return g.with({"sigmoid(" + x(0).text + ") - " + x(1).text,
                   R"(\operatorname{sigmoid})" + bracketed(x(0)).latex + " - " + x(1).latex, true});
  if (const auto f = formula_of(n)) return g.with(renamed(f->derivative(k), n));
  return through(g, n, k);
}
Gradient NetworkReader::through(const Gradient& g, const NetworkStep& n, std::size_t k) {
  const Piece f = op_name(n.op), x = operand(n, k), inside = held(g.piece());
  return Gradient{}.with(
      {"(∂" + f.text + "/∂" + x.text + ")^T " + inside.text,
       R"(\left( \frac{\partial )" + f.latex + R"(}{\partial )" + x.latex + R"(} \right)^T )" + inside.latex, true});
}
void NetworkReader::backward(const NetworkStep& n) {
  if (is_merged(n)) return;
  const Value& v = values_[n.result];
  const bool known = of_cost_.count(n.result) > 0;
  if (v.is_z) {
    const Piece d = superscript(delta, v.layer);
    say(out_.backward, d, known ? derivative_by(v.name) : sum_of_ways(n.result));
    gradients_of(v.merged ? *v.merged : n, d);
    if (v.merged) gradients_of(n, d);
  } else if (v.readers.size() > 1 && !known) {
    say(out_.backward, derivative_by(v.name), sum_of_ways(n.result));
  }
}
void NetworkReader::gradients_of(const NetworkStep& n, const Piece& d) {
  for (std::size_t k = 0; k < n.x.size(); ++k) {
    if (!is_parameter(n.x[k]) || !flows_[n.x[k]]) continue;
    const Piece left = derivative_by(operand(n, k));
    if (is_affine(n) && k == 1) {
      const Piece a = operand(n, 0);
      const Piece base = a.text.size() == 1 ? a : Piece("(" + a.text + ")", "(" + a.latex + ")");
      say(out_.backward, left, d + Piece(" ") + base + Piece("^T"));
    } else if (n.op == "add" || n.op == "linear") {
      say(out_.backward, left, d);
    } else {
      say(out_.backward, left, through(Gradient{}.with(d), n, k).piece());
    }
  }
}
}  // namespace xtape::lab
