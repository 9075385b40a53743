// Floating-point ops by a call of the interpreter's function: what the host cannot do, and regions whose
// operations trap too often.
#include <cstddef>
#include <cstring>

#include "tcg/backend/interp/fp_ops.h"
#include "tcg/backend/x86_64/codegen.h"

namespace xarch::x86_64 {

using namespace ir;
using tcg::CpuHeader;
using tcg::IrValue;

namespace {

// Operands and result lie in the frame where the soft TLB's cold paths save registers, 16 bytes each.
constexpr unsigned operand_offset(unsigned k) { return kSaveArea + 16 * k; }
constexpr unsigned kResultOffset = operand_offset(3);

struct Packed {
  uint8_t op, type, arg, aux;
  uint32_t imm;
};

uint64_t evaluate(void* state, uint64_t what, uint64_t rules, uint64_t, uint64_t) {
  auto* cpu = static_cast<CpuHeader*>(state);
  Packed p;
  std::memcpy(&p, &what, sizeof p);
  Inst in;
  in.op = static_cast<Op>(p.op);
  in.type = static_cast<Type>(p.type);
  in.aux = p.aux;
  in.imm = p.imm;
  auto* frame = reinterpret_cast<uint8_t*>(cpu->host_sp);
  IrValue values[3] = {}, result;
  const IrValue* args[3] = {};
  for (unsigned k = 0; k < op_info(in.op).num_operands; ++k) {
    std::memcpy(values[k].w, frame + operand_offset(k), 16);
    args[k] = &values[k];
  }
  const auto arg = static_cast<Type>(p.arg);
  if (arg == Type::kI32) values[0].w[0] = static_cast<uint32_t>(values[0].w[0]);
  fpu::Env env =
      tcg::fp_environment(*reinterpret_cast<const fpu::Rules*>(rules), cpu->fp_rounding(), cpu->fp_control);
  tcg::eval_fp(in, arg, args, &env, &result);
  cpu->raise_fp(env.flags, &cpu->guest_mxcsr);
  std::memcpy(frame + kResultOffset, result.w, 16);
  return result.w[0];
}

}  // namespace

void CodeGen::emit_fp_call(uint32_t i) {
  const Inst& in = insts_[i];
  V v = static_cast<V>(i);
  settle_for_call(in);
  for (unsigned k = 0; k < 3 && in.args[k] != kNoValue; ++k) {
    const Mem m = Mem::at(Reg::rsp, static_cast<int32_t>(operand_offset(k)));
    const HostReg r = fetch(in.args[k]);
    if (is_xmm(r)) {
      as_.sse(Simd::movups_st, m, xmm(r));
    } else {
      as_.mov(64, m, gpr(r));
    }
  }
  const Packed p{static_cast<uint8_t>(in.op), static_cast<uint8_t>(in.type),
                 static_cast<uint8_t>(inst(in.args[0]).type), static_cast<uint8_t>(in.aux),
                 static_cast<uint32_t>(in.imm)};
  uint64_t what;
  std::memcpy(&what, &p, sizeof what);
  locked_ = 0;
  consume_args(in);
  empty_for_call();
  const uint64_t operands[] = {what, reinterpret_cast<uintptr_t>(config_.fp_rules)};
  for (unsigned k = 0; k < 2; ++k) {
    as_.mov_imm(64, Reg::r10, operands[k]);
    as_.mov(64, Mem::at(Reg::rsp, static_cast<int32_t>(kHelperArgs + 8 * k)), Reg::r10);
  }
  as_.stmxcsr(state_mem(offsetof(CpuHeader, guest_mxcsr)));
  as_.mov_imm(8, state_mem(offsetof(CpuHeader, fp_away)), 1);
  as_.ldmxcsr(constant(tcg::kHostMxcsr));
  as_.mov_imm(64, Reg::r10, reinterpret_cast<uintptr_t>(&evaluate));
  as_.call(state_mem(offsetof(CpuHeader, helper_stub)));
  as_.ldmxcsr(state_mem(offsetof(CpuHeader, guest_mxcsr)));
  as_.mov_imm(8, state_mem(offsetof(CpuHeader, fp_away)), 0);
  if (left(v) == 0) return;
  if (!is_xmm_type(in.type)) {
    lock(host(Reg::rax));
    return bind(v, host(Reg::rax), false);
  }
  Xmm d = alloc_xmm();
  const Mem result = Mem::at(Reg::rsp, static_cast<int32_t>(kResultOffset));
  as_.sse(Simd::movups, d, result);
  set_zero_from(d, type_bytes(in.type));
  bind(v, host(d), false);
}

}  // namespace xarch::x86_64
