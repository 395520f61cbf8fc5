#include "custom.hpp"

#include <memory>
#include <string>

#include "core/operation.hpp"
#include "core/watch.hpp"
#include "ops/detail/apply.hpp"

namespace xtape {
using namespace detail;

namespace {

// One instruction, whatever the user's function does inside.
struct Custom final : ListOperation {
  Custom(Site site, std::size_t n, std::shared_ptr<const CustomFunctions> functions)
      : ListOperation("custom", site, n), functions(std::move(functions)) {}

  Ref<Array> run(const Array* const* x) const override {
    const NoGradGuard unrecorded;
    const Unwatched unwatched;
    const Scope scope(site);
    Tensors values;
    for (std::uint32_t i = 0; i < input_count; ++i) values.emplace_back(Ref<Array>::share(const_cast<Array*>(x[i])));
    const Tensor y = functions->forward(values);
    if (!y.defined() || !is_floating(y.dtype()))
      fail("custom",
           "forward gave " + (y.defined() ? describe(y.array()) : "an undefined tensor") +
               "; expected float32 or float64",
           site);
    return y.array_ref();
  }
  Ref<Operation> twin() const override { return make_node<Custom>(site, input_count, functions); }
  bool reads(std::uint32_t, std::uint32_t value) const override {
    return value < input_count || functions->reads_output;
  }
  void backward(const Tensor& g, Engine& engine) override {
    Tensors x;
    for (std::uint32_t i = 0; i < input_count; ++i) x.push_back(saved(i, engine));
    const Tensor y = functions->reads_output ? saved(input_count, engine) : Tensor();
    const Tensors gradients = functions->vjp(g, x, y);
    if (gradients.size() != input_count)
      fail("custom",
           "vjp gave " + std::to_string(gradients.size()) + " gradients for " + std::to_string(input_count) + " inputs",
           site);
    for (std::uint32_t i = 0; i < input_count; ++i) {
      if (!gradients[i].defined()) continue;
      if (gradients[i].shape() != x[i].shape() || gradients[i].dtype() != x[i].dtype())
        fail("custom",
             "vjp gave the gradient " + describe(gradients[i].array()) + " for input " + std::to_string(i) +
                 ", which is " + describe(x[i].array()),
             site);
      if (!engine.wants(inputs[i].get())) continue;
      // Whatever vjp captured, without create_graph the gradient stays off the tape.
      engine.accumulate(*this, i, engine.create_graph() ? gradients[i] : Tensor(gradients[i].array_ref()));
    }
  }

  std::shared_ptr<const CustomFunctions> functions;
};

}  // namespace

Tensor detail::make_custom(CustomFunctions functions, const Tensors& inputs, Site site) {
  std::vector<Arg> args;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].defined()) fail("custom", "input " + std::to_string(i) + " is undefined", site);
    args.emplace_back(inputs[i], site);
  }
  if (inputs.empty()) fail("custom", "expected at least one input", site);
  auto shared = std::make_shared<const CustomFunctions>(std::move(functions));
  return execute_list(make_node<Custom>(user_site(site), inputs.size(), std::move(shared)), args);
}

}  // namespace xtape
