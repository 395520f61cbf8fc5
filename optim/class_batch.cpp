#include "class_batch.hpp"

#include <algorithm>
#include <autograd/files/described.hpp>
#include <cmath>
#include <optim/exact_sum.hpp>
#include <optim/named_state.hpp>
#include <optim/value.hpp>

namespace xtape::optim {
using namespace xtape::detail;

namespace {

double number(const Tensor& x, std::int64_t i) {
  return visit_dtype(x.dtype(), [&](auto type) { return static_cast<double>(x.data<decltype(type)>()[i]); });
}

// Without the axis of the classes.
Shape label_shape(const Shape& output) {
  Shape s;
  for (int i = 0; i < output.rank(); ++i)
    if (i != 1) s.push_back(output[i]);
  return s;
}

}  // namespace

ClassBatch::ClassBatch(const std::string& op, Use use, const Tensor& output, const Tensor& target,
                       const ClassOptions& options)
    : op_(op), options_(options), output_(output), inner_(1) {
  if (!is_floating(output.dtype()))
    fail(op, "the output is " + described(output) + ", expected scores, float32 or float64");
  const Shape& shape = output.shape();
  if (shape.rank() < (options.multilabel_ ? 2 : 1) || (shape.rank() > 1 && shape[1] == 0))
    fail(op, "the output is " + described(output) + ", expected scores (batch, " +
                 (options.multilabel_ ? "labels, ...)" : "classes, ...), or (batch,) for two classes"));
  columns_ = shape.rank() == 1 ? 1 : shape[1];
  for (int i = 2; i < shape.rank(); ++i) inner_ *= shape[i];
  samples_ = shape[0] * inner_;
  if (output.dtype() == float32) f32_ = output.data<float>();
  else f64_ = output.data<double>();
  for (std::int64_t i = 0; i < output.size(); ++i)
    if (std::isnan(at(i))) refuse_at("output", output, i, "a number");
  const bool by_threshold = (use == decide || use == decide_one) && (columns_ == 1 || options.multilabel_);
  if ((by_threshold || use == trust) && !options.logits_) check_probabilities();
  const double p = options.threshold_.value_or(0.5);
  cut_ = options.logits_ ? std::log(p / (1 - p)) : p;
  if (options.multilabel_) read_marks(target);
  else if (target.shape() == shape && columns_ > 1) read_rows(target);
  else read_labels(target);
}

void ClassBatch::read_labels(const Tensor& target) {
  const Shape& shape = output_.shape();
  const Shape expected = label_shape(shape);
  const bool binary = columns_ == 1;
  const bool fits = target.shape() == expected ||
                    (binary && target.rank() > 1 && target.shape()[1] == 1 && label_shape(target.shape()) == expected);
  if (!fits) refuse_target(target, "labels " + to_string(expected) + (binary ? "" : " or rows " + to_string(shape)));
  if (!binary && target.dtype() != int64 && target.dtype() != uint8)
    refuse_target(target, "labels int64 or uint8: write labels.to(int64)");
  const std::string range = binary ? "0 or 1" : "a class in [0, " + std::to_string(columns_) + ")";
  for (std::int64_t i = 0; i < samples_; ++i) {
    const double v = number(target, i);
    const bool ignored = v == static_cast<double>(options_.ignore_index_);
    if (!ignored && !(v >= 0 && v < static_cast<double>(classes()) && v == std::floor(v)))
      refuse_at("label", target, i, range);
    labels_.push_back(ignored ? -1 : static_cast<std::int64_t>(v));
  }
}

void ClassBatch::read_rows(const Tensor& target) {
  for (std::int64_t i = 0; i < samples_; ++i) {
    std::int64_t best = 0, second = -1;
    for (std::int64_t c = 0; c < columns_; ++c) {
      const std::int64_t k = start(i) + c * inner_;
      const double v = number(target, k), most = number(target, start(i) + best * inner_);
      if (std::isnan(v)) refuse_at("target", target, k, "a number");
      if (v > most) best = c, second = -1;
      else if (c > 0 && v == most) second = c;
    }
    if (second >= 0)
      fail(op_, "the target of the sample at " + to_string(unravel(i, label_shape(output_.shape()))) +
                    " is as large at class " + std::to_string(best) + " as at class " + std::to_string(second) +
                    ", expected one class a sample; of any number of classes write ClassOptions().multilabel()");
    labels_.push_back(best);
  }
}

void ClassBatch::read_marks(const Tensor& target) {
  if (target.shape() != output_.shape()) refuse_target(target, "0 and 1 of the output's shape");
  for (std::int64_t i = 0; i < samples_; ++i)
    for (std::int64_t c = 0; c < columns_; ++c) {
      const std::int64_t k = start(i) + c * inner_;
      const double v = number(target, k);
      if (v != 0 && v != 1) refuse_at("target", target, k, "0 or 1");
      marks_.push_back(v == 1);
    }
}

void ClassBatch::refuse_target(const Tensor& target, const std::string& expected) const {
  fail(op_, "the output is " + described(output_) + ", the target " + described(target) + "; expected " + expected);
}

void ClassBatch::refuse_at(const char* what, const Tensor& x, std::int64_t i, const std::string& expected) const {
  fail(op_, std::string("the ") + what + " at " + to_string(unravel(i, x.shape())) + " is " + to_string(number(x, i)) +
                ", expected " + expected);
}

std::vector<double> ClassBatch::scores(std::int64_t i) const {
  std::vector<double> y;
  for (std::int64_t c = 0; c < columns_; ++c) y.push_back(at(start(i) + c * inner_));
  return y;
}

ClassBatch::Powers ClassBatch::powers(std::int64_t i) const {
  Powers y{scores(i), 0, 0};
  const auto largest = std::max_element(y.each.begin(), y.each.end());
  if (!std::isfinite(*largest))
    refuse_at("output", output_, start(i) + (largest - y.each.begin()) * inner_,
              "a finite logit as the largest of a sample");
  y.shift = *largest;
  ExactSum total;
  for (double& v : y.each) total.add(v = std::exp(v - y.shift));
  y.total = total.value();
  return y;
}

double ClassBatch::surprise(std::int64_t i) const {
  const Powers p = powers(i);
  return std::log(p.total) - (at(start(i) + label(i) * inner_) - p.shift);
}

std::vector<double> ClassBatch::probabilities(std::int64_t i) const {
  if (!options_.logits_) return scores(i);
  if (columns_ == 1) return {1 / (1 + std::exp(-at(start(i))))};
  Powers p = powers(i);
  for (double& v : p.each) v /= p.total;
  return std::move(p.each);
}

void ClassBatch::check_probabilities() const {
  for (std::int64_t i = 0; i < output_.size(); ++i)
    if (!(at(i) >= 0 && at(i) <= 1))
      refuse_at("output", output_, i, "a probability in [0, 1]; of logits write ClassOptions().logits()");
}

std::int64_t ClassBatch::decision(std::int64_t i) const {
  if (columns_ == 1) return is_decided(i, 0);
  const std::int64_t first = start(i);
  std::int64_t best = 0;
  for (std::int64_t c = 1; c < columns_; ++c)
    if (at(first + c * inner_) > at(first + best * inner_)) best = c;
  return best;
}

void ClassBatch::check(const std::string& op, Use use, const ClassOptions& o, Site site) {
  if (o.threshold_ && !(*o.threshold_ >= 0 && *o.threshold_ <= 1))
    fail(op, "threshold is " + to_string(*o.threshold_) + ", expected a probability in [0, 1]", site);
  if (o.threshold_ && use != decide && use != decide_one) fail(op, "a threshold changes nothing here", site);
  if (o.multilabel_ && use != decide && use != rank) fail(op, "it is of one class a sample, not multilabel", site);
}

std::string ClassBatch::describe(const std::string& name, const std::string& parameters, const ClassOptions& o) {
  std::string all = parameters;
  auto add = [&](const std::string& part) { all += (all.empty() ? "" : ", ") + part; };
  if (o.logits_) add("logits");
  if (o.multilabel_) add("multilabel");
  if (o.threshold_) add("threshold=" + to_string(*o.threshold_));
  if (o.ignore_index_ != ClassOptions().ignore_index_) add("ignore_index=" + std::to_string(o.ignore_index_));
  return all.empty() ? name : name + "(" + all + ")";
}

}  // namespace xtape::optim
