// A page to draw digits on, which a trained network reads while one draws: it shows what its layers
// compute. Try `mnist --weights digits.safetensors`, then `draw --model digits.safetensors`.
#include <iostream>
#include <xtape.hpp>

#include "support/draw_page.hpp"
#include "support/layers.hpp"
#include "support/options.hpp"
using namespace xtape;

int main(int argc, char** argv) {
  return guarded([&] {
    const DrawOptions options = parse_draw_options(argc, argv);

    // What network it is. The file may say so; names and shapes of weights alone do not.
    const nn::Metadata notes = nn::load_safetensors_metadata(options.model);
    const std::string said = notes.count("layers") ? notes.at("layers") : "";
    const std::string asked = options.layers.empty() ? said : options.layers;
    if (asked.empty())
      fail("draw", options.model +
                       " does not say what layers its weights are of; name them, as in "
                       "--layers \"Linear(784, 30), sigmoid, Linear(30, 10)\"");
    nn::Sequential net = network_of(parse_layers(asked));
    if (!said.empty() && to_text(net) != to_text(network_of(parse_layers(said))))
      fail("draw", "the layers of " + options.model + " are " + said + ", not " + to_text(net));

    // Its weights must have the names and shapes of the layers.
    net.load_state_dict(nn::load_safetensors(options.model));
    write_draw_page(net, options.output, options.title);
    std::cout << to_text(net) << "\n" << options.output << " is written\n";
  });
}
