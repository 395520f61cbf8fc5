#include "hook.hpp"

#include <memory>

#include "ops/detail/apply.hpp"

namespace xtape {
using namespace detail;

Tensor detail::add_hook(const Arg& x, std::function<Tensor(const Tensor&)> f) {
  check_defined("hook", x);
  if (!is_floating(x.array->dtype))
    fail("hook", "no gradient flows to " + describe(*x.array) + "; expected float32 or float64", x.site);
  return execute(
      "hook", {&x}, [](const Array& x) { return make_view(x, x.shape); },
      rule<>([f = std::make_shared<std::function<Tensor(const Tensor&)>>(std::move(f)),
              site = user_site(x.site)](const Tensor& g) {
        const Tensor replaced = (*f)(g);
        if (!replaced.defined() || replaced.shape() != g.shape() || replaced.dtype() != g.dtype())
          fail("hook",
               "the gradient " + describe(g.array()) + " was replaced by " +
                   (replaced.defined() ? describe(replaced.array()) : "an undefined tensor") +
                   "; expected the same shape and dtype",
               site);
        return is_recording() ? replaced : Tensor(replaced.array_ref());
      }));
}

}  // namespace xtape
