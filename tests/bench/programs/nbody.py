# Floating point in attributes and lists: five bodies.
import math

BODIES = [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 39.47], [4.84, -1.16, -0.10, 0.60, 2.81, -0.02, 0.037],
          [8.34, 4.12, -0.40, -1.01, 1.82, 0.008, 0.011], [12.89, -15.11, -0.22, 1.08, 0.86, -0.01, 0.0017],
          [15.37, -25.91, 0.17, 0.97, 0.59, -0.03, 0.002]]


def advance(step):
    for i, a in enumerate(BODIES):
        for b in BODIES[i + 1:]:
            dx, dy, dz = a[0] - b[0], a[1] - b[1], a[2] - b[2]
            pull = step / (dx * dx + dy * dy + dz * dz) ** 1.5
            for k, d in enumerate((dx, dy, dz)):
                a[3 + k] -= d * b[6] * pull
                b[3 + k] += d * a[6] * pull
    for a in BODIES:
        for k in range(3):
            a[k] += step * a[3 + k]


for _ in range(5000):
    advance(0.01)
print(" ".join(f"{math.floor(b[k] * 1e6)}" for b in BODIES for k in range(3)))
