# Strings, dictionaries and sorting.
from collections import Counter, defaultdict

state, words = 1, []
for _ in range(100000):
    state = state * 1103515245 + 12345 & 0x7FFFFFFF
    words.append("".join(chr(97 + (state >> s) % 13) for s in (5, 12, 19)))
count = Counter(words)
index = defaultdict(list)
for place, word in enumerate(words):
    index[word[::-1].upper()].append(place)
print(count.most_common(3), len(index), sorted(index)[:3], max(map(len, index.values())))
