// Loads and stores of one or two registers, all addressing modes.
#include "targets/arm/core/lift.h"
#include "targets/arm/core/memory.h"

namespace xarch::arm {

using ir::Op;
using ir::Type;
using ir::Value;

namespace {

enum class Write : uint8_t { kNone, kPre, kPost };

struct Address {
  Value base;
  int32_t disp = 0;
  unsigned reg = 0;
  Write write = Write::kNone;
  int64_t offset = 0;
};

Address indexed(Lift& c, unsigned n, int64_t offset, Write write) {
  return {c.x_sp(n), write == Write::kPost ? 0 : static_cast<int32_t>(offset), n, write, offset};
}

// Writeback comes last: nothing may be written if the access faults.
void finish(Lift& c, const Address& a) {
  if (a.write != Write::kNone) c.put_sp(a.reg, c.b.add(a.base, a.offset));
}

// What a register operand of an access is.
enum class Kind : uint8_t { kInt, kSignedX, kSignedW, kVector };

Value load_value(Lift& c, const Address& a, Kind kind, unsigned size, int32_t extra = 0) {
  ir::MemDesc d = plain(size);
  switch (kind) {
    case Kind::kInt: return c.b.load(Type::kI64, a.base, d, a.disp + extra);
    case Kind::kSignedX: d.sign = true; return c.b.load(Type::kI64, a.base, d, a.disp + extra);
    case Kind::kSignedW: d.sign = true; return c.b.load(Type::kI32, a.base, d, a.disp + extra);
    case Kind::kVector: break;
  }
  return c.b.load(size == 4 ? Type::kV128 : Type::kV64, a.base, d, a.disp + extra);
}

void put_loaded(Lift& c, Kind kind, unsigned t, Value v) {
  if (kind != Kind::kVector) {
    c.put(t, v);
  } else {
    c.put_v(t, v);
  }
}

Value store_value(Lift& c, Kind kind, unsigned t, unsigned size) {
  if (kind != Kind::kVector) return c.x(t);
  return size == 4 ? c.v(t) : size >= 2 ? c.v64(t) : c.lane(t, size, 0);
}

void load(Lift& c, const Address& a, Kind kind, unsigned t, unsigned size) {
  const Value v = load_value(c, a, kind, size);
  put_loaded(c, kind, t, v);
  finish(c, a);
}
void store(Lift& c, const Address& a, Kind kind, unsigned t, unsigned size) {
  c.b.store(a.base, store_value(c, kind, t, size), plain(size), a.disp);
  finish(c, a);
}

void load_pair(Lift& c, const Address& a, Kind kind, unsigned t, unsigned u, unsigned size) {
  const Value first = load_value(c, a, kind, size);
  const Value second = load_value(c, a, kind, size, 1 << size);
  put_loaded(c, kind, t, first);
  put_loaded(c, kind, u, second);
  finish(c, a);
}
void store_pair(Lift& c, const Address& a, Kind kind, unsigned t, unsigned u, unsigned size) {
  if (size == 4) {
    // The architecture allows the first half to be written when the second faults.
    c.b.store(a.base, c.v(t), plain(4), a.disp);
    c.b.store(a.base, c.v(u), plain(4), a.disp + 16);
  } else if (kind == Kind::kVector) {
    const Value lo = c.lane(t, size, 0), hi = c.lane(u, size, 0);
    if (size == 3) {
      c.b.store(a.base, c.b.vpair(c.v64(t), c.v64(u)), plain(4, 3), a.disp);
    } else {
      c.b.store(a.base, c.b.deposit(c.b.zext(lo, Type::kI64), c.b.zext(hi, Type::kI64), 32, 32), plain(3, 2),
                a.disp);
    }
  } else if (size == 3) {
    c.b.store(a.base, c.b.pair(c.x(t), c.x(u)), plain(4), a.disp);
  } else {
    c.b.store(a.base, c.b.deposit(c.x(t), c.x(u), 32, 32), plain(3), a.disp);
  }
  finish(c, a);
}

// ---- where each addressing mode finds its address
template <Insn I>
Address scaled(Lift& c, Enc<I> e, unsigned size) {
  return indexed(c, e.template get<'n'>(), int64_t{e.template get<'i'>()} << size, Write::kNone);
}
template <Insn I>
Address signed9(Lift& c, Enc<I> e, Write write) {
  return indexed(c, e.template get<'n'>(), e.template get_signed<'i'>(), write);
}
template <Insn I>
Address register_offset(Lift& c, Enc<I> e, unsigned size) {
  const unsigned option = e.template get<'k'>(), m = e.template get<'m'>();
  Value index = c.x(m);
  if (option == 2) index = c.b.extract_u(index, 0, 32);
  if (option == 6) index = c.b.extract_s(index, 0, 32);
  if (e.template get<'S'>() && size != 0) index = c.b.shl(index, size);
  return {c.b.add(c.x_sp(e.template get<'n'>()), index), 0, 0, Write::kNone, 0};
}
template <Insn I>
Address pair_address(Lift& c, Enc<I> e, unsigned size, Write write) {
  return indexed(c, e.template get<'n'>(), e.template get_signed<'i'>() * (int64_t{1} << size), write);
}
template <Insn I>
void literal(Lift& c, Enc<I> e, Kind kind, unsigned size) {
  const Address a = {c.b.pcrel(c.here + e.template get_signed<'i'>() * 4), 0, 0, Write::kNone, 0};
  load(c, a, kind, e.template get<'t'>(), size);
}

}  // namespace

// ---- literals
template <>
void lift<Insn::kLdrLit>(Lift& c, Enc<Insn::kLdrLit> e) {
  literal(c, e, Kind::kInt, 2 + e.get<'z'>());
}
template <>
void lift<Insn::kLdrswLit>(Lift& c, Enc<Insn::kLdrswLit> e) {
  literal(c, e, Kind::kSignedX, 2);
}
template <>
void lift<Insn::kLdrLitV>(Lift& c, Enc<Insn::kLdrLitV> e) {
  literal(c, e, Kind::kVector, 2 + e.get<'z'>());
}
template <>
void lift<Insn::kPrfmLit>(Lift&, Enc<Insn::kPrfmLit>) {}
template <>
void lift<Insn::kPrfmUnscaled>(Lift&, Enc<Insn::kPrfmUnscaled>) {}
template <>
void lift<Insn::kPrfmReg>(Lift&, Enc<Insn::kPrfmReg>) {}
template <>
void lift<Insn::kPrfmImm>(Lift&, Enc<Insn::kPrfmImm>) {}

// ---- pairs
template <>
void lift<Insn::kStnp>(Lift& c, Enc<Insn::kStnp> e) {
  const unsigned size = 2 + e.get<'z'>();
  store_pair(c, pair_address(c, e, size, Write::kNone), Kind::kInt, e.get<'t'>(), e.get<'u'>(), size);
}
template <>
void lift<Insn::kStnpV>(Lift& c, Enc<Insn::kStnpV> e) {
  const unsigned size = 2 + e.get<'z'>();
  store_pair(c, pair_address(c, e, size, Write::kNone), Kind::kVector, e.get<'t'>(), e.get<'u'>(), size);
}
template <>
void lift<Insn::kLdnp>(Lift& c, Enc<Insn::kLdnp> e) {
  const unsigned size = 2 + e.get<'z'>();
  load_pair(c, pair_address(c, e, size, Write::kNone), Kind::kInt, e.get<'t'>(), e.get<'u'>(), size);
}
template <>
void lift<Insn::kLdnpV>(Lift& c, Enc<Insn::kLdnpV> e) {
  const unsigned size = 2 + e.get<'z'>();
  load_pair(c, pair_address(c, e, size, Write::kNone), Kind::kVector, e.get<'t'>(), e.get<'u'>(), size);
}
template <>
void lift<Insn::kStpPost>(Lift& c, Enc<Insn::kStpPost> e) {
  const unsigned size = 2 + e.get<'z'>();
  store_pair(c, pair_address(c, e, size, Write::kPost), Kind::kInt, e.get<'t'>(), e.get<'u'>(), size);
}
template <>
void lift<Insn::kStpPostV>(Lift& c, Enc<Insn::kStpPostV> e) {
  const unsigned size = 2 + e.get<'z'>();
  store_pair(c, pair_address(c, e, size, Write::kPost), Kind::kVector, e.get<'t'>(), e.get<'u'>(), size);
}
template <>
void lift<Insn::kLdpPost>(Lift& c, Enc<Insn::kLdpPost> e) {
  const unsigned size = 2 + e.get<'z'>();
  load_pair(c, pair_address(c, e, size, Write::kPost), Kind::kInt, e.get<'t'>(), e.get<'u'>(), size);
}
template <>
void lift<Insn::kLdpPostV>(Lift& c, Enc<Insn::kLdpPostV> e) {
  const unsigned size = 2 + e.get<'z'>();
  load_pair(c, pair_address(c, e, size, Write::kPost), Kind::kVector, e.get<'t'>(), e.get<'u'>(), size);
}
template <>
void lift<Insn::kLdpswPost>(Lift& c, Enc<Insn::kLdpswPost> e) {
  load_pair(c, pair_address(c, e, 2, Write::kPost), Kind::kSignedX, e.get<'t'>(), e.get<'u'>(), 2);
}
template <>
void lift<Insn::kStp>(Lift& c, Enc<Insn::kStp> e) {
  const unsigned size = 2 + e.get<'z'>();
  store_pair(c, pair_address(c, e, size, Write::kNone), Kind::kInt, e.get<'t'>(), e.get<'u'>(), size);
}
template <>
void lift<Insn::kStpV>(Lift& c, Enc<Insn::kStpV> e) {
  const unsigned size = 2 + e.get<'z'>();
  store_pair(c, pair_address(c, e, size, Write::kNone), Kind::kVector, e.get<'t'>(), e.get<'u'>(), size);
}
template <>
void lift<Insn::kLdp>(Lift& c, Enc<Insn::kLdp> e) {
  const unsigned size = 2 + e.get<'z'>();
  load_pair(c, pair_address(c, e, size, Write::kNone), Kind::kInt, e.get<'t'>(), e.get<'u'>(), size);
}
template <>
void lift<Insn::kLdpV>(Lift& c, Enc<Insn::kLdpV> e) {
  const unsigned size = 2 + e.get<'z'>();
  load_pair(c, pair_address(c, e, size, Write::kNone), Kind::kVector, e.get<'t'>(), e.get<'u'>(), size);
}
template <>
void lift<Insn::kLdpsw>(Lift& c, Enc<Insn::kLdpsw> e) {
  load_pair(c, pair_address(c, e, 2, Write::kNone), Kind::kSignedX, e.get<'t'>(), e.get<'u'>(), 2);
}
template <>
void lift<Insn::kStpPre>(Lift& c, Enc<Insn::kStpPre> e) {
  const unsigned size = 2 + e.get<'z'>();
  store_pair(c, pair_address(c, e, size, Write::kPre), Kind::kInt, e.get<'t'>(), e.get<'u'>(), size);
}
template <>
void lift<Insn::kStpPreV>(Lift& c, Enc<Insn::kStpPreV> e) {
  const unsigned size = 2 + e.get<'z'>();
  store_pair(c, pair_address(c, e, size, Write::kPre), Kind::kVector, e.get<'t'>(), e.get<'u'>(), size);
}
template <>
void lift<Insn::kLdpPre>(Lift& c, Enc<Insn::kLdpPre> e) {
  const unsigned size = 2 + e.get<'z'>();
  load_pair(c, pair_address(c, e, size, Write::kPre), Kind::kInt, e.get<'t'>(), e.get<'u'>(), size);
}
template <>
void lift<Insn::kLdpPreV>(Lift& c, Enc<Insn::kLdpPreV> e) {
  const unsigned size = 2 + e.get<'z'>();
  load_pair(c, pair_address(c, e, size, Write::kPre), Kind::kVector, e.get<'t'>(), e.get<'u'>(), size);
}
template <>
void lift<Insn::kLdpswPre>(Lift& c, Enc<Insn::kLdpswPre> e) {
  load_pair(c, pair_address(c, e, 2, Write::kPre), Kind::kSignedX, e.get<'t'>(), e.get<'u'>(), 2);
}

// ---- single registers
template <>
void lift<Insn::kStUnscaled>(Lift& c, Enc<Insn::kStUnscaled> e) {
  store(c, signed9(c, e, Write::kNone), Kind::kInt, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdUnscaled>(Lift& c, Enc<Insn::kLdUnscaled> e) {
  load(c, signed9(c, e, Write::kNone), Kind::kInt, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdsXUnscaled>(Lift& c, Enc<Insn::kLdsXUnscaled> e) {
  load(c, signed9(c, e, Write::kNone), Kind::kSignedX, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdsWUnscaled>(Lift& c, Enc<Insn::kLdsWUnscaled> e) {
  load(c, signed9(c, e, Write::kNone), Kind::kSignedW, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kStUnscaledV>(Lift& c, Enc<Insn::kStUnscaledV> e) {
  store(c, signed9(c, e, Write::kNone), Kind::kVector, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdUnscaledV>(Lift& c, Enc<Insn::kLdUnscaledV> e) {
  load(c, signed9(c, e, Write::kNone), Kind::kVector, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kStUnscaledQ>(Lift& c, Enc<Insn::kStUnscaledQ> e) {
  store(c, signed9(c, e, Write::kNone), Kind::kVector, e.get<'t'>(), 4);
}
template <>
void lift<Insn::kLdUnscaledQ>(Lift& c, Enc<Insn::kLdUnscaledQ> e) {
  load(c, signed9(c, e, Write::kNone), Kind::kVector, e.get<'t'>(), 4);
}
template <>
void lift<Insn::kStPost>(Lift& c, Enc<Insn::kStPost> e) {
  store(c, signed9(c, e, Write::kPost), Kind::kInt, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdPost>(Lift& c, Enc<Insn::kLdPost> e) {
  load(c, signed9(c, e, Write::kPost), Kind::kInt, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdsXPost>(Lift& c, Enc<Insn::kLdsXPost> e) {
  load(c, signed9(c, e, Write::kPost), Kind::kSignedX, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdsWPost>(Lift& c, Enc<Insn::kLdsWPost> e) {
  load(c, signed9(c, e, Write::kPost), Kind::kSignedW, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kStPostV>(Lift& c, Enc<Insn::kStPostV> e) {
  store(c, signed9(c, e, Write::kPost), Kind::kVector, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdPostV>(Lift& c, Enc<Insn::kLdPostV> e) {
  load(c, signed9(c, e, Write::kPost), Kind::kVector, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kStPostQ>(Lift& c, Enc<Insn::kStPostQ> e) {
  store(c, signed9(c, e, Write::kPost), Kind::kVector, e.get<'t'>(), 4);
}
template <>
void lift<Insn::kLdPostQ>(Lift& c, Enc<Insn::kLdPostQ> e) {
  load(c, signed9(c, e, Write::kPost), Kind::kVector, e.get<'t'>(), 4);
}
template <>
void lift<Insn::kStUnpriv>(Lift& c, Enc<Insn::kStUnpriv> e) {
  store(c, signed9(c, e, Write::kNone), Kind::kInt, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdUnpriv>(Lift& c, Enc<Insn::kLdUnpriv> e) {
  load(c, signed9(c, e, Write::kNone), Kind::kInt, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdsXUnpriv>(Lift& c, Enc<Insn::kLdsXUnpriv> e) {
  load(c, signed9(c, e, Write::kNone), Kind::kSignedX, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdsWUnpriv>(Lift& c, Enc<Insn::kLdsWUnpriv> e) {
  load(c, signed9(c, e, Write::kNone), Kind::kSignedW, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kStPre>(Lift& c, Enc<Insn::kStPre> e) {
  store(c, signed9(c, e, Write::kPre), Kind::kInt, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdPre>(Lift& c, Enc<Insn::kLdPre> e) {
  load(c, signed9(c, e, Write::kPre), Kind::kInt, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdsXPre>(Lift& c, Enc<Insn::kLdsXPre> e) {
  load(c, signed9(c, e, Write::kPre), Kind::kSignedX, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdsWPre>(Lift& c, Enc<Insn::kLdsWPre> e) {
  load(c, signed9(c, e, Write::kPre), Kind::kSignedW, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kStPreV>(Lift& c, Enc<Insn::kStPreV> e) {
  store(c, signed9(c, e, Write::kPre), Kind::kVector, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdPreV>(Lift& c, Enc<Insn::kLdPreV> e) {
  load(c, signed9(c, e, Write::kPre), Kind::kVector, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kStPreQ>(Lift& c, Enc<Insn::kStPreQ> e) {
  store(c, signed9(c, e, Write::kPre), Kind::kVector, e.get<'t'>(), 4);
}
template <>
void lift<Insn::kLdPreQ>(Lift& c, Enc<Insn::kLdPreQ> e) {
  load(c, signed9(c, e, Write::kPre), Kind::kVector, e.get<'t'>(), 4);
}
template <>
void lift<Insn::kStReg>(Lift& c, Enc<Insn::kStReg> e) {
  store(c, register_offset(c, e, e.get<'z'>()), Kind::kInt, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdReg>(Lift& c, Enc<Insn::kLdReg> e) {
  load(c, register_offset(c, e, e.get<'z'>()), Kind::kInt, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdsXReg>(Lift& c, Enc<Insn::kLdsXReg> e) {
  load(c, register_offset(c, e, e.get<'z'>()), Kind::kSignedX, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdsWReg>(Lift& c, Enc<Insn::kLdsWReg> e) {
  load(c, register_offset(c, e, e.get<'z'>()), Kind::kSignedW, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kStRegV>(Lift& c, Enc<Insn::kStRegV> e) {
  store(c, register_offset(c, e, e.get<'z'>()), Kind::kVector, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdRegV>(Lift& c, Enc<Insn::kLdRegV> e) {
  load(c, register_offset(c, e, e.get<'z'>()), Kind::kVector, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kStRegQ>(Lift& c, Enc<Insn::kStRegQ> e) {
  store(c, register_offset(c, e, 4), Kind::kVector, e.get<'t'>(), 4);
}
template <>
void lift<Insn::kLdRegQ>(Lift& c, Enc<Insn::kLdRegQ> e) {
  load(c, register_offset(c, e, 4), Kind::kVector, e.get<'t'>(), 4);
}
template <>
void lift<Insn::kStImm>(Lift& c, Enc<Insn::kStImm> e) {
  store(c, scaled(c, e, e.get<'z'>()), Kind::kInt, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdImm>(Lift& c, Enc<Insn::kLdImm> e) {
  load(c, scaled(c, e, e.get<'z'>()), Kind::kInt, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdsXImm>(Lift& c, Enc<Insn::kLdsXImm> e) {
  load(c, scaled(c, e, e.get<'z'>()), Kind::kSignedX, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdsWImm>(Lift& c, Enc<Insn::kLdsWImm> e) {
  load(c, scaled(c, e, e.get<'z'>()), Kind::kSignedW, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kStImmV>(Lift& c, Enc<Insn::kStImmV> e) {
  store(c, scaled(c, e, e.get<'z'>()), Kind::kVector, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kLdImmV>(Lift& c, Enc<Insn::kLdImmV> e) {
  load(c, scaled(c, e, e.get<'z'>()), Kind::kVector, e.get<'t'>(), e.get<'z'>());
}
template <>
void lift<Insn::kStImmQ>(Lift& c, Enc<Insn::kStImmQ> e) {
  store(c, scaled(c, e, 4), Kind::kVector, e.get<'t'>(), 4);
}
template <>
void lift<Insn::kLdImmQ>(Lift& c, Enc<Insn::kLdImmQ> e) {
  load(c, scaled(c, e, 4), Kind::kVector, e.get<'t'>(), 4);
}
}  // namespace xarch::arm
