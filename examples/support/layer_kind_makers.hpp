// Private to layer_kinds.cpp: how a kind is made of a module or a function, and its options.
#pragma once
#include <cmath>
#include <type_traits>

#include <autograd/ops/spatial.hpp>

#include "layer_kinds.hpp"

namespace kinds {

using namespace xtape;
using Element = nn::Sequential::Element;
using Numbers = std::vector<double>;
using Options = std::map<std::string, Numbers>;

// What a layer has of an option, in the type that a module takes it in.
inline std::vector<std::int64_t> integers(const Layer& layer, const std::string& key) {
  std::vector<std::int64_t> all;
  for (const double v : layer.options.at(key)) {
    if (v != std::floor(v) || std::abs(v) > 1e9)
      fail(layer.name, key + " is " + std::to_string(v) + ", expected a whole number");
    all.push_back(static_cast<std::int64_t>(v));
  }
  return all;
}
inline double number(const Layer& layer, const std::string& key) {
  const Numbers& all = layer.options.at(key);
  if (all.size() != 1)
    fail(layer.name, key + " has " + std::to_string(all.size()) + " numbers, expected one");
  return all[0];
}
inline std::int64_t integer(const Layer& layer, const std::string& key) {
  number(layer, key);
  return integers(layer, key)[0];
}
inline bool flag(const Layer& layer, const std::string& key) { return number(layer, key) != 0; }
inline PerAxis per_axis(const Layer& layer, const std::string& key) { return integers(layer, key); }
inline Shape shape(const Layer& layer, const std::string& key) {
  const std::vector<std::int64_t> sizes = integers(layer, key);
  return Shape(sizes.data(), sizes.data() + sizes.size());
}

// And back; of two axes that have the same, one.
template <class Integers>
Numbers list(const Integers& v) {
  return Numbers(v.begin(), v.end());
}
inline Numbers list(const PerAxis& v) {
  const std::vector<std::int64_t>& each = v.values();
  return each.size() == 2 && each[0] == each[1] ? list(std::vector{each[0]}) : list(each);
}
inline Numbers one(double v) { return {v}; }
inline Numbers one(std::int64_t v) { return {static_cast<double>(v)}; }

[[noreturn]] inline void refuse(const Element& e, const std::string& what) {
  fail(e.type_name(), "it has " + what + ", which has no text here");
}

inline Kind of_pictures(Kind kind) { return kind.of_pictures = true, kind; }
inline Kind of_any(Kind kind) { return kind.of_any = true, kind; }

// A kind of module M: make(layer) is one, read(module, element) its options.
template <class M, class Make, class Read>
Kind module(const std::string& name, const std::vector<Keyword>& keywords, Make make, Read read) {
  return {name, keywords, [make](nn::Sequential& net, const Layer& layer) { net.add(make(layer)); },
          [name, read](const Element& e) -> std::optional<Layer> {
            if (!e.holds<M>()) return std::nullopt;
            const M m = e.as<M>();
            return Layer{name, read(m, e), {}};
          }};
}

// A kind of module without options.
template <class M>
Kind plain(const std::string& name) {
  return module<M>(
      name, {}, [](const Layer&) { return M(); }, [](auto&, auto&) { return Options(); });
}

// The function of an element, if it is an F.
template <class F>
std::optional<F> function_of(const Element& e) {
  if (!e.holds<nn::Lambda>()) return std::nullopt;
  const nn::Lambda lambda = e.as<nn::Lambda>();
  const F* f = lambda.target<F>();
  return f ? std::optional<F>(*f) : std::nullopt;
}

// An activation without options: a function, or its type.
template <class Type>
Kind function(const std::string& name, Tensor (*f)(const Arg&)) {
  return of_any({name,
                 {},
                 [f](nn::Sequential& net, const Layer&) { net.add(f); },
                 [name, f](const Element& e) -> std::optional<Layer> {
                   const auto pointer = function_of<Tensor (*)(const Arg&)>(e);
                   if ((pointer && *pointer == f) || function_of<Type>(e))
                     return Layer{name, {}, {}};
                   return std::nullopt;
                 }});
}

// An activation F whose options are members. `Default` is its type where it has none.
template <class F, class Default = F, class... Member>
Kind activation(const std::string& name, const std::vector<std::string>& keys,
                Member F::*... members) {
  std::vector<Keyword> keywords;
  std::size_t i = 0;
  (keywords.push_back({keys[i++], one(static_cast<double>(F().*members))}), ...);
  return of_any({name, keywords,
                 [keys, members...](nn::Sequential& net, const Layer& layer) {
                   F f;
                   std::size_t i = 0;
                   ((f.*members = static_cast<Member>(number(layer, keys[i++]))), ...);
                   net.add(f);
                 },
                 [name, keys, members...](const Element& e) -> std::optional<Layer> {
                   std::optional<F> f = function_of<F>(e);
                   if (!f && function_of<Default>(e)) f.emplace();
                   if (!f) return std::nullopt;
                   Layer layer{name, {}, {}};
                   std::size_t i = 0;
                   ((layer.options[keys[i++]] = one(static_cast<double>((*f).*members))), ...);
                   return layer;
                 }});
}

// An activation with a parameter for each channel.
template <class M>
Kind learned(const std::string& name, Parameter M::*parameter) {
  return of_any(module<M>(
      name, {{"channels", one(1.)}}, [](const Layer& l) { return M(integer(l, "channels")); },
      [parameter](const M& m, auto&) {
        return Options{{"channels", one((m.*parameter).shape()[0])}};
      }));
}

}  // namespace kinds
