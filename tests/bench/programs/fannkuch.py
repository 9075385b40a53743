# Small lists turned about.
from itertools import permutations


def flips(order):
    order, count = list(order), 0
    while order[0]:
        k = order[0] + 1
        order[:k] = order[k - 1::-1] if k == len(order) else order[:k][::-1]
        count += 1
    return count


print(max(flips(p) for p in permutations(range(8))))
