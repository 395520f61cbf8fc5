// Private: the file format of MNIST.
#pragma once
#include <autograd/core/error.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace xtape::datasets {

/// The content of an IDX file of bytes: `values` in row-major order of `shape`.
struct Idx {
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> values;
};

/// Reads the IDX file of unsigned bytes at `path`, raw or gzipped. Throws unless it is complete and well-formed.
/// Source: the section "The IDX file format" of http://yann.lecun.com/exdb/mnist.
Idx read_idx(const std::string& path, Site site = Site::here());

}  // namespace xtape::datasets
