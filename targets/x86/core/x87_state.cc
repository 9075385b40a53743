// The x87 state as a whole: status word, images.
#include <cstring>

#include "targets/x86/core/state.h"

namespace xarch::x86 {

namespace {

constexpr uint16_t kInitialControl = 0x37f;

// The two bits that a register's tag has in an image.
unsigned tag_of(const state_types::F80& r) {
  enum { kValid, kZero, kSpecial };
  const unsigned exponent = r.exponent & 0x7fff;
  if (exponent == 0 && r.significand == 0) return kZero;
  return exponent != 0 && exponent != 0x7fff && r.significand >> 63 ? kValid : kSpecial;
}

}  // namespace

uint16_t X86State::x87_status() const {
  const unsigned pending = x87_flags & ~x87_control & kX87Exceptions;
  const unsigned flags = x87_flags & (kX87Exceptions | kX87StackFault);
  return static_cast<uint16_t>(flags | x87_cc | (x87_c1 & kX87C1) | (x87_where & 7) << 11 |
                               (pending ? 0x8080 : 0));
}

void X86State::set_x87_status(uint16_t status) {
  x87_flags = status & (kX87Exceptions | kX87StackFault);
  x87_cc = status & kX87Conditions & ~kX87C1;
  x87_c1 = status & kX87C1;
  x87_where = (x87_where & ~7u) | (status >> 11 & 7);
}

void X86State::reset_x87() {
  x87_control = kInitialControl;
  x87_flags = x87_cc = x87_c1 = 0;
  x87_where = 0;
  x87_ip = x87_dp = x87_op = 0;
}

void X86State::get_x87(X87Image* out) const {
  out->control = 0xffff0000 | x87_control;
  out->status = 0xffff0000 | x87_status();
  out->tags = 0xffff0000;
  for (unsigned n = 0; n < 8; ++n) {
    const bool full = x87_where >> (8 + n) & 1;
    out->tags |= (full ? tag_of(fpr(n)) : 3) << 2 * n;
    std::memcpy(out->st[n], &fpr(x87_where + n), sizeof out->st[n]);
  }
  out->ip = static_cast<uint32_t>(x87_ip);
  out->opcode = static_cast<uint32_t>(x87_op) << 16;
  out->dp = static_cast<uint32_t>(x87_dp);
  out->ds = 0xffff0000;
}

void X86State::set_x87(const X87Image& from) {
  x87_control = static_cast<uint16_t>((from.control & 0x1f3f) | 0x40);
  set_x87_status(static_cast<uint16_t>(from.status));
  x87_where &= 7;
  for (unsigned n = 0; n < 8; ++n) {
    if ((from.tags >> 2 * n & 3) != 3) x87_where |= 0x100u << n;
    std::memcpy(&fpr(x87_where + n), from.st[n], sizeof from.st[n]);
  }
}

void X86State::get_fx(FxImage* out, bool wide) const {
  out->control = x87_control;
  out->status = x87_status();
  out->tags = static_cast<uint8_t>(x87_where >> 8);
  out->reserved = 0;
  out->opcode = x87_op & 0x7ff;
  out->ip = wide ? x87_ip : static_cast<uint32_t>(x87_ip);
  out->dp = wide ? x87_dp : static_cast<uint32_t>(x87_dp);
  std::memset(out->st, 0, sizeof out->st);
  for (unsigned n = 0; n < 8; ++n) std::memcpy(out->st[n], &fpr(x87_where + n), 10);
}

void X86State::set_fx(const FxImage& from, bool wide) {
  x87_control = static_cast<uint16_t>((from.control & 0x1f3f) | 0x40);
  set_x87_status(from.status);
  x87_where = (x87_where & 7) | uint32_t{from.tags} << 8;
  for (unsigned n = 0; n < 8; ++n) std::memcpy(&fpr(x87_where + n), from.st[n], 10);
  x87_op = from.opcode & 0x7ff;
  x87_ip = wide ? from.ip : static_cast<uint32_t>(from.ip);
  x87_dp = wide ? from.dp : static_cast<uint32_t>(from.dp);
}

}  // namespace xarch::x86
