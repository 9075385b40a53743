// FXSAVE, FXRSTOR, XSAVE and its kin: the state of x87, SSE and AVX as one image in memory. All components
// count as in use. A fault in the middle leaves part of the image written, or of the state loaded; the
// instruction begins again.
#include "targets/x86/core/cpuid.h"
#include "targets/x86/core/helpers.h"
#include "targets/x86/core/lift.h"
#include "targets/x86/core/x87_helpers.h"

namespace xarch::x86 {

using ir::Cond;
using ir::Type;
using ir::Value;

namespace {

// Offsets in the image.
constexpr int32_t kMxcsrAt = 24, kXmm = 160, kHeader = 512, kYmmh = 576;
constexpr unsigned kX87 = 1, kSse = 2, kAvx = 4;
constexpr uint64_t kCompacted = uint64_t{1} << 63;

unsigned vector_registers(const Lift& c) { return c.mode64() ? 16 : 8; }

struct Image {
  Lift& c;
  // Of this block: values do not outlive one.
  Address at() const { return c.address(); }
  Address at(int32_t offset) const {
    Address a = c.address();
    a.disp += offset;
    return a;
  }
  Value word(unsigned n) const { return c.b.get_idx(kSlotFpImage, c.b.i32(n)); }
  void put_word(unsigned n, Value v) const { c.b.put_idx(kSlotFpImage, c.b.i32(n), v); }
};

// A fault unless the image is aligned.
void check_alignment(Lift& c, unsigned bytes) {
  const Address a = c.address();
  const Value low = c.b.and_(c.b.add(a.base, int64_t{a.disp}), bytes - 1);
  c.raise_if(c.b.test_nz(low, low), kRaiseProtection);
}

// ---- saving
void save_x87(Lift& c) {
  const Image image{c};
  c.b.call(kX87FxSave, Type::kVoid, {c.b.i64(c.i.w)});
  c.b.restart();
  const Address a = image.at();
  for (int32_t at = 0; at < kXmm; at += 8) {
    if (at == kMxcsrAt) continue;
    c.store({a.base, a.disp + at}, image.word(static_cast<unsigned>(at) / 8));
  }
}

void save_mxcsr(Lift& c) {
  const Value v = c.b.zext(c.b.call(kGetMxcsr, Type::kI32, {}), Type::kI64);
  c.store(Image{c}.at(kMxcsrAt), c.b.or_(v, c.b.i64(uint64_t{kMxcsrBits} << 32)));
}

void save_vectors(Lift& c, int32_t offset, ir::SlotId first) {
  const Address a = Image{c}.at(offset);
  for (unsigned n = 0; n < vector_registers(c); ++n) {
    const auto slot = static_cast<ir::SlotId>(first + n);
    c.b.store(a.base, c.b.get(slot), c.desc(16, true), a.disp + static_cast<int32_t>(16 * n));
  }
}

// ---- restoring
void load_x87(Lift& c) {
  const Image image{c};
  const Address a = image.at();
  for (int32_t at = 0; at < kXmm; at += 8) {
    if (at == kMxcsrAt) continue;
    image.put_word(static_cast<unsigned>(at) / 8, c.load({a.base, a.disp + at}, 8));
    c.b.restart();
  }
  c.b.call(kX87FxRestore, Type::kVoid, {c.b.i64(c.i.w)});
  c.b.restart();
}

void load_mxcsr(Lift& c) {
  const uint32_t temp = c.b.new_temp(Type::kI32);
  const Value v = c.load(Image{c}.at(kMxcsrAt), 4);
  c.b.put_tmp(temp, v);
  c.raise_if(c.b.cmp(Cond::kUgt, v, c.b.i32(kMxcsrBits)), kRaiseProtection);
  c.b.call(kSetMxcsr, Type::kVoid, {c.b.get_tmp(temp)});
  c.b.restart();
}

void load_vectors(Lift& c, int32_t offset, ir::SlotId first) {
  const Address a = Image{c}.at(offset);
  for (unsigned n = 0; n < vector_registers(c); ++n) {
    const Value v = c.b.load(Type::kV128, a.base, c.desc(16, false), a.disp + static_cast<int32_t>(16 * n));
    c.b.put(static_cast<ir::SlotId>(first + n), v);
    c.b.restart();
  }
}

void clear_vectors(Lift& c, ir::SlotId first) {
  for (unsigned n = 0; n < vector_registers(c); ++n) {
    c.b.put(static_cast<ir::SlotId>(first + n), c.b.vconst(Type::kV128, 0));
    c.b.restart();
  }
}

// What the translation depends on may have changed.
void go_on(Lift& c) {
  c.after = After::kClosed;
  c.b.raise(c.next(), kRaiseGoOn);
}

// EDX:EAX, as far as the processor has such components.
Value asked_for(Lift& c) { return c.b.and_(c.gpr(kRax, 4), static_cast<uint32_t>(xcr0(c.model))); }

// Runs `then` where one of these bits of v is set.
template <typename Then>
void if_any(Lift& c, Value v, unsigned bits, Then then) {
  const ir::BlockId taken = c.b.new_block(), join = c.b.new_block();
  c.b.cond_br(c.b.test_nz(v, c.b.i32(bits)), taken, join);
  c.b.start_block(taken);
  then();
  c.b.br(join);
  c.b.start_block(join);
}

}  // namespace

void lift_fxsave(Lift& c) {
  check_alignment(c, 16);
  save_x87(c);
  save_mxcsr(c);
  save_vectors(c, kXmm, kSlotXmm0);
}

void lift_fxrstor(Lift& c) {
  check_alignment(c, 16);
  load_mxcsr(c);
  load_vectors(c, kXmm, kSlotXmm0);
  load_x87(c);
  go_on(c);
}

// XSAVE, XSAVEOPT, XSAVEC: with the components there are the compacted form has them at the same places.
void lift_xsave(Lift& c) {
  check_alignment(c, 64);
  if_any(c, asked_for(c), kX87, [&] { save_x87(c); });
  if_any(c, asked_for(c), kSse | kAvx, [&] { save_mxcsr(c); });
  if_any(c, asked_for(c), kSse, [&] { save_vectors(c, kXmm, kSlotXmm0); });
  if_any(c, asked_for(c), kAvx, [&] { save_vectors(c, kYmmh, kSlotYmmh0); });
  const Image image{c};
  const Value asked = c.b.zext(asked_for(c), Type::kI64);
  if (c.row().text == "xsavec") {
    const Address a = image.at(kHeader);
    c.store(a, asked);
    c.store({a.base, a.disp + 8}, c.b.or_(asked, c.b.i64(kCompacted)));
  } else {
    const Value old = c.load(image.at(kHeader), 8);
    c.store(image.at(kHeader), c.b.or_(old, asked));
  }
}

void lift_xrstor(Lift& c) {
  check_alignment(c, 64);
  const Image image{c};
  const uint64_t known = xcr0(c.model);
  // The header: components that there are, and the compacted form or nothing.
  const Value form = c.load(image.at(kHeader + 8), 8);
  const Value unknown =
      c.b.or_(c.b.and_(c.load(image.at(kHeader), 8), ~known), c.b.and_(form, ~(kCompacted | known)));
  c.raise_if(c.b.test_nz(unknown, unknown), kRaiseProtection);
  const uint32_t present = c.b.new_temp(Type::kI32);
  c.b.put_tmp(present, c.b.trunc(c.load(image.at(kHeader), 8), Type::kI32));
  const auto component = [&](unsigned bit, auto load, auto clear) {
    if_any(c, asked_for(c), bit, [&] {
      const ir::BlockId there = c.b.new_block(), absent = c.b.new_block(), join = c.b.new_block();
      c.b.cond_br(c.b.test_nz(c.b.get_tmp(present), c.b.i32(bit)), there, absent);
      c.b.start_block(there);
      load();
      c.b.br(join);
      c.b.start_block(absent);
      clear();
      c.b.br(join);
      c.b.start_block(join);
    });
  };
  if_any(c, asked_for(c), kSse | kAvx, [&] { load_mxcsr(c); });
  component(kSse, [&] { load_vectors(c, kXmm, kSlotXmm0); }, [&] { clear_vectors(c, kSlotXmm0); });
  component(kAvx, [&] { load_vectors(c, kYmmh, kSlotYmmh0); }, [&] { clear_vectors(c, kSlotYmmh0); });
  component(
      kX87, [&] { load_x87(c); },
      [&] {
        c.b.call(kX87Init, Type::kVoid, {});
        c.b.restart();
      });
  go_on(c);
}

}  // namespace xarch::x86
