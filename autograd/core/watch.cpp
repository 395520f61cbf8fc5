#include "watch.hpp"

namespace xtape {

using namespace detail;

namespace {
__thread Watcher* watcher;

void watch(Watcher* w) {
  watcher = w;
  mode = w ? mode | watched : mode & ~unsigned{watched};
}
}  // namespace

__thread unsigned detail::mode;

Watcher::Watcher() : outer_(watcher) { watch(this); }
Watcher::~Watcher() { watch(outer_); }
Watcher* Watcher::innermost() { return watcher; }
Unwatched::Unwatched() : before_(watcher) { watch(nullptr); }
Unwatched::~Unwatched() { watch(before_); }

void Arg::tell() const {
  tell_watchers([this](Watcher& w) { w.argument(*this); });
}

Ref<Array> detail::take(Leaf& cell) {
  if (!(mode & watched)) return cell.value;
  Ref<Array> own = make_view(*cell.value, cell.shape);
  tell_watchers([&](Watcher& w) { w.taken(cell, own); });
  return own;
}

Tensor Arg::taken() const { return Tensor(take(static_cast<Leaf&>(*node)), Ref<Node>::share(node)); }

}  // namespace xtape
