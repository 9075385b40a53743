// Cryptography: SHA-1, SHA-256, SHA-512, SHA-3, SM3. (AES: lift_simd_arith.cc, SM4: exec_integer.cc.)
#include "targets/arm/core/lift_vector.h"

namespace xarch::arm {

namespace {

Value rotate_left(Lift& c, Value v, unsigned size, unsigned n) {
  return vor(c, c.b.vunary(Op::kVShlImm, v, size, n), c.b.vunary(Op::kVShrUImm, v, size, (8 << size) - n));
}
Value shr(Lift& c, Value v, unsigned size, unsigned n) { return c.b.vunary(Op::kVShrUImm, v, size, n); }
Value vext(Lift& c, Value low, Value high, unsigned bytes) {
  return c.b.vbinary(Op::kVExt, low, high, 0, bytes);
}
Value zero128(Lift& c) { return c.b.vconst(Type::kV128, 0); }
// A v128 with its bytes where `low` and `high` say (see v.shuffle).
Value shuffled(Lift& c, Value v, uint64_t low, uint64_t high) {
  return c.b.vshuffle(v, c.b.vpair(c.b.vconst(Type::kV64, low), c.b.vconst(Type::kV64, high)));
}

// ---- SHA-1. The IR's op has the lanes the other way round, and adds the constant itself.

Value turned(Lift& c, Value v) { return shuffled(c, v, 0x0b0a09080f0e0d0c, 0x0302010007060504); }

template <Insn I>
void sha1_rounds(Lift& c, Enc<I> e, unsigned function) {
  constexpr uint32_t kConstants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc};
  const unsigned d = e.template get<'d'>();
  const Value first = c.b.vpair(c.b.vconst(Type::kV64, 0xffffffff), c.b.vconst(Type::kV64, 0));
  Value w = vsub(c, c.v(e.template get<'m'>()), splat(c, Type::kV128, 2, kConstants[function]), 2);
  w = vadd(c, w, vand(c, c.v(e.template get<'n'>()), first), 2);
  c.put_v(d, turned(c, c.b.vsha(Op::kVSha1, turned(c, c.v(d)), turned(c, w), {}, function)));
}

// The word that comes fourth depends on the one that comes first.
void sha1_schedule(Lift& c, Enc<Insn::kSha1su1> e) {
  const Value t = vxor(c, c.v(e.get<'d'>()), vext(c, c.v(e.get<'n'>()), zero128(c), 4));
  const Value r = rotate_left(c, t, 2, 1);
  c.put_v(e.get<'d'>(), vxor(c, r, rotate_left(c, vext(c, zero128(c), r, 4), 2, 1)));
}

// ---- SHA-256. The IR's op has the state in other words of its two vectors. Two instructions do the same
// four rounds, one for each half of the state; the next ones take up what these leave behind: both are seen
// by the values that go in and come out.

void sha256_rounds(Lift& c, Value abcd, Value efgh, Value w) {
  Lift::Sha256& s = c.sha256;
  if (s.valid && s.in[0] == abcd.id && s.in[1] == efgh.id && s.in[2] == w.id) return;
  if (!s.valid || s.abcd.id != abcd.id || s.efgh.id != efgh.id) {
    // Low halves e f a b, high ones g h c d; then each pair turned round.
    s.feba = c.b.vunary(Op::kVRev, c.b.vbinary(Op::kVZip1, efgh, abcd, 3), 2, 3);
    s.hgdc = c.b.vunary(Op::kVRev, c.b.vbinary(Op::kVZip2, efgh, abcd, 3), 2, 3);
  }
  const Value middle = c.b.vsha(Op::kVSha256, s.hgdc, s.feba, w);
  const Value end = c.b.vsha(Op::kVSha256, s.feba, middle, vext(c, w, w, 8));
  s.feba = end;
  s.hgdc = middle;
  const Value efab = c.b.vunary(Op::kVRev, end, 2, 3), ghcd = c.b.vunary(Op::kVRev, middle, 2, 3);
  s.abcd = c.b.vbinary(Op::kVZip2, efab, ghcd, 3);
  s.efgh = c.b.vbinary(Op::kVZip1, efab, ghcd, 3);
  s.in[0] = abcd.id;
  s.in[1] = efgh.id;
  s.in[2] = w.id;
  s.valid = true;
}

// ---- SHA-512, on pairs of numbers. Each is taken out of its register where it is needed, and the first
// result goes to a vector at once: general registers are few.

// The order of the statements is that of the operations.
Value rotations(Lift& c, Value v, unsigned a, unsigned b, unsigned d) {
  const Value first = c.b.rotr(v, a);
  const Value two = c.b.xor_(first, c.b.rotr(v, b));
  return c.b.xor_(two, c.b.rotr(v, d));
}
Value choose(Lift& c, Value x, Value y, Value z) { return c.b.xor_(z, c.b.and_(x, c.b.xor_(y, z))); }
Value majority(Lift& c, Value x, Value y, Value z) {
  return c.b.xor_(y, c.b.and_(c.b.xor_(x, y), c.b.xor_(y, z)));
}

void sha512_first(Lift& c, Enc<Insn::kSha512h> e) {
  const unsigned d = e.get<'d'>(), n = e.get<'n'>(), m = e.get<'m'>();
  const Value at = c.lane(m, 3, 1);
  Value high = rotations(c, at, 14, 18, 41);
  const Value g = c.lane(n, 3, 1);
  high = c.b.add(high, choose(c, at, c.lane(n, 3, 0), g));
  high = c.b.add(high, c.lane(d, 3, 1));
  const Value top = c.b.bitcast(high, Type::kV64);
  const Value next = c.b.add(high, c.lane(m, 3, 0));
  Value low = rotations(c, next, 14, 18, 41);
  low = c.b.add(low, choose(c, next, at, c.lane(n, 3, 0)));
  low = c.b.add(low, c.lane(d, 3, 0));
  c.put_v(d, c.b.vpair(c.b.bitcast(low, Type::kV64), top));
}
void sha512_second(Lift& c, Enc<Insn::kSha512h2> e) {
  const unsigned d = e.get<'d'>(), n = e.get<'n'>(), m = e.get<'m'>();
  const Value at = c.lane(m, 3, 0);
  Value high = rotations(c, at, 28, 34, 39);
  const Value f = c.lane(m, 3, 1);
  high = c.b.add(high, majority(c, at, f, c.lane(n, 3, 0)));
  high = c.b.add(high, c.lane(d, 3, 1));
  const Value top = c.b.bitcast(high, Type::kV64);
  Value low = rotations(c, high, 28, 34, 39);
  const Value f2 = c.lane(m, 3, 1);
  low = c.b.add(low, majority(c, high, f2, c.lane(m, 3, 0)));
  low = c.b.add(low, c.lane(d, 3, 0));
  c.put_v(d, c.b.vpair(c.b.bitcast(low, Type::kV64), top));
}

// ROR a ^ ROR b ^ SHR n of 64-bit lanes.
Value sigma(Lift& c, Value v, unsigned a, unsigned b, unsigned n) {
  return vxor(c, vxor(c, rotate_left(c, v, 3, 64 - a), rotate_left(c, v, 3, 64 - b)), shr(c, v, 3, n));
}
void sha512_schedule1(Lift& c, Enc<Insn::kSha512su1> e) {
  const unsigned d = e.get<'d'>();
  const Value sum = vadd(c, c.v(d), sigma(c, c.v(e.get<'n'>()), 19, 61, 6), 3);
  c.put_v(d, vadd(c, sum, c.v(e.get<'m'>()), 3));
}
void sha512_schedule0(Lift& c, Enc<Insn::kSha512su0> e) {
  const unsigned d = e.get<'d'>();
  const Value next = vext(c, c.v(d), c.v(e.get<'n'>()), 8);
  c.put_v(d, vadd(c, c.v(d), sigma(c, next, 1, 8, 7), 3));
}

void exclusive_or_rotate(Lift& c, Enc<Insn::kXar> e) {
  const Value v = vxor(c, c.v(e.get<'n'>()), c.v(e.get<'m'>()));
  const unsigned n = e.get<'i'>();
  c.put_v(e.get<'d'>(), n == 0 ? v : rotate_left(c, v, 3, 64 - n));
}

// ---- SM3

Value rotl32(Lift& c, Value v, unsigned n) { return c.b.rotr(v, 32 - n); }

void sm3_sum(Lift& c, Enc<Insn::kSm3ss1> e) {
  const auto top = [&](unsigned n) { return c.lane(n, 2, 3); };
  const Value sum = c.b.add(c.b.add(rotl32(c, top(e.get<'n'>()), 12), top(e.get<'m'>())), top(e.get<'a'>()));
  const Value r = c.b.zext(rotl32(c, sum, 7), Type::kI64);
  c.b.put(v_slot(e.get<'d'>()), c.b.bitcast(c.b.pair(c.b.i64(0), c.b.shl(r, 32)), Type::kV128));
}

// A round for one half of the state: lanes move down by one, the third with a rotation, and a new one comes
// on top.
template <Insn I>
void sm3_round(Lift& c, Enc<I> e, bool first, bool parity) {
  const unsigned d = e.template get<'d'>(), n = e.template get<'n'>();
  const Value x3 = c.lane(d, 2, 3), x2 = c.lane(d, 2, 2), x1 = c.lane(d, 2, 1), x0 = c.lane(d, 2, 0);
  const Value w = c.lane(e.template get<'m'>(), 2, e.template get<'i'>());
  Value f = parity ? c.b.xor_(c.b.xor_(x3, x2), x1) : first ? majority(c, x3, x2, x1) : choose(c, x3, x2, x1);
  Value ss = c.lane(n, 2, 3);
  if (first) ss = c.b.xor_(ss, rotl32(c, x3, 12));
  Value top = c.b.add(c.b.add(c.b.add(f, x0), ss), w);
  if (!first) top = c.b.xor_(c.b.xor_(top, rotl32(c, top, 9)), rotl32(c, top, 17));
  Value v = vext(c, c.v(d), c.v(d), 4);
  v = c.b.vinsert(v, rotl32(c, x2, first ? 9 : 19), 2, 1);
  c.put_v(d, c.b.vinsert(v, top, 2, 3));
}

// P1 of 32-bit lanes.
Value permuted(Lift& c, Value v) {
  return vxor(c, v, vxor(c, rotate_left(c, v, 2, 15), rotate_left(c, v, 2, 23)));
}
void sm3_schedule1(Lift& c, Enc<Insn::kSm3partw1> e) {
  const Value d = c.v(e.get<'d'>()), n = c.v(e.get<'n'>()), m = c.v(e.get<'m'>());
  // The top lane's word is the first one of the result, rotated.
  const Value t = vxor(c, vxor(c, d, n), rotate_left(c, vext(c, m, zero128(c), 4), 2, 15));
  const Value r = permuted(c, t);
  const Value late = rotate_left(c, vext(c, zero128(c), r, 4), 2, 15);
  c.put_v(e.get<'d'>(), permuted(c, vxor(c, t, late)));
}
void sm3_schedule2(Lift& c, Enc<Insn::kSm3partw2> e) {
  const Value t = vxor(c, c.v(e.get<'n'>()), rotate_left(c, c.v(e.get<'m'>()), 2, 7));
  const Value r = vxor(c, c.v(e.get<'d'>()), t);
  const Value first = rotate_left(c, vext(c, zero128(c), t, 4), 2, 15);
  c.put_v(e.get<'d'>(), vxor(c, r, permuted(c, first)));
}

}  // namespace

VECTOR(Sha1c, sha1_rounds(c, e, 0))
VECTOR(Sha1p, sha1_rounds(c, e, 1))
VECTOR(Sha1m, sha1_rounds(c, e, 2))
VECTOR(Sha1su0, const Value d = c.v(e.get<'d'>()); const Value t = vext(c, d, c.v(e.get<'n'>()), 8);
       c.put_v(e.get<'d'>(), vxor(c, vxor(c, t, d), c.v(e.get<'m'>()))))
VECTOR(Sha1su1, sha1_schedule(c, e))
VECTOR(Sha1h, c.put_v(e.get<'d'>(), lowest_lane(c, rotate_left(c, c.v(e.get<'n'>()), 2, 30), 2)))
VECTOR(Sha256h, sha256_rounds(c, c.v(e.get<'d'>()), c.v(e.get<'n'>()), c.v(e.get<'m'>()));
       c.put_v(e.get<'d'>(), c.sha256.abcd))
VECTOR(Sha256h2, sha256_rounds(c, c.v(e.get<'n'>()), c.v(e.get<'d'>()), c.v(e.get<'m'>()));
       c.put_v(e.get<'d'>(), c.sha256.efgh))
VECTOR(Sha256su0, c.put_v(e.get<'d'>(), c.b.vsha(Op::kVSha256Msg1, c.v(e.get<'d'>()), c.v(e.get<'n'>()))))
VECTOR(Sha256su1, const Value m = c.v(e.get<'m'>());
       const Value sum = vadd(c, c.v(e.get<'d'>()), vext(c, c.v(e.get<'n'>()), m, 4), 2);
       c.put_v(e.get<'d'>(), c.b.vsha(Op::kVSha256Msg2, sum, m)))
VECTOR(Sha512h, sha512_first(c, e))
VECTOR(Sha512h2, sha512_second(c, e))
VECTOR(Sha512su0, sha512_schedule0(c, e))
VECTOR(Sha512su1, sha512_schedule1(c, e))
VECTOR(Rax1, c.put_v(e.get<'d'>(), vxor(c, c.v(e.get<'n'>()), rotate_left(c, c.v(e.get<'m'>()), 3, 1))))
VECTOR(Xar, exclusive_or_rotate(c, e))
VECTOR(Eor3, c.put_v(e.get<'d'>(), vxor(c, vxor(c, c.v(e.get<'n'>()), c.v(e.get<'m'>())), c.v(e.get<'a'>()))))
VECTOR(Bcax,
       c.put_v(e.get<'d'>(), vxor(c, c.v(e.get<'n'>()), andnot(c, c.v(e.get<'m'>()), c.v(e.get<'a'>())))))
VECTOR(Sm3ss1, sm3_sum(c, e))
VECTOR(Sm3tt1a, sm3_round(c, e, true, true))
VECTOR(Sm3tt1b, sm3_round(c, e, true, false))
VECTOR(Sm3tt2a, sm3_round(c, e, false, true))
VECTOR(Sm3tt2b, sm3_round(c, e, false, false))
VECTOR(Sm3partw1, sm3_schedule1(c, e))
VECTOR(Sm3partw2, sm3_schedule2(c, e))

}  // namespace xarch::arm
