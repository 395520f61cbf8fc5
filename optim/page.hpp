// Page: one HTML file with curves, tables and pictures, which needs nothing beside it.
#pragma once
#include <autograd/tensor.hpp>
#include <optim/histogram.hpp>
#include <optim/png.hpp>
#include <optim/value.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// What a Page can show is each in a file of its own: page_curves.cpp, page_histograms.cpp, page_matrix.cpp and
// page_pictures.cpp; all else is in page.cpp.
namespace xtape::optim {

/// One line of a chart: y[i] over x[i], and, where these are given and it is not smoothed, a band from low[i] to
/// high[i] behind it. What is not finite is a gap.
struct Series {
  std::string name;
  std::vector<double> x, y;
  std::vector<double> low = {}, high = {};
};

/// What may be set of curves: `CurvesOptions("epoch").log_scale().mark(17, "best")`.
class CurvesOptions {
 public:
  /// What x counts. Curves and histograms of one page that count the same share their cursor.
  CurvesOptions(std::string axis = "step") : axis_(std::move(axis)) {}
  /// Draws log y to begin with; a button changes it. What is not positive is a gap then.
  CurvesOptions& log_scale(bool v = true) { return log_ = v, *this; }
  /// Writes y = 0.981 as 98.1 %.
  CurvesOptions& percent(bool v = true) { return percent_ = v, *this; }
  /// Draws the mean of each of 200 stretches, and what it is the mean of faintly behind it.
  CurvesOptions& smooth(bool v = true) { return smooth_ = v, *this; }
  /// Draws a line with this name at x.
  CurvesOptions& mark(double x, std::string name) { return marks_.emplace_back(x, std::move(name)), *this; }

 private:
  friend class Page;
  std::string axis_;
  bool log_ = false, percent_ = false, smooth_ = false;
  std::vector<std::pair<double, std::string>> marks_;
};

/// What may be set of a matrix: `MatrixOptions().axes("is", "read as")`.
class MatrixOptions {
 public:
  /// What a row and what a column stands for; "is" and "taken for" by default.
  MatrixOptions& axes(std::string row, std::string column) {
    return row_ = std::move(row), column_ = std::move(column), *this;
  }
  /// The names of the columns, where they are not those of the rows.
  MatrixOptions& columns(std::vector<std::string> names) { return columns_ = std::move(names), *this; }

 private:
  friend class Page;
  std::string row_ = "is", column_ = "taken for";
  std::optional<std::vector<std::string>> columns_;
};

/// What may be set of a sheet of pictures: `PicturesOptions().ink()`.
class PicturesOptions {
 public:
  /// What is drawn black and what white; by default the least and the greatest finite element, [0, 255] for uint8.
  PicturesOptions& range(double low, double high) { return range_ = PixelRange{low, high}, *this; }
  /// Grey pictures as ink on paper: `high` is black on a light page and white on a dark one.
  PicturesOptions& ink(bool v = true) { return ink_ = v, *this; }
  /// Grey pictures of signed values: 0 is the page, positive is orange, negative is blue, the largest the strongest.
  PicturesOptions& diverging(bool v = true) { return diverging_ = v, *this; }

 private:
  friend class Page;
  std::optional<PixelRange> range_;
  bool ink_ = false, diverging_ = false;
};

/// Histograms y[i] of one thing, such as a layer's weights, at x[i].
struct HistogramSeries {
  std::string name;
  std::vector<double> x;
  std::vector<Histogram> y;
};

/// A number in large print: its name, itself and a word beside it.
struct Highlight {
  std::string name;
  Value value;
  std::string note = "";
};

/// A page of sections, in the order in which they are added:
///
///   optim::Page("MNIST", "784-30-10")
///       .curves("Cost", {{"training", epochs, costs}}, optim::CurvesOptions("epoch").log_scale())
///       .table("Settings", {{"learning rate", 3.0}, {"batch", 10}})
///       .write("mnist.html");
///
/// It opens without a network, and could not reach one if it wanted to; it is dark or light as the reader's system is,
/// or by its button. A wide screen has small sections two by two, and moves one up where it fills a gap under the same
/// heading. All text is shown as it is given, also where it looks like HTML. The same sections are the same bytes. A
/// title may be empty; there is no heading then.
class Page {
 public:
  explicit Page(std::string title, std::string subtitle = "");

  /// A heading over the sections that follow.
  Page& heading(const std::string& text);
  /// Prose; an empty line begins a paragraph.
  Page& text(const std::string& title, const std::string& text);
  /// Some numbers in large print, side by side.
  Page& highlights(const std::vector<Highlight>& highlights);
  /// A table of two columns, names and values.
  Page& table(const std::string& title, const Row& rows);
  /// A table with a head. Throws when a row has more or fewer values than there are columns.
  Page& table(const std::string& title, const std::vector<std::string>& columns,
              const std::vector<std::vector<Value>>& rows, Site site = Site::here());
  /// Lines over a common x, with a cursor that tells their values and a legend that hides them. One of more than 2,000
  /// points is drawn by the least and the greatest of each thousandth. Throws without series, where one has no points
  /// or not as many y, and low and high where there is a band, as x, and where an x is not within 1e300 or less than
  /// the one before it.
  Page& curves(const std::string& title, const std::vector<Series>& series, const CurvesOptions& options = {},
               Site site = Site::here());
  /// A matrix of counts (r, c) as a heat map; where rows and columns have the same names the diagonal is what is right,
  /// and errors have a colour of their own. Throws for another rank, where a count is negative or not finite, and where
  /// there are not as many names as rows and columns.
  Page& matrix(const std::string& title, const Tensor& counts, const std::vector<std::string>& names,
               const MatrixOptions& options = {}, Site site = Site::here());
  /// A sheet of grey pictures (n, h, w) or of grey or coloured ones (n, c, h, w), as `encode_png` takes them, with a
  /// caption under each, or without captions. Throws for other shapes, where there are not n captions, for a range that
  /// is none, and for `ink` and `diverging` of coloured pictures.
  Page& pictures(const std::string& title, const Tensor& pictures, const std::vector<std::string>& captions = {},
                 const PicturesOptions& options = {}, Site site = Site::here());
  /// How values are spread, and how that goes on: for each series its histograms one behind the other, at most 40, the
  /// last one in front. Throws as `curves` does.
  Page& histograms(const std::string& title, const std::vector<HistogramSeries>& series,
                   const std::string& axis = "step", Site site = Site::here());
  /// HTML as it is, and a script that runs when the page is there. The script finds its element as `section` and the
  /// page's own helpers as `page` (optim/page_frame.cpp). Throws where the script would end early, at "</script".
  Page& raw(const std::string& title, const std::string& html, const std::string& script = "",
            Site site = Site::here());

  /// The whole page.
  std::string html() const;
  /// Writes it to a file, which stands there whole or not at all. Throws where it cannot be written.
  void write(const std::string& path, Site site = Site::here()) const;

 private:
  struct Kind {
    const char* name;
    const char* script;
  };
  Page& add(const char* kind, const std::string& title, const std::string& html);
  /// A section that is drawn by the script of its kind from `json`.
  Page& draw(const Kind& kind, const std::string& title, const std::string& html, const std::string& json);

  std::string title_, subtitle_, body_;
  std::vector<const char*> scripts_;  // of the kinds that there are, each once
  std::string late_;                  // scripts of sections of one's own
  int count_ = 0;
};

}  // namespace xtape::optim
