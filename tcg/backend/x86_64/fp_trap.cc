// Completes floating-point ops whose host instruction has trapped.
#include "tcg/backend/x86_64/fp_trap.h"

#include "tcg/backend/interp/fp_ops.h"
#include "tcg/backend/x86_64/backend.h"
#include "tcg/ir/eval.h"

namespace xarch::x86_64 {

using namespace ir;
using tcg::IrValue;

namespace {

constexpr uint64_t kCarry = 1, kParity = 4, kZero = 0x40;
constexpr uint64_t kArithmetic = 0x8d5;  // CF PF AF ZF SF OF

IrValue read_register(const ucontext_t& context, HostReg r) {
  IrValue v = {};
  if (is_xmm(r)) {
    memcpy(v.w, &context.uc_mcontext.fpregs->_xmm[r - kFirstXmm], 16);
  } else {
    v.w[0] = host_register(context, gpr(r));
  }
  return v;
}

void flip_signs(IrValue* v, unsigned lane) {
  const uint64_t sign = lane == 2 ? 0x8000000080000000 : 0x8000000000000000;
  v->w[0] ^= sign;
  v->w[1] ^= sign;
}

// What the host's comparison leaves in its flags.
void set_flags(ucontext_t* context, uint16_t packed) {
  auto& eflags = context->uc_mcontext.gregs[REG_EFL];
  const bool unordered = packed & kFlagV;
  uint64_t f = static_cast<uint64_t>(eflags) & ~kArithmetic;
  if (unordered) f |= kCarry | kParity | kZero;
  if (packed & kFlagN) f |= kCarry;
  if (packed & kFlagZ) f |= kZero;
  eflags = static_cast<greg_t>(f);
}

}  // namespace

uint16_t fcmp_flags(uint64_t eflags, bool swapped) {
  const bool unordered = eflags & kParity;
  const bool equal = !unordered && (eflags & kZero);
  bool less = !unordered && (eflags & kCarry);
  if (swapped) less = !unordered && !equal && !less;
  return flags_of_pack(less, equal, !less, unordered);
}

bool Backend::complete_fp(const uint8_t* recovery, uint32_t recovery_bytes, const uint8_t* code,
                          uint32_t offset, ucontext_t* context, tcg::CpuHeader* state) const {
  FpSite site;
  if (!find_fp_site({recovery, recovery_bytes}, offset, &site)) return false;
  auto& fp = *context->uc_mcontext.fpregs;
  Inst in;
  in.op = site.op;
  in.type = site.type;
  in.aux = site.aux;
  in.imm = site.imm;
  IrValue values[3], result;
  const IrValue* args[3] = {};
  for (unsigned i = 0; i < 3 && site.args[i] != kNoHostReg; ++i) {
    values[i] = read_register(*context, site.args[i]);
    args[i] = &values[i];
  }
  if (site.arg == Type::kI32) values[0].w[0] = static_cast<uint32_t>(values[0].w[0]);
  if (site.negate_a) flip_signs(&values[0], site.aux);
  if (site.negate_c) flip_signs(&values[2], site.aux);
  fpu::Env env =
      tcg::fp_environment(*config_.fp_rules, fp.mxcsr >> tcg::kMxcsrRoundingShift, state->fp_control);
  tcg::eval_fp(in, site.arg, args, &env, &result);
  if (site.dst == kNoHostReg) {
    set_flags(context, static_cast<uint16_t>(result.w[0]));
  } else if (is_xmm(site.dst)) {
    memcpy(&fp._xmm[site.dst - kFirstXmm], result.w, 16);
  } else {
    set_host_register(context, gpr(site.dst), result.w[0]);
  }
  state->raise_fp(env.flags, &fp.mxcsr);
  context->uc_mcontext.gregs[REG_RIP] = reinterpret_cast<greg_t>(code + site.resume);
  return true;
}

}  // namespace xarch::x86_64
