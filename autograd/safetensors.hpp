// The safetensors format: named tensors in one file, which PyTorch, JAX and others read and write.
#pragma once
#include "core/error.hpp"
#include "state_dict.hpp"

namespace xtape {

/// Notes that stand in the head of a file.
using Metadata = std::map<std::string, std::string>;

/// Writes tensors of any dtype to `path`: the old file stays until the new one is complete on the disk. Throws when the
/// file cannot be written, a tensor is undefined, or a name or note is no UTF-8 or the name "__metadata__". Source:
/// https://github.com/huggingface/safetensors.
void save_safetensors(const std::string& path, const StateDict& tensors, const Metadata& metadata = {},
                      Site site = Site::here());
/// The tensors of a file: F32, F64, I64, U8 and BOOL as they are, F16 and BF16 as float32, I8, I16, I32, U16 and U32 as
/// int64. Throws when the file cannot be read or breaks the format's rules: a head of at most 100 MB of JSON that is
/// nested 3 deep, no name twice, sizes that fit, and tensors that fill the rest of the file without gap or overlap.
StateDict load_safetensors(const std::string& path, Site site = Site::here());
/// The notes of a file; its tensors are not read. Throws as load_safetensors does.
Metadata load_safetensors_metadata(const std::string& path, Site site = Site::here());

}  // namespace xtape
