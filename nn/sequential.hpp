// Sequential: layers and functions, one after the other.
#pragma once
#include <nn/lambda.hpp>
#include <nn/shared.hpp>

namespace xtape::nn {

/// Calls its elements in order, each with the result of the one before: modules and any callable `Tensor -> Tensor`, as
/// `Sequential{Linear(784, 30), sigmoid, Linear(30, 10)}`: (...) -> what the last one gives, or x when there is none.
/// They are named by their position, "0", "1", "2"; a function becomes a Lambda. `net[0]` is an element,
/// `for (const auto& layer : net)` goes over them, and `net.replace("0", Linear(784, 30))` puts another in its place.
class Sequential : public Module<Sequential> {
 public:
  /// An element: a handle of its module, which can be called.
  class Element : public ModuleBase {
   public:
    Element(const Element&) = default;
    Element(Element&&) = default;
    Element& operator=(const Element&) & = default;
    Element& operator=(Element&&) & = default;
    ~Element() override = default;
    /// `net[0] = layer` would change what net[0] returned, and nothing else.
    template <class L>
    void operator=(L&&) && {
      static_assert(!std::is_same_v<L, L>, "net[0] = layer changes no Sequential; write net.replace(0, layer)");
    }

    Tensor operator()(const Tensor& x, Site site = Site::here()) const;
    /// The module with its members, as `net[0].as<Linear>().weight`. Throws when it is of another type.
    template <class M>
    M as(Site site = Site::here()) const {
      if (const M* m = call_.target<M>()) return *m;
      fail("Sequential", "the element is a " + type_name() + ", which is another type than what as() asks for", site);
    }
    /// Whether `as<M>()` gives one.
    template <class M>
    bool holds() const {
      return call_.target<M>() != nullptr;
    }

   private:
    friend class Sequential;
    template <class M>
    explicit Element(M module) : ModuleBase(module), call_(std::move(module)) {}
    std::function<Tensor(const Tensor&)> call_;
  };

  Sequential() = default;
  /// Of Sequentials alone, which stay elements: `Sequential{Sequential{...}}` has the parameters "0.0.weight". (Clang
  /// before version 18 takes a single one in braces for a copy: there write `Sequential().add(inner)`.)
  Sequential(std::initializer_list<Sequential> elements) {
    for (const Sequential& s : elements) add(s);
  }
  template <class First, class... Rest,
            class = std::enable_if_t<sizeof...(Rest) != 0 || !std::is_same_v<std::decay_t<First>, Sequential>>>
  explicit Sequential(First first, Rest... rest) {
    add(std::move(first));
    (add(std::move(rest)), ...);
  }

  /// Adds an element at the end.
  template <class Layer>
  Sequential& add(Layer layer) {
    if constexpr (is_element<Layer>()) {
      auto module = as_module(std::move(layer));
      child(std::to_string(size()), module);
      elements_->push_back(Element(std::move(module)));
    }
    return *this;
  }

  /// Puts another element in the place of the one of this name or position. Throws when there is none.
  template <class Layer>
  Sequential& replace(const std::string& name, Layer layer, Site site = Site::here()) {
    if constexpr (is_element<Layer>()) {
      auto module = as_module(std::move(layer));
      Element& place = (*elements_)[position(name, site)];
      replace_child(name, module, site);
      place = Element(std::move(module));
    }
    return *this;
  }
  template <class Layer>
  Sequential& replace(std::size_t i, Layer layer, Site site = Site::here()) {
    return replace(std::to_string(i), std::move(layer), site);
  }

  std::size_t size() const { return elements_->size(); }
  /// Throws when there is no such element.
  Element operator[](std::size_t i) const { return (*elements_)[position(std::to_string(i), {})]; }
  auto begin() const { return std::as_const(*elements_).begin(); }
  auto end() const { return std::as_const(*elements_).end(); }
  Tensor forward(const Tensor& x) const;

 private:
  template <class Layer>
  static constexpr bool is_element() {
    constexpr bool ok = std::is_invocable_r_v<Tensor, const Layer&, const Tensor&>;
    static_assert(ok,
                  "an element of nn::Sequential is a module or a function that takes a Tensor and returns a Tensor");
    return ok;
  }
  template <class Layer>
  static auto as_module(Layer layer) {
    if constexpr (std::is_base_of_v<ModuleBase, Layer>) return layer;
    else return Lambda(std::move(layer));
  }
  std::size_t position(const std::string& name, Site site) const;

  detail::Shared<std::vector<Element>> elements_;
};

}  // namespace xtape::nn
