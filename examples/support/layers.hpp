// Networks as text: "Conv2d(1, 20, 5), MaxPool2d(2), relu, Flatten(), Linear(2880, 10)". A file of
// weights has names and shapes only; with this beside them it says what network they are of.
#pragma once
#include <map>
#include <string>
#include <vector>

#include <nn/sequential.hpp>

/// A layer: its name, all its options by name, and the layers of which it consists.
struct Layer {
  std::string name;                                    // "Conv2d", or of a function "relu"
  std::map<std::string, std::vector<double>> options;  // "stride": {2}; of flags {0} or {1}
  std::vector<Layer> parts;                            // of Sequential; of Residual its one or two
};

/// The layers of a network. Throws for one that has no text, such as a function of one's own, and
/// names it.
std::vector<Layer> layers_of(const xtape::nn::Sequential& net,
                             xtape::Site site = xtape::Site::here());

/// A network of these layers, with new weights. Throws where a module does.
xtape::nn::Sequential network_of(const std::vector<Layer>& layers,
                                 xtape::Site site = xtape::Site::here());

/// Layers as they stand between the braces of a Sequential. Sizes come first; what is not as it is
/// by default follows by its name: "Conv2d(1, 8, {3, 5}, stride=2, bias=false)".
std::string to_text(const std::vector<Layer>& layers);
/// The same of a network's layers. Throws as layers_of does.
std::string to_text(const xtape::nn::Sequential& net, xtape::Site site = xtape::Site::here());

/// What such a text says. Upper and lower case and underscores do not matter, so that `max_pool2d`
/// and `Sigmoid()` are right too. Throws where it does not understand the text, and says where.
std::vector<Layer> parse_layers(const std::string& text, xtape::Site site = xtape::Site::here());

/// Whether the first layer that asks for a shape takes pictures (n, 1, rows, columns); else the
/// network takes rows of pixels.
bool takes_pictures(const std::vector<Layer>& layers);
