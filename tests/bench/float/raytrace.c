// Spheres seen in single precision: branches on comparisons, square roots, minima.
#include <math.h>

#include "../kernels/kernel.h"

enum { kWidth = 320, kHeight = 240, kSpheres = 12 };
typedef struct {
  float x, y, z;
} Vec;
static Vec centers[kSpheres];
static float radii[kSpheres];

static float dot(Vec a, Vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static float hit(Vec from, Vec way, int* which) {
  float nearest = 1e9f;
  for (int i = 0; i < kSpheres; ++i) {
    const Vec to = {centers[i].x - from.x, centers[i].y - from.y, centers[i].z - from.z};
    const float along = dot(to, way);
    const float rest = radii[i] * radii[i] - (dot(to, to) - along * along);
    if (rest < 0) continue;
    const float distance = along - sqrtf(rest);
    if (distance > 1e-3f && distance < nearest) {
      nearest = distance;
      *which = i;
    }
  }
  return nearest;
}

int main(int argc, char** argv) {
  for (int i = 0; i < kSpheres; ++i) {
    centers[i] = (Vec){(float)(i % 4) * 1.7f - 2.5f, (float)(i / 4) * 1.4f - 1.5f, 6 + (float)(i * 7 % 5)};
    radii[i] = 0.5f + (float)(i % 3) * 0.2f;
  }
  double light = 0;
  for (unsigned frame = rounds_of(argc, argv, 20); frame > 0; --frame) {
    const Vec sun = {0.48f, 0.6f, -0.64f};
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        Vec way = {(float)(x - kWidth / 2) / kWidth, (float)(y - kHeight / 2) / kWidth, 1};
        const float scale = 1 / sqrtf(dot(way, way));
        way = (Vec){way.x * scale, way.y * scale, way.z * scale};
        int which = 0;
        const float distance = hit((Vec){0, 0, (float)frame / 16}, way, &which);
        if (distance >= 1e9f) continue;
        const Vec at = {way.x * distance, way.y * distance, way.z * distance + (float)frame / 16};
        const Vec normal = {(at.x - centers[which].x) / radii[which],
                            (at.y - centers[which].y) / radii[which],
                            (at.z - centers[which].z) / radii[which]};
        int other = 0;
        if (hit(at, sun, &other) < 1e9f) continue;
        light += fmaxf(dot(normal, sun), 0);
      }
    }
  }
  printf("%.0f\n", light / 1000);
  return 0;
}
