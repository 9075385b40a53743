// Far jumps, calls and returns, IRET: control that goes to another code segment of the same level.
#include "targets/x86/core/lift.h"
#include "targets/x86/core/segments.h"

namespace xarch::x86 {

using ir::Type;
using ir::Value;

namespace {

// May control go to a:b? c: it is a return. Raises if not.
uint64_t do_check(void* state, uint64_t selector, uint64_t offset, uint64_t returns, uint64_t) {
  X86State& s = *static_cast<X86State*>(state);
  const SegmentFault f = check_code_segment(s, static_cast<uint16_t>(selector), offset, returns != 0);
  if (f.raise != 0) s.hdr.request_exit(tcg::Exit::kRaise, f.raise, f.error);
  return 0;
}

// Goes to a:b; c: the mode of the code that asks. Leaves if that has changed, else the pc to jump to.
uint64_t do_enter(void* state, uint64_t selector, uint64_t offset, uint64_t mode, uint64_t) {
  X86State& s = *static_cast<X86State*>(state);
  enter_code_segment(s, static_cast<uint16_t>(selector), offset);
  if (s.mode != mode) s.hdr.request_exit(tcg::Exit::kRaise, kRaiseGoOn, 0);
  return s.pc;
}

// SS := a, with what that meets.
uint64_t do_load_stack(void* state, uint64_t selector, uint64_t, uint64_t, uint64_t) {
  X86State& s = *static_cast<X86State*>(state);
  const SegmentFault f = load_segment(s, kSs, static_cast<uint16_t>(selector));
  if (f.raise != 0) s.hdr.request_exit(tcg::Exit::kRaise, f.raise, f.error);
  return 0;
}

constexpr ir::HelperDesc kCheck = {
    "x86.check_far", do_check, ir::kHelperMayExit | ir::kHelperNoMem | ir::kHelperListsState, {}, {}};
constexpr ir::HelperDesc kEnter = {
    "x86.enter_far", do_enter, ir::kHelperMayExit | ir::kHelperNoFault | ir::kHelperNoMem, {}, {}};
constexpr ir::HelperDesc kLoadStack = {"x86.load_stack", do_load_stack, ir::kHelperMayExit, {}, {}};

struct Target {
  Value selector, offset;  // as i64
};

// Of a far pointer in the instruction, or in memory: the selector behind the offset.
Target target_of(Lift& c) {
  if (c.operand(0).type == Operand::kFar) return {c.b.i64(c.i.imm2), c.b.i64(c.i.imm)};
  const unsigned bytes = c.i.operand_bytes;
  const Address at = c.address();
  const Value offset = c.load(at, bytes);
  const Value selector = c.load({c.b.add(at.base, int64_t{at.disp} + bytes), 0}, 2);
  return {c.b.zext(selector, Type::kI64), c.b.zext(offset, Type::kI64)};
}

void check(Lift& c, const Target& to, bool returns) {
  c.b.call(kCheck, Type::kVoid, {to.selector, to.offset, c.b.i64(returns)});
}

void enter(Lift& c, const Target& to, ir::JumpKind kind) {
  const Value pc =
      c.b.call(kEnter, Type::kI64, {to.selector, to.offset, c.b.i64(c.b.key().mode & kModesOfSegments)});
  c.go_indirect(pc, kind);
}

// Offset and selector from the stack.
Target popped(Lift& c) {
  const unsigned bytes = c.i.operand_bytes;
  const Value offset = c.b.zext(c.top(bytes), Type::kI64);
  return {c.b.and_(c.b.zext(c.top(bytes, bytes), Type::kI64), 0xffff), offset};
}

}  // namespace

void lift_jmp_far(Lift& c) {
  const Target to = target_of(c);
  check(c, to, false);
  enter(c, to, ir::JumpKind::kJump);
}

void lift_call_far(Lift& c) {
  const unsigned bytes = c.i.operand_bytes;
  const Target to = target_of(c);
  check(c, to, false);
  const Value selector = c.b.zext(c.b.get(kSlotCs), Type::kI64);
  c.store(c.in_stack(kRsp, -int64_t{bytes}, bytes), c.b.trunc(selector, Lift::type(bytes)));
  c.store(c.in_stack(kRsp, -2 * int64_t{bytes}, bytes),
          c.b.trunc(c.code_offset(c.next()), Lift::type(bytes)));
  c.b.put(kSlotRsp, c.stack_moved(-2 * int64_t{bytes}));
  enter(c, to, ir::JumpKind::kCall);
}

void lift_ret_far(Lift& c) {
  const Target to = popped(c);
  check(c, to, true);
  c.b.put(kSlotRsp, c.stack_moved(2 * int64_t{c.i.operand_bytes} + static_cast<int64_t>(c.i.imm)));
  enter(c, to, ir::JumpKind::kReturn);
}

// In 64-bit mode the stack pointer and SS are popped in any case. With the nested-task flag it would return
// to another task, of which there is none.
void lift_iret(Lift& c) {
  const unsigned bytes = c.i.operand_bytes;
  c.raise_if(c.b.test_nz(c.b.get(kSlotOtherFlags), c.b.i64(kEflagsNt)), kRaiseProtection);
  const Target to = popped(c);
  const Value flags = c.b.zext(c.top(bytes, 2 * bytes), Type::kI64);
  Value rsp;
  if (c.mode64()) {
    rsp = c.b.zext(c.top(bytes, 3 * bytes), Type::kI64);
    const Value stack = c.b.and_(c.b.zext(c.top(bytes, 4 * bytes), Type::kI64), 0xffff);
    check(c, to, true);
    c.b.call(kLoadStack, Type::kVoid, {stack});
  } else {
    check(c, to, true);
    rsp = c.stack_moved(3 * int64_t{bytes});
  }
  const uint32_t mask = kEflagsArithmetic | kEflagsD | kEflagsOfUser;
  c.put_rflags(flags, bytes == 2 ? mask & 0xffff : mask);
  c.b.put(kSlotRsp, rsp);
  enter(c, to, ir::JumpKind::kReturn);
}

}  // namespace xarch::x86
