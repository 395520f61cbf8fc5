#include "sheet.hpp"

#include <autograd/ops.hpp>
#include <optim/png.hpp>

void write_sheet(const std::string& path, const xtape::Tensor& pictures, std::int64_t columns,
                 double low, double high) {
  using namespace xtape;
  const double frame = low + 0.75 * (high - low);
  const Tensor large = repeat_interleave(repeat_interleave(pictures, 2, 1), 2, 2);
  const Tensor framed = pad(large, {2, 2, 2, 2}, PadMode::constant, frame);
  const std::int64_t lacks = (columns - framed.size(0) % columns) % columns;
  const std::int64_t h = framed.size(1), w = framed.size(2);
  const Tensor all = pad(framed, {0, 0, 0, 0, 0, lacks}, PadMode::constant, frame);
  const Tensor rows = transpose(reshape(all, {-1, columns, h, w}), 1, 2);
  optim::write_png(path, reshape(rows, {-1, columns * w}), optim::PixelRange{low, high});
}
