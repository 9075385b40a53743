// Vector ops of cryptography. Hosts without the instructions call C++ for them.
#include <cstddef>
#include <cstring>

#include "tcg/backend/x86_64/codegen.h"
#include "tcg/support/aes.h"
#include "tcg/support/sha.h"

namespace xarch::x86_64 {

using namespace ir;

namespace {

// Helpers on vectors: `at` is where the operands lie, 16 bytes each; the result takes the place of the first.
template <void (*Fn)(const uint8_t (&)[16], uint8_t (&)[16], bool), bool kInverse>
uint64_t aes_helper(void*, uint64_t at, uint64_t, uint64_t, uint64_t) {
  uint8_t in[16], out[16];
  std::memcpy(in, reinterpret_cast<const void*>(at), 16);
  Fn(in, out, kInverse);
  std::memcpy(reinterpret_cast<void*>(at), out, 16);
  return 0;
}

template <typename Fn>
void on_words(uint64_t at, Fn fn) {
  uint32_t in[3][4], out[4];
  std::memcpy(in, reinterpret_cast<const void*>(at), sizeof in);
  fn(in, out);
  std::memcpy(reinterpret_cast<void*>(at), out, sizeof out);
}
uint64_t sha1_helper(void*, uint64_t at, uint64_t function, uint64_t, uint64_t) {
  on_words(at, [&](auto& in, auto& out) { sha1_rounds(in[0], in[1], static_cast<unsigned>(function), out); });
  return 0;
}
uint64_t sha256_helper(void*, uint64_t at, uint64_t, uint64_t, uint64_t) {
  on_words(at, [](auto& in, auto& out) { sha256_rounds(in[0], in[1], in[2], out); });
  return 0;
}
uint64_t message1_helper(void*, uint64_t at, uint64_t, uint64_t, uint64_t) {
  on_words(at, [](auto& in, auto& out) { sha256_message1(in[0], in[1], out); });
  return 0;
}
uint64_t message2_helper(void*, uint64_t at, uint64_t, uint64_t, uint64_t) {
  on_words(at, [](auto& in, auto& out) { sha256_message2(in[0], in[1], out); });
  return 0;
}

}  // namespace

// The C++ function that stands for a vector op, null if the host has it.
HelperFn CodeGen::vector_helper(Op op) const {
  if (!features_.aes) {
    switch (op) {
      case Op::kVAesEnc: return aes_helper<aes_substitute, false>;
      case Op::kVAesDec: return aes_helper<aes_substitute, true>;
      case Op::kVAesMix: return aes_helper<aes_mix_columns, false>;
      case Op::kVAesIMix: return aes_helper<aes_mix_columns, true>;
      case Op::kVAesRound: return aes_helper<aes_round, false>;
      case Op::kVAesIRound: return aes_helper<aes_round, true>;
      default: break;
    }
  }
  if (!features_.sha) {
    switch (op) {
      case Op::kVSha1: return sha1_helper;
      case Op::kVSha256: return sha256_helper;
      case Op::kVSha256Msg1: return message1_helper;
      case Op::kVSha256Msg2: return message2_helper;
      default: break;
    }
  }
  return nullptr;
}

// The operands go by way of the frame, which holds nothing else there outside of the soft TLB's cold paths.
void CodeGen::call_vector_helper(uint32_t i, HelperFn fn) {
  const Inst& in = insts_[i];
  settle_all_slot_readers();
  flush_slots(nullptr);
  clobber_flags();
  const auto operand = [](unsigned k) { return Mem::at(Reg::rsp, static_cast<int32_t>(kSaveArea + 16 * k)); };
  for (unsigned k = 0; k < 3; ++k) {
    if (in.args[k] == kNoValue) continue;
    as_.sse(Simd::movaps_st, operand(k), use_x(in.args[k]));
    locked_ = 0;
  }
  consume_args(in);
  state_.for_each_used([&](HostReg r) {
    spill_vals(r);
    unbind_slot(r);
  });
  state_.flags = FlagsState();
  as_.lea(64, Reg::r10, operand(0));
  as_.mov(64, Mem::at(Reg::rsp, static_cast<int32_t>(kHelperArgs)), Reg::r10);
  as_.mov_imm(64, Mem::at(Reg::rsp, static_cast<int32_t>(kHelperArgs + 8)), static_cast<int32_t>(in.imm));
  as_.mov_imm(64, Reg::r10, reinterpret_cast<uintptr_t>(fn));
  as_.call(state_mem(offsetof(tcg::CpuHeader, helper_stub)));
  Xmm d = alloc_xmm();
  as_.sse(Simd::movaps, d, operand(0));
  bind(static_cast<V>(i), host(d), false);
}

// The host's instruction that takes a round key after the step; false if there is none.
bool CodeGen::aes_with_key(Op op, Simd* simd) const {
  if (!features_.aes) return false;
  switch (op) {
    case Op::kVAesEnc: *simd = Simd::aesenclast; return true;
    case Op::kVAesDec: *simd = Simd::aesdeclast; return true;
    case Op::kVAesRound: *simd = Simd::aesenc; return true;
    case Op::kVAesIRound: *simd = Simd::aesdec; return true;
    default: return false;
  }
}

// For the steps alone the round key is zero. A whole round after an inverse last one is what it has more, the
// mixing.
void CodeGen::emit_vaes(uint32_t i) {
  const Inst& in = region_->insts[i];
  Simd simd = Simd::aesdeclast;
  if (aes_with_key(in.op, &simd) && defer_if(folds_aes(static_cast<V>(i)), static_cast<V>(i))) return;
  Xmm a = use_x(in.args[0]);
  Xmm d = dest_x(static_cast<V>(i), in.args[0]);
  if (in.op == Op::kVAesIMix) {
    xop1(Simd::aesimc, d, a);
  } else {
    Xmm zero = const_x(0, 0);
    xop(simd, d, a, zero);
    if (in.op == Op::kVAesMix) xop(Simd::aesenc, d, d, zero);
  }
  finish(static_cast<V>(i), host(d), false);
}

// An exclusive or with a step that nobody else uses: that is the step's key.
bool CodeGen::emit_vxor_of_aes(uint32_t i) {
  const Inst& in = region_->insts[i];
  for (unsigned k = 0; k < 2; ++k) {
    const V step = in.args[k];
    Simd simd;
    if (vals_[step].loc != Loc::kDeferred || !aes_with_key(inst(step).op, &simd)) continue;
    Xmm a = use_x(inst(step).args[0]), key = use_x(in.args[1 - k]);
    Xmm d = alloc_xmm();
    xop(simd, d, a, key);
    finish(static_cast<V>(i), host(d), false);
    return true;
  }
  return false;
}

// The instructions overwrite their first operand; sha256rnds2 wants its third one in xmm0.
void CodeGen::emit_vsha(uint32_t i) {
  const Inst& in = region_->insts[i];
  const V v = static_cast<V>(i);
  if (in.op == Op::kVSha256) take(Xmm::xmm0);
  Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
  if (in.op == Op::kVSha256) load_to(in.args[2], host(Xmm::xmm0));
  Xmm d = dest_x(v, in.args[0]);
  xmove(d, a);
  switch (in.op) {
    case Op::kVSha1: as_.sse(Simd::sha1rnds4, d, b, static_cast<int>(in.imm)); break;
    case Op::kVSha256: as_.sse(Simd::sha256rnds2, d, b); break;
    case Op::kVSha256Msg1: as_.sse(Simd::sha256msg1, d, b); break;
    default: as_.sse(Simd::sha256msg2, d, b); break;
  }
  finish(v, host(d), false);
}

// A carry-less product bit by bit, where the host has no instruction for it.
void CodeGen::emit_vclmul(uint32_t i) {
  const Inst& in = region_->insts[i];
  clobber_flags();
  Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
  Xmm d = alloc_xmm(), t = alloc_xmm(), carry = alloc_xmm();
  Reg bits = alloc_gpr();
  Label again = as_.new_label(), zero = as_.new_label();
  as_.sse(Simd::movq_gpr_st, bits, a);
  as_.sse(Simd::pxor, d, d);
  as_.sse(Simd::movq, t, b);
  as_.bind(again);
  as_.shift(Shift::kShr, 64, bits, 1);
  as_.jcc_short(Cc::ae, zero);
  as_.sse(Simd::pxor, d, t);
  as_.bind(zero);
  as_.sse(Simd::movaps, carry, t);
  as_.sse_shift(SimdShift::psrlq, carry, 63);
  as_.sse_shift(SimdShift::pslldq, carry, 8);
  as_.sse_shift(SimdShift::psllq, t, 1);
  as_.sse(Simd::por, t, carry);
  as_.test(64, bits, bits);
  as_.jcc(Cc::ne, again);
  finish(static_cast<V>(i), host(d), false);
}

// The host's instruction leaves an index in rcx or a mask in xmm0, and flags beside; it takes lengths from
// rax and rdx. What guests have in rcx and rdx is put aside.
void CodeGen::emit_vstrings(uint32_t i) {
  const Inst& in = insts_[i];
  const V v = static_cast<V>(i), lengths = in.args[2];
  const bool index = in.op == Op::kVStrIndex, given = lengths != kNoValue;
  const uint32_t fuse = in.op == Op::kFlagsStr ? 0 : fuse_with_flags(i);
  const Mem save_rcx = Mem::at(Reg::rsp, static_cast<int32_t>(kHelperArgs));
  const Mem save_rdx = Mem::at(Reg::rsp, static_cast<int32_t>(kHelperArgs + 8));
  clobber_flags();
  if (fuse) consume_args(insts_[fuse]);
  if (!index) take(Xmm::xmm0);
  if (given) take(Reg::rax);
  const Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
  const Reg n = given ? use(lengths) : Reg::none;
  const Reg d = index ? dest(v) : Reg::none;
  if (given) {
    if (d != Reg::rdx) as_.mov(64, save_rdx, Reg::rdx);
    as_.movzx(Reg::rax, 8, n);
    as_.mov(32, Reg::rdx, n);
    as_.shift(Shift::kShr, 32, Reg::rdx, 8);
  }
  const auto imm = static_cast<int>(in.imm);
  if (!index) {
    xop1(given ? Simd::pcmpestrm : Simd::pcmpistrm, a, b, imm);
  } else if (given) {
    if (d != Reg::rcx) as_.mov(64, save_rcx, Reg::rcx);
    xop1(Simd::pcmpestri, a, b, imm);
    if (d != Reg::rcx) as_.mov(32, d, Reg::rcx), as_.mov(64, Reg::rcx, save_rcx);
  } else {
    if (d != Reg::rcx) as_.mov(64, d, Reg::rcx);
    xop1(Simd::pcmpistri, a, b, imm);
    if (d != Reg::rcx) as_.xchg(64, d, Reg::rcx);
  }
  if (given && d != Reg::rdx) as_.mov(64, Reg::rdx, save_rdx);
  if (in.op == Op::kFlagsStr) {
    consume_args(in);
    return flags_in_host(v, false);
  }
  if (!index) set_zero_from(Xmm::xmm0, 16);
  finish(v, index ? host(d) : host(Xmm::xmm0), index);
  if (fuse) fused(fuse);
}

bool CodeGen::emit_vector_crypto(uint32_t i) {
  const Inst& in = region_->insts[i];
  if (HelperFn fn = vector_helper(in.op)) return call_vector_helper(i, fn), true;
  switch (in.op) {
    case Op::kVClMul: {
      if (!features_.pclmul) return emit_vclmul(i), true;
      Xmm a = use_x(in.args[0]), b = use_x(in.args[1]);
      Xmm d = dest_x(static_cast<V>(i), in.args[0]);
      xop(Simd::pclmulqdq, d, a, b, 0);
      return finish(static_cast<V>(i), host(d), false), true;
    }
    case Op::kVAesEnc:
    case Op::kVAesDec:
    case Op::kVAesMix:
    case Op::kVAesIMix:
    case Op::kVAesRound:
    case Op::kVAesIRound: return emit_vaes(i), true;
    case Op::kVXor: return emit_vxor_of_aes(i);
    case Op::kVSha1:
    case Op::kVSha256:
    case Op::kVSha256Msg1:
    case Op::kVSha256Msg2: return emit_vsha(i), true;
    case Op::kVStrIndex:
    case Op::kVStrMask:
    case Op::kFlagsStr: return emit_vstrings(i), true;
    default: return false;
  }
}

}  // namespace xarch::x86_64
