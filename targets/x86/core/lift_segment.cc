// Loads and stores of segment registers, what asks about descriptors.
#include "targets/x86/core/lift.h"
#include "targets/x86/core/segments.h"

namespace xarch::x86 {

using ir::Cond;
using ir::Type;
using ir::Value;

namespace {

// Loads selector b into register a; raises what that meets. 1 if the key's mode is another one than c now.
uint64_t do_load_segment(void* state, uint64_t n, uint64_t selector, uint64_t mode, uint64_t) {
  X86State& s = *static_cast<X86State*>(state);
  const SegmentFault f = load_segment(s, static_cast<unsigned>(n), static_cast<uint16_t>(selector));
  if (f.raise != 0) s.hdr.request_exit(tcg::Exit::kRaise, f.raise, f.error);
  return s.mode != mode;
}

unsigned level_of(uint32_t rights) { return rights >> kRightsLevelShift & 3; }

// May user mode see the segment, by its level and the selector's?
bool visible(uint32_t rights, unsigned rpl) {
  constexpr uint32_t kConforming = kRightsPlain | kRightsCode | kRightsDown;
  if ((rights & kConforming) == kConforming) return true;
  return level_of(rights) >= kUserLevel && level_of(rights) >= rpl;
}

enum Query : uint64_t { kQueryRights, kQueryLimit, kQueryRead, kQueryWrite };
constexpr uint64_t kRefused = ~uint64_t{0};

// LAR, LSL, VERR, VERW (how) of selector a: the result, or kRefused.
uint64_t query(void* state, uint64_t selector, uint64_t how, uint64_t, uint64_t) {
  const X86State& s = *static_cast<const X86State*>(state);
  uint64_t d;
  if (!find_descriptor(s, static_cast<uint16_t>(selector), &d)) return kRefused;
  const SegmentParts p = descriptor_parts(d);
  if (!visible(p.rights, selector & 3)) return kRefused;
  const bool plain = (p.rights & kRightsPlain) != 0, code = (p.rights & kRightsCode) != 0;
  const bool flag = (p.rights & kRightsWritable) != 0;
  // TSS, LDT, gates, by their types in legacy mode; the last two have no limit.
  constexpr uint32_t kSystemTypes = 0x1a3e, kWithLimit = 0x0a0e;
  const uint32_t type = 1u << (p.rights & 15);
  switch (how) {
    case kQueryRights: return plain || (type & kSystemTypes) ? d >> 32 & 0x00ffff00 : kRefused;
    case kQueryLimit: return plain || (type & kWithLimit) ? p.limit : kRefused;
    case kQueryRead: return plain && (!code || flag) ? 0 : kRefused;
    default: return plain && !code && flag ? 0 : kRefused;
  }
}

constexpr ir::HelperDesc kLoadSegment = {"x86.load_segment", do_load_segment, ir::kHelperMayExit, {}, {}};
constexpr ir::HelperDesc kQueryHelper = {
    "x86.query_segment", query, ir::kHelperNoFault | ir::kHelperNoMem | ir::kHelperListsState, {}, {}};

// The value that says whether the mode has changed; `finish_load` looks at it.
Value begin_load(Lift& c, unsigned n, Value selector) {
  const Value wide = c.b.zext(selector, Type::kI64);
  return c.b.call(kLoadSegment, Type::kI1, {c.b.i64(n), wide, c.b.i64(c.b.key().mode & kModesOfSegments)});
}

// Leaves behind the instruction if the mode has changed. In 64-bit mode it cannot.
void finish_load(Lift& c, Value changed) {
  if (c.mode64()) return;
  const ir::BlockId leave = c.raising(kRaiseGoOn, c.next()), go_on = c.b.new_block();
  c.b.cond_br(changed, leave, go_on);
  c.b.start_block(go_on);
}

Value selector_of(Lift& c, unsigned n) {
  static constexpr ir::SlotId kSelectorSlot[] = {kSlotEs, kSlotCs, kSlotSs, kSlotDs, kSlotFs, kSlotGs};
  return c.b.get(kSelectorSlot[n]);
}

}  // namespace

void lift_mov_segment(Lift& c) {
  const Operand to = c.operand(0), from = c.operand(1);
  const bool loads = to.type == Operand::kSegment;
  const unsigned n = loads ? to.reg : from.reg;
  if (n > kGs || (loads && n == kCs)) return c.raise(kRaiseUndefined);
  if (!loads) return c.write(to, c.b.trunc(c.b.zext(selector_of(c, n), Type::kI64), Lift::type(to.bytes)));
  finish_load(c, begin_load(c, n, c.read(1)));
}

void lift_push_segment(Lift& c) {
  const Value v = c.b.zext(selector_of(c, c.operand(0).reg), Type::kI64);
  c.push(c.b.trunc(v, Lift::type(c.i.operand_bytes)));
}

void lift_pop_segment(Lift& c) {
  const unsigned bytes = c.i.operand_bytes;
  const Value v = c.b.and_(c.b.zext(c.top(bytes), Type::kI64), 0xffff);
  const Value changed = begin_load(c, c.operand(0).reg, v);
  c.b.put(kSlotRsp, c.stack_moved(bytes));
  finish_load(c, changed);
}

// LES, LDS, LSS, LFS, LGS.
void lift_load_pointer(Lift& c) {
  const unsigned bytes = c.operand(0).bytes;
  const unsigned n = c.row().map == Map::kByte ? (c.i.opcode == 0xc4 ? kEs : kDs)
                     : c.i.opcode == 0xb2      ? kSs
                     : c.i.opcode == 0xb4      ? kFs
                                               : kGs;
  const Address at = c.address();
  const Value offset = c.load(at, bytes);
  const Address behind = {c.b.add(at.base, int64_t{at.disp} + bytes), 0};
  const Value changed = begin_load(c, n, c.load(behind, 2));
  c.write(0, offset);
  finish_load(c, changed);
}

// LAR, LSL.
void lift_query(Lift& c) {
  const Operand to = c.operand(0);
  const uint64_t how = c.i.opcode == 2 ? kQueryRights : kQueryLimit;
  const Value selector = c.b.zext(c.b.trunc(c.read(1), Type::kI16), Type::kI64);
  const Value v = c.b.call(kQueryHelper, Type::kI64, {selector, c.b.i64(how)});
  const Value found = c.b.cmp(Cond::kNe, v, c.b.i64(kRefused));
  const Type t = Lift::type(to.bytes);
  const Value old = to.bytes == 4 ? c.gpr64(to.reg) : c.read(to);
  const Value fresh = to.bytes == 4 ? v : c.b.trunc(v, t);
  const Value f = c.b.flags_set(c.flags(), ir::kFlagZ, found);
  c.b.put(kGprSlot[to.reg],
          to.bytes == 2
              ? c.b.deposit(c.gpr64(to.reg), c.b.zext(c.b.select(found, fresh, old), Type::kI64), 0, 16)
              : c.b.select(found, fresh, old));
  c.put_flags(f);
}

// VERR, VERW.
void lift_verify(Lift& c) {
  const uint64_t how = (c.i.reg & 7) == 4 ? kQueryRead : kQueryWrite;
  const Value v = c.b.call(kQueryHelper, Type::kI64, {c.b.zext(c.read(0), Type::kI64), c.b.i64(how)});
  c.put_flags(c.b.flags_set(c.flags(), ir::kFlagZ, c.b.cmp(Cond::kNe, v, c.b.i64(kRefused))));
}

}  // namespace xarch::x86
