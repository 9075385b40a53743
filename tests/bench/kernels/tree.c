// A binary search tree with random priorities (treap): allocation, pointer chasing, rotations by split and
// merge.
#include "kernel.h"

struct node {
  struct node *left, *right;
  uint32_t key, priority;
  uint64_t size;
};

static struct node* make(uint32_t key, uint32_t priority) {
  struct node* n = malloc(sizeof *n);
  if (!n) abort();
  *n = (struct node){NULL, NULL, key, priority, 1};
  return n;
}

static uint64_t size(const struct node* n) { return n ? n->size : 0; }

static struct node* update(struct node* n) {
  n->size = 1 + size(n->left) + size(n->right);
  return n;
}

static struct node* insert(struct node* n, uint32_t key, uint32_t priority) {
  if (!n) return make(key, priority);
  if (key == n->key) return n;
  struct node** side = key < n->key ? &n->left : &n->right;
  struct node* child = *side = insert(*side, key, priority);
  if (child->priority <= n->priority) return update(n);
  if (side == &n->left) {
    n->left = child->right;
    child->right = update(n);
  } else {
    n->right = child->left;
    child->left = update(n);
  }
  return update(child);
}

static uint32_t kth(const struct node* n, uint64_t k) {
  for (;;) {
    uint64_t left = size(n->left);
    if (k == left) return n->key;
    if (k < left) {
      n = n->left;
    } else {
      k -= left + 1;
      n = n->right;
    }
  }
}

static void drop(struct node* n) {
  if (!n) return;
  drop(n->left);
  drop(n->right);
  free(n);
}

int main(int argc, char** argv) {
  uint64_t seed = 9, sum = 0;
  for (unsigned r = rounds_of(argc, argv, 36); r > 0; r--) {
    struct node* root = NULL;
    for (int i = 0; i < 30000; i++) {
      uint64_t x = next_random(&seed);
      root = insert(root, (uint32_t)x, (uint32_t)(x >> 32));
    }
    for (int i = 0; i < 30000; i++) sum = sum * 3 + kth(root, next_random(&seed) % root->size);
    drop(root);
  }
  return report("tree", sum);
}
