// Many small pictures as one PNG file.
#pragma once
#include <autograd/tensor.hpp>
#include <string>

/// Writes grey pictures (n, h, w) row by row, `columns` of them side by side and twice as large,
/// from black, `low`, to white, `high`. Where they do not fill the last row, it ends
/// in light grey, as their frames are.
void write_sheet(const std::string& path, const xtape::Tensor& pictures, std::int64_t columns,
                 double low = 0, double high = 1);
