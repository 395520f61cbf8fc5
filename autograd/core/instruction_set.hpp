// Which instructions the processor has.
#pragma once

namespace xtape::kernel {

/// The instruction set that kernels use: the best the processor has, or a lesser one named by the environment variable
/// XTAPE_ISA (baseline, avx2 or avx512). Another name there is an error of the first operation.
struct Isa {
  enum Level { baseline, avx2, avx512 };
  Isa();
  void check() const {
    if (refused) refuse();
  }
  Level level;
  const char* refused = nullptr;

 private:
  [[noreturn]] void refuse() const;
};
extern const Isa isa;

}  // namespace xtape::kernel
