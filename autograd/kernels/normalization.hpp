// Private: normalisation on raw memory. Means and variances are summed in two passes, in an order that depends on the
// shape alone. T is float or double.
#pragma once
#include <cstdint>

namespace xtape::kernel {

/// Rows of n elements that are normalised each by itself. Row i uses row i mod `groups` of the weights (groups, n).
struct NormalizedRows {
  std::int64_t rows, groups, n;
  double eps;
  bool centered;  // the mean is subtracted
};
/// y = (x - mean) / sqrt(var + eps) w + b; null is 1 for w and 0 for b.
template <class T>
void normalize(const NormalizedRows& s, const T* x, const T* w, const T* b, T* y);
/// The gradients of x, w and b from that of y; the last two may be null.
template <class T>
void normalize_gradient(const NormalizedRows& s, const T* g, const T* x, const T* w, T* dx, T* dw, T* db);

/// x (batch, channels, run), normalised over all but the channels.
struct NormalizedChannels {
  std::int64_t batch, channels, run;
  double eps;
};
/// The mean and the variance of each channel, the latter divided by the number of elements, and 1 / sqrt(var + eps),
/// which is right where the variance itself overflows: 3 rows.
template <class T>
void channel_statistics(const NormalizedChannels& s, const T* x, T* statistics);
template <class T>
void normalize(const NormalizedChannels& s, const T* x, const T* statistics, const T* w, const T* b, T* y);
template <class T>
void normalize_gradient(const NormalizedChannels& s, const T* g, const T* x, const T* statistics, const T* w, T* dx,
                        T* dw, T* db);

}  // namespace xtape::kernel
