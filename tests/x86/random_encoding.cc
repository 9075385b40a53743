#include "tests/x86/random_encoding.h"

namespace xarch::x86::test {

bool is_string(const Row& r) {
  for (const std::string_view name : {"movs", "stos", "lods", "cmps", "scas"}) {
    if (r.text == name) return true;
  }
  return false;
}

void random_encoding(const Row& r, bool code32, xarch::test::Rng& rng, uint8_t* code) {
  uint8_t* at = code;
  const unsigned mask = r.key_mask, k = (static_cast<unsigned>(rng.next()) & ~mask) | r.key_value;
  const unsigned prefix_mask = mask >> key::kPrefix & 3, prefix = k >> key::kPrefix & 3;
  const bool w = (k >> key::kW & 1) != 0, vex = r.map >= Map::kVex0F;
  if (rng.one_in(12)) *at++ = 0x67;
  if (r.has(kLockable) && rng.one_in(3)) *at++ = 0xf0;
  if (vex) {
    const unsigned vvvv = mask >> key::kVvvv & 1 ? 0 : rng.below(16);
    const unsigned map = static_cast<unsigned>(r.map) - static_cast<unsigned>(Map::kVex0F) + 1;
    *at++ = 0xc4;
    // In 32-bit mode other values of the upper two bits make it LES or LDS.
    *at++ = static_cast<uint8_t>((rng.below(8) | (code32 ? 6 : 0)) << 5 | map);
    *at++ = static_cast<uint8_t>((w ? 0x80 : 0) | (vvvv ^ 15) << 3 | (k >> key::kL & 1) << 2 | prefix);
  } else {
    if (prefix_mask == 3 && prefix == 2) *at++ = 0xf3;
    if (prefix_mask == 3 && prefix == 3) *at++ = 0xf2;
    const bool may66 = prefix_mask == 0 || prefix_mask == 2 || prefix >= 2;
    if ((prefix_mask == 3 && prefix == 1) || (may66 && !r.has(kForce64) && rng.one_in(5))) *at++ = 0x66;
    if (is_string(r) && rng.one_in(2)) *at++ = rng.one_in(2) ? 0xf3 : 0xf2;
    const bool w_given = (mask >> key::kW & 1) != 0;
    if (!code32 && (w_given || !rng.one_in(3)))
      *at++ = static_cast<uint8_t>(0x40 | (w ? 8 : 0) | rng.below(8));
    if (r.map != Map::kByte) *at++ = 0x0f;
    if (r.map == Map::k0F38) *at++ = 0x38;
    if (r.map == Map::k0F3A) *at++ = 0x3a;
  }
  *at++ = static_cast<uint8_t>(r.opcode + (r.has(kPlusReg) ? rng.below(8) : 0));
  if (r.has(kModRm)) {
    const unsigned mod = k >> key::kModReg & 1 ? 3 : rng.below(3);
    *at++ = static_cast<uint8_t>(mod << 6 | (k >> key::kReg & 7) << 3 | (k >> key::kRm & 7));
  }
  while (at < code + kMaxInsnBytes) *at++ = static_cast<uint8_t>(rng.next());
}

}  // namespace xarch::x86::test
