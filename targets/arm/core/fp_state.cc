#include "targets/arm/core/fp_state.h"

#include "tcg/ir/region.h"

namespace xarch::arm {

namespace {

// Flags as the header has them, which is the host's control register's way.
enum HostFlag : uint32_t {
  kHostInvalid = 1u << 0,
  kHostDenormal = 1u << 1,
  kHostZero = 1u << 2,
  kHostOverflow = 1u << 3,
  kHostUnderflow = 1u << 4,
  kHostInexact = 1u << 5
};

// What the header has collected since it was last folded into FPSR. Denormal operands that the host itself
// has seen were not flushed.
uint32_t pending(const Arm64State& s) {
  const uint32_t host = s.hdr.fp_sticky();
  return (host & kHostInvalid ? kIoc : 0u) | (host & kHostZero ? kDzc : 0u) |
         (host & kHostOverflow ? kOfc : 0u) | (host & kHostUnderflow ? kUfc : 0u) |
         (host & kHostInexact ? kIxc : 0u) | (s.hdr.fp_flags & kHostDenormal ? kIdc : 0u);
}

// The header as FPCR and FPSR want it; nothing is pending.
void program_host(Arm64State& s) {
  // RMode counts nearest, up, down, zero; the host nearest, down, up, zero.
  static constexpr uint32_t kRounding[] = {0, 2, 1, 3};
  const bool flush = s.fpcr & kFpcrFlush;
  const uint32_t known = (s.fpsr & kIdc ? kHostDenormal : 0u) | (s.fpsr & kUfc ? kHostUnderflow : 0u) |
                         (s.fpsr & kIxc ? kHostInexact : 0u);
  s.hdr.fp_flags = 0;
  s.hdr.fp_control =
      static_cast<uint8_t>((flush ? tcg::kFpFlush : 0) | (s.fpcr & kFpcrDefaultNan ? tcg::kFpDefaultNan : 0));
  s.hdr.guest_mxcsr = flush ? tcg::flushing_mxcsr(tcg::kGuestMxcsr, known) : uint32_t{tcg::kGuestMxcsr};
  s.hdr.set_fp_rounding(kRounding[s.fpcr >> 22 & 3]);
}

void fold(Arm64State& s) {
  s.fpsr |= pending(s);
  program_host(s);
}

}  // namespace

uint32_t Arm64State::fpsr_value() const {
  return static_cast<uint32_t>(fpsr) | (qc.d[0] | qc.d[1] ? uint32_t{kQc} : 0) | pending(*this);
}

void Arm64State::set_fpsr(uint32_t bits) {
  fpsr = bits;
  qc = {};
  program_host(*this);
}

uint8_t fp_checks(uint32_t mode) {
  unsigned c = 0;
  if (mode & (kModeExactFlags | kModeFlush)) c |= ir::kFpCheckTiny;
  if (mode & kModeFlush) c |= ir::kFpCheckFlush;
  // A denormal operand beside a NaN raises IDC, which the host is silent about.
  if ((mode & kModeDefaultNan) || ((mode & kModeFlush) && (mode & kModeExactFlags))) c |= ir::kFpCheckNan;
  return static_cast<uint8_t>(c);
}

void set_fpcr(Arm64State& s, uint64_t v) {
  s.fpcr = v;
  s.fp_mode = (s.fp_mode & kModeExactFlags) | (v & kFpcrFlush ? kModeFlush : 0u) |
              (v & kFpcrDefaultNan ? kModeDefaultNan : 0u) |
              (v & (kFpcrAlternativeHalf | kFpcrFz16) ? kModeHalf : 0u);
  fold(s);
}

void use_exact_flags(Arm64State& s) { s.fp_mode |= kModeExactFlags; }

void reset_fp(Arm64State& s) {
  s.fp_mode = 0;
  s.set_fpsr(0);
  set_fpcr(s, 0);
}

void copy_fp(Arm64State& to, const Arm64State& from) { to.hdr.copy_fp_environment(from.hdr); }

bool handle_fp_raise(Arm64State& s, uint32_t code, uint64_t value) {
  switch (code) {
    case kRaiseExactFlags: use_exact_flags(s); return true;
    case kRaiseFpcr: set_fpcr(s, value); return true;
    default: return false;
  }
}

}  // namespace xarch::arm
