#include "tests/support/toy_guest.h"

#include <cstddef>

namespace xarch::toy {
namespace {

using ir::MemDesc;
using ir::SlotId;
using ir::Type;
using ir::Value;

enum Slots : SlotId { kR0 = 0, kPc = 16, kMode, kV0 };

constexpr uint16_t r_offset(unsigned n) { return static_cast<uint16_t>(offsetof(State, r) + 8 * n); }
constexpr ir::Slot reg(std::string_view name, unsigned n) {
  return {name, Type::kI64, r_offset(n), 1, -1, static_cast<int8_t>(n < 10 ? n : -1)};
}
constexpr ir::Slot kSlots[] = {
    reg("r0", 0),
    reg("r1", 1),
    reg("r2", 2),
    reg("r3", 3),
    reg("r4", 4),
    reg("r5", 5),
    reg("r6", 6),
    reg("r7", 7),
    reg("r8", 8),
    reg("r9", 9),
    reg("r10", 10),
    reg("r11", 11),
    reg("r12", 12),
    reg("r13", 13),
    reg("r14", 14),
    reg("r15", 15),
    {"pc", Type::kI64, offsetof(State, pc)},
    {"mode", Type::kI64, offsetof(State, mode)},
    {"v0", Type::kV128, offsetof(State, v)},
    {"v1", Type::kV128, offsetof(State, v) + 16},
};
constexpr ir::StateLayout kLayout = {kSlots, kPc, sizeof(State)};

constexpr MemDesc desc(unsigned size) {
  MemDesc d;
  d.size = static_cast<uint8_t>(size);
  d.elem = d.size;
  return d;
}

}  // namespace

const ir::StateLayout& ToyGuest::layout() const { return kLayout; }

void ToyGuest::lift(ir::Builder& b, tcg::CodeReader& code, const tcg::LiftLimits& limits) const {
  const uint64_t start = b.key().pc;
  ir::Region& r = b.region();
  unsigned max = limits.max_insns;
  if (unsigned n = b.key().flags & ir::kKeyInsnLimitMask; n != 0 && n < max) max = n;
  uint64_t pc = start;
  for (unsigned n = 0;; ++n, pc += 4) {
    const auto offset = static_cast<int64_t>(pc - start);
    if (n == max) {
      b.goto_pc(offset, {});
      break;
    }
    const auto insn = code.fetch32le(pc);
    if (!insn) {
      if (n == 0) {
        b.insn(0);
        b.raise(0, tcg::kRaiseFetch);
      } else {
        b.goto_pc(offset, {});
      }
      break;
    }
    b.insn(offset, 1 + n);
    ++r.num_insns;
    if (!lift_one(b, *insn, offset)) {
      pc += 4;
      break;
    }
  }
  b.finish();
  r.ranges.push_back({start, static_cast<uint32_t>(pc == start ? 4 : pc - start)});
}

bool ToyGuest::lift_memory(ir::Builder& b, uint32_t insn) const {
  const auto op = static_cast<Op>(insn >> 24);
  const SlotId d = insn >> 20 & 15;
  const Value a = b.get(insn >> 16 & 15);
  const auto imm = static_cast<int16_t>(insn);
  MemDesc m = desc(3);
  auto load = [&](MemDesc md) { b.put(d, b.load(Type::kI64, a, md, imm)); };
  auto store = [&](MemDesc md) { b.store(a, b.get(d), md, imm); };
  auto narrow = [&](unsigned size, Type t) { b.store(a, b.trunc(b.get(d), t), desc(size), imm); };
  switch (op) {
    case kLd8: load(desc(3)); return true;
    case kLd4: load(desc(2)); return true;
    case kLd2: load(desc(1)); return true;
    case kLd1: load(desc(0)); return true;
    case kSt8: store(desc(3)); return true;
    case kSt4: narrow(2, Type::kI32); return true;
    case kSt2: narrow(1, Type::kI16); return true;
    case kSt1: narrow(0, Type::kI8); return true;
    case kLdBe:
      m.big = true;
      load(m);
      return true;
    case kLdAligned:
      m.align = 3;
      load(m);
      return true;
    case kLdTag:
      m.xform = ir::AddrXform::kStripTag;
      load(m);
      return true;
    case kStTag:
      m.xform = ir::AddrXform::kStripTag;
      store(m);
      return true;
    case kLdv: b.put(kV0 + (d & 1), b.load(Type::kV128, a, desc(4), imm)); return true;
    case kStv: b.store(a, b.get(kV0 + (d & 1)), desc(4), imm); return true;
    case kAtomicAdd: b.put(d, b.rmw(ir::RmwOp::kAdd, a, b.get(imm & 15), m)); return true;
    case kCas: b.put(d, b.cas(a, b.get(d), b.get(imm & 15), m)); return true;
    case kProbeW: b.probe(ir::ProbeKind::kStore, a, m, imm); return true;
    default: return false;
  }
}

bool ToyGuest::lift_one(ir::Builder& b, uint32_t insn, int64_t offset) const {
  const auto op = static_cast<Op>(insn >> 24);
  const SlotId d = insn >> 20 & 15, a = insn >> 16 & 15;
  const auto imm = static_cast<int16_t>(insn);
  const int64_t target = offset + int64_t{imm} * 4;
  // Both ways of a conditional branch leave the region; backward ones poll.
  auto branch = [&](ir::Cond c) {
    const ir::BlockId taken = b.new_block(), next = b.new_block();
    b.cond_br(b.cmp(c, b.get(d), b.i64(0)), taken, next);
    b.start_block(taken);
    b.goto_pc(target, {.poll = imm <= 0});
    b.start_block(next);
    b.goto_pc(offset + 4, {});
    return false;
  };
  switch (op) {
    case kMovi: b.put(d, b.i64(static_cast<uint64_t>(int64_t{imm}))); return true;
    case kMovh: b.put(d, b.or_(b.shl(b.get(d), 16), b.i64(static_cast<uint16_t>(insn)))); return true;
    case kAdd: b.put(d, b.add(b.get(a), b.get(imm & 15))); return true;
    case kAddi: b.put(d, b.add(b.get(a), int64_t{imm})); return true;
    case kSub: b.put(d, b.sub(b.get(a), b.get(imm & 15))); return true;
    case kBeqz: return branch(ir::Cond::kEq);
    case kBnez: return branch(ir::Cond::kNe);
    case kJmp: b.goto_pc(target, {.poll = imm <= 0}); return false;
    case kCall:
      b.put(15, b.pcrel(offset + 4));
      b.goto_pc(target, {.kind = ir::JumpKind::kCall, .poll = true});
      return false;
    case kJr: b.goto_ind(b.get(a), {.poll = true}); return false;
    case kRet: b.goto_ind(b.get(a), {.kind = ir::JumpKind::kReturn, .poll = true}); return false;
    case kSyscall: b.syscall(offset + 4, static_cast<uint16_t>(imm)); return false;
    case kHalt: b.halt(offset); return false;
    case kHelper: b.put(d, b.call(helpers[imm], Type::kI64, {b.get(d), b.get(a)})); return true;
    case kFadd:
      b.put(kV0 + (d & 1), b.fbinary(ir::Op::kFAdd, b.get(kV0 + (d & 1)), b.get(kV0 + (a & 1)), 3));
      return true;
    case kSetMode:
      b.put(kMode, b.i64(static_cast<uint16_t>(imm)));
      b.goto_pc(offset + 4, {.mode_change = true, .mode_index = b.exit_mode(static_cast<uint16_t>(imm))});
      return false;
    default:
      if (lift_memory(b, insn)) return true;
      b.raise(offset, 1);
      return false;
  }
}

}  // namespace xarch::toy
