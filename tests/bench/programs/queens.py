# Recursion, generators and sets.


def place(n, row, columns, up, down):
    if row == n:
        yield ()
        return
    for c in range(n):
        if c not in columns and row + c not in up and row - c not in down:
            for rest in place(n, row + 1, columns | {c}, up | {row + c}, down | {row - c}):
                yield (c,) + rest


found = list(place(9, 0, frozenset(), frozenset(), frozenset()))
print(len(found), found[0], found[-1])
