// BFDOT's step by the host's units against the software one.
#include "targets/arm/core/bfloat.h"

#include <gtest/gtest.h>

#include "tcg/fpu/special.h"
#include "tests/support/rng.h"

namespace xarch::arm {
namespace {

// A number of bfloat16, often one of the ends; or, next to `exponent`, one that sums cancel with.
uint32_t bfloat(test::Rng& rng, uint32_t exponent) {
  constexpr uint32_t kEnds[] = {0,      0x8000, 0x0001, 0x807f, 0x0080, 0x80ff, 0x7f7f,
                                0xff7f, 0x7f80, 0xff80, 0x7fc1, 0xff81, 0x3f80, 0x5f7f};
  if (rng.one_in(16)) return kEnds[rng.below(14)];
  const uint32_t e = rng.one_in(4) ? rng.below(256) : exponent + rng.below(7) - 3;
  return rng.below(2) << 15 | (e & 0xff) << 7 | (rng.one_in(2) ? rng.below(128) : rng.one_in(2) ? 127 : 0);
}

TEST(Bfloat, DotIsAsInSoftware) {
  test::Rng rng(5);
  for (int i = 0; i < 2'000'000; ++i) {
    // Products are about as large as each other and the sum, or far apart; near the limits often.
    constexpr uint32_t kExponents[] = {64, 127, 190, 96};
    const uint32_t e = kExponents[rng.below(4)];
    const uint32_t apart = rng.one_in(2) ? 0 : rng.below(60);
    const uint32_t a = bfloat(rng, e) << 16 | bfloat(rng, e - apart);
    const uint32_t b = bfloat(rng, e) << 16 | bfloat(rng, e);
    const uint32_t product = 2 * e - 127 - (rng.one_in(2) ? 0 : rng.below(60));
    const uint32_t acc = rng.one_in(2)
                             ? bfloat(rng, product) << 16
                             : bfloat(rng, product) << 16 | static_cast<uint32_t>(rng.next() & 0xffff);
    const uint32_t expected = fpu::bfloat_dot(acc, a, b), got = bfloat_dot(acc, a, b);
    ASSERT_EQ(got, expected) << std::hex << acc << " + " << a << " . " << b << ": " << got;
  }
}

}  // namespace
}  // namespace xarch::arm
