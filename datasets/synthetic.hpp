// Small problems in few dimensions that the program makes itself. Sample i is a function of (seed, i) alone, so fewer
// are a prefix of more, and the same on every machine. All throw when count < 0, and unless noise >= 0 is finite.
#pragma once
#include <cstdint>
#include <functional>

#include <autograd/core/error.hpp>

#include "batch.hpp"

namespace xtape::datasets {

/// Exclusive or: sample i lies at the corner i mod 4 of (0, 0), (0, 1), (1, 0), (1, 1), its class is 1 where the two
/// differ, and both coordinates have normal noise with this standard deviation, as in all that follow.
/// -> (count, 2), float32; (count,), int64.
Batch exclusive_or(std::int64_t count, std::uint64_t seed, double noise = 0.1, Site site = Site::here());
/// Two half circles that reach into each other: class i mod 2 at (cos t, sin t) or (1 - cos t, 1/2 - sin t), with t
/// uniform in [0, pi). -> (count, 2), float32; (count,), int64. Source: scikit-learn's make_moons.
Batch two_moons(std::int64_t count, std::uint64_t seed, double noise = 0.1, Site site = Site::here());
/// A circle in a circle: class i mod 2, of radius 1 or `inner`. -> (count, 2), float32; (count,), int64. Throws unless
/// `inner` is in [0, 1]. Source: scikit-learn's make_circles.
Batch circles(std::int64_t count, std::uint64_t seed, double noise = 0.05, double inner = 0.5,
              Site site = Site::here());
/// Clouds: class i mod `classes`, normal with standard deviation `noise` around the class's centre, which is uniform in
/// [-10, 10)^features. -> (count, features), float32; (count,), int64. Throws unless classes and features are at least
/// 1. Source: scikit-learn's make_blobs.
Batch blobs(std::int64_t count, std::uint64_t seed, std::int64_t classes = 3, std::int64_t features = 2,
            double noise = 1, Site site = Site::here());
/// Arms of a spiral around the origin: class i mod `arms`, at radius r, the root of a number uniform in [0, 1), and
/// angle 2 pi (turns r + class / arms). -> (count, 2), float32; (count,), int64. Throws unless arms >= 1 and turns is
/// finite.
Batch spirals(std::int64_t count, std::uint64_t seed, std::int64_t arms = 2, double turns = 1.5, double noise = 0.02,
              Site site = Site::here());
/// A curve to fit: x uniform in [low, high), target f(x) + noise. -> (count, 1), (count, 1), float32. Throws unless
/// low < high, both finite.
Batch curve(const std::function<double(double)>& f, std::int64_t count, std::uint64_t seed, double low = -1,
            double high = 1, double noise = 0.1, Site site = Site::here());

}  // namespace xtape::datasets
