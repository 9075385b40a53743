// What exists under VEX only: lanes across both parts, masked moves, gathers.
#include "targets/x86/core/vector_steps.h"

namespace xarch::x86 {

using ir::Op;
using ir::Type;
using ir::Value;

void vector_broadcast(Lift& c) {
  const Operand from = c.operand(1);
  const Value v = read_part(c, from);
  const std::string_view text = c.row().text;
  const char last = text.back();
  const unsigned lane = last == 'b' ? 0 : last == 'w' ? 1 : last == 'q' || text == "vbroadcastsd" ? 3 : 2;
  const Value r = text.ends_with("128") ? v : c.b.vsplat(Type::kV128, v, lane, 0);
  put_vector(c, c.operand(0).reg, r, parts(c) == 2 ? r : Value{});
}

// ---- lanes in any order

namespace {

// Bytes of table's lanes of 4 bytes that the lowest two bits of each lane of index name.
Value lanes4(Lift& c, Value table, Value index) {
  const Value low = op(c, Op::kVAnd, index, c.b.vconst(Type::kV128, 0x0000000300000003), 0);
  const Value first = op(c, Op::kVMul, low, c.b.vconst(Type::kV128, 0x0404040404040404), 2);
  return c.b.vshuffle(table, op(c, Op::kVAdd, first, c.b.vconst(Type::kV128, 0x0302010003020100), 0), true);
}

}  // namespace

void vector_permil(Lift& c) {
  const bool wide = c.row().text.ends_with("pd"), fixed = c.operand(2).type == Operand::kImmediate;
  const Operand table = c.operand(1), index = c.operand(2);
  Value from[2], by[2], result[2];
  for (unsigned part = 0; part < parts(c); ++part) {
    from[part] = read_part(c, table, part);
    if (!fixed) by[part] = read_part(c, index, part);
  }
  for (unsigned part = 0; part < parts(c); ++part) {
    const Value v = from[part];
    if (fixed) {
      result[part] = wide ? c.b.vshuf2(v, v, 3, immediate(c) >> 2 * part & 3) : shuffle4(c, v, immediate(c));
    } else if (!wide) {
      result[part] = lanes4(c, v, by[part]);
    } else {  // bit 1 says which
      const Value which = c.b.vunary(Op::kVShlImm, by[part], 3, 62);
      result[part] = c.b.vblend_top(op(c, Op::kVZip1, v, v, 3), op(c, Op::kVZip2, v, v, 3), which, 3);
    }
  }
  put_vector(c, c.operand(0).reg, result[0], result[1]);
}

// VPERMD, VPERMPS: any of eight lanes.
void vector_perm8(Lift& c) {
  const unsigned index = c.operand(1).reg;
  const Operand table = c.operand(2);
  const Value low = read_part(c, table, 0), high = read_part(c, table, 1);
  Value result[2];
  for (unsigned part = 0; part < 2; ++part) {
    const Value by = get_part(c, index, part);
    result[part] =
        c.b.vblend_top(lanes4(c, low, by), lanes4(c, high, by), c.b.vunary(Op::kVShlImm, by, 2, 29), 2);
  }
  put_vector(c, c.operand(0).reg, result[0], result[1]);
}

// VPERMQ, VPERMPD: any of four lanes, by the immediate.
void vector_perm4(Lift& c) {
  const Operand table = c.operand(1);
  const Value from[2] = {read_part(c, table, 0), read_part(c, table, 1)};
  Value result[2];
  for (unsigned part = 0; part < 2; ++part) {
    const unsigned x = immediate(c) >> (4 * part) & 3, y = immediate(c) >> (4 * part + 2) & 3;
    result[part] = c.b.vshuf2(from[x >> 1], from[y >> 1], 3, (x & 1) | (y & 1) << 1);
  }
  put_vector(c, c.operand(0).reg, result[0], result[1]);
}

// VPERM2F128, VPERM2I128.
void vector_perm_parts(Lift& c) {
  const unsigned first = c.operand(1).reg;
  const Operand second = c.operand(2);
  const Value from[4] = {get_part(c, first, 0), get_part(c, first, 1), read_part(c, second, 0),
                         read_part(c, second, 1)};
  Value result[2];
  for (unsigned part = 0; part < 2; ++part) {
    const unsigned how = immediate(c) >> (4 * part);
    result[part] = how & 8 ? zeros(c) : from[how & 3];
  }
  put_vector(c, c.operand(0).reg, result[0], result[1]);
}

void vector_insert_part(Lift& c) {
  const unsigned other = c.operand(1).reg;
  const Value v = read_part(c, c.operand(2));
  const bool high = (immediate(c) & 1) != 0;
  put_vector(c, c.operand(0).reg, high ? get_part(c, other, 0) : v, high ? v : get_part(c, other, 1));
}

void vector_extract_part(Lift& c) {
  const Operand to = c.operand(0);
  const Value v = get_part(c, c.operand(1).reg, immediate(c) & 1);
  if (is_register(to)) return put_vector(c, to.reg, v);
  store_low(c, c.address(), v, 16);
}

// ---- masked moves: lanes whose mask has its highest bit set

namespace {

// Runs `fn` in a block of its own for each such lane, `after` behind each lane.
template <typename Fn, typename After>
void for_lanes(Lift& c, unsigned mask, unsigned lane, unsigned lanes, Fn fn, After after) {
  ir::Builder& b = c.b;
  const unsigned in_part = 16u >> lane;
  for (unsigned i = 0; i < lanes; ++i) {
    const ir::BlockId taken = b.new_block(), next = b.new_block();
    b.cond_br(c.bit(b.vmask(get_part(c, mask, i / in_part), lane), i % in_part), taken, next);
    b.start_block(taken);
    fn(i, i / in_part, i % in_part);
    b.br(next);
    b.start_block(next);
    after(i / in_part, i % in_part);
  }
}
template <typename Fn>
void for_lanes(Lift& c, unsigned mask, unsigned lane, unsigned lanes, Fn fn) {
  for_lanes(c, mask, lane, lanes, fn, [](unsigned, unsigned) {});
}

Type lane_type(unsigned lane) { return lane == 3 ? Type::kI64 : Type::kI32; }

}  // namespace

void vector_mask_move(Lift& c) {
  ir::Builder& b = c.b;
  const std::string_view text = c.row().text;
  const unsigned lane = text.ends_with("pd") || text.ends_with('q') ? 3 : 2;
  const unsigned lanes = parts(c) * (16u >> lane), mask = c.operand(1).reg;
  const Operand to = c.operand(0);
  const auto at = [&](unsigned i) { return static_cast<int32_t>(i << lane); };
  if (!is_register(to)) {
    const unsigned from = c.operand(2).reg;
    for_lanes(c, mask, lane, lanes, [&](unsigned i, unsigned, unsigned) {
      const Address a = c.address();
      b.probe(ir::ProbeKind::kStore, a.base, c.desc(1u << lane, true), a.disp + at(i));
    });
    for_lanes(c, mask, lane, lanes, [&](unsigned i, unsigned part, unsigned n) {
      const Address a = c.address();
      const Value v = b.vextract(lane_type(lane), get_part(c, from, part), lane, n);
      b.store(a.base, v, c.desc(1u << lane, true), a.disp + at(i));
    });
    return;
  }
  const uint32_t temp[2] = {b.new_temp(Type::kV128), b.new_temp(Type::kV128)};
  b.put_tmp(temp[0], zeros(c));
  b.put_tmp(temp[1], zeros(c));
  for_lanes(c, mask, lane, lanes, [&](unsigned i, unsigned part, unsigned n) {
    const Address a = c.address();
    const Value v = b.load(lane_type(lane), a.base, c.desc(1u << lane, false), a.disp + at(i));
    b.put_tmp(temp[part], b.vinsert(b.get_tmp(temp[part]), v, lane, n));
  });
  put_vector(c, to.reg, b.get_tmp(temp[0]), b.get_tmp(temp[1]));
}

// Each lane that has been loaded is complete, its mask cleared, whatever becomes of the next.
void vector_gather(Lift& c) {
  ir::Builder& b = c.b;
  const std::string_view text = c.row().text;
  const std::string_view kind = text.substr(text.find("gather") + 6);  // dd dq qd qq dps dpd qps qpd
  const unsigned index_lane = kind[0] == 'q' ? 3 : 2;
  const unsigned lane = kind.ends_with("pd") || kind.ends_with('q') ? 3 : 2;
  const unsigned lanes = c.i.vector_bytes >> (index_lane > lane ? index_lane : lane);
  const unsigned to = c.operand(0).reg, mask = c.operand(2).reg, index = c.i.index;
  const auto put_part = [&](unsigned n, unsigned part, Value v) {
    b.put(part ? ymmh_slot(n) : xmm_slot(n), v);
  };
  const auto load = [&](unsigned i, unsigned part, unsigned n) {
    const unsigned in_part = 16u >> index_lane;
    Value offset =
        b.vextract(lane_type(index_lane), get_part(c, index, i / in_part), index_lane, i % in_part);
    offset = b.shl(b.sext(offset, Type::kI64), c.i.scale);
    if (c.i.base != kNoReg) offset = b.add(offset, c.gpr64(c.i.base));
    offset = b.add(offset, int64_t{c.i.disp});
    if (c.i.address_bytes == 4) offset = b.and_(offset, 0xffffffffu);
    const Value v = b.load(lane_type(lane), c.linear(offset, c.i.segment), c.desc(1u << lane, false));
    put_part(to, part, b.vinsert(get_part(c, to, part), v, lane, n));
  };
  for_lanes(c, mask, lane, lanes, load, [&](unsigned part, unsigned n) {
    put_part(mask, part, b.vinsert(get_part(c, mask, part), b.iconst(lane_type(lane), 0), lane, n));
    b.restart();
  });
  const Value zero = zeros(c);
  const unsigned bytes = lanes << lane;
  if (bytes == 8) b.put(xmm_slot(to), low_only(c, get_part(c, to)));
  if (bytes < 32) b.put(ymmh_slot(to), zero);
  b.put(xmm_slot(mask), zero);
  b.put(ymmh_slot(mask), zero);
}

}  // namespace xarch::x86
