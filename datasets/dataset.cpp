#include "dataset.hpp"

#include <algorithm>
#include <autograd/files/checksum.hpp>
#include <autograd/files/described.hpp>
#include <autograd/kernels/loops.hpp>
#include <autograd/ops/gather.hpp>
#include <autograd/ops/join.hpp>
#include <vector>

namespace xtape::datasets {
using namespace xtape::detail;

namespace {

struct OfImages : Dataset::Source {
  explicit OfImages(std::shared_ptr<const Images> given) : images(std::move(given)) { check(); }

  // The pixels of an image; throws unless all are there, which the user may have changed since.
  std::int64_t check() const {
    images->check("Dataset");
    return picture().size();
  }
  std::int64_t size() const override { return images->count; }
  Shape picture() const override { return {images->channels, images->rows, images->cols}; }
  Batch batch(const Tensor& indices) const override {
    const std::int64_t n = indices.size(), pixels = check();
    Ref<Array> input = make_array(float32, Shape{n, pixels}), target = make_array(int64, Shape{n});
    const auto* index = indices.data<std::int64_t>();
    auto* x = input->at<float>();
    auto* t = target->at<std::int64_t>();
    const std::int64_t per_tile = std::max<std::int64_t>(1, kernel::tile_size / std::max<std::int64_t>(pixels, 1));
    parallel_for((n + per_tile - 1) / per_tile, [&](std::int64_t tile) {
      for (std::int64_t i = tile * per_tile; i < std::min(n, (tile + 1) * per_tile); ++i) {
        kernel::map(
            pixels, [](auto v) { return kernel::Real<float>(v.v) * (1.f / 256); }, x + i * pixels,
            images->pixels.data() + index[i] * pixels);
        t[i] = images->labels[static_cast<std::size_t>(index[i])];
      }
    });
    return {Tensor(std::move(input)), Tensor(std::move(target))};
  }
  Tensor classes() const override { return tensor(images->labels).to(int64); }
  std::string fingerprint() const override {
    check();
    const std::uint32_t sum =
        checksum(images->labels.data(), images->labels.size(), checksum(images->pixels.data(), images->pixels.size()));
    return std::to_string(images->count) + " images of " +
           (images->channels == 1 ? "" : std::to_string(images->channels) + " x ") + std::to_string(images->rows) +
           " x " + std::to_string(images->cols) + " " + hexadecimal(sum);
  }

  std::shared_ptr<const Images> images;
};

struct OfTensors : Dataset::Source {
  OfTensors(Tensor x, Tensor t) : input(std::move(x)), target(std::move(t)) {}
  std::int64_t size() const override { return input.shape()[0]; }
  Batch batch(const Tensor& indices) const override {
    return {index_select(input, 0, indices), index_select(target, 0, indices)};
  }
  Tensor classes() const override {
    const bool integers = target.dtype() == int64 || target.dtype() == uint8;
    return integers && target.rank() == 1 ? target.to(int64) : Tensor();
  }
  std::string fingerprint() const override { return fingerprint_of(input) + ", " + fingerprint_of(target); }

  Tensor input, target;
};

struct OfFunction : Dataset::Source {
  OfFunction(std::int64_t n, std::function<Batch(std::int64_t)> f) : count(n), sample(std::move(f)) {}
  std::int64_t size() const override { return count; }
  Batch batch(const Tensor& indices) const override { return detail::stacked(indices, sample); }

  std::int64_t count;
  std::function<Batch(std::int64_t)> sample;
};

void check_indices(const char* op, const Tensor& indices, std::int64_t size) {
  if (!indices.defined() || indices.dtype() != int64 || indices.rank() != 1)
    fail(op, "the indices are " + described(indices) + ", expected int64(n,)");
  const auto* index = indices.data<std::int64_t>();
  for (std::int64_t i = 0; i < indices.size(); ++i)
    if (index[i] < 0 || index[i] >= size)
      fail(op, "index " + std::to_string(index[i]) + " is not in [0, " + std::to_string(size) + ")");
}

struct Subset : Dataset::Source {
  Subset(Dataset d, Tensor i) : data(std::move(d)), indices(std::move(i)) {}
  std::int64_t size() const override { return indices.size(); }
  Batch batch(const Tensor& of) const override { return data.batch(chosen(of)); }
  Tensor chosen(const Tensor& of) const {
    Ref<Array> all = make_array(int64, of.shape());
    const auto *from = indices.data<std::int64_t>(), *at = of.data<std::int64_t>();
    for (std::int64_t i = 0; i < of.size(); ++i) all->at<std::int64_t>()[i] = from[at[i]];
    return Tensor(std::move(all));
  }
  Tensor classes() const override { return data.has_classes() ? index_select(data.classes(), 0, indices) : Tensor(); }
  Shape picture() const override { return data.picture(); }
  std::string fingerprint() const override { return fingerprint_of(indices) + " of " + data.fingerprint(); }

  Dataset data;
  Tensor indices;
};

}  // namespace

Batch detail::stacked(const Tensor& indices, const std::function<Batch(std::int64_t i)>& sample) {
  const auto* index = indices.data<std::int64_t>();
  Tensors inputs, targets;
  if (indices.size() == 0) fail("Dataset", "no samples are asked for, of which a function would tell the shapes");
  for (std::int64_t i = 0; i < indices.size(); ++i) {
    auto [input, target] = sample(index[i]);
    const auto check = [&](const char* what, const Tensor& x, const Tensors& before) {
      if (x.defined() && (before.empty() || (x.shape() == before[0].shape() && x.dtype() == before[0].dtype()))) return;
      fail("Dataset",
           std::string("the ") + what + " of sample " + std::to_string(index[i]) + " is " + described(x) +
               (before.empty() ? ", expected a tensor"
                               : ", expected " + described(before[0]) + " as of sample " + std::to_string(index[0])));
    };
    check("input", input, inputs), inputs.push_back(std::move(input));
    check("target", target, targets), targets.push_back(std::move(target));
  }
  return {stack(inputs), stack(targets)};
}

Dataset::Dataset(const Images& images, Site site) {
  const Scope scope(site);
  source_ = std::make_shared<OfImages>(shared(images));
}
Dataset::Dataset(Images&& images, Site site) {
  const Scope scope(site);
  source_ = std::make_shared<OfImages>(shared(std::move(images)));
}
Dataset::Dataset(Tensor input, Tensor target, Site site) {
  const auto has_rows = [](const Tensor& x) { return x.defined() && x.rank() > 0; };
  if (!has_rows(input) || !has_rows(target) || input.shape()[0] != target.shape()[0])
    fail("Dataset",
         "the tensors are " + described(input) + " and " + described(target) +
             ", expected (samples, ...) with one number of samples",
         site);
  source_ = std::make_shared<OfTensors>(input.detach(), target.detach());
}
Dataset::Dataset(std::int64_t size, std::function<Batch(std::int64_t i)> sample, Site site) {
  if (size < 0) fail("Dataset", std::to_string(size) + " samples, expected at least 0", site);
  if (!sample) fail("Dataset", "there is no function, expected one that gives a sample", site);
  source_ = std::make_shared<OfFunction>(size, std::move(sample));
}
Dataset::Dataset(std::shared_ptr<const Source> source, Site site) : source_(std::move(source)) {
  if (!source_) fail("Dataset", "there is no source", site);
}

const Dataset::Source& Dataset::source() const {
  if (!source_) fail("Dataset", "it was moved to another one");
  return *source_;
}

Batch Dataset::batch(const Tensor& indices, Site site) const {
  const Scope scope(site);
  check_indices("Dataset", indices, size());
  Batch batch = source().batch(indices);
  for (const Tensor* x : {&batch.input, &batch.target})
    if (!x->defined() || x->rank() == 0 || x->shape()[0] != indices.size())
      fail("Dataset", "a batch of " + std::to_string(indices.size()) + " samples has the " +
                          (x == &batch.input ? "input " : "target ") + described(*x));
  return batch;
}

Tensor Dataset::classes(Site site) const {
  const Scope scope(site);
  Tensor classes = source().classes();
  if (!classes.defined()) fail("Dataset", "the samples have no classes, expected targets (n,) of integers");
  if (classes.dtype() != int64 || classes.shape() != Shape{size()})
    fail("Dataset", "the classes of " + std::to_string(size()) + " samples are " + described(classes) +
                        ", expected int64(" + std::to_string(size()) + ",)");
  return classes;
}

Dataset Dataset::subset(const Tensor& indices, Site site) const {
  const Scope scope(site);
  check_indices("subset", indices, size());
  if (const auto* of = dynamic_cast<const Subset*>(source_.get()))
    return Dataset(std::make_shared<Subset>(of->data, of->chosen(indices)));
  return Dataset(std::make_shared<Subset>(*this, indices.detach()));
}
Dataset Dataset::subset(const std::vector<std::int64_t>& indices, Site site) const {
  return subset(tensor(indices), site);
}

Batch whole(const Dataset& data, Site site) {
  const Scope scope(site);
  return data.batch(arange(data.size()), site);
}

}  // namespace xtape::datasets
