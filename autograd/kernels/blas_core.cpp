#include "blas_core.hpp"

#include <initializer_list>
#include <string>

extern "C" char* openblas_get_corename();

namespace xtape {
namespace {

bool core_is_one_of(std::initializer_list<const char*> names) {
  const std::string core = openblas_get_corename();
  for (const char* name : names)
    if (core == name) return true;
  return false;
}

}  // namespace

bool blas_has_small_kernels() {
  static const bool has = core_is_one_of({"SkylakeX", "Cooperlake", "SapphireRapids"});
  return has;
}

bool blas_has_avx2() {
  static const bool has = blas_has_small_kernels() || core_is_one_of({"Haswell", "Zen", "Excavator"});
  return has;
}

}  // namespace xtape
