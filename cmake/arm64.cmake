# Cross-compiles for arm64 with Debian's packages, and runs what it built by QEMU: see scripts/emulate.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64)
set(ENV{PKG_CONFIG_LIBDIR} /usr/lib/aarch64-linux-gnu/pkgconfig)
# Headers only, but their packages are of the architecture that compiles.
file(GLOB xtensor_DIR /usr/lib/*/cmake/xtensor)
file(GLOB xtl_DIR /usr/lib/*/cmake/xtl)
