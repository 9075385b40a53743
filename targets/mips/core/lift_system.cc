// System calls, traps, hardware registers, privileged instructions.
#include <ctime>

#include "targets/mips/core/lifter.h"

namespace xarch::mips {

using ir::Cond;
using ir::Type;

// Leaves with pc behind the instruction. In a delay slot pc becomes the slot and the branch is forgotten: the
// kernel too just adds 4 to the EPC, which is the branch's address then.
void Lifter::syscall(Code c) {
  if (in_slot_mode()) b_.put(kInSlot, b_.i32(0));
  b_.syscall(offset(in_slot_ ? pc_ : pc_ + 4), c.n);
  ended_ = true;
}

void Lifter::break_(Code c) { raise(Raise::kBreak, c.n); }
void Lifter::sdbbp(Code) { raise(Raise::kDebug); }

void Lifter::trap_if(Cond cond, Value a, Value b, uint32_t code) {
  raise_if(b_.cmp(cond, a, b), Raise::kTrap, code);
}
void Lifter::tge(Rs s, Rt t, Code c) { trap_if(Cond::kSge, gpr(s.n), gpr(t.n), c.n); }
void Lifter::tgeu(Rs s, Rt t, Code c) { trap_if(Cond::kUge, gpr(s.n), gpr(t.n), c.n); }
void Lifter::tlt(Rs s, Rt t, Code c) { trap_if(Cond::kSlt, gpr(s.n), gpr(t.n), c.n); }
void Lifter::tltu(Rs s, Rt t, Code c) { trap_if(Cond::kUlt, gpr(s.n), gpr(t.n), c.n); }
void Lifter::teq(Rs s, Rt t, Code c) { trap_if(Cond::kEq, gpr(s.n), gpr(t.n), c.n); }
void Lifter::tne(Rs s, Rt t, Code c) { trap_if(Cond::kNe, gpr(s.n), gpr(t.n), c.n); }
void Lifter::tgei(Rs s, Simm i) { trap_if(Cond::kSge, gpr(s.n), b_.i32(i.n), 0); }
void Lifter::tgeiu(Rs s, Simm i) { trap_if(Cond::kUge, gpr(s.n), b_.i32(i.n), 0); }
void Lifter::tlti(Rs s, Simm i) { trap_if(Cond::kSlt, gpr(s.n), b_.i32(i.n), 0); }
void Lifter::tltiu(Rs s, Simm i) { trap_if(Cond::kUlt, gpr(s.n), b_.i32(i.n), 0); }
void Lifter::teqi(Rs s, Simm i) { trap_if(Cond::kEq, gpr(s.n), b_.i32(i.n), 0); }
void Lifter::tnei(Rs s, Simm i) { trap_if(Cond::kNe, gpr(s.n), b_.i32(i.n), 0); }

namespace {

// The cycle counter (RDHWR $2) runs at 100 MHz; CCRes says by how much it steps.
constexpr uint32_t kCounterStep = 1;
uint64_t cycle_counter(void*, uint64_t, uint64_t, uint64_t, uint64_t) {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint32_t>(static_cast<uint64_t>(now.tv_sec) * 100'000'000 + now.tv_nsec / 10);
}
constexpr ir::HelperDesc kCycleCounter = {"mips_cycle_counter",
                                          cycle_counter,
                                          ir::kHelperNoFault | ir::kHelperNoMem | ir::kHelperListsState,
                                          {},
                                          {}};

// SYNCI_Step: there is nothing to synchronize line by line, so that any step will do.
constexpr uint32_t kSynciStep = 32;

}  // namespace

void Lifter::rdhwr(Rt t, Rd d) {
  switch (d.n) {
    case 0: set_gpr(t.n, b_.i32(0)); break;  // CPUNum
    case 1: set_gpr(t.n, b_.i32(kSynciStep)); break;
    case 2: set_gpr(t.n, b_.call(kCycleCounter, Type::kI32, {})); break;
    case 3: set_gpr(t.n, b_.i32(kCounterStep)); break;
    case 29: set_gpr(t.n, b_.get(kUserLocal)); break;
    default: raise(Raise::kReserved);
  }
}

// Changed code is always noticed; only what was lifted already must not run on.
void Lifter::synci(Rs, Simm) {
  if (!in_slot_) end_at(pc_ + 4);
}

// Privileged instructions: this model has user level alone.
void Lifter::mfc0(Rt, Rd, Sel) { privileged(); }
void Lifter::mtc0(Rt, Rd, Sel) { privileged(); }
void Lifter::pgpr(Rt, Rd) { privileged(); }
void Lifter::di_ei(Rt) { privileged(); }
void Lifter::wait(Code) { privileged(); }
void Lifter::cache(Rs, Hint, Simm) { privileged(); }
void Lifter::privileged() { raise(Raise::kCoprocessor, 0); }

}  // namespace xarch::mips
