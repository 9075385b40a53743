// Exclusive, ordered and atomic accesses.
#include "targets/arm/core/lift.h"
#include "targets/arm/core/memory.h"

namespace xarch::arm {

using ir::Cond;
using ir::Op;
using ir::Order;
using ir::Type;
using ir::Value;

namespace {

// Low 1 << size bytes of a register, zero-extended to the type of the access.
Value narrow(Lift& c, unsigned reg, unsigned size) {
  const Value v = c.r(size == 3, reg);
  return size >= 2 ? v : c.b.extract_u(v, 0, 8u << size);
}

void set_monitor(Lift& c, Value addr, Value lo, Value hi, unsigned size) {
  c.b.put(kSlotExclAddr, addr);
  c.b.put(kSlotExclLo, lo);
  c.b.put(kSlotExclHi, hi);
  c.b.put(kSlotExclSize, c.b.i64(size));
}

// Store-exclusive: it succeeds if the monitor holds this address and memory still has the value that was
// loaded. `store` does the compare-and-swap and yields whether it stored.
template <typename Fn>
void store_exclusive(Lift& c, unsigned n, unsigned s, unsigned size, Fn store) {
  ir::Builder& b = c.b;
  const Value held = b.and_(b.cmp(Cond::kEq, c.x_sp(n), b.get(kSlotExclAddr)),
                            b.cmp(Cond::kEq, b.get(kSlotExclSize), b.i64(size)));
  const ir::BlockId yes = b.new_block(), no = b.new_block(), join = b.new_block();
  b.cond_br(held, yes, no);
  b.start_block(yes);
  const Value failed = store();
  c.put(s, b.zext(failed, Type::kI64));
  b.put(kSlotExclAddr, b.i64(kNoMonitor));
  b.br(join);
  b.start_block(no);
  c.put(s, b.i64(1));
  b.put(kSlotExclAddr, b.i64(kNoMonitor));
  b.br(join);
  b.start_block(join);
}

// Atomics of the guest order like acquire and release at most; the host's locked operations are stronger.
Order rmw_order(bool acquire, bool release) {
  return acquire && release ? Order::kSeqCst
         : acquire          ? Order::kAcquire
         : release          ? Order::kRelease
                            : Order::kRelaxed;
}

template <Insn I>
void rmw(Lift& c, Enc<I> e, ir::RmwOp op) {
  const unsigned size = e.template get<'z'>();
  const ir::MemDesc d = atomic(size, rmw_order(e.template get<'A'>(), e.template get<'R'>()));
  const Value operand = c.r(size == 3, e.template get<'s'>());
  c.put(e.template get<'t'>(), c.b.rmw(op, c.x_sp(e.template get<'n'>()), operand, d));
}

void ordered_load(Lift& c, unsigned t, unsigned n, unsigned size, int64_t offset, bool sign, Type type) {
  ir::MemDesc d = atomic(size, Order::kAcquire);
  d.sign = sign;
  c.put(t, c.b.load(type, c.x_sp(n), d, static_cast<int32_t>(offset)));
}
// A later load-acquire is ordered after a store-release: the store must be sequentially consistent.
void ordered_store(Lift& c, unsigned t, unsigned n, unsigned size, int64_t offset) {
  c.b.store(c.x_sp(n), c.x(t), atomic(size, Order::kSeqCst), static_cast<int32_t>(offset));
}

}  // namespace

// ---- exclusive
template <>
void lift<Insn::kLdxr>(Lift& c, Enc<Insn::kLdxr> e) {
  const unsigned size = e.get<'z'>();
  const Value addr = c.x_sp(e.get<'n'>());
  const Value v = c.b.load(Type::kI64, addr, atomic(size, e.get<'o'>() ? Order::kAcquire : Order::kRelaxed));
  set_monitor(c, addr, v, c.b.i64(0), size);
  c.put(e.get<'t'>(), v);
}
template <>
void lift<Insn::kLdxp>(Lift& c, Enc<Insn::kLdxp> e) {
  const unsigned size = 3 + e.get<'z'>();
  const Order order = e.get<'o'>() ? Order::kAcquire : Order::kRelaxed;
  const Value addr = c.x_sp(e.get<'n'>());
  if (size == 3) {
    const Value v = c.b.load(Type::kI64, addr, atomic(3, order));
    set_monitor(c, addr, v, c.b.i64(0), size);
    c.put(e.get<'t'>(), c.b.extract_u(v, 0, 32));
    c.put(e.get<'u'>(), c.b.shr_u(v, 32));
    return;
  }
  const Value v = c.b.load(Type::kI128, addr, atomic(4, order));
  const Value lo = c.b.lo(v), hi = c.b.hi(v);
  set_monitor(c, addr, lo, hi, size);
  c.put(e.get<'t'>(), lo);
  c.put(e.get<'u'>(), hi);
}
template <>
void lift<Insn::kStxr>(Lift& c, Enc<Insn::kStxr> e) {
  const unsigned size = e.get<'z'>(), t = e.get<'t'>(), n = e.get<'n'>();
  store_exclusive(c, n, e.get<'s'>(), size, [&] {
    Value expected = c.b.get(kSlotExclLo);
    if (size < 3) expected = c.b.trunc(expected, Type::kI32);
    const Value old = c.b.cas(c.x_sp(n), expected, c.r(size == 3, t), atomic(size, Order::kSeqCst));
    return c.b.cmp(Cond::kNe, old, expected);
  });
}
template <>
void lift<Insn::kStxp>(Lift& c, Enc<Insn::kStxp> e) {
  const unsigned size = 3 + e.get<'z'>(), t = e.get<'t'>(), u = e.get<'u'>(), n = e.get<'n'>();
  store_exclusive(c, n, e.get<'s'>(), size, [&] {
    const Value lo = c.b.get(kSlotExclLo);
    if (size == 3) {
      const Value desired = c.b.deposit(c.x(t), c.x(u), 32, 32);
      return c.b.cmp(Cond::kNe, c.b.cas(c.x_sp(n), lo, desired, atomic(3, Order::kSeqCst)), lo);
    }
    const Value hi = c.b.get(kSlotExclHi);
    const Value old =
        c.b.cas(c.x_sp(n), c.b.pair(lo, hi), c.b.pair(c.x(t), c.x(u)), atomic(4, Order::kSeqCst));
    const Value differ = c.b.or_(c.b.xor_(c.b.lo(old), lo), c.b.xor_(c.b.hi(old), hi));
    return c.b.cmp(Cond::kNe, differ, c.b.i64(0));
  });
}

// ---- ordered
template <>
void lift<Insn::kLdar>(Lift& c, Enc<Insn::kLdar> e) {
  ordered_load(c, e.get<'t'>(), e.get<'n'>(), e.get<'z'>(), 0, false, Type::kI64);
}
template <>
void lift<Insn::kLdlar>(Lift& c, Enc<Insn::kLdlar> e) {
  ordered_load(c, e.get<'t'>(), e.get<'n'>(), e.get<'z'>(), 0, false, Type::kI64);
}
template <>
void lift<Insn::kLdapr>(Lift& c, Enc<Insn::kLdapr> e) {
  ordered_load(c, e.get<'t'>(), e.get<'n'>(), e.get<'z'>(), 0, false, Type::kI64);
}
template <>
void lift<Insn::kStlr>(Lift& c, Enc<Insn::kStlr> e) {
  ordered_store(c, e.get<'t'>(), e.get<'n'>(), e.get<'z'>(), 0);
}
template <>
void lift<Insn::kStllr>(Lift& c, Enc<Insn::kStllr> e) {
  ordered_store(c, e.get<'t'>(), e.get<'n'>(), e.get<'z'>(), 0);
}
template <>
void lift<Insn::kStlur>(Lift& c, Enc<Insn::kStlur> e) {
  ordered_store(c, e.get<'t'>(), e.get<'n'>(), e.get<'z'>(), e.get_signed<'i'>());
}
template <>
void lift<Insn::kLdapur>(Lift& c, Enc<Insn::kLdapur> e) {
  ordered_load(c, e.get<'t'>(), e.get<'n'>(), e.get<'z'>(), e.get_signed<'i'>(), false, Type::kI64);
}
template <>
void lift<Insn::kLdapursX>(Lift& c, Enc<Insn::kLdapursX> e) {
  ordered_load(c, e.get<'t'>(), e.get<'n'>(), e.get<'z'>(), e.get_signed<'i'>(), true, Type::kI64);
}
template <>
void lift<Insn::kLdapursW>(Lift& c, Enc<Insn::kLdapursW> e) {
  ordered_load(c, e.get<'t'>(), e.get<'n'>(), e.get<'z'>(), e.get_signed<'i'>(), true, Type::kI32);
}

// ---- atomic
template <>
void lift<Insn::kCas>(Lift& c, Enc<Insn::kCas> e) {
  const unsigned size = e.get<'z'>(), s = e.get<'s'>();
  const ir::MemDesc d = atomic(size, rmw_order(e.get<'A'>(), e.get<'R'>()));
  const Value old = c.b.cas(c.x_sp(e.get<'n'>()), narrow(c, s, size), c.r(size == 3, e.get<'t'>()), d);
  c.put(s, old);
}
template <>
void lift<Insn::kCasp>(Lift& c, Enc<Insn::kCasp> e) {
  const unsigned s = e.get<'s'>(), t = e.get<'t'>();
  const Order order = rmw_order(e.get<'A'>(), e.get<'R'>());
  const Value addr = c.x_sp(e.get<'n'>());
  if (!e.get<'z'>()) {
    const Value expected = c.b.deposit(c.x(s), c.x(s + 1), 32, 32),
                desired = c.b.deposit(c.x(t), c.x(t + 1), 32, 32);
    const Value old = c.b.cas(addr, expected, desired, atomic(3, order));
    c.put(s, c.b.extract_u(old, 0, 32));
    c.put(s + 1, c.b.shr_u(old, 32));
    return;
  }
  const Value expected = c.b.pair(c.x(s), c.x(s + 1)), desired = c.b.pair(c.x(t), c.x(t + 1));
  const Value old = c.b.cas(addr, expected, desired, atomic(4, order));
  c.put(s, c.b.lo(old));
  c.put(s + 1, c.b.hi(old));
}
template <>
void lift<Insn::kLdAdd>(Lift& c, Enc<Insn::kLdAdd> e) {
  rmw(c, e, ir::RmwOp::kAdd);
}
template <>
void lift<Insn::kLdClr>(Lift& c, Enc<Insn::kLdClr> e) {
  rmw(c, e, ir::RmwOp::kAndNot);
}
template <>
void lift<Insn::kLdEor>(Lift& c, Enc<Insn::kLdEor> e) {
  rmw(c, e, ir::RmwOp::kXor);
}
template <>
void lift<Insn::kLdSet>(Lift& c, Enc<Insn::kLdSet> e) {
  rmw(c, e, ir::RmwOp::kOr);
}
template <>
void lift<Insn::kLdSmax>(Lift& c, Enc<Insn::kLdSmax> e) {
  rmw(c, e, ir::RmwOp::kSMax);
}
template <>
void lift<Insn::kLdSmin>(Lift& c, Enc<Insn::kLdSmin> e) {
  rmw(c, e, ir::RmwOp::kSMin);
}
template <>
void lift<Insn::kLdUmax>(Lift& c, Enc<Insn::kLdUmax> e) {
  rmw(c, e, ir::RmwOp::kUMax);
}
template <>
void lift<Insn::kLdUmin>(Lift& c, Enc<Insn::kLdUmin> e) {
  rmw(c, e, ir::RmwOp::kUMin);
}
template <>
void lift<Insn::kSwp>(Lift& c, Enc<Insn::kSwp> e) {
  rmw(c, e, ir::RmwOp::kXchg);
}

}  // namespace xarch::arm
