#include "rearrange.hpp"

#include <autograd/ops/shape.hpp>

namespace xtape::nn {
namespace {

std::int64_t at_least_one(const char* layer, const char* what, std::int64_t n, Site site) {
  if (n < 1) fail(layer, std::string(what) + " must be at least 1, got " + std::to_string(n), site);
  return n;
}

// x with its last three axes replaced, (..., channels, height, width).
Shape image(const Shape& x, std::int64_t channels, std::int64_t height, std::int64_t width) {
  Shape shape(x.begin(), x.end() - 3);
  for (std::int64_t n : {channels, height, width}) shape.push_back(n);
  return shape;
}

// The product of the axes before the last three.
std::int64_t images(const Shape& x) {
  std::int64_t n = 1;
  for (int i = 0; i < x.rank() - 3; ++i) n *= x[i];
  return n;
}

}  // namespace

PixelShuffle::PixelShuffle(std::int64_t factor, Site site)
    : factor_(at_least_one("PixelShuffle", "factor", factor, site)) {
  Shape({factor, factor}, site);  // throws where its square cannot be counted
}

Tensor PixelShuffle::forward(const Tensor& x) const {
  const Shape& s = x.shape();
  const int rank = s.rank();
  const std::int64_t r = factor_;
  if (rank < 3 || s[rank - 3] % (r * r) != 0)
    fail("PixelShuffle", "expected (..., channels, height, width) with channels divisible by " + std::to_string(r * r) +
                             ", got " + to_string(s));
  const std::int64_t c = s[rank - 3] / (r * r), h = s[rank - 2], w = s[rank - 1];
  const Tensor parts = reshape(x, Shape{images(s), c, r, r, h, w});
  return reshape(permute(parts, {0, 1, 4, 2, 5, 3}), image(s, c, h * r, w * r));
}

PixelUnshuffle::PixelUnshuffle(std::int64_t factor, Site site)
    : factor_(at_least_one("PixelUnshuffle", "factor", factor, site)) {
  Shape({factor, factor}, site);
}

Tensor PixelUnshuffle::forward(const Tensor& x) const {
  const Shape& s = x.shape();
  const int rank = s.rank();
  const std::int64_t r = factor_;
  if (rank < 3 || s[rank - 2] % r != 0 || s[rank - 1] % r != 0)
    fail("PixelUnshuffle", "expected (..., channels, height, width) with height and width divisible by " +
                               std::to_string(r) + ", got " + to_string(s));
  const std::int64_t c = s[rank - 3], h = s[rank - 2] / r, w = s[rank - 1] / r;
  const Tensor parts = reshape(x, Shape{images(s), c, h, r, w, r});
  return reshape(permute(parts, {0, 1, 3, 5, 2, 4}), image(s, c * r * r, h, w));
}

ChannelShuffle::ChannelShuffle(std::int64_t groups, Site site)
    : groups_(at_least_one("ChannelShuffle", "groups", groups, site)) {}

Tensor ChannelShuffle::forward(const Tensor& x) const {
  const Shape& s = x.shape();
  if (s.rank() < 2 || s[1] % groups_ != 0)
    fail("ChannelShuffle", "expected (batch, channels, ...) with channels divisible by groups = " +
                               std::to_string(groups_) + ", got " + to_string(s));
  return reshape(transpose(unflatten(x, 1, {groups_, s[1] / groups_}), 1, 2), s);
}

}  // namespace xtape::nn
