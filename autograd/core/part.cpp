#include "part.hpp"

#include <algorithm>

#include "operation.hpp"

namespace xtape::detail {

namespace {

// The inputs are the whole, if there is one, then each part with its positions, if it has any.
struct AddParts final : ListOperation {
  struct Entry {
    std::shared_ptr<const Place> place;
    std::uint32_t input;
    bool has_positions;
  };
  AddParts(Site site, std::size_t n, const Shape& shape, std::vector<Entry> entries)
      : ListOperation("add_parts", site, n), result(shape), entries(std::move(entries)) {}

  bool has_whole() const { return entries[0].input == 1; }

  Ref<Array> run(const Array* const* x) const override {
    Ref<Array> y = has_whole() ? copy_of(*x[0]) : Ref<Array>();
    for (const Entry& e : entries) {
      const Array* at = e.has_positions ? x[e.input + 1] : nullptr;
      if (y) e.place->add(*y, *x[e.input], at);
      else y = e.place->spread(result, *x[e.input], at);
    }
    return y;
  }
  Ref<Operation> twin() const override { return make_node<AddParts>(site, input_count, result, entries); }
  bool reads(std::uint32_t i, std::uint32_t value) const override {
    return value == i + 1 &&
           std::any_of(entries.begin(), entries.end(), [&](const Entry& e) { return e.input == i && e.has_positions; });
  }
  void keep(const Arg* const* args, const Ref<Array>&) override {
    for (const Entry& e : entries)
      if (e.has_positions) kept[e.input + 1] = Ref<Array>::share(args[e.input + 1]->array);
  }
  void backward(const Tensor& g, Engine& engine) override {
    if (has_whole() && engine.wants(inputs[0].get())) engine.accumulate(*this, 0, g);
    for (const Entry& e : entries)
      if (engine.wants(inputs[e.input].get()))
        engine.accumulate(*this, e.input, e.place->take(g, e.has_positions ? saved(e.input + 1, engine) : Tensor()));
  }

  Shape result;
  std::vector<Entry> entries;
};

}  // namespace

Tensor add_parts(const Tensor& whole, const Shape& shape, const std::vector<Part>& parts) {
  std::vector<Arg> args;
  std::vector<AddParts::Entry> entries;
  const Site nowhere{};
  if (whole.defined()) args.emplace_back(whole, nowhere);
  for (const Part& part : parts) {
    entries.push_back({part.place, static_cast<std::uint32_t>(args.size()), part.at.defined()});
    args.emplace_back(part.g, nowhere);
    if (part.at.defined()) args.emplace_back(part.at, nowhere);
  }
  return execute_list(make_node<AddParts>(user_site(nowhere), args.size(), shape, std::move(entries)), args);
}

}  // namespace xtape::detail
