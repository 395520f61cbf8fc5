// What the operations of this thread do besides computing. One word, so that every operation looks once.
#pragma once

// `mode` is in watch.cpp.
namespace xtape::detail {

enum Mode : unsigned { grad_off = 1, watched = 2, noted = 4 };
extern __thread unsigned mode;

}  // namespace xtape::detail
