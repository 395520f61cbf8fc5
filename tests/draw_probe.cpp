// For draw.py and draw_browser.py: networks, their pages, and what they compute.
//   draw_probe write NETWORKS FOLDER   of line i of NETWORKS a page, FOLDER/i.html, and weights, FOLDER/i.safetensors
//   draw_probe answers FILE...         of a file of weights and one of 784 bytes: each layer's numbers, as JSON
//   draw_probe texts                   for each line of the standard input the text of its network, or the error
//   draw_probe refusals                the errors of networks that have no page
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <xtape.hpp>

#include <examples/support/draw_page.hpp>
#include <examples/support/layers.hpp>

using namespace xtape;

namespace {

const char title[] = "</script><script>alert(1)</script> <!--<b>&amp; \"'`";

// Nothing is 0 or 1 as it is at the start, and variances are positive.
void shake(const nn::Sequential& net) {
  for (Parameter p : net.parameters()) p.assign(p.tensor() + 0.2 * normal(p.shape()));
  for (const auto& [name, b] : net.named_buffers())
    if (b.dtype() == float32) b.assign(abs(b.tensor() + 0.3 * normal(b.shape())) + 0.1);
}

void write(const std::string& networks, const std::string& folder) {
  std::ifstream lines(networks);
  std::string line;
  for (int i = 0; std::getline(lines, line); ++i) {
    manual_seed(static_cast<std::uint64_t>(i));
    const nn::Sequential net = network_of(parse_layers(line));
    shake(net);
    const std::string path = folder + "/" + std::to_string(i);
    write_draw_page(net, path + ".html", title);
    nn::save_safetensors(path + ".safetensors", net.state_dict(), {{"layers", to_text(net)}});
  }
}

void answers(const std::string& weights, const std::string& pixels) {
  std::ifstream file(pixels, std::ios::binary);
  const std::vector<unsigned char> bytes{std::istreambuf_iterator<char>(file), {}};
  const std::vector<Layer> layers = parse_layers(nn::load_safetensors_metadata(weights).at("layers"));
  nn::Sequential net = network_of(layers);
  net.load_state_dict(nn::load_safetensors(weights));
  net.eval();
  const NoGradGuard guard;
  Tensor x = tensor(bytes).to(float32) / 256;
  x = takes_pictures(layers) ? reshape(x, {1, 1, 28, 28}) : reshape(x, {1, 784});
  nlohmann::json all = nlohmann::json::array();
  for (const auto& layer : net) {
    x = layer(x);
    all.push_back(x.to_vector<double>());
  }
  const std::string last = layers.back().name;
  const Tensor p = last == "Softmax"      ? x
                   : last == "LogSoftmax" ? exp(x)
                   : last == "sigmoid"    ? x / sum(x, 1, true)
                                          : softmax(x);
  all.push_back(p.to_vector<double>());
  std::cout << all << "\n";
}

// What f throws, without the place.
template <class F>
std::string message(F f) {
  try {
    return f();
  } catch (const Error& e) {
    const std::string what = e.what();
    return what.substr(0, what.rfind(" [at "));
  }
}

void texts() {
  std::string line;
  while (std::getline(std::cin, line))
    std::cout << message([&] {
      const std::string text = to_text(network_of(parse_layers(line)));
      return text == to_text(parse_layers(text)) ? text : "it is not read again as " + text;
    }) << "\n";
}

void refusals() {
  auto refused = [](const nn::Sequential& net) {
    std::cout << message([&] { return write_draw_page(net, "/nowhere/page.html"), "it has a page"; }) << "\n";
  };
  const nn::Linear ten(784, 10);
  refused(nn::Sequential{ten, nn::relu, [](const Tensor& x) { return x * 2; }});
  refused(nn::Sequential{nn::Sequential{ten, nn::sigmoid}, nn::Residual(nn::Sequential{nn::relu, nn::glu})});
  refused(nn::Sequential{nn::Conv2d(1, 1, 3, ConvOptions().padding(1), true, PadMode::reflect)});
  refused(nn::Sequential{nn::Conv2d(1, 1, 2, ConvOptions().same_padding())});
  refused(nn::Sequential{nn::MaxPool2d(MaxPoolOptions(3).ceil_mode(true))});
  refused(nn::Sequential{nn::AvgPool2d(AvgPoolOptions(3).count_include_pad(false))});
  refused(nn::Sequential{nn::BatchNorm1d(784, nn::BatchNormOptions().track_running_stats(false)), ten});
  refused(nn::Sequential{ten, nn::Softmax(0)});
  refused(nn::Sequential{nn::Linear(784, 12)});
  refused(nn::Sequential{nn::Linear(785, 10)});
  refused(nn::Sequential{ten});
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "write" && argc == 4) write(argv[2], argv[3]);
  else if (mode == "answers" && argc == 4) answers(argv[2], argv[3]);
  else if (mode == "texts") texts();
  else if (mode == "refusals") refusals();
  else return 2;
}
