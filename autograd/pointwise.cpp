#include "pointwise_kernel.hpp"

#include <algorithm>
#include <cstring>

#include "ops/detail/apply.hpp"
#include "ops/reduction.hpp"

namespace xtape {

using namespace detail;

namespace {

constexpr std::size_t max_operands = 2 * Pointwise::max_arguments;
using Operands = kernel::Walk<max_operands>;

// Where one result of a pass goes: summed to `shape`; nowhere if y is null.
struct Sink {
  const Shape* shape;
  Array* y;
};
struct Shapes {
  Shapes(const Array* const* x, std::size_t inputs, const Sink* sinks, std::size_t outputs) {
    for (std::size_t k = 0; k < inputs; ++k) list[k] = &x[k]->shape;
    for (std::size_t k = 0; k < outputs; ++k) list[inputs + k] = sinks[k].shape;
  }
  const Shape* list[max_operands];
};

template <class T>
double sum_of(const T* x, std::int64_t n) {
  if (n < 32) {
    double s = 0;
    for (std::int64_t i = 0; i < n; ++i) s += x[i];
    return s;
  }
  return kernel::vectorized(
      [](const T* x, std::int64_t n) {
        constexpr int lanes = 32;
        T lane[lanes] = {};
        std::int64_t i = 0;
        for (; i + lanes <= n; i += lanes)
          for (int k = 0; k < lanes; ++k) lane[k] += x[i + k];
        for (int k = 0; i < n; ++i, ++k) lane[k] += x[i];
        double s = 0;
        for (T v : lane) s += v;
        return s;
      },
      x, n);
}
template <class S, class T>
void add_to(S* sums, const T* x, std::int64_t n) {
  kernel::vectorized(
      [](S* sums, const T* x, std::int64_t n) {
        XTAPE_INDEPENDENT
        for (std::int64_t i = 0; i < n; ++i) sums[i] += x[i];
      },
      sums, x, n);
}

// One pass over inputs that broadcast to `shape`: compute(n, y, x) gets stretches of elements, which it maps from all x
// to all y. An input that does not step as the whole does is spread over a short buffer first, and a result that is to
// be summed is written to one; they stay in the first-level cache.
template <class T, class Compute>
class Pass {
 public:
  Pass(const Shape& shape, const Array* const* x, std::size_t inputs, const Sink* sinks, std::size_t outputs,
       const Compute& compute)
      : shape_(shape),
        x_(x),
        inputs_(inputs),
        sinks_(sinks),
        outputs_(outputs),
        compute_(compute),
        walk_(shape, Shapes(x, inputs, sinks, outputs).list, inputs + outputs) {}

  void run() {
    if (walk_.size == 0) {
      for (std::size_t k = 0; k < outputs_; ++k)
        if (Array* y = sinks_[k].y) std::memset(y->data, 0, static_cast<std::size_t>(y->size) * sizeof(T));
      return;
    }
    if (walk_.contiguous) {
      walk_.rank = 1;
      walk_.sizes[0] = walk_.size;
      for (auto& strides : walk_.strides) strides[0] = 1;
    }
    bool plain = walk_.contiguous, sums = false;
    for (std::size_t k = 0; k < outputs_; ++k) {
      Array* y = sinks_[k].y;
      const bool whole = y && y->size == walk_.size;
      if (whole) target_[k] = y->at<T>();
      plain &= whole;
      sums |= y && !whole;
    }
    plan_tiles(plain, sums);

    Ref<Array> whole[Pointwise::max_arguments];
    for (std::size_t k = 0; k < outputs_; ++k) {
      Array* y = sinks_[k].y;
      place_[k] = -1;
      if (!y || target_[k]) continue;
      if (tiles_ > 1 && 4 * y->size * tiles_ > walk_.size) {
        // The tiles' sums would be as long as what they sum, which is written down and summed afterwards instead.
        whole[k] = make_array(y->dtype, shape_);
        target_[k] = whole[k]->template at<T>();
      } else {
        place_[k] = length_;
        length_ += y->size;
      }
    }
    const Ref<Array> sums_of_tiles = make_array(float64, Shape{length_ ? tiles_ : 0, length_});
    double* const total = sums_of_tiles->template at<double>();
    parallel_for(tiles_, [&](std::int64_t t) { run_tile(t, total + t * length_); });
    for (std::int64_t t = 1; t < tiles_ && length_; ++t) add_to(total, total + t * length_, length_);
    for (std::size_t k = 0; k < outputs_; ++k) {
      Array* y = sinks_[k].y;
      if (place_[k] >= 0)
        for (std::int64_t j = 0; j < y->size; ++j) y->at<T>()[j] = static_cast<T>(total[place_[k] + j]);
      if (whole[k])
        std::memcpy(y->data, sum_to(Tensor(whole[k]), y->shape).array().data,
                    static_cast<std::size_t>(y->size) * sizeof(T));
    }
  }

 private:
  static constexpr std::int64_t chunk = 4096 / static_cast<std::int64_t>(sizeof(T));

  // What a tile works with.
  struct Spread {  // an input's buffer, and where what it holds comes from
    T* buffer = nullptr;
    std::int64_t offset = -1, rows = 0;
  };
  struct Pattern {  // sums of several rows side by side that are added up to one in the end
    double* sums = nullptr;
    std::int64_t offset = 0, rows = 0;
  };
  struct Tile {
    double* sums;
    Ref<Array> memory;
    std::int64_t offset[max_operands];
    Spread spread[Pointwise::max_arguments];
    T* buffer[Pointwise::max_arguments];
    Pattern pattern[Pointwise::max_arguments];
  };

  std::int64_t inner(std::size_t k) const { return walk_.strides[k][walk_.rank - 1]; }
  std::int64_t outer(std::size_t k) const { return walk_.rank > 1 ? walk_.strides[k][walk_.rank - 2] : 0; }
  // Whether several rows of an operand lie one after the other.
  bool solid(std::size_t k, std::int64_t rows) const { return inner(k) == 1 && (rows == 1 || outer(k) == n_); }

  // Tiles of whole rows, or, where rows are long, of pieces of one. Few where there are sums, because each has its own.
  // Inside a tile blocks of some rows, or stretches of one, are computed at a time.
  void plan_tiles(bool plain, bool sums) {
    const std::int64_t tile = sums ? std::max(kernel::tile_size, (walk_.size + 63) / 64) : kernel::tile_size;
    n_ = walk_.sizes[walk_.rank - 1];
    rows_ = walk_.size / n_;
    pieces_ = (n_ + tile - 1) / tile;
    piece_ = pieces_ == 1 ? n_ : tile;
    rows_per_tile_ = pieces_ == 1 ? tile / n_ : 1;
    tiles_ = (rows_ + rows_per_tile_ - 1) / rows_per_tile_ * pieces_;
    width_ = plain ? piece_ : std::min(n_, chunk);
    rows_per_block_ = plain ? 1 : std::max<std::int64_t>(1, chunk / n_);
  }

  void run_tile(std::int64_t t, double* sums) {
    Tile tile;
    tile.sums = sums;
    if (length_) std::memset(sums, 0, static_cast<std::size_t>(length_) * sizeof(double));
    prepare(tile);
    const std::int64_t middle = walk_.rank > 1 ? walk_.sizes[walk_.rank - 2] : 1;
    const std::int64_t begin = t % pieces_ * piece_, end = std::min(n_, begin + piece_);
    const std::int64_t last = std::min(rows_, (t / pieces_ + 1) * rows_per_tile_);
    for (std::int64_t row = t / pieces_ * rows_per_tile_, rows; row < last; row += rows) {
      rows = std::min({rows_per_block_, middle - row % middle, last - row});
      locate(tile, row);
      for (std::int64_t column = begin; column < end; column += width_)
        run_block(tile, row, rows, column, std::min(width_, end - column));
    }
    for (std::size_t k = 0; k < outputs_; ++k) flush(tile, k);
  }

  void prepare(Tile& tile) const {
    // Buffers for what may need one.
    std::int64_t buffers = 0, patterns = 0;
    auto needs_spread = [&](std::size_t k) { return !solid(k, rows_per_block_); };
    for (std::size_t k = 0; k < inputs_; ++k) buffers += needs_spread(k);
    for (std::size_t k = 0; k < outputs_; ++k) {
      buffers += !target_[k];
      patterns += sums_in_pattern(k, rows_per_block_);
    }
    if (buffers == 0) return;
    const std::int64_t bytes = chunk * static_cast<std::int64_t>(sizeof(T));
    tile.memory = make_array(uint8, Shape{buffers * bytes + patterns * chunk * 8});
    auto* at = tile.memory->template at<unsigned char>();
    auto take = [&](std::int64_t n) { return (at += n) - n; };
    for (std::size_t k = 0; k < inputs_; ++k)
      if (needs_spread(k)) tile.spread[k].buffer = reinterpret_cast<T*>(take(bytes));
    for (std::size_t k = 0; k < outputs_; ++k) {
      if (!target_[k]) tile.buffer[k] = reinterpret_cast<T*>(take(bytes));
      if (sums_in_pattern(k, rows_per_block_)) {
        tile.pattern[k].sums = reinterpret_cast<double*>(take(chunk * 8));
        std::memset(static_cast<void*>(tile.pattern[k].sums), 0, chunk * 8);
      }
    }
  }

  // Where the operands stand at the beginning of a row.
  void locate(Tile& tile, std::int64_t row) const {
    for (std::size_t k = 0; k < inputs_ + outputs_; ++k) tile.offset[k] = 0;
    for (int d = walk_.rank - 2; d >= 0; --d) {
      const std::int64_t i = row % walk_.sizes[d];
      row /= walk_.sizes[d];
      for (std::size_t k = 0; k < inputs_ + outputs_; ++k) tile.offset[k] += i * walk_.strides[k][d];
    }
  }

  void run_block(Tile& tile, std::int64_t row, std::int64_t rows, std::int64_t column, std::int64_t width) const {
    const void* x[Pointwise::max_arguments];
    void* y[Pointwise::max_arguments];
    for (std::size_t k = 0; k < inputs_; ++k) {
      const T* from = x_[k]->template at<T>() + tile.offset[k];
      x[k] = solid(k, rows) ? from + column : spread(tile.spread[k], k, tile.offset[k], rows, from);
    }
    for (std::size_t k = 0; k < outputs_; ++k) y[k] = target_[k] ? target_[k] + row * n_ + column : tile.buffer[k];
    compute_(rows * width, y, x);
    for (std::size_t k = 0; k < outputs_; ++k)
      if (place_[k] >= 0) add(tile, k, rows, column, width);
  }

  // What stands still along the row is the same in every column, so the buffer is filled once.
  const T* spread(Spread& s, std::size_t k, std::int64_t offset, std::int64_t rows, const T* from) const {
    if (s.offset == offset && s.rows >= rows) return s.buffer;
    T* to = s.buffer;
    for (std::int64_t r = 0; r < rows; ++r, from += outer(k), to += width_) {
      if (inner(k) == 1) std::copy_n(from, width_, to);
      else std::fill_n(to, width_, *from);
    }
    s.offset = offset;
    s.rows = rows;
    return s.buffer;
  }

  bool sums_in_pattern(std::size_t k, std::int64_t rows) const {
    return place_[k] >= 0 && rows > 1 && inner(inputs_ + k) == 1 && outer(inputs_ + k) == 0;
  }

  // Adds a block of result k to its sums.
  void add(Tile& tile, std::size_t k, std::int64_t rows, std::int64_t column, std::int64_t width) const {
    const std::size_t operand = inputs_ + k;
    const std::int64_t offset = tile.offset[operand];
    const T* from = tile.buffer[k];
    double* to = tile.sums + place_[k] + offset;
    if (Pattern& p = tile.pattern[k]; p.sums) {
      if (p.offset != offset) flush(tile, k);
      p.offset = offset;
      p.rows = std::max(p.rows, rows);
      add_to(p.sums, from, rows * width);
    } else if (solid(operand, rows)) {
      add_to(to + column, from, rows * width);
    } else if (inner(operand) == 0 && (rows == 1 || outer(operand) == 0)) {
      *to += sum_of(from, rows * width);
    } else {
      for (std::int64_t r = 0; r < rows; ++r, to += outer(operand), from += width)
        if (inner(operand) == 0) *to += sum_of(from, width);
        else add_to(to, from, width);
    }
  }
  void flush(Tile& tile, std::size_t k) const {
    Pattern& p = tile.pattern[k];
    if (!p.sums) return;
    double* to = tile.sums + place_[k] + p.offset;
    for (std::int64_t i = 0; i < p.rows * n_; ++i) {
      to[i % n_] += p.sums[i];
      p.sums[i] = 0;
    }
    p.rows = 0;
  }

  const Shape& shape_;
  const Array* const* x_;
  std::size_t inputs_;
  const Sink* sinks_;
  std::size_t outputs_;
  const Compute& compute_;
  Operands walk_;
  T* target_[Pointwise::max_arguments] = {};      // where a result goes that is not summed on the way
  std::int64_t place_[Pointwise::max_arguments];  // where its sums stand among a tile's; -1: nowhere
  std::int64_t length_ = 0;                       // of a tile's sums
  std::int64_t n_, rows_, tiles_;                 // rows of n elements
  std::int64_t pieces_, piece_, rows_per_tile_;   // of a row; of rows
  std::int64_t width_, rows_per_block_;
};

template <class Compute>
void pass(const Array* const* x, std::size_t inputs, const Sink* sinks, std::size_t outputs, const Compute& compute) {
  Shape shape = x[0]->shape;
  for (std::size_t k = 1; k < inputs; ++k)
    if (x[k]->shape != shape) shape = broadcast_shape(shape, x[k]->shape);
  visit_floating(x[0]->dtype,
                 [&](auto t) { Pass<decltype(t), Compute>(shape, x, inputs, sinks, outputs, compute).run(); });
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
  const Sink sink{&plan.result, y.get()};
  pass(x, input_count, &sink, 1,
       [&](std::int64_t n, void* const* y, const void* const* x) { value(plan, sink.y->dtype, n, y[0], x); });
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
  const Dtype x_dtype = x[0]->dtype;
  Sink sinks[max_arguments];
  if (plan.order == 0 && 2 * count > input_count) {
    for (std::size_t i = 0; i < input_count; ++i) sinks[i] = {&x[i + 1]->shape, nullptr};
    for (std::size_t k = 0; k < count; ++k) sinks[wanted[k]].y = y[k];
    return pass(x, inputs, sinks, input_count,
                [&](std::int64_t n, void* const* y, const void* const* x) { slopes(x_dtype, n, y, x); });
  }
  Plan plans[max_arguments];
  for (std::size_t k = 0; k < count; ++k) {
    plans[k] = next(wanted[k], y[k]->shape);
    sinks[k] = {&y[k]->shape, y[k]};
  }
  pass(x, inputs, sinks, count, [&](std::int64_t n, void* const* y, const void* const* x) {
    for (std::size_t k = 0; k < count; ++k) value(plans[k], x_dtype, n, y[k], x);
  });
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
  Dtype dtype = float32;
  for (const Arg& a : list) {
    if (!a.is_scalar) check_defined(op, a);
    if (!a.is_scalar && a.array->dtype == float64) dtype = float64;
  }
  std::string shapes;
  tensors.reserve(list.size());
  for (const Arg& a : list) {
    tensors.push_back(a.is_scalar ? full({}, a.scalar, dtype) : a.tensor().to(dtype, a.site));
    args.emplace_back(tensors.back(), a.site);
    const Shape& s = tensors.back().shape();
    shapes += (shapes.empty() ? "" : ", ") + to_string(s);
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
