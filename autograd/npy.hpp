// NumPy's files: .npz archives of named arrays, and .npy files of one.
#pragma once
#include "core/error.hpp"
#include "state_dict.hpp"

namespace xtape {

/// Writes tensors to an archive that `numpy.load` opens, without compression, as `numpy.savez` does: the old file stays
/// until the new one is complete on the disk. Throws when the file cannot be written, a tensor is undefined or a name
/// is empty, has a NUL or more than 65531 bytes. As for any file that is written here, the mode of the old file and a
/// symbolic link in its place stay.
void save_npz(const std::string& path, const StateDict& tensors, Site site = Site::here());
/// The arrays of an archive, compressed or not: float32, float64, int64, uint8 and bool as they are, float16 as
/// float32, int8, int16, int32, uint16 and uint32 as int64; in row-major order, whatever order they were stored in.
/// Throws when the file cannot be read, or an array is damaged, of another type or big-endian, or unpacks to more than
/// the archive announces; no more than that is read.
StateDict load_npz(const std::string& path, Site site = Site::here());
/// Writes one tensor, as `numpy.save` does. Throws as save_npz does.
void save_npy(const std::string& path, const Tensor& x, Site site = Site::here());
/// The array of a file. Throws as load_npz does.
Tensor load_npy(const std::string& path, Site site = Site::here());

}  // namespace xtape
