#include "targets/x86/core/helpers.h"

#include <immintrin.h>

#include <bit>
#include <cstdint>
#include <cstring>

#include "targets/x86/core/state.h"

namespace xarch::x86 {

namespace {

using U128 = unsigned __int128;
using S128 = __int128;

// The `width` + 1 bits of carry and number, turned.
U128 turned(uint64_t a, uint64_t n, uint64_t c, uint64_t how) {
  const unsigned width = how & 255, bits = width + 1;
  const U128 mask = (U128{1} << bits) - 1;
  const U128 v = U128{c & 1} << width | a;
  unsigned by = static_cast<unsigned>(n % bits);
  if (!(how & 256)) by = (bits - by) % bits;
  return by == 0 ? v : (v << by | v >> (bits - by)) & mask;
}
uint64_t rotate_carry(void*, uint64_t a, uint64_t n, uint64_t c, uint64_t how) {
  return static_cast<uint64_t>(turned(a, n, c, how));
}
uint64_t rotate_carry_out(void*, uint64_t a, uint64_t n, uint64_t c, uint64_t how) {
  return static_cast<uint64_t>(turned(a, n, c, how) >> (how & 255));
}

uint64_t divide_u(void*, uint64_t hi, uint64_t lo, uint64_t d, uint64_t) {
  return d == 0 ? 0 : static_cast<uint64_t>((U128{hi} << 64 | lo) / d);
}
uint64_t remainder_u(void*, uint64_t hi, uint64_t lo, uint64_t d, uint64_t) {
  return d == 0 ? 0 : static_cast<uint64_t>((U128{hi} << 64 | lo) % d);
}

struct Signed {
  bool fits;
  uint64_t quotient, remainder;
};
Signed divide_signed(uint64_t hi, uint64_t lo, uint64_t d) {
  const auto n = static_cast<S128>(U128{hi} << 64 | lo);
  const S128 by = static_cast<int64_t>(d);
  constexpr S128 kMin = static_cast<S128>(U128{1} << 127);
  if (by == 0 || (n == kMin && by == -1)) return {false, 0, 0};
  const S128 q = n / by;
  if (q != static_cast<int64_t>(q)) return {false, 0, 0};
  return {true, static_cast<uint64_t>(q), static_cast<uint64_t>(n % by)};
}
uint64_t divide_s(void*, uint64_t hi, uint64_t lo, uint64_t d, uint64_t) {
  return divide_signed(hi, lo, d).quotient;
}
uint64_t remainder_s(void*, uint64_t hi, uint64_t lo, uint64_t d, uint64_t) {
  return divide_signed(hi, lo, d).remainder;
}
uint64_t divide_overflows(void*, uint64_t hi, uint64_t lo, uint64_t d, uint64_t) {
  return !divide_signed(hi, lo, d).fits;
}

uint64_t deposit(void*, uint64_t a, uint64_t mask, uint64_t, uint64_t) {
  uint64_t r = 0;
  for (; mask != 0; mask &= mask - 1, a >>= 1) {
    if (a & 1) r |= mask & -mask;
  }
  return r;
}
uint64_t extract(void*, uint64_t a, uint64_t mask, uint64_t, uint64_t) {
  uint64_t r = 0;
  for (unsigned n = 0; mask != 0; mask &= mask - 1, ++n) {
    if (a & mask & -mask) r |= uint64_t{1} << n;
  }
  return r;
}

uint64_t crc32c(void*, uint64_t sum, uint64_t data, uint64_t bytes, uint64_t) {
  auto s = static_cast<uint32_t>(sum);
  for (uint64_t i = 0; i < bytes; ++i, data >>= 8) {
    s ^= static_cast<uint8_t>(data);
    for (int k = 0; k < 8; ++k) s = s >> 1 ^ (s & 1 ? 0x82f63b78 : 0);
  }
  return s;
}

uint64_t min_position(void*, uint64_t low, uint64_t high, uint64_t, uint64_t) {
  uint64_t best = 0xffff, where = 0;
  for (unsigned n = 8; n-- > 0;) {
    const uint64_t word = (n < 4 ? low : high) >> (n % 4 * 16) & 0xffff;
    if (word <= best) best = word, where = n;
  }
  return best | where << 16;
}

uint64_t sums_of_differences(void*, uint64_t low, uint64_t high, uint64_t block, uint64_t half) {
  uint8_t bytes[16];
  std::memcpy(bytes, &low, 8);
  std::memcpy(bytes + 8, &high, 8);
  uint64_t r = 0;
  for (unsigned n = 0; n < 4; ++n) {
    uint64_t sum = 0;
    for (unsigned k = 0; k < 4; ++k) {
      const int a = bytes[4 * half + n + k], b = static_cast<int>(block >> (8 * k) & 0xff);
      sum += static_cast<uint64_t>(a < b ? b - a : a - b);
    }
    r |= sum << (16 * n);
  }
  return r;
}

// No rounding mode and no flag has to do with these.
uint64_t reciprocal(void*, uint64_t two, uint64_t, uint64_t, uint64_t) {
  const __m128 a = _mm_castsi128_ps(_mm_cvtsi64_si128(static_cast<int64_t>(two)));
  return static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_castps_si128(_mm_rcp_ps(a))));
}
uint64_t reciprocal_root(void*, uint64_t two, uint64_t, uint64_t, uint64_t) {
  const __m128 a = _mm_castsi128_ps(_mm_cvtsi64_si128(static_cast<int64_t>(two)));
  return static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_castps_si128(_mm_rsqrt_ps(a))));
}

uint64_t get_mxcsr(void* state, uint64_t, uint64_t, uint64_t, uint64_t) {
  return static_cast<const X86State*>(state)->mxcsr();
}
uint64_t set_mxcsr(void* state, uint64_t v, uint64_t, uint64_t, uint64_t) {
  static_cast<X86State*>(state)->set_mxcsr(static_cast<uint32_t>(v));
  return 0;
}
uint64_t fp_check_begin(void* state, uint64_t, uint64_t, uint64_t, uint64_t) {
  auto* s = static_cast<X86State*>(state);
  const uint32_t before = s->hdr.fp_sticky();
  s->hdr.set_fp_sticky(0);
  return before;
}
uint64_t fp_check_again(void* state, uint64_t, uint64_t, uint64_t, uint64_t) {
  auto* s = static_cast<X86State*>(state);
  const uint32_t raised = s->hdr.fp_sticky();
  s->hdr.set_fp_sticky(0);
  if (!(s->mxcsr_control & kMxcsrUnderflowMask)) {
    s->hdr.guest_mxcsr |= kMxcsrFtz;
    s->hdr.fp_control |= tcg::kFpFlushOutputs;
  }
  return raised;
}
uint64_t fp_check_end(void* state, uint64_t before, uint64_t raised, uint64_t, uint64_t) {
  constexpr uint64_t kUnderflow = 0x10, kOfOperands = 7;  // Invalid, Denormal, ZeroDivide
  auto* s = static_cast<X86State*>(state);
  if (!(s->mxcsr_control & kMxcsrUnderflowMask)) raised |= s->hdr.fp_sticky() & kUnderflow;
  const uint64_t traps = raised & ~(s->mxcsr_control >> 7) & tcg::kMxcsrFlags;
  // Exceptions of the operands come before the result is known.
  if (traps & kOfOperands) raised &= kOfOperands;
  s->set_mxcsr(static_cast<uint32_t>(s->mxcsr_control | before | (traps ? raised : 0)));
  return traps != 0;
}
uint64_t fp_tiny_halves(void* state, uint64_t halves, uint64_t, uint64_t, uint64_t) {
  constexpr uint32_t kUnderflow = 0x10;
  auto* s = static_cast<X86State*>(state);
  if (s->mxcsr_control & kMxcsrUnderflowMask) return 0;
  for (unsigned lane = 0; lane < 4; ++lane) {
    const uint64_t half = halves >> 16 * lane;
    if ((half & 0x7c00) == 0 && (half & 0x3ff) != 0) s->hdr.set_fp_sticky(s->hdr.fp_sticky() | kUnderflow);
  }
  return 0;
}
constexpr ir::SlotId kMxcsrSlots[] = {kSlotMxcsr};

}  // namespace

constexpr uint32_t kPureHelper = ir::kHelperPure | ir::kHelperNoFault | ir::kHelperNoMem;
const ir::HelperDesc kRotateCarry = {"x86.rotate_carry", rotate_carry, kPureHelper, {}, {}};
const ir::HelperDesc kRotateCarryOut = {"x86.rotate_carry_out", rotate_carry_out, kPureHelper, {}, {}};
const ir::HelperDesc kDivideU = {"x86.divide_u", divide_u, kPureHelper, {}, {}};
const ir::HelperDesc kRemainderU = {"x86.remainder_u", remainder_u, kPureHelper, {}, {}};
const ir::HelperDesc kDivideS = {"x86.divide_s", divide_s, kPureHelper, {}, {}};
const ir::HelperDesc kRemainderS = {"x86.remainder_s", remainder_s, kPureHelper, {}, {}};
const ir::HelperDesc kDivideOverflows = {"x86.divide_overflows", divide_overflows, kPureHelper, {}, {}};
const ir::HelperDesc kDeposit = {"x86.pdep", deposit, kPureHelper, {}, {}};
const ir::HelperDesc kExtract = {"x86.pext", extract, kPureHelper, {}, {}};
const ir::HelperDesc kCrc32c = {"x86.crc32c", crc32c, kPureHelper, {}, {}};

const ir::HelperDesc kReciprocal = {"x86.rcp", reciprocal, kPureHelper, {}, {}};
const ir::HelperDesc kReciprocalRoot = {"x86.rsqrt", reciprocal_root, kPureHelper, {}, {}};
const ir::HelperDesc kMinPosition = {"x86.phminposuw", min_position, kPureHelper, {}, {}};
const ir::HelperDesc kSumsOfDifferences = {"x86.mpsadbw", sums_of_differences, kPureHelper, {}, {}};
constexpr uint32_t kFpStateHelper =
    ir::kHelperFp | ir::kHelperNoFault | ir::kHelperNoMem | ir::kHelperListsState;
const ir::HelperDesc kFpCheckBegin = {"x86.fp_check_begin", fp_check_begin, kFpStateHelper, kMxcsrSlots, {}};
const ir::HelperDesc kFpCheckAgain = {"x86.fp_check_again", fp_check_again, kFpStateHelper, kMxcsrSlots, {}};
const ir::HelperDesc kFpCheckEnd = {"x86.fp_check_end", fp_check_end, kFpStateHelper, kMxcsrSlots,
                                    kMxcsrSlots};
const ir::HelperDesc kFpTinyHalves = {"x86.fp_tiny_halves", fp_tiny_halves, kFpStateHelper, kMxcsrSlots, {}};
const ir::HelperDesc kGetMxcsr = {"x86.get_mxcsr", get_mxcsr, kFpStateHelper, kMxcsrSlots, {}};
const ir::HelperDesc kSetMxcsr = {"x86.set_mxcsr", set_mxcsr, kFpStateHelper, {}, kMxcsrSlots};

}  // namespace xarch::x86
