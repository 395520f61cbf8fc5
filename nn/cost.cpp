#include "cost.hpp"

namespace xtape::nn {
namespace {

// As it is written in a program: "{5, 1}".
std::string literal(const Shape& shape) {
  std::string text;
  for (std::int64_t n : shape) text += (text.empty() ? "" : ", ") + std::to_string(n);
  return "{" + text + "}";
}

bool stretches(const Shape& from, const Shape& to) {
  if (from.rank() > to.rank()) return false;
  for (int i = 1; i <= from.rank(); ++i)
    if (from[from.rank() - i] != 1 && from[from.rank() - i] != to[to.rank() - i]) return false;
  return true;
}

bool are_labels(const Shape& target, const Shape& y) {
  for (int classes : {1, y.rank() - 1}) {
    Shape rest;
    for (int i = 0; i < y.rank(); ++i)
      if (i != classes) rest.push_back(y[i]);
    if (rest == target && rest.rank() == y.rank() - 1) return true;
  }
  return false;
}

// What makes one shape of two.
std::string remedy(const Shape& y, const Shape& target, const std::string& y_name, const std::string& target_name) {
  auto stretch = [](const std::string& name, const Shape& shape) {
    return ", nothing is stretched unasked: broadcast_to(" + name + ", " + literal(shape) + ")";
  };
  if (y.size() == target.size()) {
    if (y.rank() == 1) return ": write flatten(" + target_name + ")";
    const std::string reshaped = "reshape(" + target_name + ", " + literal(y) + ")";
    return ": write " + (target.rank() == 1 ? "flatten(" + y_name + ") or " + reshaped : reshaped);
  }
  if (are_labels(target, y)) return ": of labels write one_hot(labels, classes)";
  if (stretches(target, y)) return stretch(target_name, y);
  return stretches(y, target) ? stretch(y_name, target) : "";
}

// A name as a variable: without its article.
std::string variable(const std::string& name) { return name.compare(0, 4, "the ") == 0 ? name.substr(4) : name; }

}  // namespace

void check_pair(const char* cost, const Arg& y, const Arg& target, const char* y_name, const char* target_name) {
  const bool tensors = y.array && target.array;
  if (tensors && y.array->shape == target.array->shape && is_floating(y.array->dtype)) return;
  const std::string is = std::string(y_name) + " is ", other = std::string(", ") + target_name + " ";
  if (!tensors) fail(cost, is + described(y) + other + described(target) + "; both must be tensors", y.site);
  const Shape &a = y.array->shape, &b = target.array->shape;
  if (a == b) fail(cost, is + described(y) + ", expected float32 or float64", y.site);
  fail(cost,
       is + to_string(a) + other + to_string(b) + "; they must have one shape" +
           remedy(a, b, variable(y_name), variable(target_name)),
       y.site);
}

void check_labels(const char* cost, const Arg& labels, const Shape& expected, std::int64_t classes) {
  if (!labels.array || labels.array->shape != expected)
    fail(cost, "the labels are " + described(labels) + ", expected integers " + to_string(expected), labels.site);
  if (labels.array->dtype != int64 && labels.array->dtype != uint8)
    fail(cost,
         "the labels are " + described(labels) + ", expected int64 or uint8: write labels.to(int64), or for one-hot " +
             "rows argmax(rows, 1)",
         labels.site);
  const std::string range = "a class in [0, " + std::to_string(classes) + ")";
  check_values(
      cost, "label", labels, [=](double v) { return v >= 0 && v < static_cast<double>(classes); }, range.c_str());
}

void check_option(const char* cost, bool fits, const char* name, double value, const char* expected, Site site) {
  if (!fits) fail(cost, std::string(name) + " is " + std::to_string(value) + ", expected " + expected, site);
}

void refuse_value(const char* cost, const char* name, const Arg& x, std::int64_t at, double value,
                  const char* expected) {
  std::string number = std::to_string(value);
  if (!is_floating(x.array->dtype)) number.resize(number.find('.'));
  fail(cost,
       "the " + std::string(name) + " at " + to_string(unravel(at, x.array->shape)) + " is " + number + ", expected " +
           expected,
       x.site);
}

Tensor made_floating(Dtype dtype, const Arg& x) {
  return is_floating(x.array->dtype) ? x.tensor() : x.tensor().to(dtype, x.site);
}

std::string described(const Arg& x) {
  if (!x.array) return x.is_scalar ? "a number" : "no tensor";
  return to_string(x.array->dtype) + to_string(x.array->shape);
}

Tensor reduced(const Tensor& losses, Reduction reduction) {
  return reduction == Reduction::none ? losses : reduction == Reduction::mean ? mean(losses) : sum(losses);
}

}  // namespace xtape::nn
