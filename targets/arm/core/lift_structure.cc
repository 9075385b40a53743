// Loads and stores of vector structures: LD1..LD4, ST1..ST4, LD1R..LD4R.
#include "targets/arm/core/lift.h"
#include "targets/arm/core/memory.h"

namespace xarch::arm {

using ir::Op;
using ir::Type;
using ir::Value;

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

// The registers of `k` lanes, put together from memory where structures of `count` elements follow each
// other.
void load_interleaved(Lift& c, Value base, unsigned t, bool q, unsigned size, unsigned count) {
  const unsigned lanes = (q ? 16u : 8u) >> size;
  Value out[4];
  for (unsigned r = 0; r < count; ++r) out[r] = c.b.vconst(Type::kV128, 0);
  for (unsigned i = 0; i < lanes; ++i) {
    for (unsigned r = 0; r < count; ++r) {
      out[r] = c.b.vinsert(out[r], load_lane(c, base, size, (i * count + r) << size), size, i);
    }
  }
  for (unsigned r = 0; r < count; ++r) c.put_v((t + r) % 32, out[r]);
}
void store_interleaved(Lift& c, Value base, unsigned t, bool q, unsigned size, unsigned count) {
  const unsigned lanes = (q ? 16u : 8u) >> size;
  for (unsigned i = 0; i < lanes; ++i) {
    for (unsigned r = 0; r < count; ++r) {
      c.b.store(base, c.lane((t + r) % 32, size, i), plain(size),
                static_cast<int32_t>((i * count + r) << size));
    }
  }
}

// Two or four interleaved registers of 128 bits, by whole vectors.
void load_even(Lift& c, Value base, unsigned t, unsigned size, unsigned count) {
  Value v[4], w[4];
  for (unsigned i = 0; i < count; ++i)
    v[i] = c.b.load(Type::kV128, base, plain(4, size), static_cast<int32_t>(16 * i));
  for (unsigned step = 1; step < count; step *= 2) {
    for (unsigned i = 0; i < count / 2; ++i) {
      w[i] = c.b.vbinary(Op::kVUzp1, v[2 * i], v[2 * i + 1], size);
      w[i + count / 2] = c.b.vbinary(Op::kVUzp2, v[2 * i], v[2 * i + 1], size);
    }
    for (unsigned i = 0; i < count; ++i) v[i] = w[i];
  }
  for (unsigned i = 0; i < count; ++i) c.put_v((t + i) % 32, v[i]);
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
  } else if (q && m.interleave != 3) {
    load_even(c, base, t, size, m.interleave);
  } else {
    load_interleaved(c, base, t, q, size, m.interleave);
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
  if (m.interleave != 1) {
    store_interleaved(c, base, t, q, size, m.interleave);
    return bytes * m.registers;
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
