// String instructions. A repetition is a loop inside the instruction; each of its rounds leaves the registers
// as the architecture shows them after a fault or an interrupt (restart points).
#include "targets/x86/core/lift.h"

namespace xarch::x86 {

using ir::Cond;
using ir::Op;
using ir::Type;
using ir::Value;

namespace {

// What the registers of an instruction on so many bytes move by.
Value step(Lift& c, unsigned bytes) {
  return c.b.shl(c.b.get(kSlotStep), static_cast<unsigned>(__builtin_ctz(bytes)));
}

Value advanced(Lift& c, unsigned reg, Value by) {
  return c.b.trunc(c.b.add(c.gpr64(reg), by), Lift::type(c.i.address_bytes));
}

Value source(Lift& c, unsigned bytes) {
  return c.b.load(Lift::type(bytes), c.linear(c.pointer(kRsi), c.i.segment, bytes), c.desc(bytes, false));
}

Value destination(Lift& c, unsigned bytes) { return c.linear(c.pointer(kRdi), kEs, bytes); }

// MOVS and STOS do so many bytes at once where that cannot be told from one by one: upwards, no page's end in
// between (so that a fault has nothing behind it), and not over what is still to be read.
constexpr unsigned kBlock = 64;
constexpr uint64_t kSmallestPage = 4096;

unsigned size(const Lift& c) { return c.i.opcode & 1 ? c.i.operand_bytes : 1; }

// Does `round` once, or, with a repeat prefix, as often as rCX says. `round` writes registers last.
// until_zero: F3 goes on while Z is set, F2 while it is clear.
// A block of rounds: what must hold for it, and the block, which writes all but rCX.
struct Blocks {
  Value (*possible)(Lift& c) = nullptr;
  void (*do_one)(Lift& c) = nullptr;
};

Value count(Lift& c) { return c.gpr(kRcx, c.i.address_bytes); }

void repeat_blocks(Lift& c, const Blocks& blocks, ir::BlockId head, ir::BlockId body) {
  const unsigned rounds = kBlock / size(c);
  const ir::BlockId many = c.b.new_block();
  const Value n = count(c);
  const Value enough = c.b.cmp(Cond::kUge, n, c.constant(n.type, rounds));
  const Value up = c.b.cmp(Cond::kEq, c.b.get(kSlotStep), c.b.i64(1));
  c.b.cond_br(c.b.and_(c.b.and_(enough, up), blocks.possible(c)), many, body);
  c.b.start_block(many);
  blocks.do_one(c);
  c.put_gpr(kRcx, c.b.add(count(c), -int64_t{rounds}));
  c.b.restart();
  c.b.poll(c.here);
  c.b.br(head);
}

template <typename Round>
void repeat(Lift& c, bool compares, Round round, const Blocks& blocks = {}) {
  if (!c.i.has(kPrefixRep) && !c.i.has(kPrefixRepne)) return round();
  const ir::BlockId head = c.b.new_block(), body = c.b.new_block(), done = c.b.new_block();
  c.b.br(head);
  c.b.start_block(head);
  const Value none = c.constant(Lift::type(c.i.address_bytes), 0);
  if (blocks.do_one != nullptr && c.i.address_bytes != 2 && !c.checked(c.i.segment) && !c.checked(kEs)) {
    const ir::BlockId some = c.b.new_block();
    c.b.cond_br(c.b.cmp(Cond::kEq, count(c), none), done, some);
    c.b.start_block(some);
    repeat_blocks(c, blocks, head, body);
  } else {
    c.b.cond_br(c.b.cmp(Cond::kEq, count(c), none), done, body);
  }
  c.b.start_block(body);
  round();
  c.put_gpr(kRcx, c.b.add(count(c), -1));
  c.b.restart();
  c.b.poll(c.here);
  if (compares) {
    const Value z = c.b.flags_test(c.flags(), ir::FlagCond::kZ);
    c.b.cond_br(c.i.has(kPrefixRep) ? z : c.b.not_(z), head, done);
  } else {
    c.b.br(head);
  }
  c.b.start_block(done);
}

Value within_page(Lift& c, Value at) {
  return c.b.cmp(Cond::kUle, c.b.and_(at, kSmallestPage - 1), c.b.i64(kSmallestPage - kBlock));
}

ir::MemDesc vector_desc(const Lift& c, bool store) {
  ir::MemDesc d = c.desc(1, store);
  d.size = d.elem = 4;
  return d;
}

void add_block(Lift& c, unsigned reg) {
  c.put_gpr(reg, c.b.trunc(c.b.add(c.gpr64(reg), int64_t{kBlock}), Lift::type(c.i.address_bytes)));
}

constexpr Blocks kMoves = {[](Lift& c) {
                             const Value from = c.linear(c.pointer(kRsi), c.i.segment), to = c.pointer(kRdi);
                             const Value apart = c.b.cmp(Cond::kUge, c.b.sub(to, from), c.b.i64(kBlock));
                             return c.b.and_(apart, c.b.and_(within_page(c, from), within_page(c, to)));
                           },
                           [](Lift& c) {
                             const Value from = c.linear(c.pointer(kRsi), c.i.segment), to = c.pointer(kRdi);
                             Value v[kBlock / 16];
                             for (unsigned n = 0; n < kBlock / 16; ++n)
                               v[n] = c.b.load(Type::kV128, from, vector_desc(c, false),
                                               static_cast<int32_t>(16 * n));
                             for (unsigned n = 0; n < kBlock / 16; ++n)
                               c.b.store(to, v[n], vector_desc(c, true), static_cast<int32_t>(16 * n));
                             add_block(c, kRsi);
                             add_block(c, kRdi);
                           }};

constexpr Blocks kFills = {[](Lift& c) { return within_page(c, c.pointer(kRdi)); },
                           [](Lift& c) {
                             const Value to = c.pointer(kRdi);
                             const unsigned bytes = size(c);
                             const Value a = bytes == 8 ? c.gpr64(kRax) : c.gpr(kRax, 4);
                             const Value v =
                                 c.b.vdup(Type::kV128, a, static_cast<unsigned>(__builtin_ctz(bytes)));
                             for (unsigned n = 0; n < kBlock / 16; ++n)
                               c.b.store(to, v, vector_desc(c, true), static_cast<int32_t>(16 * n));
                             add_block(c, kRdi);
                           }};

}  // namespace

void lift_movs(Lift& c) {
  repeat(
      c, false,
      [&] {
        const unsigned bytes = size(c);
        const Value v = source(c, bytes);
        const Value to = destination(c, bytes);
        c.b.store(to, v, c.desc(bytes, true));
        const Value by = step(c, bytes);
        c.put_gpr(kRsi, advanced(c, kRsi, by));
        c.put_gpr(kRdi, advanced(c, kRdi, by));
      },
      kMoves);
}

void lift_stos(Lift& c) {
  repeat(
      c, false,
      [&] {
        const unsigned bytes = size(c);
        const Value to = destination(c, bytes);
        c.b.store(to, c.gpr(kRax, bytes), c.desc(bytes, true));
        c.put_gpr(kRdi, advanced(c, kRdi, step(c, bytes)));
      },
      kFills);
}

void lift_lods(Lift& c) {
  repeat(c, false, [&] {
    const unsigned bytes = size(c);
    const Value v = source(c, bytes);
    c.put_gpr(kRax, v);
    c.put_gpr(kRsi, advanced(c, kRsi, step(c, bytes)));
  });
}

void lift_cmps(Lift& c) {
  repeat(c, true, [&] {
    const unsigned bytes = size(c);
    const Value a = source(c, bytes);
    const Value s = c.b.load(Lift::type(bytes), destination(c, bytes), c.desc(bytes, false));
    c.put_flags(c.b.flags_sub(a, s, false));
    const Value by = step(c, bytes);
    c.put_gpr(kRsi, advanced(c, kRsi, by));
    c.put_gpr(kRdi, advanced(c, kRdi, by));
  });
}

void lift_scas(Lift& c) {
  repeat(c, true, [&] {
    const unsigned bytes = size(c);
    const Value s = c.b.load(Lift::type(bytes), destination(c, bytes), c.desc(bytes, false));
    c.put_flags(c.b.flags_sub(c.gpr(kRax, bytes), s, false));
    c.put_gpr(kRdi, advanced(c, kRdi, step(c, bytes)));
  });
}

}  // namespace xarch::x86
