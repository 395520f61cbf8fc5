// Tensors made from a few numbers; `full`, `zeros`, `ones` and the short `arange` are in tensor.hpp.
#pragma once
#include <optional>

#include "../tensor.hpp"

namespace xtape {

/// start, start + step, … up to but without `stop`. Integers make int64, real numbers float32, unless `dtype` says
/// otherwise. Throws when the step is 0 or leads away from `stop`, and for numbers that are not finite.
Tensor arange(const Arg& start, const Arg& stop, const Arg& step = 1, std::optional<Dtype> dtype = {});
/// `steps` numbers in equal distances from `start` to `stop`, both included: -> (steps,). Throws when `steps` is
/// negative.
Tensor linspace(double start, double stop, std::int64_t steps, Dtype dtype = float32, Site site = Site::here());
/// base^start to base^stop in `steps` equal factors: -> (steps,). Throws when `steps` is negative.
Tensor logspace(double start, double stop, std::int64_t steps, double base = 10, Dtype dtype = float32,
                Site site = Site::here());
/// 1 on the diagonal and 0 elsewhere: -> (rows, rows) or (rows, columns).
Tensor eye(std::int64_t rows, std::optional<std::int64_t> columns = {}, Dtype dtype = float32,
           Site site = Site::here());
/// All elements 0, in the shape and dtype of x.
Tensor zeros_like(const Arg& x);
/// All elements 1, in the shape and dtype of x.
Tensor ones_like(const Arg& x);
/// All elements `value`, a number, in the shape and dtype of x. Throws where that dtype has no counterpart of it.
Tensor full_like(const Arg& x, const Arg& value);

}  // namespace xtape
