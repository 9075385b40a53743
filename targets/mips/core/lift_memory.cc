// Loads and stores. Accesses demand their natural alignment, unless the options say otherwise, and wrap at 32
// bits.
#include "targets/mips/core/lifter.h"

namespace xarch::mips {

using ir::Cond;
using ir::MemDesc;
using ir::Op;
using ir::Type;

MemDesc Lifter::access(unsigned size, bool sign) const {
  MemDesc d;
  d.size = static_cast<uint8_t>(size);
  d.elem = d.size;
  d.align = options_.unaligned ? 0 : d.size;
  d.sign = sign;
  d.big = !little();
  d.xform = ir::AddrXform::kWrap32;
  return d;
}

// The effective address as a register value, for instructions that look at its low bits.
Lifter::Value Lifter::address(Rs s, Simm offset) { return b_.add(gpr(s.n), b_.i32(offset.n)); }

void Lifter::load(Rs s, Rt t, Simm offset, MemDesc d) {
  Value base = b_.zext(gpr(s.n), Type::kI64);
  set_gpr(t.n, b_.load(Type::kI32, base, d, static_cast<int32_t>(offset.n)));
}
void Lifter::store(Rs s, Rt t, Simm offset, MemDesc d) {
  b_.store(b_.zext(gpr(s.n), Type::kI64), gpr(t.n), d, static_cast<int32_t>(offset.n));
}

void Lifter::lb(Rs s, Rt t, Simm i) { load(s, t, i, access(0, true)); }
void Lifter::lbu(Rs s, Rt t, Simm i) { load(s, t, i, access(0)); }
void Lifter::lh(Rs s, Rt t, Simm i) { load(s, t, i, access(1, true)); }
void Lifter::lhu(Rs s, Rt t, Simm i) { load(s, t, i, access(1)); }
void Lifter::lw(Rs s, Rt t, Simm i) { load(s, t, i, access(2)); }
void Lifter::sb(Rs s, Rt t, Simm i) { store(s, t, i, access(0)); }
void Lifter::sh(Rs s, Rt t, Simm i) { store(s, t, i, access(1)); }
void Lifter::sw(Rs s, Rt t, Simm i) { store(s, t, i, access(2)); }

// LWL takes the bytes from the address up to its word's least significant end into the register's upper part,
// LWR those from the word's most significant end up to the address into the lower part. Both read the whole
// word.
void Lifter::load_part(Rs s, Rt t, Simm i, bool left) {
  Value addr = address(s, i);
  Value word = b_.load(Type::kI32, b_.zext(b_.and_(addr, ~uint64_t{3} & 0xffffffff), Type::kI64), access(2));
  Value shift = b_.shl(b_.and_(addr, 3), 3);
  if (left == little()) shift = b_.xor_(shift, b_.i32(24));
  Op op = left ? Op::kShl : Op::kShrU;
  Value kept = b_.binary(Op::kAndNot, gpr(t.n), b_.binary(op, b_.i32(0xffffffff), shift));
  set_gpr(t.n, b_.or_(b_.binary(op, word, shift), kept));
}
void Lifter::lwl(Rs s, Rt t, Simm i) { load_part(s, t, i, true); }
void Lifter::lwr(Rs s, Rt t, Simm i) { load_part(s, t, i, false); }

// One of the four cases of SWL and SWR: the effective address has its two low bits equal to `at`, and `bytes`
// bytes go to memory: the register's most significant ones for SWL, its least significant ones for SWR. They
// lie in one aligned word, so that either all of the stores fault or none.
void Lifter::store_bytes(Rs s, Rt t, Simm i, bool left, unsigned at, unsigned bytes) {
  int32_t disp = static_cast<int32_t>(i.n);
  if (left == little()) disp -= static_cast<int32_t>(at);  // they begin at the word's start
  Value base = b_.zext(gpr(s.n), Type::kI64);
  Value v = left ? b_.shr_u(gpr(t.n), 8 * (4 - bytes)) : gpr(t.n);
  MemDesc d = access(bytes == 4 ? 2 : bytes == 2 ? 1 : 0);
  if (bytes != 3) {
    b_.store(base, v, d, disp);
    return;
  }
  MemDesc half = access(1);
  half.align = 0;
  b_.store(base, b_.shr_u(v, 16), d, little() ? disp + 2 : disp);
  b_.store(base, v, half, little() ? disp : disp + 1);
}

void Lifter::store_part(Rs s, Rt t, Simm i, bool left) {
  ir::BlockId cases[4], done = b_.new_block(), low = b_.new_block(), high = b_.new_block();
  for (ir::BlockId& c : cases) c = b_.new_block();
  auto bit = [&](unsigned mask) { return b_.test_nz(address(s, i), b_.i32(mask)); };
  b_.cond_br(bit(2), high, low);
  b_.start_block(low);
  b_.cond_br(bit(1), cases[1], cases[0]);
  b_.start_block(high);
  b_.cond_br(bit(1), cases[3], cases[2]);
  for (unsigned at = 0; at < 4; ++at) {
    b_.start_block(cases[at]);
    store_bytes(s, t, i, left, at, left == little() ? at + 1 : 4 - at);
    b_.br(done);
  }
  b_.start_block(done);
}
void Lifter::swl(Rs s, Rt t, Simm i) { store_part(s, t, i, true); }
void Lifter::swr(Rs s, Rt t, Simm i) { store_part(s, t, i, false); }

void Lifter::ll(Rs s, Rt t, Simm i) {
  Value addr = address(s, i);
  MemDesc d = access(2);
  d.align = 2;
  d.atomic = true;
  Value v = b_.load(Type::kI32, b_.zext(addr, Type::kI64), d);
  b_.put(kLinkAddr, addr);
  b_.put(kLinkValue, v);
  set_gpr(t.n, v);
}

// Succeeds if the word still has the value that LL read, at the same address.
void Lifter::sc(Rs s, Rt t, Simm i) {
  ir::BlockId same = b_.new_block(), failed = b_.new_block(), done = b_.new_block();
  b_.cond_br(b_.cmp(Cond::kEq, address(s, i), b_.get(kLinkAddr)), same, failed);

  b_.start_block(same);
  MemDesc d = access(2);
  d.align = 2;
  d.atomic = true;
  // As a little-endian access of swapped words: the comparison then needs no swap of what was read.
  d.big = false;
  auto in_memory = [&](Value v) { return little() ? v : b_.unary(Op::kBswap, v); };
  Value expected = in_memory(b_.get(kLinkValue));
  Value old = b_.cas(b_.zext(address(s, i), Type::kI64), expected, in_memory(gpr(t.n)), d);
  set_gpr(t.n, b_.zext(b_.cmp(Cond::kEq, old, expected), Type::kI32));
  b_.put(kLinkAddr, b_.i32(kNoLink));
  b_.br(done);

  b_.start_block(failed);
  set_gpr(t.n, b_.i32(0));
  b_.put(kLinkAddr, b_.i32(kNoLink));
  b_.br(done);

  b_.start_block(done);
}

void Lifter::pref(Rs, Hint, Simm) {}  // a hint: neither reads nor faults

// The lightweight kinds (4, 16 to 19) order less than this does.
void Lifter::sync(Hint) { b_.fence(ir::Fence::kFull); }

}  // namespace xarch::mips
