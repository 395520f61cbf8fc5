// What users may call their own things, and what they may call by its short name, when they use both namespaces.
#include <iterator>
#include <numeric>
#include <tuple>
#include <xtape.hpp>

using namespace xtape;
using namespace xtape::nn;

// Names of the library's own machinery are free, for types and for whatever is no type.
struct Array {};
struct Attributed {};
struct Borrowed {};
struct Cloning {};
struct CustomFunctions {};
struct Cut {};
struct Engine {};
struct Execution {};
struct Leaf {};
struct ListOperation {};
struct Literal {};
struct Node {};
struct OpNode {};
struct Operation {};
struct Part {};
struct Place {};
struct Pointwise {};
struct Program {};
struct Ref {};
struct RefCount {};
struct Reduce {};
struct Rule {};
struct Shared {};
struct Step {};
struct Tile {};
struct Unplaced {};
struct Unwatched {};
struct Watcher {};
static int add_hook = 1, add_parts = 1, all_sides = 1, any_flows = 1, apply_again = 1, apply_formula = 1,
           attribute_text = 1, attributed = 1, call_forward = 1, check_formula = 1, check_gradients = 1,
           checkpoint_list = 1, computes = 1, copy_of = 1, cut_at = 1, describe = 1, describe_module = 1,
           describe_place = 1, destroy = 1, each_tensor = 1, execute = 1, execute_list = 1, functional = 1,
           has_attributes = 1, has_flops = 1, has_forward = 1, length_along = 1, make_array = 1, make_custom = 1,
           make_leaf = 1, make_node = 1, make_view = 1, matrix_shape = 1, mode = 1, no_gradient = 1, noted = 1,
           output = 1, pointers_to = 1, pool = 1, project = 1, record_list = 1, rule = 1, run_tiles = 1, states = 1,
           tell_watchers = 1, to_int64 = 1, twin_of = 1, unrecorded = 1, user_site = 1, value_of = 1, visit_dtype = 1,
           visit_floating = 1, watched = 1, with_length = 1;
using Types = std::tuple<Array, Attributed, Borrowed, Cloning, CustomFunctions, Cut, Engine, Execution, Leaf,
                         ListOperation, Literal, Node, OpNode, Operation, Part, Place, Pointwise, Program, Ref,
                         RefCount, Reduce, Rule, Shared, Step, Tile, Unplaced, Unwatched, Watcher>;
const int values[] = {add_hook,       add_parts,   all_sides,     any_flows,      apply_again,     apply_formula,
                      attribute_text, attributed,  call_forward,  check_formula,  check_gradients, checkpoint_list,
                      computes,       copy_of,     cut_at,        describe,       describe_module, describe_place,
                      destroy,        each_tensor, execute,       execute_list,   functional,      has_attributes,
                      has_flops,      has_forward, length_along,  make_array,     make_custom,     make_leaf,
                      make_node,      make_view,   matrix_shape,  mode,           no_gradient,     noted,
                      output,         pointers_to, pool,          project,        record_list,     rule,
                      run_tiles,      states,      tell_watchers, to_int64,       twin_of,         unrecorded,
                      user_site,      value_of,    visit_dtype,   visit_floating, watched,         with_length};

struct Generator : nn::Module<Generator> {
  Linear fc = child("fc", Linear(2, 3));
  Tensor forward(const Tensor& x) const { return tanh(fc(x)); }
};

#include <doctest/doctest.h>

TEST_CASE("a user's names do not clash with the library's under both namespaces") {
  CHECK(std::tuple_size_v<Types> == 28);
  CHECK(std::accumulate(std::begin(values), std::end(values), 0) == 54);
  CHECK(Generator()(ones({1, 2})).shape() == Shape{1, 3});
}

TEST_CASE("what both namespaces have is one thing") {
  const Tensor x = tensor({{-1., 2.}, {0.5, 1.}});
  const Parameter p(x);
  auto same = [](const Tensor& a, const Tensor& b) { return a.to_vector<float>() == b.to_vector<float>(); };
  CHECK(same(softmax(x), xtape::softmax(x)));
  CHECK(same(nn::softmax(x, 0), softmax(p, 0)));
  CHECK(same(log_softmax(x, 0), xtape::log_softmax(x, 0)));
  CHECK(same(softmin(x), nn::softmin(x, -1)));
  CHECK(same(gelu(x, Gelu::tanh), nn::gelu(x, Gelu::tanh)));
  CHECK(same(softplus(x, 2, 10), nn::softplus(x, 2, 10)));
  CHECK(same(softplus(x), pointwise([](auto x) { return softplus(x); }, x)));
  for (const Tensor& y : {log_sigmoid(x), relu(x), sigmoid(x), silu(x), softsign(x), tanh(x)})
    CHECK(y.shape() == x.shape());
  CHECK(dropout(x, 0.).defined());
  CHECK(cross_entropy(x, tensor({0, 1})).item() > 0);
  CHECK(mse_loss(x, p).item() == 0);
  // As elements too.
  const Sequential net{softmax, nn::log_softmax, softmin, gelu, softplus, relu, Softmax(0), GELU()};
  CHECK(net(x).shape() == x.shape());
  CHECK(net[0].type_name() == "Softmax");
}
