// A page to draw digits on, of a network that was trained: it shows what the network makes of them.
// Try `mnist --weights digits.safetensors`, then `draw --model digits.safetensors -o draw.html`.
#include <iostream>
#include <xtape.hpp>

#include "support/draw_page.hpp"
#include "support/layers.hpp"
#include "support/options.hpp"
using namespace xtape;

int main(int argc, char** argv) {
  return guarded([&] {
    const DrawOptions options = parse_draw_options(argc, argv);

    // What network it is: the file of its weights says so where an example wrote it.
    const nn::Metadata notes = nn::load_safetensors_metadata(options.model);
    const auto said = notes.find("layers");
    if (said == notes.end() && options.layers.empty())
      fail("draw", options.model +
                       " does not say what layers its weights are of; name them, as in "
                       "--layers \"Linear(784, 30), sigmoid, Linear(30, 10)\"");
    const std::vector<Layer> layers =
        parse_layers(options.layers.empty() ? said->second : options.layers);
    if (said != notes.end() && to_text(parse_layers(said->second)) != to_text(layers))
      fail("draw",
           "the layers of " + options.model + " are " + said->second + ", not " + to_text(layers));

    // Its weights must fit in name and shape.
    nn::Sequential net = network_of(layers);
    net.load_state_dict(nn::load_safetensors(options.model));
    write_draw_page(net, options.output, options.title);
    std::cout << to_text(layers) << "\n" << options.output << " is written\n";
  });
}
