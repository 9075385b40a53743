// Five bodies under gravity, a symplectic step at a time.
#include <math.h>

#include "../kernels/kernel.h"

enum { kBodies = 5 };
static struct Body {
  double x[3], v[3], mass;
} bodies[kBodies] = {{{0, 0, 0}, {0, 0, 0}, 39.5},
                     {{4.8, -1.2, -0.1}, {0.6, 2.8, -0.02}, 0.04},
                     {{8.3, 4.1, -0.4}, {-1.0, 1.8, 0.008}, 0.011},
                     {{12.9, -15.1, -0.2}, {1.1, 0.9, -0.01}, 0.0017},
                     {{15.4, -25.9, 0.2}, {0.98, 0.6, -0.03}, 0.002}};

static void advance(double dt) {
  for (int i = 0; i < kBodies; ++i) {
    struct Body* a = &bodies[i];
    for (int j = i + 1; j < kBodies; ++j) {
      struct Body* b = &bodies[j];
      const double dx = a->x[0] - b->x[0], dy = a->x[1] - b->x[1], dz = a->x[2] - b->x[2];
      const double square = dx * dx + dy * dy + dz * dz;
      const double pull = dt / (square * sqrt(square));
      a->v[0] -= dx * b->mass * pull;
      a->v[1] -= dy * b->mass * pull;
      a->v[2] -= dz * b->mass * pull;
      b->v[0] += dx * a->mass * pull;
      b->v[1] += dy * a->mass * pull;
      b->v[2] += dz * a->mass * pull;
    }
  }
  for (int i = 0; i < kBodies; ++i)
    for (int k = 0; k < 3; ++k) bodies[i].x[k] += dt * bodies[i].v[k];
}
static double energy(void) {
  double e = 0;
  for (int i = 0; i < kBodies; ++i) {
    const struct Body* a = &bodies[i];
    e += a->mass * (a->v[0] * a->v[0] + a->v[1] * a->v[1] + a->v[2] * a->v[2]) / 2;
    for (int j = i + 1; j < kBodies; ++j) {
      double square = 0;
      for (int k = 0; k < 3; ++k) square += (a->x[k] - bodies[j].x[k]) * (a->x[k] - bodies[j].x[k]);
      e -= a->mass * bodies[j].mass / sqrt(square);
    }
  }
  return e;
}

int main(int argc, char** argv) {
  for (unsigned i = rounds_of(argc, argv, 1000000); i > 0; --i) advance(0.0005);
  printf("%.5f\n", energy());
  return 0;
}
