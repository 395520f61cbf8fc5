// Private to layers: which of them have a text.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "layers.hpp"

/// An option of a layer, and what it is where it is not given; none: it must be given.
struct Keyword {
  std::string name;
  std::optional<std::vector<double>> standard;
};

/// A layer that has a text: what it is called, what may be set of it, and both ways between that
/// and a module.
struct Kind {
  std::string name;
  std::vector<Keyword> keywords;
  std::function<void(xtape::nn::Sequential& net, const Layer& layer)> add;
  /// Empty where the element is of another kind. Throws where it has an option that has no text.
  std::function<std::optional<Layer>(const xtape::nn::Sequential::Element& element)> read;
  bool of_pictures = false;  // it takes (n, channels, rows, columns) and nothing else
  bool of_any = false;       // it takes any shape
};

/// All there are.
const std::vector<Kind>& layer_kinds();
/// The one of this name, in any case and with any underscores; null if there is none.
const Kind* kind_named(const std::string& name);
