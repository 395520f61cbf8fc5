#include "data.hpp"

#include <algorithm>
#include <autograd/files/checksum.hpp>
#include <autograd/ops/gather.hpp>
#include <autograd/ops/slice.hpp>

namespace xtape::optim {

namespace {

// 0 where there are none, which a TensorBatches refuses.
std::int64_t rows_of(const Tensors& tensors) {
  const bool rows = !tensors.empty() && tensors[0].defined() && tensors[0].rank() > 0;
  return rows ? tensors[0].shape()[0] : 0;
}

}  // namespace

Data::Data(std::initializer_list<Tensor> tensors)
    : Data(TensorBatches(tensors, std::clamp<std::int64_t>(rows_of(tensors), 1, 500), false)) {}

TensorBatches::TensorBatches(Tensors tensors, std::int64_t size, bool shuffle, Site site)
    : tensors_(std::move(tensors)),
      size_(size),
      shuffle_(shuffle),
      order_([n = rows_of(tensors_)](std::uint64_t seed, std::int64_t epoch) { return epoch_order(n, seed, epoch); }) {
  if (tensors_.empty()) fail("TensorBatches", "there are no tensors", site);
  for (const Tensor& x : tensors_)
    if (!x.defined() || x.rank() == 0 || x.shape()[0] == 0 || x.shape()[0] != tensors_[0].shape()[0]) {
      std::string shapes;
      for (const Tensor& y : tensors_)
        shapes += (shapes.empty() ? "" : ", ") + (y.defined() ? to_string(y.shape()) : "undefined");
      fail("TensorBatches", "the tensors are " + shapes + "; expected (samples, ...) with one number of samples, not 0",
           site);
    }
  const std::int64_t n = tensors_[0].shape()[0];
  if (size < 1 || size > n)
    fail("TensorBatches",
         "batches of " + std::to_string(size) + " of " + std::to_string(n) + " samples, expected 1 to that many", site);
  for (Tensor& x : tensors_) x = x.detach();
}

std::int64_t TensorBatches::count() const { return (tensors_[0].shape()[0] + size_ - 1) / size_; }

Tensors TensorBatches::batch(std::int64_t i, std::int64_t epoch, std::uint64_t seed) const {
  const std::int64_t n = tensors_[0].shape()[0], begin = i * size_, end = std::min(begin + size_, n);
  if (i < 0 || begin >= n)
    fail("TensorBatches", "batch " + std::to_string(i) + " of " + std::to_string(count()) + " does not exist");
  Tensors batch;
  const Tensor rows = shuffle_ ? slice(order_(seed, epoch), 0, Slice(begin, end)) : Tensor();
  for (const Tensor& x : tensors_)
    batch.push_back(shuffle_ ? index_select(x, 0, rows) : slice(x, 0, Slice(begin, end)));
  return batch;
}

std::string TensorBatches::fingerprint() const {
  std::string text;
  for (const Tensor& x : tensors_) text += fingerprint_of(x) + ", ";
  return text + (shuffle_ ? "shuffled" : "in order") + " in batches of " + std::to_string(size_);
}

}  // namespace xtape::optim
