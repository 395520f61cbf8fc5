// Layers that put a margin around x, before and after each of its last axes. Pads are one number for all sides, or one
// for each: (left, right), (left, right, top, bottom), (left, right, top, bottom, front, back).
#pragma once
#include <autograd/ops/pad.hpp>
#include <autograd/ops/spatial.hpp>
#include <nn/module.hpp>

namespace xtape::detail {

/// The pads of all sides of `rank` axes. Throws unless there are one or 2 rank of them, and for a negative one unless
/// the mode is `constant`.
std::vector<std::int64_t> all_sides(const char* layer, int rank, const PerAxis& pads, PadMode mode, Site site);

}  // namespace xtape::detail

namespace xtape::nn {

/// What they share; a negative pad cuts off where the margin is constant. Throws unless there are one or 2 rank pads;
/// at the call when x has too few axes or a margin is wider than it can be filled: n - 1 of an axis of n for
/// reflections, n for circles.
template <class Derived>
class Pad : public Module<Derived> {
 public:
  Tensor forward(const Tensor& x) const { return pad(x, pads_, mode_, value_); }

 protected:
  Pad(const char* layer, int rank, const PerAxis& pads, PadMode mode, Site site, double value = 0)
      : pads_(detail::all_sides(layer, rank, pads, mode, site)), mode_(mode), value_(value) {}

 private:
  std::vector<std::int64_t> pads_;
  PadMode mode_;
  double value_;
};

/// Zeros around images, as `ZeroPad2d(1)`: (..., height, width) -> (..., top + height + bottom, left + width + right).
class ZeroPad2d : public Pad<ZeroPad2d> {
 public:
  explicit ZeroPad2d(const PerAxis& pads, Site site = Site::here())
      : Pad("ZeroPad2d", 2, pads, PadMode::constant, site) {}
};

/// `value` around sequences, as `ConstantPad1d({1, 2}, 3.5)`: (..., length) -> (..., left + length + right).
class ConstantPad1d : public Pad<ConstantPad1d> {
 public:
  ConstantPad1d(const PerAxis& pads, double value, Site site = Site::here())
      : Pad("ConstantPad1d", 1, pads, PadMode::constant, site, value) {}
};
/// The same of images: (..., height, width) -> (..., top + height + bottom, left + width + right).
class ConstantPad2d : public Pad<ConstantPad2d> {
 public:
  ConstantPad2d(const PerAxis& pads, double value, Site site = Site::here())
      : Pad("ConstantPad2d", 2, pads, PadMode::constant, site, value) {}
};
/// The same of volumes: (..., depth, height, width) -> (..., front + depth + back, top + height + bottom, left + width
/// + right).
class ConstantPad3d : public Pad<ConstantPad3d> {
 public:
  ConstantPad3d(const PerAxis& pads, double value, Site site = Site::here())
      : Pad("ConstantPad3d", 3, pads, PadMode::constant, site, value) {}
};

/// What is mirrored at the edge, which is not repeated (c b | a b c | b a), around sequences: (..., length) -> (...,
/// left + length + right).
class ReflectionPad1d : public Pad<ReflectionPad1d> {
 public:
  explicit ReflectionPad1d(const PerAxis& pads, Site site = Site::here())
      : Pad("ReflectionPad1d", 1, pads, PadMode::reflect, site) {}
};
/// The same of images: (..., height, width) -> (..., top + height + bottom, left + width + right).
class ReflectionPad2d : public Pad<ReflectionPad2d> {
 public:
  explicit ReflectionPad2d(const PerAxis& pads, Site site = Site::here())
      : Pad("ReflectionPad2d", 2, pads, PadMode::reflect, site) {}
};
/// The same of volumes: (..., depth, height, width) -> (..., front + depth + back, top + height + bottom, left + width
/// + right).
class ReflectionPad3d : public Pad<ReflectionPad3d> {
 public:
  explicit ReflectionPad3d(const PerAxis& pads, Site site = Site::here())
      : Pad("ReflectionPad3d", 3, pads, PadMode::reflect, site) {}
};

/// The edge again and again (a a | a b c | c c), around sequences: (..., length) -> (..., left + length + right).
class ReplicationPad1d : public Pad<ReplicationPad1d> {
 public:
  explicit ReplicationPad1d(const PerAxis& pads, Site site = Site::here())
      : Pad("ReplicationPad1d", 1, pads, PadMode::replicate, site) {}
};
/// The same of images: (..., height, width) -> (..., top + height + bottom, left + width + right).
class ReplicationPad2d : public Pad<ReplicationPad2d> {
 public:
  explicit ReplicationPad2d(const PerAxis& pads, Site site = Site::here())
      : Pad("ReplicationPad2d", 2, pads, PadMode::replicate, site) {}
};
/// The same of volumes: (..., depth, height, width) -> (..., front + depth + back, top + height + bottom, left + width
/// + right).
class ReplicationPad3d : public Pad<ReplicationPad3d> {
 public:
  explicit ReplicationPad3d(const PerAxis& pads, Site site = Site::here())
      : Pad("ReplicationPad3d", 3, pads, PadMode::replicate, site) {}
};

/// What comes at the other end (b c | a b c | a b), around sequences: (..., length) -> (..., left + length + right).
class CircularPad1d : public Pad<CircularPad1d> {
 public:
  explicit CircularPad1d(const PerAxis& pads, Site site = Site::here())
      : Pad("CircularPad1d", 1, pads, PadMode::circular, site) {}
};
/// The same of images: (..., height, width) -> (..., top + height + bottom, left + width + right).
class CircularPad2d : public Pad<CircularPad2d> {
 public:
  explicit CircularPad2d(const PerAxis& pads, Site site = Site::here())
      : Pad("CircularPad2d", 2, pads, PadMode::circular, site) {}
};
/// The same of volumes: (..., depth, height, width) -> (..., front + depth + back, top + height + bottom, left + width
/// + right).
class CircularPad3d : public Pad<CircularPad3d> {
 public:
  explicit CircularPad3d(const PerAxis& pads, Site site = Site::here())
      : Pad("CircularPad3d", 3, pads, PadMode::circular, site) {}
};

}  // namespace xtape::nn
