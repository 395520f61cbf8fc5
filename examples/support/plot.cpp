#include "plot.hpp"

#include <algorithm>
#include <autograd/files/base64.hpp>
#include <autograd/files/new_file.hpp>
#include <autograd/ops.hpp>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optim/png.hpp>

using xtape::Tensor;

static const char* const colours[] = {"#1d4ed8", "#ea580c", "#15803d",
                                      "#9333ea", "#b91c1c", "#0e7490"};

Plot::Plot(std::string title, std::string x_axis, std::string y_axis)
    : title_(std::move(title)), x_axis_(std::move(x_axis)), y_axis_(std::move(y_axis)) {}

Plot& Plot::add(Kind kind, const std::string& name, const Tensor& x, const Tensor& y) {
  if (x.size() != y.size())
    xtape::fail("Plot", "x is " + to_string(x.shape()) + " and y " + to_string(y.shape()) +
                            ", expected as many elements");
  if (!name.empty()) ++names_;
  const char* colour =
      colours[static_cast<std::size_t>(std::max(names_ - 1, 0)) % std::size(colours)];
  layers_.push_back({kind, name, colour, x.to_vector<double>(), y.to_vector<double>(), {}});
  return *this;
}

Plot& Plot::line(const std::string& name, const Tensor& x, const Tensor& y) {
  return add(Kind::line, name, x, y);
}

Plot& Plot::dashes(const std::string& name, const Tensor& x, const Tensor& y) {
  return add(Kind::dashes, name, x, y);
}

Plot& Plot::points(const std::string& name, const Tensor& x, const Tensor& y) {
  return add(Kind::points, name, x, y);
}

Plot& Plot::heat(const Tensor& x, const Tensor& y, const Tensor& z) {
  if (z.shape() != xtape::Shape{y.size(), x.size()} || x.size() < 2 || y.size() < 2)
    xtape::fail("Plot::heat", "z is " + to_string(z.shape()) + ", x " + to_string(x.shape()) +
                                  " and y " + to_string(y.shape()) +
                                  ", expected (m, n), (n,) and (m,), both at least 2");
  // Blue over white to orange, the first row at the bottom.
  using namespace xtape;
  const Tensor least = min(z), extent = max(z) - least;
  const Tensor share = flip((z - least) / where(extent > 0, extent, 1), 0);
  Tensors colours;
  for (auto [blue, orange] : {std::pair(0.43, 0.98), {0.63, 0.59}, {0.94, 0.31}})
    colours.push_back(1 + abs(2 * share - 1) *
                              (where(share > 0.5, orange, full_like(share, blue)) - 1));
  const std::string png = optim::encode_png(stack(colours));
  layers_.push_back({Kind::heat, "", "", x.to_vector<double>(), y.to_vector<double>(),
                     "data:image/png;base64," + base64(png.data(), png.size())});
  return *this;
}

Plot& Plot::y_range(double low, double high) { return y_range_ = {low, high}, *this; }

Tensor grid(const Tensor& x, const Tensor& y) {
  const xtape::Tensors xy = xtape::meshgrid({x, y}, true);
  return xtape::stack({xtape::flatten(xy[0]), xtape::flatten(xy[1])}, 1);
}

namespace {

constexpr double width = 400, height = 300;  // of a chart's frame
constexpr double left = 64, right = 20, top = 34, bottom = 52, legend_row = 18;

std::string number(double v, const char* format) {
  char text[32];
  std::snprintf(text, sizeof text, format, v);
  return text;
}

// A position, to a tenth of a pixel.
double tenths(double v) { return std::round(10 * v) / 10 + 0.; }
std::string number(double v) { return number(tenths(v), "%.5g"); }

std::string escaped(const std::string& text) {
  std::string s;
  for (char c : text) s += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return s;
}

std::string text(double x, double y, const std::string& anchor, const std::string& words) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\">" +
         escaped(words) + "</text>\n";
}

// About five round numbers in a range.
std::vector<double> ticks(double low, double high) {
  const double rough = (high - low) / 5, power = std::pow(10, std::floor(std::log10(rough)));
  const double digit = rough / power;
  const double step = power * (digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10);
  std::vector<double> all;
  for (double i = std::ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; ++i)
    all.push_back(i * step + 0.);  // no -0
  return all;
}

}  // namespace

// One chart as SVG, in a place of its own.
class Drawing {
 public:
  Drawing(const Plot& plot, int legend_rows)
      : plot_(plot),
        y0_(top + legend_row * legend_rows),
        x_range_(extent(&Plot::Layer::x)),
        y_range_(plot.y_range_.value_or(extent(&Plot::Layer::y))) {}

  std::string svg() const {
    return frame() + "<svg x=\"" + number(left) + "\" y=\"" + number(y0_) + "\" width=\"" +
           number(width) + "\" height=\"" + number(height) + "\">\n" + layers() + "</svg>\n" +
           "<rect x=\"" + number(left) + "\" y=\"" + number(y0_) + "\" width=\"" + number(width) +
           "\" height=\"" + number(height) + "\" fill=\"none\" stroke=\"#6b7280\"/>\n" + legend();
  }

  // How many rows the legend of a chart takes.
  static int legend_rows(const Plot& plot) {
    const std::vector<Entry> all = entries(plot);
    return all.empty() ? 0 : all.back().row + 1;
  }

 private:
  // Where a layer's name stands in the legend.
  struct Entry {
    double x;
    int row;
    const Plot::Layer* layer;
  };

  static std::vector<Entry> entries(const Plot& plot) {
    std::vector<Entry> all;
    double x = 0;
    int row = 0;
    for (const Plot::Layer& layer : plot.layers_) {
      if (layer.name.empty()) continue;
      const double wide = 40 + 8.0 * static_cast<double>(layer.name.size());
      if (x > 0 && x + wide > width) x = 0, ++row;
      all.push_back({x, row, &layer});
      x += wide;
    }
    return all;
  }

  // From the least to the greatest of what is drawn, with a margin unless a heat map fills the
  // frame.
  Plot::Range extent(std::vector<double> Plot::Layer::*axis) const {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    bool filled = false;
    for (const Plot::Layer& layer : plot_.layers_) {
      for (double v : layer.*axis)
        if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
      filled = filled || layer.kind == Plot::Kind::heat;
    }
    if (!(low < high)) low = std::isfinite(low) ? low - 1 : -1, high = low + 2;
    const double margin = filled ? 0 : 0.04 * (high - low);
    return {low - margin, high + margin};
  }

  double at_x(double x) const {
    return (x - x_range_.first) / (x_range_.second - x_range_.first) * width;
  }
  double at_y(double y) const {
    return (y_range_.second - y) / (y_range_.second - y_range_.first) * height;
  }

  // Title, ticks with faint lines, and the names of the axes.
  std::string frame() const {
    std::string s = "<g font-size=\"15\" font-weight=\"bold\">" +
                    text(left + width / 2, 22, "middle", plot_.title_) + "</g>\n";
    const std::string end_x = number(left + width), end_y = number(y0_ + height);
    for (double t : ticks(x_range_.first, x_range_.second)) {
      const std::string x = number(left + at_x(t));
      s += "<path d=\"M" + x + " " + number(y0_) + "V" + end_y + "\" stroke=\"#e5e7eb\"/>\n" +
           text(left + at_x(t), y0_ + height + 16, "middle", number(t, "%.4g"));
    }
    for (double t : ticks(y_range_.first, y_range_.second)) {
      const std::string y = number(y0_ + at_y(t));
      s += "<path d=\"M" + number(left) + " " + y + "H" + end_x + "\" stroke=\"#e5e7eb\"/>\n" +
           text(left - 6, y0_ + at_y(t) + 4, "end", number(t, "%.4g"));
    }
    s += text(left + width / 2, y0_ + height + 38, "middle", plot_.x_axis_);
    return s + "<g transform=\"translate(16 " + number(y0_ + height / 2) + ") rotate(-90)\">" +
           text(0, 0, "middle", plot_.y_axis_) + "</g>\n";
  }

  std::string layers() const {
    std::string s;
    for (const Plot::Layer& layer : plot_.layers_)
      s += layer.kind == Plot::Kind::heat     ? heat(layer)
           : layer.kind == Plot::Kind::points ? points(layer)
                                              : line(layer);
    return s;
  }

  // How a line is drawn.
  static std::string stroke(const Plot::Layer& layer) {
    return " fill=\"none\" stroke-width=\"2\" stroke=\"" + std::string(layer.colour) + "\"" +
           (layer.kind == Plot::Kind::dashes ? " stroke-dasharray=\"7 5\"" : "") + "/>\n";
  }

  std::string line(const Plot::Layer& layer) const {
    std::string d;
    double at[2] = {};
    bool pen_down = false;
    for (std::size_t i = 0; i < layer.x.size(); ++i) {
      if (!std::isfinite(layer.x[i]) || !std::isfinite(layer.y[i])) {
        pen_down = false;
        continue;
      }
      // Far outside the frame all is alike, and a viewer need not cope with it.
      const double y = tenths(std::clamp(at_y(layer.y[i]), -10 * height, 10 * height));
      const double x = tenths(at_x(layer.x[i]));
      d += pen_down ? "l" + number(x - at[0]) + " " + number(y - at[1])
                    : "M" + number(x) + " " + number(y);
      at[0] = x, at[1] = y, pen_down = true;
    }
    return "<path d=\"" + d + "\"" + stroke(layer);
  }

  // Dots are the round ends of lines without a length, over wider white ones.
  std::string points(const Plot::Layer& layer) const {
    std::string d;
    for (std::size_t i = 0; i < layer.x.size(); ++i)
      d += "M" + number(at_x(layer.x[i])) + " " + number(at_y(layer.y[i])) + "h0";
    const double size = layer.x.size() > 100 ? 5 : layer.x.size() > 10 ? 8 : 13;
    auto dots = [&](const char* colour, double wide) {
      return "<path stroke-linecap=\"round\" stroke=\"" + std::string(colour) +
             "\" stroke-width=\"" + number(wide) + "\" d=\"" + d + "\"/>\n";
    };
    return dots("white", size + 1.5) + dots(layer.colour, size);
  }

  // A picture over the cells, each of which has its point in the middle.
  std::string heat(const Plot::Layer& layer) const {
    const double x0 = at_x(layer.x.front()), x1 = at_x(layer.x.back());
    const double y0 = at_y(layer.y.back()), y1 = at_y(layer.y.front());
    const double half_x = (x1 - x0) / 2 / static_cast<double>(layer.x.size() - 1);
    const double half_y = (y1 - y0) / 2 / static_cast<double>(layer.y.size() - 1);
    return "<image preserveAspectRatio=\"none\" x=\"" + number(x0 - half_x) + "\" y=\"" +
           number(y0 - half_y) + "\" width=\"" + number(x1 - x0 + 2 * half_x) + "\" height=\"" +
           number(y1 - y0 + 2 * half_y) + "\" href=\"" + layer.picture + "\"/>\n";
  }

  std::string legend() const {
    std::string s;
    for (const Entry& entry : entries(plot_)) {
      const double x = left + entry.x, y = top + 4 + legend_row * entry.row;
      s += entry.layer->kind == Plot::Kind::points
               ? "<circle cx=\"" + number(x + 11) + "\" cy=\"" + number(y) + "\" r=\"4\" fill=\"" +
                     entry.layer->colour + "\"/>\n"
               : "<path d=\"M" + number(x) + " " + number(y) + "h22\"" + stroke(*entry.layer);
      s += text(x + 27, y + 4, "start", entry.layer->name);
    }
    return s;
  }

  const Plot& plot_;
  double y0_;
  Plot::Range x_range_, y_range_;
};

void write_svg(const std::string& path, const std::vector<Plot>& plots, int columns) {
  const auto count = static_cast<int>(plots.size());
  columns = std::min(columns, count);
  int legend_rows = 0;
  for (const Plot& plot : plots) legend_rows = std::max(legend_rows, Drawing::legend_rows(plot));
  const double wide = left + width + right;
  const double tall = top + legend_row * legend_rows + height + bottom;
  const std::string size =
      number(wide * columns) + " " + number(tall * ((count + columns - 1) / columns));
  std::string s = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + size +
                  "\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#111827\">\n" +
                  "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  for (int i = 0; i < count; ++i)
    s += "<g transform=\"translate(" + number(wide * (i % columns)) + " " +
         number(tall * (i / columns)) + ")\">\n" +
         Drawing(plots[static_cast<std::size_t>(i)], legend_rows).svg() + "</g>\n";
  xtape::NewFile file("write_svg", path);
  file.write(s + "</svg>\n");
  file.keep();
}
