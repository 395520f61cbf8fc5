#include "draw_page.hpp"

#include <nlohmann/json.hpp>

#include <autograd/files/base64.hpp>
#include <autograd/ops.hpp>
#include <optim/page.hpp>

#include "draw_page_files.hpp"
#include "layers.hpp"

using namespace xtape;
using Json = nlohmann::ordered_json;

namespace {

// What the script needs to know of layers, which have their weights by their paths.
Json json_of(const std::vector<Layer>& layers) {
  Json all = Json::array();
  for (const Layer& layer : layers)
    all.push_back(
        {{"name", layer.name}, {"options", layer.options}, {"parts", json_of(layer.parts)}});
  return all;
}

Json json_of(const nn::StateDict& state) {
  Json all = Json::object();
  for (const auto& [path, v] : state) {
    if (v.dtype() != float32) continue;  // the number of batches that a norm has seen
    all[path] = {{"shape", std::vector<std::int64_t>(v.shape().begin(), v.shape().end())},
                 {"data", base64(v.data<float>(), static_cast<std::size_t>(4 * v.size()))}};
  }
  return all;
}

// The script knows one picture, and so no axis of several.
void check_axes(const std::vector<Layer>& layers, Site site) {
  for (const Layer& layer : layers) {
    for (const char* key : {"axis", "start"})
      if (const auto found = layer.options.find(key);
          found != layer.options.end() && found->second == std::vector<double>{0})
        fail("write_draw_page",
             to_text({layer}) + " works on axis 0, that of the batch, expected another", site);
    check_axes(layer.parts, site);
  }
}

}  // namespace

void write_draw_page(const nn::Sequential& net, const std::string& path, const std::string& title,
                     Site site) {
  const std::vector<Layer> layers = layers_of(net, site);
  check_axes(layers, site);
  nn::Sequential shown = net.clone();
  shown.eval();
  shown.to(float32);
  const bool pictures = takes_pictures(layers);
  const Tensor blank = pictures ? zeros({1, 1, 28, 28}) : zeros({1, 784});
  const Tensor y = no_grad([&] { return shown(blank, site); });
  if (y.shape() != Shape{1, 10})
    fail("write_draw_page",
         "the network makes " + to_string(y.shape()) +
             " of one picture, expected (1, 10): a number for each digit",
         site);

  std::int64_t count = 0;
  for (const Parameter& p : shown.parameters()) count += p.size();
  std::string learnt = std::to_string(count);
  for (std::size_t i = learnt.size(); i > 3;) learnt.insert(i -= 3, ",");
  const Json data = {{"layers", json_of(layers)},
                     {"pictures", pictures},
                     {"weights", json_of(shown.state_dict())}};
  optim::Page(title, "A network reads it while you draw, and shows all that it computes.")
      .raw("", draw_page_paper_html)
      .raw("",
           std::string("<style>") + draw_page_style_css + "</style>\n" + draw_page_network_html +
               "<div hidden><script type=\"application/json\" class=\"trained\">" + data.dump() +
               "</script></div>\n",
           std::string(draw_page_network_js) + draw_page_paper_js + draw_page_view_js +
               draw_page_diagram_js)
      .text("The network",
            to_text(layers) + ".\n\nIt has " + learnt + " weights, which it learnt from examples.")
      .write(path, site);
}
