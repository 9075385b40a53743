// What the lifters of vector instructions share: registers, operands, and the table of those that do the same
// to each 128-bit part.
#pragma once

#include <string_view>

#include "targets/x86/core/lift.h"

namespace xarch::x86 {

// What an instruction makes of its 128-bit part `half` (0 or 1): of its sources a and b, b being no value if
// there is none or it is the immediate `imm`. The forms for MMX registers pass v64.
using VectorFn = ir::Value (*)(Lift& c, ir::Value a, ir::Value b, unsigned imm, unsigned half);

// A line of vector.def.
struct VectorOp {
  std::string_view text;  // of the rows, without the v of VEX forms
  VectorFn fn;            // null if `own` lifts it
  bool two;               // two sources
  uint8_t low_lane;       // not 0: of scalars of 1 << low_lane bytes
  LiftFn own;
};
// Of a row, MMX forms too; null if there is none.
const VectorOp* vector_op(unsigned row);
// What lifts a row of XMM or YMM registers; null if there is nothing yet.
LiftFn vector_lifter(unsigned row);

// Lifts an instruction that may raise floating-point exceptions by fn, which heeds Lift::dry.
void lift_computed(Lift& c, LiftFn fn);

inline bool is_vex(const Lift& c) { return c.i.has(kPrefixVex); }
// Number of 128-bit parts.
inline unsigned parts(const Lift& c) { return is_vex(c) && c.i.vector_bytes == 32 ? 2 : 1; }
inline bool is_register(const Operand& o) { return o.type == Operand::kVector; }
// The immediate operand, 0 if there is none.
inline unsigned immediate(const Lift& c) { return static_cast<unsigned>(c.i.imm & 0xff); }

// A part of vector register n.
inline ir::Value get_part(Lift& c, unsigned n, unsigned part = 0) {
  return c.b.get(part != 0 ? ymmh_slot(n) : xmm_slot(n));
}
// Vector register n := low, and above it high: under VEX zeros if it is none, else the upper part stays.
void put_vector(Lift& c, unsigned n, ir::Value low, ir::Value high = {});

// Descriptor of an access to a vector operand, aligned where the instruction demands it.
ir::MemDesc vector_desc(const Lift& c, unsigned bytes, bool store);
// Part of a vector operand as a v128: of a register, or of memory, zeros above what is narrower.
ir::Value read_part(Lift& c, const Operand& o, unsigned part = 0);
// A scalar operand of 4 or 8 bytes: a register's lowest lane, or memory.
ir::Value read_scalar(Lift& c, const Operand& o, unsigned lane);
// Vector register n := the register `above` with its lowest lane replaced.
void put_scalar(Lift& c, unsigned n, unsigned above, ir::Value v);
// The lowest `bytes` of a vector in memory.
void store_low(Lift& c, const Address& a, ir::Value v, unsigned bytes);

// ---- small steps
inline ir::Value zeros(Lift& c) { return c.b.vconst(ir::Type::kV128, 0); }
inline ir::Value low_half(Lift& c, ir::Value v) { return c.b.vconvert(ir::Op::kVLo, ir::Type::kV64, v); }
inline ir::Value high_half(Lift& c, ir::Value v) { return c.b.vconvert(ir::Op::kVHi, ir::Type::kV64, v); }
// The low half with zeros above.
inline ir::Value low_only(Lift& c, ir::Value v) {
  return c.b.vpair(low_half(c, v), c.b.vconst(ir::Type::kV64, 0));
}
// An integer of 32 or 64 bits with zeros above.
ir::Value from_integer(Lift& c, ir::Value v);
// Bytes moved down (n > 0 out of the bottom) or up; all gone from 16 on.
ir::Value bytes_down(Lift& c, ir::Value v, unsigned n);
ir::Value bytes_up(Lift& c, ir::Value v, unsigned n);
// Lane i of the result is lane (order >> 2i & 3) of v: lanes of 4 bytes.
ir::Value shuffle4(Lift& c, ir::Value v, unsigned order);

}  // namespace xarch::x86
