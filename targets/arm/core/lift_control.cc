// Branches, exceptions, hints, barriers, cache maintenance, system registers.
#include "targets/arm/core/helpers.h"
#include "targets/arm/core/lift.h"

namespace xarch::arm {

using ir::Cond;
using ir::Type;
using ir::Value;

namespace {

constexpr uint32_t sysreg(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2) {
  return (op0 & 1) << 14 | op1 << 11 | crn << 7 | crm << 3 | op2;
}
constexpr uint32_t kCtr = sysreg(3, 3, 0, 0, 1), kDczidReg = sysreg(3, 3, 0, 0, 7);
constexpr uint32_t kFpcr = sysreg(3, 3, 4, 4, 0), kFpsr = sysreg(3, 3, 4, 4, 1);
constexpr uint32_t kTpidr = sysreg(3, 3, 13, 0, 2), kTpidrro = sysreg(3, 3, 13, 0, 3);
constexpr uint32_t kCntfrq = sysreg(3, 3, 14, 0, 0), kCntvct = sysreg(3, 3, 14, 0, 2);

// FPSR is looked at: true if the instruction is done with, because it is to run with exact flags.
bool needs_exact_flags(Lift& c) {
  if (c.mode(kModeExactFlags)) return false;
  c.b.raise(c.here, kRaiseExactFlags);
  c.after = After::kClosed;
  return true;
}
// FPSR's parts lie in slots and in the header.
constexpr ir::SlotId kFpsrSlots[] = {kSlotFpsr, kSlotQc};
constexpr ir::SlotId kFpsrReads[] = {kSlotFpsr, kSlotQc, kSlotFpcr};
constexpr uint32_t kFpsrEffects =
    ir::kHelperNoFault | ir::kHelperNoMem | ir::kHelperListsState | ir::kHelperFp;
uint64_t read_fpsr(void* state, uint64_t, uint64_t, uint64_t, uint64_t) {
  return static_cast<const Arm64State*>(state)->fpsr_value();
}
uint64_t set_fpsr(void* state, uint64_t v, uint64_t, uint64_t, uint64_t) {
  static_cast<Arm64State*>(state)->set_fpsr(static_cast<uint32_t>(v));
  return 0;
}
constexpr ir::HelperDesc kReadFpsr = {"fpsr", read_fpsr, kFpsrEffects, kFpsrReads, {}};
constexpr ir::HelperDesc kSetFpsr = {"set_fpsr", set_fpsr, kFpsrEffects, kFpsrReads, kFpsrSlots};
void write_fpsr(Lift& c, Value v) {
  if (!needs_exact_flags(c)) c.call(kSetFpsr, Type::kVoid, {c.b.and_(v, kFpsrBits)});
}
void write_fpcr(Lift& c, Value v) {
  v = c.b.and_(v, c.model.features.has(Feature::kFp16) ? kFpcrBits : kFpcrBits & ~kFpcrFz16);
  c.b.raise_val(c.here + 4, kRaiseFpcr, v);
  c.after = After::kClosed;
}

// Identification registers, which Linux lets a process read: op0 3, op1 0, CRn 0, CRm 0 and 2..7 (those of
// CRm 0 but MIDR, MPIDR and REVIDR are undefined). False if it is none of them.
bool id_register(const Model& m, uint32_t reg, uint64_t* value) {
  if (reg >> 7 != sysreg(3, 0, 0, 0, 0) >> 7) return false;
  const unsigned crm = reg >> 3 & 15, op2 = reg & 7;
  if (crm > 7 || (crm == 0 && op2 != 0 && op2 != 5 && op2 != 6)) return false;
  switch (reg) {
    case sysreg(3, 0, 0, 0, 0): *value = m.midr; break;
    case sysreg(3, 0, 0, 0, 5): *value = 0x80000000; break;
    case sysreg(3, 0, 0, 4, 0): *value = m.id_aa64pfr0; break;
    case sysreg(3, 0, 0, 4, 1): *value = m.id_aa64pfr1; break;
    case sysreg(3, 0, 0, 5, 0): *value = 6; break;  // ID_AA64DFR0: the debug version Linux shows
    case sysreg(3, 0, 0, 6, 0): *value = m.id_aa64isar0; break;
    case sysreg(3, 0, 0, 6, 1): *value = m.id_aa64isar1; break;
    case sysreg(3, 0, 0, 7, 0): *value = m.id_aa64mmfr0; break;
    default: *value = 0;
  }
  return true;
}

// Touches the address as a load would.
void probe_byte(Lift& c, unsigned t) { c.b.probe(ir::ProbeKind::kLoad, c.x(t), ir::MemDesc{}); }

template <Insn I>
void test_bit(Lift& c, Enc<I> e, bool set) {
  const unsigned bit = e.template get<'b'>() << 5 | e.template get<'c'>();
  const Value mask = c.b.i64(uint64_t{1} << bit), t = c.x(e.template get<'t'>());
  c.branch_if(set ? c.b.test_nz(t, mask) : c.b.test_z(t, mask), c.here + e.template get_signed<'i'>() * 4);
}

}  // namespace

// ---- branches
template <>
void lift<Insn::kB>(Lift& c, Enc<Insn::kB> e) {
  c.branch(c.here + e.get_signed<'i'>() * 4);
}
template <>
void lift<Insn::kBl>(Lift& c, Enc<Insn::kBl> e) {
  c.put(30, c.b.pcrel(c.here + 4));
  c.go(c.here + e.get_signed<'i'>() * 4, ir::JumpKind::kCall);
}
template <>
void lift<Insn::kCbz>(Lift& c, Enc<Insn::kCbz> e) {
  const Value t = c.r(e.get<'z'>(), e.get<'t'>());
  c.branch_if(c.b.cmp(Cond::kEq, t, c.b.iconst(t.type, 0)), c.here + e.get_signed<'i'>() * 4);
}
template <>
void lift<Insn::kCbnz>(Lift& c, Enc<Insn::kCbnz> e) {
  const Value t = c.r(e.get<'z'>(), e.get<'t'>());
  c.branch_if(c.b.cmp(Cond::kNe, t, c.b.iconst(t.type, 0)), c.here + e.get_signed<'i'>() * 4);
}
template <>
void lift<Insn::kTbz>(Lift& c, Enc<Insn::kTbz> e) {
  test_bit(c, e, false);
}
template <>
void lift<Insn::kTbnz>(Lift& c, Enc<Insn::kTbnz> e) {
  test_bit(c, e, true);
}
template <>
void lift<Insn::kBCond>(Lift& c, Enc<Insn::kBCond> e) {
  c.branch_if(c.condition(e.get<'c'>()), c.here + e.get_signed<'i'>() * 4);
}
template <>
void lift<Insn::kBr>(Lift& c, Enc<Insn::kBr> e) {
  c.go_indirect(c.x(e.get<'n'>()), ir::JumpKind::kJump);
}
template <>
void lift<Insn::kBlr>(Lift& c, Enc<Insn::kBlr> e) {
  const Value target = c.x(e.get<'n'>());
  c.put(30, c.b.pcrel(c.here + 4));
  c.go_indirect(target, ir::JumpKind::kCall);
}
template <>
void lift<Insn::kRet>(Lift& c, Enc<Insn::kRet> e) {
  c.go_indirect(c.x(e.get<'n'>()), ir::JumpKind::kReturn);
}

// ---- exceptions
template <>
void lift<Insn::kSvc>(Lift& c, Enc<Insn::kSvc> e) {
  c.b.syscall(c.here + 4, e.get<'i'>());
  c.after = After::kClosed;
}
template <>
void lift<Insn::kBrk>(Lift& c, Enc<Insn::kBrk> e) {
  c.b.raise_val(c.here, kRaiseBreakpoint, c.b.i64(e.get<'i'>()));
  c.after = After::kClosed;
}
template <>
void lift<Insn::kHvc>(Lift& c, Enc<Insn::kHvc>) {
  c.undefined();
}
template <>
void lift<Insn::kSmc>(Lift& c, Enc<Insn::kSmc>) {
  c.undefined();
}
template <>
void lift<Insn::kHlt>(Lift& c, Enc<Insn::kHlt>) {
  c.undefined();
}
template <>
void lift<Insn::kDcps>(Lift& c, Enc<Insn::kDcps>) {
  c.undefined();
}
template <>
void lift<Insn::kUdf>(Lift& c, Enc<Insn::kUdf>) {
  c.undefined();
}
template <>
void lift<Insn::kEret>(Lift& c, Enc<Insn::kEret>) {
  c.undefined();
}
template <>
void lift<Insn::kDrps>(Lift& c, Enc<Insn::kDrps>) {
  c.undefined();
}
template <>
void lift<Insn::kMsrImm>(Lift& c, Enc<Insn::kMsrImm>) {
  c.undefined();
}
template <>
void lift<Insn::kSys>(Lift& c, Enc<Insn::kSys>) {
  c.undefined();
}
template <>
void lift<Insn::kSysl>(Lift& c, Enc<Insn::kSysl>) {
  c.undefined();
}

// ---- hints and barriers
template <>
void lift<Insn::kHint>(Lift&, Enc<Insn::kHint>) {}
template <>
void lift<Insn::kClrex>(Lift& c, Enc<Insn::kClrex>) {
  c.b.put(kSlotExclAddr, c.b.i64(kNoMonitor));
}
namespace {
// The option's low bits say which accesses are ordered: 1 loads against all, 2 stores against stores, else
// all.
void barrier(Lift& c, unsigned option) {
  constexpr unsigned kLoads =
      static_cast<unsigned>(ir::Fence::kLoadLoad) | static_cast<unsigned>(ir::Fence::kLoadStore);
  c.b.fence((option & 3) == 1   ? static_cast<ir::Fence>(kLoads)
            : (option & 3) == 2 ? ir::Fence::kStoreStore
                                : ir::Fence::kFull);
}
}  // namespace
template <>
void lift<Insn::kDsb>(Lift& c, Enc<Insn::kDsb> e) {
  barrier(c, e.get<'m'>());
}
template <>
void lift<Insn::kDmb>(Lift& c, Enc<Insn::kDmb> e) {
  barrier(c, e.get<'m'>());
}
template <>
void lift<Insn::kSb>(Lift& c, Enc<Insn::kSb>) {
  c.b.fence(ir::Fence::kFull);
}
template <>
void lift<Insn::kIsb>(Lift& c, Enc<Insn::kIsb>) {
  c.go(c.here + 4, ir::JumpKind::kJump);
}

// ---- caches
template <>
void lift<Insn::kDcZva>(Lift& c, Enc<Insn::kDcZva> e) {
  const Value addr = c.b.and_(c.x(e.get<'t'>()), ~uint64_t{kZvaBytes - 1});
  ir::MemDesc d;
  d.size = d.elem = 4;
  const Value zero = c.b.vconst(Type::kV128, 0);
  for (unsigned i = 0; i < kZvaBytes; i += 16) c.b.store(addr, zero, d, static_cast<int32_t>(i));
}
template <>
void lift<Insn::kIcIvau>(Lift& c, Enc<Insn::kIcIvau> e) {
  c.b.raise_val(c.here + 4, kRaiseCodeChanged, c.x(e.get<'t'>()));
  c.after = After::kClosed;
}
template <>
void lift<Insn::kDcCvac>(Lift& c, Enc<Insn::kDcCvac> e) {
  probe_byte(c, e.get<'t'>());
}
template <>
void lift<Insn::kDcCvau>(Lift& c, Enc<Insn::kDcCvau> e) {
  probe_byte(c, e.get<'t'>());
}
template <>
void lift<Insn::kDcCivac>(Lift& c, Enc<Insn::kDcCivac> e) {
  probe_byte(c, e.get<'t'>());
}
template <>
void lift<Insn::kDcCvap>(Lift& c, Enc<Insn::kDcCvap> e) {
  probe_byte(c, e.get<'t'>());
}
template <>
void lift<Insn::kDcCvadp>(Lift& c, Enc<Insn::kDcCvadp> e) {
  probe_byte(c, e.get<'t'>());
}

// ---- system registers
template <>
void lift<Insn::kMrsNzcv>(Lift& c, Enc<Insn::kMrsNzcv> e) {
  using ir::FlagCond;
  static constexpr FlagCond kBits[] = {FlagCond::kV, FlagCond::kC, FlagCond::kZ, FlagCond::kN};
  const Value f = c.flags();
  Value out = c.b.i64(0);
  for (unsigned i = 0; i < 4; ++i) {
    out = c.b.or_(out, c.b.shl(c.b.zext(c.b.flags_test(f, kBits[i]), Type::kI64), 28 + i));
  }
  c.put(e.get<'t'>(), out);
}
template <>
void lift<Insn::kMsrNzcv>(Lift& c, Enc<Insn::kMsrNzcv> e) {
  const Value t = c.x(e.get<'t'>());
  const auto bit = [&](unsigned i) { return c.b.trunc(c.b.extract_u(t, i, 1), Type::kI1); };
  c.put_flags(c.b.flags_pack(bit(31), bit(30), bit(29), bit(28)));
}
template <>
void lift<Insn::kMrsReg>(Lift& c, Enc<Insn::kMrsReg> e) {
  const unsigned t = e.get<'t'>();
  uint64_t id;
  switch (e.get<'r'>()) {
    case kCtr: return c.put(t, c.b.i64(c.model.ctr));
    case kDczidReg: return c.put(t, c.b.i64(kDczid));
    case kFpcr: return c.put(t, c.b.get(kSlotFpcr));
    case kFpsr: return needs_exact_flags(c) ? void() : c.put(t, c.call(kReadFpsr, Type::kI64, {}));
    case kTpidr: return c.put(t, c.b.get(kSlotTpidr));
    case kTpidrro: return c.put(t, c.b.get(kSlotTpidrro));
    case kCntfrq: return c.put(t, c.b.i64(kCounterHz));
    case kCntvct: return c.put(t, c.call(kCounterHelper, Type::kI64, {}));
    default: break;
  }
  if (!id_register(c.model, e.get<'r'>(), &id)) return c.undefined();
  c.put(t, c.b.i64(id));
}
template <>
void lift<Insn::kMsrReg>(Lift& c, Enc<Insn::kMsrReg> e) {
  const Value v = c.x(e.get<'t'>());
  switch (e.get<'r'>()) {
    case kFpcr: return write_fpcr(c, v);
    case kFpsr: return write_fpsr(c, v);
    case kTpidr: return c.b.put(kSlotTpidr, v);
    default: return c.undefined();
  }
}

}  // namespace xarch::arm
