// The table of vector instructions, and what their lifters share.
#include "targets/x86/core/lift_vector.h"

#include "targets/x86/core/helpers.h"
#include "targets/x86/core/row_table.h"
#include "targets/x86/core/vector_steps.h"

namespace xarch::x86 {

using ir::Op;
using ir::Type;
using ir::Value;

#define TWO(text, value)
#define ONE(text, value)
#define LOW(text, lane, value)
#define OWN(text, name) void vector_##name(Lift& c);
#include "targets/x86/core/vector.def"
#undef TWO
#undef ONE
#undef LOW
#undef OWN

void vector_fused(Lift& c);

namespace {

constexpr VectorOp kOps[] = {
#define TWO(text, value)                                                                          \
  {#text,                                                                                         \
   [](Lift& c, [[maybe_unused]] Value a, [[maybe_unused]] Value b, [[maybe_unused]] unsigned imm, \
      [[maybe_unused]] unsigned half) { return value; },                                          \
   true, 0, nullptr},
#define ONE(text, value)                                                                        \
  {#text,                                                                                       \
   [](Lift& c, [[maybe_unused]] Value a, [[maybe_unused]] Value, [[maybe_unused]] unsigned imm, \
      [[maybe_unused]] unsigned half) { return value; },                                        \
   false, 0, nullptr},
#define LOW(text, lane, value)                                                               \
  {#text,                                                                                    \
   [](Lift& c, [[maybe_unused]] Value a, Value b, [[maybe_unused]] unsigned imm, unsigned) { \
     return value;                                                                           \
   },                                                                                        \
   true, lane, nullptr},
#define OWN(text, name) {#text, nullptr, false, 0, &vector_##name},
#include "targets/x86/core/vector.def"
#undef TWO
#undef ONE
#undef LOW
#undef OWN
};

constexpr auto kOpsByText = by_text(kOps);

// vfmadd132ps and so on.
constexpr VectorOp kFusedOp = {"vfm", nullptr, false, 0, &vector_fused};

const VectorOp* find(std::string_view text) {
  if (text.starts_with("vfmadd") || text.starts_with("vfmsub") || text.starts_with("vfnm")) return &kFusedOp;
  return find_text(kOpsByText, text);
}

bool has_kind(const Row& r, std::initializer_list<Kind> kinds) {
  for (const Form& f : r.forms) {
    for (const Kind k : kinds) {
      if (f.kind == k) return true;
    }
  }
  return false;
}

bool is_any_of(std::string_view text, std::initializer_list<std::string_view> names) {
  for (const std::string_view n : names) {
    if (n == text) return true;
  }
  return false;
}

// Operands of 16 bytes are aligned but for those of a few instructions; under VEX it is the other way round.
bool aligned(const Row& r) {
  if (r.map >= Map::kVex0F) {
    return is_any_of(r.text,
                     {"vmovaps", "vmovapd", "vmovdqa", "vmovntps", "vmovntpd", "vmovntdq", "vmovntdqa"});
  }
  if (r.feature == Feature::kSha) return false;  // processors disagree
  return !is_any_of(
      r.text, {"movups", "movupd", "movdqu", "lddqu", "pcmpestri", "pcmpestrm", "pcmpistri", "pcmpistrm"});
}

const VectorOp* find_op(unsigned row) {
  const Row& r = rows()[row];
  const VectorOp* op = find(r.text);
  return op == nullptr && r.map >= Map::kVex0F && r.text.starts_with('v') ? find(r.text.substr(1)) : op;
}

// Instructions that do the same to each part.
void lift_parts(Lift& c) {
  const VectorOp& op = *vector_op(c.i.row);
  const Operand to = c.operand(0);
  // Under VEX the sources stand behind the destination, else it is the first of two.
  unsigned first = is_vex(c) || !op.two ? 1 : 0;
  Operand a = c.operand(first);
  if (a.type == Operand::kImmediate) a = c.operand(first = 0);
  const Operand b = op.two ? c.operand(first + 1) : Operand{};
  Value result[2];
  Value from[2][2];
  const unsigned n = parts(c);
  for (unsigned part = 0; part < n; ++part) {
    from[part][0] = read_part(c, a, part);
    if (b.type != Operand::kNone && b.type != Operand::kImmediate) from[part][1] = read_part(c, b, part);
  }
  for (unsigned part = 0; part < n; ++part) {
    result[part] = op.fn(c, from[part][0], from[part][1], immediate(c), part);
  }
  put_vector(c, to.reg, result[0], result[1]);
}

// Instructions on scalars.
void lift_low(Lift& c) {
  const VectorOp& op = *vector_op(c.i.row);
  const unsigned first = is_vex(c) ? 1 : 0, lane = op.low_lane;
  const unsigned above = c.operand(first).reg;
  const Value b = read_scalar(c, c.operand(first + 1), lane);
  const Value a = c.b.flow(lane == 2 ? Type::kF32 : Type::kF64, get_part(c, above));
  put_scalar(c, c.operand(0).reg, above, op.fn(c, a, b, immediate(c), 0));
}

}  // namespace

const VectorOp* vector_op(unsigned row) {
  static RowTable<const VectorOp*> table;
  return table.get(row, find_op);
}

namespace {

// Can it raise floating-point exceptions?
bool computes(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  for (const std::string_view prefix : {"add", "sub", "mul", "div", "min", "max", "sqrt", "cmp", "round",
                                        "hadd", "hsub", "dpp", "ucomi", "comi", "cvt", "fm", "fnm"}) {
    if (text.starts_with(prefix)) return true;
  }
  return false;
}

LiftFn plain_lifter(unsigned row);

}  // namespace

// While an exception is unmasked, the instruction is computed first to see what it raises. The operand in
// memory is there then. Tiny results without Inexact show if the host flushes.
void lift_computed(Lift& c, LiftFn fn) {
  if (!(c.b.key().mode & kModeFpTraps)) return fn(c);
  for (unsigned n = 0; n < 3; ++n) {
    const Operand o = c.operand(n);
    if (o.type != Operand::kMemory) continue;
    const Address a = c.address();
    ir::MemDesc d = vector_desc(c, o.bytes == 32 ? 16 : o.bytes, n == 0);
    const ir::ProbeKind kind = n == 0 ? ir::ProbeKind::kStore : ir::ProbeKind::kLoad;
    c.b.probe(kind, a.base, d, a.disp);
    if (o.bytes == 32) c.b.probe(kind, a.base, d, a.disp + 16);
  }
  const Value before = c.b.call(kFpCheckBegin, Type::kI64, {});
  c.dry = true;
  fn(c);
  const Value raised = c.b.call(kFpCheckAgain, Type::kI64, {});
  fn(c);
  c.dry = false;
  const Value traps = c.b.call(kFpCheckEnd, Type::kI64, {before, raised});
  c.raise_if(c.b.cmp(ir::Cond::kNe, traps, c.b.i64(0)), kRaiseSimd);
  c.b.restart();  // MXCSR has been written, as it was
  fn(c);
}

namespace {

void lift_checked(Lift& c) { lift_computed(c, plain_lifter(c.i.row)); }

}  // namespace

LiftFn vector_lifter(unsigned row) {
  const LiftFn fn = plain_lifter(row);
  return fn != nullptr && computes(rows()[row].text) ? &lift_checked : fn;
}

namespace {

LiftFn plain_lifter(unsigned row) {
  const Row& r = rows()[row];
  const VectorOp* op = vector_op(row);
  if (op == nullptr || has_kind(r, {Kind::kP, Kind::kQ, Kind::kN})) return nullptr;
  if (op->own != nullptr) return op->own;
  if (op->low_lane != 0) return &lift_low;
  return has_kind(r, {Kind::kV, Kind::kU, Kind::kW, Kind::kH}) ? &lift_parts : nullptr;
}

}  // namespace

void put_vector(Lift& c, unsigned n, Value low, Value high) {
  if (c.dry) return;
  c.b.put(xmm_slot(n), low);
  if (is_vex(c)) c.b.put(ymmh_slot(n), high ? high : zeros(c));
}

ir::MemDesc vector_desc(const Lift& c, unsigned bytes, bool store) {
  static RowTable<char> table;
  ir::MemDesc d = c.desc(bytes, store);
  const char kind = table.get(c.i.row, [](unsigned row) { return aligned(rows()[row]) ? 'a' : 'u'; });
  if (bytes == 16 && kind == 'a') d.align = 4;
  return d;
}

Value read_part(Lift& c, const Operand& o, unsigned part) {
  if (o.bytes == 16) part = 0;  // the same for both
  if (is_register(o)) return get_part(c, o.reg, part);
  const Address a = c.address();
  const unsigned bytes = o.bytes == 32 ? 16 : o.bytes;
  ir::MemDesc d = vector_desc(c, bytes, false);
  if (o.bytes == 32 && d.align != 0 && part == 0) d.align = 5;
  if (bytes < 4) return from_integer(c, c.b.zext(c.b.load(Lift::type(bytes), a.base, d, a.disp), Type::kI32));
  return c.b.load(Type::kV128, a.base, d, a.disp + static_cast<int32_t>(16 * part));
}

Value read_scalar(Lift& c, const Operand& o, unsigned lane) {
  const Type t = lane == 2 ? Type::kF32 : Type::kF64;
  if (is_register(o)) return c.b.flow(t, get_part(c, o.reg));
  const Address a = c.address();
  return c.b.load(t, a.base, c.desc(1u << lane, false), a.disp);
}

void put_scalar(Lift& c, unsigned n, unsigned above, Value v) {
  put_vector(c, n, c.b.finsert(get_part(c, above), v));
}

void store_low(Lift& c, const Address& a, Value v, unsigned bytes) {
  if (c.dry) return;
  const ir::MemDesc d = vector_desc(c, bytes, true);
  if (bytes == 8) v = low_half(c, v);
  if (bytes == 4) v = c.b.flow(Type::kF32, v);
  if (bytes < 4) v = c.b.vextract(Type::kI32, v, bytes == 2 ? 1 : 0, 0);
  c.b.store(a.base, v, d, a.disp);
}

Value from_integer(Lift& c, Value v) {
  const Value wide = c.b.bitcast(c.b.zext(v, Type::kI64), Type::kV64);
  return c.b.vpair(wide, c.b.vconst(Type::kV64, 0));
}

namespace {

// A shuffle by the number of the byte that goes to each place, or 0x80.
template <typename Fn>
Value shuffle_bytes(Lift& c, Value v, Fn from) {
  uint64_t w[2] = {0, 0};
  for (unsigned i = 0; i < 16; ++i) w[i / 8] |= uint64_t{from(i)} << (i % 8 * 8);
  const Value index = c.b.vpair(c.b.vconst(Type::kV64, w[0]), c.b.vconst(Type::kV64, w[1]));
  return c.b.vshuffle(v, index);
}

}  // namespace

Value bytes_down(Lift& c, Value v, unsigned n) {
  if (n == 0) return v;
  if (n > 15) return zeros(c);
  return shuffle_bytes(c, v, [&](unsigned i) { return i + n < 16 ? i + n : 0x80; });
}
Value bytes_up(Lift& c, Value v, unsigned n) {
  if (n == 0) return v;
  if (n > 15) return zeros(c);
  return shuffle_bytes(c, v, [&](unsigned i) { return i >= n ? i - n : 0x80; });
}
Value shuffle4(Lift& c, Value v, unsigned order) {
  return shuffle_bytes(c, v, [&](unsigned i) { return (order >> (i / 4 * 2) & 3) * 4 + i % 4; });
}
Value shuffle2(Lift& c, Value v, unsigned order, unsigned half) {
  return shuffle_bytes(c, v, [&](unsigned i) {
    return i / 8 == half ? half * 8 + (order >> (i % 8 / 2 * 2) & 3) * 2 + i % 2 : i;
  });
}

}  // namespace xarch::x86
