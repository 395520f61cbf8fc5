// What the copies of a container have in common, so that what is added to one is in all.
#pragma once
#include <autograd/parameter.hpp>
#include <memory>
#include <utility>

namespace xtape::detail {

/// A T that copies share; under Cloning they share a copy of it.
template <class T>
class Shared {
 public:
  Shared() : value_(std::make_shared<T>()) {}
  Shared(const Shared& other) : value_(other.value_) {
    Cloning* cloning = Cloning::current();
    if (!cloning || !value_) return;
    value_ = std::static_pointer_cast<T>(
        cloning->copy_of(value_.get(), [&] { return std::make_shared<T>(std::as_const(*value_)); }));
  }
  Shared(Shared&&) noexcept = default;
  Shared& operator=(const Shared&) = default;
  Shared& operator=(Shared&&) noexcept = default;
  ~Shared() = default;

  T& operator*() const {
    if (!value_) fail("Module", "the module is undefined: it was moved to another and never assigned");
    return *value_;
  }
  T* operator->() const { return &**this; }

 private:
  std::shared_ptr<T> value_;
};

}  // namespace xtape::detail
