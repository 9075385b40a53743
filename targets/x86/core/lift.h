// What the lifters of all instruction groups share: the instruction being translated, its operands,
// addresses, flags, endings.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "targets/x86/core/decode.h"
#include "targets/x86/core/model.h"
#include "targets/x86/core/raise.h"
#include "targets/x86/core/state.h"
#include "tcg/ir/builder.h"
#include "tcg/runtime/region_walk.h"

namespace xarch::x86 {

using tcg::After;

// An operand in memory: b.load(base, …, disp).
struct Address {
  ir::Value base;
  int32_t disp = 0;
};

// What is known of x87's stack on the way through a region, and what is still to be written of it.
struct X87Track {
  bool usable = false;      // there is something to go by, and no exception is unmasked
  bool known = false;       // else it is a guess
  bool pending = false;     // X87Ip is not written yet:
  int64_t ip = 0;           // offset of the last instruction
  bool c1_pending = false;  // nor is C1:
  ir::Value rounded;        // it says how this was rounded; none: it is clear
  uint8_t full = 0;         // a bit for each physical register
  unsigned top = 0;

  uint32_t where() const { return top | uint32_t{full} << 8; }
};

struct Lift : tcg::RegionWalk {
  Lift(ir::Builder& builder, const Model& m, const tcg::LiftLimits& limits)
      : RegionWalk(builder, limits, kSlotFlags), model(m) {}

  const Model& model;
  Insn i;
  bool dry = false;  // floating point is computed for its exceptions: nothing may be written

  const Row& row() const { return rows()[i.row]; }
  int64_t next() const { return following; }
  bool mode64() const { return i.mode64; }
  unsigned stack_bytes() const { return i.mode64 ? 8 : 4; }

  // ---- types and constants
  static ir::Type type(unsigned bytes) {
    return bytes == 1   ? ir::Type::kI8
           : bytes == 2 ? ir::Type::kI16
           : bytes == 4 ? ir::Type::kI32
                        : ir::Type::kI64;
  }
  ir::Value constant(ir::Type t, uint64_t v) {
    const unsigned bits = ir::type_bits(t);
    return b.iconst(t, bits < 64 ? v & ((uint64_t{1} << bits) - 1) : v);
  }
  ir::Value msb(ir::Value v) { return b.cmp(ir::Cond::kSlt, v, constant(v.type, 0)); }
  ir::Value bit(ir::Value v, unsigned n) { return b.trunc(b.shr_u(v, n), ir::Type::kI1); }

  // ---- general registers
  ir::Value gpr64(unsigned n) { return b.get(kGprSlot[n]); }
  ir::Value gpr(unsigned n, unsigned bytes) { return b.trunc(gpr64(n), type(bytes)); }
  // Writes of 32 bits clear the upper half, narrower ones leave the rest alone.
  void put_gpr(unsigned n, ir::Value v);

  // ---- operands
  Operand operand(unsigned n) const { return x86::operand(i, n); }
  // The value of an operand, of its own size, or of `bytes` (immediates).
  ir::Value read(const Operand& o, unsigned bytes = 0);
  ir::Value read(unsigned n, unsigned bytes = 0) { return read(operand(n), bytes); }
  void write(const Operand& o, ir::Value v);
  void write(unsigned n, ir::Value v) { write(operand(n), v); }

  // ---- memory
  Address address();
  Address address_of(const Operand& o);
  // The linear address of `offset` (of the address size, in an i64) in the segment. Of a segment that is not
  // flat the offsets of the access are checked: `bytes` of them, 0 stands for the memory operand's.
  ir::Value linear(ir::Value offset, unsigned segment, unsigned bytes = 0);
  // Are its accesses checked?
  bool checked(unsigned segment) const;
  // A register as a pointer of the address size (string instructions), in an i64.
  ir::Value pointer(unsigned reg) {
    const ir::Value v = gpr64(reg);
    if (i.address_bytes == 8) return v;
    return b.and_(v, i.address_bytes == 4 ? 0xffffffffu : 0xffffu);
  }
  // The offset that LEA gives, in an i64.
  ir::Value effective_address();
  // Of an access at the address that was computed last: where its segment is checked, a store is refused that
  // it does not take.
  ir::MemDesc desc(unsigned bytes, bool store) const;
  ir::Value load(const Address& a, unsigned bytes) {
    return b.load(type(bytes), a.base, desc(bytes, false), a.disp);
  }
  void store(const Address& a, ir::Value v) {
    b.store(a.base, v, desc(ir::type_bytes(v.type), true), a.disp);
  }
  // For CAS and RMW.
  ir::MemDesc atomic(unsigned bytes) const;

  unsigned last_segment = kDs;  // of the address that was computed last

  // ---- the stack
  bool stack16() const { return (b.key().mode & kModeStack16) != 0; }
  // An operand of `bytes` that lies `by` from a register that points into the stack.
  Address in_stack(unsigned reg, int64_t by, unsigned bytes);
  // The stack pointer, or a copy of it in a register, moved; the whole register.
  ir::Value stack_moved(int64_t by, unsigned reg = kRsp);
  void push(ir::Value v);
  // What is on top, of `bytes`; the caller moves the stack pointer.
  ir::Value top(unsigned bytes, int64_t by = 0) { return load(in_stack(kRsp, by, bytes), bytes); }

  // ---- code
  // An address of code as programs see it, in an i64: without the base of CS. And the other way.
  ir::Value code_offset(int64_t offset);
  ir::Value code_address(ir::Value offset);

  // ---- flags
  ir::Value flags() { return b.get(kSlotFlags); }
  void put_flags(ir::Value f) {
    if (dry) return;
    flags_written = true;
    b.put(kSlotFlags, f);
  }
  ir::Value carry() { return b.flags_test(flags(), ir::FlagCond::kC); }
  // Condition `cc` of the encodings (Jcc, SETcc, CMOVcc).
  ir::Value condition(unsigned cc);
  // C and O := v, the others clear (undefined by the architecture).
  void put_overflow(ir::Value v) { put_flags(b.flags_pack(b.i1(false), b.i1(false), v, v)); }
  // RFLAGS as an i64, and back: only what `mask` has.
  ir::Value rflags();
  void put_rflags(ir::Value v, uint32_t mask);

  // ---- x87
  X87Track x87;
  // Before a block ends, or its address is taken where that may end one: writes what is pending.
  void x87_settle();
  void x87_before_address() {
    if (b.key().mode & kModeSegments) x87_settle();
  }
  // Goes by a call where x87's stack is not as expected, and to the next instruction. After the last one.
  struct X87Otherwise {
    ir::BlockId block;
    Insn insn;
    int64_t here, following;
  };
  std::vector<X87Otherwise> x87_otherwise;

  // ---- endings, besides those of RegionWalk
  void raise(uint32_t code);
  // Goes on if `condition` is false. Nothing may have been written yet; values are lost.
  void raise_if(ir::Value condition, uint32_t code);
  // A block that raises, at the instruction or another offset, laid out behind all others.
  ir::BlockId raising(uint32_t code, int64_t at);
  // What was put off. After the region's last instruction.
  void finish_cold();

 private:
  struct Cold {
    ir::BlockId block;
    int64_t at;
    uint32_t code;
  };
  Cold cold_[64] = {};
  unsigned num_cold_ = 0;
};

using LiftFn = void (*)(Lift&);
struct NamedLifter {
  std::string_view text;  // of the rows
  LiftFn fn;
};

// The lifter of a row; null if there is none yet.
LiftFn lifter(unsigned row);

// One function per group, which says what it lifts. Each is in the lift_*.cc of its name.
#define LIFTER(name) void lift_##name(Lift& c);
#include "targets/x86/core/lifters.def"
#undef LIFTER

}  // namespace xarch::x86
