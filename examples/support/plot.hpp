// Charts as SVG files, dark on white, which any browser shows.
#pragma once
#include <autograd/tensor.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// A chart: what is added lies over what was added before, on common axes. Names stand in a legend;
/// what has none has the colour of what was added before.
class Plot {
 public:
  explicit Plot(std::string title, std::string x_axis = "", std::string y_axis = "");

  /// A line through the points (x[i], y[i]); a y that is not finite is a gap. Here and below,
  /// throws unless x and y have the same number of elements.
  Plot& line(const std::string& name, const xtape::Tensor& x, const xtape::Tensor& y);
  /// The same, dashed: what is held against something.
  Plot& dashes(const std::string& name, const xtape::Tensor& x, const xtape::Tensor& y);
  /// A dot at each (x[i], y[i]).
  Plot& points(const std::string& name, const xtape::Tensor& x, const xtape::Tensor& y);
  /// z (m, n) as colours where y (m,) and x (n,) are, both in equal steps: from blue, the least,
  /// over white to orange, the greatest. Throws for other shapes.
  Plot& heat(const xtape::Tensor& x, const xtape::Tensor& y, const xtape::Tensor& z);
  /// The ends of the y axis, where they are not to be those of what is drawn.
  Plot& y_range(double low, double high);

 private:
  friend class Drawing;
  using Range = std::pair<double, double>;
  enum class Kind { line, dashes, points, heat };
  struct Layer {
    Kind kind;
    std::string name;
    const char* colour;
    std::vector<double> x, y;
    std::string picture;  // of a heat map
  };
  Plot& add(Kind kind, const std::string& name, const xtape::Tensor& x, const xtape::Tensor& y);

  std::string title_, x_axis_, y_axis_;
  std::vector<Layer> layers_;
  int names_ = 0;
  std::optional<Range> y_range_;
};

/// Writes charts into one file, `columns` of them side by side.
void write_svg(const std::string& path, const std::vector<Plot>& plots, int columns = 2);

/// All points of a plane with these x (n,) and y (m,), row by row: (m n, 2). What a function gives
/// for them is, as (m, n), the z of a heat map.
xtape::Tensor grid(const xtape::Tensor& x, const xtape::Tensor& y);
