// Driver of the code generator: blocks, chains, dispatch by op.
#include "tcg/backend/x86_64/codegen.h"

#include <cassert>

#include "tcg/support/log.h"

namespace xarch::x86_64 {

using namespace ir;

CodeGen::CodeGen(const LayoutInfo& info, const tcg::BackendConfig& config, const HostFeatures& features)
    : info_(info), config_(config), features_(features), native_fp_(*config.fp_rules == fpu::kX86Rules) {
  slot_reg_.assign(info.layout->slots.size(), kNoHostReg);
  slot_reader_.assign(info.layout->slots.size(), kNoValue);
}

tcg::CompileResult CodeGen::compile(const Region& region, tcg::CodeSpace& space) {
  region_ = &region;
  insts_ = region.insts.data();
  space_ = &space;
  status_ = tcg::CompileResult::kOk;
  start_ = space.code;
  as_.reset(space.code, space.code_end);
  recovery_.begin();
  self_ = space.cell_for(region.key);
  if (!self_) return {tcg::CompileResult::kNoRoom};
  cold_.clear();
  num_saved_ = 0;
  pending_.clear();
  temp_frame_.clear();
  constants_.clear();
  fp_sites_.clear();
  frame_used_ = 0;
  blocks_.resize(region.blocks.size());
  for (BlockInfo& block : blocks_) block = BlockInfo();
  analyse();
  loop_slots_.clear();
  f80_loop_.clear();
  f80_in_loop_ = false;
  if (loops_ && blocks_[0].preds == 0 && !config_.soft_tlb) {
    find_loop_slots();
    find_f80_loop();
  }
  for (size_t t = 0; t < region.temps.size(); ++t)
    temp_frame_.push_back(static_cast<uint16_t>(alloc_frame()));
  insn_offset_ = 0;
  insn_restore_ = 0;
  entry_ = block_label(0);
  forget_all();
  emit_chain(0);
  // Side exits, and blocks that several others lead to; each may bring more.
  for (size_t c = 0, p = 0;
       status_ == tcg::CompileResult::kOk && (c < cold_.size() || p < pending_.size());) {
    if (c < cold_.size()) {
      const Cold cold = cold_[c++];  // which may move when others are added
      emit_cold(cold);
    } else if (BlockId b = pending_[p++]; !blocks_[b].emitted) {
      forget_all();
      emit_chain(b);
    }
  }
  forget_all();
  const uint8_t* data = as_.cursor();
  if (status_ == tcg::CompileResult::kOk) emit_constants();
  recovery_.finish(&space.recovery);
  append_fp_sites(fp_sites_, &space.recovery);
  if (status_ != tcg::CompileResult::kOk) return {status_};
  return {tcg::CompileResult::kOk, static_cast<uint32_t>(as_.cursor() - start_),
          static_cast<uint32_t>(as_.cursor() - data)};
}

// Goes on from a copy of the state. Values are over by then; slots and flags are not.
void CodeGen::restore_state(uint32_t index) {
  const auto mark_f80 = [&](HostReg place) {
    for (unsigned p = 0; p < state_.f80.depth; ++p) {
      const F80Stack::Entry& e = state_.f80.entries[p];
      for (unsigned k = 0; k < e.num_slots; ++k) slot_reg_[e.slots[k]] = place;
    }
  };
  mark_f80(kNoHostReg);
  state_.for_each_caching([&](HostReg r) { slot_reg_[state_.regs[r].slot] = kNoHostReg; });
  state_ = saved_states_[index];
  end_values();
  state_.for_each_caching([&](HostReg r) { slot_reg_[state_.regs[r].slot] = r; });
  mark_f80(kF80Place);
}

// At the end of a block: values do not live on.
void CodeGen::end_values() {
  state_.drop_all_values();
  state_.flags.num_vals = 0;
  for (unsigned p = 0; p < state_.f80.depth; ++p) state_.f80.entries[p].num_vals = 0;
  f80_rounding_.clear();
  f80_rounded_ = kNoValue;
  for (SlotId s : readers_) slot_reader_[s] = kNoValue;
  readers_.clear();
}

void CodeGen::emit_chain(BlockId b) {
  for (int next = b; next >= 0 && status_ == tcg::CompileResult::kOk; next = next_block_) {
    next_block_ = -1;
    emit_block(static_cast<BlockId>(next));
    end_values();
    frame_used_ = 0;
    for (uint16_t t : temp_frame_) frame_used_ |= 1u << t;
  }
}

Label CodeGen::block_label(BlockId b) {
  Label& label = blocks_[b].label;
  assert(is_jumped_to(b));
  if (label.id == Label().id) label = as_.new_label();
  return label;
}

void CodeGen::emit_block(BlockId b) {
  blocks_[b].emitted = true;
  if (is_jumped_to(b)) as_.bind(block_label(b));
  block_ = b;
  if (b == 0 && keeps_in_loop()) enter_loop();
  late_for_faults_only(blocks_[b].loose_dead);
  insn_offset_ = blocks_[b].insn_offset;
  insn_restore_ = blocks_[b].insn_restore;
  flags_until_ = blocks_[b].flags_entry;
  const uint32_t end = region_->blocks[b].end;
  const Inst* const insts = insts_;
  Val* const vals = vals_.data();
  for (uint32_t i = region_->blocks[b].first; i < end; ++i) {
    const Inst& in = insts[i];
    if (in.op == Op::kInsn) {
      insn_offset_ = in.imm;
      insn_restore_ = in.aux;
      continue;
    }
    if (in.op == Op::kConst || in.op == Op::kVConst) {
      vals[i].loc = Loc::kConst;
      continue;
    }
    const bool unused = is_unused(in), unseen = in.unseen();
    if ((vals[i].skip != Skip::kNot) | unseen | unused) {
      if (unused || vals[i].skip == Skip::kUseless) consume_args(in);
      continue;
    }
    if (!as_.reserve(512)) {
      status_ = tcg::CompileResult::kNoRoom;
      return;
    }
    now_ = i;
    foreseeing_ = true;
    now_stamp_ = stamp_;
    done_ = i;
    locked_ = 0;
    // Every second op is one of these: asked for before the switch, whose way is harder to foretell.
    if (in.op == Op::kGet) {
      get(i);
    } else if (in.op == Op::kPut) {
      put(i);
    } else {
      // The cold paths of the soft TLB know nothing of the x87 stack.
      if (state_.f80.depth != 0 && config_.soft_tlb && (op_attributes(in.op) & kMayFault)) f80_flush(nullptr);
      emit_inst(i);
    }
    if (status_ != tcg::CompileResult::kOk) return;
    // Those between ops that were fused are not emitted, but may be users.
    for (++i; i < done_; ++i) {
      if (insts[i].op == Op::kConst || insts[i].op == Op::kVConst) vals[i].loc = Loc::kConst;
      if (is_unused(insts[i]) || vals[i].skip == Skip::kUseless) consume_args(insts[i]);
    }
    i = done_;
  }
}

void CodeGen::emit_temporary(uint32_t i) {
  const Inst& in = insts_[i];
  const Mem m = frame_mem(temp_frame_[in.aux]);
  if (in.op == Op::kGetTmp) {
    HostReg r = is_xmm_type(in.type) ? host(alloc_xmm()) : host(alloc_gpr());
    load_typed(in.type, r, m);
    // An address of 64 bits may have any above the 32 that it is wrapped to.
    return bind(static_cast<V>(i), r, in.type != Type::kI64);
  }
  HostReg r = fetch(in.args[0]);
  store_typed(inst(in.args[0]).type, m, r);
  consume_args(in);
}

// Leaves the host's flags alone.
void CodeGen::load_pcrel(Reg d, int64_t offset) {
  if (offset == static_cast<int32_t>(offset)) {
    as_.mov(64, d, cell_pc());
    if (offset) as_.lea(64, d, Mem::at(d, static_cast<int32_t>(offset)));
  } else {
    Reg t = alloc_gpr();
    as_.mov_imm(64, t, static_cast<uint64_t>(offset));
    as_.mov(64, d, cell_pc());
    as_.lea(64, d, Mem::at(d, t));
  }
}

void CodeGen::emit_pcrel(uint32_t i) {
  Reg d = dest(static_cast<V>(i));
  load_pcrel(d, insts_[i].imm);
  bind(static_cast<V>(i), host(d), true);
}

void CodeGen::emit_flags_const(uint32_t i) {
  Reg d = alloc_gpr();
  as_.mov_imm(32, d, static_cast<uint16_t>(insts_[i].imm));
  bind(static_cast<V>(i), host(d), true);
}

// What begins an instruction, constants and nops are nothing but notes and dealt with in emit_block.
void CodeGen::emit_inst(uint32_t i) {
  const Inst& in = insts_[i];
  switch (in.op) {
    case Op::kGetIdx:
    case Op::kPutIdx: return emit_indexed(i);
    case Op::kGetTmp:
    case Op::kPutTmp: return emit_temporary(i);
    case Op::kPcRel: return emit_pcrel(i);
    case Op::kFlagsConst: return emit_flags_const(i);
    case Op::kCmp:
    case Op::kTestZ:
    case Op::kTestNz:
    case Op::kFlagsTest: return emit_condition(i);
    case Op::kSelect: return emit_select(i);
    case Op::kFlagsAdd:
    case Op::kFlagsSub:
    case Op::kFlagsAdc:
    case Op::kFlagsSbb:
    case Op::kFlagsLogic: return emit_flags_op(i);
    case Op::kFlagsPack: return emit_flags_pack(i);
    case Op::kFlagsSet: return emit_flags_set(i);
    case Op::kLoad: return emit_load(i);
    case Op::kStore: return emit_store(i);
    case Op::kCas: return emit_cas(i);
    case Op::kRmw: return emit_rmw(i);
    case Op::kFenceOp: return emit_fence(i);
    case Op::kProbe: return emit_probe(i);
    case Op::kCall: return emit_call(i);
    case Op::kBr: return emit_br(i);
    case Op::kCondBr: return emit_cond_br(i);
    case Op::kGotoPc: return emit_goto_pc(i);
    case Op::kGotoInd: return emit_goto_ind(i);
    case Op::kSyscall:
    case Op::kRaise:
    case Op::kRaiseVal:
    case Op::kHalt: return emit_leave(i);
    case Op::kPoll: return emit_poll(i);
    case Op::kAdd:
    case Op::kSub: return emit_add_sub(i);
    case Op::kMul: return emit_mul(i);
    case Op::kMulHiU:
    case Op::kMulHiS: return emit_mulhi(i);
    case Op::kDivU:
    case Op::kDivS:
    case Op::kRemU:
    case Op::kRemS: return emit_div(i);
    case Op::kNeg:
    case Op::kNot: return emit_unary(i);
    case Op::kAdc:
    case Op::kSbb: return emit_carry(i);
    case Op::kAnd: return emit_logic(i, Alu::kAnd);
    case Op::kOr: return emit_logic(i, Alu::kOr);
    case Op::kXor: return emit_logic(i, Alu::kXor);
    case Op::kAndNot: return emit_andnot(i);
    case Op::kShl:
    case Op::kShrU:
    case Op::kShrS:
    case Op::kRotR: return emit_shift(i);
    case Op::kClz:
    case Op::kCtz:
    case Op::kPopcnt: return emit_count(i);
    case Op::kBswap: return emit_bswap(i);
    case Op::kBitRev: return emit_bitrev(i);
    case Op::kExtractU:
    case Op::kExtractS: return emit_extract(i);
    case Op::kDeposit: return emit_deposit(i);
    case Op::kFunnelR: return emit_funnel(i);
    case Op::kZext:
    case Op::kSext: return emit_extend(i);
    case Op::kTrunc: return emit_trunc(i);
    case Op::kPair:
    case Op::kLo:
    case Op::kHi: return emit_pair_ops(i);
    default:
      if (in.op >= Op::kFAdd && (emit_f80(i) || emit_fp(i))) return;
      return emit_vector(i);
  }
}

}  // namespace xarch::x86_64
