#include "dropout.hpp"

#include "../core/next_stream.hpp"
#include "../kernels/random_words.hpp"
#include "detail/apply.hpp"

namespace xtape {
using namespace detail;

namespace {

// x times the mask that `key` draws.
Tensor dropped(const Arg& x, const Arg& key, double p) {
  auto forward = [p](const Array& x, const Array& key) {
    Ref<Array> y = make_array(x.dtype, x.shape);
    visit_floating(x.dtype, [&](auto t) {
      using T = decltype(t);
      const T scale = p < 1 ? static_cast<T>(1 / (1 - p)) : T(0);
      map_coins(
          key_of(key), x.size, p, [scale](bool dropped, T v) { return dropped ? T(0) : v * scale; }, y->at<T>(),
          x.at<T>());
    });
    return y;
  };
  return execute("dropout", {&x, &key}, attributed(forward, "p", p),
                 rule<1>([p](const Tensor& g, const Tensor& key) { return dropped(g, key, p); }), no_gradient);
}

}  // namespace

Tensor dropout(const Arg& x, double p, bool training, RandomGenerator& generator) {
  if (!x.array || !is_floating(x.array->dtype)) {
    const Tensor floating = promote_floating("dropout", x);
    return dropout(Arg(floating, x.site), p, training, generator);
  }
  if (!(p >= 0 && p <= 1)) fail("dropout", std::to_string(p) + " is no probability in [0, 1]", x.site);
  if (!training || p == 0) return x.tensor();
  const Tensor key = next_stream(generator, x.site);
  return dropped(x, Arg(key, x.site), p);
}

}  // namespace xtape
