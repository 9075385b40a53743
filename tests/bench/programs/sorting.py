# Comparisons, keys, a heap and bisection.
import bisect
import heapq

numbers = [i * 7919 % 100003 for i in range(60000)]
pairs = sorted(((n % 100, -n) for n in numbers))
print(pairs[0], pairs[-1], sorted(numbers, key=str)[:3])
heap = []
for n in numbers[:20000]:
    heapq.heappush(heap, n)
print(sum(heapq.heappop(heap) * i for i in range(20000)) % 1000007)
ordered = sorted(numbers)
print(sum(bisect.bisect(ordered, n * 3) for n in numbers[:20000]))
