// What identifies the processor, its counters and random numbers; descriptor tables, caches.
#include <sched.h>
#include <sys/random.h>
#include <time.h>

#include "targets/x86/core/cpuid.h"
#include "targets/x86/core/lift.h"

namespace xarch::x86 {

using ir::Cond;
using ir::Type;
using ir::Value;

namespace {

constexpr uint32_t kQuiet = ir::kHelperNoFault | ir::kHelperNoMem | ir::kHelperListsState;

constexpr ir::SlotId kCpuidSlots[] = {kSlotRax, kSlotRbx, kSlotRcx, kSlotRdx};
uint64_t do_cpuid(void* state, uint64_t leaf, uint64_t subleaf, uint64_t, uint64_t) {
  X86State& s = *static_cast<X86State*>(state);
  const CpuidResult r = cpuid(*s.model, static_cast<uint32_t>(leaf), static_cast<uint32_t>(subleaf));
  s.rax = r.eax;
  s.rbx = r.ebx;
  s.rcx = r.ecx;
  s.rdx = r.edx;
  return 0;
}

// The host's own counter where it has one of that kind, else nanoseconds.
uint64_t time_stamp(void*, uint64_t, uint64_t, uint64_t, uint64_t) {
#ifdef __x86_64__
  return __builtin_ia32_rdtsc();
#else
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
#endif
}

// As Linux sets TSC_AUX up: the processor's number, the node's from bit 12 on.
uint64_t processor_number(void*, uint64_t, uint64_t, uint64_t, uint64_t) {
  unsigned cpu = 0, node = 0;
  getcpu(&cpu, &node);
  return (cpu & 0xfff) | uint64_t{node} << 12;
}

uint64_t random_number(void*, uint64_t, uint64_t, uint64_t, uint64_t) {
  uint64_t v = 0;
  while (getrandom(&v, sizeof v, 0) != sizeof v) {
  }
  return v;
}

constexpr ir::HelperDesc kCpuidHelper = {"x86.cpuid", do_cpuid, kQuiet, {}, kCpuidSlots};
constexpr ir::HelperDesc kTimeStamp = {"x86.rdtsc", time_stamp, kQuiet, {}, {}};
constexpr ir::HelperDesc kProcessorNumber = {"x86.rdpid", processor_number, kQuiet, {}, {}};
constexpr ir::HelperDesc kRandomNumber = {"x86.rdrand", random_number, kQuiet, {}, {}};

// rDX:rAX := v, halves zero-extended.
void put_pair(Lift& c, Value v) {
  c.b.put(kSlotRax, c.b.and_(v, 0xffffffffu));
  c.b.put(kSlotRdx, c.b.shr_u(v, 32));
}

}  // namespace

void lift_cpuid(Lift& c) {
  c.b.call(kCpuidHelper, Type::kVoid, {c.b.and_(c.gpr64(kRax), 0xffffffffu), c.gpr64(kRcx)});
}

void lift_rdtsc(Lift& c) { put_pair(c, c.b.call(kTimeStamp, Type::kI64, {})); }

void lift_rdtscp(Lift& c) {
  const Value where = c.b.call(kProcessorNumber, Type::kI64, {});
  const Value when = c.b.call(kTimeStamp, Type::kI64, {});
  c.b.put(kSlotRcx, where);
  put_pair(c, when);
}

void lift_rdpid(Lift& c) { c.put_gpr(c.operand(0).reg, c.b.call(kProcessorNumber, Type::kI64, {})); }

// RDRAND and RDSEED never run dry here: C is set, the other flags are clear.
void lift_rdrand(Lift& c) {
  const Operand to = c.operand(0);
  c.write(to, c.b.trunc(c.b.call(kRandomNumber, Type::kI64, {}), Lift::type(to.bytes)));
  c.put_flags(c.b.flags_const(ir::kFlagC));
}

// All components count as in use (ECX = 1).
void lift_xgetbv(Lift& c) {
  const Value n = c.gpr(kRcx, 4);
  const uint32_t highest = c.model.features.has(Feature::kXsavec) ? 1 : 0;
  c.raise_if(c.b.cmp(Cond::kUgt, n, c.b.i32(highest)), kRaiseProtection);
  put_pair(c, c.b.i64(xcr0(c.model)));
}

// A base must be canonical.
void lift_base(Lift& c) {
  const unsigned kind = c.i.reg & 3;
  const ir::SlotId slot = kind & 1 ? kSlotGsBase : kSlotFsBase;
  const Operand o = c.operand(0);
  if (kind < 2) return c.write(o, c.b.trunc(c.b.get(slot), Lift::type(o.bytes)));
  if (o.bytes == 8) {
    const Value v = c.read(o);
    c.raise_if(c.b.cmp(Cond::kNe, c.b.extract_s(v, 0, 48), v), kRaiseProtection);
  }
  c.b.put(slot, c.b.zext(c.read(o), Type::kI64));
}

void lift_cache_line(Lift& c) {
  const Address at = c.address();
  c.b.probe(ir::ProbeKind::kLoad, at.base, c.desc(1, false), at.disp);
}

// SGDT, SIDT.
void lift_store_table(Lift& c) {
  const bool idt = (c.i.reg & 7) == 1;
  const Address at = c.address();
  Address base = {c.b.add(at.base, int64_t{at.disp} + 2), 0};
  const Value limit = c.b.trunc(c.b.get(idt ? kSlotIdtLimit : kSlotGdtLimit), Type::kI16);
  const Value where = c.b.get(idt ? kSlotIdtBase : kSlotGdtBase);
  c.store(at, limit);
  c.store(base, c.mode64() ? where : c.b.trunc(where, Type::kI32));
}

// SLDT, STR, SMSW: by map 0F, opcode and group.
void lift_store_system(Lift& c) {
  const Operand to = c.operand(0);
  const Value v = c.i.opcode == 1      ? c.b.get(kSlotCr0)
                  : (c.i.reg & 7) == 0 ? c.b.zext(c.b.get(kSlotLdtr), Type::kI64)
                                       : c.b.zext(c.b.get(kSlotTr), Type::kI64);
  c.write(to, c.b.trunc(v, Lift::type(to.bytes)));
}

}  // namespace xarch::x86
