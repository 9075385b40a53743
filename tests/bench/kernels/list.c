// Linked lists: build in random order, walk, reverse, merge sort; loads that depend on loads.
#include "kernel.h"

struct node {
  struct node* next;
  uint64_t value;
};

enum { kCount = 20000 };
static struct node nodes[kCount];

static struct node* merge(struct node* a, struct node* b) {
  struct node *head = NULL, **end = &head;
  while (a && b) {
    struct node** least = a->value <= b->value ? &a : &b;
    *end = *least;
    end = &(*end)->next;
    *least = *end;
  }
  *end = a ? a : b;
  return head;
}

static struct node* sort(struct node* list) {
  if (!list || !list->next) return list;
  struct node *slow = list, *fast = list->next;
  while (fast && fast->next) slow = slow->next, fast = fast->next->next;
  struct node* second = slow->next;
  slow->next = NULL;
  return merge(sort(list), sort(second));
}

static struct node* reverse(struct node* list) {
  struct node* done = NULL;
  while (list) {
    struct node* next = list->next;
    list->next = done;
    done = list;
    list = next;
  }
  return done;
}

int main(int argc, char** argv) {
  uint64_t seed = 6, sum = 0;
  for (unsigned r = rounds_of(argc, argv, 90); r > 0; r--) {
    struct node* list = NULL;
    for (int i = 0; i < kCount; i++) {
      nodes[i].value = next_random(&seed);
      nodes[i].next = list;
      list = &nodes[i];
    }
    list = sort(list);
    for (int i = 0; i < 20; i++) {
      list = reverse(list);
      for (struct node* n = list; n; n = n->next) sum = sum * 3 + n->value;
    }
  }
  return report("list", sum);
}
