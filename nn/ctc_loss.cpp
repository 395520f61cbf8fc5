#include "ctc_loss.hpp"

#include <algorithm>
#include <autograd/core/operation.hpp>
#include <autograd/ops/elementwise.hpp>
#include <autograd/ops/gather.hpp>
#include <autograd/ops/index.hpp>
#include <autograd/ops/join.hpp>
#include <autograd/ops/pad.hpp>
#include <autograd/ops/reduction.hpp>
#include <autograd/ops/shape.hpp>
#include <autograd/ops/slice.hpp>
#include <autograd/ops/softmax.hpp>
#include <limits>
#include <numeric>

#include "cost.hpp"

namespace xtape::nn {
using namespace detail;

namespace {

using Lengths = std::vector<std::int64_t>;
constexpr const char* cost = "ctc_loss";

// The logarithm of the probability of what cannot be: with -inf, gradients would be NaN.
constexpr double impossible = -1e30;

void check_lengths(const char* name, const Lengths& lengths, std::int64_t batch, std::int64_t least, std::int64_t most,
                   Site site) {
  if (static_cast<std::int64_t>(lengths.size()) != batch)
    fail(cost,
         std::to_string(lengths.size()) + " " + name + " lengths for a batch of " + std::to_string(batch) +
             ", expected one for each",
         site);
  for (std::int64_t n : lengths)
    if (n < least || n > most)
      fail(cost,
           std::string(name) + " length " + std::to_string(n) + ", expected " + std::to_string(least) + " to " +
               std::to_string(most),
           site);
}

// The targets as (batch, longest), filled up with blanks; throws for what is no label.
Tensor in_rows(const Tensor& targets, const Lengths& lengths, std::int64_t classes, std::int64_t blank, Site site) {
  const std::int64_t longest = *std::max_element(lengths.begin(), lengths.end());
  auto forward = [=](const Array& targets) {
    Ref<Array> y = make_array(int64, Shape{static_cast<std::int64_t>(lengths.size()), longest});
    auto* to = y->at<std::int64_t>();
    std::int64_t start = 0;
    for (std::int64_t n : lengths) {
      for (std::int64_t i = 0; i < longest; ++i) {
        const std::int64_t label = *to++ = i < n ? targets.at<std::int64_t>()[start + i] : blank;
        if (i < n && (label < 0 || label >= classes || label == blank))
          fail(cost,
               "the label at " + to_string(unravel(start + i, targets.shape)) + " is " + std::to_string(label) +
                   ", expected a class in [0, " + std::to_string(classes) + ") other than the blank, " +
                   std::to_string(blank),
               site);
      }
      start += targets.shape.rank() == 2 ? targets.shape[1] : n;
    }
    return y;
  };
  const Arg x(targets, site);
  return execute("ctc_labels", {&x}, forward, detail::no_gradient);
}

// Paths that stand one position earlier.
Tensor earlier(const Tensor& paths) { return pad(paths, {1, -1}, PadMode::constant, impossible); }

// The losses (batch,) of log probabilities (frames, batch, classes) and targets (batch, longest).
Tensor losses_of(const Tensor& x, const Tensor& targets, const Lengths& input_lengths, const Lengths& target_lengths,
                 std::int64_t blank) {
  const std::int64_t batch = x.shape()[1], longest = targets.shape()[1], positions = 2 * longest + 1;
  const Tensor blanks = full({batch, longest}, static_cast<double>(blank), int64);
  const Tensor end = full({batch, 1}, static_cast<double>(blank), int64);
  // A path goes through the labels with a blank before each and at the end.
  const Tensor path = concat({reshape(stack({blanks, targets}, 2), {batch, 2 * longest}), end}, 1);
  // It may leave out a blank between labels that differ.
  const Tensor before_last = slice(concat({end, end, path}, 1), 1, Slice(0, positions));
  const Tensor leave_out = (path == before_last).to(x.dtype()) * impossible;
  const Tensor start = (arange(positions) > 1).to(x.dtype()) * impossible;

  const Tensors frames = unbind(clamp(take_along(x, unsqueeze(path, 0), 2), impossible));
  Tensor paths = frames[0] + start;
  const Tensor steps = tensor(input_lengths, Shape{batch, 1});
  const std::int64_t shortest = *std::min_element(input_lengths.begin(), input_lengths.end());
  for (std::int64_t t = 1; t < x.shape()[0]; ++t) {
    const Tensor one = earlier(paths), two = earlier(one) + leave_out;
    const Tensor next = logaddexp(logaddexp(paths, one), two) + frames[static_cast<std::size_t>(t)];
    paths = t < shortest ? next : where(steps > t, next, paths);
  }
  // A path ends at the last label or at the blank behind it.
  const Tensor lengths = tensor(target_lengths, Shape{batch, 1});
  const Tensor at_label = take_along(paths, clamp(2 * lengths - 1, 0), 1) + (lengths == 0).to(x.dtype()) * impossible;
  return -reshape(logaddexp(take_along(paths, 2 * lengths, 1), at_label), {batch});
}

}  // namespace

Tensor ctc_loss(const Arg& log_probabilities, const Arg& targets, const Lengths& input_lengths,
                const Lengths& target_lengths, std::int64_t blank, bool zero_infinity, Reduction reduction) {
  const Arg &x = log_probabilities, &k = targets;
  const Site site = x.site;
  const int rank = x.array ? x.array->shape.rank() : 0;
  if (rank < 2 || rank > 3 || !is_floating(x.array->dtype) || x.array->shape[0] < 1)
    fail(cost, "expected floating log probabilities (frames, batch, classes) or (frames, classes), got " + described(x),
         site);
  const Shape& shape = x.array->shape;
  const std::int64_t batch = rank == 3 ? shape[1] : 1, classes = shape[rank - 1];
  if (batch == 0) fail(cost, "the batch is empty: " + described(x), site);
  if (blank < 0 || blank >= classes)
    fail(cost, "the blank is " + std::to_string(blank) + ", expected a class in [0, " + std::to_string(classes) + ")",
         site);
  const bool rows = k.array && k.array->shape.rank() == 2 && rank == 3;
  if (!k.array || (k.array->dtype != int64 && k.array->dtype != uint8) || (!rows && k.array->shape.rank() != 1) ||
      (rows && k.array->shape[0] != batch))
    fail(cost,
         "the targets are " + described(k) + ", expected int64 " +
             (rank == 3 ? "(" + std::to_string(batch) + ", longest) or (sum of lengths,)" : "(longest,)"),
         site);
  check_lengths("input", input_lengths, batch, 1, shape[0], site);
  const std::int64_t longest = k.array->shape[k.array->shape.rank() - 1];
  check_lengths("target", target_lengths, batch, 0, longest, site);
  const std::int64_t total = std::accumulate(target_lengths.begin(), target_lengths.end(), std::int64_t{0});
  if (!rows && rank == 3 && total != longest)
    fail(cost,
         "the target lengths add up to " + std::to_string(total) + ", the targets are " + to_string(k.array->shape),
         site);

  Scope scope(site);
  const Tensor labels = in_rows(k.tensor().to(int64), target_lengths, classes, blank, site);
  Tensor losses = losses_of(rank == 3 ? x.tensor() : unsqueeze(x, 1), labels, input_lengths, target_lengths, blank);
  const double infinity = zero_infinity ? 0 : std::numeric_limits<double>::infinity();
  losses = masked_fill(losses, losses > impossible / -2, infinity);
  if (reduction == Reduction::mean) losses = losses / clamp(tensor(target_lengths, Shape{batch}).to(losses.dtype()), 1);
  return reduced(rank == 3 ? losses : reshape(losses, Shape{}), reduction);
}

}  // namespace xtape::nn
