#include "node.hpp"

#include "pool.hpp"

namespace xtape::detail {

// Nodes whose last owner goes wait in a list, so that a long chain ends without recursion. They are the list's links
// themselves, as nothing can be allocated here.
void destroy(Node* node) {
  static __thread Node* waiting;
  static __thread bool ending;
  node->next_dead = waiting;
  waiting = node;
  if (ending) return;
  ending = true;
  while (Node* dead = waiting) {
    waiting = dead->next_dead;
    int size_class = dead->size_class;
    dead->~Node();
    pool::local.live_nodes.add(-1);
    pool::give(dead, size_class);
  }
  ending = false;
}

}  // namespace xtape::detail
