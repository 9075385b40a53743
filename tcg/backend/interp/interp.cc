#include "tcg/backend/interp/interp.h"

#include <signal.h>

#include <cstring>

#include "tcg/backend/interp/f80_ops.h"
#include "tcg/backend/interp/fp_ops.h"
#include "tcg/backend/interp/vector_ops.h"
#include "tcg/ir/eval.h"
#include "tcg/support/log.h"

namespace xarch::tcg {

using ir::ExitAux;
using ir::Inst;
using ir::MemDesc;
using ir::Op;
using ir::Slot;
using ir::Type;

namespace {

constexpr uint32_t kNoInsn = ~uint32_t{0};

// Groups of ops.def, told apart by its order.
bool is_state_op(Op op) { return op <= Op::kRestart; }
bool is_int_op(Op op) { return op <= Op::kFunnelR; }
bool is_convert_op(Op op) { return op <= Op::kHi; }
bool is_flags_op(Op op) { return op <= Op::kFlagsTest; }
bool is_memory_op(Op op) { return op <= Op::kProbe; }
bool is_vector_op(Op op) { return op <= Op::kBitcast; }
bool is_fp_op(Op op) { return op <= Op::kFWiden; }
bool is_f80_op(Op op) { return op <= Op::kF80Control; }

void read_slot(const void* from, Type t, IrValue* out) {
  if (t == Type::kI64) {  // nearly all of them
    std::memcpy(out, from, sizeof out->w[0]);
    return;
  }
  out->w[0] = 0;
  std::memcpy(out, from, ir::type_bytes(t));
  if (t == Type::kI1) out->w[0] &= 1;
}
void write_slot(void* to, Type t, const IrValue& v) {
  if (t == Type::kI64) {
    std::memcpy(to, &v, sizeof v.w[0]);
  } else {
    std::memcpy(to, &v, ir::type_bytes(t));
  }
}

}  // namespace

// Of the element of a slot that the op's first argument chooses.
void* Interpreter::element_address(const Inst& inst, const Slot& slot) const {
  const uint32_t element = static_cast<uint32_t>(arg(inst, 0).w[0]) % slot.count;
  return reinterpret_cast<uint8_t*>(cpu_) + slot.offset + element * ir::type_bytes(slot.type);
}

void Interpreter::set_pc(int64_t offset) {
  const uint64_t pc = region_->key.pc + static_cast<uint64_t>(offset);
  const Slot& slot = region_->layout->slots[region_->layout->pc];
  std::memcpy(reinterpret_cast<uint8_t*>(cpu_) + slot.offset, &pc, sizeof pc);
}

// The constants, positions and slots; the most frequent of all.
inline void Interpreter::execute_state(const Inst& inst, IrValue* out) {
  const auto& slots = region_->layout->slots;
  switch (inst.op) {
    case Op::kNop:
    case Op::kRestart: break;
    case Op::kInsn: insn_ = static_cast<uint32_t>(&inst - region_->insts.data()); break;
    case Op::kConst:
    case Op::kFlagsConst: out->w[0] = static_cast<uint64_t>(inst.imm); break;
    case Op::kPcRel: out->w[0] = region_->key.pc + static_cast<uint64_t>(inst.imm); break;
    case Op::kGet:
      read_slot(reinterpret_cast<uint8_t*>(cpu_) + slots[inst.aux].offset, inst.type, out);
      break;
    case Op::kGetIdx: read_slot(element_address(inst, slots[inst.aux]), inst.type, out); break;
    case Op::kPut: {
      const Slot& slot = slots[inst.aux];
      write_slot(reinterpret_cast<uint8_t*>(cpu_) + slot.offset, slot.type, arg(inst, 0));
      break;
    }
    case Op::kPutIdx: {
      const Slot& slot = slots[inst.aux];
      write_slot(element_address(inst, slot), slot.type, arg(inst, 1));
      break;
    }
    case Op::kGetTmp: *out = temps_[inst.aux]; break;
    default: temps_[inst.aux] = arg(inst, 0); break;  // kPutTmp
  }
}

void Interpreter::execute_int(const Inst& inst, IrValue* out) {
  const Type t = inst.type;
  const uint64_t a = arg(inst, 0).w[0];
  const unsigned lsb = inst.aux & 255;
  const unsigned length = inst.aux >> 8;
  switch (inst.op) {
    case Op::kNeg:
    case Op::kNot:
    case Op::kClz:
    case Op::kCtz:
    case Op::kPopcnt:
    case Op::kBswap:
    case Op::kBitRev: out->w[0] = ir::eval_unary(inst.op, t, a); break;
    case Op::kAdc: out->w[0] = (a + arg(inst, 1).w[0] + arg(inst, 2).w[0]) & ir::type_mask(t); break;
    case Op::kSbb: out->w[0] = (a - arg(inst, 1).w[0] - arg(inst, 2).w[0]) & ir::type_mask(t); break;
    case Op::kExtractU:
    case Op::kExtractS: out->w[0] = ir::eval_extract(inst.op == Op::kExtractS, t, a, lsb, length); break;
    case Op::kDeposit: out->w[0] = ir::eval_deposit(a, arg(inst, 1).w[0], lsb, length); break;
    case Op::kFunnelR:
      out->w[0] = ir::eval_funnel_r(t, a, arg(inst, 1).w[0], static_cast<unsigned>(inst.imm));
      break;
    default: out->w[0] = ir::eval_binary(inst.op, t, a, arg(inst, 1).w[0]); break;
  }
}

void Interpreter::execute_convert(const Inst& inst, IrValue* out) {
  const IrValue& a = arg(inst, 0);
  const Type from = arg_type(inst, 0);
  switch (inst.op) {
    case Op::kZext:
      out->w[0] = a.w[0];
      out->w[1] = 0;
      break;
    case Op::kSext: {
      const int64_t v = ir::sign_extend(a.w[0], ir::type_bits(from));
      out->w[0] =
          static_cast<uint64_t>(v) & (inst.type < Type::kI64 ? ir::type_mask(inst.type) : ~uint64_t{0});
      out->w[1] = static_cast<uint64_t>(v >> 63);
      break;
    }
    case Op::kTrunc: out->w[0] = a.w[0] & ir::type_mask(inst.type); break;
    case Op::kPair:
      out->w[0] = a.w[0];
      out->w[1] = arg(inst, 1).w[0];
      break;
    case Op::kLo: out->w[0] = a.w[0]; break;
    default: out->w[0] = a.w[1]; break;  // kHi
  }
}

void Interpreter::execute_flags(const Inst& inst, IrValue* out) {
  const Type t = arg_type(inst, 0);
  const uint64_t a = arg(inst, 0).w[0];
  const uint64_t b = inst.args[1] == ir::kNoValue ? 0 : arg(inst, 1).w[0];
  const unsigned carry = inst.args[2] == ir::kNoValue ? 0 : static_cast<unsigned>(arg(inst, 2).w[0]);
  const bool inverted = inst.imm != 0;
  switch (inst.op) {
    case Op::kCmp: out->w[0] = ir::eval_cond(static_cast<ir::Cond>(inst.aux), t, a, b); break;
    case Op::kTestZ: out->w[0] = (a & b) == 0; break;
    case Op::kTestNz: out->w[0] = (a & b) != 0; break;
    case Op::kSelect: *out = a ? arg(inst, 1) : arg(inst, 2); break;
    case Op::kFlagsAdd: out->w[0] = ir::flags_of_add(t, a, b, 0, inverted); break;
    case Op::kFlagsAdc: out->w[0] = ir::flags_of_add(t, a, b, carry, inverted); break;
    case Op::kFlagsSub: out->w[0] = ir::flags_of_sub(t, a, b, 0, inverted); break;
    case Op::kFlagsSbb: out->w[0] = ir::flags_of_sub(t, a, b, carry, inverted); break;
    case Op::kFlagsLogic: out->w[0] = ir::flags_of_logic(t, a, inverted); break;
    case Op::kFlagsPack: out->w[0] = ir::flags_of_pack(a, b, carry, arg(inst, 3).w[0]); break;
    case Op::kFlagsSet:
      out->w[0] = (a & ~static_cast<uint64_t>(inst.imm)) | (b ? static_cast<uint64_t>(inst.imm) : 0);
      break;
    default:  // kFlagsTest
      out->w[0] = ir::eval_flag_cond(static_cast<ir::FlagCond>(inst.aux), static_cast<uint16_t>(a));
      break;
  }
}

// ---- memory

uint64_t Interpreter::address(const Inst& inst) const {
  const uint64_t a = arg(inst, 0).w[0] + static_cast<uint64_t>(int64_t{inst.disp()});
  const ir::AddrXform xform = inst.mem().xform;
  if (xform == ir::AddrXform::kWrap32) return static_cast<uint32_t>(a);
  const bool strip = xform == ir::AddrXform::kStripTag || (region_->key.flags & ir::kKeyMaskTags);
  return strip ? a & ir::low_mask(56) : a;
}

// Notes the access that the op is about to make.
void Interpreter::begin_access(const Inst& inst, bool write) {
  const MemDesc d = inst.mem();
  fault_ = {};
  fault_.addr = address(inst);
  fault_.size = d.bytes();
  fault_.write = write;
  access_addr_ = fault_.addr;
  access_bytes_ = d.bytes();
  access_write_ = write;
}

// False: the guest faults, and fault_ says how.
bool Interpreter::execute_memory(const Inst& inst, IrValue* out) {
  if (inst.op == Op::kFenceOp) {
    // Of the four orders x86 gives all but store-load by itself.
    if (inst.aux & static_cast<uint32_t>(ir::Fence::kStoreLoad)) __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return true;
  }
  const MemDesc d = inst.mem();
  const bool write = inst.op == Op::kProbe ? inst.aux != 0 : inst.op != Op::kLoad;
  begin_access(inst, write);
  const uint64_t vaddr = access_addr_;
  if (vaddr & ((uint64_t{1} << d.align) - 1)) {
    fault_.signo = SIGBUS;
    fault_.code = BUS_ADRALN;
    return false;
  }
  phase_ = kAccess;
  bool ok = false;
  switch (inst.op) {
    case Op::kLoad:
      *out = {};
      ok = memory_.load(cpu_, vaddr, d, out->w);
      if (d.sign && d.bytes() < ir::type_bytes(inst.type)) {
        const int64_t v = ir::sign_extend(out->w[0], 8 * d.bytes());
        out->w[0] =
            static_cast<uint64_t>(v) & (inst.type < Type::kI64 ? ir::type_mask(inst.type) : ~uint64_t{0});
        out->w[1] = static_cast<uint64_t>(v >> 63);
      }
      break;
    case Op::kStore: ok = memory_.store(cpu_, vaddr, d, arg(inst, 1).w); break;
    case Op::kCas:
      *out = {};
      ok = memory_.cas(cpu_, vaddr, d, arg(inst, 1).w, arg(inst, 2).w, out->w);
      break;
    case Op::kRmw:
      ok = memory_.rmw(cpu_, vaddr, d, static_cast<ir::RmwOp>(inst.aux), arg(inst, 1).w[0], out->w);
      break;
    default: ok = memory_.probe(cpu_, vaddr, d, static_cast<ir::ProbeKind>(inst.aux)); break;
  }
  phase_ = kRunning;
  return ok;
}

// ---- floating point

void Interpreter::execute_fp(const Inst& inst, IrValue* out) {
  fpu::Env env = fp_environment(rules_, cpu_->fp_rounding(), cpu_->fp_control);
  const IrValue* args[3] = {};
  for (unsigned i = 0; i < 3 && inst.args[i] != ir::kNoValue; ++i) args[i] = &arg(inst, i);
  eval_fp(inst, arg_type(inst, 0), args, &env, out);
  cpu_->raise_fp(env.flags, &cpu_->guest_mxcsr);
}

// A conversion and an access; flags only if that succeeds. False: the guest faults, and fault_ says how.
bool Interpreter::execute_f80_memory(const Inst& inst, IrValue* out) {
  const bool write = inst.op == Op::kF80Store;
  const Type t = ir::f80_format_type(inst.aux);
  Inst convert;
  convert.imm = inst.aux & ir::kF80Truncates ? 1 : 0;
  convert.type = write ? t : Type::kF80;
  convert.op =
      write ? (ir::is_int(t) ? Op::kF80ToInt : Op::kF80ToF) : (ir::is_int(t) ? Op::kF80FromInt : Op::kF80Cvt);
  const ir::StateLayout& layout = *region_->layout;
  auto* const state = reinterpret_cast<uint8_t*>(cpu_);
  uint16_t control, flags;
  std::memcpy(&control, state + layout.slots[layout.f80_control].offset, sizeof control);
  std::memcpy(&flags, state + layout.slots[layout.f80_flags].offset, sizeof flags);
  const MemDesc d = inst.mem();
  begin_access(inst, write);
  IrValue v{};
  F80Operand args[3];
  if (!write) {
    phase_ = kAccess;
    const bool ok = memory_.load(cpu_, access_addr_, d, v.w);
    phase_ = kRunning;
    if (!ok) return false;
    args[0] = {&v, t};
    eval_f80(convert, args, control, &flags, out);
  } else {
    args[0] = {&arg(inst, 1), Type::kF80};
    eval_f80(convert, args, control, &flags, &v);
    phase_ = kAccess;
    const bool ok = memory_.store(cpu_, access_addr_, d, v.w);
    phase_ = kRunning;
    if (!ok) return false;
    *out = {};
    out->w[0] = v.w[3];
  }
  std::memcpy(state + layout.slots[layout.f80_flags].offset, &flags, sizeof flags);
  return true;
}

void Interpreter::execute_f80(const Inst& inst, IrValue* out) {
  const ir::StateLayout& layout = *region_->layout;
  auto* const state = reinterpret_cast<uint8_t*>(cpu_);
  if (inst.op == Op::kF80Drop) return;
  if (inst.op == Op::kF80Note) {
    const IrValue& a = arg(inst, 0);
    const bool up = (arg_type(inst, 0) == Type::kI1 ? a.w[0] : a.w[3]) & 1;
    const uint16_t bit = up ? 0x200 : 0;
    std::memcpy(state + layout.slots[layout.f80_up].offset, &bit, sizeof bit);
    return;
  }
  uint16_t control, flags;
  std::memcpy(&control, state + layout.slots[layout.f80_control].offset, sizeof control);
  std::memcpy(&flags, state + layout.slots[layout.f80_flags].offset, sizeof flags);
  F80Operand args[3];
  for (unsigned i = 0; i < 3 && inst.args[i] != ir::kNoValue; ++i)
    args[i] = {&arg(inst, i), arg_type(inst, i)};
  eval_f80(inst, args, control, &flags, out);
  std::memcpy(state + layout.slots[layout.f80_flags].offset, &flags, sizeof flags);
}

// ---- helpers, control flow

// False: the helper wants to leave.
bool Interpreter::execute_call(const Inst& inst, IrValue* out) {
  uint64_t a[4] = {};
  for (unsigned i = 0; i < 4 && inst.args[i] != ir::kNoValue; ++i) a[i] = arg(inst, i).w[0];
  const ir::HelperDesc& helper = *region_->helpers[inst.aux];
  if (!(helper.effects & (ir::kHelperNoFault | ir::kHelperPure)) && insn_ != kNoInsn) {
    set_pc(region_->insts[insn_].imm);
  }
  cpu_->in_helper = 1;
  phase_ = kHelper;
  const uint64_t r = helper.fn(cpu_, a[0], a[1], a[2], a[3]);
  phase_ = kRunning;
  cpu_->in_helper = 0;
  if (inst.type != Type::kVoid) out->w[0] = r & ir::type_mask(inst.type);
  return !(helper.effects & ir::kHelperMayExit) || cpu_->helper_exit == 0;
}

Exit Interpreter::leave(Exit reason, uint32_t code, uint64_t value) {
  cpu_->exit_code = code;
  cpu_->exit_value = value;
  return reason;
}

Exit Interpreter::execute_exit(const Inst& inst) {
  cpu_->exit_mode = region_->key.mode;
  switch (inst.op) {
    case Op::kGotoPc:
    case Op::kGotoInd: {
      const ExitAux e = ExitAux::unpack(inst.aux);
      if (e.mode_change) cpu_->exit_mode = region_->exit_modes[e.mode_index];
      if (inst.op == Op::kGotoPc) {
        set_pc(inst.imm);
      } else {
        set_pc(static_cast<int64_t>(arg(inst, 0).w[0] - region_->key.pc));
      }
      const bool event = e.poll && cpu_->event.load(std::memory_order_relaxed) != 0;
      return event ? Exit::kEvent : Exit::kLookup;
    }
    case Op::kSyscall: set_pc(inst.imm); return leave(Exit::kSyscall, inst.aux, 0);
    case Op::kRaise: set_pc(inst.imm); return leave(Exit::kRaise, inst.aux, 0);
    case Op::kRaiseVal: set_pc(inst.imm); return leave(Exit::kRaise, inst.aux, arg(inst, 0).w[0]);
    default: set_pc(inst.imm); return Exit::kHalt;
  }
}

InterpResult Interpreter::fault() {
  InterpResult r;
  r.reason = Exit::kFault;
  r.fault = fault_;
  if (insn_ != kNoInsn) {
    const Inst& insn = region_->insts[insn_];
    set_pc(insn.imm);
    r.restore = insn.aux;
  }
  cpu_->exit_mode = region_->key.mode;
  cpu_->exit_reason = static_cast<uint32_t>(Exit::kFault);
  phase_ = kIdle;
  return r;
}

InterpResult Interpreter::run(const ir::Region& region, void* state) {
  cpu_ = static_cast<CpuHeader*>(state);
  region_ = &region;
  if (values_.size() < region.insts.size()) values_.resize(region.insts.size());
  if (temps_.size() < region.temps.size()) temps_.resize(region.temps.size());
  insn_ = kNoInsn;
  phase_ = kRunning;
  InterpResult r;
  Exit reason = Exit::kNone;
  const Inst* const insts = region.insts.data();
  for (uint32_t i = region.blocks[0].first; reason == Exit::kNone; ++i) {
    const Inst& inst = insts[i];
    IrValue* const out = &values_[i];
    if (is_state_op(inst.op)) {
      execute_state(inst, out);
    } else if (is_int_op(inst.op)) {
      execute_int(inst, out);
    } else if (is_convert_op(inst.op)) {
      execute_convert(inst, out);
    } else if (is_flags_op(inst.op)) {
      execute_flags(inst, out);
    } else if (is_memory_op(inst.op)) {
      if (!execute_memory(inst, out)) return fault();
    } else if (is_vector_op(inst.op)) {
      const IrValue no_value{};
      const auto operand = [&](unsigned k) -> const IrValue& {
        return inst.args[k] == ir::kNoValue ? no_value : arg(inst, k);
      };
      eval_vector(inst, operand(0), operand(1), operand(2), out);
    } else if (is_fp_op(inst.op)) {
      execute_fp(inst, out);
    } else if (inst.op == Op::kF80Load || inst.op == Op::kF80Store) {
      if (!execute_f80_memory(inst, out)) return fault();
    } else if (is_f80_op(inst.op)) {
      execute_f80(inst, out);
    } else if (inst.op == Op::kCall) {
      if (!execute_call(inst, out)) {
        reason = static_cast<Exit>(cpu_->helper_exit);
        cpu_->helper_exit = 0;
        cpu_->exit_mode = region.key.mode;
        if (reason == Exit::kFault && insn_ != kNoInsn) r.restore = insts[insn_].aux;
      }
    } else if (inst.op == Op::kBr) {
      i = region.blocks[inst.aux].first - 1;
    } else if (inst.op == Op::kCondBr) {
      i = region.blocks[arg(inst, 0).w[0] ? inst.aux : static_cast<uint32_t>(inst.imm)].first - 1;
    } else if (inst.op == Op::kPoll) {
      if (cpu_->event.load(std::memory_order_relaxed) != 0) {
        set_pc(inst.imm);
        cpu_->exit_mode = region.key.mode;
        reason = Exit::kEvent;
      }
    } else {
      reason = execute_exit(inst);
    }
  }
  cpu_->exit_reason = static_cast<uint32_t>(reason);
  phase_ = kIdle;
  r.reason = reason;
  return r;
}

bool Interpreter::fault_site(FaultSite* site, bool* in_helper, const ir::Region** region) const {
  if (phase_ != kAccess && phase_ != kHelper) return false;
  *in_helper = phase_ == kHelper;
  *region = region_;
  *site = {};
  if (insn_ != kNoInsn) {
    const Inst& insn = region_->insts[insn_];
    site->pc_offset = insn.imm;
    site->restore = insn.aux;
  }
  if (!*in_helper) {
    site->host_addr = access_addr_ + cpu_->guest_base;
    site->size = access_bytes_;
    site->write = access_write_;
  }
  return true;
}

}  // namespace xarch::tcg
