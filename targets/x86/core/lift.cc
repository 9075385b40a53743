#include "targets/x86/core/lift.h"
#include "targets/x86/core/lift_x87.h"

#include <iterator>

#include "targets/x86/core/lift_vector.h"
#include "targets/x86/core/row_table.h"
#include "targets/x86/core/segments.h"

namespace xarch::x86 {

using ir::Cond;
using ir::FlagCond;
using ir::Op;
using ir::Type;
using ir::Value;

namespace {

constexpr NamedLifter kLifted[] = {
#define LIFTS(text, name) {text, &lift_##name},
#include "targets/x86/core/lifted.def"
#undef LIFTS
};

constexpr auto kLiftedByText = by_text(kLifted);

LiftFn find_lifter(unsigned row) {
  if (const LiftFn fn = mmx_lifter(row)) return fn;
  if (const NamedLifter* named = find_text(kLiftedByText, rows()[row].text)) return named->fn;
  return vector_lifter(row);
}

// Bytes c at offset b of segment a: raises if they are not all in it.
uint64_t check_offset(void* state, uint64_t n, uint64_t offset, uint64_t bytes, uint64_t) {
  X86State& s = *static_cast<X86State*>(state);
  const auto segment = static_cast<unsigned>(n);
  if (s.low(segment) <= offset && offset + bytes - 1 <= s.high(segment)) return 0;
  s.hdr.request_exit(tcg::Exit::kRaise, segment == kSs ? kRaiseStack : kRaiseProtection, 0);
  return 0;
}
constexpr ir::HelperDesc kCheckOffset = {
    "x86.check_offset", check_offset, ir::kHelperMayExit | ir::kHelperNoMem | ir::kHelperListsState, {}, {}};

// Raises if nothing can be written to segment a.
uint64_t check_writable(void* state, uint64_t n, uint64_t, uint64_t, uint64_t) {
  X86State& s = *static_cast<X86State*>(state);
  if (!is_writable(s.rights(static_cast<unsigned>(n))))
    s.hdr.request_exit(tcg::Exit::kRaise, kRaiseProtection, 0);
  return 0;
}
constexpr ir::HelperDesc kCheckWritable = {"x86.check_writable",
                                           check_writable,
                                           ir::kHelperMayExit | ir::kHelperNoMem | ir::kHelperListsState,
                                           {},
                                           {}};

unsigned log2_bytes(unsigned bytes) { return static_cast<unsigned>(__builtin_ctz(bytes)); }

}  // namespace

LiftFn lifter(unsigned row) {
  static RowTable<LiftFn> table;
  return table.get(row, find_lifter);
}

void Lift::put_gpr(unsigned n, Value v) {
  if (dry) return;
  const ir::SlotId slot = kGprSlot[n];
  if (v.type >= Type::kI32) return b.put(slot, b.zext(v, Type::kI64));
  b.put(slot, b.deposit(b.get(slot), b.zext(v, Type::kI64), 0, ir::type_bits(v.type)));
}

Value Lift::read(const Operand& o, unsigned bytes) {
  switch (o.type) {
    case Operand::kGpr: return gpr(o.reg, o.bytes);
    case Operand::kHighByte: return b.trunc(b.shr_u(gpr64(o.reg), 8), Type::kI8);
    case Operand::kImmediate: return constant(type(bytes ? bytes : o.bytes), o.imm);
    default: return load(address_of(o), o.bytes);
  }
}

void Lift::write(const Operand& o, Value v) {
  switch (o.type) {
    case Operand::kGpr: return put_gpr(o.reg, v);
    case Operand::kHighByte:
      return b.put(kGprSlot[o.reg], b.deposit(gpr64(o.reg), b.zext(v, Type::kI64), 8, 8));
    default: return store(address_of(o), v);
  }
}

Value Lift::effective_address() {
  if (i.base == kRip) {
    Value v = b.pcrel(next() + i.disp);
    return i.address_bytes == 8 ? v : b.and_(v, 0xffffffffu);
  }
  Value v = b.i64(0);
  bool any = false;
  if (i.base != kNoReg) v = gpr64(i.base), any = true;
  if (i.index != kNoReg) {
    const Value index = b.shl(gpr64(i.index), i.scale);
    v = any ? b.add(v, index) : index;
  }
  v = b.add(v, int64_t{i.disp});
  if (i.address_bytes == 4) v = b.and_(v, 0xffffffffu);
  if (i.address_bytes == 2) v = b.and_(v, 0xffffu);
  return v;
}

bool Lift::checked(unsigned segment) const {
  const uint32_t mode = b.key().mode;
  return (mode & (segment == kFs ? kModeFs : segment == kGs ? kModeGs : kModeSegments)) != 0;
}

Value Lift::linear(Value offset, unsigned segment, unsigned bytes) {
  last_segment = segment;
  if (checked(segment)) {
    for (unsigned n = 0; bytes == 0 && n < 4; ++n) {
      if (const Operand o = operand(n); o.type == Operand::kMemory) bytes = o.bytes;
    }
    b.call(kCheckOffset, Type::kVoid,
           {b.i64(segment), b.and_(offset, 0xffffffffu), b.i64(bytes ? bytes : 1)});
  }
  if (segment != kFs && segment != kGs && !checked(segment)) return offset;
  return b.add(b.get(kBaseSlot[segment]), offset);
}

// The displacement stays apart where nothing comes between.
Address Lift::address() {
  const bool plain = i.address_bytes == 8 || (i.address_bytes == 4 && !mode64());
  if (!plain || i.base == kRip || (i.base == kNoReg && i.index == kNoReg) || checked(i.segment))
    return {linear(effective_address(), i.segment), 0};
  Value v;
  if (i.base != kNoReg) v = gpr64(i.base);
  if (i.index != kNoReg) {
    const Value index = b.shl(gpr64(i.index), i.scale);
    v = v ? b.add(v, index) : index;
  }
  return {linear(v, i.segment), i.disp};
}

Address Lift::address_of(const Operand& o) {
  if (o.type == Operand::kAbsolute) return {linear(b.i64(i.imm), i.segment, o.bytes), 0};
  return address();
}

ir::MemDesc Lift::desc(unsigned bytes, bool store) const {
  // The stack's segment can be written, or could not be loaded; none of code can.
  const bool code = last_segment == kCs && !mode64();
  if (store && last_segment != kSs && (code || checked(last_segment)))
    b.call(kCheckWritable, Type::kVoid, {b.i64(last_segment)});
  ir::MemDesc d;
  d.size = d.elem = static_cast<uint8_t>(log2_bytes(bytes));
  // Total store order: loads stay in order, and so do stores.
  d.order = store ? ir::Order::kRelease : ir::Order::kAcquire;
  if (!mode64()) d.xform = ir::AddrXform::kWrap32;
  return d;
}

ir::MemDesc Lift::atomic(unsigned bytes) const {
  ir::MemDesc d = desc(bytes, true);
  d.order = ir::Order::kSeqCst;
  d.atomic = true;
  return d;
}

Value Lift::stack_moved(int64_t by, unsigned reg) {
  const Value old = gpr64(reg), v = b.add(old, by);
  if (mode64()) return v;
  return stack16() ? b.deposit(old, v, 0, 16) : b.and_(v, 0xffffffffu);
}

Address Lift::in_stack(unsigned reg, int64_t by, unsigned bytes) {
  last_segment = kSs;
  if (!checked(kSs) && !stack16()) return {gpr64(reg), static_cast<int32_t>(by)};
  const Value offset = b.and_(b.add(gpr64(reg), by), stack16() ? 0xffffu : 0xffffffffu);
  return {linear(offset, kSs, bytes), 0};
}

void Lift::push(Value v) {
  const unsigned bytes = ir::type_bytes(v.type);
  store(in_stack(kRsp, -int64_t{bytes}, bytes), v);
  b.put(kSlotRsp, stack_moved(-int64_t{bytes}));
}

Value Lift::code_offset(int64_t offset) {
  const Value pc = b.pcrel(offset);
  if (!checked(kCs)) return pc;
  return b.and_(b.sub(pc, b.get(kSlotCsBase)), 0xffffffffu);
}

Value Lift::code_address(Value offset) {
  if (!checked(kCs)) return offset;
  return b.and_(b.add(offset, b.get(kSlotCsBase)), 0xffffffffu);
}

Value Lift::condition(unsigned cc) {
  static constexpr FlagCond kTable[] = {FlagCond::kV, FlagCond::kC, FlagCond::kZ,  FlagCond::kBe,
                                        FlagCond::kN, FlagCond::kP, FlagCond::kLt, FlagCond::kLe};
  const FlagCond c = kTable[cc >> 1 & 7];
  return b.flags_test(flags(), cc & 1 ? ir::negate(c) : c);
}

Value Lift::rflags() {
  const Value packed = b.zext(b.bitcast(flags(), Type::kI16), Type::kI64);
  Value v = b.or_(b.and_(b.shr_u(packed, 8), kEflagsArithmetic & 0xff), b.shl(b.and_(packed, 1), 11));
  const Value down = b.cmp(Cond::kNe, b.get(kSlotStep), b.i64(1));
  v = b.or_(v, b.shl(b.zext(down, Type::kI64), 10));
  return b.or_(v, b.or_(b.get(kSlotOtherFlags), b.i64(kEflagsFixed)));
}

void Lift::put_rflags(Value v, uint32_t mask) {
  if (mask & kEflagsArithmetic) {
    const Value packed = b.or_(b.shl(b.and_(v, kEflagsArithmetic & 0xff), 8), b.extract_u(v, 11, 1));
    put_flags(b.bitcast(b.trunc(packed, Type::kI16), Type::kFlags));
  }
  if (mask & kEflagsD) {
    b.put(kSlotStep, b.select(b.test_nz(v, b.i64(kEflagsD)), b.i64(~uint64_t{0}), b.i64(1)));
  }
  if (const uint32_t other = mask & kEflagsOfUser) {
    const Value old = b.and_(b.get(kSlotOtherFlags), ~uint64_t{other});
    b.put(kSlotOtherFlags, b.or_(old, b.and_(v, other)));
  }
}

// ---- endings

void Lift::raise(uint32_t code) {
  b.raise(here, code);
  after = After::kClosed;
}

void Lift::raise_if(Value condition, uint32_t code) {
  const ir::BlockId taken = raising(code, here), next = b.new_block();
  b.cond_br(condition, taken, next);
  b.start_block(next);
}

ir::BlockId Lift::raising(uint32_t code, int64_t at) {
  const ir::BlockId block = b.new_block();
  cold_[num_cold_++] = {block, at, code};
  // An instruction takes few.
  if (num_cold_ + 16 > std::size(cold_)) close_soon();
  return block;
}

void Lift::finish_cold() {
  for (const X87Otherwise& o : x87_otherwise) {
    b.start_block(o.block);
    b.insn(o.here);
    i = o.insn;
    here = o.here;
    following = o.following;
    x87_by_call(*this);
    go(o.following, ir::JumpKind::kJump);
  }
  for (unsigned n = 0; n < num_cold_; ++n) {
    b.start_block(cold_[n].block);
    b.raise(cold_[n].at, cold_[n].code);
  }
}

}  // namespace xarch::x86
