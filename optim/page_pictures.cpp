#include <algorithm>
#include <autograd/files/base64.hpp>
#include <cmath>

#include "page.hpp"
#include "page_frame.hpp"

namespace xtape::optim {
namespace {

PixelRange range_of(const std::vector<double>& values, Dtype dtype) {
  if (dtype == uint8) return {0, 255};
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const double v : values)
    if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
  return low < high ? PixelRange{low, high} : PixelRange{low > high ? 0 : low, low > high ? 1 : low + 1};
}

// A signed picture in colour: the hue says which sign, the opacity how much of `largest`.
Tensor diverging_picture(const double* v, std::int64_t h, std::int64_t w, double largest) {
  constexpr double positive[] = {0.91, 0.35, 0.05}, negative[] = {0.11, 0.49, 0.84};
  const auto n = static_cast<std::size_t>(h * w);
  std::vector<double> colours(4 * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < 3; ++k) colours[k * n + i] = (v[i] > 0 ? positive : negative)[k];
    colours[3 * n + i] = largest > 0 ? std::abs(v[i]) / largest : 0;
  }
  return tensor(colours, Shape{4, h, w});
}

}  // namespace

Page& Page::pictures(const std::string& title, const Tensor& pictures, const std::vector<std::string>& captions,
                     const PicturesOptions& options, Site site) {
  const Shape& shape = pictures.shape(site);
  const int rank = shape.rank();
  const std::int64_t n = rank > 0 ? shape[0] : 0, c = rank == 4 ? shape[1] : 1;
  if ((rank != 3 && rank != 4) || shape.size() == 0 || c > 4)
    fail("Page::pictures",
         "the pictures are " + to_string(shape) +
             ", expected (n, h, w) or (n, c, h, w) with c from 1 to 4, none of them 0",
         site);
  if (!captions.empty() && static_cast<std::int64_t>(captions.size()) != n)
    fail("Page::pictures",
         "there are " + std::to_string(captions.size()) + " captions for " + std::to_string(n) + " pictures", site);
  if ((options.ink_ || options.diverging_) && c != 1)
    fail("Page::pictures",
         "the pictures have " + std::to_string(c) + " channels, expected 1 for ink and for diverging colours", site);

  const std::vector<double> v = pictures.to_vector<double>(site);
  const PixelRange range = options.range_ ? *options.range_ : range_of(v, pictures.dtype());
  double largest = 0;
  for (const double x : v)
    if (std::isfinite(x)) largest = std::max(largest, std::abs(x));
  const std::int64_t h = shape[rank - 2], w = shape[rank - 1], each = c * h * w;
  const std::int64_t side = w * std::max<std::int64_t>(1, (72 + w / 2) / w);  // each pixel as large as the next
  std::string html = std::string("<ul class=\"sheet") + (side <= 100 ? " small" : "") + (options.ink_ ? " ink" : "") +
                     (options.diverging_ ? " framed" : "") + "\" style=\"--side:" + std::to_string(side) + "px\">\n";
  for (std::int64_t i = 0; i < n; ++i) {
    const double* values = v.data() + i * each;
    const std::string png = options.diverging_ ? encode_png(diverging_picture(values, h, w, largest), {}, site)
                                               : encode_png(tensor(values, Shape{c, h, w}), range, site);
    const std::string caption = captions.empty() ? "" : escaped(captions[static_cast<std::size_t>(i)]);
    html += "<li><figure><img alt=\"" + caption + "\" src=\"data:image/png;base64," + base64(png.data(), png.size()) +
            "\">";
    if (!caption.empty()) html += "<figcaption>" + caption + "</figcaption>";
    html += "</figure></li>\n";
  }
  return add("pictures", title, html + "</ul>\n");
}

}  // namespace xtape::optim
