// x87's ordinary instructions as operations of the IR. Where the stack's top is and which registers are full
// is taken from the state that the translation is made for, and looked at once where the region comes to x87;
// from there on it is known, so that stack registers are slots like others. Where it is otherwise the
// instruction goes by a call and the region ends, and so does whatever would meet a stack fault. Only while
// all exceptions are masked (kModeX87Traps).
#include "targets/x86/core/lift.h"
#include "targets/x86/core/lift_x87.h"
#include "targets/x86/core/x87_helpers.h"

namespace xarch::x86 {

using ir::Op;
using ir::Type;
using ir::Value;

namespace {

constexpr Op kArithmetic[] = {Op::kF80Add, Op::kF80Mul,  Op::kNop,    Op::kNop,
                              Op::kF80Sub, Op::kF80SubR, Op::kF80Div, Op::kF80DivR};
constexpr unsigned kCom = 2, kComp = 3;

// The instruction being lifted: its encoding, and what all lifters below need.
class Inline {
 public:
  explicit Inline(Lift& c)
      : c_(c), b_(c.b), group_(c.i.opcode & 7u), number_(c.i.reg & 7u), sti_(c.i.rm & 7u) {}

  bool lift() { return c_.i.mod == 3 ? on_registers() : on_memory(); }

 private:
  // ---- the stack
  unsigned physical(unsigned i) const { return (c_.x87.top + i) & 7; }
  bool full(unsigned i) const { return c_.x87.full >> physical(i) & 1; }
  ir::SlotId slot(unsigned i) const { return static_cast<ir::SlotId>(kSlotFpr0 + physical(i)); }
  Value get(unsigned i) { return b_.get(slot(i)); }
  void put(unsigned i, Value v) { b_.put(slot(i), v); }
  void put_where() { b_.put(kSlotX87Where, b_.i32(c_.x87.where())); }
  void pop() {
    b_.f80_drop(slot(0));
    c_.x87.full = static_cast<uint8_t>(c_.x87.full & ~(1u << physical(0)));
    c_.x87.top = (c_.x87.top + 1) & 7;
  }
  void push(Value v) {
    c_.x87.top = (c_.x87.top - 1) & 7;
    c_.x87.full = static_cast<uint8_t>(c_.x87.full | 1u << physical(0));
    put(0, v);
    put_where();
  }
  // Is the stack known to be as the instruction needs it? Nothing has been written then.
  bool ready() {
    if (!c_.x87.known) x87_guard(c_);
    return true;
  }
  bool has(unsigned i) { return full(i) && ready(); }
  bool has(unsigned i, unsigned j) { return full(i) && full(j) && ready(); }
  bool has_room() { return !full(7) && ready(); }

  // ---- what the instruction leaves besides
  bool done_but_c1() {
    c_.x87.pending = true;
    c_.x87.ip = c_.here;
    return true;
  }
  bool done() { return rounded({}); }  // C1 is clear
  bool rounded(Value v) {              // C1 says how
    c_.x87.c1_pending = true;
    c_.x87.rounded = v;
    return done_but_c1();
  }
  void put_conditions(Value flags) {
    const Value bits = b_.bitcast(flags, Type::kI16);
    b_.put(kSlotX87Cc, b_.and_(bits, uint64_t{kX87Conditions & ~kX87C1}));
  }

  // ---- groups
  Value load(Type t) {
    const Address a = c_.address();
    return b_.load(t, a.base, c_.desc(ir::type_bytes(t), false), a.disp);
  }
  // A number or an integer as an f80.
  Value load_f80(Type t) {
    const Address a = c_.address();
    return b_.f80_load(t, a.base, c_.desc(ir::type_bytes(t), false), a.disp);
  }

  bool arithmetic(unsigned number, Value (Inline::*operand)(Type), Type t) {
    if (!has(0)) return false;
    c_.x87_before_address();
    const Value v = (this->*operand)(t);
    if (number == kCom || number == kComp) {
      put_conditions(b_.f80_cmp(get(0), v, true));
      if (number == kComp) pop(), put_where();
      return done();
    }
    const Value r = b_.f80(kArithmetic[number], get(0), v);
    put(0, r);
    return rounded(r);
  }

  bool load_number(Type t) {
    if (!has_room()) return false;
    c_.x87_before_address();
    push(load_f80(t));
    return done();
  }
  bool load_integer(Type t) {
    if (!has_room()) return false;
    c_.x87_before_address();
    push(load_f80(t));
    return done();
  }
  bool load_extended() {
    if (!has_room()) return false;
    c_.x87_before_address();
    const Address a = c_.address();
    const Value low = c_.load(a, 8), high = c_.load({a.base, a.disp + 8}, 2);
    push(b_.f80_make(low, high));
    return done();
  }
  bool store_extended() {
    if (!has(0)) return false;
    c_.x87_before_address();
    const Address a = c_.address(), high = {a.base, a.disp + 8};
    b_.probe(ir::ProbeKind::kStore, high.base, c_.desc(2, true), high.disp);
    c_.store(a, b_.f80_low(get(0)));
    c_.store(high, b_.f80_high(get(0)));
    pop();
    put_where();
    return done();
  }
  // To a float or, of the type of an integer, to that.
  bool store(Type t, bool pops, bool truncates = false) {
    if (!has(0)) return false;
    c_.x87_before_address();
    const Address a = c_.address();
    const Value up = b_.f80_store(t, truncates, a.base, get(0), c_.desc(ir::type_bytes(t), true), a.disp);
    if (pops) pop(), put_where();
    return truncates ? done() : rounded(up);
  }

  bool on_memory() {
    switch (group_) {
      case 0: return arithmetic(number_, &Inline::load, Type::kF32);
      case 2: return arithmetic(number_, &Inline::load_f80, Type::kI32);
      case 4: return arithmetic(number_, &Inline::load, Type::kF64);
      case 6: return arithmetic(number_, &Inline::load_f80, Type::kI16);
      case 1: return number_ == 0 ? load_number(Type::kF32) : store(Type::kF32, number_ == 3);
      case 3:
        if (number_ == 0) return load_integer(Type::kI32);
        if (number_ == 5) return load_extended();
        if (number_ == 7) return store_extended();
        return store(Type::kI32, number_ != 2, number_ == 1);
      case 5:
        if (number_ == 0) return load_number(Type::kF64);
        if (number_ == 1) return store(Type::kI64, true, true);
        return store(Type::kF64, number_ == 3);
      default:
        if (number_ == 0) return load_integer(Type::kI16);
        if (number_ == 5) return load_integer(Type::kI64);
        if (number_ == 7) return store(Type::kI64, true);
        if (number_ == 4 || number_ == 6) return false;  // packed decimal
        return store(Type::kI16, number_ != 2, number_ == 1);
    }
  }

  // ST(i) := ST(i) op ST(0), or the other way round; the encodings name the top first.
  bool to_other(bool pops) {
    if (!has(0, sti_)) return false;
    const Value a = get(0), v = get(sti_);
    if (pops) b_.f80_drop(slot(0));
    const Value r = b_.f80(kArithmetic[number_], a, v);
    put(sti_, r);
    if (pops) pop(), put_where();
    return rounded(r);
  }
  bool to_top() {
    if (number_ == kCom || number_ == kComp) return compare(true, number_ == kComp);
    if (!has(0, sti_)) return false;
    const Value r = b_.f80(kArithmetic[number_], get(0), get(sti_));
    put(0, r);
    return rounded(r);
  }
  bool compare(bool signals, unsigned pops) {
    if (!has(0, sti_)) return false;
    put_conditions(b_.f80_cmp(get(0), get(sti_), signals));
    for (unsigned n = 0; n < pops; ++n) pop();
    if (pops != 0) put_where();
    return done();
  }
  bool compare_to_flags(bool signals, bool pops) {
    if (!has(0, sti_)) return false;
    c_.put_flags(b_.f80_cmp(get(0), get(sti_), signals));
    if (pops) pop(), put_where();
    return done_but_c1();
  }
  bool copy_from() {
    if (!full(sti_) || !has_room()) return false;
    push(get(sti_));
    return done();
  }
  bool exchange() {
    if (!has(0, sti_)) return false;
    const Value a = get(0), v = get(sti_);
    put(0, v);
    put(sti_, a);
    return done();
  }
  bool copy_to(bool pops) {
    if (!has(0)) return false;
    put(sti_, get(0));
    c_.x87.full = static_cast<uint8_t>(c_.x87.full | 1u << physical(sti_));
    if (pops) pop();
    put_where();
    return done();
  }
  bool select(bool negated) {
    if (!has(0, sti_)) return false;
    static constexpr ir::FlagCond kConditions[] = {ir::FlagCond::kC, ir::FlagCond::kZ, ir::FlagCond::kBe,
                                                   ir::FlagCond::kP};
    const ir::FlagCond f = kConditions[number_];
    const Value cond = b_.flags_test(c_.flags(), negated ? ir::negate(f) : f);
    put(0, b_.f80_select(cond, get(sti_), get(0)));
    return done_but_c1();
  }
  bool free(bool pops) {
    if (!ready()) return false;
    c_.x87.full = static_cast<uint8_t>(c_.x87.full & ~(1u << physical(sti_)));
    b_.f80_drop(slot(sti_));
    if (pops) pop();
    put_where();
    return done();
  }
  bool turn(unsigned by) {
    if (!ready()) return false;
    c_.x87.top = (c_.x87.top + by) & 7;
    put_where();
    return done();
  }
  bool unary(Op op) {
    if (!has(0)) return false;
    const Value r = b_.f80(op, get(0));
    put(0, r);
    return op == Op::kF80Sqrt || op == Op::kF80Round ? rounded(r) : done();
  }
  bool constant() {
    if (!has_room()) return false;
    push(b_.f80_const(static_cast<ir::F80Constant>(sti_)));
    return done();
  }
  bool test() {
    if (!has(0)) return false;
    put_conditions(b_.f80_cmp(get(0), b_.f80_const(ir::F80Constant::kZero), true));
    return done();
  }

  bool on_registers() {
    switch (group_) {
      case 0: return to_top();
      case 1: return without_operand();
      case 2: return number_ < 4 ? select(false) : compare(false, 2);
      case 3: return number_ < 4 ? select(true) : compare_to_flags(number_ == 6, false);
      case 4: return number_ == kCom || number_ == kComp ? compare(true, number_ == kComp) : to_other(false);
      case 5:
        if (number_ == 0) return free(false);
        if (number_ == 1) return exchange();
        if (number_ < 4) return copy_to(number_ == 3);
        return compare(false, number_ == 5);
      case 6:
        if (number_ == kCom) return compare(true, 1);
        return number_ == kComp ? compare(true, 2) : to_other(true);
      default:
        if (number_ == 0) return free(true);
        if (number_ == 1) return exchange();
        if (number_ < 4) return copy_to(true);
        return compare_to_flags(number_ == 6, true);
    }
  }

  // What the unit computes in many steps, by a call that leaves the stack known.
  bool on_unit(unsigned shape) {
    if (!full(0) || ((shape & kX87TwoOperands) && !full(1)) || ((shape & kX87Pushes) && full(7)))
      return false;
    if (!ready()) return false;
    const uint64_t what = x87_run_operand(c_.i.opcode, 0xc0u | number_ << 3 | sti_, false);
    b_.call(kX87OnUnit, Type::kVoid, {b_.i64(what), b_.i64(physical(0)), b_.i64(shape), b_.pcrel(c_.here)});
    c_.x87.pending = c_.x87.c1_pending = false;
    if (shape & kX87Pops) pop();
    if (shape & kX87Pushes) {
      c_.x87.top = (c_.x87.top - 1) & 7;
      c_.x87.full = static_cast<uint8_t>(c_.x87.full | 1u << physical(0));
    }
    if (shape & (kX87Pops | kX87Pushes)) put_where();
    return true;
  }
  // D9 F0 to F5, D9 F8 to FF.
  bool many_steps() {
    static constexpr int kNone = -1, kTwo = kX87TwoOperands, kDown = kX87TwoOperands | kX87Pops;
    // f2xm1 fyl2x fptan fpatan fxtract fprem1; fprem fyl2xp1 fsqrt fsincos frndint fscale fsin fcos
    static constexpr int kShapes[2][8] = {{0, kDown, kNone, kDown, kX87Pushes, kTwo, kNone, kNone},
                                          {kTwo, kDown, kNone, kNone, kNone, kTwo, 0, 0}};
    const int shape = kShapes[number_ - 6][sti_];
    return shape != kNone && on_unit(static_cast<unsigned>(shape));
  }

  // D9.
  bool without_operand() {
    switch (number_) {
      case 0: return copy_from();
      case 1: return exchange();
      case 3: return copy_to(true);
      case 4:
        return sti_ == 0   ? unary(Op::kF80Neg)
               : sti_ == 1 ? unary(Op::kF80Abs)
               : sti_ == 4 ? test()
                           : sti_ == 5 && on_unit(0);
      case 5: return constant();
      case 6: return sti_ >= 6 ? turn(sti_ == 6 ? 7 : 1) : many_steps();
      case 7: return sti_ == 2 ? unary(Op::kF80Sqrt) : sti_ == 4 ? unary(Op::kF80Round) : many_steps();
      default: return false;
    }
  }

  Lift& c_;
  ir::Builder& b_;
  const unsigned group_, number_, sti_;
};

// What becomes of the stack by an instruction that goes by a call, if nothing unusual happens: how far the
// top goes up.
int turns(const Insn& i) {
  const unsigned group = i.opcode & 7, number = i.reg & 7, rm = i.rm & 7;
  if (i.mod != 3) return group == 7 && number == 4 ? -1 : group == 7 && number == 6 ? 1 : 0;
  if (group != 1) return 0;
  if (number == 6) return rm == 1 || rm == 3 ? 1 : rm == 2 || rm == 4 ? -1 : 0;
  return number == 7 ? (rm == 1) - (rm == 3) : 0;
}

}  // namespace

bool x87_inline(Lift& c) { return c.x87.usable && Inline(c).lift(); }

void x87_guess_after_call(Lift& c) {
  X87Track& t = c.x87;
  t.known = false;
  const int by = turns(c.i);
  if (by > 0) t.full = static_cast<uint8_t>(t.full & ~(1u << t.top));
  t.top = (t.top + static_cast<unsigned>(by)) & 7;
  if (by < 0) t.full = static_cast<uint8_t>(t.full | 1u << t.top);
}

}  // namespace xarch::x86
