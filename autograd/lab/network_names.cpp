#include <algorithm>

#include "known_formulas.hpp"
#include "network_reader.hpp"

namespace xtape::lab {

NetworkReader::NetworkReader(const Program& program) : program_(program) {
  flows_.resize(program.values.size());
  constant_of_.resize(program.values.size());
  for (std::uint32_t v = 0; v < program.values.size(); ++v)
    flows_[v] = program.values[v].source == Program::Source::parameter && program.values[v].cell->flows;
  for (const Program::Step& s : program.steps) {
    const NetworkStep step{s.operation.get(),
                           s.operation->op,
                           {program.operands.begin() + s.first, program.operands.begin() + s.first + s.count},
                           s.result};
    for (const std::uint32_t x : step.x) flows_[step.result] = flows_[step.result] || flows_[x];
    steps_.push_back(step);
  }
  for (const NetworkStep& step : steps_) {
    if (!flows_[step.result] || step.op == "row_powers") {  // a help of cross_entropy
      constant_of_[step.result] = &step;
      continue;
    }
    operations_.push_back(&step);
    for (const std::uint32_t x : step.x) values_[x].readers.push_back(&step);
  }
  result_ = program.results[0];
}
Backpropagation NetworkReader::read(Site site) {
  if (operations_.empty() || !flows_[result_])
    fail("backpropagation", "the result depends on no parameter that gradients flow to", site);
  for (const NetworkStep* step : operations_) name(*step);
  find_boundary();
  for (std::size_t i = 0; i < cost_from_; ++i) forward(*operations_[i]);
  definitions();
  costs();
  for (std::size_t i = cost_from_; i-- > 0;) backward(*operations_[i]);
  return std::move(out_);
}
std::vector<std::uint32_t> NetworkReader::parameters(const NetworkStep& n) const {
  std::vector<std::uint32_t> list;
  for (const std::uint32_t x : n.x)
    if (is_parameter(x)) list.push_back(x);
  return list;
}
const NetworkStep* NetworkReader::made(std::uint32_t v) const {
  for (const NetworkStep* step : operations_)
    if (step->result == v) return step;
  return nullptr;
}
const NetworkStep* NetworkReader::product_below(const NetworkStep& n) {
  if (n.op != "add") return nullptr;
  for (std::size_t k = 0; k < 2; ++k) {
    const NetworkStep* product = made(n.x[k]);
    if (product && is_parameter(n.x[1 - k]) && product->op == "matmul" && values_[product->result].is_z &&
        values_[product->result].readers.size() == 1)
      return product;
  }
  return nullptr;
}
void NetworkReader::name(const NetworkStep& n) {
  Value& v = values_[n.result];
  if (const NetworkStep* product = product_below(n)) {
    v.merged = product;
    v.layer = values_[product->result].layer;
    v.name = values_[product->result].name;
    v.is_z = true;
  } else if (!parameters(n).empty()) {
    v.layer = ++layers_;
    v.name = superscript("z", v.layer);
    v.is_z = true;
  } else if (const auto below = values_.find(n.x[0]);
             below != values_.end() && below->second.is_z && shape(n.result) == shape(n.x[0]) && n.x.size() == 1) {
    v.layer = below->second.layer;
    v.name = superscript("a", v.layer);
    v.is_a = true;
    v.function = function_of(n);
  } else {
    v.name = superscript("u", ++others_);
  }
  for (std::size_t k = 0; k < n.x.size(); ++k)
    if (is_parameter(n.x[k])) name_parameter(n, k, v.layer);
}
void NetworkReader::name_parameter(const NetworkStep& n, std::size_t k, std::size_t layer) {
  Piece& name = parameter_names_[n.x[k]];
  if (!name.text.empty()) return;
  const std::string& path = program_.values[n.x[k]].cell->name;
  const std::string last = path.substr(path.rfind('.') + 1);
  const bool bias = last == "bias" || n.op == "add" || (n.op == "linear" && k == 2);
  const bool weight = last == "weight" || is_affine(n);
  const bool turned = n.op == "matmul" && n.operation->attributes().find("transpose_b=true") == std::string::npos;
  name = superscript(bias ? Piece("b") : weight ? Piece("w") : named(last), layer);
  notes_[layer] += (notes_[layer].empty() ? "" : ", ") + name.text + " = " + (path.empty() ? "a parameter" : path) +
                   (turned && !bias ? "^T, " : " ") + to_string(shape(n.x[k]));
}
std::optional<Formula> NetworkReader::formula_of(const NetworkStep& n) const {
  if (n.x.empty()) return {};
  std::vector<Shape> shapes;
  for (const std::uint32_t x : n.x) shapes.push_back(shape(x));
  return known_formula(*n.operation, shapes, program_.values[n.x[0]].dtype);
}
std::size_t NetworkReader::function_of(const NetworkStep& n) {
  const auto formula = formula_of(n);
  const std::string text = formula ? formula->text() : n.op;
  for (std::size_t i = 0; i < functions_.size(); ++i)
    if (functions_[i].text == text) return i + 1;
  functions_.push_back({n.op, text, formula});
  return functions_.size();
}
Piece NetworkReader::sigma(std::size_t function) const {
  const Piece s{"σ", R"(\sigma)"};
  return functions_.size() == 1 ? s : s + Piece("_" + std::to_string(function), "_{" + std::to_string(function) + "}");
}
Piece NetworkReader::operand(const NetworkStep& n, std::size_t k) {
  const std::uint32_t v = n.x[k];
  if (const auto at = parameter_names_.find(v); at != parameter_names_.end()) return at->second;
  if (flows_[v]) return values_[v].name;
  if (const NetworkStep* made = constant_of_[v]) return expression(*made);
  const Program::Value& value = program_.values[v];
  if (value.array && value.array->size == 1) return number(Tensor(value.array).item());
  Piece& name = constant_names_[v];
  if (name.text.empty()) {
    std::size_t& count = in_cost_ ? targets_ : inputs_;
    name = in_cost_ ? "y" : "x";
    if (++count > 1) name = name + Piece("_" + std::to_string(count), "_{" + std::to_string(count) + "}");
  }
  return name;
}
void NetworkReader::find_boundary() {
  cost_from_ = operations_.size();
  if (shape(result_).size() != 1) return;
  for (std::size_t i = 0; i < operations_.size(); ++i)
    if (const Value& v = values_[operations_[i]->result]; v.is_z || v.is_a) cost_from_ = i + 1;
}
bool NetworkReader::is_merged(const NetworkStep& n) {
  const auto& readers = values_[n.result].readers;
  return readers.size() == 1 && values_[readers[0]->result].merged == &n;
}
void NetworkReader::forward(const NetworkStep& n) {
  if (is_merged(n)) return;
  const Value& v = values_[n.result];
  const NetworkStep& product = v.merged ? *v.merged : n;
  Piece right;
  if (v.is_z && is_affine(product) && is_parameter(product.x[1])) {
    right = operand(product, 1) + Piece(" ") + held(operand(product, 0));
    if (&product != &n) right = right + Piece(" + ") + parameter_names_[is_parameter(n.x[1]) ? n.x[1] : n.x[0]];
    else if (product.x.size() > 2) right = right + Piece(" + ") + operand(product, 2);
  } else if (v.is_a) {
    right = (n.op == "softmax" ? op_name("softmax") : sigma(v.function)) + bracketed(operand(n, 0));
  } else {
    right = expression(n);
  }
  out_.forward.push_back({v.name.text + " = " + right.text, v.name.latex + " = " + right.latex,
                          v.is_z ? notes_[v.layer] : to_string(shape(n.result))});
}
Piece NetworkReader::expression(const NetworkStep& n) {
  const auto x = [&](std::size_t k) { return inner(n, k); };
  const auto joined = [&](const Piece& sign, bool sum) {
    Piece p = (sum ? x(0) : held(x(0))) + sign + held(x(1));
    p.sum = sum;
    return p;
  };
  if (n.op == "add") return joined(" + ", true);
  if (n.op == "sub") return joined(" - ", true);
  if (n.op == "mul") return joined(times, false);
  if (n.op == "div")
    return {held(x(0)).text + " / " + held(x(1)).text, R"(\frac{)" + x(0).latex + "}{" + x(1).latex + "}"};
  if (n.op == "neg") return {"-" + held(x(0)).text, "-" + held(x(0)).latex, true};
  if (n.op == "square") return bracketed(x(0)) + Piece("^2");
  if (n.op == "sum") return Piece("sum", R"(\sum )") + bracketed(x(0));
  if (const auto f = formula_of(n); f && begins(n.op, "pointwise")) {
    const Piece inside = renamed(*f, n);
    return n.op == "pointwise_sum" ? Piece("sum", R"(\sum )") + bracketed(inside) : inside;
  }
  Piece list;
  for (std::size_t k = 0; k < n.x.size(); ++k) {
    const NetworkStep* drawn = constant_of_[n.x[k]];
    if ((n.op == "cross_entropy" && k >= 2) || (drawn && drawn->x.empty())) continue;  // helps, and what is drawn
    list = list + Piece(k ? ", " : "") + x(k);
  }
  return op_name(n.op) + bracketed(list);
}
Piece NetworkReader::inner(const NetworkStep& n, std::size_t k) {
  const std::uint32_t v = n.x[k];
  if (in_cost_ && flows_[v] && !is_parameter(v) && values_[v].layer == 0)
    if (const NetworkStep* step = made(v)) return expression(*step);
  return operand(n, k);
}
Piece NetworkReader::renamed(const Formula& f, const NetworkStep& n) {
  std::vector<std::string> text, latex;
  for (std::size_t k = 0; k < n.x.size(); ++k) {
    text.push_back(held(inner(n, k)).text);
    latex.push_back(held(inner(n, k)).latex);
  }
  const Formula t = f.renamed(text), l = f.renamed(latex);
  return {t.text(), l.latex(), t.text().find(' ') != std::string::npos};
}
void NetworkReader::definitions() {
  for (std::size_t i = 0; i < functions_.size(); ++i) {
    const auto& [op, text, formula] = functions_[i];
    if (op == "softmax") continue;
    const Piece s = sigma(i + 1);
    const std::string z = "(z) = ";
    if (!formula) {
      const Piece f = op_name(op);
      out_.forward.push_back(
          {s.text + z + f.text + "(z)", s.latex + z + f.latex + "(z)", "its derivative is not known as a formula"});
      continue;
    }
    const std::string note = begins(op, "pointwise") ? "found by its values" : "";
    const Formula d = formula->derivative();
    if (op == "sigmoid") {
      const Formula written = formula_by_exp();
      out_.forward.push_back({s.text + z + written.text(), s.latex + z + written.latex(), ""});
      out_.forward.push_back({s.text + "'(z) = " + s.text + "(z) (1 - " + s.text + "(z))",
                              s.latex + "'(z) = " + s.latex + "(z) \\, (1 - " + s.latex + "(z))", ""});
      continue;
    }
    out_.forward.push_back({s.text + z + formula->text(), s.latex + z + formula->latex(), note});
    out_.forward.push_back({s.text + "'(z) = " + d.text(), s.latex + "'(z) = " + d.latex(), ""});
  }
}
Formula NetworkReader::formula_by_exp() {
  return formula([](auto z) { return 1 / (1 + exp(-z)); }, {"z"});
}
}  // namespace xtape::lab
