#include "digits.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <autograd/core/error.hpp>
#include <autograd/random.hpp>

namespace xtape::datasets {
namespace {

constexpr int side = 28, pixel_count = side * side;

struct Point {
  double x, y;
};

// A stroke is the smooth curve through its points; where a point is given twice it has a corner.
using Stroke = std::vector<Point>;
using Skeleton = std::vector<Stroke>;

// The ways to write `digit`, in a box of 20 x 20 with the origin at its top left.
const std::vector<Skeleton>& styles_of(int digit) {
  static const std::vector<Skeleton> styles[10] = {
      // 0: an oval, a narrow one that overlaps, one left open
      {{{{10, 0}, {5, 3}, {3, 10}, {5, 17}, {10, 20}, {15, 17}, {17, 10}, {15, 3}, {9, 0}}},
       {{{13, 2}, {8, 1}, {5, 6}, {4, 13}, {8, 19}, {12, 18}, {15, 12}, {15, 5}, {11, 1}, {8, 3}}},
       {{{11, 1}, {6, 3}, {3, 9}, {4, 16}, {9, 20}, {15, 17}, {17, 10}, {15, 4}, {11, 3}}}},
      // 1: a bar, with a flag, with flag and foot
      {{{{10, 0}, {10, 20}}},
       {{{6, 5}, {11, 0}, {11, 0}, {11, 20}}},
       {{{6, 4}, {10, 0}, {10, 0}, {10, 20}}, {{5, 20}, {15, 20}}}},
      // 2: with a sharp foot, with a loop, with a wavy foot
      {{{{4, 5}, {6, 1}, {11, 0}, {15, 3}, {14, 8}, {9, 14}, {4, 20}, {4, 20}, {16, 20}}},
       {{{4, 4}, {9, 0}, {15, 3}, {13, 10}, {7, 17}, {4, 19}, {4, 16}, {9, 17}, {17, 20}}},
       {{{4, 2}, {10, 0}, {14, 4}, {11, 11}, {3, 19}, {3, 19}, {10, 18}, {17, 19}}}},
      // 3: with a sharp waist, with a flat top, with a loop at the waist
      {{{{4, 3}, {9, 0}, {14, 3}, {13, 7}, {8, 9}, {8, 9}, {14, 11}, {16, 15}, {12, 19}, {7, 20}, {3, 17}}},
       {{{4, 1}, {15, 1}, {15, 1}, {9, 8}, {9, 8}, {15, 11}, {15, 17}, {9, 20}, {4, 18}}},
       {{{4, 2}, {10, 0}, {15, 4}, {11, 9}, {7, 10}, {8, 8.5}, {13, 11}, {15, 15}, {11, 20}, {4, 18}}}},
      // 4: open and round, closed, open and angular, round and almost closed
      {{{{5, 1}, {4, 6}, {4, 11}, {10, 12}, {16, 10}}, {{15, 1}, {14, 10}, {13, 20}}},
       {{{13, 0}, {3, 13}, {3, 13}, {17, 13}}, {{13, 0}, {13, 20}}},
       {{{5, 0}, {3, 11}, {3, 11}, {17, 11}}, {{13, 4}, {12, 20}}},
       {{{13, 1}, {8, 4}, {4, 9}, {8, 11}, {14, 9}}, {{15, 0}, {13, 9}, {12, 20}}}},
      // 5: in one stroke, with the roof drawn last, like an S
      {{{{15, 0}, {6, 0}, {6, 0}, {5, 8}, {5, 8}, {10, 7}, {15, 11}, {14, 17}, {9, 20}, {4, 18}}},
       {{{6, 1}, {5, 9}, {10, 8}, {15, 12}, {13, 18}, {8, 20}, {3, 18}}, {{6, 1}, {16, 0}}},
       {{{15, 1}, {8, 2}, {5, 6}, {8, 9}, {13, 12}, {14, 17}, {9, 20}, {4, 18}}}},
      // 6: with a round belly, upright, curled
      {{{{13, 0}, {7, 5}, {4, 12}, {5, 18}, {10, 20}, {15, 17}, {15, 12}, {10, 10}, {5, 14}}},
       {{{9, 0}, {5, 8}, {4, 15}, {8, 20}, {14, 18}, {14, 13}, {9, 12}, {5, 16}}},
       {{{15, 2}, {10, 0}, {5, 5}, {3, 13}, {7, 19}, {13, 19}, {16, 14}, {12, 10}, {6, 12}, {4, 16}}}},
      // 7: plain, with a bar, with a serif, round
      {{{{3, 1}, {16, 1}, {16, 1}, {11, 9}, {8, 20}}},
       {{{3, 1}, {16, 1}, {16, 1}, {11, 9}, {8, 20}}, {{6, 10}, {15, 10}}},
       {{{4, 4}, {4, 1}, {4, 1}, {16, 1}, {16, 1}, {12, 10}, {10, 20}}},
       {{{3, 3}, {8, 1}, {15, 2}, {13, 8}, {9, 14}, {8, 20}}}},
      // 8: begun at the top right, begun at the waist, two rings
      {{{{14, 3}, {9, 0}, {5, 4}, {9, 9}, {14, 14}, {11, 19}, {6, 18}, {5, 14}, {10, 9}, {15, 5}, {13, 2}}},
       {{{10, 9}, {5, 6}, {6, 1}, {11, 0}, {15, 4}, {10, 9}, {5, 14}, {6, 19}, {11, 20}, {15, 16}, {10, 9}}},
       {{{10, 0}, {6, 2}, {6, 7}, {10, 9}, {14, 7}, {14, 2}, {10, 0}},
        {{10, 9}, {5, 12}, {5, 18}, {10, 20}, {15, 18}, {15, 12}, {10, 9}}}},
      // 9: with a straight leg, with a curved leg, with a round head and a stiff leg
      {{{{15, 4}, {10, 0}, {5, 4}, {6, 9}, {11, 10}, {15, 4}, {14, 13}, {13, 20}}},
       {{{15, 3}, {9, 0}, {4, 5}, {8, 10}, {14, 7}, {15, 3}, {15, 11}, {12, 18}, {6, 20}}},
       {{{14, 5}, {10, 1}, {5, 5}, {7, 10}, {12, 9}, {15, 2}, {15, 2}, {11, 20}}}},
  };
  return styles[digit];
}

// How far hands differ, as standard deviations: lengths in pixels, the others relative. Together they keep the digits
// legible and yet hard enough for a linear classifier.
constexpr double shift_spread = 1.45, elastic_spread = 0.85, rotation_spread = 0.16, shear_spread = 0.22;
constexpr double scale_spread = 0.09, radius_spread = 0.3;
// The pen's radius, and the width of the grey edge of its strokes, in pixels.
constexpr double radius_mean = 1.2, radius_least = 0.6, edge = 1.3;

// The random map of the plane that one image is drawn under: from the box of the skeletons to pixels.
// Only arithmetic and square roots, which every machine rounds alike, so that the same digits come out everywhere.
class Hand {
 public:
  explicit Hand(RandomStream& random) {
    const double slope = rotation_spread * random.normal(), shear = shear_spread * random.normal();
    const double width = 1 + scale_spread * random.normal(), height = 1 + scale_spread * random.normal();
    const double c = 1 / std::sqrt(1 + slope * slope), s = slope * c;
    xx_ = c * width, xy_ = -(s + c * shear) * height, yx_ = s * width, yy_ = (c - s * shear) * height;
    for (int i = 0; i < wave_count; ++i) {
      for (int j = 0; j < wave_count; ++j) {
        const double size = i + j == 0 ? shift_spread : elastic_spread / (i * i + j * j);
        waves_[i][j] = {size * random.normal(), size * random.normal()};
      }
    }
  }

  Point operator()(Point p) const {
    const double x = p.x - centre, y = p.y - centre;
    const Waves along_x = waves_at(x / centre), along_y = waves_at(y / centre);
    Point q{side / 2.0 + xx_ * x + xy_ * y, side / 2.0 + yx_ * x + yy_ * y};
    for (int i = 0; i < wave_count; ++i) {
      for (int j = 0; j < wave_count; ++j) {
        const double wave = along_x[i] * along_y[j];
        q.x += wave * waves_[i][j].x, q.y += wave * waves_[i][j].y;
      }
    }
    return q;
  }

 private:
  static constexpr double centre = 10;
  static constexpr int wave_count = 4;
  using Waves = std::array<double, wave_count>;

  // The elastic part is a sum of products of Chebyshev polynomials, each a wave of few bends between -1 and 1.
  static Waves waves_at(double t) {
    Waves wave{1, t};
    for (int k = 2; k < wave_count; ++k) wave[k] = 2 * t * wave[k - 1] - wave[k - 2];
    return wave;
  }

  double xx_, xy_, yx_, yy_;
  Point waves_[wave_count][wave_count];
};

// The curve through a stroke's points as a chain of short straight lines. Source: E. Catmull and R. Rom, "A class of
// local interpolating splines", 1974.
Stroke flatten(const Stroke& stroke) {
  constexpr int steps = 4;
  const auto same = [](Point a, Point b) { return a.x == b.x && a.y == b.y; };
  Stroke line{stroke.front()};
  for (std::size_t i = 0; i + 1 < stroke.size(); ++i) {
    const Point b = stroke[i], c = stroke[i + 1];
    if (same(b, c)) continue;
    const Point a = i > 0 ? stroke[i - 1] : b, d = i + 2 < stroke.size() ? stroke[i + 2] : c;
    for (int step = 1; step <= steps; ++step) {
      const double t = static_cast<double>(step) / steps;
      const auto spline = [t](double a, double b, double c, double d) {
        return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
      };
      line.push_back({spline(a.x, b.x, c.x, d.x), spline(a.y, b.y, c.y, d.y)});
    }
  }
  return line;
}

// Lowers each pixel's squared distance to the pen's path by that to the line from `a` to `b`, as far as `reach`.
void draw(Point a, Point b, double reach, std::array<float, pixel_count>& squared_distance) {
  const auto first = [reach](double u, double v) { return std::max(0, int(std::min(u, v) - reach + 0.5)); };
  const auto last = [reach](double u, double v) { return std::min(side - 1, int(std::max(u, v) + reach - 0.5)); };
  const float ax = a.x, ay = a.y, dx = b.x - a.x, dy = b.y - a.y, scale = 1 / std::max(dx * dx + dy * dy, 1e-12f);
  const int left = first(a.x, b.x), right = last(a.x, b.x), bottom = last(a.y, b.y);
  for (int row = first(a.y, b.y); row <= bottom; ++row) {
    for (int col = left; col <= right; ++col) {
      const float x = col + 0.5f - ax, y = row + 0.5f - ay;
      const float t = std::min(std::max((x * dx + y * dy) * scale, 0.0f), 1.0f);
      const float ex = x - t * dx, ey = y - t * dy;
      float& nearest = squared_distance[row * side + col];
      nearest = std::min(nearest, ex * ex + ey * ey);
    }
  }
}

// Draws image `index` of `seed` and returns its label.
std::uint8_t draw_digit(std::uint64_t seed, std::int64_t index, std::uint8_t* pixels) {
  RandomStream random(seed, static_cast<std::uint64_t>(index));
  const auto label = static_cast<std::uint8_t>(random.integer(10));
  const std::vector<Skeleton>& styles = styles_of(label);
  const Skeleton& skeleton = styles[random.integer(static_cast<std::int64_t>(styles.size()))];
  const Hand hand(random);
  const double radius = std::max(radius_least, radius_mean + radius_spread * random.normal());

  std::array<float, pixel_count> squared_distance;
  squared_distance.fill(1e9f);
  for (const Stroke& stroke : skeleton) {
    Stroke line = flatten(stroke);
    for (Point& p : line) p = hand(p);
    for (std::size_t i = 1; i < line.size(); ++i) draw(line[i - 1], line[i], radius + edge / 2, squared_distance);
  }
  for (int i = 0; i < pixel_count; ++i) {
    const double cover = (radius - std::sqrt(squared_distance[i])) / edge + 0.5;
    pixels[i] = static_cast<std::uint8_t>(255 * std::min(std::max(cover, 0.0), 1.0) + 0.5);
  }
  return label;
}

}  // namespace

Images synthetic_digits(std::int64_t count, std::uint64_t seed, Site site) {
  if (count < 0) fail("synthetic_digits", "count is " + std::to_string(count) + ", expected at least 0", site);
  Images images{count, side, side, std::vector<std::uint8_t>(count * pixel_count), std::vector<std::uint8_t>(count)};
  for (std::int64_t i = 0; i < count; ++i) {
    images.labels[i] = draw_digit(seed, i, images.pixels.data() + i * pixel_count);
  }
  return images;
}

}  // namespace xtape::datasets
