// Images of the floating-point and vector state: FXSAVE, FXRSTOR, XSAVE and its kind, XRSTOR.
//
// All components count as in use. Behind an instruction that restores, code goes on by the translation that
// fits the state then.
#include "targets/x86/core/cpuid.h"
#include "targets/x86/core/helpers.h"
#include "targets/x86/core/lift.h"
#include "targets/x86/core/x87_helpers.h"

namespace xarch::x86 {

using ir::Cond;
using ir::Type;
using ir::Value;

namespace {

// Where the parts lie in an image.
constexpr int32_t kMxcsrAt = 24, kXmmAt = 160, kLegacyEnd = 416, kHeaderAt = 512, kUpperAt = 576;
constexpr int32_t kXsaveEnd = 832;
constexpr unsigned kX87 = 1, kSse = 2, kAvx = 4;
constexpr uint64_t kCompacted = uint64_t{1} << 63;

unsigned registers(const Lift& c) { return c.mode64() ? 16 : 8; }

Address at(Lift& c, int32_t by) {
  const Address a = c.address();
  return {c.b.add(a.base, int64_t{a.disp} + by), 0};
}

void must_be_aligned(Lift& c, unsigned bytes) {
  c.raise_if(c.b.test_nz(at(c, 0).base, c.b.i64(bytes - 1)), kRaiseProtection);
}

// All of the image can be accessed, or nothing happens.
void probe(Lift& c, int32_t bytes, bool write) {
  for (const int32_t by : {0, kHeaderAt - 8, bytes - 8}) {
    const Address a = at(c, by);
    c.b.probe(write ? ir::ProbeKind::kStore : ir::ProbeKind::kLoad, a.base, c.desc(8, write));
  }
}

Value word_at(Lift& c, int32_t by) { return c.load(at(c, by), 8); }

void save_x87(Lift& c) {
  c.b.call(kX87FxSave, Type::kVoid, {c.b.i64(c.i.w)});
  c.b.restart();  // nothing has been written that a program sees
  for (int32_t by = 0; by < kXmmAt; by += 8) {
    if (by != kMxcsrAt) c.store(at(c, by), c.b.get_idx(kSlotFpImage, c.b.i32(static_cast<uint32_t>(by / 8))));
  }
}

void save_mxcsr(Lift& c) {
  const Value v = c.b.zext(c.b.call(kGetMxcsr, Type::kI32, {}), Type::kI64);
  c.store(at(c, kMxcsrAt), c.b.or_(v, c.b.i64(uint64_t{kMxcsrBits} << 32)));
}

// The lower halves of the vector registers, or the upper ones.
void save_vectors(Lift& c, bool upper) {
  ir::MemDesc d = c.desc(1, true);
  d.size = d.elem = 4;
  for (unsigned n = 0; n < registers(c); ++n) {
    const Address a = at(c, (upper ? kUpperAt : kXmmAt) + static_cast<int32_t>(16 * n));
    c.b.store(a.base, c.b.get(upper ? ymmh_slot(n) : xmm_slot(n)), d);
  }
}

void load_vectors(Lift& c, bool upper) {
  ir::MemDesc d = c.desc(1, false);
  d.size = d.elem = 4;
  for (unsigned n = 0; n < registers(c); ++n) {
    const Address a = at(c, (upper ? kUpperAt : kXmmAt) + static_cast<int32_t>(16 * n));
    c.b.put(upper ? ymmh_slot(n) : xmm_slot(n), c.b.load(Type::kV128, a.base, d));
    c.b.restart();
  }
}

void clear_vectors(Lift& c, bool upper) {
  const Value zero = c.b.vconst(Type::kV128, 0);
  for (unsigned n = 0; n < registers(c); ++n) c.b.put(upper ? ymmh_slot(n) : xmm_slot(n), zero);
  c.b.restart();
}

void put_image(Lift& c, int32_t by, Value v) {
  c.b.put_idx(kSlotFpImage, c.b.i32(static_cast<uint32_t>(by / 8)), v);
  c.b.restart();
}

void load_x87(Lift& c) {
  for (int32_t by = 0; by < kXmmAt; by += 8) put_image(c, by, word_at(c, by));
  c.b.call(kX87FxRestore, Type::kVoid, {c.b.i64(c.i.w)});
  c.b.restart();
}

void clear_x87(Lift& c) {
  for (int32_t by = 0; by < kXmmAt; by += 8) put_image(c, by, c.b.i64(by == 0 ? 0x37f : 0));
  c.b.call(kX87FxRestore, Type::kVoid, {c.b.i64(1)});
  c.b.restart();
}

Value mxcsr_at(Lift& c) { return c.load(at(c, kMxcsrAt), 4); }

void load_mxcsr(Lift& c) {
  c.raise_if(c.b.cmp(Cond::kUgt, mxcsr_at(c), c.b.i32(kMxcsrBits)), kRaiseProtection);
  c.b.call(kSetMxcsr, Type::kVoid, {mxcsr_at(c)});
  c.b.restart();
}

// Does `then` where the temporary has any of the bits, else `otherwise`.
template <typename Then, typename Otherwise>
void where(Lift& c, uint32_t temp, unsigned bits, Then then, Otherwise otherwise) {
  const ir::BlockId yes = c.b.new_block(), no = c.b.new_block(), done = c.b.new_block();
  c.b.cond_br(c.b.test_nz(c.b.get_tmp(temp), c.b.i64(bits)), yes, no);
  c.b.start_block(yes);
  then();
  c.b.br(done);
  c.b.start_block(no);
  otherwise();
  c.b.br(done);
  c.b.start_block(done);
}
template <typename Then>
void where(Lift& c, uint32_t temp, unsigned bits, Then then) {
  where(c, temp, bits, then, [] {});
}

void leave(Lift& c) {
  c.b.raise(c.next(), kRaiseGoOn);
  c.after = After::kClosed;
}

// The components that are asked for, in a temporary.
uint32_t asked(Lift& c) {
  const uint32_t temp = c.b.new_temp(Type::kI64);
  c.b.put_tmp(temp, c.b.and_(c.gpr64(kRax), xcr0(c.model)));
  return temp;
}

}  // namespace

void lift_fxsave(Lift& c) {
  c.x87_settle();
  must_be_aligned(c, 16);
  probe(c, kLegacyEnd, true);
  save_x87(c);
  save_mxcsr(c);
  save_vectors(c, false);
}

void lift_fxrstor(Lift& c) {
  c.x87_settle();
  must_be_aligned(c, 16);
  probe(c, kHeaderAt, false);
  load_mxcsr(c);
  load_x87(c);
  load_vectors(c, false);
  leave(c);
}

// XSAVE and XSAVEOPT; XSAVEC's area is the same, as there is one component behind the header.
void lift_xsave(Lift& c) {
  const bool compacts = c.row().text == "xsavec";
  c.x87_settle();
  must_be_aligned(c, 64);
  const uint32_t temp = asked(c);
  probe(c, kUpperAt, true);
  where(c, temp, kAvx, [&] { probe(c, kXsaveEnd, true); });
  where(c, temp, kX87, [&] { save_x87(c); });
  where(c, temp, compacts ? kSse : kSse | kAvx, [&] { save_mxcsr(c); });
  where(c, temp, kSse, [&] { save_vectors(c, false); });
  where(c, temp, kAvx, [&] { save_vectors(c, true); });
  if (compacts) {
    c.store(at(c, kHeaderAt), c.b.get_tmp(temp));
    c.store(at(c, kHeaderAt + 8), c.b.or_(c.b.get_tmp(temp), c.b.i64(kCompacted)));
  } else {
    c.store(at(c, kHeaderAt), c.b.or_(word_at(c, kHeaderAt), c.b.get_tmp(temp)));
  }
}

void lift_xrstor(Lift& c) {
  c.x87_settle();
  must_be_aligned(c, 64);
  const uint32_t wanted = asked(c), present = c.b.new_temp(Type::kI64), compact = c.b.new_temp(Type::kI64);
  const uint64_t all = xcr0(c.model);
  probe(c, kUpperAt, false);
  {  // The header: components there, and how they are laid out.
    const Value there = word_at(c, kHeaderAt), layout = word_at(c, kHeaderAt + 8);
    c.b.put_tmp(present, there);
    c.b.put_tmp(compact, c.b.shr_u(layout, 63));
    const Value standard = c.b.cmp(Cond::kEq, layout, c.b.i64(0));
    const Value compacted = c.b.cmp(Cond::kSlt, layout, c.b.i64(0));
    const Value listed = c.b.select(standard, c.b.i64(all), c.b.and_(layout, ~kCompacted));
    const Value unknown = c.b.or_(c.b.binary(ir::Op::kAndNot, there, listed),
                                  c.b.binary(ir::Op::kAndNot, listed, c.b.i64(all)));
    const Value rest = c.b.or_(unknown, word_at(c, kHeaderAt + 16));
    const Value bad = c.b.or_(c.b.not_(c.b.or_(standard, compacted)), c.b.cmp(Cond::kNe, rest, c.b.i64(0)));
    c.raise_if(bad, kRaiseProtection);
  }
  where(c, wanted, kAvx, [&] { probe(c, kXsaveEnd, false); });
  // MXCSR belongs to SSE, but in the standard layout it is always there, and AVX's as well.
  where(
      c, compact, 1,
      [&] {
        where(c, wanted, kSse, [&] {
          where(
              c, present, kSse, [&] { load_mxcsr(c); },
              [&] { c.b.call(kSetMxcsr, Type::kVoid, {c.b.i32(kMxcsrMasks)}); });
        });
      },
      [&] { where(c, wanted, kSse | kAvx, [&] { load_mxcsr(c); }); });
  c.b.restart();
  where(c, wanted, kX87, [&] { where(c, present, kX87, [&] { load_x87(c); }, [&] { clear_x87(c); }); });
  for (const bool upper : {false, true}) {
    const unsigned bit = upper ? kAvx : kSse;
    where(c, wanted, bit,
          [&] { where(c, present, bit, [&] { load_vectors(c, upper); }, [&] { clear_vectors(c, upper); }); });
  }
  leave(c);
}

}  // namespace xarch::x86
