// x87 by calls: the host's unit executes the instruction on the guest's state. In this way everything is
// exact: stack faults, unmasked exceptions, conditions, pointers. Ordinary instructions go by it only where
// lift_x87_fast.cc does not apply.
#include "targets/x86/core/lift_x87.h"

#include <string_view>

#include "targets/x86/core/lift.h"
#include "targets/x86/core/x87_helpers.h"

namespace xarch::x86 {

using ir::Type;
using ir::Value;

namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> names) {
  for (std::string_view n : names) {
    if (text == n) return true;
  }
  return false;
}

bool stores(const Row& r) { return is_one_of(r.text, {"fst", "fstp", "fist", "fistp", "fisttp", "fbstp"}); }

uint64_t what_of(const Lift& c, bool is_store) {
  const unsigned low = unsigned{c.i.mod} << 6 | (c.i.rm & 7u);
  return x87_run_operand(c.i.opcode, low | (c.i.reg & 7u) << 3, is_store);
}

// The operand in memory, as one or two words.
void load_operand(Lift& c, const Address& a, unsigned bytes, Value out[2]) {
  if (bytes == 10) {
    out[0] = c.load(a, 8);
    out[1] = c.b.zext(c.load({a.base, a.disp + 8}, 2), Type::kI64);
    return;
  }
  out[0] = c.b.zext(c.load(a, bytes), Type::kI64);
  out[1] = c.b.i64(0);
}

// Stores what the helper has left, if it has.
void store_operand(Lift& c, unsigned bytes, uint64_t what) {
  const ir::BlockId yes = c.b.new_block(), no = c.b.new_block(), done = c.b.new_block();
  c.b.cond_br(c.b.cmp(ir::Cond::kNe, c.b.get(kSlotX87Store), c.b.i64(0)), yes, no);
  c.b.start_block(no);  // memory faults come first
  const Address place = c.address();
  c.b.probe(ir::ProbeKind::kStore, place.base, c.desc(std::min(bytes, 8u), true), place.disp);
  if (bytes == 10) c.b.probe(ir::ProbeKind::kStore, place.base, c.desc(2, true), place.disp + 8);
  c.b.br(done);
  c.b.start_block(yes);
  const Address a = c.address();
  if (bytes == 10) {
    const Address high = {a.base, a.disp + 8};
    c.b.probe(ir::ProbeKind::kStore, high.base, c.desc(2, true), high.disp);
    c.store(a, c.b.get(kSlotX87Data));
    c.store(high, c.b.trunc(c.b.get(kSlotX87DataHigh), Type::kI16));
  } else {
    c.store(a, c.b.trunc(c.b.get(kSlotX87Data), Lift::type(bytes)));
  }
  c.b.br(done);
  c.b.start_block(done);
  c.b.call(kX87Commit, Type::kVoid, {c.b.i64(what), c.b.i64(0), c.b.i64(0), c.b.pcrel(c.here)});
}

Value image_word(Lift& c, unsigned n) { return c.b.get_idx(kSlotFpImage, c.b.i32(n)); }

// Writes the first `bytes` of the image, an even number. All of it can be written, or nothing is.
void store_image(Lift& c, unsigned bytes) {
  const Address a = c.address();
  c.b.probe(ir::ProbeKind::kStore, a.base, c.desc(2, true), a.disp + static_cast<int32_t>(bytes) - 2);
  for (unsigned at = 0; at < bytes;) {
    const unsigned n = bytes - at >= 8 ? 8 : bytes - at >= 4 ? 4 : 2;
    Value v = image_word(c, at / 8);
    if (at % 8 != 0) v = c.b.shr_u(v, at % 8 * 8);
    c.store({a.base, a.disp + static_cast<int32_t>(at)}, c.b.trunc(v, Lift::type(n)));
    at += n;
  }
}

void load_image(Lift& c, unsigned bytes) {
  const Address a = c.address();
  c.b.probe(ir::ProbeKind::kLoad, a.base, c.desc(2, false), a.disp + static_cast<int32_t>(bytes) - 2);
  for (unsigned at = 0; at < bytes; at += 8) {
    const unsigned n = std::min(bytes - at, 8u);
    Value v = c.load({a.base, a.disp + static_cast<int32_t>(at)}, n >= 8 ? 8 : n >= 4 ? 4 : 2);
    v = c.b.zext(v, Type::kI64);
    if (n == 6) {
      const Value top = c.b.zext(c.load({a.base, a.disp + static_cast<int32_t>(at) + 4}, 2), Type::kI64);
      v = c.b.or_(v, c.b.shl(top, 32));
    }
    c.b.put_idx(kSlotFpImage, c.b.i32(at / 8), v);
    c.b.restart();
  }
}

unsigned environment_bytes(const Lift& c) { return c.i.operand_bytes == 2 ? 14 : 28; }

}  // namespace

void x87_check_pending(Lift& c) {
  if (!(c.b.key().mode & kModeX87Traps)) return;
  const Value masked = c.b.not_(c.b.get(kSlotX87Control));
  const Value pending = c.b.and_(c.b.get(kSlotX87Flags), masked);
  c.raise_if(c.b.test_nz(pending, c.b.iconst(Type::kI16, kX87Exceptions)), kRaiseX87);
}

void x87_by_call(Lift& c) {
  x87_check_pending(c);
  const bool memory = c.i.mod != 3;
  const Row& r = c.row();
  const bool is_store = memory && stores(r);
  const unsigned bytes = memory ? c.operand(0).bytes : 0;
  const uint64_t what = what_of(c, is_store);
  Value words[2] = {c.b.i64(0), c.b.i64(0)};
  if (memory) {
    const Address a = c.address();
    if (!is_store) load_operand(c, a, bytes, words);
    if (is_store) {  // it faults even if an unmasked exception keeps it from storing
      c.b.probe(ir::ProbeKind::kStore, a.base, c.desc(bytes == 10 ? 8 : bytes, true), a.disp);
      if (bytes == 10) c.b.probe(ir::ProbeKind::kStore, a.base, c.desc(2, true), a.disp + 8);
    }
    c.b.put(kSlotX87Address, c.effective_address());
  }
  const bool flags = r.flags_read != 0 || r.flags_written != 0;
  c.b.call(is_store ? kX87Prepare
           : flags  ? kX87RunFlags
                    : kX87Run,
           Type::kVoid, {c.b.i64(what), words[0], words[1], c.b.pcrel(c.here)});
  if (!is_store) return;
  c.b.restart();  // nothing has been written that a program sees
  store_operand(c, bytes, what);
}

void x87_guard(Lift& c) {
  const ir::BlockId other = c.b.new_block(), next = c.b.new_block();
  c.b.cond_br(c.b.cmp(ir::Cond::kNe, c.b.get(kSlotX87Where), c.b.i32(c.x87.where())), other, next);
  c.x87_otherwise.push_back({other, c.i, c.here, c.following});
  c.b.start_block(next);
  c.x87.known = true;
}

void Lift::x87_settle() {
  if (!x87.pending) return;
  x87.pending = false;
  if (x87.c1_pending) {
    x87.rounded ? b.f80_note(x87.rounded) : b.put(kSlotX87C1, b.iconst(Type::kI16, 0));
    x87.c1_pending = false;
  }
  b.put(kSlotX87Ip, b.pcrel(x87.ip));
}

void lift_x87(Lift& c) {
  if (x87_inline(c)) {
    if (c.b.key().mode & kModeSegments) c.x87_settle();
    return;
  }
  c.x87_settle();
  x87_by_call(c);
  x87_guess_after_call(c);
}

void lift_fwait(Lift& c) { x87_check_pending(c); }

void lift_fnop(Lift& c) {
  // FNENI, FNDISI and FNSETPM do nothing and wait for nothing.
  if (c.row().text != "fnop") return;
  c.x87_settle();
  x87_by_call(c);
}

void lift_fnstcw(Lift& c) { c.store(c.address(), c.b.get(kSlotX87Control)); }

void lift_fnstsw(Lift& c) {
  c.x87_settle();
  Value v;
  if (c.b.key().mode & kModeX87Traps) {
    v = c.b.call(kX87Status, Type::kI16, {});
    c.b.restart();
  } else {
    const Value fault = c.b.and_(c.b.get(kSlotX87Flags), uint64_t{kX87StackFault});
    const Value top = c.x87.known ? c.b.i32(c.x87.top) : c.b.and_(c.b.get(kSlotX87Where), 7);
    const Value c1 = c.b.and_(c.b.get(kSlotX87C1), uint64_t{kX87C1});
    v = c.b.or_(c.b.or_(c.b.get(kSlotX87Cc), c1), c.b.or_(c.b.f80_flags(), fault));
    v = c.b.or_(v, c.b.trunc(c.b.shl(top, 11), Type::kI16));
  }
  c.write(0, v);
}

namespace {

// Exceptions have perhaps been masked or unmasked: then code goes on by other translations.
void control_changed(Lift& c) {
  const bool traps = (c.b.key().mode & kModeX87Traps) != 0;
  const Value mask = c.b.iconst(Type::kI16, kX87Exceptions);
  const Value masked = c.b.cmp(ir::Cond::kEq, c.b.and_(c.b.get(kSlotX87Control), mask), mask);
  const ir::BlockId other = c.raising(kRaiseGoOn, c.next()), same = c.b.new_block();
  traps ? c.b.cond_br(masked, other, same) : c.b.cond_br(masked, same, other);
  c.b.start_block(same);
  c.b.f80_control();
}

// The same where all of them are masked now.
void all_masked(Lift& c) {
  if (!(c.b.key().mode & kModeX87Traps)) return c.b.f80_control();
  c.b.raise(c.next(), kRaiseGoOn);
  c.after = tcg::After::kClosed;
}

}  // namespace

void lift_fnclex(Lift& c) {
  c.x87_settle();
  c.b.call(kX87Clear, Type::kVoid, {});
}

void lift_fninit(Lift& c) {
  c.x87_settle();
  c.b.call(kX87Init, Type::kVoid, {});
  c.x87.known = c.x87.usable;
  c.x87.top = c.x87.full = 0;
  all_masked(c);
}

void lift_fldcw(Lift& c) {
  c.x87_settle();
  x87_check_pending(c);
  const Value v = c.load(c.address(), 2);
  if (c.b.key().mode & kModeX87Traps) {
    c.b.call(kX87LoadControl, Type::kVoid, {c.b.zext(v, Type::kI64)});
  } else {
    c.b.put(kSlotX87Control, c.b.or_(c.b.and_(v, 0x1f3f), c.b.iconst(Type::kI16, 0x40)));
  }
  control_changed(c);
}

void lift_fnstenv(Lift& c) {
  c.x87_settle();
  const bool narrow = c.i.operand_bytes == 2, all = c.row().text == "fnsave";
  c.b.call(kX87Save, Type::kVoid, {c.b.i64(narrow)});
  c.b.restart();
  store_image(c, environment_bytes(c) + (all ? 80 : 0));
  if (all) {
    c.b.call(kX87Init, Type::kVoid, {});
    c.x87.known = c.x87.usable;
    c.x87.top = c.x87.full = 0;
  } else {
    const Value masked = c.b.or_(c.b.get(kSlotX87Control), c.b.iconst(Type::kI16, kX87Exceptions));
    c.b.call(kX87LoadControl, Type::kVoid, {c.b.zext(masked, Type::kI64)});
  }
  all_masked(c);
}

void lift_fldenv(Lift& c) {
  c.x87_settle();
  x87_check_pending(c);
  const bool narrow = c.i.operand_bytes == 2, all = c.row().text == "frstor";
  load_image(c, environment_bytes(c) + (all ? 80 : 0));
  c.b.call(kX87Restore, Type::kVoid, {c.b.i64(narrow), c.b.i64(all)});
  c.x87.known = false;
  control_changed(c);
}

}  // namespace xarch::x86
