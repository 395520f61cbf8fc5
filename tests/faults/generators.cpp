#include "generators.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

using xtape::RandomStream;

namespace {

constexpr double pi = 3.14159265358979323846;
using I = std::int64_t;
using R = RandomStream;

std::vector<double> normals(std::size_t n, std::uint64_t seed) {
  RandomStream random(seed);
  std::vector<double> all(n);
  for (double& v : all) v = random.normal();
  return all;
}
double between(R& r, double low, double high) { return low + (high - low) * r.uniform(); }
// By multiplying uniform numbers. Source: Knuth, The Art of Computer Programming, volume 2, 3.4.1.
int poisson(R& r, double mean) {
  int n = 0;
  for (double p = r.uniform(); p > std::exp(-mean); p *= r.uniform()) ++n;
  return n;
}
float as(bool b) { return b ? 1.F : 0.F; }
float as(double v) { return static_cast<float>(v); }

// A table with a rule: columns of scales 10^0 … 10^`powers`, z + `shift`; a row is of class 1 where a linear rule with
// one product and some noise exceeds `threshold`.
Row scaled_columns(std::size_t n, double powers, double shift, double threshold) {
  std::vector<double> w = normals(n, 11);
  const double length = std::sqrt(std::inner_product(w.begin(), w.end(), w.begin(), 0.));
  for (double& v : w) v /= length;
  return [=](R& r, I, I, float* x, float* t) {
    std::vector<double> z(n);
    for (double& v : z) v = r.normal();
    const double rule = std::inner_product(z.begin(), z.end(), w.begin(), .7 * z[0] * z[1] + .4 * r.normal());
    for (std::size_t j = 0; j < n; ++j)
      x[j] = as(std::pow(10, powers * static_cast<double>(j) / static_cast<double>(n - 1)) * (z[j] + shift));
    t[0] = as(rule > threshold);
  };
}

// Stripes of `side` x `side` pixels in three colours, at one of `classes` angles, with a random phase, and noise.
Row gratings(I side, I classes, double noise) {
  return [=](R& r, I i, I, float* x, float* t) {
    const I label = i % classes;
    const double angle = pi * static_cast<double>(label) / static_cast<double>(classes), phase = 2 * pi * r.uniform();
    for (I k = 0; k < 3 * side * side; ++k) {
      const double row = static_cast<double>(k / side % side), column = static_cast<double>(k % side);
      const double wave = std::sin(phase + .9 * (row * std::sin(angle) + column * std::cos(angle)));
      x[k] = as(.5 + .25 * wave + noise * r.normal());
    }
    t[0] = as(static_cast<double>(label));
  };
}

void xor_row(int a, int b, float* x, float* t) { x[0] = as(a != 0), x[1] = as(b != 0), t[0] = as(a != b); }

// A torus of 3 x 3 cells, wrapped to 5 x 5, and the next state of its cells.
void life(R& r, I, I, float* x, float* t) {
  int cells[9];
  for (int& c : cells) c = r.uniform() < .5;
  for (int k = 0; k < 25; ++k) x[k] = as(cells[(k / 5 + 2) % 3 * 3 + (k % 5 + 2) % 3] != 0);
  const int alive = std::accumulate(cells, cells + 9, 0);  // on this torus all cells are neighbours
  for (int k = 0; k < 9; ++k) {
    const int neighbours = alive - cells[k];
    t[k] = as(neighbours == 3 || (cells[k] && neighbours == 2));
  }
}

// Three labels, of which up to three are on, and how often twenty words come in a text of about fifty.
void words(R& r, I, I, float* x, float* t) {
  static const std::vector<double> taste = normals(60, 12);
  std::fill(x, x + 20, 0.F), std::fill(t, t + 3, 0.F);
  for (int on = std::min(3, poisson(r, 2)); on > 0;) {
    float& label = t[r.integer(3)];
    on -= label == 0;
    label = 1;
  }
  double share[20], total = 0;
  for (int j = 0; j < 20; ++j) {
    share[j] = 1e-3;
    for (int k = 0; k < 3; ++k)
      if (t[k] != 0) share[j] += std::exp(taste[static_cast<std::size_t>(20 * k + j)]);
    total += share[j];
  }
  for (int n = poisson(r, 50); n > 0; --n) {
    double u = total * r.uniform();
    int j = 0;
    while (j < 19 && (u -= share[j]) > 0) ++j;
    ++x[j];
  }
}

// Fifteen spots of a face, which is moved and stretched; the targets are their places in -1 … 1.
void spots(R& r, I, I, float* x, float* t) {
  static const std::vector<double> face = normals(30, 13);
  const double dx = .15 * r.normal(), dy = .15 * r.normal(), size = 1 + .1 * r.normal();
  std::fill(x, x + 576, 0.F);
  for (int k = 0; k < 15; ++k) {
    const auto at = [&](int c, double d) {
      const double place = std::tanh(.7 * face[static_cast<std::size_t>(2 * k + c)]) * .7 * size + d;
      return std::clamp(place + .02 * r.normal(), -1., 1.);
    };
    const double column = at(0, dx), row = at(1, dy);
    t[2 * k] = as(column), t[2 * k + 1] = as(row);
    for (int p = 0; p < 576; ++p) {
      const double u = p % 24 / 11.5 - 1 - column, v = p / 24 / 11.5 - 1 - row;
      x[p] += as(.5 * std::exp(-(u * u + v * v) / .02));
    }
  }
}

// Fields of a packet: constant ones, ports, lengths and times up to 3 * 10^9; attacks have larger ones.
void packets(R& r, I i, I, float* x, float* t) {
  const bool attack = i % 21 < 13;
  const double scales[] = {0, 6, 1, 3e4, 5e4, 1500, 1, 3e9, 60, 0, 1e6};
  for (int j = 0; j < 11; ++j) x[j] = as(scales[j] * (j == 1 || j == 6 ? 1 : (attack ? .6 : .3) + .1 * r.normal()));
  t[0] = as(attack);
}

// 30 columns of scales 1 … 500, of which five are -999 where a quantity is missing, 34 % of them signal, which those of
// scales 20 … 170 tell.
void higgs(R& r, I, I, float* x, float* t) {
  static const std::vector<double> w = normals(30, 14);
  double rule = 0, z[30];
  for (int j = 0; j < 30; ++j) {
    z[j] = r.normal();
    if (j >= 15 && j < 25) rule += w[static_cast<std::size_t>(j)] * z[j] / 3.2;
  }
  rule += .6 * z[15] * z[16] + .5 * r.normal();
  const bool missing = r.uniform() < .4;
  for (int j = 0; j < 30; ++j) x[j] = missing && j >= 25 ? -999.F : as(std::pow(500, j / 29.) * (z[j] + 1));
  t[0] = as(rule > .5);
}

// Which of 300 words, rare ones last, a review has; each speaks for or against.
void reviews(R& r, I, I, float* x, float* t) {
  static const std::vector<double> w = normals(300, 15);
  double rule = .5 * r.normal();
  for (int j = 0; j < 300; ++j) {
    x[j] = as(r.uniform() < std::min(.5, 5. / (j + 5)));
    rule += (x[j] - std::min(.5, 5. / (j + 5))) * w[static_cast<std::size_t>(j)];
  }
  t[0] = as(rule > 0);
}

// A price of about 180,000 that depends on some of 79 columns.
void houses(R& r, I, I, float* x, float* t) {
  static const std::vector<double> w = normals(79, 16);
  double rule = .3 * r.normal();
  for (int j = 0; j < 79; ++j) {
    x[j] = as(r.normal());
    if (j < 15) rule += .25 * w[static_cast<std::size_t>(j)] * x[j];
  }
  t[0] = as(180000 * std::exp(.35 * rule));
}

// Nine columns of a car, as their scales are, and its miles a gallon.
void cars(R& r, I, I, float* x, float* t) {
  const double means[] = {5.5, 194, 104, 2970, 15.5, 76, .6, .2, .2},
               stddevs[] = {1.7, 104, 38, 850, 2.8, 3.7, .5, .4, .4};
  double z[9];
  const double size = r.normal();
  for (int j = 0; j < 9; ++j) {
    z[j] = j < 4 ? .9 * size + .44 * r.normal() : r.normal();
    x[j] = as(means[j] + stddevs[j] * z[j]);
  }
  t[0] = as(23.5 - 6 * size + 1.2 * size * size + 2.5 * z[5] + 1.5 * z[6] + 1.2 * r.normal());
}

void remainder_bits(R& r, I, I, float* x, float* t) {
  I n = 0;
  for (int j = 0; j < 20; ++j) {
    const I bit = r.integer(2);
    x[j] = as(bit == 1), n += bit << j;
  }
  for (int j = 0; j < 20; ++j) t[j] = as(((n % 7) >> j & 1) == 1);
}

void arithmetic(R& r, I, I, float* x, float* t) {
  const double a = between(r, .01, .5), b = between(r, .01, .5);
  const double all[] = {a, b, a + b, a * b, std::pow(a, b)};
  for (int j = 0; j < 5; ++j) x[j] = t[j] = as(all[j]);
}

}  // namespace

const std::map<std::string, Generator>& generators() {
  static const std::map<std::string, Generator> all = {
      {"xor", {{2}, 1, [](R&, I i, I, float* x, float* t) {
         const int bits[] = {3, 0, 2, 1, 3, 0};
         xor_row(bits[i] >> 1, bits[i] & 1, x, t);
       }}},
      {"boxes", {{2}, 1, [](R& r, I i, I, float* x, float* t) {
         for (int j = 0; j < 2; ++j) x[j] = as(i % 2 ? between(r, .5, .7) : between(r, .2, .4));
         t[0] = as(i % 2 == 1);
       }}},
      {"tanh_of_difference", {{2}, 1, [](R& r, I, I, float* x, float* t) {
         for (int j = 0; j < 2; ++j) x[j] = as(.6 + .85 * r.normal());
         t[0] = std::tanh(x[0] - x[1]);
       }}},
      {"words", {{20}, 3, words}},
      {"weighted_sum", {{3}, 1, [](R& r, I, I, float* x, float* t) {
         for (int j = 0; j < 3; ++j) x[j] = as(between(r, 0, 1e4));
         t[0] = 2 * x[0] + x[1] + .5F * x[2] + 2.2F;
       }}},
      {"constant_rows", {{128}, 1, [](R&, I i, I, float* x, float* t) {
         std::fill(x, x + 128, t[0] = as(i % 2 == 0));
       }}},
      {"constant_eights", {{8}, 1, [](R&, I i, I, float* x, float* t) {
         std::fill(x, x + 8, t[0] = as(i % 2 == 0));
       }}},
      {"sixties", {{3}, 1, [](R&, I i, I, float* x, float* t) {
         t[0] = as(i % 2 == 1);
         for (int j = 0; j < 3; ++j) x[j] = as(65. + 3 * t[0] + static_cast<double>((j + i / 2) % 3));
       }}},
      {"bytes", {{8}, 8, [](R&, I i, I, float* x, float* t) {
         for (int j = 0; j < 8; ++j) x[j] = t[j] = as((i >> j & 1) == 1);
       }}},
      {"parabola_with_noise", {{1}, 1, [](R& r, I i, I, float* x, float* t) {
         x[0] = as(.1 * static_cast<double>(i)), t[0] = 5 * x[0] * x[0] + as(std::pow(r.normal(), 3));
       }}},
      {"census", {{14}, 1, scaled_columns(14, 5, 2, .92)}},
      {"quartic", {{1}, 1, [](R&, I i, I, float* x, float* t) {
         x[0] = as(-100 + .5 * static_cast<double>(i)), t[0] = x[0] * x[0] * x[0] * x[0];
       }}},
      {"direction", {{2}, 1, [](R&, I i, I, float* x, float* t) {
         x[0] = as(std::sin(static_cast<double>(i))), x[1] = as(std::sin(static_cast<double>(i - 1))), t[0] = 1;
       }}},
      {"ten_columns", {{16}, 1, [](R& r, I, I, float* x, float* t) {
         double rule = 0, z;
         for (int j = 0; j < 16; ++j) {
           x[j] = as(std::pow(10, j / 3.) * ((z = r.normal()) + 1));
           if (j >= 1 && j <= 8) rule += z;
         }
         t[0] = as(rule > 0);
       }}},
      {"parabola", {{1}, 1, [](R&, I i, I, float* x, float* t) {
         x[0] = as(-10 + .1 * static_cast<double>(i)), t[0] = x[0] * x[0] + 3;
       }}},
      {"textures", {{3, 32, 32}, 1, gratings(32, 3, .15)}},
      {"gratings", {{3, 16, 16}, 1, gratings(16, 10, .2)}},
      {"gratings32", {{3, 32, 32}, 1, gratings(32, 10, .2)}},
      {"cases", {{5}, 1, [](R& r, I, I, float* x, float* t) {
         for (int j = 0; j < 5; ++j) x[j] = as(r.uniform());
         t[0] = as(r.uniform());
       }}},
      {"packets", {{11}, 1, packets}},
      {"threshold", {{1}, 1, [](R& r, I, I, float* x, float* t) {
         x[0] = as(between(r, 15000, 25000)), t[0] = as(x[0] < 20000);
       }}},
      {"titanic", {{10}, 1, scaled_columns(10, 2.95, 1, .38)}},
      {"levels", {{1}, 1, [](R& r, I, I, float* x, float* t) {
         x[0] = as(std::pow(10, between(r, 0, 9))), t[0] = as(static_cast<double>(r.integer(69)));
       }}},
      {"counts", {{4}, 1, [](R& r, I, I, float* x, float* t) {
         double sum = 0;
         for (int j = 0; j < 4; ++j) sum += x[j] = as(static_cast<double>(poisson(r, 5)));
         t[0] = as(sum > 17);
       }}},
      {"remainder", {{20}, 20, remainder_bits}},
      {"higgs", {{30}, 1, higgs}},
      {"arithmetic", {{5}, 5, arithmetic}},
      {"pima", {{8}, 1, scaled_columns(8, 2, 1, .45)}},
      {"polynomial", {{1}, 1, [](R& r, I, I, float* x, float* t) {
         x[0] = as(r.uniform()), t[0] = as(std::pow(x[0], 4) + std::pow(x[0], 3) - x[0]);
       }}},
      {"hundred", {{1}, 1, [](R&, I i, I, float* x, float* t) {
         x[0] = as(.0001 * static_cast<double>(i + 1)), t[0] = as(.01 * static_cast<double>(i + 1));
       }}},
      {"sine", {{1}, 1, [](R&, I i, I, float* x, float* t) {
         x[0] = as(static_cast<double>(i)), t[0] = as(std::sin(3.5 * pi * static_cast<double>(i) / 1000));
       }}},
      {"line", {{1}, 1, [](R&, I i, I n, float* x, float* t) {
         x[0] = as(1 + static_cast<double>(i) / static_cast<double>(n - 1)), t[0] = 5 * x[0];
       }}},
      {"hills", {{1}, 1, [](R& r, I, I, float* x, float* t) {
         x[0] = as(between(r, 0, 1000)), t[0] = as(.3 * x[0] + 50 * std::sin(x[0] / 100));
       }}},
      {"life", {{1, 5, 5}, 9, life}},
      {"spots", {{576}, 30, spots}},
      {"reviews", {{300}, 1, reviews}},
      {"houses", {{79}, 1, houses}},
      {"cars", {{9}, 1, cars}}};
  return all;
}
