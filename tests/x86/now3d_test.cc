// 3DNow! on examples after AMD's manual: no processor of today has it.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>

#include "targets/x86/core/now3d.h"

namespace xarch::x86 {
namespace {

constexpr float kLargest = 3.40282347e38f, kSmallest = 1.17549435e-38f;

uint64_t pair(float low, float high) {
  return uint64_t{std::bit_cast<uint32_t>(high)} << 32 | std::bit_cast<uint32_t>(low);
}
uint64_t words(uint32_t low, uint32_t high) { return uint64_t{high} << 32 | low; }
float low(uint64_t v) { return std::bit_cast<float>(static_cast<uint32_t>(v)); }

TEST(Now3d, Arithmetic) {
  const uint64_t a = pair(1.5f, -2.0f), b = pair(0.25f, 8.0f);
  EXPECT_EQ(now3d(0x9e, a, b), pair(1.75f, 6.0f));     // pfadd
  EXPECT_EQ(now3d(0x9a, a, b), pair(1.25f, -10.0f));   // pfsub
  EXPECT_EQ(now3d(0xaa, a, b), pair(-1.25f, 10.0f));   // pfsubr
  EXPECT_EQ(now3d(0xb4, a, b), pair(0.375f, -16.0f));  // pfmul
  EXPECT_EQ(now3d(0xae, a, b), pair(-0.5f, 8.25f));    // pfacc
  EXPECT_EQ(now3d(0x8a, a, b), pair(3.5f, -7.75f));    // pfnacc
  EXPECT_EQ(now3d(0x8e, a, b), pair(3.5f, 8.25f));     // pfpnacc
  EXPECT_EQ(now3d(0xbb, a, b), pair(8.0f, 0.25f));     // pswapd
}

TEST(Now3d, TooLargeAndTooSmall) {
  EXPECT_EQ(now3d(0xb4, pair(1e30f, -1e30f), pair(1e30f, 1e30f)), pair(kLargest, -kLargest));
  EXPECT_EQ(now3d(0x9e, pair(kLargest, kSmallest / 2), pair(kLargest, kSmallest)), pair(kLargest, kSmallest));
  EXPECT_EQ(now3d(0xb4, pair(kSmallest, 1), pair(0.5f, 1)), pair(0, 1));
}

TEST(Now3d, Comparison) {
  const uint64_t a = pair(1, -3), b = pair(1, 2);
  EXPECT_EQ(now3d(0xb0, a, b), words(~0u, 0));  // pfcmpeq
  EXPECT_EQ(now3d(0x90, a, b), words(~0u, 0));  // pfcmpge
  EXPECT_EQ(now3d(0xa0, b, a), words(0, ~0u));  // pfcmpgt
  EXPECT_EQ(now3d(0x94, a, b), pair(1, -3));    // pfmin
  EXPECT_EQ(now3d(0xa4, a, b), pair(1, 2));     // pfmax
  EXPECT_EQ(now3d(0xa4, pair(-0.0f, -1), pair(-0.0f, 0)), pair(0, 0));
}

TEST(Now3d, Integers) {
  EXPECT_EQ(now3d(0x0d, 0, words(7, 0xfffffffe)), pair(7, -2));           // pi2fd
  EXPECT_EQ(now3d(0x0d, 0, words(0x01ffffff, 0)), pair(33554430.0f, 0));  // truncated
  EXPECT_EQ(now3d(0x0c, 0, words(0x1234fffe, 0x00000005)), pair(-2, 5));  // pi2fw
  EXPECT_EQ(now3d(0x1d, 0, pair(2.9f, -2.9f)), words(2, 0xfffffffe));     // pf2id
  EXPECT_EQ(now3d(0x1d, 0, pair(1e20f, -1e20f)), words(0x7fffffff, 0x80000000));
  EXPECT_EQ(now3d(0x1c, 0, pair(40000, -40000)), words(0x7fff, 0xffff8000));           // pf2iw
  EXPECT_EQ(now3d(0xb7, 0x7fff800000020003, 0x7fff800000034000), 0x3fff400000000001);  // pmulhrw
}

// An estimate and two steps give the quotient and the inverse root to 24 bits.
TEST(Now3d, ReciprocalSteps) {
  for (float x = 0.001f; x < 1e6f; x *= 1.7f) {
    const uint64_t b = pair(x, x), estimate = now3d(0x96, 0, b);
    const uint64_t first = now3d(0xa6, b, estimate), r = now3d(0xb6, first, estimate);
    EXPECT_NEAR(low(r) * x, 1.0f, 2e-7f) << x;
    const uint64_t root = now3d(0x97, 0, b), square = now3d(0xb4, root, root);
    const uint64_t step = now3d(0xa7, square, b), s = now3d(0xb6, step, root);
    EXPECT_NEAR(low(s) * std::sqrt(x), 1.0f, 3e-7f) << x;
  }
  EXPECT_EQ(now3d(0x96, 0, pair(0, 0)), pair(kLargest, kLargest));
}

}  // namespace
}  // namespace xarch::x86
