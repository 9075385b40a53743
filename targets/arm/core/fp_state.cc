#include "targets/arm/core/fp_state.h"

#include "targets/arm/core/fp.h"

namespace xarch::arm {

namespace {

// Flags as the header has them, which is the host's control register's way.
enum HostFlag : uint32_t {
  kHostInvalid = 1u << 0,
  kHostZero = 1u << 2,
  kHostOverflow = 1u << 3,
  kHostUnderflow = 1u << 4,
  kHostInexact = 1u << 5
};

uint32_t arm_flags(uint32_t host) {
  return (host & kHostInvalid ? kIoc : 0u) | (host & kHostZero ? kDzc : 0u) |
         (host & kHostOverflow ? kOfc : 0u) | (host & kHostUnderflow ? kUfc : 0u) |
         (host & kHostInexact ? kIxc : 0u);
}
// What the header has collected since it was last folded into FPSR. With exact flags C++ functions leave
// there what they will.
uint32_t pending(const Arm64State& s) {
  return s.fp_mode == kModeExactFlags ? 0 : arm_flags(s.hdr.fp_sticky());
}
void clear_pending(Arm64State& s) { s.hdr.set_fp_sticky(0); }

void put_rounding(Arm64State& s) {
  // RMode counts nearest, up, down, zero; the host nearest, down, up, zero.
  static constexpr uint32_t kHost[] = {0, 2, 1, 3};
  s.hdr.set_fp_rounding(kHost[s.fpcr >> 22 & 3]);
}

}  // namespace

uint32_t Arm64State::fpsr_value() const {
  return static_cast<uint32_t>(fpsr) | (qc.d[0] | qc.d[1] ? uint32_t{kQc} : 0) | pending(*this);
}

void Arm64State::set_fpsr(uint32_t bits) {
  fpsr = bits;
  qc = {};
  clear_pending(*this);
}

void set_fpcr(Arm64State& s, uint64_t v) {
  s.fpcr = v;
  if (s.fp_mode == kModeExactFlags) return;
  put_rounding(s);
  if ((v & ~kFpcrRounding) != 0) use_exact_flags(s);
}

void use_exact_flags(Arm64State& s) {
  s.set_fpsr(s.fpsr_value());
  s.fp_mode = kModeExactFlags;
  s.hdr.guest_mxcsr = tcg::kHostMxcsr;
}

void reset_fp(Arm64State& s) {
  s.fp_mode = 0;
  s.hdr.guest_mxcsr = tcg::kGuestMxcsr;
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
