// Guest memory accesses under the soft-TLB policy: the lookup inline, everything else by the cold functions
// of tcg/runtime/soft_mmu.h. A cold path makes the state exact before it calls; its record says the guest
// instruction.
#include <cstddef>

#include "tcg/backend/x86_64/codegen.h"
#include "tcg/runtime/soft_mmu.h"

namespace xarch::x86_64 {

using namespace ir;
using tcg::CpuHeader;
using tcg::TlbEntry;

#define HDR(field) state_mem(offsetof(CpuHeader, field))

// The transformed guest address in a register of its own.
Reg CodeGen::soft_address(const Inst& in, MemDesc d) {
  V v = in.args[0];
  Reg t = alloc_gpr();
  if (is_const(v)) {
    as_.mov_imm(64, t, static_cast<uint64_t>(const_of(v) + in.disp()));
  } else {
    Reg base = use(v);
    unlock(host(base));
    as_.lea(64, t, Mem::at(base, in.disp()));
  }
  if (d.xform == AddrXform::kWrap32) as_.mov(32, t, t);
  if (d.xform == AddrXform::kStripTag) {
    as_.shift(Shift::kShl, 64, t, 8);
    as_.shift(Shift::kShr, 64, t, 8);
  }
  return t;
}

// Looks the address in t up; misses go to a cold path of the given kind. On a hit the returned register holds
// the addend: the host address is [t + it].
Reg CodeGen::soft_lookup(MemDesc d, Reg t, bool write, Cold* cold) {
  Mem at = Mem::at(t);
  check_alignment(d, write, &at);
  Reg e = alloc_gpr(), x = alloc_gpr();
  constexpr unsigned kEntryShift = 5;
  static_assert(sizeof(TlbEntry) == 1u << kEntryShift);
  as_.mov(32, e, t);
  as_.shift(Shift::kShr, 32, e, tcg::kTlbPageBits - kEntryShift);
  as_.alu(Alu::kAnd, 32, e, ((1 << tcg::kTlbBits) - 1) << kEntryShift);
  as_.alu(Alu::kAdd, 64, e, HDR(tlb));
  auto table = static_cast<int32_t>(d.mmu_index * sizeof(tcg::TlbTable));
  size_t tag = write ? offsetof(TlbEntry, addr_write) : offsetof(TlbEntry, addr_read);
  as_.lea(64, x, Mem::at(t, static_cast<int32_t>(d.bytes()) - 1));
  as_.alu(Alu::kAnd, 64, x, static_cast<int32_t>(tcg::kTlbPageMask));
  as_.alu(Alu::kCmp, 64, x, Mem::at(e, table + static_cast<int32_t>(tag)));
  cold->label = as_.new_label();
  cold->resume = as_.new_label();
  cold->kind = Cold::kSoft;
  cold->state = save_state();
  cold->pc_offset = insn_offset_;
  cold->restore = insn_restore_;
  cold->desc = d.pack();
  cold->write = write;
  cold->reg = host(t);
  cold->locked = locked_;
  as_.jcc(Cc::ne, cold->label);
  as_.mov(64, x, Mem::at(e, table + static_cast<int32_t>(offsetof(TlbEntry, addend))));
  unlock(host(e));
  return x;
}

// Whatever needs a vector register gets it before the lookup: what is evicted for it must be written on the
// cold path too.
void CodeGen::soft_load(uint32_t i) {
  const Inst& in = region_->insts[i];
  V v = static_cast<V>(i);
  MemDesc d = in.mem();
  clobber_flags();
  bool general = in_gpr(in.type), vector = !by_gpr(in.type, d);
  Xmm x = general ? Xmm::xmm0 : alloc_xmm();
  Xmm mask = vector && swaps(d) ? swap_mask(d) : x;
  Reg t = soft_address(in, d);
  Cold cold;
  Reg addend = soft_lookup(d, t, false, &cold);
  Mem m = Mem::at(t, addend);
  if (vector) {
    load_vector(d, x, m, mask);
    cold.result = host(x);
    cold_.push_back(cold);
    as_.bind(cold.resume);
    return finish(v, host(x), false);
  }
  Reg dst = general && left(v) ? dest(v) : addend;
  unsigned to = general ? op_bits(in.type) : 64;
  load_int(d, to, dst, m);
  cold.result = host(dst);
  cold.result_bits = static_cast<uint8_t>(to);
  cold_.push_back(cold);
  as_.bind(cold.resume);
  if (general) return finish(v, host(dst), type_bits(in.type) == 32 || !d.sign);
  widen(d.sign && in.type == Type::kI128, x, dst);
  finish(v, host(x), false);
}

void CodeGen::soft_store(uint32_t i) {
  const Inst& in = region_->insts[i];
  V b = in.args[1];
  MemDesc d = in.mem();
  Type type = inst(b).type;
  settle_condition(b);
  clobber_flags();
  bool vector = !by_gpr(type, d);
  HostReg data = kNoHostReg;
  Xmm stored = Xmm::xmm0;
  if (vector) {
    data = host(use_x(b));
    stored = vector_to_store(b, d);
  } else if (in_gpr(type)) {
    data = host(use(b));
  } else {
    Xmm x = use_x(b);
    data = host(alloc_gpr());
    as_.sse(Simd::movq_gpr_st, gpr(data), x);
  }
  Reg t = soft_address(in, d);
  Cold cold;
  Reg x = soft_lookup(d, t, true, &cold);
  cold.result = data;
  Mem m = Mem::at(t, x);
  if (vector) {
    store_vector(d, m, stored);
  } else if (swaps(d) && features_.movbe && d.elem == d.size) {
    as_.movbe(8u << d.size, m, gpr(data));
  } else if (swaps(d)) {
    as_.alu(Alu::kAdd, 64, t, x);
    as_.mov(64, x, gpr(data));
    swap_bytes(x, d);
    as_.mov(8u << d.size, Mem::at(t), x);
  } else {
    as_.mov(8u << d.size, m, gpr(data));
  }
  cold_.push_back(cold);
  as_.bind(cold.resume);
  if (d.order == Order::kSeqCst && !vector) as_.mfence();
  consume_args(in);
}

// The host address of RAM for an atomic, in a register.
Reg CodeGen::soft_atomic_address(const Inst& in, MemDesc d) {
  Reg t = soft_address(in, d);
  Cold cold;
  Reg x = soft_lookup(d, t, true, &cold);
  as_.alu(Alu::kAdd, 64, t, x);
  unlock(host(x));
  cold.result = host(t);
  cold.atomic = true;
  cold_.push_back(cold);
  as_.bind(cold.resume);
  return t;
}

void CodeGen::soft_probe(uint32_t i) {
  const Inst& in = region_->insts[i];
  MemDesc d = in.mem();
  clobber_flags();
  Reg t = soft_address(in, d);
  Cold cold;
  soft_lookup(d, t, in.aux != 0, &cold);
  cold.probe = true;
  cold_.push_back(cold);
  as_.bind(cold.resume);
  consume_args(in);
}

// Registers that a helper call clobbers and that the hot path goes on with.
void CodeGen::soft_save(const Cold& c, bool load) {
  for (HostReg r = 0; r < kNumHostRegs; ++r) {
    bool clobbered = is_xmm(r) || r == host(Reg::rax) || r == host(Reg::r10);
    const RegState& reg = saved_states_[c.state].regs[r];
    bool live = reg.num_vals > 0 || reg.slot != kNoSlot || (c.locked >> r & 1);
    if (!clobbered || !live || (load && r == c.result && !c.write && !c.probe)) continue;
    Mem m = Mem::at(Reg::rsp, static_cast<int32_t>(kSaveArea + 16 * (is_xmm(r) ? r - kFirstXmm + 2
                                                                     : r       ? 1
                                                                               : 0)));
    if (is_xmm(r)) {
      load ? as_.sse(Simd::movups, xmm(r), m) : as_.sse(Simd::movups_st, m, xmm(r));
    } else {
      load ? as_.mov(64, gpr(r), m) : as_.mov(64, m, gpr(r));
    }
  }
}

void CodeGen::emit_soft_cold(const Cold& c) {
  MemDesc d = MemDesc::unpack(c.desc);
  Mem value = Mem::at(Reg::rsp, static_cast<int32_t>(kSoftValue));
  auto arg = [&](unsigned k) { return Mem::at(Reg::rsp, static_cast<int32_t>(kHelperArgs + 8 * k)); };
  soft_save(c, false);
  as_.mov(64, arg(0), gpr(c.reg));
  if (c.write && !c.atomic && !c.probe) {
    if (is_xmm(c.result)) {
      as_.sse(Simd::movups_st, value, xmm(c.result));
    } else {
      as_.mov(64, value, gpr(c.result));
    }
  }
  restore_state(c.state);
  flush_slots(nullptr);
  store_pc(c.pc_offset);
  as_.mov_imm(64, arg(1), static_cast<int32_t>(c.desc));
  as_.lea(64, Reg::rax, value);
  if (c.probe) {
    as_.mov_imm(64, arg(2), c.write);
  } else {
    as_.mov(64, arg(2), Reg::rax);
  }
  auto fn = c.probe    ? reinterpret_cast<uintptr_t>(config_.soft_calls.probe)
            : c.atomic ? reinterpret_cast<uintptr_t>(config_.soft_calls.atomic)
            : c.write  ? reinterpret_cast<uintptr_t>(config_.soft_calls.store)
                       : reinterpret_cast<uintptr_t>(config_.soft_calls.load);
  as_.mov_imm(64, Reg::r10, fn);
  insn_offset_ = c.pc_offset;
  insn_restore_ = c.restore;
  call_site();
  as_.call(HDR(helper_stub));
  if (c.atomic) {
    as_.test(64, Reg::rax, Reg::rax);
  } else {
    as_.test(8, Reg::rax, Reg::rax);
  }
  Label ok = as_.new_label();
  as_.jcc_short(Cc::ne, ok);
  as_.jmp(HDR(exit_stub));
  as_.bind(ok);
  if (c.atomic) {
    as_.mov(64, value, Reg::rax);
  }
  soft_save(c, true);
  if (!c.probe && (!c.write || c.atomic)) {
    if (is_xmm(c.result)) {
      as_.sse(d.size == 4 ? Simd::movups : Simd::movq, xmm(c.result), value);
    } else {
      as_.mov(c.result_bits, gpr(c.result), value);
    }
  }
  as_.jmp(c.resume);
}

#undef HDR

}  // namespace xarch::x86_64
