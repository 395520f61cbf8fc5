// What a row of each problem is made of.
#pragma once
#include <autograd/random.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

/// Row i of n: input and target, from a stream that all rows draw from in turn.
using Row = std::function<void(xtape::RandomStream& random, std::int64_t i, std::int64_t n, float* x, float* t)>;

struct Generator {
  std::vector<std::int64_t> shape;  ///< of an input
  std::int64_t targets;
  Row row;
};

/// The generator of each name.
const std::map<std::string, Generator>& generators();
