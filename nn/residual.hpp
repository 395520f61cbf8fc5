// Residual: what a body adds to its input.
#pragma once
#include <nn/sequential.hpp>

namespace xtape::nn {

/// y = body(x) + shortcut(x), as `Residual(Sequential{Linear(8, 8), relu, Linear(8, 8)})`, where the shortcut is x
/// itself unless one is given, to change its shape: `Residual(body, Conv2d(8, 16, 1, ConvOptions().stride(2)))`. Both
/// are modules or functions `Tensor -> Tensor`; children are called "body" and "shortcut". Throws at the call when the
/// shapes of both results differ. Source: He et al., "Deep residual learning for image recognition", CVPR 2016.
class Residual : public Module<Residual> {
 public:
  template <class Body, class = std::enable_if_t<!std::is_same_v<std::decay_t<Body>, Residual>>>
  explicit Residual(Body body) : body_(child("body", Sequential(std::move(body)))) {}
  template <class Body, class Shortcut>
  Residual(Body body, Shortcut shortcut)
      : body_(child("body", Sequential(std::move(body)))),
        shortcut_(child("shortcut", Sequential(std::move(shortcut)))) {}
  Tensor forward(const Tensor& x) const;
  const Sequential& body() const { return body_; }
  /// Without elements where it is x itself.
  const Sequential& shortcut() const { return shortcut_; }

 private:
  Sequential body_, shortcut_;
};

}  // namespace xtape::nn
