#include "nn_table.hpp"

#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "compare.hpp"
#include "support.hpp"

namespace nn_table {
namespace {

using Json = nlohmann::json;

// A row's layer in one dtype, which starts every call in the same state.
class Subject {
 public:
  Subject(const Row& row, Dtype dtype) : layer_(row.make()) {
    if (!layer_.module) return;
    layer_.module->to(dtype);
    parameters = layer_.module->parameters();
    training_ = layer_.module->is_training();
    for (const nn::Buffer& b : layer_.module->buffers()) state_.push_back(b.tensor());
  }

  Tensor operator()(const Tensors& inputs) const {
    manual_seed(1);
    if (layer_.module) {
      layer_.module->train(training_);
      const std::vector<nn::Buffer> buffers = layer_.module->buffers();
      for (std::size_t i = 0; i < state_.size(); ++i) buffers[i].assign(state_[i]);
    }
    return layer_.f(inputs);
  }

  std::vector<Parameter> parameters;

 private:
  Layer layer_;
  bool training_ = true;
  Tensors state_;
};

// The inputs of an entry, without the parameters, which take their values. What has a dtype of its own keeps it.
Tensors set_up(Subject& subject, const Json& entry, Dtype dtype) {
  const Json& packed = entry["inputs"];
  REQUIRE(packed.size() >= subject.parameters.size());
  const std::size_t inputs = packed.size() - subject.parameters.size();
  Tensors x;
  for (std::size_t i = 0; i < packed.size(); ++i) {
    const Tensor t = compare::unpacked(packed[i]);
    if (i >= inputs) subject.parameters[i - inputs].assign(t.to(dtype));
    else x.push_back(is_floating(t.dtype()) ? t.to(dtype).requires_grad() : t);
  }
  return x;
}

void check_parity(const Row& row, const Json& entry, Dtype dtype, double bound) {
  CAPTURE(dtype);
  Subject subject(row, dtype);
  Tensors x = set_up(subject, entry, dtype);
  const Tensor y = subject(x);
  CHECK((!is_floating(y.dtype()) || y.dtype() == dtype));
  for (const Parameter& p : subject.parameters) x.push_back(p.tensor());
  compare::check_entry(entry, y, x, bound, row.bounds.parity_order);
}

void check_differences(const Row& row, const Json& entry) {
  Subject subject(row, float64);
  const Tensors all = set_up(subject, entry, float64);
  Tensors floating;
  for (const Tensor& t : all)
    if (is_floating(t.dtype())) floating.push_back(t);
  if (!floating.empty()) {
    auto f = [&](const Tensors& moved) {
      Tensors x;
      std::size_t next = 0;
      for (const Tensor& t : all) x.push_back(is_floating(t.dtype()) ? moved[next++] : t);
      return subject(x);
    };
    CHECK_NOTHROW(gradcheck(f, floating));
  }
  if (!subject.parameters.empty()) {
    auto f = [&] { return subject(all); };
    CHECK_NOTHROW(gradcheck(f, subject.parameters));
  }
}

void check_programs(const Row& row, const Json& entry) {
  Subject subject(row, float64);
  const Tensors inputs = set_up(subject, entry, float64);
  auto derive = [&](const Function& f, const Tensors& in) {
    Tensors x, targets;
    for (const Tensor& t : in) x.push_back(is_floating(t.dtype()) ? t.requires_grad() : t);
    for (const Tensor& t : x)
      if (t.is_recorded()) targets.push_back(t);
    for (const Parameter& p : subject.parameters) targets.push_back(p.tensor());
    Tensors results{f(x)};
    if (results[0].is_recorded())
      for (const Tensor& g : grad(sum(square(results[0])), targets, allow_unused))
        results.push_back(g.defined() ? g : zeros({}));
    return results;
  };
  const Function f = [&](const Tensors& x) { return subject(x); };
  const Tensors expected = derive(f, inputs);
  CHECK(same_bits(no_grad([&] { return subject(inputs); }), expected[0]));
  auto check = [&](const Tensors& found) {
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(same_bits(found[i], expected[i]));
  };
  check(derive([&](const Tensors& x) { return checkpoint(f, x); }, inputs));
  if (!row.bounds.replays) return;
  Tensors others;
  for (const Tensor& t : inputs) others.push_back(is_floating(t.dtype()) ? t * 0.95 : t);
  check(record([&](const Tensors& x) { return derive(f, x); }, others)(inputs));
}

std::vector<std::pair<const char*, const Table*>>& entered() {
  static std::vector<std::pair<const char*, const Table*>> all;
  return all;
}

}  // namespace

Tensor joined(const Tensors& outputs) {
  Tensors flat;
  for (const Tensor& t : outputs) flat.push_back(flatten(t));
  return concat(flat, 0);
}

void check_layers(const char* subject, const Table& table) {
  const Json entries = compare::parity_file(subject)["rows"];
  std::set<std::string> left;
  for (auto& item : entries.items()) left.insert(item.key());
  for (const Row& row : table) {
    const std::string name = row.name;
    CAPTURE(name);
    REQUIRE_MESSAGE(left.erase(name) == 1, "the table has a row that the file has not, or twice");
    check_parity(row, entries[name], float64, row.bounds.parity);
    check_parity(row, entries[name], float32, row.bounds.parity_narrow);
    if (row.bounds.differences) check_differences(row, entries[name]);
    check_programs(row, entries[name]);
  }
  for (const std::string& name : left) FAIL_CHECK("the file has a row that the table has not: " << name);
}

void visit_rows(Dtype dtype, const Visit& visit) {
  for (const auto& [name, table] : entered()) {
    const Json entries = compare::parity_file(name)["rows"];
    for (const Row& row : *table) {
      Subject subject(row, dtype);
      const Tensors inputs = set_up(subject, entries[row.name], dtype);
      Tensors leaves = inputs;
      for (const Parameter& p : subject.parameters) leaves.push_back(p.tensor());
      visit(
          name, row.name, [&] { return subject(inputs); }, leaves);
    }
  }
}

Listed::Listed(const char* subject, const Table& table) { entered().emplace_back(subject, &table); }

TEST_CASE("list of the layers" * doctest::skip()) {
  CHECK_FALSE(entered().empty());
  for (const auto& [name, table] : entered())
    for (const Row& row : *table)
      std::cout << "row: " << name << (row.bounds.differences ? " gradcheck " : " parity ") << row.name << "\n";
}

}  // namespace nn_table
