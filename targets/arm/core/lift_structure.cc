// Loads and stores of vector structures: LD1..LD4, ST1..ST4, LD1R..LD4R.
#include "targets/arm/core/lift_vector.h"
#include "targets/arm/core/memory.h"

namespace xarch::arm {

namespace {

// Post-index: the offset is the size of what was transferred if m is 31.
void post_index(Lift& c, unsigned n, unsigned m, unsigned bytes) {
  c.put_sp(n, c.b.add(c.x_sp(n), m == 31 ? c.b.i64(bytes) : c.x(m)));
}

struct Multi {
  unsigned registers, interleave;  // interleave: registers of one structure
};
Multi multi(unsigned kind) {
  switch (kind) {
    case 0: return {4, 4};
    case 2: return {4, 1};
    case 4: return {3, 3};
    case 6: return {3, 1};
    case 7: return {1, 1};
    case 8: return {2, 2};
    default: return {2, 1};
  }
}

Value load_lane(Lift& c, Value base, unsigned size, unsigned disp) {
  return c.b.load(size == 3 ? Type::kI64 : Type::kI32, base, plain(size), static_cast<int32_t>(disp));
}

// Structures of two or four elements are zipped registers (of four: twice). Registers of 64 bits are zipped
// to whole ones.
void load_two(Lift& c, Value base, unsigned t, bool q, unsigned size) {
  const auto part = [&](int32_t i) { return c.b.load(Type::kV128, base, plain(4, size), 16 * i); };
  const Value v = part(0), w = q ? part(1) : v;
  const Value even = c.b.vbinary(Op::kVUzp1, v, w, size), odd = c.b.vbinary(Op::kVUzp2, v, w, size);
  c.put_v(t, q ? even : low_half(c, even));
  c.put_v((t + 1) % 32, q ? odd : low_half(c, odd));
}
void load_four(Lift& c, Value base, unsigned t, bool q, unsigned size) {
  Value v[4];
  for (unsigned i = 0; i < (q ? 4u : 2u); ++i)
    v[i] = c.b.load(Type::kV128, base, plain(4, size), static_cast<int32_t>(16 * i));
  for (unsigned odd = 0; odd < 2; ++odd) {
    const Op op = odd ? Op::kVUzp2 : Op::kVUzp1;
    const Value low = c.b.vbinary(op, v[0], v[1], size), high = q ? c.b.vbinary(op, v[2], v[3], size) : low;
    const Value first = c.b.vbinary(Op::kVUzp1, low, high, size),
                second = c.b.vbinary(Op::kVUzp2, low, high, size);
    c.put_v((t + odd) % 32, q ? first : low_half(c, first));
    c.put_v((t + odd + 2) % 32, q ? second : low_half(c, second));
  }
}
void store_zipped(Lift& c, Value base, Value a, Value b, bool q, unsigned size, int32_t at) {
  c.b.store(base, c.b.vbinary(Op::kVZip1, a, b, size), plain(4, size), at);
  if (q) c.b.store(base, c.b.vbinary(Op::kVZip2, a, b, size), plain(4, size), at + 16);
}
void store_four(Lift& c, Value base, unsigned t, bool q, unsigned size) {
  const Value v0 = c.v(t), v1 = c.v((t + 1) % 32), v2 = c.v((t + 2) % 32), v3 = c.v((t + 3) % 32);
  for (unsigned high = 0; high < (q ? 2u : 1u); ++high) {
    const Op op = high ? Op::kVZip2 : Op::kVZip1;
    store_zipped(c, base, c.b.vbinary(op, v0, v2, size), c.b.vbinary(op, v1, v3, size), true, size,
                 static_cast<int32_t>(32 * high));
  }
}

// A vector whose byte i is byte from[i] of the vectors taken as one; 255: zero.
Value gather(Lift& c, const Value* v, unsigned vectors, const uint8_t (&from)[16]) {
  Value r;
  for (unsigned k = 0; k < vectors; ++k) {
    uint64_t index[2] = {~uint64_t{0}, ~uint64_t{0}};
    for (unsigned i = 0; i < 16; ++i) {
      if (from[i] / 16 != k || from[i] == 255) continue;
      index[i / 8] ^= (uint64_t{0xff} ^ from[i] % 16) << (i % 8 * 8);
    }
    if ((index[0] & index[1]) == ~uint64_t{0}) continue;
    const Value where = c.b.vpair(c.b.vconst(Type::kV64, index[0]), c.b.vconst(Type::kV64, index[1]));
    const Value part = c.b.vshuffle(v[k], where);
    r = r ? vor(c, r, part) : part;
  }
  return r;
}
// Structures of three elements: byte b of element i of register r lies at (3 * i + r) * element + b.
void load_three(Lift& c, Value base, unsigned t, bool q, unsigned size) {
  const auto part = [&](int32_t i) { return c.b.load(Type::kV128, base, plain(4, size), 16 * i); };
  Value v[3] = {part(0), {}, {}}, out[3];
  if (q) {
    v[1] = part(1), v[2] = part(2);
  } else {
    v[1] = c.b.vpair(c.b.load(Type::kV64, base, plain(3, size), 16), c.b.vconst(Type::kV64, 0));
  }
  const unsigned bytes = 1u << size;
  for (unsigned r = 0; r < 3; ++r) {
    uint8_t from[16];
    for (unsigned i = 0; i < 16; ++i) {
      const unsigned at = (3 * (i / bytes) + r) * bytes + i % bytes;
      from[i] = static_cast<uint8_t>(q || i < 8 ? at : 255);
    }
    out[r] = gather(c, v, q ? 3 : 2, from);
  }
  for (unsigned r = 0; r < 3; ++r) c.put_v((t + r) % 32, out[r]);
}
void store_three(Lift& c, Value base, unsigned t, bool q, unsigned size) {
  const Value v[3] = {c.v(t), c.v((t + 1) % 32), c.v((t + 2) % 32)};
  const unsigned bytes = 1u << size, total = q ? 48 : 24;
  for (unsigned k = 0; 16 * k < total; ++k) {
    uint8_t from[16];
    for (unsigned i = 0; i < 16; ++i) {
      const unsigned element = (16 * k + i) / bytes;
      const unsigned at = 16 * (element % 3) + element / 3 * bytes + i % bytes;
      from[i] = static_cast<uint8_t>(16 * k + i < total ? at : 255);
    }
    const Value r = gather(c, v, 3, from);
    const bool half = 16 * k + 8 == total;
    c.b.store(base, half ? low_half(c, r) : r, plain(half ? 3 : 4, size), static_cast<int32_t>(16 * k));
  }
}

template <Insn I>
unsigned load_multi(Lift& c, Enc<I> e) {
  const bool q = e.template get<'q'>();
  const unsigned size = e.template get<'z'>(), t = e.template get<'t'>();
  const Multi m = multi(e.template get<'k'>());
  const unsigned bytes = q ? 16 : 8;
  const Value base = c.x_sp(e.template get<'n'>());
  if (m.interleave == 1) {
    Value v[4];
    for (unsigned i = 0; i < m.registers; ++i) {
      v[i] = c.b.load(c.vtype(q), base, plain(q ? 4 : 3, size), static_cast<int32_t>(bytes * i));
    }
    for (unsigned i = 0; i < m.registers; ++i) c.put_v((t + i) % 32, v[i]);
  } else if (m.interleave == 2) {
    load_two(c, base, t, q, size);
  } else if (m.interleave == 3) {
    load_three(c, base, t, q, size);
  } else {
    load_four(c, base, t, q, size);
  }
  return bytes * m.registers;
}

template <Insn I>
unsigned store_multi(Lift& c, Enc<I> e) {
  const bool q = e.template get<'q'>();
  const unsigned size = e.template get<'z'>(), t = e.template get<'t'>();
  const Multi m = multi(e.template get<'k'>());
  const unsigned bytes = q ? 16 : 8;
  const Value base = c.x_sp(e.template get<'n'>());
  switch (m.interleave) {
    case 2: store_zipped(c, base, c.v(t), c.v((t + 1) % 32), q, size, 0); return 2 * bytes;
    case 3: store_three(c, base, t, q, size); return 3 * bytes;
    case 4: store_four(c, base, t, q, size); return 4 * bytes;
    default: break;
  }
  for (unsigned i = 0; i < m.registers; ++i) {
    c.b.store(base, c.vq(q, (t + i) % 32), plain(q ? 4 : 3, size), static_cast<int32_t>(bytes * i));
  }
  return bytes * m.registers;
}

struct Single {
  unsigned size, index, count;
};
template <Insn I>
Single single(Enc<I> e) {
  const unsigned kind = e.template get<'k'>(), z = e.template get<'z'>(), s = e.template get<'S'>();
  const unsigned count = ((kind & 1) << 1 | e.template get<'r'>()) + 1;
  const unsigned position = e.template get<'q'>() << 3 | s << 2 | z;
  switch (kind >> 1) {
    case 0: return {0, position, count};
    case 1: return {1, position >> 1, count};
    default: return z & 1 ? Single{3, position >> 3, count} : Single{2, position >> 2, count};
  }
}

template <Insn I>
unsigned load_single(Lift& c, Enc<I> e) {
  const Single s = single(e);
  const unsigned t = e.template get<'t'>();
  const Value base = c.x_sp(e.template get<'n'>());
  Value v[4];
  for (unsigned i = 0; i < s.count; ++i) v[i] = load_lane(c, base, s.size, i << s.size);
  for (unsigned i = 0; i < s.count; ++i) {
    const unsigned r = (t + i) % 32;
    c.b.put(v_slot(r), c.b.vinsert(c.v(r), v[i], s.size, s.index));
  }
  return s.count << s.size;
}
template <Insn I>
unsigned store_single(Lift& c, Enc<I> e) {
  const Single s = single(e);
  const unsigned t = e.template get<'t'>();
  const Value base = c.x_sp(e.template get<'n'>());
  for (unsigned i = 0; i < s.count; ++i) {
    c.b.store(base, c.lane((t + i) % 32, s.size, s.index), plain(s.size), static_cast<int32_t>(i << s.size));
  }
  return s.count << s.size;
}
template <Insn I>
unsigned load_replicate(Lift& c, Enc<I> e) {
  const unsigned size = e.template get<'z'>(), t = e.template get<'t'>();
  const unsigned count = (e.template get<'k'>() << 1 | e.template get<'r'>()) + 1;
  const Value base = c.x_sp(e.template get<'n'>());
  Value v[4];
  for (unsigned i = 0; i < count; ++i) v[i] = load_lane(c, base, size, i << size);
  for (unsigned i = 0; i < count; ++i)
    c.put_v((t + i) % 32, c.b.vdup(c.vtype(e.template get<'q'>()), v[i], size));
  return count << size;
}

}  // namespace

template <>
void lift<Insn::kStMulti>(Lift& c, Enc<Insn::kStMulti> e) {
  store_multi(c, e);
}
template <>
void lift<Insn::kStMultiPost>(Lift& c, Enc<Insn::kStMultiPost> e) {
  post_index(c, e.get<'n'>(), e.get<'m'>(), store_multi(c, e));
}
template <>
void lift<Insn::kLdMulti>(Lift& c, Enc<Insn::kLdMulti> e) {
  load_multi(c, e);
}
template <>
void lift<Insn::kLdMultiPost>(Lift& c, Enc<Insn::kLdMultiPost> e) {
  post_index(c, e.get<'n'>(), e.get<'m'>(), load_multi(c, e));
}
template <>
void lift<Insn::kStSingle>(Lift& c, Enc<Insn::kStSingle> e) {
  store_single(c, e);
}
template <>
void lift<Insn::kStSinglePost>(Lift& c, Enc<Insn::kStSinglePost> e) {
  post_index(c, e.get<'n'>(), e.get<'m'>(), store_single(c, e));
}
template <>
void lift<Insn::kLdSingle>(Lift& c, Enc<Insn::kLdSingle> e) {
  load_single(c, e);
}
template <>
void lift<Insn::kLdSinglePost>(Lift& c, Enc<Insn::kLdSinglePost> e) {
  post_index(c, e.get<'n'>(), e.get<'m'>(), load_single(c, e));
}
template <>
void lift<Insn::kLdRep>(Lift& c, Enc<Insn::kLdRep> e) {
  load_replicate(c, e);
}
template <>
void lift<Insn::kLdRepPost>(Lift& c, Enc<Insn::kLdRepPost> e) {
  post_index(c, e.get<'n'>(), e.get<'m'>(), load_replicate(c, e));
}
}  // namespace xarch::arm
