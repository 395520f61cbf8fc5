// Files of models, as <autograd/safetensors.hpp> writes and reads them.
#pragma once
#include <autograd/safetensors.hpp>

namespace xtape::nn {

using xtape::load_safetensors;
using xtape::load_safetensors_metadata;
using xtape::Metadata;
using xtape::save_safetensors;

}  // namespace xtape::nn
