#include "pointwise_kernel.hpp"

#include <cstring>

#include "kernels/broadcast.hpp"
#include "ops/detail/apply.hpp"
#include "ops/reduction.hpp"

namespace xtape {

using namespace detail;

namespace {

// One pass over inputs that broadcast, into results that are null or summed to their shapes.
void pass(const Array* const* x, std::size_t inputs, Array* const* y, std::size_t outputs, kernel::Loop loop) {
  static_assert(Pointwise::max_arguments <= kernel::Broadcast::most);
  const Shape shape = broadcast_shape(x, inputs);
  kernel::Broadcast broadcast(shape, x, inputs, y, outputs);
  Ref<Array> whole[Pointwise::max_arguments];
  for (std::size_t k = 0; k < outputs; ++k) {
    if (!broadcast.sums_long(k)) continue;
    whole[k] = make_array(y[k]->dtype, shape);
    broadcast.write_whole(k, *whole[k]);
  }
  broadcast.run(loop);
  for (std::size_t k = 0; k < outputs; ++k)
    if (whole[k])
      std::memcpy(y[k]->data, sum_to(Tensor(whole[k]), y[k]->shape).array().data,
                  static_cast<std::size_t>(y[k]->size * size_of(y[k]->dtype)));
}

// The gradients of several arguments as one operation, for who watches: one array that holds them all, each part at a
// multiple of 64 bytes.
struct Gradients final : ListOperation {
  Gradients(Ref<Pointwise> of, std::vector<std::size_t> wanted, std::vector<Shape> shapes)
      : ListOperation("pointwise_gradients", of->site, of->input_count + 1),
        of(std::move(of)),
        wanted(std::move(wanted)),
        shapes(std::move(shapes)) {}

  Ref<Array> run(const Array* const* x) const override {
    Ref<Array> y = make_array(x[0]->dtype, Shape{offset(wanted.size())});
    std::vector<Ref<Array>> parts;
    std::vector<Array*> pointers;
    for (std::size_t k = 0; k < wanted.size(); ++k) {
      parts.push_back(make_view(*y, shapes[k], offset(k)));
      pointers.push_back(parts.back().get());
    }
    of->gradients(x, wanted.data(), wanted.size(), pointers.data());
    return y;
  }
  Ref<Operation> twin() const override { return make_node<Gradients>(of, wanted, shapes); }
  bool reads(std::uint32_t, std::uint32_t) const override { return false; }

  std::int64_t offset(std::size_t k) const {
    std::int64_t n = 0;
    for (std::size_t i = 0; i < k; ++i) n += (shapes[i].size() + 15) / 16 * 16;
    return n;
  }

  const Ref<Pointwise> of;
  const std::vector<std::size_t> wanted;
  const std::vector<Shape> shapes;
};

}  // namespace

Ref<Array> Pointwise::run(const Array* const* x) const {
  Ref<Array> y = make_array(x[0]->dtype, plan.result);
  Array* const results[] = {y.get()};
  const auto loop = [this, dtype = y->dtype](std::int64_t n, void* const* y, const void* const* x) {
    value(plan, dtype, n, y[0], x);
  };
  pass(x, input_count, results, 1, kernel::loop_of(loop));
  return y;
}

Pointwise::Plan Pointwise::next(std::size_t i, const Shape& shape) const {
  Plan p = plan;
  p.along[static_cast<std::size_t>(p.order++)] = i;
  p.result = shape;
  return p;
}

void Pointwise::gradients(const Array* const* x, const std::size_t* wanted, std::size_t count, Array* const* y) const {
  const std::size_t inputs = input_count + 1;
  const Dtype dtype = x[0]->dtype;
  if (plan.order == 0 && 2 * count > input_count) {
    Array* results[max_arguments] = {};
    for (std::size_t k = 0; k < count; ++k) results[wanted[k]] = y[k];
    const auto loop = [&](std::int64_t n, void* const* y, const void* const* x) { slopes(dtype, n, y, x); };
    return pass(x, inputs, results, input_count, kernel::loop_of(loop));
  }
  Plan plans[max_arguments];
  for (std::size_t k = 0; k < count; ++k) plans[k] = next(wanted[k], y[k]->shape);
  const auto loop = [&](std::int64_t n, void* const* y, const void* const* x) {
    for (std::size_t k = 0; k < count; ++k) value(plans[k], dtype, n, y[k], x);
  };
  pass(x, inputs, y, count, kernel::loop_of(loop));
}

void Pointwise::backward(const Tensor& g, Engine& engine) {
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < input_count; ++i)
    if (engine.wants(inputs[i].get())) wanted.push_back(i);
  if (plan.order == max_order)
    fail("pointwise",
         "a formula has derivatives up to the third order, and this would be the fourth; compose the function from "
         "operations on tensors instead",
         site);
  Tensors values{g};
  for (std::size_t i = 0; i < input_count; ++i) values.push_back(saved(i, engine));
  const std::vector<Arg> args(values.begin(), values.end());

  if (engine.create_graph() || wanted.size() == 1) {
    for (std::size_t i : wanted)
      engine.accumulate(*this, i, execute_list(with("pointwise_gradient", next(i, values[i + 1].shape())), args));
    return;
  }
  std::vector<Shape> shapes;
  for (std::size_t i : wanted) shapes.push_back(values[i + 1].shape());
  if (mode & watched) {
    const auto node = make_node<Gradients>(with(op, plan), wanted, shapes);
    const Tensor packed = execute_list(Ref<Operation>::share(node.get()), args);
    for (std::size_t k = 0; k < wanted.size(); ++k) {
      const Arg from(packed, site);
      auto part = [shape = shapes[k], at = node->offset(k)](const Array& x) { return make_view(x, shape, at); };
      engine.accumulate(*this, wanted[k], execute("part", {&from}, part, no_gradient));
    }
    return;
  }
  std::vector<const Array*> x;
  for (const Arg& a : args) x.push_back(a.array);
  std::vector<Ref<Array>> y;
  std::vector<Array*> pointers;
  for (const Shape& shape : shapes) {
    y.push_back(make_array(g.dtype(), shape));
    pointers.push_back(y.back().get());
  }
  gradients(x.data(), wanted.data(), wanted.size(), pointers.data());
  for (std::size_t k = 0; k < wanted.size(); ++k) engine.accumulate(*this, wanted[k], Tensor(std::move(y[k])));
}

PointwiseArguments::PointwiseArguments(const char* op, const std::vector<Arg>& list) {
  tensors.resize(list.size());
  promote(op, pointers_to(list).data(), list.size(), true, tensors.data());
  std::string shapes;
  for (std::size_t i = 0; i < list.size(); ++i) {
    args.emplace_back(tensors[i], list[i].site);
    shapes += (i ? ", " : "") + to_string(tensors[i].shape());
  }
  for (const Tensor& t : tensors) {
    const Shape& s = t.shape();
    if (const int i = broadcast_clash(shape, s))
      fail(op,
           "the arguments' shapes " + shapes + " do not broadcast: axis -" + std::to_string(i) + " is " +
               std::to_string(shape[shape.rank() - i]) + " and " + std::to_string(s[s.rank() - i]),
           args[0].site);
    shape = broadcast_shape(shape, s);
  }
}

}  // namespace xtape
