#include "tcg/ir/verifier.h"

#include <string>

#include "tcg/ir/text.h"

namespace xarch::ir {

namespace {

constexpr uint32_t kUnset = 0xffffffff;  // no path has reached the block yet
constexpr uint32_t kNone = 0xfffffffe;   // no Insn yet
constexpr uint32_t kMixed = 0xfffffffd;  // paths with different Insns meet

bool is_small_int(Type t) { return t >= Type::kI8 && t <= Type::kI64; }
bool is_word(Type t) { return t == Type::kI32 || t == Type::kI64; }

class Verifier {
 public:
  explicit Verifier(const Region& region) : r_(region) {}
  Result<void> run();

 private:
  // Where a path stands: the guest instruction at hand, and whether it has written a slot.
  struct Path {
    uint32_t insn = kUnset;
    bool written = false;
  };

  bool shape();
  bool inst(uint32_t i, const Block& block);
  bool operands(const Inst& in, uint32_t i, const Block& block);
  bool operand(char letter, const Inst& in, unsigned n);
  bool meaning(const Inst& in);
  bool state_op(const Inst& in);
  bool int_op(const Inst& in);
  bool convert_op(const Inst& in);
  bool flags_op(const Inst& in);
  bool memory_op(const Inst& in);
  bool both(const Inst& in, Type t) const;
  bool vector_op(const Inst& in);
  bool vector_shape_op(const Inst& in);
  bool fp_op(const Inst& in);
  bool f80_op(const Inst& in);
  bool fp_convert_op(const Inst& in);
  bool is_fp(Type t, unsigned lane) const;
  bool control_op(const Inst& in);
  bool commits();
  bool commit_inst(uint32_t i, uint32_t layout_insn, Path* path);
  void flow(const Path& path, uint32_t to, bool* changed);
  bool same_insn(uint32_t a, uint32_t b) const;

  Type type(ValueId v) const { return r_.insts[v].type; }
  // Remembers what is wrong; returns false.
  bool bad(const char* why) {
    why_ = why;
    return false;
  }
  bool need(bool ok, const char* why) { return ok || bad(why); }

  const Region& r_;
  std::string why_;
  uint32_t at_ = kUnset;  // op being checked
  std::vector<Path> entry_;
};

bool Verifier::shape() {
  if (r_.layout == nullptr) return bad("no state layout");
  if (r_.blocks.empty()) return bad("no blocks");
  if (r_.insts.size() > kNoValue) return bad("too many ops");
  uint32_t next = 0;
  for (const Block& b : r_.blocks) {
    if (b.first != next || b.end <= b.first || b.end > r_.insts.size())
      return bad("blocks are not contiguous");
    next = b.end;
    bool ended = false;
    for (uint32_t i = b.first; i < b.end; ++i) {
      at_ = i;
      if (r_.insts[i].op > Op::kPoll) return bad("no such op");
      if (r_.insts[i].op == Op::kNop) continue;
      if (ended) return bad("an op behind the terminator");
      ended = is_terminator(r_.insts[i].op);
    }
    if (!ended) return bad("the block has no terminator");
  }
  return need(next == r_.insts.size(), "ops outside of blocks");
}

bool Verifier::operand(char letter, const Inst& in, unsigned n) {
  const Type t = type(in.args[n]);
  switch (letter) {
    case 'T': return need(t == in.type, "an operand has not the result's type");
    case 'A': return true;  // compared with the others below
    case 'i': return need(is_int(t), "an operand is no integer");
    case 'E': return need(t == Type::kF80, "an operand is no f80");
    case 'F': return need(is_float(t), "an operand is no floating-point number");
    case 'v': return need(is_vector(t), "an operand is no vector");
    case '1': return need(t == Type::kI1, "an operand is no i1");
    case '4': return need(t == Type::kI32, "an operand is no i32");
    case '8': return need(t == Type::kI64, "an operand is no i64");
    case 'f': return need(t == Type::kFlags, "an operand is no flags value");
    case 'X': return need(t == Type::kI64, "the address is no i64");
    case '*':
      return need(t >= Type::kI1 && t <= Type::kI64, "a helper's operand is no integer of up to 64 bits");
    default: return bad("bad operand letter in ops.def");
  }
}

bool Verifier::operands(const Inst& in, uint32_t i, const Block& block) {
  const OpInfo& info = op_info(in.op);
  Type any = Type::kVoid;
  bool missing = false;
  for (unsigned n = 0; n < 4; ++n) {
    const ValueId v = in.args[n];
    if (v == kNoValue) {
      missing = true;
      if (n < info.num_operands && info.operands[n] != '*') return bad("an operand is missing");
      continue;
    }
    if (n >= info.num_operands || missing) return bad("too many operands");
    if (v >= i) return bad("an operand is defined later");
    if (v < block.first) return bad("an operand is defined in another block");
    if (type(v) == Type::kVoid) return bad("an operand has no value");
    if (!operand(info.operands[n], in, n)) return false;
    if (info.operands[n] == 'A') {
      if (any == Type::kVoid) any = type(v);
      if (any != type(v)) return bad("operands have different types");
    }
  }
  return true;
}

bool Verifier::inst(uint32_t i, const Block& block) {
  const Inst& in = r_.insts[i];
  const OpInfo& info = op_info(in.op);
  at_ = i;
  if (in.op == Op::kNop) return true;
  if (!info.own_type && in.type != info.fixed) return bad("wrong result type");
  if (info.own_type && in.op != Op::kCall && (in.type == Type::kVoid || in.type > Type::kV256)) {
    return bad("no result type");
  }
  return operands(in, i, block) && meaning(in);
}

bool Verifier::meaning(const Inst& in) {
  if (in.op <= Op::kRestart) return state_op(in);
  if (in.op <= Op::kFunnelR) return int_op(in);
  if (in.op <= Op::kHi) return convert_op(in);
  if (in.op <= Op::kFlagsTest) return flags_op(in);
  if (in.op <= Op::kProbe) return memory_op(in);
  if (in.op < Op::kVLo) return vector_op(in);
  if (in.op <= Op::kBitcast) return vector_shape_op(in);
  if (in.op <= Op::kFWiden) return fp_op(in);
  if (in.op <= Op::kF80Control) return f80_op(in);
  return control_op(in);
}

bool Verifier::state_op(const Inst& in) {
  const auto& slots = r_.layout->slots;
  switch (in.op) {
    case Op::kConst:
      if (in.type > Type::kI64) return bad("a constant of that type");
      return need(type_bits(in.type) == 64 || static_cast<uint64_t>(in.imm) >> type_bits(in.type) == 0,
                  "the constant is wider than its type");
    case Op::kFlagsConst:
      return need(static_cast<uint64_t>(in.imm) <= 0xffff, "the constant is wider than flags");
    case Op::kGet:
    case Op::kGetIdx:
      if (in.aux >= slots.size()) return bad("no such slot");
      return need(slots[in.aux].type == in.type, "the slot has another type");
    case Op::kPut:
    case Op::kPutIdx:
      if (in.aux >= slots.size()) return bad("no such slot");
      return need(slots[in.aux].type == type(in.args[in.op == Op::kPutIdx]), "the slot has another type");
    case Op::kGetTmp:
      if (in.aux >= r_.temps.size()) return bad("no such temporary");
      return need(r_.temps[in.aux] == in.type, "the temporary has another type");
    case Op::kPutTmp:
      if (in.aux >= r_.temps.size()) return bad("no such temporary");
      return need(r_.temps[in.aux] == type(in.args[0]), "the temporary has another type");
    default: return true;
  }
}

bool Verifier::int_op(const Inst& in) {
  const unsigned bits = type_bits(in.type);
  const unsigned lsb = in.aux & 255;
  const unsigned length = in.aux >> 8;
  switch (in.op) {
    case Op::kAnd:
    case Op::kOr:
    case Op::kXor:
    case Op::kAndNot:
    case Op::kNot: return need(in.type >= Type::kI1 && in.type <= Type::kI64, "not for that type");
    case Op::kClz:
    case Op::kCtz:
    case Op::kPopcnt:
    case Op::kBitRev: return need(is_word(in.type), "for i32 and i64 only");
    case Op::kBswap: return need(is_small_int(in.type) && in.type != Type::kI8, "for i16, i32 and i64 only");
    case Op::kExtractU:
    case Op::kExtractS:
    case Op::kDeposit:
      if (!is_small_int(in.type)) return bad("not for that type");
      return need(length >= 1 && lsb + length <= bits, "bits outside of the value");
    case Op::kFunnelR:
      if (!is_small_int(in.type)) return bad("not for that type");
      return need(in.imm >= 0 && in.imm < bits, "the count is not below the width");
    default: return need(is_small_int(in.type), "not for that type");
  }
}

bool Verifier::convert_op(const Inst& in) {
  const Type from = type(in.args[0]);
  switch (in.op) {
    case Op::kZext:
    case Op::kSext: return need(is_int(in.type) && from < in.type, "not to a wider integer type");
    case Op::kTrunc: return need(is_int(in.type) && from > in.type, "not to a narrower integer type");
    case Op::kLo:
    case Op::kHi: return need(from == Type::kI128, "for i128 only");
    default: return true;
  }
}

bool Verifier::flags_op(const Inst& in) {
  const Type t = type(in.args[0]);
  switch (in.op) {
    case Op::kCmp:
      if (in.aux > static_cast<uint32_t>(Cond::kSge)) return bad("no such condition");
      return need(is_small_int(t), "not for that type");
    case Op::kSelect: return need(in.type != Type::kF80 && in.type != Type::kV256, "not for that type");
    case Op::kFlagsTest: return need(in.aux <= static_cast<uint32_t>(FlagCond::kNp), "no such condition");
    case Op::kFlagsPack: return true;
    case Op::kFlagsSet:
      return need(
          in.imm > 0 && (in.imm & (in.imm - 1)) == 0 && (in.imm & ~int64_t{kFlagsDefined | kFlagA}) == 0,
          "not one flag");
    default: return need(is_small_int(t), "not for that type");
  }
}

bool Verifier::memory_op(const Inst& in) {
  if (in.op == Op::kFenceOp) return need(in.aux >= 1 && in.aux <= 15, "no such fence");
  const MemDesc d = in.mem();
  if (d.size > 5 || d.elem > d.size || d.align > 5) return bad("bad size, element or alignment");
  if (d.unused != 0) return bad("stray bits");
  if (d.xform > AddrXform::kStripTag) return bad("no such address transform");
  const bool stores = in.op == Op::kStore;
  const Type t = stores ? type(in.args[1]) : in.type;
  switch (in.op) {
    case Op::kProbe:
      if (in.aux == static_cast<uint32_t>(ProbeKind::kTail) && d.align != 0) return bad("an aligned tail");
      return need(in.aux <= static_cast<uint32_t>(ProbeKind::kTail), "no such kind of probe");
    case Op::kLoad:
    case Op::kStore:
      if (t == Type::kI1 || t == Type::kFlags || t == Type::kF80) return bad("not for that type");
      if (d.sign && (stores || !is_int(t))) return bad("a sign where there is none");
      if (d.elem != d.size && !is_vector(t) && !(is_int(t) && d.elem + 1 == d.size)) {
        return bad("elements in a scalar, and no pair");
      }
      return need(d.bytes() <= type_bytes(t), "the access is wider than the value");
    default: {
      const bool cas = in.op == Op::kCas;
      if (!cas && in.aux > static_cast<uint32_t>(RmwOp::kUMin)) return bad("no such operation");
      if (!is_small_int(t) && !(cas && t == Type::kI128)) return bad("not for that type");
      if (d.elem != d.size || d.sign) return bad("elements or a sign in an atomic operation");
      if (t == Type::kI128 && (d.size != 4 || d.align < 4))
        return bad("16 bytes that are not whole and aligned");
      return need(d.bytes() <= type_bytes(t), "the access is wider than the value");
    }
  }
}

// Are both operands of type t?
bool Verifier::both(const Inst& in, Type t) const { return type(in.args[0]) == t && type(in.args[1]) == t; }

// Ops on lanes in place.
bool Verifier::vector_op(const Inst& in) {
  const unsigned bytes = type_bytes(in.type);
  switch (in.op) {
    case Op::kVExtract:
      if (in.aux > 3 || !is_word(in.type) || in.imm < 0) return bad("bad lane");
      return need((static_cast<uint64_t>(in.imm) + 1) << in.aux <= type_bytes(type(in.args[0])),
                  "no such lane") &&
             need(8u << in.aux <= type_bits(in.type), "the lane is wider than the result");
    case Op::kVNarrow:
      return need(type(in.args[0]) == Type::kV128 && in.aux <= 2, "not for that type or lane");
    case Op::kVWidenU:
    case Op::kVWidenS:
      if (in.imm != 0 && in.imm != 1) return bad("no such half");
      return need(type(in.args[0]) == (in.imm ? Type::kV128 : Type::kV64) && in.aux <= 2,
                  "not for that type or lane");
    case Op::kVNarrowS:
    case Op::kVNarrowSU:
      return need(type(in.args[0]) == Type::kV128 && in.aux <= 1, "not for that type or lane");
    case Op::kVMulLU:
    case Op::kVMulLS:
      if (in.imm != 0 && in.imm != 1) return bad("no such half");
      return need(both(in, Type::kV128) && in.aux <= 2, "not for that type or lane");
    case Op::kVShuffle: return need(both(in, Type::kV128) && (in.imm & ~int64_t{1}) == 0, "for v128 only");
    case Op::kVShuf2:
      return need(both(in, Type::kV128) && (in.aux == 2 || in.aux == 3) && in.imm >= 0 &&
                      in.imm < (in.aux == 2 ? 256 : 4),
                  "not for that type or lane");
    case Op::kVMask:
      return need(type(in.args[0]) == Type::kV128 && in.aux <= 3 && in.aux != 1, "not for that type or lane");
    case Op::kVDotUS: return need(is_vector(in.type) && in.aux == 0, "for lanes of 1 byte only");
    case Op::kVMulEvenU:
    case Op::kVMulEvenS: return need(is_vector(in.type) && in.aux == 2, "for lanes of 4 bytes only");
    case Op::kVClMul: return need(both(in, Type::kV64), "for v64 only");
    case Op::kVSha1:
      return need(both(in, Type::kV128) && in.imm >= 0 && in.imm <= 3, "not for that type or function");
    case Op::kVSha256: return need(both(in, Type::kV128) && type(in.args[2]) == Type::kV128, "for v128 only");
    case Op::kVSha256Msg1:
    case Op::kVSha256Msg2: return need(both(in, Type::kV128), "for v128 only");
    case Op::kVStrIndex:
    case Op::kVStrMask:
    case Op::kFlagsStr:
      if (in.args[2] != kNoValue && type(in.args[2]) != Type::kI32) return bad("the lengths are no i32");
      return need(both(in, Type::kV128) && in.imm >= 0 && in.imm < 128, "for v128 only");
    case Op::kVSad: return need(is_vector(in.type) && in.aux == 0, "for lanes of 1 byte only");
    case Op::kVDotS: return need(is_vector(in.type) && in.aux == 1, "for lanes of 2 bytes only");
    case Op::kVAesEnc:
    case Op::kVAesDec:
    case Op::kVAesMix:
    case Op::kVAesIMix:
    case Op::kVAesRound:
    case Op::kVAesIRound:
    case Op::kVAny: return need(type(in.args[0]) == Type::kV128, "for v128 only");
    default: break;
  }
  if (!is_vector(in.type)) return bad("the result is no vector");
  if (in.aux > 3) return bad("no such lane width");
  switch (in.op) {
    case Op::kVMinU:
    case Op::kVMaxU:
    case Op::kVMinS:
    case Op::kVMaxS: return need(in.aux <= 2, "for lanes of 1, 2 and 4 bytes only");
    case Op::kVShlImm:
    case Op::kVShrUImm:
    case Op::kVShrSImm:
      return need(in.imm >= 0 && in.imm < (8 << in.aux), "the count is not below the lane's width");
    case Op::kVDup:
      return need(is_word(type(in.args[0])) && 8u << in.aux <= type_bits(type(in.args[0])),
                  "bad lane operand");
    case Op::kVInsert:
      if (!is_word(type(in.args[1])) || 8u << in.aux > type_bits(type(in.args[1])))
        return bad("bad lane operand");
      return need(in.imm >= 0 && (static_cast<uint64_t>(in.imm) + 1) << in.aux <= bytes, "no such lane");
    case Op::kVExt: return need(in.imm >= 0 && in.imm < static_cast<int64_t>(bytes), "no such byte");
    case Op::kVZip1:
    case Op::kVZip2:
    case Op::kVUzp1:
    case Op::kVUzp2: return need(2u << in.aux <= bytes, "a single lane");
    case Op::kVRev: return need(in.imm > in.aux && 1u << in.imm <= bytes && in.imm <= 3, "bad container");
    case Op::kVPopcnt: return need(in.aux == 0, "for lanes of 1 byte only");
    case Op::kVMul:
    case Op::kVAddPairsU:
    case Op::kVAddPairsS: return need(in.aux <= 2, "for lanes of 1, 2 and 4 bytes only");
    case Op::kVMulHiS:
    case Op::kVMulHiU:
    case Op::kVMulRS: return need(in.aux == 1, "for lanes of 2 bytes only");
    case Op::kVAvgU:
    case Op::kVAddSatU:
    case Op::kVAddSatS:
    case Op::kVSubSatU:
    case Op::kVSubSatS:
    case Op::kVPackS:
    case Op::kVPackSU: return need(in.aux <= 1, "for lanes of 1 and 2 bytes only");
    case Op::kVShlAll:
    case Op::kVShrUAll: return need(in.aux >= 1, "for lanes of 2, 4 and 8 bytes only");
    case Op::kVShrSAll: return need(in.aux == 1 || in.aux == 2, "for lanes of 2 and 4 bytes only");
    case Op::kVBlendTop: return need(in.aux != 1, "for lanes of 1, 4 and 8 bytes only");
    case Op::kVBlend:
      return need(in.aux >= 1 && in.imm >= 0 && in.imm < 1 << (bytes >> in.aux), "no such lane");
    case Op::kVShl:
    case Op::kVShrU:
    case Op::kVShrS: return need(in.aux >= 2, "for lanes of 4 and 8 bytes only");
    case Op::kVSplat:
      return need(type(in.args[0]) == Type::kV128 && in.imm >= 0 && in.imm < 16 >> in.aux, "no such lane");
    default: return true;
  }
}

// Halves, pairs and bitcasts.
bool Verifier::vector_shape_op(const Inst& in) {
  const Type a = type(in.args[0]);
  switch (in.op) {
    case Op::kVLo:
    case Op::kVHi: return need(a == Type::kV128, "for v128 only");
    case Op::kVPair: return need(a == Type::kV64 && type(in.args[1]) == Type::kV64, "not of two v64");
    default: {
      const bool class16 =
          (in.type == Type::kI16) != (a == Type::kI16) && (in.type == Type::kFlags) != (a == Type::kFlags);
      const bool class32 = in.type == Type::kI32 || in.type == Type::kF32;
      const bool class64 = in.type == Type::kI64 || in.type == Type::kF64 || in.type == Type::kV64;
      const bool class128 = in.type == Type::kI128 || in.type == Type::kV128;
      return need((class16 || class32 || class64 || class128) && type_bytes(a) == type_bytes(in.type) &&
                      a != Type::kVoid,
                  "between types that are not of a kind");
    }
  }
}

// Is it a scalar of that width, or a vector of such lanes?
bool Verifier::is_fp(Type t, unsigned lane) const {
  if (lane < 1 || lane > 3) return false;
  return t == (lane == 3 ? Type::kF64 : Type::kF32) || t == Type::kV64 || t == Type::kV128;
}

bool Verifier::fp_op(const Inst& in) {
  const Type a = type(in.args[0]);
  const auto imm = static_cast<uint64_t>(in.imm);
  const uint64_t rounding = imm & kFpRoundMask;
  const bool good_rounding = rounding <= 4 || rounding == 8;
  const char* const kBadLane = "not for that type or lane";
  switch (in.op) {
    case Op::kFlagsFcmp: return need(is_float(a) && is_fp(a, in.aux) && imm <= 3, kBadLane);
    case Op::kFCmp: return need(is_fp(in.type, in.aux) && imm <= 31, kBadLane);
    case Op::kFFma: return need(is_fp(in.type, in.aux) && imm <= 3, kBadLane);
    case Op::kFRound:
      if (!good_rounding || imm > (kFpRoundMask | kFpInexact)) return bad("no such rounding");
      return need(is_fp(a, in.aux), kBadLane);
    case Op::kFToInt:
      if (!good_rounding || (imm & ~uint64_t{kFpRoundMask | kFpUnsigned}) != 0)
        return bad("no such rounding");
      if (in.aux == 3 && a == Type::kV128 && in.type == Type::kV64) return true;
      return need(is_fp(a, in.aux) && (is_float(a) ? is_word(in.type) && in.aux != 1 : in.type == a),
                  kBadLane);
    case Op::kFFromInt:
      if ((imm & ~uint64_t{kFpUnsigned}) != 0) return bad("no such conversion");
      if (in.aux == 3 && a == Type::kV64 && in.type == Type::kV128) return true;
      return need(in.aux != 1 && is_fp(in.type, in.aux) && (is_float(in.type) ? is_word(a) : in.type == a),
                  kBadLane);
    case Op::kFFmaHalf:
      return need(in.aux == 2 && is_vector(in.type) && a == Type::kV64 && type(in.args[1]) == Type::kV64,
                  kBadLane);
    case Op::kFCvt: return fp_convert_op(in);
    case Op::kFToBf16: return need(in.aux == 2 && a == Type::kV128, kBadLane);
    case Op::kFLow:
      return need(
          (a == Type::kV64 || a == Type::kV128) && is_float(in.type) && in.aux != 1 && is_fp(in.type, in.aux),
          kBadLane);
    case Op::kFInsert:
      return need(
          a == Type::kV128 && is_float(type(in.args[1])) && is_fp(type(in.args[1]), in.aux) && in.aux != 1,
          kBadLane);
    case Op::kFWiden:
      return need(
          (in.type == Type::kV64 || in.type == Type::kV128) && is_float(a) && in.aux != 1 && is_fp(a, in.aux),
          kBadLane);
    default: return need(is_fp(in.type, in.aux), kBadLane);
  }
}

bool Verifier::fp_convert_op(const Inst& in) {
  const Type from = type(in.args[0]);
  const auto fits = [](Type t, int64_t lane) {
    if (t == Type::kF32 || t == Type::kF64) return lane == (t == Type::kF32 ? 2 : 3);
    return (t == Type::kV64 || t == Type::kV128) && lane >= 1 && lane <= 3;
  };
  const int64_t lane = in.imm & kFpLaneMask, rounding = in.imm >> kFpRoundShift;
  if (rounding < 0 || rounding > 4 || (rounding != 0 && in.aux != 1)) return bad("no such rounding");
  return need(in.aux != lane && fits(in.type, in.aux) && fits(from, lane), "no such conversion");
}

bool Verifier::f80_op(const Inst& in) {
  if (r_.layout->f80_control == kNoSlot) return bad("the layout has no environment for f80");
  const Type a = in.args[0] == kNoValue ? Type::kVoid : type(in.args[0]);
  const auto word = [](Type t) { return t == Type::kI16 || is_word(t); };
  switch (in.op) {
    case Op::kF80Load:
    case Op::kF80Store: {
      const Type t = f80_format_type(in.aux);
      const MemDesc d = in.mem();
      const uint32_t most = in.op == Op::kF80Store && is_int(t) ? 15 : 7;
      return need(t != Type::kVoid && in.aux <= most && d.bytes() == type_bytes(t) && d.elem == d.size &&
                      !d.sign && !d.big && !d.atomic,
                  "no such access");
    }
    case Op::kF80Cvt: return need(a != Type::kF80, "to itself");
    case Op::kF80FromInt: return need(word(a), "for i16, i32 and i64 only");
    case Op::kF80ToF: return need(in.type == Type::kF32 || in.type == Type::kF64, "for f32 and f64 only");
    case Op::kF80ToInt: return need(word(in.type) && in.imm >= 0 && in.imm <= 1, "for i16, i32 and i64 only");
    case Op::kF80Cmp:
      return need(in.imm == 1 || (in.imm == 0 && type(in.args[1]) == Type::kF80), "no such comparison");
    case Op::kF80Const:
      return need(in.imm >= 0 && in.imm <= static_cast<int64_t>(F80Constant::kZero), "no such constant");
    case Op::kF80Make: return need(type(in.args[1]) == Type::kI16, "the exponent is no i16");
    case Op::kF80Drop:
      return need(in.aux < r_.layout->slots.size() && r_.layout->slots[in.aux].type == Type::kF80,
                  "no slot of f80");
    case Op::kF80Note:
      if (r_.layout->f80_up == kNoSlot) return bad("the layout has no slot for it");
      if (r_.insts[in.args[0]].op == Op::kF80Store) return true;
      [[fallthrough]];
    case Op::kF80Up: {
      const Op op = r_.insts[in.args[0]].op;
      return need((op >= Op::kF80Add && op <= Op::kF80Round) || op == Op::kF80ToF || op == Op::kF80ToInt,
                  "of an op that does not round");
    }
    default: return true;
  }
}

bool Verifier::control_op(const Inst& in) {
  switch (in.op) {
    case Op::kCall:
      if (in.aux >= r_.helpers.size() || r_.helpers[in.aux] == nullptr) return bad("no such helper");
      return need(in.type <= Type::kI64, "a helper cannot return that type");
    case Op::kBr: return need(in.aux < r_.blocks.size(), "no such block");
    case Op::kCondBr:
      return need(in.aux < r_.blocks.size() && static_cast<uint64_t>(in.imm) < r_.blocks.size(),
                  "no such block");
    case Op::kGotoPc:
    case Op::kGotoInd: {
      const ExitAux e = ExitAux::unpack(in.aux);
      if (e.kind > JumpKind::kReturn) return bad("no such kind of jump");
      if (e.mode_change && e.mode_index >= r_.exit_modes.size()) return bad("no such exit mode");
      return need(e.dead_index <= r_.dead_at_exit.size(), "no such list of dead slots");
    }
    default: return true;
  }
}

// ---- the commit rule

bool Verifier::same_insn(uint32_t a, uint32_t b) const {
  if (a == b) return true;
  if (a >= r_.insts.size() || b >= r_.insts.size()) return false;
  return r_.insts[a].imm == r_.insts[b].imm && r_.insts[a].aux == r_.insts[b].aux;
}

bool Verifier::commit_inst(uint32_t i, uint32_t layout_insn, Path* path) {
  const Inst& in = r_.insts[i];
  at_ = i;
  const uint32_t helper = in.op == Op::kCall ? r_.helpers[in.aux]->effects : 0;
  const bool call_faults = in.op == Op::kCall && !(helper & (kHelperPure | kHelperNoFault));
  if ((op_info(in.op).attributes & kMayFault) || call_faults) {
    if (path->insn == kNone) return bad("an op that may fault before the first insn");
    if (path->insn == kMixed || !same_insn(path->insn, layout_insn)) {
      return bad(
          "the guest instruction of an op that may fault is not the last insn before it in the layout");
    }
    if (path->written) return bad("an op that may fault after a slot of the same instruction was written");
  }
  const bool stays = path->insn < r_.insts.size() && r_.insts[path->insn].imm == in.imm;
  if (in.op == Op::kPoll && path->written && stays) {
    return bad("a poll that repeats an instruction which has written a slot");
  }
  switch (in.op) {
    case Op::kInsn: *path = {i, false}; break;
    case Op::kRestart: path->written = false; break;
    case Op::kPut:
    case Op::kF80Note:
    case Op::kPutIdx: path->written = true; break;
    case Op::kCall: {
      const bool none =
          (helper & kHelperPure) || ((helper & kHelperListsState) && r_.helpers[in.aux]->writes.empty());
      if (!none) path->written = true;
      break;
    }
    default: break;
  }
  return true;
}

void Verifier::flow(const Path& path, uint32_t to, bool* changed) {
  Path& e = entry_[to];
  Path merged = path;
  if (e.insn != kUnset) {
    merged.insn = same_insn(e.insn, path.insn) ? e.insn : kMixed;
    merged.written = e.written || path.written;
  }
  if (merged.insn == e.insn && merged.written == e.written) return;
  e = merged;
  *changed = true;
}

bool Verifier::commits() {
  entry_.assign(r_.blocks.size(), {});
  entry_[0] = {kNone, false};
  for (bool changed = true; changed;) {
    changed = false;
    uint32_t layout_insn = kNone;
    for (const Block& b : r_.blocks) {
      Path path = entry_[static_cast<size_t>(&b - r_.blocks.data())];
      const bool reached = path.insn != kUnset;
      for (uint32_t i = b.first; i < b.end; ++i) {
        const Inst& in = r_.insts[i];
        if (in.op == Op::kInsn) layout_insn = i;
        if (!reached) continue;
        if (!commit_inst(i, layout_insn, &path)) return false;
        if (in.op == Op::kBr || in.op == Op::kCondBr) flow(path, in.aux, &changed);
        if (in.op == Op::kCondBr) flow(path, static_cast<uint32_t>(in.imm), &changed);
      }
    }
  }
  return true;
}

Result<void> Verifier::run() {
  bool ok = shape();
  for (size_t b = 0; ok && b < r_.blocks.size(); ++b) {
    for (uint32_t i = r_.blocks[b].first; ok && i < r_.blocks[b].end; ++i) ok = inst(i, r_.blocks[b]);
  }
  ok = ok && commits();
  if (const char* wrong = ok ? wrong_notes(r_, &at_) : nullptr) ok = bad(wrong);
  if (ok) return {};
  std::string message = "invalid IR: " + why_;
  if (at_ < r_.insts.size() && r_.insts[at_].op <= Op::kPoll) message += ": " + print_inst(r_, at_);
  return Error{message};
}

}  // namespace

Result<void> verify(const Region& region) { return Verifier(region).run(); }

}  // namespace xarch::ir
