// NumPy's files of models, as <autograd/npy.hpp> writes and reads them.
#pragma once
#include <autograd/npy.hpp>

namespace xtape::nn {

using xtape::load_npy;
using xtape::load_npz;
using xtape::save_npy;
using xtape::save_npz;

}  // namespace xtape::nn
