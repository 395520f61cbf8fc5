// Operations that give elements another shape, place or order; all are linear, so the rows square them.
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "grad_table.hpp"

using namespace grad_table;

namespace {

template <class F>
Function squared(F f) {
  return [f](const Tensors& x) { return square(f(x)); };
}
// The parts of a list, squared, as one vector in which each has its own weight.
Tensor joined(const Tensors& parts) {
  Tensors flat;
  for (std::size_t i = 0; i < parts.size(); ++i) flat.push_back(square(flatten(parts[i])) * static_cast<double>(i + 1));
  return concat(flat);
}

// Ranks 1 to 5, empty and with axes of size 1, for what works along axis 0 and -1.
std::vector<Tensors> ranked() {
  return {{real({3, 4})},    {real({11})},         {real({1})},    {real({0})},
          {real({2, 3, 2})}, {real({2, 1, 3, 2})}, {real({0, 3})}, {real({2, 1, 2, 1, 3})}};
}
std::vector<Tensors> cases(std::initializer_list<Shape> shapes) {
  std::vector<Tensors> all;
  for (const Shape& s : shapes) all.push_back({real(s)});
  return all;
}

const Table table = {
    {"reshape", squared([](auto& x) {
       return reshape(x[0], {2, -1});
     }),
     cases({{3, 4}, {2, 0}, {2}, {2, 3, 1, 1, 2}})},
    {"reshape of itself", [](auto& x) { return x[0] * reshape(reshape(x[0], {-1}), x[0].shape()); }, one(plain)},
    {"flatten", squared([](auto& x) { return flatten(x[0]); }), one(plain)},
    {"flatten the middle", squared([](auto& x) { return flatten(x[0], 1, -2); }),
     cases({{2, 3, 2, 2}, {2, 3, 2}, {2, 0, 3, 1}})},
    {"unflatten", squared([](auto& x) {
       return unflatten(x[0], -2, {2, -1});
     }),
     cases({{2, 6, 3}, {4, 1}, {0, 2, 2}, {2, 0}})},
    {"squeeze", squared([](auto& x) { return squeeze(x[0]); }), one(plain)},
    {"squeeze some axes", squared([](auto& x) {
       return squeeze(x[0], {1, -1});
     }),
     cases({{3, 1, 4, 1}, {3, 1, 4}, {1, 1}, {0, 1}})},
    {"unsqueeze", squared([](auto& x) { return unsqueeze(x[0], -1); }), one(plain)},
    {"unsqueeze the first", squared([](auto& x) { return unsqueeze(x[0], 0); }), one(plain)},
    {"permute", squared([](auto& x) {
       return permute(x[0], {2, 0, -2});
     }),
     cases({{2, 3, 4}, {1, 0, 2}, {3, 1, 2}})},
    {"permute five axes", squared([](auto& x) {
       return permute(x[0], {3, 0, 4, 2, 1});
     }),
     cases({{2, 3, 2, 2, 1}, {1, 2, 1, 3, 2}})},
    {"transpose", squared([](auto& x) { return transpose(x[0]); }), cases({{3, 4}, {2, 3, 4}, {1, 1}, {2, 0}})},
    {"transpose with itself", [](auto& x) { return x[0] * transpose(x[0]); }, cases({{4, 4}, {2, 3, 3}})},
    {"transpose outer axes", squared([](auto& x) { return transpose(x[0], 0, 2); }), cases({{2, 3, 4}, {2, 3, 1, 2}})},
    {"swapaxes", squared([](auto& x) { return swapaxes(x[0], 0, -1); }), ranked()},
    {"moveaxis", squared([](auto& x) {
       return moveaxis(x[0], {0, 1}, {-1, 0});
     }),
     cases({{2, 3, 4}, {3, 4}, {2, 0, 1}})},
    {"broadcast_to", squared([](auto& x) {
       return broadcast_to(x[0], {2, 3, 4});
     }),
     cases({{3, 4}, {}, {4}, {3, 1}, {2, 1, 4}, {2, 3, 4}, {1}})},
    {"broadcast_to nothing", squared([](auto& x) {
       return concat({flatten(broadcast_to(x[0], {0, 3, 4})), flatten(x[0])});
     }),
     cases({{3, 4}, {1, 1, 4}})},
    {"expand", squared([](auto& x) {
       return expand(x[0], {2, 3, -1});
     }),
     cases({{3, 4}, {1, 4}, {5}, {2, 1, 1}})},
    {"tile", squared([](auto& x) {
       return tile(x[0], {2, 3});
     }),
     cases({{3, 4}, {}, {1}, {4}, {0, 2}, {2, 1, 3}, {1, 2, 1, 2, 2}})},
    {"tile nothing", squared([](auto& x) {
       return concat({flatten(tile(x[0], {2, 0})), flatten(x[0])});
     }),
     cases({{3, 4}, {2, 2, 2}})},
    {"repeat", squared([](auto& x) {
       return repeat(x[0], {2, 1, 3});
     }),
     cases({{3, 4}, {}, {2, 3, 2}, {1, 0}})},
    {"repeat_interleave", squared([](auto& x) { return repeat_interleave(x[0], 3, -1); }), ranked()},
    {"repeat_interleave the first axis", squared([](auto& x) { return repeat_interleave(x[0], 2, 0); }), ranked()},
    {"repeat_interleave all", squared([](auto& x) { return repeat_interleave(x[0], 2); }), one(plain)},
    {"flip", squared([](auto& x) { return flip(x[0], -1) * x[0]; }), ranked()},
    {"flip two axes", squared([](auto& x) {
       return flip(x[0], {0, 2}) * x[0];
     }),
     cases({{2, 3, 4}, {1, 2, 3}, {2, 0, 1}})},
    {"roll", squared([](auto& x) { return roll(x[0], 2, -1) * x[0]; }), ranked()},
    {"roll back", squared([](auto& x) { return roll(x[0], -7, 0) * x[0]; }), ranked()},
    {"roll all", squared([](auto& x) { return roll(x[0], 5) * x[0]; }), one(plain)},
    {"slice", squared([](auto& x) { return slice(x[0], 0, Slice(1, 3)); }), cases({{3, 4}, {4}, {1}, {0}, {2, 2, 2}})},
    {"slice with a step", squared([](auto& x) { return slice(x[0], -1, Slice({}, {}, 2)); }), ranked()},
    {"slice backwards", squared([](auto& x) { return slice(x[0], -1, Slice(-2, {}, -1)); }), ranked()},
    {"slice in NumPy's way", squared([](auto& x) {
       return slice(x[0], {Slice(1), newaxis, ellipsis, Slice({}, {}, -2), -1});
     }),
     cases({{3, 4, 2}, {2, 2, 2, 3}, {1, 2, 1}, {2, 0, 2}, {2, 1, 2, 3, 2}})},
    {"slice overlapping itself", [](auto& x) { return slice(x[0], 0, Slice(1)) * slice(x[0], 0, Slice(0, -1)); },
     cases({{4, 4}, {3}, {1, 2}})},
    {"select", squared([](auto& x) { return select(x[0], 1, -2); }),
     cases({{3, 4}, {5, 2, 3}, {0, 2}, {2, 3, 1, 1, 2}})},
    {"select by brackets", [](auto& x) { return square(x[0][-1]) * x[0][0]; }, cases({{3, 4}, {1}, {2, 0}, {2, 3, 2}})},
    {"unfold", squared([](auto& x) { return unfold(x[0], 0, 3, 2); }), cases({{7, 2}, {3}, {8, 1, 2}, {4, 0}})},
    {"unfold side by side", squared([](auto& x) { return unfold(x[0], -1, 2, 3); }), cases({{3, 8}, {2}, {2, 2, 5}})},
    {"concat",
     squared([](auto& x) {
       return concat({x[0], x[1], x[0]}, 1);
     }),
     {{real({3, 4}), real({3, 4})}, {real({2, 1, 2}), real({2, 3, 2})}, {real({3, 0}), real({3, 2})}}},
    {"concat the first axis",
     squared([](auto& x) {
       return concat({x[0], x[1]});
     }),
     {{real({3, 4}), real({3, 4})}, {real({11}), real({1})}, {real({0, 2}), real({1, 2})}}},
    {"stack",
     squared([](auto& x) {
       return stack({x[0], x[1], x[0]}, -1);
     }),
     {{real({3, 4}), real({3, 4})}, {real({}), real({})}, {real({0, 2}), real({0, 2})}}},
    {"stack the first axis",
     squared([](auto& x) {
       return stack({x[0], x[1]});
     }),
     {{real({3, 4}), real({3, 4})}, {real({2, 1, 3}), real({2, 1, 3})}}},
    {"hstack",
     squared([](auto& x) {
       return hstack({x[0], x[1]});
     }),
     {{real({3, 4}), real({3, 4})}, {real({3}), real({2})}, {real({}), real({1})}}},
    {"vstack",
     squared([](auto& x) {
       return vstack({x[0], x[1]});
     }),
     {{real({3, 4}), real({4})}, {real({4}), real({2, 4})}, {real({}), real({1})}, {real({11}), real({1, 11})}}},
    {"split", [](auto& x) { return joined(split(x[0], 3, -1)); }, ranked()},
    {"split in sizes", [](auto& x) { return joined(split(x[0], {1, 0, 3}, 1)); }, cases({{3, 4}, {2, 4, 2}, {0, 4}})},
    {"chunk", [](auto& x) { return joined(chunk(x[0], 3, 0)); }, ranked()},
    {"unbind", [](auto& x) { return joined(unbind(x[0], -1)); }, cases({{3, 4}, {5}, {2, 3, 2}, {0, 2}})},
    {"meshgrid",
     [](auto& x) { return joined(meshgrid({x[0], x[1]})); },
     {{real({11}), real({12})}, {real({}), real({3})}, {real({0}), real({2})}}},
    {"meshgrid as in a plot",
     [](auto& x) { return joined(meshgrid({x[0], x[1], x[0]}, true)); },
     {{real({3}), real({4})}, {real({8}), real({9})}}},
    {"pad", squared([](auto& x) {
       return pad(x[0], {1, 2}, PadMode::constant, 0.5);
     }),
     ranked()},
    {"pad and cut", squared([](auto& x) {
       return pad(x[0], {-1, 2, 1, -2, 0, 1});
     }),
     cases({{2, 4, 4}, {2, 2, 3, 2}, {0, 2, 1}})},
    {"pad by reflection", squared([](auto& x) {
       return pad(x[0], {2, 1, 1, 0}, PadMode::reflect);
     }),
     cases({{3, 4}, {2, 3}, {2, 2, 2, 3}, {0, 2, 3}})},
    {"pad by replication", squared([](auto& x) {
       return pad(x[0], {2, 3, 1, 4}, PadMode::replicate);
     }),
     cases({{3, 4}, {1, 1}, {2, 2, 1, 2}, {0, 2, 3}})},
    {"pad around", squared([](auto& x) {
       return pad(x[0], {2, 1, 0, 3}, PadMode::circular);
     }),
     cases({{3, 4}, {3, 2}, {2, 3, 2}, {0, 3, 2}})},
    {"tril", squared([](auto& x) { return tril(x[0]); }), cases({{5, 4}, {2, 3, 4}, {1, 1}, {3, 0}, {2, 1, 2, 2, 3}})},
    {"tril with an offset", squared([](auto& x) { return tril(x[0], 1); }), cases({{4, 5}, {2, 3, 2}, {1, 2}})},
    {"triu", squared([](auto& x) { return triu(x[0]); }), cases({{4, 5}, {2, 3, 4}, {1, 1}, {0, 3}, {2, 1, 2, 2, 3}})},
    {"triu with an offset", squared([](auto& x) { return triu(x[0], -2); }), cases({{4, 4}, {2, 5, 2}, {1, 2}})},
    {"diagonal", squared([](auto& x) { return diagonal(x[0]); }),
     cases({{11, 12}, {3, 4, 2}, {1, 1}, {0, 2}, {2, 2, 1, 2, 2}})},
    {"diagonal with an offset", squared([](auto& x) { return diagonal(x[0], -1, -1, 0); }),
     cases({{4, 5}, {3, 4, 2}, {2, 3, 3}, {1, 1}})},
    {"diag_embed", squared([](auto& x) { return diag_embed(x[0]); }), cases({{3, 4}, {1}, {0}, {2, 1, 3}})},
    {"diag_embed with an offset", squared([](auto& x) { return diag_embed(x[0], -2, 1, 0); }),
     cases({{3, 4}, {2}, {0, 2}})},
    {"diag", squared([](auto& x) { return diag(x[0], 1); }), cases({{11}, {4, 5}, {2, 1}, {0}})},
};

const Table values_only = {};

Tensor counted(const Shape& shape) { return reshape(arange(shape.size()), shape); }
using Ints = std::vector<std::int64_t>;
Ints ints(const Tensor& x) { return x.to_vector<std::int64_t>(); }

}  // namespace

XTAPE_CHECK_TABLE("shape", table, values_only)

TEST_CASE("slices follow the rules of Python") {
  // Against a literal reading of Python's definition, for every start, stop and step around the ends.
  const std::int64_t far = std::numeric_limits<std::int64_t>::max();
  std::vector<std::optional<std::int64_t>> ends = {std::nullopt, far, -far - 1};
  for (std::int64_t i = -6; i <= 6; ++i) ends.push_back(i);
  for (const std::int64_t n : {0, 1, 4}) {
    const Tensor x = arange(n);
    for (const auto& start : ends)
      for (const auto& stop : ends)
        for (const std::int64_t step : {1, 2, 3, 7, -1, -2, -5}) {
          auto place = [&](const std::optional<std::int64_t>& end, std::int64_t none) {
            if (!end) return none;
            const std::int64_t i = *end < 0 ? std::max<std::int64_t>(*end + n, step < 0 ? -1 : 0) : *end;
            return std::min(i, step < 0 ? n - 1 : n);
          };
          const std::int64_t first = place(start, step < 0 ? n - 1 : 0), last = place(stop, step < 0 ? -1 : n);
          Ints expected;
          for (std::int64_t i = first; step > 0 ? i < last : i > last; i += step) expected.push_back(i);
          CHECK(ints(slice(x, 0, Slice(start, stop, step))) == expected);
        }
    // Steps longer than any axis.
    CHECK(ints(slice(x, 0, Slice({}, {}, far))) == (n ? Ints{0} : Ints{}));
    CHECK(ints(slice(x, 0, Slice({}, {}, -far - 1))) == (n ? Ints{n - 1} : Ints{}));
  }
}

TEST_CASE("a slice of the first axis shares memory and others do not") {
  const Tensor x = counted({4, 3});
  CHECK(slice(x, 0, Slice(1, 3)).data<std::int64_t>() == x.data<std::int64_t>() + 3);
  CHECK(slice(x, {2, Slice(1)}).data<std::int64_t>() == x.data<std::int64_t>() + 7);
  CHECK(select(x, 0, -1).data<std::int64_t>() == x.data<std::int64_t>() + 9);
  CHECK(slice(x, 1, Slice(0, 2)).data<std::int64_t>() != x.data<std::int64_t>());
  CHECK(ints(slice(x, 1, Slice(0, 2))) == Ints{0, 1, 3, 4, 6, 7, 9, 10});
}

TEST_CASE("an index may hold positions and new axes and an ellipsis") {
  const Tensor x = counted({2, 3, 4});
  CHECK(slice(x, {1, 2, 3}).shape() == Shape{});
  CHECK(slice(x, {1, 2, 3}).item<int>() == 23);
  CHECK(slice(x, {newaxis, ellipsis, newaxis}).shape() == Shape{1, 2, 3, 4, 1});
  CHECK(slice(x, {ellipsis, 0}).shape() == Shape{2, 3});
  CHECK(slice(x, {Slice(), ellipsis, Slice(), Slice()}).shape() == Shape{2, 3, 4});
  CHECK(ints(slice(x, {-1, newaxis, Slice({}, {}, -2), Slice(1, 3)})) == Ints{21, 22, 13, 14});
  CHECK(slice(x, {-1, newaxis, Slice({}, {}, -2), Slice(1, 3)}).shape() == Shape{1, 2, 2});
}

TEST_CASE("arrangements of elements of every dtype and size are right") {
  // Large enough for whole blocks, with odd edges; each against its definition.
  for (const Dtype dtype : {float32, float64, int64, uint8, boolean}) {
    CAPTURE(dtype);
    for (const auto [m, n] :
         {std::array<std::int64_t, 2>{1, 300}, {300, 1}, {67, 129}, {256, 64}, {8, 8}, {130, 517}}) {
      const Tensor base = counted({m, n}), x = dtype == boolean ? base < 50 : slice(base, {ellipsis}).to(int64);
      Tensor y = x;
      if (dtype == uint8) {
        Ints low = ints(base);
        for (auto& v : low) v %= 251;
        y = tensor(low, {m, n});
      }
      y = y.to(dtype);
      const Ints v = ints(y), t = ints(transpose(y)), f = ints(flip(y, 1)), r = ints(roll(y, 3, 0)),
                 c = ints(concat({y, y}, 1)), e = ints(repeat_interleave(y, 2, 1)), l = ints(tril(y, 2)),
                 s = ints(slice(y, 1, Slice({}, {}, 3)));
      bool ok = true;
      const std::int64_t third = (n + 2) / 3;
      for (std::int64_t i = 0; i < m; ++i)
        for (std::int64_t j = 0; j < n; ++j) {
          auto at = [&](const Ints& a, std::int64_t k) { return a[static_cast<std::size_t>(k)]; };
          const std::int64_t here = at(v, i * n + j);
          ok &= at(t, j * m + i) == here && at(f, i * n + n - 1 - j) == here && at(r, (i + 3) % m * n + j) == here;
          ok &= at(c, i * 2 * n + j) == here && at(c, i * 2 * n + n + j) == here;
          ok &= at(e, i * 2 * n + 2 * j) == here && at(e, i * 2 * n + 2 * j + 1) == here;
          ok &= at(l, i * n + j) == (j <= i + 2 ? here : 0);
          if (j % 3 == 0) ok &= at(s, i * third + j / 3) == here;
        }
      CHECK(ok);
    }
  }
}

TEST_CASE("a permutation of many axes puts every element in its place") {
  const Shape shape{3, 2, 17, 1, 5, 4};
  const std::vector<int> order = {4, 2, 0, 5, 3, 1};
  const Tensor y = permute(counted(shape), order);
  const Ints v = ints(y);
  Ints expected;
  std::array<std::int64_t, 6> step{}, i{};
  for (int k = 5, n = 1; k >= 0; n *= static_cast<int>(shape[k--])) step[static_cast<std::size_t>(k)] = n;
  auto fill = [&](auto&& self, std::size_t axis) -> void {
    if (axis == 6) return expected.push_back(std::inner_product(step.begin(), step.end(), i.begin(), std::int64_t{0}));
    const auto from = static_cast<std::size_t>(order[axis]);
    for (i[from] = 0; i[from] < shape[order[axis]]; ++i[from]) self(self, axis + 1);
  };
  fill(fill, 0);
  CHECK(v == expected);
}

TEST_CASE("joined tensors meet in the widest dtype and gradients come back in their own") {
  CHECK(concat({tensor({1, 2}), tensor({true})}).dtype() == int64);
  CHECK(concat({tensor({1, 2}), tensor({1, 2}, uint8)}).dtype() == int64);
  CHECK(concat({tensor({true}), tensor({false})}).dtype() == boolean);
  CHECK(concat({tensor({1, 2}), tensor({.5})}).dtype() == float32);
  const Tensor a = tensor({1., 2.}).requires_grad(), b = tensor({3.}, float64).requires_grad();
  const Tensors g = grad(sum(square(concat({a, b}))), {a, b});
  CHECK(g[0].dtype() == float32);
  CHECK(g[1].dtype() == float64);
  CHECK(allclose(g[0], tensor({2., 4.})));
}

TEST_CASE("splitting an empty axis gives what PyTorch gives") {
  CHECK(split(zeros({0, 2}), 3).size() == 1);
  CHECK(chunk(zeros({0, 2}), 3).size() == 3);
  CHECK(chunk(zeros({5}), 4).size() == 3);
  CHECK(unbind(zeros({0, 2})).empty());
}

TEST_CASE("NaN and infinities stay where they are") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  const Tensor x = tensor({{nan, 1.}, {inf, 2.}}).requires_grad();
  CHECK(std::isnan(tril(x)[0][0].item()));
  CHECK(triu(x)[1][0].item() == 0);  // not inf * 0
  CHECK(pad(x, {1, 1})[0][0].item() == 0);
  CHECK(allclose(grad(sum(slice(x, 1, Slice(1))), x), tensor({{0., 1.}, {0., 1.}})));
  CHECK(allclose(grad(sum(triu(x)), x), tensor({{1., 1.}, {0., 1.}})));
}

TEST_CASE("what has no meaning is refused by name") {
  const Tensor x = zeros({2, 3}), scalar = zeros({});
  auto refused = [](auto&& f, const char* message) { CHECK_THROWS_WITH_AS(f(), doctest::Contains(message), Error); };
  refused([&] { return flatten(x, 1, 0); }, "flatten: axis 0 lies before axis 1 in shape (2, 3)");
  refused([&] { return unflatten(x, 1, {2, -1}); }, "unflatten: axis 1 of shape (2, 3) does not unfold into (2, -1)");
  refused([&] { return unflatten(x, 1, {-1, -1, 3}); }, "unflatten: axis 1");
  refused([&] { return unflatten(zeros({0}), 0, {0, -1}); }, "unflatten: axis 0");
  refused([&] { return unsqueeze(x, 3); }, "unsqueeze: there is no place 3 for a new axis in shape (2, 3)");
  refused([&] { return squeeze(x, 2); }, "squeeze: there is no axis 2 in shape (2, 3)");
  refused([&] { return moveaxis(x, {0, 1}, {0}); }, "moveaxis: axes (0, 1) of shape (2, 3) do not go to places (0,)");
  refused([&] { return moveaxis(x, {0, 0}, {0, 1}); }, "moveaxis");
  refused([&] { return broadcast_to(x, {3, 3}); }, "broadcast_to");
  refused([&] { return expand(x, {-1, 2, 3}); }, "expand: shape (2, 3) has no axis whose size could stand for the -1");
  refused([&] { return tile(x, {-1}); }, "tile: cannot repeat float32(2, 3) -1 times");
  refused([&] { return tile(x, {std::numeric_limits<std::int64_t>::max(), 1}); }, "more elements than can be counted");
  refused([&] { return repeat(x, {2}); }, "repeat: repeats (2,) for shape (2, 3): expected one for each axis at least");
  refused([&] { return repeat_interleave(x, -2, 0); }, "repeat_interleave: cannot repeat float32(2, 3) -2 times");
  refused([&] { return flip(x, {0, -2}); }, "flip: axis -2 of shape (2, 3) is named twice");
  refused([&] { return roll(x, 1, 2); }, "roll: there is no axis 2");
  refused([&] { return slice(x, 0, Slice(0, 1, 0)); }, "slice: the step of a slice must not be 0");
  refused([&] { return slice(x, {0, 0, 0}); }, "slice: 3 positions and slices for the 2 axes of shape (2, 3)");
  refused([&] { return slice(x, {ellipsis, ellipsis}); }, "slice: an index has at most one ellipsis");
  refused([&] { return slice(x, {0, 3}); }, "slice: index 3 is out of range for axis 1 of shape (2, 3)");
  refused([&] { return select(x, 1, -4); }, "select: index -4 is out of range for axis 1 of shape (2, 3)");
  refused([&] { return select(scalar, 0, 0); }, "select: a scalar has no axis to index");
  refused([&] { return scalar[0]; }, "index: a scalar has no axis to index");
  refused([&] { return unfold(x, 1, 4, 1); }, "unfold: windows of 4 every 1 along axis 1 of shape (2, 3)");
  refused([&] { return unfold(x, 1, 2, 0); }, "expected a size in [0, 3] and a step of at least 1");
  refused([&] { return concat({}); }, "concat: expected at least one tensor");
  refused([&] { return concat({x, Tensor()}); }, "concat: tensor 1 is undefined");
  refused(
      [&] {
        return concat({x, zeros({2, 4})});
      },
      "concat: tensor 1 of shape (2, 4) does not fit tensor 0 of shape (2, 3): they may differ in axis 0 only");
  refused([&] { return concat({scalar, scalar}); }, "concat: there is no axis 0 in shape ()");
  refused([&] { return stack({x, zeros({3, 2})}); }, "stack: tensor 1 of shape (3, 2) differs from tensor 0 of (2, 3)");
  refused([&] { return stack({x}, 3); }, "stack: tensors of shape (2, 3) cannot be stacked along axis 3");
  refused([&] { return hstack({}); }, "hstack: expected at least one tensor");
  refused([&] { return vstack({}); }, "vstack: expected at least one tensor");
  refused([&] { return split(x, 0); }, "split: parts of size 0; expected at least 1");
  refused([&] { return split(x, {1, 3}, 1); }, "split: sizes (1, 3) do not add up to the 3 of axis 1 of shape (2, 3)");
  refused([&] { return chunk(x, 0); }, "chunk: 0 chunks; expected at least 1");
  refused([&] { return unbind(x, 2); }, "unbind: there is no axis 2");
  refused([&] { return meshgrid({x}); }, "meshgrid: tensor 0 of shape (2, 3) is not a vector");
  refused([&] { return pad(x, {1}); }, "pad: pads (1,) of shape (2, 3): expected a pair for each of at most 2 axes");
  refused([&] { return pad(x, {1, 1, 1, 1, 1, 1}); }, "expected a pair");
  refused([&] { return pad(x, {-2, -2}); }, "pad: pads (-2, -2) of shape (2, 3): axis 1");
  refused([&] { return pad(x, {3, 0}, PadMode::reflect); }, "axis 1 can be padded by 0 to 2 in this mode");
  refused([&] { return pad(x, {4, 0}, PadMode::circular); }, "axis 1 can be padded by 0 to 3 in this mode");
  refused([&] { return pad(x, {-1, 0}, PadMode::replicate); }, "axis 1 can be padded by 0");
  refused([&] { return pad(zeros({0}), {1, 0}, PadMode::replicate); }, "axis 0 can be padded by 0 to 0 in this mode");
  refused([&] { return tril(zeros({3})); }, "tril: expected matrices (..., m, n), got float32(3,)");
  refused([&] { return triu(scalar); }, "triu: expected matrices");
  refused([&] { return diagonal(x, 0, 1, -1); }, "diagonal: both axes of (2, 3) are 1");
  refused([&] { return diag_embed(x, 0, 1, 1); }, "diag_embed: both axes");
  refused([&] { return diag_embed(scalar); }, "diag_embed: a scalar has no axis to be a diagonal");
  refused([&] { return diag_embed(x, std::numeric_limits<std::int64_t>::min()); },
          "diag_embed: a matrix with a diagonal");
  refused([&] { return diag(zeros({1, 1, 1})); }, "diag: expected a vector or a matrix, got float32(1, 1, 1)");
  const std::string here = "grad_shape.cpp:" + std::to_string(__LINE__ + 1);
  refused([&] { return concat({x, zeros({3})}, 0); }, here.c_str());
}
