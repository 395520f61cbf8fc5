#include "layers.hpp"

#include <nn/residual.hpp>

#include "layer_kinds.hpp"

using namespace xtape;

namespace {

Layer sequential(std::vector<Layer> layers) { return {"Sequential", {}, std::move(layers)}; }

std::vector<Layer> layers_at(const nn::Sequential& net, const std::string& path, Site site);

// A body or a shortcut: several layers are one as a Sequential.
Layer part_at(const nn::Sequential& net, const std::string& path, Site site) {
  std::vector<Layer> layers = layers_at(net, path, site);
  return layers.size() == 1 && layers[0].name != "Sequential" ? layers[0]
                                                              : sequential(std::move(layers));
}

Layer layer_at(const nn::Sequential::Element& element, const std::string& path, Site site) {
  if (element.holds<nn::Sequential>())
    return sequential(layers_at(element.as<nn::Sequential>(), path + ".", site));
  if (element.holds<nn::Residual>()) {
    const auto residual = element.as<nn::Residual>();
    Layer layer{"Residual", {}, {part_at(residual.body(), path + ".body.", site)}};
    if (residual.shortcut().size())
      layer.parts.push_back(part_at(residual.shortcut(), path + ".shortcut.", site));
    return layer;
  }
  for (const Kind& kind : layer_kinds())
    if (const std::optional<Layer> layer = kind.read(element)) return *layer;
  std::string known = "Sequential, Residual";
  for (const Kind& kind : layer_kinds()) known += ", " + kind.name;
  fail("layers_of",
       "layer " + path + " is a " + element.type_name() + ", which has no text; what has one is " +
           known,
       site);
}

std::vector<Layer> layers_at(const nn::Sequential& net, const std::string& path, Site site) {
  std::vector<Layer> layers;
  for (const nn::Sequential::Element& element : net)
    layers.push_back(layer_at(element, path + std::to_string(layers.size()), site));
  return layers;
}

nn::Sequential network_of_part(const Layer& part, Site site) {
  return network_of(part.name == "Sequential" ? part.parts : std::vector{part}, site);
}

void add(nn::Sequential& net, const Layer& layer, Site site) {
  if (layer.name == "Sequential") {
    net.add(network_of(layer.parts, site));
  } else if (layer.name == "Residual") {
    const nn::Sequential body = network_of_part(layer.parts.at(0), site);
    if (layer.parts.size() == 1) net.add(nn::Residual(body));
    else net.add(nn::Residual(body, network_of_part(layer.parts.at(1), site)));
  } else {
    const Scope scope(site);
    kind_named(layer.name)->add(net, layer);
  }
}

// What the first layer that asks for a shape is.
const Kind* first_kind(const std::vector<Layer>& layers) {
  for (const Layer& layer : layers) {
    const Kind* kind = kind_named(layer.name);
    if (!kind) kind = first_kind(layer.parts);
    if (kind && !kind->of_any) return kind;
  }
  return nullptr;
}

}  // namespace

std::vector<Layer> layers_of(const nn::Sequential& net, Site site) {
  return layers_at(net, "", site);
}

std::string to_text(const nn::Sequential& net, Site site) { return to_text(layers_of(net, site)); }

nn::Sequential network_of(const std::vector<Layer>& layers, Site site) {
  nn::Sequential net;
  for (const Layer& layer : layers) add(net, layer, site);
  return net;
}

bool takes_pictures(const std::vector<Layer>& layers) {
  const Kind* kind = first_kind(layers);
  return kind && kind->of_pictures;
}
