// Operations that take, put and add elements at positions, masks, and tensors made from a few numbers.
#include <array>
#include <cmath>
#include <limits>

#include "grad_table.hpp"
#include "support.hpp"

using namespace grad_table;

namespace {

template <class F>
Function squared(F f) {
  return [f](const Tensors& x) { return square(f(x)); };
}
std::vector<Tensors> cases(std::initializer_list<Shape> shapes) {
  std::vector<Tensors> all;
  for (const Shape& s : shapes) all.push_back({real(s)});
  return all;
}
std::vector<Tensors> pairs(std::initializer_list<std::array<Shape, 2>> shapes) {
  std::vector<Tensors> all;
  for (const auto& [a, b] : shapes) all.push_back({real(a), real(b)});
  return all;
}

// Positions with repeats, which parity/index.py has too.
const Tensor few = tensor({2, 0, 2, 1}), none = zeros({0}, int64), square_of = tensor({{2, 0}, {1, 2}});
const Tensor along1 = tensor({{2, 0, 2}, {1, 1, 0}, {3, 3, 3}}), along0 = tensor({{2, 0, 2, 1}, {1, 1, 0, 1}});
const Tensor corner = tensor({{2, 0, 2}, {1, 1, 0}}), column = tensor({{1}, {0}, {3}});
const Tensor middle = tensor({{{0, 1}, {2, 2}}, {{1, 1}, {0, 1}}});
const Tensor mask = tensor({{true, false, true, true}, {false, true, false, true}, {true, true, false, false}});

const Table table = {
    {"index", squared([](auto& x) { return index(x[0], 1, square_of); }),
     cases({{3, 4}, {2, 3, 2}, {0, 3}, {2, 3, 1, 1, 2}})},
    {"index by a scalar", squared([](auto& x) { return index(x[0], 0, tensor(1)); }),
     cases({{3, 12}, {2}, {2, 2, 2, 2}})},
    {"index by nothing", squared([](auto& x) {
       return concat({flatten(index(x[0], 0, none)), flatten(x[0])});
     }),
     cases({{3, 4}, {0, 2}})},
    {"index_select", squared([](auto& x) { return index_select(x[0], 0, few); }),
     cases({{3, 4}, {5}, {3, 1, 2}, {3, 0}})},
    {"index_select the last axis", squared([](auto& x) { return index_select(x[0], -1, few); }),
     cases({{3, 4}, {5}, {3, 1, 3}, {0, 3}})},
    {"embedding", squared([](auto& x) { return embedding(square_of, x[0]); }), cases({{4, 5}, {3, 1}, {3, 0}})},
    {"take", squared([](auto& x) { return take(x[0], square_of); }), cases({{3}, {2, 2}, {3, 1, 2, 1}, {5}, {4}})},
    {"gather", squared([](auto& x) { return gather(x[0], 1, along1); }), cases({{3, 4}, {3, 5}})},
    {"gather along the first axis", squared([](auto& x) { return gather(x[0], 0, along0); }),
     cases({{3, 4}, {4, 4}, {3, 4}})},
    {"gather in the middle", squared([](auto& x) { return gather(x[0], 1, middle); }),
     cases({{2, 3, 2}, {2, 4, 2}, {2, 3, 2}})},
    {"gather from a corner", squared([](auto& x) { return gather(x[0], 0, corner); }), cases({{3, 4}, {4, 5}, {3, 3}})},
    {"gather nothing", squared([](auto& x) {
       return concat({flatten(gather(x[0], 0, zeros({0, 4}, int64))), flatten(x[0])});
     }),
     cases({{3, 4}, {0, 4}})},
    {"gather a scalar", squared([](auto& x) {
       return stack({gather(flatten(x[0]), 0, tensor({1, 0, 1}))});
     }),
     cases({{4}, {2, 1}, {3}, {5}, {6}, {7}})},
    {"take_along", squared([](auto& x) { return take_along(x[0], along1, 1); }), cases({{3, 4}, {3, 5}, {1, 4}})},
    {"take_along a column", squared([](auto& x) { return take_along(x[0], column, 1) * x[0]; }),
     cases({{3, 4}, {3, 5}})},
    {"scatter", squared([](auto& x) { return scatter(x[0], 1, along1, x[1]); }),
     pairs({{{{3, 4}, {3, 3}}}, {{{3, 5}, {3, 3}}}})},
    {"scatter along the first axis", squared([](auto& x) { return scatter(x[0], 0, along0, x[1]); }),
     pairs({{{{3, 4}, {2, 4}}}, {{{4, 4}, {2, 4}}}})},
    {"scatter into a corner", squared([](auto& x) { return scatter(x[0], 0, corner, x[1]); }),
     pairs({{{{3, 4}, {2, 3}}}, {{{4, 5}, {2, 3}}}, {{{5, 3}, {2, 3}}}})},
    {"scatter a number", squared([](auto& x) { return scatter(x[0], 1, along1, 1.5); }), cases({{3, 5}, {3, 6}})},
    {"scatter_add", squared([](auto& x) { return scatter_add(x[0], 1, along1, x[1]); }),
     pairs({{{{3, 4}, {3, 3}}}, {{{3, 5}, {3, 3}}}})},
    {"scatter_add along the first axis", squared([](auto& x) { return scatter_add(x[0], 0, along0, x[1]); }),
     pairs({{{{3, 4}, {2, 4}}}, {{{4, 4}, {2, 4}}}})},
    {"scatter_add in the middle", squared([](auto& x) { return scatter_add(x[0], 1, middle, x[1]); }),
     pairs({{{{2, 3, 2}, {2, 2, 2}}}, {{{2, 4, 2}, {2, 2, 2}}}})},
    {"scatter_add into a corner", squared([](auto& x) { return scatter_add(x[0], 0, corner, x[1]); }),
     pairs({{{{3, 4}, {2, 3}}}, {{{4, 5}, {2, 3}}}})},
    {"scatter_add of itself",
     squared([](auto& x) { return scatter_add(x[0], 1, along1, slice(x[0], 1, Slice(0, 3))); }),
     cases({{3, 4}, {3, 5}})},
    {"scatter_add a number", squared([](auto& x) { return scatter_add(x[0], 1, along1, 2); }), cases({{3, 4}})},
    {"index_add", squared([](auto& x) { return index_add(x[0], 0, few, x[1]); }),
     pairs({{{{3, 4}, {4, 4}}}, {{{5}, {4}}}, {{{3, 0}, {4, 0}}}})},
    {"index_add in the middle", squared([](auto& x) { return index_add(x[0], 1, few, x[1]); }),
     pairs({{{{2, 3, 2}, {2, 4, 2}}}, {{{1, 5, 1}, {1, 4, 1}}}})},
    {"index_copy", squared([](auto& x) { return index_copy(x[0], 0, few, x[1]); }),
     pairs({{{{6, 4}, {4, 4}}}, {{{5}, {4}}}, {{{3, 0}, {4, 0}}}})},
    {"index_copy in the middle", squared([](auto& x) { return index_copy(x[0], -2, few, x[1]); }),
     pairs({{{{2, 6, 2}, {2, 4, 2}}}, {{{1, 5, 1}, {1, 4, 1}}}})},
    {"index_copy a number", squared([](auto& x) { return index_copy(x[0], 1, few, -1); }), cases({{3, 7}})},
    {"masked_select", squared([](auto& x) { return masked_select(x[0], mask); }),
     cases({{3, 4}, {4}, {3, 1}, {}, {2, 3, 4}})},
    {"masked_select by a row", squared([](auto& x) {
       return masked_select(x[0], tensor({true, false, true, true}));
     }),
     cases({{4, 4}, {0, 4}, {1}})},
    {"masked_fill", squared([](auto& x) { return masked_fill(x[0], mask, 1.5); }),
     cases({{3, 4}, {4}, {3, 1}, {}, {2, 3, 4}})},
    {"masked_fill with a scalar", squared([](auto& x) { return masked_fill(x[0], mask, sum(x[0])); }),
     cases({{3, 4}, {4}, {3, 1}})},
};

const Table values_only = {
    {"one_hot", [](auto& x) { return one_hot(x[0], 5, int64); }, {}},
    {"nonzero", [](auto& x) { return nonzero(x[0]); }, {}},
    {"nonzero of a mask", [](auto&) { return nonzero(mask); }, {}},
    {"arange", [](auto&) { return arange(2, 11, 3); }, {}},
    {"arange down", [](auto&) { return arange(5, -4, -2); }, {}},
    {"arange of reals", [](auto&) { return arange(-1, 1, 0.25, float64); }, {}},
    {"linspace", [](auto&) { return linspace(-1, 2, 8, float64); }, {}},
    {"linspace of one", [](auto&) { return linspace(3, 7, 1, float64); }, {}},
    {"logspace", [](auto&) { return logspace(-1, 2, 7, 3, float64); }, {}},
    {"eye", [](auto&) { return eye(3, 4, float64); }, {}},
    {"zeros_like", [](auto& x) { return zeros_like(x[0]).to(float64); }, {}},
    {"ones_like", [](auto& x) { return ones_like(x[0]).to(float64); }, {}},
    {"full_like", [](auto& x) { return full_like(x[0], 2.5).to(float64); }, {}},
    {"masked_fill of integers", [](auto& x) { return masked_fill(x[0], x[0] > 1, -3); }, {}},
    {"scatter_add of integers", [](auto& x) { return scatter_add(x[0], 0, x[0], x[0]); }, {}},
    {"index_copy of integers",
     [](auto& x) {
       return index_copy(x[0], 0, tensor({1, 0}), tensor({7, 8}));
     },
     {}},
};

using Ints = std::vector<std::int64_t>;
Ints ints(const Tensor& x) { return x.to_vector<std::int64_t>(); }

}  // namespace

XTAPE_CHECK_TABLE("index", table, values_only)

TEST_CASE("of several values for one element the last counts and gets the gradient") {
  const Tensor x = zeros({3}, float64).requires_grad(), v = tensor({1., 2., 3., 4.}, float64).requires_grad();
  for (const bool parts : {false, true}) {
    const Tensor y = parts ? index_copy(x, 0, few, v) : scatter(x, 0, few, v);
    CHECK(allclose(y, tensor({2., 4., 3.}, float64)));
    const Tensors g = grad(sum(y * tensor({5., 6., 7.}, float64)), {x, v});
    CHECK(allclose(g[0], zeros({3}, float64)));
    CHECK(allclose(g[1], tensor({0., 5., 7., 6.}, float64)));
  }
}

TEST_CASE("sums over repeated positions are the same bits for any number of threads") {
  RandomGenerator draws(3);
  const Tensor weight = normal({50, 64}, 0, 1, float32, draws), rows = normal({4000, 64}, 0, 1, float32, draws);
  const Tensor tokens = (uniform({4000}, 0, 50, float32, draws)).to(int64);
  check_same_bits([&] { return Tensors{index_add(weight, 0, tokens, rows)}; });
  check_same_bits([&] {
    const Tensor w = weight.requires_grad();
    return Tensors{grad(sum(embedding(tokens, w) * rows), w)};
  });
  const Tensor places = (uniform({300, 64}, 0, 50, float32, draws)).to(int64);
  const Tensor values = normal({300, 64}, 0, 1, float32, draws);
  check_same_bits([&] { return Tensors{scatter_add(weight, 0, places, values)}; });
  check_same_bits([&] {
    const Tensor w = weight.requires_grad();
    return Tensors{grad(sum(gather(w, 0, places) * values), w)};
  });
  const Tensor flat = (uniform({100000}, 0, 7, float32, draws)).to(int64);
  check_same_bits([&] { return Tensors{scatter_add(zeros({7}), 0, flat, ones({100000}) / 3)}; });
}

TEST_CASE("large takes and masks are right") {
  const std::int64_t n = 100003;
  const Tensor x = arange(n);
  Ints odd, v = ints(x), shuffled = v;
  for (std::int64_t& i : shuffled) i = i * 7919 % n;
  CHECK(ints(take(x, tensor(shuffled))) == shuffled);
  std::vector<bool> keep(v.size());
  for (std::size_t i = 0; i < v.size(); ++i)
    if ((keep[i] = (i * i) % 7 < 3)) odd.push_back(v[i]);
  const Tensor m = tensor(keep), y = x.to(float64).requires_grad();
  CHECK(ints(masked_select(x, m)) == odd);
  CHECK(ints(reshape(nonzero(m), {-1})) == odd);
  CHECK(ints(grad(sum(masked_select(y, m)), y)) == ints(m));
}

TEST_CASE("rows of storage types are taken as they are") {
  const Tensor x = tensor({{1, 2}, {3, 4}, {250, 6}}, uint8);
  CHECK(index(x, 0, tensor({2, 0})).dtype() == uint8);
  CHECK(ints(index(x, 0, tensor({2, 0}))) == Ints{250, 6, 1, 2});
  CHECK(ints(gather(x, 1, tensor({{1}, {0}, {0}}))) == Ints{2, 3, 250});
  CHECK(ints(scatter(x > 2, 0, tensor({{0, 1}}), tensor({{true, true}}))) == Ints{1, 0, 1, 1, 1, 1});
  CHECK(masked_select(x, x > 3).dtype() == uint8);
  CHECK(masked_fill(x, x > 3, 9).dtype() == uint8);
}

TEST_CASE("NaN is taken and put like any number") {
  const double nan = std::nan("");
  const Tensor x = tensor({nan, 1., 2.});
  CHECK(std::isnan(take(x, tensor({0})).item()));
  CHECK(std::isnan(scatter_add(x, 0, tensor({0}), tensor({1.}))[0].item()));
  CHECK(ints(nonzero(x)) == Ints{0, 1, 2});
  // What a NaN gradient does not reach stays finite.
  const Tensor y = tensor({1., 2., 3.}).requires_grad();
  const Tensor g = grad(scatter(y, 0, tensor({1}), 4), {y}, x)[0];
  CHECK(std::isnan(g[0].item()));
  CHECK(g[1].item() == 0);
}

TEST_CASE("tensors of a few numbers have the elements and dtypes of PyTorch") {
  CHECK(arange(2, 5).dtype() == int64);
  CHECK(arange(2, 5.).dtype() == float32);
  CHECK(arange(2, 5, 1, float64).dtype() == float64);
  CHECK(arange(5, 5).size() == 0);
  CHECK(arange(0, 1, 0.1).size() == 10);
  const std::int64_t last = std::numeric_limits<std::int64_t>::max();
  CHECK(ints(arange(last - 3, last, 2)) == Ints{last - 3, last - 1});
  CHECK(ints(arange(-last - 1, last, last)) == Ints{-last - 1, -1, last - 1});
  CHECK(linspace(0, 1, 5).dtype() == float32);
  CHECK(linspace(0.1, 0.7, 49, float64).to_vector<double>().back() == 0.7);
  CHECK(linspace(0, 1, 0).size() == 0);
  CHECK(eye(3).shape() == Shape{3, 3});
  CHECK(eye(0).size() == 0);
  CHECK(zeros_like(tensor({1, 2})).dtype() == int64);
  CHECK(ones_like(tensor({{1., 2.}}, float64)).shape() == Shape{1, 2});
  CHECK(ints(ones_like(tensor({5, 6}))) == Ints{1, 1});
  CHECK(ints(zeros_like(tensor({true}))) == Ints{0});
}

TEST_CASE("positions and masks that do not fit are refused by name") {
  const Tensor x = zeros({2, 3}), k = tensor({0, 1}), m = tensor({{0, 1}, {1, 2}});
  auto refused = [](auto&& f, const char* message) { CHECK_THROWS_WITH_AS(f(), doctest::Contains(message), Error); };
  refused([&] { return index(x, 1, tensor({{0, 1}, {2, 3}})); }, "index: index 3 at (1, 1) is not in [0, 3)");
  refused([&] { return index(x, 0, tensor({0, -1})); }, "index: index -1 at (1,) is not in [0, 2)");
  refused([&] { return index(x, 2, k); }, "index: there is no axis 2 in shape (2, 3)");
  refused([&] { return index(x, 0, x); },
          "index: the indices must be int64, not float32(2, 3); convert with to(int64)");
  refused([&] { return index(x, 0, 1); }, "index: expected a tensor, not a number");
  refused([&] { return index_select(x, 0, tensor({2})); }, "index_select: index 2 at (0,) is not in [0, 2)");
  refused([&] { return index_select(x, 0, m); }, "index_select: the indices must be a vector, not int64(2, 2)");
  refused([&] { return embedding(tensor(7), x); }, "embedding: index 7 at () is not in [0, 2)");
  refused([&] { return embedding(k, zeros({3})); },
          "embedding: the weight must be a matrix (n, width), not float32(3,)");
  refused([&] { return take(x, tensor({6})); }, "take: index 6 at (0,) is not in [0, 6)");
  refused([&] { return gather(x, 1, tensor({{0, 3}})); }, "gather: index 3 at (0, 1) is not in [0, 3)");
  refused([&] { return gather(x, 1, k); }, "gather: indices of shape (2,) do not fit x of shape (2, 3)");
  refused([&] { return gather(x, 1, tensor({{0}, {0}, {0}})); }, "and none longer but axis 1");
  refused([&] { return take_along(x, k, 0); },
          "take_along: x of shape (2, 3) and indices of shape (2,) do not broadcast");
  refused([&] { return take_along(x, tensor({{0, 1, 2}, {0, 1, 2}}), 0); }, "take_along: index 2 at (0, 2)");
  refused(
      [&] {
        return scatter(x, 1, m, zeros({2, 3}));
      },
      "scatter: the values are float32(2, 3); expected float32(2, 2), or a number");
  refused([&] { return scatter(x, 1, m, zeros({2, 2}, float64)); }, "scatter: the values are float64(2, 2)");
  refused([&] { return scatter(x, 0, m, 1); }, "scatter: index 2 at (1, 1) is not in [0, 2)");
  refused([&] { return scatter_add(x, 0, m, 1); }, "scatter_add: index 2 at (1, 1) is not in [0, 2)");
  refused([&] { return scatter_add(x > 0, 1, m, 1); },
          "scatter_add: elements of boolean(2, 3) do not add; convert with to(int64)");
  refused([&] { return index_add(x, 1, k, zeros({2, 3})); }, "index_add: the values are float32(2, 3)");
  refused([&] { return index_add(x, 0, tensor({5}), zeros({1, 3})); }, "index_add: index 5 at (0,) is not in [0, 2)");
  refused([&] { return index_copy(x, 0, m, 1); }, "index_copy: the indices must be a vector, not int64(2, 2)");
  refused([&] { return index_copy(x, 0, tensor({-1}), 1); }, "index_copy: index -1 at (0,) is not in [0, 2)");
  refused([&] { return masked_select(x, x); }, "masked_select: the mask must be boolean, not float32(2, 3)");
  refused([&] { return masked_select(x, tensor({true, false})); }, "masked_select: shapes (2, 3) and (2,)");
  refused([&] { return masked_fill(x, x, 1); }, "masked_fill: the mask must be boolean");
  refused([&] { return masked_fill(x, x > 0, x); }, "masked_fill: the value must be a number or a scalar");
  refused([&] { return masked_fill(k, k > 0, 0.5); }, "masked_fill: a real number does not go into int64(2,)");
  refused([&] { return nonzero(Tensor()); }, "nonzero: the tensor is undefined");
  refused([&] { return one_hot(tensor({0, 5}), 5); }, "one_hot: label 5 at 1 is not in [0, 5)");
  refused([&] { return arange(1, 0); }, "arange: no steps of 1 lead from 1 to 0");
  refused([&] { return arange(0, 1, 0); }, "arange: no steps of 0 lead from 0 to 1");
  refused([&] { return arange(0, std::nan("")); }, "arange: no steps of 1 lead from 0 to nan");
  refused([&] { return arange(0, x); }, "arange: expected numbers, not a tensor");
  refused([&] { return linspace(0, 1, -1); }, "linspace: expected a number of elements, not -1");
  refused([&] { return logspace(0, 1, -2); }, "logspace: expected a number of elements, not -2");
  refused([&] { return zeros_like(1); }, "zeros_like: expected a tensor, not a number");
  refused([&] { return ones_like(Tensor()); }, "ones_like: the tensor is undefined");
  refused([&] { return full_like(2, 1); }, "full_like: expected a tensor, not a number");
  const std::string here = "grad_index.cpp:" + std::to_string(__LINE__ + 1);
  refused([&] { return gather(x, 1, tensor({{0, 3}})); }, here.c_str());
}
