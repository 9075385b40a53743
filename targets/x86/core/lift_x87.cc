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
  const ir::BlockId yes = c.b.new_block(), done = c.b.new_block();
  c.b.cond_br(c.b.cmp(ir::Cond::kNe, c.b.get(kSlotX87Store), c.b.i64(0)), yes, done);
  c.b.start_block(yes);
  const Address a = c.address();
  if (bytes == 10) {
    const Address high = {a.base, a.disp + 8};
    c.b.probe(high.base, c.desc(2, true), true, high.disp);
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
  c.b.probe(a.base, c.desc(2, true), true, a.disp + static_cast<int32_t>(bytes) - 2);
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
  c.b.probe(a.base, c.desc(2, false), false, a.disp + static_cast<int32_t>(bytes) - 2);
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
      c.b.probe(a.base, c.desc(bytes == 10 ? 8 : bytes, true), true, a.disp);
      if (bytes == 10) c.b.probe(a.base, c.desc(2, true), true, a.disp + 8);
    }
    const Value where = c.b.add(a.base, int64_t{a.disp});
    c.b.put(kSlotX87Address, c.mode64() ? where : c.b.and_(where, 0xffffffffu));
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

void lift_x87(Lift& c) { x87_by_call(c); }

void lift_fwait(Lift& c) { x87_check_pending(c); }

void lift_fnop(Lift& c) {
  // FNENI, FNDISI and FNSETPM do nothing and wait for nothing.
  if (c.row().text == "fnop") x87_by_call(c);
}

void lift_fnstcw(Lift& c) { c.store(c.address(), c.b.get(kSlotX87Control)); }

void lift_fnstsw(Lift& c) {
  const Value v = c.b.call(kX87Status, Type::kI16, {});
  c.b.restart();
  c.write(0, v);
}

void lift_fnclex(Lift& c) { c.b.call(kX87Clear, Type::kVoid, {}); }
void lift_fninit(Lift& c) { c.b.call(kX87Init, Type::kVoid, {}); }

void lift_fldcw(Lift& c) {
  x87_check_pending(c);
  c.b.call(kX87LoadControl, Type::kVoid, {c.b.zext(c.load(c.address(), 2), Type::kI64)});
}

void lift_fnstenv(Lift& c) {
  const bool narrow = c.i.operand_bytes == 2, all = c.row().text == "fnsave";
  c.b.call(kX87Save, Type::kVoid, {c.b.i64(narrow)});
  c.b.restart();
  store_image(c, environment_bytes(c) + (all ? 80 : 0));
  if (all) {
    c.b.call(kX87Init, Type::kVoid, {});
  } else {
    const Value masked = c.b.or_(c.b.get(kSlotX87Control), c.b.iconst(Type::kI16, kX87Exceptions));
    c.b.call(kX87LoadControl, Type::kVoid, {c.b.zext(masked, Type::kI64)});
  }
}

void lift_fldenv(Lift& c) {
  x87_check_pending(c);
  const bool narrow = c.i.operand_bytes == 2, all = c.row().text == "frstor";
  load_image(c, environment_bytes(c) + (all ? 80 : 0));
  c.b.call(kX87Restore, Type::kVoid, {c.b.i64(narrow), c.b.i64(all)});
}

}  // namespace xarch::x86
